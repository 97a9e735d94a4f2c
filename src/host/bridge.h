/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge: how a Linux bridge is set, as far as it matters to a VM on it. Source: linux/if_link.h, net/bridge/br_netlink.c. */
#ifndef FOLD_HOST_BRIDGE_H
#define FOLD_HOST_BRIDGE_H

#include "host/link.h"

struct bridge_info {
	struct link_info link;   /* all that follows only where it is a bridge */
	bool vlan_filtering;     /* frames are kept apart by VLAN */
	uint16_t default_pvid;   /* the VLAN of a port that nobody says more of; 0: none */
	bool stp;                /* a new port waits before it forwards */
	unsigned forward_delay;  /* twice this long; hundredths of a second */
	bool multicast_snooping; /* multicast goes where it was asked for */
	bool multicast_querier;  /* and this bridge may be the one who asks who wants it */
	bool querier_elsewhere;  /* it has heard another one who does (Linux 5.15) */
	unsigned membership;     /* what nobody reported for so long is forgotten; hundredths of a second */
};

/* 0, -ENODEV where there is none of that name, or -errno. */
int bridge_read(struct link *l, const char *name, struct bridge_info *out);

#endif
