/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>

#include <sys/signalfd.h>

int signals_take(const int *which, size_t count)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++) {
		struct sigaction now;
		if (sigaction(which[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&set, which[i]);
	}
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &set, NULL);
	return fd;
}
