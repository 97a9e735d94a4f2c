/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard: hands files to a process that may open none. It names a file of a fixed list and gets it open for reading, or hands
 * over the new text of the one file that it has; whoever has taken it over gets no other.
 */
#ifndef FOLD_HOST_GUARD_H
#define FOLD_HOST_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#define GUARD_WAIT_MS 5000       /* so long the other process waits for an answer */
#define GUARD_PUT_MAX (2U << 20) /* octets of a text that is handed over */

struct guard_files {
	/* Paths as they are asked for, NULL at the end. A symbolic link at the end is refused, and, by -EBUSY, what is being written. */
	const char *const *plain;
	const char *const *linked; /* the same, where links are followed */
	const char *prefix;        /* and every file whose path is this and a name, or NULL */
	/* Keeps a text, for whom that mode lets read it; 0 or -errno. NULL: there is no such file. */
	int (*put)(void *arg, const char *text, size_t len, mode_t mode);
	void *arg;
};

/* Two connected sockets, the guard's and the other's, closed on exec. 0 or -errno. */
int guard_pair(int *guard, int *other);

/* Answers one request. False where the other process has closed its end. Never waits for the other process. */
bool guard_serve(int fd, const struct guard_files *files);

/*
 * In the other process: from now on its files come by that socket. open: for file_open_by(); a descriptor or -errno, -ETIMEDOUT
 * where the guard does not answer. put: 0 or -errno. Any thread may call them.
 */
void guard_use(int fd);
int guard_open(const char *path, int flags);
int guard_put(const char *text, size_t len, mode_t mode);

#endif
