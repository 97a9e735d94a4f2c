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
	bool multicast_querier;  /* and this bridge is the one who asks who wants it */
	bool nf_call4,
	    nf_call6; /* br_netfilter hands its frames to the rules of the IP families, on this bridge's own word */
};

/* 0, -ENODEV where there is none of that name, or -errno. */
int bridge_read(struct link *l, const char *name, struct bridge_info *out);

/* Whether it does: family is AF_INET or AF_INET6, own what the bridge itself says; all may be told to (bridge-nf-call-*). */
bool bridge_netfilter(int family, bool own);

#endif
