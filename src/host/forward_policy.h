/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forward_policy: does the host's own firewall stop what is forwarded within a bridge?
 *
 * With br_netfilter loaded, bridged packets pass the IP families' forward chains, whose policy Docker sets to drop. What
 * fold lets through would end there, silently. Sources: net/bridge/br_netfilter_hooks.c, linux/netfilter/nf_tables.h.
 */
#ifndef FOLD_HOST_FORWARD_POLICY_H
#define FOLD_HOST_FORWARD_POLICY_H

#include <stdbool.h>

enum { FORWARD_IP4, FORWARD_IP6, FORWARD_FAMILIES };

struct forward_policy {
	const char
	    *bridge; /* given: whose packets; NULL: those of any bridge, which only rules for all bridges let pass */
	struct forward_family {
		bool handed;     /* br_netfilter hands this family's bridged packets to these chains */
		bool legacy;     /* and iptables-legacy has rules there, too, which are not looked into */
		bool stops;      /* a chain drops a new connection of which nothing else is known */
		char where[200]; /* that chain, as nft names it: "ip filter FORWARD" */
		char mend[400];  /* a command that lets the packets pass, and nothing else */
	} of[FORWARD_FAMILIES];
};

/*
 * Fills all but `bridge`. Chains of nftables and iptables-nft are gone through as far as interfaces and physdev decide; a
 * rule that asks anything else is passed over. Costs one failing open() where br_netfilter is not there. 0, or
 * -errno and nothing is said (-EPERM without CAP_NET_ADMIN).
 */
int forward_policy_check(struct forward_policy *out);

#endif
