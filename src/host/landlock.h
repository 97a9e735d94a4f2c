/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * landlock: which files a process may still open, make or remove, to which ports it may connect, and that it reaches no process
 * but its own. Source: landlock(7), linux/landlock.h.
 */
#ifndef FOLD_HOST_LANDLOCK_H
#define FOLD_HOST_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

struct landlock_allowed {
	/* Files and directories, with all below, that stand there now; NULL at the end, or NULL for none. One that is missing is passed over. */
	const char *const *read;  /* to be read */
	const char *const *write; /* to be read, written, made and removed: regular files and directories alone */
	/* To which ports of TCP it may connect (Linux 6.7; before that to all); 0: to none. */
	uint16_t connect;
};

/*
 * For this thread and those it will have; no_new_privs must be set. Returns the version of what is in force, 1 or more (5.13 is
 * the first kernel), 0 where this kernel has none, or -errno.
 */
int landlock_enter(const struct landlock_allowed *allowed);

#endif
