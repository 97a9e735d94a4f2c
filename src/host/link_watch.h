/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_watch: what the kernel tells of interfaces, bridges' forwarding tables and IP addresses. Source:
 * linux/rtnetlink.h.
 *
 * The kernel offers each change of any interface to every such socket, and the start of a VM makes ten changes. So one
 * process listens for all VMs of a network namespace: link_hub.h.
 */
#ifndef FOLD_HOST_LINK_WATCH_H
#define FOLD_HOST_LINK_WATCH_H

#include "base/addr.h"

#include <stdbool.h>

#include <net/if.h>

/* A socket that hears of all interfaces of this network namespace, or -errno. The caller closes it. */
int link_watch(void);

struct link_change {
	enum {
		LINK_CHANGE_UNKNOWN, /* the kernel had to leave out messages: anything may have changed */
		LINK_CHANGE_LINK,    /* the interface: its name, MAC, MTU, bridge, state and more */
		LINK_CHANGE_PORT,    /* its port of a bridge: settings, or entries that were not learned */
		LINK_CHANGE_ADDRESS, /* an IP address of it */
	} kind;
	int ifindex;
	bool gone;           /* LINK: the interface was removed */
	char name[IFNAMSIZ]; /* LINK: as it is now; so are mac and mtu */
	uint8_t mac[MAC_LEN];
	uint32_t mtu;
};

/* Takes changes, some hundred at most, and gives each to `each`. Never waits. */
void link_watch_read(int fd, void (*each)(void *arg, const struct link_change *c), void *arg);

#endif
