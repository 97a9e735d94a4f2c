/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * landlock: limits which files a process may open, make or remove and which ports it may
 * connect to, and keeps it from all other processes. Source: landlock(7), linux/landlock.h.
 */
#ifndef FOLD_HOST_LANDLOCK_H
#define FOLD_HOST_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

struct landlock_allowed {
	/* Files, and directories with all below. Missing ones are skipped. NULL at the end, or NULL for none. */
	const char *const *read;  /* to be read */
	const char *const *write; /* to be read, written, made and removed; regular files and directories only */
	/* The TCP port that it may connect to (Linux 6.7; older kernels allow every port); 0: none. */
	uint16_t connect;
};

/*
 * Restricts this thread and the threads that it will start; no_new_privs must be set. Returns the version
 * of Landlock that is in force, 1 or more (since Linux 5.13), 0 if this kernel has none, or -errno.
 */
int landlock_enter(const struct landlock_allowed *allowed);

#endif
