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

#define KEEPER_NOTES 8

/* What the keeper does at its start, and after the hypervisor was killed. notes: from keeper_note(), else 0. */
struct keeper_work {
	int (*setup)(void *arg, struct report *r); /* 0, or -errno with a line in r: the two below then run at once */
	/* Removes the tap, before the keeper waits for the processes that have it open, since those may never end. */
	void (*unplug)(void *arg, const int32_t notes[static KEEPER_NOTES]);
	/*
	 * Takes down all else. rules_fd: the rules' socket, which the callee must close, if
	 * a process that has it open did not end, so that the socket lives on; otherwise -1.
	 */
	void (*takedown)(void *arg, const int32_t notes[static KEEPER_NOTES], int rules_fd);
	void *arg;
};

/* Starts the keeper, which begins its set-up. The caller must have no thread. 0, or -errno with a line in r. */
int keeper_start(const struct hypervisor *h, const struct keeper_work *work, struct keeper *out, struct report *r);

/* Waits for the end of set-up, before anything else is asked of the keeper. 0, or -errno with a line in r. */
int keeper_ready(const struct keeper *k, struct report *r);

enum keeper_event {
	KEEPER_READY,       /* value: what set-up returned */
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

/*
 * Tells the keeper of something to take down, before the caller
 * makes it. Keys and values are the caller's. 0 or -errno.
 */
int keeper_note(const struct keeper *k, unsigned key, int32_t value);

/* Passes a signal on to the hypervisor. */
void keeper_signal(const struct keeper *k, int signal);

/* Waits for the next event. */
enum keeper_event keeper_read(const struct keeper *k, int *value);

/* Has the keeper take everything down and waits for that. False if the keeper was killed before it was done. */
bool keeper_finish(struct keeper *k);

#endif
