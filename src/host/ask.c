/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/ask.h"

#include "base/cleanup.h"
#include "host/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PATIENCE_MS 2000

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

void ask_path(unsigned long folder, const char *iface, char path[static ASK_PATH])
{
	char in[CLAIM_FOLDER];

	snprintf(path, ASK_PATH, "%s/ask-%s", claim_folder_path(folder, in), iface);
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

int ask_open(const char *path)
{
	const struct sockaddr_un at = address(path);
	_cleanup_(cleanup_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* This fold holds the claim on the name, so a socket that is there already was left by a killed one. */
	unlink(path);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || chmod(path, 0600) < 0)
		return -errno;
	return steal_fd(&fd);
}

int ask_take(int fd)
{
	union control control = {0};
	char question;
	struct iovec iov = {.iov_base = &question, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = CMSG_LEN(sizeof(int))}; /* room for one: the kernel closes others */
	int to;

	if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
		return -errno;
	const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(to)))
		return -EBADMSG;
	memcpy(&to, CMSG_DATA(c), sizeof(to));
	return to;
}

static int send_question(const char *path, int to)
{
	const struct sockaddr_un at = address(path);
	union control control = {0};
	char question = '?';
	struct iovec iov = {.iov_base = &question, .iov_len = 1};
	struct msghdr m = {.msg_name = (void *)(uintptr_t)&at,
			   .msg_namelen = sizeof(at),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(to));
	memcpy(CMSG_DATA(c), &to, sizeof(to));
	_cleanup_(cleanup_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 || sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int ask(const char *path, char *answer, unsigned size)
{
	int ends[2];
	unsigned len = 0;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	_cleanup_(cleanup_close) int from = ends[0];
	int err = send_question(path, ends[1]);
	close(ends[1]);
	if (err)
		return err;
	for (;;) {
		struct pollfd p = {.fd = from, .events = POLLIN};
		int ready = poll(&p, 1, PATIENCE_MS);
		if (ready <= 0)
			return ready < 0 ? -errno : -ETIMEDOUT;
		ssize_t got = read(from, answer + len, size - 1 - len);
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (unsigned)got;
	}
	answer[len] = 0;
	return (int)len;
}
