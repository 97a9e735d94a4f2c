/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge: the settings of a Linux bridge that matter to a VM. Source: linux/if_link.h, net/bridge/br_netlink.c. */
#ifndef FOLD_HOST_BRIDGE_H
#define FOLD_HOST_BRIDGE_H

#include "host/link.h"

struct bridge_info {
	struct link_info link;   /* if this is no bridge, all fields below are 0 */
	bool vlan_filtering;     /* VLAN filtering is on: the bridge separates VLANs */
	uint16_t default_pvid;   /* the VLAN of a port without VLAN settings of its own; 0: none */
	bool stp;                /* spanning tree: a new port waits for 2 * forward_delay before it forwards */
	unsigned forward_delay;  /* hundredths of a second */
	bool multicast_snooping; /* multicast is forwarded only to ports that asked for the group */
	bool multicast_querier;  /* this bridge may act as the querier */
	bool querier_elsewhere;  /* it has heard another querier (Linux 5.15) */
	unsigned membership;     /* a group that nobody reports for this long is forgotten; hundredths of a second */
};

/* 0, -ENODEV where there is none of that name, or -errno. */
int bridge_read(struct link *l, const char *name, struct bridge_info *out);

#endif
