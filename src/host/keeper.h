/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper: the second process, which outlives whatever happens to the first.
 *
 * The keeper is made before anything else is, starts the hypervisor as its own child, and waits. When the process that the user
 * started is gone, by its own will or by SIGKILL, the keeper ends the hypervisor and all that it left behind, and takes everything down; what
 * does not end within seconds even by SIGKILL, as in a system call that waits for a dead disk, keeps nothing from anybody. When the keeper is killed, the hypervisor dies with it, the first process sees it and takes everything down itself.
 */
#ifndef FOLD_HOST_KEEPER_H
#define FOLD_HOST_KEEPER_H

#include "host/hypervisor.h"

#include <stdint.h>
#include <sys/types.h>

struct keeper {
	pid_t pid;
	int fd; /* readable when it has something to say; at end of file it is dead */
};

#define KEEPER_NOTES 8

/* What the keeper does before it serves, and when the hypervisor was killed. notes: what keeper_note gave, else 0. */
struct keeper_work {
	int (*setup)(void *arg, struct report *r); /* 0, or -errno with a line in r; then the others run at once */
	/* The tap: before the processes that have it open are waited for, which may not end. */
	void (*unplug)(void *arg, const int32_t notes[static KEEPER_NOTES]);
	/* All else. rules_fd: where a process that has that socket did not end, which lives on with it; the callee's. Otherwise -1. */
	void (*takedown)(void *arg, const int32_t notes[static KEEPER_NOTES], int rules_fd);
	void *arg;
};

/*
 * Starts it and waits for its set-up; the caller must have no thread. 0, or -errno with a line in r and no keeper.
 */
int keeper_start(const struct hypervisor *h, const struct keeper_work *work, struct keeper *out, struct report *r);

enum keeper_event {
	KEEPER_READY,       /* value: what set-up returned */
	KEEPER_FORKED,      /* value: the hypervisor's pid; it is about to be executed */
	KEEPER_STARTED,     /* value: the hypervisor's pid */
	KEEPER_EXEC_FAILED, /* value: an errno */
	KEEPER_ENDED,       /* value: its status as waitpid gives it */
	KEEPER_DEAD,        /* the keeper itself is gone */
};

/*
 * Starts the hypervisor on that tap, and returns when it has a process of its own: KEEPER_FORKED, or why not. The
 * caller then works on beside it; one that did not wait might keep the keeper itself from the processor. rules_fd: a
 * socket that is to live as long as the hypervisor. *value: as of keeper_read(), which has the next event.
 */
enum keeper_event keeper_spawn(const struct keeper *k, int tap_fd, int rules_fd, int *value);

/* Tells it, before the fact, what there will be to take down. Keys and values are the caller's own. 0 or -errno. */
int keeper_note(const struct keeper *k, unsigned key, int32_t value);

/* Passes a signal on to the hypervisor. */
void keeper_signal(const struct keeper *k, int signal);

/* Waits for the next thing it says. */
enum keeper_event keeper_read(const struct keeper *k, int *value);

/* Lets it take everything down and waits until it has. Returns false where it was killed before that. */
bool keeper_finish(struct keeper *k);

#endif
