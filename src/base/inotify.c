/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/inotify.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/inotify.h>
#include <sys/prctl.h>

/* Above the IDs of people, services and containers (systemd's UIDS-GIDS.md), below what is negative as 32 bits. */
#define NOBODY_BASE 0x70000000U

int inotify_open(void)
{
	const uid_t same = (uid_t)-1;
	bool root = geteuid() == 0;
	int dumpable = root ? prctl(PR_GET_DUMPABLE) : 0;
	bool other = root && setresuid(same, NOBODY_BASE + (uid_t)getpid(), same) == 0;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), err = errno;

	if (other) {
		if (setresuid(same, 0, same) < 0)
			abort(); /* cannot be: the real and the saved user are still root */
		/* A change of user makes the kernel hide the process from others (not dumpable): undo that. */
		prctl(PR_SET_DUMPABLE, dumpable);
	}
	return fd < 0 ? -err : fd;
}
