/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard: serves files to a process that may open none itself. That process names a
 * file of a fixed list and gets it open for reading, or hands over the new text of the
 * one file that it may have written. An attacker in that process gets no other file.
 * By another pair of sockets, it hands over one descriptor when it is asked for it: a frame waits for that one, and so
 * may not stand behind a file that another thread has asked for.
 */
#ifndef FOLD_HOST_GUARD_H
#define FOLD_HOST_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#define GUARD_WAIT_MS 5000 /* how long the other process waits for an answer */
#define GUARD_HAND_WAIT_MS 50
#define GUARD_PUT_MAX (2U << 20) /* octets of a text that is handed over */

struct guard_files {
	/* Paths as asked for, NULL at the end. A final symbolic link is refused; with -EBUSY, a file being written. */
	const char *const *plain;
	const char *const *linked; /* the same, but symbolic links are followed */
	const char *prefix;        /* as plain: every path made of this and a name without '/'; or NULL */
	/* Writes that text to the one file that may be written, with that mode; 0 or -errno. NULL: there is none. */
	int (*put)(void *arg, const char *text, size_t len, mode_t mode);
	void *arg;
};

/* Makes two connected sockets, the guard's and the other process's, closed on exec. 0 or -errno. */
int guard_pair(int *guard, int *other);

/* Answers one request. False where the other process has closed its end. Never waits for the other process. */
bool guard_serve(int fd, const struct guard_files *files);

/*
 * For the other process. guard_use: its files come by that socket from now on. guard_open, for file_open_by(): a
 * descriptor or -errno, -ETIMEDOUT if the guard does not answer. guard_put: 0 or -errno. Any thread may call them.
 */
void guard_use(int fd);
int guard_open(const char *path, int flags);
int guard_put(const char *text, size_t len, mode_t mode);

/*
 * guard_hand: answers a request for the descriptor `hand`, which stays the guard's, or with that -errno. False where the
 * other process has closed its end. Never waits. guard_take, for the other process: the descriptor, or -errno; it waits
 * GUARD_HAND_WAIT_MS at most, then -ETIMEDOUT. What comes later is taken by the next call.
 */
bool guard_hand(int fd, int hand);
int guard_take(int fd);

#endif
