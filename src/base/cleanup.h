/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cleanup: releases what a function has acquired on every return path (gcc's cleanup attribute).
 *
 * clang-tidy 14 does not know the attribute. Where it therefore reports a leak, the line says so and suppresses it.
 */
#ifndef FOLD_BASE_CLEANUP_H
#define FOLD_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Returns the value and clears the variable, so that its cleanup does nothing. */
static inline int steal_fd(int *fd)
{
	int v = *fd;
	*fd = -1;
	return v;
}

static inline void *steal_ptr_(void **p)
{
	void *v = *p;
	*p = NULL;
	return v;
}
#define steal_ptr(p) ((__typeof__(*(p)))steal_ptr_((void **)(p)))

#endif
