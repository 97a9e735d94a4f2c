/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forward_policy: does the host itself stop packets of VMs on a bridge?
 *
 * Within the bridge: with br_netfilter loaded, bridged packets pass the IP families' forward chains, whose policy
 * Docker sets to drop. Out of the bridge, where the host is a VM's gateway: routed packets pass the same chains, if
 * the host forwards at all. There, packets that fold lets through would be lost silently. Sources:
 * net/bridge/br_netfilter_hooks.c, net/ipv4/route.c, net/ipv6/ip6_output.c (forwarding), linux/netfilter/nf_tables.h.
 */
#ifndef FOLD_HOST_FORWARD_POLICY_H
#define FOLD_HOST_FORWARD_POLICY_H

#include <stdbool.h>

enum { FORWARD_IP4, FORWARD_IP6, FORWARD_FAMILIES };

struct forward_policy {
	const char *bridge; /* given: the bridge that the packets come from */
	bool leaves;        /* given: look at packets that the host routes out of the bridge, not at those within it */
	struct forward_family {
		bool handed;     /* the chains see the packets: routed ones always, bridged ones with br_netfilter */
		bool legacy;     /* iptables-legacy has rules there, too, which are not looked at */
		bool off;        /* the host forwards nothing of this family */
		bool stops;      /* off, or a chain drops new connections of which only the interfaces are known */
		char where[200]; /* what stops them: the sysctl, or the chain, as in "ip filter FORWARD" */
		char mend[640];  /* a command that lets the packets pass, and nothing else */
	} of[FORWARD_FAMILIES];
};

/*
 * Fills in all fields but the given ones. Evaluates the chains of nftables and iptables-nft as far as
 * interfaces and physdev decide, and skips rules that test anything else, except that a rule that may accept
 * routed packets counts as if it did. Routed packets are assumed to leave by the default route. Costs one
 * failing open() where br_netfilter is not loaded. 0, or -errno and no finding (-EPERM without CAP_NET_ADMIN).
 */
int forward_policy_check(struct forward_policy *out);

#endif
