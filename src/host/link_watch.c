/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link_watch.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* A start of a VM makes ten messages of up to 2 KiB, and many VMs may start or end at the same time. */
#define RECEIVE_BUFFER (4 << 20)
#define MESSAGE_MOST 16384
#define READ_MOST 256 /* messages at a time */

#define STATE_AT (sizeof(struct nlmsghdr) + offsetof(struct ndmsg, ndm_state))
#define FAMILY_AT (sizeof(struct nlmsghdr) + offsetof(struct ndmsg, ndm_family))

/*
 * Of messages about neighbours, lets only the entries of bridges pass that a bridge has not learned, because what it
 * learns can change with each frame. BPF loads numbers as big endian on every machine, hence htons().
 */
static int filter(int fd)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNEIGH), 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNEIGH), 0, 4),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FAMILY_AT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 0, 3),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, STATE_AT),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(NUD_PERMANENT | NUD_NOARP), 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

int link_watch(void)
{
	const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
					   .nl_groups =
					       RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
	const int room = RECEIVE_BUFFER;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	/* Where that is refused, more changes go unheard, which the kernel tells. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	int err = filter(fd);
	if (!err && bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static int read_attribute(const struct nlattr *a, void *arg)
{
	struct link_change *c = arg;

	switch (mnl_attr_get_type(a)) {
	case IFLA_IFNAME:
		/* The kernel's names are shorter, and end with a zero (nla_put_string()). */
		memcpy(c->name, mnl_attr_get_payload(a),
		       mnl_attr_get_payload_len(a) < IFNAMSIZ ? mnl_attr_get_payload_len(a) : IFNAMSIZ - 1);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(a) == MAC_LEN)
			memcpy(c->mac, mnl_attr_get_payload(a), MAC_LEN);
		break;
	case IFLA_MTU:
		if (mnl_attr_get_payload_len(a) == sizeof(c->mtu))
			c->mtu = mnl_attr_get_u32(a);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* False: it is about nothing of these. */
static bool parse(const struct nlmsghdr *h, struct link_change *c)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(h);
	const struct ndmsg *entry = mnl_nlmsg_get_payload(h);
	const struct ifaddrmsg *address = mnl_nlmsg_get_payload(h);

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		/* Those of AF_BRIDGE are about the settings of a port (br_ifinfo_notify() in net/bridge/br_netlink.c). */
		c->kind = link->ifi_family == AF_UNSPEC ? LINK_CHANGE_LINK : LINK_CHANGE_PORT;
		c->gone = h->nlmsg_type == RTM_DELLINK;
		c->ifindex = link->ifi_index;
		return mnl_attr_parse(h, sizeof(*link), read_attribute, c) >= 0;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		c->kind = LINK_CHANGE_PORT;
		c->ifindex = entry->ndm_ifindex;
		return true;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		c->kind = LINK_CHANGE_ADDRESS;
		c->ifindex = (int)address->ifa_index;
		return true;
	default:
		return false;
	}
}

void link_watch_read(int fd, void (*each)(void *arg, const struct link_change *c), void *arg)
{
	union {
		struct nlmsghdr h;
		char bytes[MESSAGE_MOST];
	} m;

	for (unsigned i = 0; i < READ_MOST; i++) {
		struct link_change c = {.kind = LINK_CHANGE_UNKNOWN};
		ssize_t got = recv(fd, &m, sizeof(m), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != ENOBUFS)
			return;
		/* The kernel puts one message into each datagram (nlmsg_notify() in net/netlink/af_netlink.c). */
		if (got < 0 || !mnl_nlmsg_ok(&m.h, (int)got) || parse(&m.h, &c))
			each(arg, &c);
	}
}
