/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* Where the number of the interface is: in the same place in messages about links, addresses and neighbours. */
#define INDEX_AT (NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_index))
_Static_assert(offsetof(struct ifinfomsg, ifi_index) == offsetof(struct ifaddrmsg, ifa_index), "see above");
_Static_assert(offsetof(struct ifinfomsg, ifi_index) == offsetof(struct ndmsg, ndm_ifindex), "see above");

/*
 * Lets only messages about those two interfaces pass, and of those about the bridge none about its neighbours, which are
 * the host's. BPF loads numbers as big endian on every machine, hence htonl() and htons().
 */
static int filter_index(int fd, int port, int bridge)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX_AT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)port), 4, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)bridge), 0, 4),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNEIGH), 2, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNEIGH), 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

int link_watch(int port, int bridge)
{
	const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
					   .nl_groups =
					       RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	int err = filter_index(fd, port, bridge);
	if (!err && bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* The start of a message. The kernel puts one into each datagram (nlmsg_notify() in net/netlink/af_netlink.c). */
struct start {
	struct nlmsghdr h;
	struct ifinfomsg link;
};

static unsigned change(const struct start *m, ssize_t len, int port)
{
	if (len != sizeof(*m))
		return LINK_WATCH_ALL;
	if (m->h.nlmsg_type == RTM_NEWADDR || m->h.nlmsg_type == RTM_DELADDR)
		return LINK_WATCH_ADDRESSES;
	return m->link.ifi_index == port ? LINK_WATCH_PORT : LINK_WATCH_BRIDGE;
}

unsigned link_watch_drain(int fd, int port)
{
	struct start m;
	unsigned found = 0;
	ssize_t got;

	/* The rest of a message is cut off: callers read afresh what has changed. */
	while ((got = recv(fd, &m, sizeof(m), 0)) >= 0 || errno == EINTR || errno == ENOBUFS)
		if (got >= 0 || errno == ENOBUFS)
			found |= change(&m, got, port);
	return found;
}
