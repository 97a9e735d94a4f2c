/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy for frames from and to the guest, one line a rule. This file has the base chains of the VM's own table;
 * ARP and IPv4 are in rules_arp.c and rules_ip4.c, IPv6 in rules_ip6.c and rules_nd.c, what comes first in
 * rules_fast.c. Chains end in a goto or a
 * drop: nothing falls through.
 */
#include "base/clock.h"
#include "fw/egress.h"
#include "fw/rules_priv.h"
#include "guest/allow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Before everything else on the tap, connection tracking and other tools' chains included. */
#define PRIORITY_FIRST (-500)

const char *rules_table(const char *iface, char name[static RULES_TABLE_TEXT])
{
	snprintf(name, RULES_TABLE_TEXT, "fold-%s", iface);
	return name;
}

const char *rules_counter(enum rules_counter c)
{
	static const char *const names[] = {
#define X(id, text, meaning) text,
	    RULES_COUNTERS(X)
#undef X
	};
	return names[c];
}

void drop(struct nft *n, enum rules_counter why)
{
	nft_count(n, rules_counter(why));
	nft_drop(n);
}

/* The rate at which broadcasts and permitted multicasts may leave the guest, so that it cannot flood its network. */
#define STORM_PER_SECOND 1000
#define STORM_BURST 500

void cap_storm(struct nft *n, const char *chain)
{
	nft_rule(n, chain), eth_dst_is_group(n);
	nft_match_over_limit(n, STORM_PER_SECOND, STORM_BURST);
	drop(n, FROM_STORM);
}

/* Where the frames go that the responder is to answer: they never go on to the bridge. */
static void chain_take(struct nft *n, const struct rules *r)
{
	/*
	 * The bridge passes a frame to 01:80:c2:… on to the host without running its hooks, so it would not be
	 * queued. No client asks a group whose MAC begins with 01.
	 */
	static const uint8_t reserved = 1;
	nft_rule(n, "take"), nft_match(n, NFT_LINK, 0, 1, NFT_IS, &reserved), drop(n, FROM_DEST);
	nft_rule(n, "take");
	nft_count(n, rules_counter(TAKEN));
	if (r->transport == TRANSPORT_LOG) {
		nft_log(n, r->number);
		nft_drop(n);
	} else {
		/*
		 * If the shared table is gone, nothing queues the frame, and it must not go on. The bridge drops a
		 * frame to the guest's own MAC, which it knows only behind this port.
		 */
		nft_set_eth_dst(n, r->guest->id.mac);
		nft_set_mark(n, RULES_TAKE_MARK);
		nft_accept(n);
	}
}

void sound(struct nft *n)
{
	nft_match_l4proto(n, NFT_IS_NOT, 0);
}

void drop_rest(struct nft *n, const char *chain, enum rules_counter why, enum rules_counter header)
{
	nft_rule(n, chain), sound(n), drop(n, why);
	nft_rule(n, chain), drop(n, header);
}

void port(struct nft *n, bool ip6, uint32_t which, enum nft_op op, uint16_t number)
{
	const uint8_t wire[2] = {(uint8_t)(number >> 8), (uint8_t)number};

	if (ip6)
		nft_match(n, NFT_NETWORK, IP6_HEADER + which, 2, op, wire);
	else
		nft_match(n, NFT_TRANSPORT, which, 2, op, wire);
}

void has_transport(struct nft *n, bool ip6)
{
	if (!ip6)
		ip4_has_transport(n);
}

void udp_port(struct nft *n, bool ip6, uint32_t which, uint16_t number)
{
	nft_match_l4proto(n, NFT_IS, IPPROTO_UDP), port(n, ip6, which, NFT_IS, number), has_transport(n, ip6);
}

void also_port(struct nft *n, enum nft_op op, uint16_t number)
{
	const uint8_t wire[2] = {(uint8_t)(number >> 8), (uint8_t)number};
	nft_and(n, op, wire, 2);
}

void has_ports(struct nft *n)
{
	nft_match_present(n, NFT_TRANSPORT, PORT_SRC, 4);
}

void not_from_server(struct nft *n, const struct guest *g, bool ip6)
{
	port(n, ip6, PORT_SRC, NFT_IS_NOT, ip6 ? 547 : 67);
	if (g->notify.port)
		also_port(n, NFT_IS_NOT, g->notify.port);
}

void destination_is(struct nft *n, bool ip6, const void *address)
{
	if (ip6)
		ip6_is(n, IP6_DST, NFT_IS, address);
	else
		nft_match(n, NFT_NETWORK, IP4_DST, 4, NFT_IS, address);
}

static bool same4s(const struct ip4_list *a, const struct ip4_list *b)
{
	return a->count == b->count && (!a->count || memcmp(a->at, b->at, a->count * sizeof(*a->at)) == 0);
}

static bool same6s(const struct ip6_list *a, const struct ip6_list *b)
{
	return a->count == b->count && (!a->count || memcmp(a->at, b->at, a->count * sizeof(*a->at)) == 0);
}

bool rules_differ(const struct guest *a, const struct guest *b)
{
	const struct notify *x = &a->notify, *y = &b->notify;

	if (a->has_gateway4 != b->has_gateway4 || a->has_gateway6 != b->has_gateway6 ||
	    (a->has_gateway4 && memcmp(a->gateway4_mac, b->gateway4_mac, MAC_LEN) != 0) ||
	    (a->has_gateway6 && memcmp(a->gateway6_mac, b->gateway6_mac, MAC_LEN) != 0) ||
	    a->gateway4.s_addr != b->gateway4.s_addr || !IN6_ARE_ADDR_EQUAL(&a->gateway6, &b->gateway6))
		return true;
	if (a->dns.server4.s_addr != b->dns.server4.s_addr || !IN6_ARE_ADDR_EQUAL(&a->dns.server6, &b->dns.server6))
		return true;
	if (a->dns.on != b->dns.on || a->dns.serve != b->dns.serve || a->dns.intercept_all != b->dns.intercept_all ||
	    a->answers6 != b->answers6 || a->dhcp6 != b->dhcp6)
		return true;
	if (x->port != y->port ||
	    (x->port && (x->ip4.s_addr != y->ip4.s_addr || !IN6_ARE_ADDR_EQUAL(&x->ip6, &y->ip6))))
		return true;
	if (!allow_same_lists(&a->dns.allow, &b->dns.allow))
		return true;
	return !same4s(&a->service4, &b->service4) || !same6s(&a->service6, &b->service6) ||
	       a->dhcp_server4.s_addr != b->dhcp_server4.s_addr;
}

/* After this rule only ARP is left, or nothing if the VM has no IPv4. */
static void not_arp(struct nft *n, const char *chain, const struct guest *g, enum rules_counter why)
{
	nft_rule(n, chain);
	if (g->id.has4)
		eth_type(n, NFT_IS_NOT, ETH_P_ARP);
	drop(n, why);
}

/*
 * The tap has fold's service MAC. A process that has the tap open can give it another, such as the gateway's (Linux,
 * tun_chr_ioctl()). The kernel would then take a frame to that MAC as one for the host, while the rules would take it
 * as one through the gateway.
 */
static void not_to_another_tap(struct nft *n, const struct guest *g)
{
	nft_rule(n, "from"), nft_match_for_host(n), eth_dst(n, NFT_IS_NOT, g->service_mac), drop(n, FROM_DEST);
}

static void chain_from(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	rules_fast_from(n, r);
	not_to_another_tap(n, g);
	if (g->id.has4)
		nft_rule(n, "from"), eth_src_and_type(n, g->id.mac, ETH_P_IP), nft_goto(n, "from_ip4");
	if (g->id.has6)
		nft_rule(n, "from"), eth_src_and_type(n, g->id.mac, ETH_P_IPV6), nft_goto(n, "from_ip6");
	nft_rule(n, "from"), eth_src(n, NFT_IS_NOT, g->id.mac), drop(n, FROM_MAC);
	not_arp(n, "from", g, FROM_TYPE);
	if (g->id.has4)
		rules_from_arp(n, g);
}

/*
 * fold's own replies are recognized by their mark and by the socket that sent them, which sends nothing else and is
 * of a group of its own. Another sender on the network can have the service MAC, the mark, and a frame that a socket
 * of root's here sent, but never a frame from a socket of this group. Without such a group, the rule asks for a
 * socket of root's.
 */
static void own_replies(struct nft *n, const struct rules *r)
{
	nft_rule(n, "to"), nft_match_mark(n, NFT_IS, RULES_REPLY_MARK);
	if (r->reply_group)
		nft_match_sender_group(n, r->reply_group);
	else
		nft_match_root(n);
	eth_src(n, NFT_IS, r->guest->service_mac), nft_accept(n);
}

static void chain_to(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	rules_fast_to(n, g);
	own_replies(n, r);
	nft_rule(n, "to"), eth_src(n, NFT_IS, g->service_mac), drop(n, TO_MAC);
	nft_rule(n, "to"), eth_src(n, NFT_IS, g->id.mac), drop(n, TO_MAC);
	if (g->id.has4)
		nft_rule(n, "to"), eth_type(n, NFT_IS, ETH_P_IP), nft_goto(n, "to_ip4");
	if (g->id.has6)
		nft_rule(n, "to"), eth_type(n, NFT_IS, ETH_P_IPV6), nft_goto(n, "to_ip6");
	not_arp(n, "to", g, TO_TYPE);
	if (g->id.has4)
		rules_to_arp(n, g);
}

/* Every rule of the VM's own table. The chains are there, and empty. */
static void fill(struct nft *n, const struct rules *r)
{
	chain_take(n, r);
	gate_chains(n, r);
	if (r->guest->dns.allow.count) {
		egress_fill(n, r->egress, &r->guest->dns.allow, clock_ms());
		nft_counter(n, rules_counter(FROM_ALLOW));
	}
	if (r->guest->id.has4)
		rules_ip4(n, r);
	if (r->guest->id.has6) {
		rules_nd(n, r);
		rules_ip6(n, r);
	}
	chain_from(n, r);
	chain_to(n, r);
}

static void make_chains(struct nft *n, const char *const *names)
{
	for (; *names; names++)
		nft_chain(n, *names, true);
}

static void make_counters(struct nft *n, const struct rules *r)
{
	const struct identity *id = &r->guest->id;

	for (enum rules_counter c = 0; c < RULES_COUNTER_COUNT; c++) {
		bool arp = c == FROM_ARP || c == TO_ARP || c == FROM_FRAGMENT || c == TO_FRAGMENT;
		if ((arp && !id->has4) || ((c == FROM_ND || c == TO_ND) && !id->has6))
			continue;
		if ((c == FROM_GATEWAY || c == TO_GATEWAY) && !gate_counts(r))
			continue;
		if (c == FROM_ALLOW)
			continue; /* made by fill(), with the rules that it counts */
		nft_counter(n, rules_counter(c));
	}
}

/*
 * Makes one base chain, empty and with the policy to drop: the least that keeps what has the tap open from sending.
 * rules_open() adds the rest, also the chain of the other direction, by which nothing comes before the tap is a port.
 */
void rules_closed_table(struct nft *n, const struct rules *r)
{
	const struct identity *id = &r->guest->id;
	char name[RULES_TABLE_TEXT];

	nft_table(n, NFPROTO_NETDEV, rules_table(id->iface, name), NFT_TABLE_F_OWNER);
	nft_base_chain(n, "from", NFT_HOOK_INGRESS, PRIORITY_FIRST, true, id->iface, true);
}

int rules_add(struct nft *n, const struct rules *r)
{
	if (r->transport == TRANSPORT_QUEUE)
		return rules_shared_add(n, r);
	nft_begin(n);
	rules_closed_table(n, r);
	return nft_commit(n);
}

int rules_open(struct nft *n, const struct rules *r)
{
	const struct identity *id = &r->guest->id;
	char table[RULES_TABLE_TEXT];

	nft_begin(n);
	nft_use_table(n, NFPROTO_NETDEV, rules_table(id->iface, table));
	nft_base_chain(n, "to", NFT_HOOK_EGRESS, PRIORITY_FIRST, true, id->iface, true);
	make_counters(n, r);
	nft_chain(n, "take", true);
	if (id->has4)
		make_chains(n, rules_ip4_chains);
	if (id->has6)
		make_chains(n, rules_nd_chains), make_chains(n, rules_ip6_chains);
	if (gate_rejects(r))
		make_chains(n, gate_chain_names);
	nft_rules_flush(n);
	fill(n, r);
	return nft_commit(n);
}

static int change(struct nft *n, const struct rules *r, bool gate)
{
	char table[RULES_TABLE_TEXT];

	nft_begin(n);
	nft_use_table(n, NFPROTO_NETDEV, rules_table(r->guest->id.iface, table));
	nft_rules_flush(n);
	fill(n, r);
	rules_shared_change(n, r, gate);
	return nft_commit(n);
}

/*
 * Both tables are emptied and filled in one transaction: no frame meets half of the rules. The counters keep their
 * values.
 */
int rules_update(struct nft *n, const struct rules *r)
{
	bool gate = rules_has_gate(r);
	int err = change(n, r, gate);

	/*
	 * -ENOENT: the VM's part of the shared table for its actions is gone. If it cannot be put back, nothing
	 * passes the gateway, and the rest of the change is made without it.
	 */
	if (err == -ENOENT && gate && rules_gate_restore(n, r) < 0)
		err = change(n, r, false);
	else if (err == -ENOENT && gate)
		err = change(n, r, true);
	return err;
}
