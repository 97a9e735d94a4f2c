/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_hub: tells a VM of changes of its tap and its bridge, at a cost for the kernel that does not grow with the
 * number of VMs: one of the folds of a network namespace, the leader, listens to the kernel (link_watch.h) for all.
 *
 * The leader is whoever has the abstract socket name that all know. The kernel gives it to one process, and takes it
 * back when that process ends, however it ends; then the others see the end of their connections, and one of them
 * leads. An abstract name belongs to the network namespace, as what is listened to does, and no file is left behind.
 * Everybody may take that name: a leader that is not root's is not believed, and a member that is not root's is not
 * served.
 * Where there is no leader to be had, as for one that does not answer, a VM listens by itself.
 */
#ifndef FOLD_HOST_LINK_HUB_H
#define FOLD_HOST_LINK_HUB_H

#include "base/addr.h"

#include <stdbool.h>

#include <net/if.h>

struct link_hub;

/* What a VM wants to hear of. */
struct link_interest {
	int port;                   /* ifindex of the tap */
	int bridge;                 /* ifindex */
	char bridge_name[IFNAMSIZ]; /* as they were when they were last read */
	uint8_t bridge_mac[MAC_LEN];
};

/* 0 or -errno. */
int link_hub_open(const struct link_interest *own, struct link_hub **out);
void link_hub_close(struct link_hub *h);

/* Readable when link_hub_serve() has something to do. It stays the hub's. */
int link_hub_fd(const struct link_hub *h);

/*
 * Does what is to be done, for others too. Returns true if one of these may have changed: the tap or its port of the
 * bridge; the bridge's name or MAC; an IP address of the bridge. It returns true once after link_hub_open(), too, and
 * after another process has become the leader, as soon as all later changes will be heard. Never waits.
 */
bool link_hub_serve(struct link_hub *h);

#endif
