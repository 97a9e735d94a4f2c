/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP from and to the guest. Specifications: RFC 826, RFC 5227 (probes and announcements).
 *
 * From: only Ethernet and IPv4 with the guest's own addresses as sender, about its own subnet.
 * To: nobody claims the guest's, the gateway's or fold's addresses but their owners.
 */
#include "fw/rules_priv.h"

#include <string.h>

/* Offsets from the start of the ARP message (RFC 826). */
enum { ARP_FORM = 0, ARP_OP = 6, ARP_SHA = 8, ARP_SPA = 14, ARP_TPA = 24 };

static const uint8_t form[6] = {0, 1, 8, 0, 6, 4}; /* Ethernet, IPv4, their lengths */
static const uint8_t request[2] = {0, 1}, reply[2] = {0, 2};
static const uint8_t nobody[4];
static const uint8_t everyone[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void arp_is(struct nft *n, uint32_t offset, uint32_t len, const void *value)
{
	nft_match(n, NFT_NETWORK, offset, len, NFT_IS, value);
}

static void arp_is_not(struct nft *n, uint32_t offset, uint32_t len, const void *value)
{
	nft_match(n, NFT_NETWORK, offset, len, NFT_IS_NOT, value);
}

static void arp_in_subnet(struct nft *n, uint32_t offset, enum nft_op op, struct cidr4 subnet)
{
	struct in_addr mask = ip4_mask(subnet.len), net = ip4_network(subnet);
	nft_match_masked(n, NFT_NETWORK, offset, 4, &mask, op, &net);
}

/*
 * What both directions ask of the message itself: its form, and that it is all there, which the match on its
 * last field shows. Only then do the rules behind it mean what they say.
 */
static void check_form(struct nft *n, const char *chain, const char *next, enum rules_counter why)
{
	nft_rule(n, chain), arp_is(n, ARP_FORM, sizeof(form), form),
	    nft_match_masked(n, NFT_NETWORK, ARP_TPA, 4, nobody, NFT_IS, nobody), nft_goto(n, next);
	nft_rule(n, chain), drop(n, why);
}

/* The addresses that fold serves are asked of fold alone. */
static void take_service_requests(struct nft *n, const char *chain, const struct guest *g, const void *sender)
{
	for (size_t i = 0; i < g->service4.count; i++)
		nft_rule(n, chain), arp_is(n, ARP_OP, 2, request), arp_is(n, ARP_SPA, 4, sender),
		    arp_is(n, ARP_TPA, 4, &g->service4.at[i]), nft_goto(n, "take");
}

static void from_arp_sender(struct nft *n, const struct guest *g)
{
	static const char c[] = "from_arp_sender";

	nft_rule(n, c), arp_is_not(n, ARP_SHA, MAC_LEN, g->id.mac), drop(n, FROM_ARP);
	take_service_requests(n, c, g, &g->id.ip4.addr);
	take_service_requests(n, c, g, nobody);
	/* RFC 5227 2.1.1: a probe comes from nobody and asks for the address it is about to use. */
	nft_rule(n, c), arp_is(n, ARP_OP, 2, request), arp_is(n, ARP_SPA, 4, nobody),
	    arp_is(n, ARP_TPA, 4, &g->id.ip4.addr), nft_goto(n, "from_arp_out");
	nft_rule(n, c), arp_is_not(n, ARP_SPA, 4, &g->id.ip4.addr), drop(n, FROM_ARP);
	nft_rule(n, c), arp_in_subnet(n, ARP_TPA, NFT_IS, g->id.ip4), nft_goto(n, "from_arp_op");
	/* A VM that is alone in its subnet still has to find its way out of it (RFC 3442). */
	if (g->has_gateway4)
		nft_rule(n, c), arp_is(n, ARP_TPA, 4, &g->gateway4), nft_goto(n, "from_arp_op");
	nft_rule(n, c), drop(n, FROM_ARP);

	nft_rule(n, "from_arp_op"), arp_is(n, ARP_OP, 2, request), nft_goto(n, "from_arp_out");
	nft_rule(n, "from_arp_op"), arp_is(n, ARP_OP, 2, reply), nft_goto(n, "from_arp_out");
	nft_rule(n, "from_arp_op"), drop(n, FROM_ARP);
}

static void from_arp_out(struct nft *n, const struct guest *g)
{
	static const char c[] = "from_arp_out";

	nft_rule(n, c), eth_dst(n, NFT_IS, everyone), nft_goto(n, "from_arp_all");
	nft_rule(n, c), eth_dst_is_group(n), drop(n, FROM_ARP);
	/* fold's own MAC is the tap's: what it does not take would reach the host. */
	nft_rule(n, c), eth_dst(n, NFT_IS, g->service_mac), drop(n, FROM_ARP);
	nft_rule(n, c), nft_accept(n);
	cap_storm(n, "from_arp_all");
	nft_rule(n, "from_arp_all"), nft_accept(n);
}

static void to_arp_receiver(struct nft *n, const struct guest *g)
{
	static const char c[] = "to_arp_receiver";

	nft_rule(n, c), eth_dst(n, NFT_IS, everyone), nft_goto(n, "to_arp_sender");
	nft_rule(n, c), eth_dst(n, NFT_IS, g->id.mac), nft_goto(n, "to_arp_sender");
	nft_rule(n, c), drop(n, TO_ARP);
}

static void to_arp_sender(struct nft *n, const struct guest *g)
{
	static const char c[] = "to_arp_sender";

	/* Nobody else is the guest, or fold. */
	nft_rule(n, c), arp_is(n, ARP_SHA, MAC_LEN, g->id.mac), drop(n, TO_ARP);
	nft_rule(n, c), arp_is(n, ARP_SPA, 4, &g->id.ip4.addr), drop(n, TO_ARP);
	for (size_t i = 0; i < g->service4.count; i++)
		nft_rule(n, c), arp_is(n, ARP_SPA, 4, &g->service4.at[i]), drop(n, TO_ARP);
	if (g->has_gateway4)
		nft_rule(n, c), arp_is(n, ARP_SPA, 4, &g->gateway4), nft_goto(n, "to_arp_gateway");
	/* Somebody's probe for the guest's address: the guest must be able to defend it. */
	nft_rule(n, c), arp_is(n, ARP_OP, 2, request), arp_is(n, ARP_SPA, 4, nobody),
	    arp_is(n, ARP_TPA, 4, &g->id.ip4.addr), nft_accept(n);
	nft_rule(n, c), arp_in_subnet(n, ARP_SPA, NFT_IS, g->id.ip4), arp_in_subnet(n, ARP_TPA, NFT_IS, g->id.ip4),
	    nft_goto(n, "to_arp_op");
	nft_rule(n, c), drop(n, TO_ARP);

	nft_rule(n, "to_arp_op"), arp_is(n, ARP_OP, 2, request), nft_accept(n);
	nft_rule(n, "to_arp_op"), arp_is(n, ARP_OP, 2, reply), nft_accept(n);
	nft_rule(n, "to_arp_op"), drop(n, TO_ARP);
}

/* The gateway's address is the gateway's, in the message and on the frame. */
static void to_arp_gateway(struct nft *n, const struct guest *g)
{
	static const char c[] = "to_arp_gateway";

	nft_rule(n, c), arp_is_not(n, ARP_SHA, MAC_LEN, g->gateway4_mac), drop(n, TO_ARP);
	nft_rule(n, c), eth_src(n, NFT_IS_NOT, g->gateway4_mac), drop(n, TO_ARP);
	nft_rule(n, c), arp_in_subnet(n, ARP_TPA, NFT_IS, g->id.ip4), nft_goto(n, "to_arp_op");
	/* Its announcement, where the guest is alone in its subnet. */
	nft_rule(n, c), arp_is(n, ARP_TPA, 4, &g->gateway4), nft_goto(n, "to_arp_op");
	nft_rule(n, c), drop(n, TO_ARP);
}

void rules_arp(struct nft *n, const struct rules *r)
{
	static const char *const chains[] = {"from_arp",      "from_arp_sender", "from_arp_op",     "from_arp_out",
					     "from_arp_all",  "to_arp",          "to_arp_receiver", "to_arp_op",
					     "to_arp_sender", "to_arp_gateway"};

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		nft_chain(n, chains[i], true);
	check_form(n, "from_arp", "from_arp_sender", FROM_ARP);
	from_arp_sender(n, r->guest);
	from_arp_out(n, r->guest);
	check_form(n, "to_arp", "to_arp_receiver", TO_ARP);
	to_arp_receiver(n, r->guest);
	to_arp_sender(n, r->guest);
	if (r->guest->has_gateway4)
		to_arp_gateway(n, r->guest);
}
