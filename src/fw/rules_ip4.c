/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 from and to the guest. Specifications: RFC 791, 1112 (groups and their MACs), 1858 and 3128 (fragments that
 * hide a header), 2131.
 *
 * The chains check, in this order:
 *   from_ip4   options, sender, fragments, transport, destination
 *   to_ip4     options, fragments, transport, source, destination
 */
#include "fw/rules_priv.h"

#include <string.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>

enum { ICMP_HEADER = 8 };

static const uint8_t everyone[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t plain = IP4_PLAIN;

/*
 * What differs between the two directions, which check a packet in the same way: the chain, and the reasons for a
 * drop.
 */
struct side {
	const char *in;
	enum rules_counter header, fragment, proto, server;
};
static const struct side from = {"from_ip4", FROM_HEADER, FROM_FRAGMENT, FROM_PROTO, FROM_SERVER};
static const struct side to = {"to_ip4", TO_HEADER, TO_FRAGMENT, TO_PROTO, TO_SERVER};

void ip4_is(struct nft *n, uint32_t which, enum nft_op op, struct in_addr a)
{
	nft_match(n, NFT_NETWORK, which, 4, op, &a);
}

void ip4_is_in(struct nft *n, uint32_t which, enum nft_op op, struct cidr4 block)
{
	struct in_addr mask = ip4_mask(block.len), net = ip4_network(block);

	nft_match_masked(n, NFT_NETWORK, which, 4, &mask, op, &net);
}

void ip4_length(struct nft *n, enum nft_op op, uint16_t transport)
{
	const uint16_t total = (uint16_t)(IP4_HEADER + transport);
	const uint8_t wire[2] = {(uint8_t)(total >> 8), (uint8_t)total};

	nft_match(n, NFT_NETWORK, IP4_LENGTH, 2, op, wire);
}

static void fragment(struct nft *n, uint16_t bits, enum nft_op op, uint16_t value)
{
	const uint8_t mask[2] = {(uint8_t)(bits >> 8), (uint8_t)bits},
		      want[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	nft_match_masked(n, NFT_NETWORK, IP4_FRAGMENT, 2, mask, op, want);
}

void ip4_has_transport(struct nft *n)
{
	fragment(n, IP4_OFFSET, NFT_IS, 0);
}

static bool has_broadcast(const struct guest *g)
{
	return g->id.ip4.len < 31; /* RFC 3021: a /31 has two hosts and nothing else */
}

void ip4_also_no_edge(struct nft *n, const struct guest *g)
{
	const struct in_addr last = ip4_broadcast(g->id.ip4), first = ip4_network(g->id.ip4);

	if (has_broadcast(g))
		nft_and(n, NFT_IS_NOT, &last, 4), nft_and(n, NFT_IS_NOT, &first, 4);
}

void ip4_proto(struct nft *n, uint8_t proto)
{
	nft_match(n, NFT_NETWORK, IP4_PROTO, 1, NFT_IS, &proto);
}

/* Version 4 and no options, no fragment. */
static void ip_plain(struct nft *n)
{
	nft_match(n, NFT_NETWORK, IP4_VERSION, 1, NFT_IS, &plain);
	fragment(n, IP4_MORE | IP4_OFFSET, NFT_IS, 0);
}

/*
 * RFC 1858 and 3128: a first fragment without the ports and flags, or a later one that begins inside them, would
 * evade rules on ports and flags. No fragment may go to a group. Fragments come in units of 8 octets: the first one
 * has at least 16 octets of the transport.
 */
static void check_fragments(struct nft *n, const struct side *s)
{
	nft_rule(n, s->in), fragment(n, IP4_MORE | IP4_OFFSET, NFT_IS_NOT, 0), eth_dst_is_group(n),
	    drop(n, s->fragment);
	nft_rule(n, s->in), fragment(n, IP4_OFFSET, NFT_IS, 1), drop(n, s->fragment);
	nft_rule(n, s->in), fragment(n, IP4_MORE | IP4_OFFSET, NFT_IS, IP4_MORE), ip4_length(n, NFT_LESS, 16),
	    drop(n, s->fragment);
}

/*
 * A client without an address sends from 0.0.0.0 (RFC 2131 4.1). A client that was resumed with another machine's
 * lease renews and rebinds from that address (RFC 2131 4.3.2), and has to reach fold to get the NAK that corrects it.
 */
static void take_other_source(struct nft *n, const struct guest *g)
{
	const struct in_addr own = g->id.ip4.addr;

	/* With the port first, a client's packets leave this rule at once. */
	nft_rule(n, from.in), port(n, false, PORT_SRC, NFT_IS, 67), ip4_is(n, IP4_SRC, NFT_IS_NOT, own),
	    nft_match_l4proto(n, NFT_IS, IPPROTO_UDP), ip4_has_transport(n), drop(n, FROM_SERVER);
	nft_rule(n, from.in), ip4_is(n, IP4_SRC, NFT_IS_NOT, own), nft_match_l4proto(n, NFT_IS, IPPROTO_UDP),
	    fragment(n, IP4_MORE | IP4_OFFSET, NFT_IS, 0), ip4_length(n, NFT_AT_LEAST, UDP_HEADER),
	    port(n, false, PORT_DST, NFT_IS, 67), nft_goto(n, "take");
}

void plain_udp_from_guest(struct nft *n, const struct guest *g, bool ip6)
{
	if (ip6) {
		ip6_plain_from(n, IPPROTO_UDP, &g->id.ip6.addr);
		ip6_payload(n, NFT_AT_LEAST, UDP_HEADER);
	} else {
		ip4_proto(n, IPPROTO_UDP);
		ip_plain(n);
		ip4_is(n, IP4_SRC, NFT_IS, g->id.ip4.addr);
		ip4_length(n, NFT_AT_LEAST, UDP_HEADER);
	}
}

/* The sender is checked before the contents: every fragment has a source address. */
static void check_header_from(struct nft *n, const struct guest *g)
{
	fast_take_dns(n, g, false);
	nft_rule(n, from.in), nft_match(n, NFT_NETWORK, IP4_VERSION, 1, NFT_IS_NOT, &plain), drop(n, FROM_HEADER);
	take_other_source(n, g);
	nft_rule(n, from.in), ip4_is(n, IP4_SRC, NFT_IS_NOT, g->id.ip4.addr), drop(n, FROM_SOURCE);
	check_fragments(n, &from);
}

static void check_header_to(struct nft *n)
{
	nft_rule(n, to.in), nft_match(n, NFT_NETWORK, IP4_VERSION, 1, NFT_IS_NOT, &plain), drop(n, TO_HEADER);
	check_fragments(n, &to);
}

/* Types 3 and 4, unreachable and quench; 11 and 12, time exceeded and parameter problem. */
static void icmp_error(struct nft *n)
{
	static const uint8_t first = 3, last = 12, others[2] = {5, 10};

	nft_match_l4proto(n, NFT_IS, IPPROTO_ICMP), nft_match_range(n, NFT_TRANSPORT, 0, 1, &first, &last),
	    nft_and_outside(n, &others[0], &others[1], 1), ip4_has_transport(n);
}

/*
 * An error is about a packet that its sender received or would have forwarded (RFC 1122 3.2.2). So an error from the
 * guest must quote a packet to the guest, and an error to the guest one from the guest. Any other "fragmentation
 * needed" would lower the receiver's path MTU to the address that it quotes: Linux believes such an error without a
 * matching socket.
 */
static void check_errors(struct nft *n, const struct side *s, const struct guest *g)
{
	const uint32_t quoted = ICMP_HEADER + (s == &from ? IP4_DST : IP4_SRC);
	const struct in_addr mask = ip4_mask(g->id.ip4.len), net = ip4_network(g->id.ip4);

	/* RFC 1812 4.3.2.3: at most 576 octets, so nobody sends one in fragments; a later one could replace the quote. */
	nft_rule(n, s->in), icmp_error(n), fragment(n, IP4_MORE, NFT_IS_NOT, 0), drop(n, s->proto);
	nft_rule(n, s->in), icmp_error(n), ip4_length(n, NFT_LESS, ICMP_HEADER + IP4_HEADER), drop(n, s->header);
	nft_rule(n, s->in), icmp_error(n), nft_match(n, NFT_TRANSPORT, quoted, 4, NFT_IS_NOT, &g->id.ip4.addr),
	    drop(n, s->proto);
	if (s == &from)
		return;
	/* Only the gateway has seen what the guest sent beyond its subnet. */
	nft_rule(n, s->in), icmp_error(n);
	nft_match_masked(n, NFT_TRANSPORT, ICMP_HEADER + IP4_DST, 4, &mask, NFT_IS_NOT, &net);
	if (g->has_gateway4)
		eth_src(n, NFT_IS_NOT, g->gateway4_mac);
	drop(n, s->proto);
}

/*
 * TCP, UDP and ICMP only, each with its whole header: otherwise a rule on a port that is not in the packet would not
 * match.
 */
static void check_transport(struct nft *n, const struct side *s, const struct guest *g)
{
	static const uint8_t udp = IPPROTO_UDP, icmp = IPPROTO_ICMP, redirect = 5, router_advertisement = 9,
			     between[2] = {6, 8}, dhcp[2][2] = {{0, 67}, {0, 68}};

	nft_rule(n, s->in), nft_match_l4proto(n, NFT_IS_NOT, IPPROTO_TCP), nft_and(n, NFT_IS_NOT, &udp, 1),
	    nft_and(n, NFT_IS_NOT, &icmp, 1), drop(n, s->proto);
	nft_rule(n, s->in), nft_match_l4proto(n, NFT_IS, IPPROTO_TCP), ip4_length(n, NFT_LESS, TCP_HEADER),
	    ip4_has_transport(n), drop(n, s->header);
	nft_rule(n, s->in), ip4_length(n, NFT_LESS, UDP_HEADER), ip4_has_transport(n), drop(n, s->header);
	/* Only fold sends and receives DHCP. */
	nft_rule(n, s->in), udp_port(n, false, PORT_SRC, 67), drop(n, s->server);
	if (s == &from)
		nft_rule(n, s->in), udp_port(n, false, PORT_DST, 67), nft_goto(n, "take");
	nft_rule(n, s->in), nft_match_l4proto(n, NFT_IS, IPPROTO_UDP),
	    nft_match_range(n, NFT_TRANSPORT, PORT_DST, 2, dhcp[0], dhcp[1]), ip4_has_transport(n), drop(n, s->server);
	/* ICMP redirects and router advertisements (RFC 792, 1256) would move the other side's routes. */
	nft_rule(n, s->in), nft_match_l4proto(n, NFT_IS, IPPROTO_ICMP),
	    nft_match_range(n, NFT_TRANSPORT, 0, 1, &redirect, &router_advertisement),
	    nft_and_outside(n, &between[0], &between[1], 1), ip4_has_transport(n), drop(n, s->proto);
	check_errors(n, s, g);
}

static void leaves(struct nft *n, const struct rules *r)
{
	nft_rule(n, from.in), ip4_is_in(n, IP4_DST, NFT_IS_NOT, r->guest->id.ip4), sound(n);
}

/* No router forwards packets from or to 0/8, 127/8, 169.254/16 and 224/3 (RFC 6890). */
static void is_special(struct nft *n, uint32_t which)
{
	static const uint8_t others[][2][4] = {{{1, 0, 0, 0}, {126, 255, 255, 255}},
					       {{128, 0, 0, 0}, {169, 253, 255, 255}},
					       {{169, 255, 0, 0}, {223, 255, 255, 255}}};

	nft_load(n, NFT_NETWORK, which, 4);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		nft_and_outside(n, others[i][0], others[i][1], 4);
}

/*
 * Packets from or to addresses outside the subnet: they must go through the gateway, if there is one, and the address
 * must be one that routers forward.
 */
static void check_far(struct nft *n, const struct side *s, const struct rules *r)
{
	const struct guest *g = r->guest;
	const bool out = s == &from;
	const uint32_t which = out ? IP4_DST : IP4_SRC;
	const enum rules_counter why = out ? FROM_DEST : TO_SOURCE;

	nft_rule(n, s->in), ip4_is_in(n, which, NFT_IS_NOT, g->id.ip4);
	if (g->has_gateway4) {
		(out ? eth_dst : eth_src)(n, NFT_IS_NOT, g->gateway4_mac), drop(n, why);
		nft_rule(n, s->in), is_special(n, which), ip4_is_in(n, which, NFT_IS_NOT, g->id.ip4), drop(n, why);
		if (out)
			gate_leave(n, r, false, leaves);
		else
			gate_enter(n, s->in, r, false);
	} else {
		drop(n, why);
	}
}

/* Where the host is the gateway, its own addresses outside the subnet are no way out of it. */
static void no_far_host(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	if (!g->has_gateway4 || memcmp(g->gateway4_mac, r->bridge_mac, MAC_LEN) != 0)
		return;
	for (size_t i = 0; i < r->host4_count; i++)
		if (!ip4_in(g->id.ip4, r->host4[i]) && r->host4[i].s_addr != g->gateway4.s_addr)
			nft_rule(n, from.in), ip4_is(n, IP4_DST, NFT_IS, r->host4[i]), drop(n, FROM_DEST);
}

/*
 * RFC 1112 6.4: the MAC is 01:00:5e and the low 23 bits of the group. For a block of groups, the bits that all of
 * them share.
 */
static void group_is(struct nft *n, struct cidr4 block)
{
	uint32_t group = ntohl(block.addr.s_addr), fixed = ntohl(ip4_mask(block.len).s_addr) & 0x7fffff;
	const uint8_t mask[MAC_LEN] = {0xff,          0xff, 0xff, (uint8_t)(0x80 | fixed >> 16), (uint8_t)(fixed >> 8),
				       (uint8_t)fixed};
	group &= fixed;
	const uint8_t mac[MAC_LEN] = {1, 0, 0x5e, (uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};

	ip4_is_in(n, IP4_DST, NFT_IS, block);
	nft_match_masked(n, NFT_LINK, 0, MAC_LEN, mask, NFT_IS, mac);
}

/* NetBIOS announces to everyone, unasked (RFC 1002); other broadcasts within the subnet pass. */
static void no_netbios(struct nft *n, const char *chain, enum rules_counter why)
{
	static const uint8_t first[2] = {0, 137}, last[2] = {0, 138};

	nft_rule(n, chain), eth_dst(n, NFT_IS, everyone), nft_match_l4proto(n, NFT_IS, IPPROTO_UDP),
	    nft_match_range(n, NFT_TRANSPORT, PORT_DST, 2, first, last), ip4_has_transport(n), drop(n, why);
}

static void to_many(struct nft *n, const struct rules *r, const char *chain)
{
	const struct guest *g = r->guest;

	for (size_t i = 0; i < r->group4_count; i++)
		nft_rule(n, chain), group_is(n, r->groups4[i].block), sound(n), nft_accept(n);
	if (!has_broadcast(g))
		return;
	nft_rule(n, chain), ip4_is(n, IP4_DST, NFT_IS, ip4_broadcast(g->id.ip4)), eth_dst(n, NFT_IS, everyone),
	    ip4_is_in(n, IP4_SRC, NFT_IS, g->id.ip4), sound(n), nft_accept(n);
}

/* The host may be reached by its addresses in the subnet. It would route any other packet to its MAC. */
static void from_host(struct nft *n, const struct rules *r)
{
	for (size_t i = 0; i < r->host4_count; i++)
		if (ip4_in(r->guest->id.ip4, r->host4[i]))
			nft_rule(n, from.in), eth_dst(n, NFT_IS, r->bridge_mac),
			    ip4_is(n, IP4_DST, NFT_IS, r->host4[i]), sound(n), nft_accept(n);
	nft_rule(n, from.in), eth_dst(n, NFT_IS, r->bridge_mac), drop(n, FROM_DEST);
}

static void from_many(struct nft *n, const struct rules *r)
{
	no_netbios(n, from.in, FROM_DEST);
	cap_storm(n, from.in);
	to_many(n, r, from.in);
	nft_rule(n, from.in), eth_dst_is_group(n), sound(n), drop(n, FROM_DEST);
	nft_rule(n, from.in), eth_dst_is_group(n), drop(n, FROM_HEADER);
}

static void from_open(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	check_transport(n, &from, g);
	take_notify(n, from.in, g, false);
	take_dns(n, from.in, g, false);
	take_connections(n, from.in, g, false, false);
	from_many(n, r);
	no_far_host(n, r);
	check_far(n, &from, r);
	/* Packets to fold's own MAC that no rule above took end here: the host would route them. */
	nft_rule(n, from.in), eth_dst(n, NFT_IS, g->service_mac), drop(n, FROM_DEST);
	from_host(n, r);
	/* The subnet's own and its broadcast address are no machine's: no packet to them goes to a single MAC. */
	nft_rule(n, from.in), nft_load(n, NFT_NETWORK, IP4_DST, 4), ip4_also_no_edge(n, g), sound(n), nft_accept(n);
	drop_rest(n, from.in, FROM_DEST, FROM_HEADER);
}

/* The source is the guest's own address, one of fold's, the subnet's own, or its broadcast address. */
static void source_is_taken(struct nft *n, const struct guest *g)
{
	const struct in_addr edges[] = {ip4_network(g->id.ip4), ip4_broadcast(g->id.ip4)};
	struct values v = {0};

	values_add(&v, &g->id.ip4.addr, 4);
	values_add_services(&v, g, false);
	for (size_t i = 0; has_broadcast(g) && i < 2; i++)
		values_add(&v, &edges[i], 4);
	is_one_of(n, IP4_SRC, 4, &v);
}

static void to_open(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	check_transport(n, &to, g);
	no_notify(n, to.in, g, false);
	/*
	 * No other machine may use the guest's addresses or fold's as source; and no machine has the subnet's own or
	 * its broadcast address.
	 */
	nft_rule(n, to.in), source_is_taken(n, g), drop(n, TO_SOURCE);
	if (g->has_gateway4)
		nft_rule(n, to.in), ip4_is(n, IP4_SRC, NFT_IS, g->gateway4), eth_src(n, NFT_IS_NOT, g->gateway4_mac),
		    drop(n, TO_SOURCE);
	check_far(n, &to, r);
	take_network_dns(n, to.in, r, false);
	nft_rule(n, to.in), ip4_is(n, IP4_DST, NFT_IS, g->id.ip4.addr), eth_dst(n, NFT_IS, g->id.mac), sound(n),
	    nft_accept(n);
	no_netbios(n, to.in, TO_DEST);
	to_many(n, r, to.in);
	drop_rest(n, to.in, TO_DEST, TO_HEADER);
}

const char *const rules_ip4_chains[] = {"from_ip4", "to_ip4", NULL};

void rules_ip4(struct nft *n, const struct rules *r)
{
	check_header_from(n, r->guest);
	from_open(n, r);
	check_header_to(n);
	to_open(n, r);
}
