/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper: the second process, which outlives the first, however that ends.
 *
 * fold makes the keeper before anything else. The keeper starts the hypervisor as its own child, and waits. When
 * the first process (the one that the user started) ends, even by SIGKILL, the keeper kills the hypervisor and all
 * processes that it left, and takes everything down. A process that does not end within seconds even by SIGKILL, as
 * in a system call that waits for a dead disk, keeps neither the tap nor the VM's claims. If the keeper is killed,
 * the kernel kills the hypervisor with it, and the first process sees that and takes everything down itself.
 */
#ifndef FOLD_HOST_KEEPER_H
#define FOLD_HOST_KEEPER_H

#include "host/hypervisor.h"

#include <stdint.h>
#include <sys/types.h>

struct keeper {
	pid_t pid;
	int fd; /* readable when there is an event; end of file: the keeper is dead */
};

/* What the keeper knows of what is to be taken down. */
#define KEEPER_NOTES 8
#define KEEPER_HELD 4
struct keeper_known {
	int32_t notes[KEEPER_NOTES]; /* from keeper_note(), else 0 */
	int held[KEEPER_HELD];       /* from keeper_hold(), else -1; the callee's */
	/*
	 * The rules' socket, which the callee must close, if a process
	 * that has it open did not end, so that it lives on; otherwise -1.
	 */
	int rules;
};
#define KEEPER_KNOWS_NOTHING ((struct keeper_known){.held = {-1, -1, -1, -1}, .rules = -1})

/* What the keeper does after the hypervisor was killed. */
struct keeper_work {
	/* Removes the tap, before the keeper waits for the processes that have it open, since those may never end. */
	void (*unplug)(void *arg, const struct keeper_known *known);
	/* Takes down all else. */
	void (*takedown)(void *arg, const struct keeper_known *known);
	void *arg;
};

/*
 * Starts the keeper for a hypervisor whose arguments are made (hypervisor_line()).
 * The caller must have no thread. 0, or -errno with a line in r.
 */
int keeper_start(struct hypervisor *h, const struct keeper_work *work, struct keeper *out, struct report *r);

enum keeper_event {
	KEEPER_STARTED,     /* value: the hypervisor's pid */
	KEEPER_EXEC_FAILED, /* value: an errno */
	KEEPER_ENDED,       /* value: the hypervisor's status, as from waitpid() */
	KEEPER_DEAD,        /* the keeper itself is gone */
};

/*
 * Has the keeper start the hypervisor on that tap; the next event is KEEPER_STARTED once its program runs, or what
 * failed. rules_fd: a socket that is to live as long as the hypervisor.
 */
void keeper_spawn(const struct keeper *k, int tap_fd, int rules_fd);

/* Has the keeper have that descriptor open, too, until all is taken down. key: below KEEPER_HELD. 0 or -errno. */
int keeper_hold(const struct keeper *k, unsigned key, int fd);

/*
 * Tells the keeper of something to take down, before the caller makes
 * it. Values, and keys below KEEPER_NOTES, are the caller's. 0 or -errno.
 */
int keeper_note(const struct keeper *k, unsigned key, int32_t value);

/* Passes a signal on to the hypervisor. */
void keeper_signal(const struct keeper *k, int signal);

/* Waits for the next event. */
enum keeper_event keeper_read(const struct keeper *k, int *value);

/* Has the keeper take everything down and waits for that. False if the keeper was killed before it was done. */
bool keeper_finish(struct keeper *k);

#endif
