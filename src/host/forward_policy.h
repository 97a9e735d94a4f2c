/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forward_policy: what does the host itself stop of what VMs on a bridge send?
 *
 * Within the bridge: with br_netfilter loaded, bridged packets pass the IP families' forward chains, whose policy Docker sets to
 * drop. Out of it, where the host is a VM's gateway: the same chains, and whether the host forwards at all. What fold lets
 * through would end there, silently. Sources: net/bridge/br_netfilter_hooks.c, net/ipv4/route.c, net/ipv6/ip6_output.c (forwarding),
 * linux/netfilter/nf_tables.h.
 */
#ifndef FOLD_HOST_FORWARD_POLICY_H
#define FOLD_HOST_FORWARD_POLICY_H

#include <stdbool.h>

enum { FORWARD_IP4, FORWARD_IP6, FORWARD_FAMILIES };

struct forward_policy {
	const char *bridge; /* given: whose packets */
	bool leaves;        /* given: those that the host routes out of it, not those that stay within it */
	struct forward_family {
		bool handed;     /* these chains see them: routed ones always, bridged ones with br_netfilter */
		bool legacy;     /* and iptables-legacy has rules there, too, which are not looked into */
		bool off;        /* the host forwards nothing of this family */
		bool stops;      /* it is off, or a chain drops a new connection of which nothing else is known */
		char where[200]; /* what stops them: that chain, as nft names it: "ip filter FORWARD" */
		char mend[640];  /* a command that lets the packets pass, and nothing else */
	} of[FORWARD_FAMILIES];
};

/*
 * Fills all but what is given. Chains of nftables and iptables-nft are gone through as far as interfaces and physdev decide; a
 * rule that asks anything else is passed over, but one that would accept what is routed: then nothing is said. What is
 * routed is taken to leave by the default route. Costs one failing open() where br_netfilter is not there. 0, or
 * -errno and nothing is said (-EPERM without CAP_NET_ADMIN).
 */
int forward_policy_check(struct forward_policy *out);

#endif
