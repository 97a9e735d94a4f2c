/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define UEVENT_MOST 4096 /* lib/kobject_uevent.c: 2048 and the line in front */

static int filter(int fd, const struct sock_fprog *program)
{
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sizeof(*program)) < 0 ? -errno : 0;
}

/* A filter loads the index as big endian, whatever the machine is. */
static int filter_index(int fd, int ifindex)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NLMSG_HDRLEN + offsetof(struct ifaddrmsg, ifa_index)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)ifindex), 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	return filter(fd, &(struct sock_fprog){.len = sizeof(code) / sizeof(code[0]), .filter = code});
}

/* An event of the kernel's objects begins with what has happened: here "move@", which is a new name. */
static int filter_moves(int fd)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x6d6f7665, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return filter(fd, &(struct sock_fprog){.len = sizeof(code) / sizeof(code[0]), .filter = code});
}

/* Closes it where it cannot be used. */
static int watch(int fd, uint32_t groups, int err)
{
	const struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = groups};

	if (!err && bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int link_watch(int ifindex)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	return fd < 0 ? -errno : watch(fd, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, filter_index(fd, ifindex));
}

int link_watch_names(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	return fd < 0 ? -errno : watch(fd, 1, filter_moves(fd));
}

static bool is_of(const char *event, size_t len, int ifindex)
{
	char want[32];

	snprintf(want, sizeof(want), "IFINDEX=%d", ifindex);
	for (size_t at = 0; at < len; at += strnlen(event + at, len - at) + 1)
		if (strncmp(event + at, want, len - at) == 0)
			return true;
	return false;
}

bool link_watch_renamed(int fd, int ifindex)
{
	char event[UEVENT_MOST + 1];
	bool renamed = false;
	ssize_t got;

	while ((got = recv(fd, event, UEVENT_MOST, 0)) >= 0 || errno == EINTR || errno == ENOBUFS) {
		event[got < 0 ? 0 : got] = 0;
		renamed |= got < 0 ? errno == ENOBUFS : is_of(event, (size_t)got + 1, ifindex);
	}
	return renamed;
}

void link_watch_drain(int fd)
{
	char buf[4096];

	/* What has changed is read afresh by whoever wants to know; an overrun is a change like any other. */
	while (recv(fd, buf, sizeof(buf), 0) >= 0 || errno == EINTR || errno == ENOBUFS)
		;
}
