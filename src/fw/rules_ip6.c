/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6 from and to the guest, except neighbour discovery (rules_nd.c). Specifications: RFC 8200, 4291, 2464 7 (groups
 * and their MACs), 4443, 8415.
 *
 * The chains check, in this order:
 *   from_ip6   extension headers, sender, messages and ports, destination
 *   to_ip6     extension headers, messages and ports, source, destination
 *
 * Only TCP, UDP and ICMPv6 directly after the IPv6 header pass: no extension header does, and so no fragment, and
 * every field of the transport is at a fixed offset.
 */
#include "fw/rules_priv.h"

#include <string.h>

#include <linux/if_ether.h>
#include <netinet/icmp6.h>

enum { ICMP_HEADER = 8 };

const struct cidr6 link_local6 = {.addr = {.s6_addr = {0xfe, 0x80}}, .len = 64};

static const uint8_t version_bits = 0xf0, six = 0x60;

struct side {
	const char *in, *nd;
	enum rules_counter header, proto, server;
};
static const struct side from = {"from_ip6", "from_nd", FROM_HEADER, FROM_PROTO, FROM_SERVER};
static const struct side to = {"to_ip6", "to_nd", TO_HEADER, TO_PROTO, TO_SERVER};

void ip6_is(struct nft *n, uint32_t offset, enum nft_op op, const struct in6_addr *a)
{
	nft_match(n, NFT_NETWORK, offset, 16, op, a);
}

void ip6_is_in(struct nft *n, uint32_t offset, enum nft_op op, const struct cidr6 *block)
{
	struct in6_addr mask = ip6_mask(block->len), net = ip6_network(*block);

	/* Whole octets need no mask. */
	if (block->len && block->len % 8 == 0)
		nft_match(n, NFT_NETWORK, offset, block->len / 8, op, &net);
	else
		nft_match_masked(n, NFT_NETWORK, offset, 16, &mask, op, &net);
}

void ip6_payload(struct nft *n, enum nft_op op, uint16_t octets)
{
	const uint8_t wire[2] = {(uint8_t)(octets >> 8), (uint8_t)octets};

	nft_match(n, NFT_NETWORK, IP6_LENGTH, 2, op, wire);
}

void ip6_proto(struct nft *n, uint8_t proto)
{
	nft_match(n, NFT_NETWORK, IP6_NEXT, 1, NFT_IS, &proto);
}

/*
 * The transport directly after the header. The version need not be checked: the kernel looks for a transport only
 * behind a header of version 6.
 */
void ip6_plain_from(struct nft *n, uint8_t proto, const struct in6_addr *src)
{
	ip6_proto(n, proto);
	ip6_is(n, IP6_SRC, NFT_IS, src);
}

/* Opens a rule for the messages of those types. */
static void icmp_type(struct nft *n, const struct side *s, uint8_t first, uint8_t last)
{
	static const uint8_t icmp = IPPROTO_ICMPV6;

	nft_rule(n, s->in), nft_match(n, NFT_NETWORK, IP6_NEXT, 1, NFT_IS, &icmp);
	nft_match_range(n, NFT_NETWORK, IP6_HEADER, 1, &first, &last);
}

/* A header, at that octet of the packet, whose next one is none of the three that pass. */
static void next_is_other(struct nft *n, uint32_t header)
{
	static const uint8_t udp = IPPROTO_UDP, tcp = IPPROTO_TCP, icmp = IPPROTO_ICMPV6;

	nft_match(n, NFT_NETWORK, header + IP6_NEXT, 1, NFT_IS_NOT, &tcp), nft_and(n, NFT_IS_NOT, &udp, 1),
	    nft_and(n, NFT_IS_NOT, &icmp, 1);
}

static void check_header(struct nft *n, const struct side *s)
{
	nft_rule(n, s->in), nft_match_masked(n, NFT_NETWORK, IP6_VERSION, 1, &version_bits, NFT_IS_NOT, &six),
	    drop(n, s->header);
	nft_rule(n, s->in), next_is_other(n, 0), drop(n, s->proto);
	/* The length of the shortest header of the three. */
	nft_rule(n, s->in), ip6_payload(n, NFT_LESS, UDP_HEADER), drop(n, s->header);
	icmp_type(n, s, 133, 136), nft_goto(n, s->nd);
}

static void from_header(struct nft *n, const struct guest *g)
{
	fast_take_dns(n, g, true);
	check_header(n, &from);
	/* RFC 8415 5: clients ask from a link-local address. */
	nft_rule(n, from.in), ip6_is_in(n, IP6_SRC, NFT_IS, &link_local6), nft_match_l4proto(n, NFT_IS, IPPROTO_UDP),
	    port(n, true, PORT_SRC, NFT_IS_NOT, 547), port(n, true, PORT_DST, NFT_IS, 547), nft_goto(n, "take");
	take_dns_link_local(n, from.in, g);
	take_connections(n, from.in, g, true, true);
	take_notify_link_local(n, from.in, g);
	nft_rule(n, from.in), ip6_is(n, IP6_SRC, NFT_IS_NOT, &g->id.ip6.addr), drop(n, FROM_SOURCE);
}

/* RFC 4443: errors and echo. Multicast listeners, routers' and mobility's messages, node information stay closed. */
static void check_icmp(struct nft *n, const struct side *s, const struct guest *g)
{
	static const uint8_t icmp = IPPROTO_ICMPV6, errors[2] = {ICMP6_DST_UNREACH, ICMP6_PARAM_PROB},
			     echo[2] = {ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY};
	/* An error must quote a packet to its sender, or one from the other side, as for IPv4 (check_errors()). */
	const uint32_t quoted = IP6_HEADER + ICMP_HEADER + (s == &from ? IP6_DST : IP6_SRC);

	icmp_type(n, s, ICMP6_DST_UNREACH, ICMP6_PARAM_PROB), ip6_payload(n, NFT_LESS, ICMP_HEADER + IP6_HEADER),
	    drop(n, s->header);
	icmp_type(n, s, ICMP6_DST_UNREACH, ICMP6_PARAM_PROB), ip6_is(n, quoted, NFT_IS_NOT, &g->id.ip6.addr),
	    drop(n, s->proto);
	/*
	 * No other packet passes either way. Behind a routing header in the quote stands another destination, which some
	 * take the error to be about (BSD, and Linux where the header is of type 4).
	 */
	icmp_type(n, s, ICMP6_DST_UNREACH, ICMP6_PARAM_PROB), next_is_other(n, IP6_HEADER + ICMP_HEADER),
	    drop(n, s->proto);
	if (s == &to) {
		/* Only the gateway has seen what the guest sent beyond its prefix. */
		icmp_type(n, s, ICMP6_DST_UNREACH, ICMP6_PARAM_PROB);
		ip6_is_in(n, IP6_HEADER + ICMP_HEADER + IP6_DST, NFT_IS_NOT, &g->id.ip6);
		if (g->has_gateway6)
			eth_src(n, NFT_IS_NOT, g->gateway6_mac);
		drop(n, s->proto);
	}
	nft_rule(n, s->in), nft_match(n, NFT_NETWORK, IP6_NEXT, 1, NFT_IS, &icmp);
	nft_load(n, NFT_NETWORK, IP6_HEADER, 1), nft_and_outside(n, &errors[0], &errors[1], 1),
	    nft_and_outside(n, &echo[0], &echo[1], 1), drop(n, s->proto);
}

/* Each transport with its whole header; only fold sends and receives DHCP. */
static void check_transport(struct nft *n, const struct side *s)
{
	nft_rule(n, s->in), nft_match_l4proto(n, NFT_IS, IPPROTO_TCP), ip6_payload(n, NFT_LESS, TCP_HEADER),
	    drop(n, s->header);
	nft_rule(n, s->in), udp_port(n, true, PORT_SRC, 547), drop(n, s->server);
	nft_rule(n, s->in), udp_port(n, true, PORT_DST, 547);
	if (s == &from)
		nft_goto(n, "take");
	else
		drop(n, s->server);
	nft_rule(n, s->in), udp_port(n, true, PORT_DST, 546), drop(n, s->server);
}

static void leaves(struct nft *n, const struct rules *r)
{
	nft_rule(n, from.in), ip6_is_in(n, IP6_DST, NFT_IS_NOT, &r->guest->id.ip6), sound(n);
}

/*
 * Packets from or to addresses outside the prefix: they must go through the gateway, and the address must be one that
 * routers forward: from 64:ff9b:: (RFC 6052) up to link-local and multicast.
 */
static void check_far(struct nft *n, const struct side *s, const struct rules *r)
{
	const struct guest *g = r->guest;
	static const struct in6_addr first = {.s6_addr = {0, 0x64, 0xff, 0x9b}}, beyond = {.s6_addr = {0xfe, 0x80}};
	const bool out = s == &from;
	const uint32_t which = out ? IP6_DST : IP6_SRC;
	const enum rules_counter why = out ? FROM_DEST : TO_SOURCE;

	nft_rule(n, s->in), ip6_is_in(n, which, NFT_IS_NOT, &g->id.ip6);
	if (!g->has_gateway6) {
		drop(n, why);
		return;
	}
	(out ? eth_dst : eth_src)(n, NFT_IS_NOT, g->gateway6_mac), drop(n, why);
	nft_rule(n, s->in), ip6_is(n, which, NFT_LESS, &first), ip6_is_in(n, which, NFT_IS_NOT, &g->id.ip6),
	    drop(n, why);
	nft_rule(n, s->in), ip6_is(n, which, NFT_AT_LEAST, &beyond), ip6_is_in(n, which, NFT_IS_NOT, &g->id.ip6),
	    drop(n, why);
	if (out)
		gate_leave(n, r, true, leaves);
	else
		gate_enter(n, s->in, r, true);
}

/*
 * RFC 2464 7: the MAC is 33:33 and the last 32 bits of the group. For a block of groups, the bits that all of them
 * share.
 */
static void group_is(struct nft *n, const struct cidr6 *block)
{
	struct in6_addr bits = ip6_mask(block->len);
	uint8_t mask[MAC_LEN] = {0xff, 0xff}, mac[MAC_LEN];

	ip6_group_mac(&block->addr, mac);
	memcpy(mask + 2, bits.s6_addr + 12, 4);
	for (int i = 2; i < MAC_LEN; i++)
		mac[i] &= mask[i];
	ip6_is_in(n, IP6_DST, NFT_IS, block);
	nft_match_masked(n, NFT_LINK, 0, MAC_LEN, mask, NFT_IS, mac);
}

static void to_groups(struct nft *n, const struct rules *r, const char *chain)
{
	for (size_t i = 0; i < r->group6_count; i++)
		nft_rule(n, chain), group_is(n, &r->groups6[i].block), sound(n), nft_accept(n);
}

/* As for IPv4: where the host is the gateway, its own addresses outside the subnet are no way out of it. */
static void no_far_host(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	if (!g->has_gateway6 || memcmp(g->gateway6_mac, r->bridge_mac, MAC_LEN) != 0)
		return;
	/* Nothing leaves the subnet for a link-local address in any case. */
	for (size_t i = 0; i < r->host6_count; i++)
		if (!ip6_in(g->id.ip6, r->host6[i]) && !ip6_in(link_local6, r->host6[i]) &&
		    memcmp(&r->host6[i], &g->gateway6, sizeof(g->gateway6)) != 0)
			nft_rule(n, from.in), ip6_is(n, IP6_DST, NFT_IS, &r->host6[i]), drop(n, FROM_DEST);
}

static void from_host(struct nft *n, const struct rules *r)
{
	for (size_t i = 0; i < r->host6_count; i++)
		if (ip6_in(r->guest->id.ip6, r->host6[i]))
			nft_rule(n, from.in), eth_dst(n, NFT_IS, r->bridge_mac),
			    ip6_is(n, IP6_DST, NFT_IS, &r->host6[i]), sound(n), nft_accept(n);
	nft_rule(n, from.in), eth_dst(n, NFT_IS, r->bridge_mac), drop(n, FROM_DEST);
}

static void from_open(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	check_transport(n, &from);
	take_notify(n, from.in, g, true);
	take_dns(n, from.in, g, true);
	take_connections(n, from.in, g, true, false);
	cap_storm(n, from.in);
	to_groups(n, r, from.in);
	nft_rule(n, from.in), eth_dst_is_group(n), drop(n, FROM_DEST);
	no_far_host(n, r);
	check_far(n, &from, r);
	/* Packets to fold's own MAC that no rule above took end here: the host would route them. */
	nft_rule(n, from.in), eth_dst(n, NFT_IS, g->service_mac), drop(n, FROM_DEST);
	from_host(n, r);
	nft_rule(n, from.in), sound(n), nft_accept(n);
	nft_rule(n, from.in), drop(n, FROM_HEADER);
}

static void to_open(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;
	struct values taken = {0};

	check_transport(n, &to);
	no_notify(n, to.in, g, true);
	/* No other machine may use the guest's addresses or fold's as source. */
	values_add(&taken, &g->id.ip6.addr, 16);
	values_add_services(&taken, g, true);
	nft_rule(n, to.in), is_one_of(n, IP6_SRC, 16, &taken), drop(n, TO_SOURCE);
	if (g->has_gateway6)
		nft_rule(n, to.in), ip6_is(n, IP6_SRC, NFT_IS, &g->gateway6), eth_src(n, NFT_IS_NOT, g->gateway6_mac),
		    drop(n, TO_SOURCE);
	check_far(n, &to, r);
	take_network_dns(n, to.in, r, true);
	nft_rule(n, to.in), ip6_is(n, IP6_DST, NFT_IS, &g->id.ip6.addr), eth_dst(n, NFT_IS, g->id.mac), sound(n),
	    nft_accept(n);
	to_groups(n, r, to.in);
	drop_rest(n, to.in, TO_DEST, TO_HEADER);
}

const char *const rules_ip6_chains[] = {"from_ip6", "to_ip6", NULL};

void rules_ip6(struct nft *n, const struct rules *r)
{
	from_header(n, r->guest);
	check_icmp(n, &from, r->guest);
	from_open(n, r);
	check_header(n, &to);
	check_icmp(n, &to, r->guest);
	to_open(n, r);
}
