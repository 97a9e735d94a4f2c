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
};

/* 0, -ENODEV where there is none of that name, or -errno. */
int link_find(struct link *l, const char *name, struct link_info *out);

/*
 * Whether the interface of that number still has that name, and that MAC where `mac` is not NULL. Costs no more than the system calls: for
 * whoever asks again and again, beside a thousand others that do. 1, 0, or -errno.
 */
int link_is(const struct link *l, int ifindex, const char *name, const uint8_t *mac);

/* The kernel's own message about it, RTM_NEWLINK, to `each`, which returns 1. As link_find(). */
struct nlmsghdr;
int link_read(struct link *l, const char *name, int (*each)(const struct nlmsghdr *h, void *arg), void *arg);

/* A bridge with no address of its own, up. 0, also where it is there already, or -errno. */
int link_make_bridge(struct link *l, const char *name);

struct link_port {
	int ifindex;             /* of the tap */
	int bridge;              /* ifindex */
	const char *bridge_name; /* and its name and MAC */
	uint8_t bridge_mac[MAC_LEN];
	uint32_t bridge_mtu;        /* octets */
	uint8_t own_mac[MAC_LEN];   /* the tap's */
	uint8_t guest_mac[MAC_LEN]; /* behind it */
};

/*
 * Makes the tap a port that teaches the bridge nothing: its address and MTU, no IPv6 of the host's on it, learning
 * off, locked where the kernel can (5.18), one static forwarding entry for the guest; then up, last. The bridge keeps its MAC
 * and its MTU.
 * 0 or -errno; *step, if not NULL, then says in words what failed.
 */
int link_attach(struct link *l, const struct link_port *p, const char **step);

/* The addresses of an interface into at[], link-local ones too; in ascending order;
 * returns how many, at most `most`, or -errno (-ENODEV: none such). */
int link_addresses4(struct link *l, int ifindex, struct in_addr *at, size_t most);
int link_addresses6(struct link *l, int ifindex, struct in6_addr *at, size_t most);

/* Removes an interface, whoever still holds a descriptor of it. 0, also where there is none any more, or -errno. */
int link_delete(struct link *l, int ifindex);
/* The same of a tap with that name, or another that it was given since; what is no tap and has its number now is left alone. */
int link_delete_tap(struct link *l, int ifindex, const char *name);

/* Takes the port down: nothing passes until it is up again. */
int link_set_up(struct link *l, int ifindex, bool up);

/* It is no port any more, and the bridge knows no MAC by it. 0 or -errno. */
int link_leave_bridge(struct link *l, int ifindex);

/*
 * A socket that becomes readable when the interface's addresses change. The kernel filters for this interface alone, and is not
 * asked for events of interfaces, which are many. Returns the descriptor, the caller's, or -errno.
 */
int link_watch(int ifindex);
void link_watch_drain(int fd);

#endif
