/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link: bridges and ports over rtnetlink. Source: linux/if_link.h, net/bridge/br_netlink.c.
 */
#ifndef FOLD_HOST_LINK_H
#define FOLD_HOST_LINK_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct link;

int link_open(struct link **out); /* 0 or -errno */
void link_close(struct link *l);

struct link_info {
	int ifindex;
	uint32_t mtu;
	uint8_t mac[MAC_LEN];
	bool is_bridge;
	bool is_tap;
	bool up;
	int master;  /* ifindex of the bridge whose port it is; 0: of none */
	bool learns; /* as a port: the bridge learns addresses from its frames */
};

/* Reads the interface of that name. 0, -ENODEV if there is none, or -errno. */
int link_find(struct link *l, const char *name, struct link_info *out);

/*
 * Whether the interface of that number still has that name and, unless `mac` is NULL, that MAC: 1, 0, or -errno.
 * Takes no lock of rtnetlink, so it stays cheap where a thousand folds ask at the same time.
 */
int link_is(const struct link *l, int ifindex, const char *name, const uint8_t *mac);

/* Gives `each`, which returns 1, the kernel's RTM_NEWLINK message about that interface. Returns as link_find(). */
struct nlmsghdr;
int link_read(struct link *l, const char *name, int (*each)(const struct nlmsghdr *h, void *arg), void *arg);

/* Makes a bridge without IP addresses and sets it up. 0, also if it exists already, or -errno. */
int link_make_bridge(struct link *l, const char *name);

struct link_port {
	int ifindex;             /* of the tap */
	int bridge;              /* ifindex */
	const char *bridge_name; /* the bridge's name and MAC */
	uint8_t bridge_mac[MAC_LEN];
	uint32_t bridge_mtu;        /* octets */
	uint8_t own_mac[MAC_LEN];   /* the tap's */
	uint8_t guest_mac[MAC_LEN]; /* the guest's own, behind the tap */
};

/*
 * Makes the tap a port from which the bridge learns no addresses: sets the tap's MAC and MTU,
 * keeps the host's IPv6 off it, turns learning off, locks the port if the kernel can (5.18),
 * adds one static forwarding entry for the guest, and sets the tap up last. The bridge keeps
 * its MAC and its MTU. 0 or -errno (-EADDRINUSE: the guest's MAC is the bridge's own, or that of one of its ports
 * here); *step, if step is not NULL, then says in words what failed.
 */
int link_attach(struct link *l, const struct link_port *p, const char **step);

/*
 * Whether the bridge still has the static forwarding entry that link_attach() made: 1, 0, or -errno. Another machine's
 * frames cannot move it, but `bridge fdb flush` removes it, and from a locked port nothing passes without it.
 */
int link_is_known(struct link *l, int ifindex, const uint8_t guest_mac[static MAC_LEN]);

/*
 * Sets the port up again as link_attach() did, after somebody has taken it out of its bridge and put it back, or has
 * removed its entry: the bridge has forgotten what it knew of the port. 0 or -errno.
 */
int link_settle(struct link *l, int ifindex, const uint8_t guest_mac[static MAC_LEN]);

#define LINK_ADDRESSES 128 /* of the host's on a bridge, as many as are looked at */

/*
 * Reads the addresses of an interface into at[], link-local ones too, in ascending order.
 * Returns how many, at most `most`, or -errno (-ENODEV: there is no such interface).
 */
int link_addresses4(struct link *l, int ifindex, struct in_addr *at, size_t most);
int link_addresses6(struct link *l, int ifindex, struct in6_addr *at, size_t most);

/* Removes an interface, even if a process has it open. 0, also if it is gone already, or -errno. */
int link_delete(struct link *l, int ifindex);
/* The same, but only if it is a tap, renamed or not: the number of a removed tap may now be another interface's. */
int link_delete_tap(struct link *l, int ifindex, const char *name);

/* Sets a port up or down. While it is down, nothing passes. */
int link_set_up(struct link *l, int ifindex, bool up);

/* Raises an interface's MTU, in octets, to that of its bridge where it is lower and the kernel allows. 0 or -errno. */
int link_raise_mtu(struct link *l, const char *name, uint32_t mtu);

/* Takes the port out of its bridge, which also forgets the MACs behind it. 0 or -errno. */
int link_leave_bridge(struct link *l, int ifindex);

#endif
