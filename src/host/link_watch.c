/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/*
 * The start of a message, as much of it as every kind has. Messages about addresses have the number of the interface
 * where those about neighbours have it. Those about an interface's settings have it in their first attribute
 * (inet_netconf_fill_devconf() in net/ipv4/devinet.c).
 */
union start {
	struct nlmsghdr h;
	struct {
		struct nlmsghdr h;
		struct ndmsg of;
	} neighbour;
	struct {
		struct nlmsghdr h;
		struct netconfmsg of;
		uint8_t pad[3];
		struct nlattr a;
		int32_t ifindex;
	} settings;
};
#define FAMILY_AT offsetof(union start, neighbour.of.ndm_family)
#define INDEX_AT offsetof(union start, neighbour.of.ndm_ifindex)
#define STATE_AT offsetof(union start, neighbour.of.ndm_state)
#define MAC_AT (sizeof(((union start *)NULL)->neighbour) + sizeof(struct nlattr)) /* fdb_fill_info() in br_fdb.c */
#define SETTINGS_INDEX_AT offsetof(union start, settings.ifindex)
_Static_assert(offsetof(struct ifaddrmsg, ifa_index) == offsetof(struct ndmsg, ndm_ifindex), "see above");
_Static_assert(SETTINGS_INDEX_AT == sizeof(struct nlmsghdr) + NLMSG_ALIGNTO + sizeof(struct nlattr), "see above");
_Static_assert(sizeof(union start) == SETTINGS_INDEX_AT + sizeof(int32_t), "see above");

/*
 * Lets messages about those two interfaces pass, of those about neighbours only entries of the bridge's forwarding table;
 * and of that table also what can give the bridge another MAC: other ports' own MACs that are no higher. (The first four
 * octets are compared.) BPF loads numbers as big endian on every machine, hence htonl() and htons().
 */
static int filter_index(int fd, int port, int bridge, const uint8_t bridge_mac[static MAC_LEN])
{
	const uint32_t highest = (uint32_t)bridge_mac[0] << 24 | (uint32_t)bridge_mac[1] << 16 |
				 (uint32_t)bridge_mac[2] << 8 | bridge_mac[3];
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNETCONF), 21, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNETCONF), 20, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 17, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELADDR), 16, 0),
	    /* A neighbour. */
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FAMILY_AT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 0, 20),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX_AT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)port), 17, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)bridge), 16, 0),
	    /* Another port's. */
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, STATE_AT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(NUD_PERMANENT), 0, 15),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, MAC_AT),
	    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, highest, 13, 0),
	    BPF_STMT(BPF_LD | BPF_IMM, sizeof(((union start *)NULL)->neighbour)),
	    BPF_STMT(BPF_LDX | BPF_IMM, NDA_MASTER),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 9, 0),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_IND, sizeof(struct nlattr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)bridge), 5, 6),
	    /* An address, settings. */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX_AT),
	    BPF_STMT(BPF_JMP | BPF_JA, 1),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SETTINGS_INDEX_AT),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)port), 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)bridge), 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

/*
 * Not RTMGRP_LINK: the kernel would then offer each change of any interface to every VM's socket, and the start of a VM
 * makes ten of them, which beside a thousand VMs take it longer than all else. Two quieter groups tell what matters.
 * - The bridge's forwarding table: a port has entries there, which go when it leaves the bridge and change with its MAC.
 *   So has the bridge, if not for a MAC that it takes from a port (br_fdb_change_mac_address() in net/bridge/br_fdb.c).
 * - The settings of IPv4, which an interface gets anew with a new name (inetdev_event() in net/ipv4/devinet.c).
 */
int link_watch(int port, int bridge, const uint8_t bridge_mac[static MAC_LEN])
{
	const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
					   .nl_groups = RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
							1U << (RTNLGRP_IPV4_NETCONF - 1)};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	int err = filter_index(fd, port, bridge, bridge_mac);
	if (!err && bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static unsigned change(const union start *m, ssize_t len, int port)
{
	if (len != sizeof(*m))
		return LINK_WATCH_ALL;
	switch (m->h.nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return LINK_WATCH_ADDRESSES;
	case RTM_NEWNETCONF:
	case RTM_DELNETCONF:
		return m->settings.ifindex == port ? LINK_WATCH_PORT : LINK_WATCH_BRIDGE;
	default:
		/* Another port's entry is of the bridge: its MAC may follow that port's (filter_index()). */
		return m->neighbour.of.ndm_ifindex == port ? LINK_WATCH_PORT : LINK_WATCH_BRIDGE;
	}
}

unsigned link_watch_drain(int fd, int port)
{
	union start m;
	unsigned found = 0;
	ssize_t got;

	/*
	 * The kernel puts one message into each datagram (nlmsg_notify() in net/netlink/af_netlink.c). The rest of it
	 * is cut off: callers read afresh what has changed.
	 */
	while ((got = recv(fd, &m, sizeof(m), 0)) >= 0 || errno == EINTR || errno == ENOBUFS)
		if (got >= 0 || errno == ENOBUFS)
			found |= change(&m, got, port);
	return found;
}
