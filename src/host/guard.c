/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guard.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/socket.h>

enum request { REQUEST_OPEN, REQUEST_PUT };

/* A request. PUT: the text comes along as an open file, `mode` is for its copy. path: sent only up to its NUL. */
struct asked {
	uint32_t seq;
	uint32_t what;
	uint32_t mode;
	char path[PATH_MAX];
};

struct answer {
	uint32_t seq;
	int32_t error; /* 0, or an errno; with 0, the file comes along if one was asked for */
};

#define ASKED_HEAD offsetof(struct asked, path)

int guard_pair(int *guard, int *other)
{
	const struct timeval wait = {.tv_sec = GUARD_WAIT_MS / 1000, .tv_usec = GUARD_WAIT_MS % 1000 * 1000};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(pair[1], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	*guard = pair[0];
	*other = pair[1];
	return 0;
}

static int send_with(int fd, const void *data, size_t len, int file, int flags)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (file >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(c), &file, sizeof(file));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | flags) < 0 ? -errno : 0;
}

/* Receives one message and returns its size; *file: the descriptor that came along, or -1. */
static ssize_t receive_with(int fd, void *data, size_t size, int *file, int flags)
{
	struct iovec iov = {.iov_base = data, .iov_len = size};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	ssize_t got;

	*file = -1;
	while ((got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | flags)) < 0 && errno == EINTR)
		;
	const struct cmsghdr *c = got < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(file, CMSG_DATA(c), sizeof(*file));
	return got < 0 ? -errno : got;
}

/* ---- the guard ---- */

static bool is_listed(const char *const *list, const char *path)
{
	for (; list && *list; list++) {
		if (strcmp(*list, path) == 0)
			return true;
	}
	return false;
}

static bool has_prefix(const char *prefix, const char *path)
{
	size_t len = prefix ? strlen(prefix) : 0;

	return len && strncmp(path, prefix, len) == 0 && path[len] && !strchr(path + len, '/');
}

/*
 * Whether a process has the file open for writing: only then does the kernel refuse a read lease with EAGAIN
 * (fcntl(2); Linux, fs/locks.c). On a file system without leases this cannot be known, and the answer is no.
 * If a process opens the file while the lease lasts, the kernel sends SIGIO, which the guard ignores.
 */
static bool is_being_written(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

static int open_plain(const char *path, int how)
{
	_cleanup_(cleanup_close) int fd = open(path, how | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	return is_being_written(fd) ? -EBUSY : steal_fd(&fd);
}

/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
static int open_for(const struct guard_files *files, const char *path)
{
	const int how = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd;

	if (is_listed(files->linked, path))
		fd = open(path, how);
	else if (is_listed(files->plain, path) || has_prefix(files->prefix, path))
		return open_plain(path, how);
	else
		return -EACCES;
	return fd < 0 ? -errno : fd;
}

/* The sender may go on writing to the file: only the text that is read here counts, up to GUARD_PUT_MAX. */
static int keep_text(const struct guard_files *files, int fd, mode_t mode)
{
	_cleanup_(cleanup_free) char *text = files->put ? malloc(GUARD_PUT_MAX) : NULL;
	size_t have = 0;
	ssize_t got = 1;

	if (!files->put || fd < 0)
		return -EINVAL; /* NOLINT(clang-analyzer-unix.Malloc): the cleanup frees it */
	if (!text)
		return -ENOMEM;
	/* Only a memfd has seals: reading another file might block. pread(), because the sender shares the offset. */
	if (fcntl(fd, F_GET_SEALS) < 0)
		return -EINVAL;
	while (have < GUARD_PUT_MAX && (got = pread(fd, text + have, GUARD_PUT_MAX - have, (off_t)have)) > 0)
		have += (size_t)got;
	if (got < 0)
		return -errno;
	return have == GUARD_PUT_MAX ? -EFBIG : files->put(files->arg, text, have, mode);
}

bool guard_serve(int fd, const struct guard_files *files)
{
	struct asked q;
	_cleanup_(cleanup_close) int came = -1, file = -1;
	ssize_t got = receive_with(fd, &q, sizeof(q), &came, MSG_DONTWAIT);

	if (got == 0 || (got < 0 && got != -EAGAIN))
		return false;
	if (got <= (ssize_t)ASKED_HEAD)
		return true;
	int err = -EINVAL;
	if (q.what == REQUEST_PUT) {
		err = keep_text(files, came, q.mode);
	} else if (q.what == REQUEST_OPEN && memchr(q.path, 0, (size_t)got - ASKED_HEAD)) {
		file = open_for(files, q.path);
		err = file < 0 ? file : 0;
	}
	const struct answer a = {.seq = q.seq, .error = -err};
	/* If it does not fit, the other process has not read earlier answers, and so is not waiting for this one. */
	send_with(fd, &a, sizeof(a), file, MSG_DONTWAIT);
	return true;
}

bool guard_hand(int fd, int hand)
{
	const int32_t error = hand < 0 ? -hand : 0;
	char request;
	int unwanted;
	ssize_t got = receive_with(fd, &request, sizeof(request), &unwanted, MSG_DONTWAIT);

	if (unwanted >= 0)
		close(unwanted);
	if (got > 0)
		send_with(fd, &error, sizeof(error), hand, MSG_DONTWAIT);
	return got > 0 || got == -EAGAIN;
}

/* ---- the other process ---- */

static int guard_fd = -1;
static uint32_t last_seq;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

void guard_use(int fd)
{
	guard_fd = fd;
}

/* Waits for the answer to request seq and skips late ones. Returns the file, 0 if none was wanted, or -errno. */
static int await(uint32_t seq, bool want_file)
{
	struct answer a;
	int file;

	for (;;) {
		ssize_t got = receive_with(guard_fd, &a, sizeof(a), &file, 0);
		if (got < 0)
			return got == -EAGAIN ? -ETIMEDOUT : (int)got;
		if (got == sizeof(a) && a.seq == seq)
			break;
		if (file >= 0)
			close(file);
		if (got == 0)
			return -EPIPE;
	}
	if (a.error || !want_file) {
		if (file >= 0)
			close(file);
		return a.error > 0 ? -a.error : 0;
	}
	/* The kernel leaves the file out if this process can have no more descriptors. */
	return file < 0 ? -EMFILE : file;
}

static int ask(struct asked *q, size_t len, int file)
{
	pthread_mutex_lock(&one_at_a_time);
	q->seq = ++last_seq;
	int err = send_with(guard_fd, q, len, file, 0);
	if (!err)
		err = await(q->seq, q->what == REQUEST_OPEN);
	else if (err == -EAGAIN)
		err = -ETIMEDOUT;
	pthread_mutex_unlock(&one_at_a_time);
	return err;
}

int guard_open(const char *path, int flags)
{
	struct asked q = {.what = REQUEST_OPEN};
	size_t len = strlen(path) + 1;

	(void)flags; /* the guard decides how its files are opened */
	if (len > sizeof(q.path))
		return -ENAMETOOLONG;
	memcpy(q.path, path, len);
	return ask(&q, ASKED_HEAD + len, -1);
}

int guard_put(const char *text, size_t len, mode_t mode)
{
	struct asked q = {.what = REQUEST_PUT, .mode = mode};
	_cleanup_(cleanup_close) int fd = memfd_create("copy", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, text + done, len - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return ask(&q, ASKED_HEAD + 1, fd);
}

int guard_take(int fd)
{
	struct pollfd answer = {.fd = fd, .events = POLLIN};
	int32_t error;
	int hand;
	/* The answer to an earlier request, which came too late, is as good. */
	ssize_t got = receive_with(fd, &error, sizeof(error), &hand, MSG_DONTWAIT);

	if (got == -EAGAIN) {
		int err = send_with(fd, "", 1, -1, MSG_DONTWAIT);
		if (err)
			return err;
		if (poll(&answer, 1, GUARD_HAND_WAIT_MS) == 0)
			return -ETIMEDOUT;
		got = receive_with(fd, &error, sizeof(error), &hand, MSG_DONTWAIT);
	}
	if (got == sizeof(error))
		return hand >= 0 ? hand : error > 0 ? -error : -EMFILE;
	if (hand >= 0)
		close(hand);
	return got < 0 ? (int)got : -EPIPE;
}
