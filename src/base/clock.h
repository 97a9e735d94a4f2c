/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock: milliseconds of the monotonic clock, which does not jump when somebody sets the time of day. */
#ifndef FOLD_BASE_CLOCK_H
#define FOLD_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ms(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The clock of fold's timers. */
static inline uint64_t clock_ms(void)
{
	return clock_read_ms(CLOCK_MONOTONIC);
}

/* Up to a tick of the kernel (10 ms at most) behind clock_ms(), but cheaper: for use with each packet. */
static inline uint64_t clock_coarse_ms(void)
{
	return clock_read_ms(CLOCK_MONOTONIC_COARSE);
}

#endif
