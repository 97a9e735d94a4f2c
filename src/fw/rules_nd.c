/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbour discovery from and to the guest. Specifications: RFC 4861, 4862 5.4 (duplicate address detection), 6980,
 * 7527.
 *
 * From: only about the guest itself or about neighbours in its prefix, with the guest's own link-layer address.
 * To: only their owners speak for the guest, fold and the gateway.
 *
 * What passes has one of two lengths, without options or with the one option that belongs to it, so no second option
 * can hide behind the first. What the responder takes may have any: it reads them all, and ignores those that RFC 4861
 * 4.1 and 4.3 do not name. A link-local address shows its owner if it was made from a MAC. If it was not (RFC 7217, or
 * assigned by hand), a guest may still ask from it, but nobody is told anything about it.
 */
#include "fw/rules_priv.h"

#include <string.h>

enum { ND_TYPE = IP6_HEADER, ND_CODE = ND_TYPE + 1, ND_TARGET = ND_TYPE + 8, ND_OPTION = ND_TYPE + 24 };
enum { ND_BARE = 24, ND_LONG = 32 };
enum { RS = 133, RA = 134, NS = 135, NA = 136 };
enum { OPTION_SOURCE = 1, OPTION_TARGET = 2, OPTION_NONCE = 14 };

static const struct in6_addr all_nodes = {.s6_addr = {0xff, 2, [15] = 1}};
static const struct cidr6 solicited = {.addr = {.s6_addr = {0xff, 2, [11] = 1, [12] = 0xff}}, .len = 104};

static void type_is(struct nft *n, uint8_t type)
{
	nft_match(n, NFT_NETWORK, ND_TYPE, 1, NFT_IS, &type);
}

/*
 * source_is_of_mac(): a link-local address that was made from some MAC (RFC 4291 appendix A). source_is_by_hand():
 * one that was assigned by hand, such as fe80::1.
 */
static void source_is_of_mac(struct nft *n)
{
	static const uint8_t mask[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [11] = 0xff, 0xff};
	static const uint8_t want[16] = {0xfe, 0x80, [11] = 0xff, 0xfe};

	nft_match_masked(n, NFT_NETWORK, IP6_SRC, sizeof(want), mask, NFT_IS, want);
}

static void source_is_by_hand(struct nft *n)
{
	static const uint8_t want[12] = {0xfe, 0x80};

	nft_match(n, NFT_NETWORK, IP6_SRC, sizeof(want), NFT_IS, want);
}

/* The payload has neither of the two lengths. */
static void length_is_neither(struct nft *n, uint8_t one, uint8_t other)
{
	const uint8_t wire[2] = {0, other};

	ip6_payload(n, NFT_IS_NOT, one);
	nft_and(n, NFT_IS_NOT, wire, 2);
}

/* The message is the long one, and its option is of another kind, or longer than one unit. */
static void kind_is_not(struct nft *n, uint8_t kind)
{
	const uint8_t want[2] = {kind, 1};

	ip6_payload(n, NFT_IS, ND_LONG);
	nft_match(n, NFT_NETWORK, ND_OPTION, sizeof(want), NFT_IS_NOT, want);
}

/* The option that stands there is not this link-layer address. */
static void option_is_not(struct nft *n, uint8_t kind, const uint8_t *mac)
{
	uint8_t want[8] = {kind, 1};

	memcpy(want + 2, mac, MAC_LEN);
	nft_match(n, NFT_NETWORK, ND_OPTION, sizeof(want), NFT_IS_NOT, want);
}

/* Whole octets of a group's MAC: 33:33:ff for all solicited-node groups, all of it for one group. */
static void eth_group(struct nft *n, const struct in6_addr *group, uint32_t octets)
{
	uint8_t mac[MAC_LEN];

	ip6_group_mac(group, mac);
	nft_match(n, NFT_LINK, 0, octets, NFT_IS, mac);
}

/* RFC 4861 7.1: a message with hop limit 255 comes from a neighbour; its code is 0. */
static void check_form(struct nft *n, const char *chain, enum rules_counter why)
{
	static const uint8_t unrouted = 255, zero = 0;

	nft_rule(n, chain), nft_match(n, NFT_NETWORK, IP6_HOP, 1, NFT_IS_NOT, &unrouted), drop(n, why);
	nft_rule(n, chain), nft_match(n, NFT_NETWORK, ND_CODE, 1, NFT_IS_NOT, &zero), drop(n, why);
}

/* Solicitations for fold's addresses and for the gateway's go to the responder. */
static void take_service_solicitations(struct nft *n, const char *chain, const struct guest *g)
{
	struct values v = {0};

	values_add(&v, &g->link_local, 16);
	values_add_services(&v, g, true);
	if (g->has_gateway6)
		values_add(&v, &g->gateway6, 16);
	nft_rule(n, chain), type_is(n, NS), is_one_of(n, ND_TARGET, 16, &v), nft_goto(n, "take");
}

/*
 * RFC 4862 5.4.2: duplicate address detection comes from the unspecified address and goes to the solicited-node group
 * of the address that it is about; RFC 7527 adds a nonce.
 */
static void from_dad(struct nft *n, const struct guest *g, const struct in6_addr *own)
{
	static const char c[] = "from_dad";
	const struct in6_addr *const mine[] = {&g->id.ip6.addr, own};

	take_service_solicitations(n, c, g);
	nft_rule(n, c), length_is_neither(n, ND_BARE, ND_LONG), drop(n, FROM_ND);
	nft_rule(n, c), kind_is_not(n, OPTION_NONCE), drop(n, FROM_ND);
	cap_storm(n, c);
	for (size_t i = 0; i < 2; i++) {
		const struct in6_addr group = ip6_solicited_node(mine[i]);
		nft_rule(n, c), ip6_is(n, ND_TARGET, NFT_IS, mine[i]), ip6_is(n, IP6_DST, NFT_IS, &group),
		    eth_group(n, &group, MAC_LEN), sound(n), nft_accept(n);
	}
	nft_rule(n, c), drop(n, FROM_ND);
}

static void check_options_from(struct nft *n, const struct guest *g)
{
	static const char c[] = "from_nd";

	nft_rule(n, c), length_is_neither(n, ND_BARE, ND_LONG), drop(n, FROM_ND);
	nft_rule(n, c), type_is(n, NS), ip6_payload(n, NFT_IS, ND_LONG), option_is_not(n, OPTION_SOURCE, g->id.mac),
	    drop(n, FROM_ND);
	nft_rule(n, c), type_is(n, NA), ip6_payload(n, NFT_IS, ND_LONG), option_is_not(n, OPTION_TARGET, g->id.mac),
	    drop(n, FROM_ND);
}

/*
 * The host may be reached by its addresses in the prefix. If it has any there, its link-local addresses may be
 * answered, too, because it may have asked from one. It would route any other packet to its MAC.
 */
static void from_host(struct nft *n, const struct rules *r)
{
	static const char c[] = "from_nd";
	bool near = false;

	for (size_t i = 0; i < r->host6_count; i++)
		near |= ip6_in(r->guest->id.ip6, r->host6[i]);
	for (size_t i = 0; i < r->host6_count && near; i++) {
		bool local = IN6_IS_ADDR_LINKLOCAL(&r->host6[i]);
		if (!local && !ip6_in(r->guest->id.ip6, r->host6[i]))
			continue;
		nft_rule(n, c), eth_dst(n, NFT_IS, r->bridge_mac);
		if (local)
			type_is(n, NA);
		ip6_is(n, IP6_DST, NFT_IS, &r->host6[i]), sound(n), nft_accept(n);
	}
	nft_rule(n, c), eth_dst(n, NFT_IS, r->bridge_mac), drop(n, FROM_DEST);
}

/* A gateway that the guest needs a route of its own for. */
static bool is_gateway_apart(const struct guest *g)
{
	return g->has_gateway6 && !IN6_IS_ADDR_LINKLOCAL(&g->gateway6) && !ip6_in(g->id.ip6, g->gateway6);
}

/* Drops messages from link-local addresses that are known to belong to another machine. */
static void not_another(struct nft *n, const struct rules *r, const struct in6_addr *own)
{
	static const char c[] = "from_nd";
	const struct guest *g = r->guest;

	nft_rule(n, c), source_is_of_mac(n), ip6_is(n, IP6_SRC, NFT_IS_NOT, own), drop(n, FROM_SOURCE);
	/* The guest may ask from one, as from any that nobody can tell whose it is: ask_from_own(). */
	nft_rule(n, c), type_is(n, NA), source_is_by_hand(n), drop(n, FROM_SOURCE);
	if (g->has_gateway6 && IN6_IS_ADDR_LINKLOCAL(&g->gateway6))
		nft_rule(n, c), ip6_is(n, IP6_SRC, NFT_IS, &g->gateway6), drop(n, FROM_SOURCE);
	for (size_t i = 0; i < r->host6_count; i++)
		if (IN6_IS_ADDR_LINKLOCAL(&r->host6[i]))
			nft_rule(n, c), ip6_is(n, IP6_SRC, NFT_IS, &r->host6[i]), drop(n, FROM_SOURCE);
}

/*
 * Nobody can tell whose a link-local address is if it was not made from a MAC. If the guest asked from a router's, a
 * neighbour would believe that the router is now at the guest's MAC (RFC 4861 7.2.3); if it asked from many, it would
 * fill the neighbour's table. So the rule replaces the source by the guest's own address, and the answer goes there.
 */
static void ask_from_own(struct nft *n, const struct guest *g, const struct in6_addr *own)
{
	nft_rule(n, "from_nd"), type_is(n, NS), ip6_is_in(n, IP6_SRC, NFT_IS, &link_local6),
	    ip6_is(n, IP6_SRC, NFT_IS_NOT, own), sound(n), nft_set_ip6_source(n, &g->id.ip6.addr);
	/* If the kernel has no memory to change it, it goes on with the next rule. */
	nft_rule(n, "from_nd"), type_is(n, NS), ip6_is_in(n, IP6_SRC, NFT_IS, &link_local6),
	    ip6_is(n, IP6_SRC, NFT_IS_NOT, own), drop(n, FROM_ND);
}

static void from_receiver(struct nft *n, const struct rules *r, const struct in6_addr *own)
{
	static const char c[] = "from_nd";
	const struct guest *g = r->guest;

	cap_storm(n, c);
	ask_from_own(n, g, own);
	nft_rule(n, c), type_is(n, NS), ip6_is_in(n, IP6_DST, NFT_IS, &solicited), eth_group(n, &solicited.addr, 3),
	    sound(n), nft_accept(n);
	nft_rule(n, c), type_is(n, NA), ip6_is(n, IP6_DST, NFT_IS, &all_nodes), eth_group(n, &all_nodes, MAC_LEN),
	    sound(n), nft_accept(n);
	nft_rule(n, c), eth_dst_is_group(n), drop(n, FROM_ND);
	nft_rule(n, c), eth_dst(n, NFT_IS, g->service_mac), drop(n, FROM_DEST);
	/* A gateway outside the prefix may be answered, too; it may be the host, so this comes before from_host(). */
	if (g->has_gateway6 && !ip6_in(g->id.ip6, g->gateway6))
		nft_rule(n, c), type_is(n, NA), ip6_is(n, IP6_DST, NFT_IS, &g->gateway6),
		    eth_dst(n, NFT_IS, g->gateway6_mac), sound(n), nft_accept(n);
	from_host(n, r);
	nft_rule(n, c), ip6_is_in(n, IP6_DST, NFT_IS, &g->id.ip6), sound(n), nft_accept(n);
	/*
	 * RFC 4861 7.3.3: a solicitation to one machine goes to its target, which is in the prefix. Only an answer
	 * goes to a link-local address, from which it was asked.
	 */
	nft_rule(n, c), type_is(n, NA), ip6_is_in(n, IP6_DST, NFT_IS, &link_local6), sound(n), nft_accept(n);
	nft_rule(n, c), drop(n, FROM_DEST);
}

static void from_nd(struct nft *n, const struct rules *r)
{
	static const char c[] = "from_nd";
	const struct guest *g = r->guest;
	const struct in6_addr own = ip6_link_local(g->id.mac);

	check_form(n, c, FROM_ND);
	nft_rule(n, c), type_is(n, RA), drop(n, FROM_SERVER);
	nft_rule(n, c), type_is(n, NS), ip6_is(n, IP6_SRC, NFT_IS, &in6addr_any), nft_goto(n, "from_dad");
	nft_rule(n, c), ip6_is_in(n, IP6_SRC, NFT_IS_NOT, &link_local6),
	    ip6_is(n, IP6_SRC, NFT_IS_NOT, &g->id.ip6.addr), nft_and(n, NFT_IS_NOT, &in6addr_any, 16),
	    drop(n, FROM_SOURCE);
	/* Only the guest hears what these two are answered, whosever link-local address it asks from. */
	nft_rule(n, c), type_is(n, RS), sound(n), nft_goto(n, "take");
	take_service_solicitations(n, c, g);
	not_another(n, r, &own);
	check_options_from(n, g);
	nft_rule(n, c), ip6_is(n, IP6_SRC, NFT_IS, &in6addr_any), drop(n, FROM_ND);
	nft_rule(n, c), type_is(n, NS), ip6_is_in(n, ND_TARGET, NFT_IS_NOT, &g->id.ip6), drop(n, FROM_ND);
	nft_rule(n, c), type_is(n, NA), ip6_is(n, ND_TARGET, NFT_IS_NOT, &g->id.ip6.addr),
	    nft_and(n, NFT_IS_NOT, &own, 16), drop(n, FROM_ND);
	from_receiver(n, r, &own);
}

static void check_options_to(struct nft *n)
{
	static const char c[] = "to_nd";

	nft_rule(n, c), type_is(n, NS), ip6_is(n, IP6_SRC, NFT_IS_NOT, &in6addr_any), kind_is_not(n, OPTION_SOURCE),
	    drop(n, TO_ND);
	nft_rule(n, c), type_is(n, NS), ip6_is(n, IP6_SRC, NFT_IS, &in6addr_any), kind_is_not(n, OPTION_NONCE),
	    drop(n, TO_ND);
	nft_rule(n, c), type_is(n, NA), kind_is_not(n, OPTION_TARGET), drop(n, TO_ND);
}

/* The sender must not claim to be the guest or fold, and only the gateway may claim to be the gateway. */
static void to_sender(struct nft *n, const struct guest *g, const struct in6_addr *own)
{
	static const char c[] = "to_nd";
	const uint8_t *const macs[] = {g->id.mac, g->service_mac};
	struct values taken = {0};

	values_add(&taken, &g->id.ip6.addr, 16);
	values_add(&taken, own, 16);
	values_add(&taken, &g->link_local, 16);
	values_add_services(&taken, g, true);
	nft_rule(n, c), is_one_of(n, IP6_SRC, 16, &taken), drop(n, TO_ND);
	nft_rule(n, c), ip6_is_in(n, IP6_SRC, NFT_IS_NOT, &g->id.ip6), ip6_is_in(n, IP6_SRC, NFT_IS_NOT, &link_local6),
	    ip6_is(n, IP6_SRC, NFT_IS_NOT, &in6addr_any);
	if (is_gateway_apart(g))
		nft_and(n, NFT_IS_NOT, &g->gateway6, 16);
	drop(n, TO_ND);
	/* RFC 4861 7.1: only solicitations come from the unspecified address, and only to a group. */
	nft_rule(n, c), ip6_is(n, IP6_SRC, NFT_IS, &in6addr_any), type_is(n, NA), drop(n, TO_ND);
	nft_rule(n, c), ip6_is(n, IP6_SRC, NFT_IS, &in6addr_any), eth_dst(n, NFT_IS, g->id.mac), drop(n, TO_ND);
	for (size_t i = 0; i < 2; i++)
		nft_rule(n, c), ip6_payload(n, NFT_IS, ND_LONG),
		    nft_match(n, NFT_NETWORK, ND_OPTION + 2, MAC_LEN, NFT_IS, macs[i]), drop(n, TO_ND);
	if (!g->has_gateway6)
		return;
	nft_rule(n, c), ip6_is(n, IP6_SRC, NFT_IS, &g->gateway6), eth_src(n, NFT_IS_NOT, g->gateway6_mac),
	    drop(n, TO_ND);
	nft_rule(n, c), ip6_is(n, IP6_SRC, NFT_IS, &g->gateway6), type_is(n, NS), ip6_payload(n, NFT_IS, ND_LONG),
	    nft_match(n, NFT_NETWORK, ND_OPTION + 2, MAC_LEN, NFT_IS_NOT, g->gateway6_mac), drop(n, TO_ND);
	/* Only fold tells the guest where the gateway is. */
	nft_rule(n, c), type_is(n, NA), ip6_is(n, ND_TARGET, NFT_IS, &g->gateway6), drop(n, TO_ND);
}

static void to_target(struct nft *n, const struct guest *g, const struct in6_addr *own)
{
	static const char c[] = "to_nd";
	struct values taken = {0};

	/*
	 * Duplicate address detection by another machine must reach the guest if it is about the guest's address, and
	 * must not if it is about another.
	 */
	nft_rule(n, c), type_is(n, NS), ip6_is(n, IP6_SRC, NFT_IS, &in6addr_any),
	    ip6_is(n, ND_TARGET, NFT_IS_NOT, &g->id.ip6.addr), drop(n, TO_ND);
	nft_rule(n, c), type_is(n, NS), ip6_is(n, ND_TARGET, NFT_IS_NOT, &g->id.ip6.addr),
	    nft_and(n, NFT_IS_NOT, own, 16), drop(n, TO_ND);
	values_add(&taken, &g->id.ip6.addr, 16);
	values_add_services(&taken, g, true);
	nft_rule(n, c), type_is(n, NA), is_one_of(n, ND_TARGET, 16, &taken), drop(n, TO_ND);
	nft_rule(n, c), type_is(n, NA), ip6_is_in(n, ND_TARGET, NFT_IS_NOT, &g->id.ip6), drop(n, TO_ND);
}

static void to_receiver(struct nft *n, const struct guest *g, const struct in6_addr *own)
{
	static const char c[] = "to_nd";
	const struct in6_addr groups[] = {ip6_solicited_node(&g->id.ip6.addr), ip6_solicited_node(own)};

	nft_rule(n, c), eth_dst(n, NFT_IS, g->id.mac), ip6_is(n, IP6_DST, NFT_IS, &g->id.ip6.addr), sound(n),
	    nft_accept(n);
	nft_rule(n, c), eth_dst(n, NFT_IS, g->id.mac), ip6_is_in(n, IP6_DST, NFT_IS, &link_local6), sound(n),
	    nft_accept(n);
	for (size_t i = 0; i < 2; i++)
		nft_rule(n, c), type_is(n, NS), ip6_is(n, IP6_DST, NFT_IS, &groups[i]),
		    eth_group(n, &groups[i], MAC_LEN), sound(n), nft_accept(n);
	nft_rule(n, c), type_is(n, NA), ip6_is(n, IP6_DST, NFT_IS, &all_nodes), eth_group(n, &all_nodes, MAC_LEN),
	    sound(n), nft_accept(n);
	nft_rule(n, c), drop(n, TO_ND);
}

const char *const rules_nd_chains[] = {"from_nd", "from_dad", "to_nd", NULL};

void rules_nd(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;
	const struct in6_addr own = ip6_link_local(g->id.mac);

	from_dad(n, g, &own);
	from_nd(n, r);
	check_form(n, "to_nd", TO_ND);
	nft_rule(n, "to_nd"), type_is(n, RS), drop(n, TO_SERVER);
	nft_rule(n, "to_nd"), type_is(n, RA), drop(n, TO_SERVER);
	nft_rule(n, "to_nd"), length_is_neither(n, ND_BARE, ND_LONG), drop(n, TO_ND);
	check_options_to(n);
	to_sender(n, g, &own);
	to_target(n, g, &own);
	to_receiver(n, g, &own);
}
