/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP from and to the guest. Specifications: RFC 826, RFC 5227 (probes and announcements).
 *
 * From: only Ethernet and IPv4, with the guest's own addresses as sender, about its own subnet.
 * To: only their owners send messages with the guest's, the gateway's or fold's addresses as sender.
 *
 * A match on missing octets fails, so a truncated message could escape the drops. Every rule that accepts a message
 * therefore matches its last field: it accepts whole messages only.
 */
#include "fw/rules_priv.h"

#include <string.h>

/* Offsets from the start of the ARP message (RFC 826). */
enum { ARP_FORM = 0, ARP_OP = 6, ARP_SHA = 8, ARP_SPA = 14, ARP_TPA = 24 };

static const uint8_t form[6] = {0, 1, 8, 0, 6, 4}; /* Ethernet, IPv4, their lengths */
static const uint8_t request[2] = {0, 1}, reply[2] = {0, 2};
static const struct in_addr nobody;
static const uint8_t everyone[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void arp_op(struct nft *n, enum nft_op op, const uint8_t *value)
{
	nft_match(n, NFT_NETWORK, ARP_OP, 2, op, value);
}

static void arp_ip(struct nft *n, uint32_t offset, enum nft_op op, struct in_addr a)
{
	nft_match(n, NFT_NETWORK, offset, 4, op, &a);
}

/* The message has its last field, whatever it holds. */
static void arp_whole(struct nft *n)
{
	nft_load(n, NFT_NETWORK, ARP_TPA, 4);
}

static void arp_in_subnet(struct nft *n, uint32_t offset, struct cidr4 subnet)
{
	struct in_addr mask = ip4_mask(subnet.len), net = ip4_network(subnet);
	nft_match_masked(n, NFT_NETWORK, offset, 4, &mask, NFT_IS, &net);
}

/* Drops all but requests and replies for Ethernet and IPv4. */
static void check_form(struct nft *n, const char *chain, enum rules_counter why)
{
	nft_rule(n, chain), nft_match(n, NFT_NETWORK, ARP_FORM, sizeof(form), NFT_IS_NOT, form), drop(n, why);
	nft_rule(n, chain), arp_op(n, NFT_IS_NOT, request), nft_and(n, NFT_IS_NOT, reply, 2), drop(n, why);
}

/* A gateway that the guest needs a route of its own for (RFC 3442). */
static bool is_gateway_apart(const struct guest *g)
{
	return g->has_gateway4 && !ip4_in(g->id.ip4, g->gateway4);
}

static void take_request(struct nft *n, const char *chain, enum nft_op op, struct in_addr sender, struct in_addr target)
{
	nft_rule(n, chain), arp_op(n, NFT_IS, request), arp_ip(n, ARP_SPA, op, sender),
	    arp_ip(n, ARP_TPA, NFT_IS, target), nft_goto(n, "take");
}

/*
 * Sends requests for the addresses that fold serves to the responder only. A request for the DHCP server's address may
 * have any sender address but that one: a guest with a wrong address looks for the server before it renews its lease.
 */
static void take_service_requests(struct nft *n, const char *chain, const struct guest *g)
{
	for (size_t i = 0; i < g->service4.count; i++) {
		const struct in_addr service = g->service4.at[i];
		if (service.s_addr == g->dhcp_server4.s_addr) {
			take_request(n, chain, NFT_IS_NOT, service, service);
			continue;
		}
		take_request(n, chain, NFT_IS, g->id.ip4.addr, service);
		take_request(n, chain, NFT_IS, nobody, service);
	}
}

void rules_from_arp(struct nft *n, const struct guest *g)
{
	static const char c[] = "from";

	check_form(n, c, FROM_ARP);
	nft_rule(n, c), nft_match(n, NFT_NETWORK, ARP_SHA, MAC_LEN, NFT_IS_NOT, g->id.mac), drop(n, FROM_ARP);
	take_service_requests(n, c, g);
	/* fold's own MAC is the tap's: what it does not take would reach the host. */
	nft_rule(n, c), eth_dst(n, NFT_IS, g->service_mac), drop(n, FROM_ARP);
	nft_rule(n, c), eth_dst_is_group(n), eth_dst(n, NFT_IS_NOT, everyone), drop(n, FROM_ARP);
	cap_storm(n, c);
	/*
	 * RFC 5227 2.1.1: a probe has sender address 0.0.0.0 and asks for the address that the guest is about to use.
	 */
	nft_rule(n, c), arp_op(n, NFT_IS, request), arp_ip(n, ARP_SPA, NFT_IS, nobody),
	    arp_ip(n, ARP_TPA, NFT_IS, g->id.ip4.addr), nft_accept(n);
	nft_rule(n, c), arp_ip(n, ARP_SPA, NFT_IS_NOT, g->id.ip4.addr), drop(n, FROM_ARP);
	nft_rule(n, c), arp_in_subnet(n, ARP_TPA, g->id.ip4), nft_accept(n);
	/*
	 * RFC 5227 2.1.1: the reply to a probe for the guest's address goes back to 0.0.0.0, the sender of the probe
	 * (RFC 826).
	 */
	nft_rule(n, c), arp_op(n, NFT_IS, reply), arp_ip(n, ARP_TPA, NFT_IS, nobody), nft_accept(n);
	if (is_gateway_apart(g))
		nft_rule(n, c), arp_ip(n, ARP_TPA, NFT_IS, g->gateway4), nft_accept(n);
	/* The gateway may have asked from any address of its own, see to_arp_gateway(). No ARP message is routed. */
	if (g->has_gateway4)
		nft_rule(n, c), arp_op(n, NFT_IS, reply), eth_dst(n, NFT_IS, g->gateway4_mac), arp_whole(n),
		    nft_accept(n);
	nft_rule(n, c), drop(n, FROM_ARP);
}

/* A message from the gateway's address must have the gateway's MAC, in the message and in the frame. */
static void to_arp_gateway(struct nft *n, const char *c, const struct guest *g)
{
	nft_rule(n, c), arp_ip(n, ARP_SPA, NFT_IS, g->gateway4),
	    nft_match(n, NFT_NETWORK, ARP_SHA, MAC_LEN, NFT_IS_NOT, g->gateway4_mac), drop(n, TO_ARP);
	nft_rule(n, c), arp_ip(n, ARP_SPA, NFT_IS, g->gateway4), eth_src(n, NFT_IS_NOT, g->gateway4_mac),
	    drop(n, TO_ARP);
	/*
	 * Linux asks from the source address of the packet that it wants to send, whichever interface has it
	 * (arp_announce 0), for example to answer what was sent to another address of the gateway.
	 */
	nft_rule(n, c), arp_op(n, NFT_IS, request), eth_src(n, NFT_IS, g->gateway4_mac),
	    nft_match(n, NFT_NETWORK, ARP_SHA, MAC_LEN, NFT_IS, g->gateway4_mac),
	    arp_ip(n, ARP_TPA, NFT_IS, g->id.ip4.addr), nft_accept(n);
	if (!is_gateway_apart(g))
		return;
	nft_rule(n, c), arp_ip(n, ARP_SPA, NFT_IS, g->gateway4), arp_in_subnet(n, ARP_TPA, g->id.ip4), nft_accept(n);
	/* The gateway's announcement. */
	nft_rule(n, c), arp_ip(n, ARP_SPA, NFT_IS, g->gateway4), arp_ip(n, ARP_TPA, NFT_IS, g->gateway4), nft_accept(n);
}

void rules_to_arp(struct nft *n, const struct guest *g)
{
	static const char c[] = "to";

	check_form(n, c, TO_ARP);
	nft_rule(n, c), eth_dst(n, NFT_IS_NOT, everyone), nft_and(n, NFT_IS_NOT, g->id.mac, MAC_LEN), drop(n, TO_ARP);
	/* No sender may claim the guest's addresses, or fold's. */
	nft_rule(n, c), nft_match(n, NFT_NETWORK, ARP_SHA, MAC_LEN, NFT_IS, g->id.mac), drop(n, TO_ARP);
	nft_rule(n, c), arp_ip(n, ARP_SPA, NFT_IS, g->id.ip4.addr), drop(n, TO_ARP);
	for (size_t i = 0; i < g->service4.count; i++)
		nft_rule(n, c), arp_ip(n, ARP_SPA, NFT_IS, g->service4.at[i]), drop(n, TO_ARP);
	if (g->has_gateway4)
		to_arp_gateway(n, c, g);
	/* Somebody's probe for the guest's address: the guest must be able to defend it. */
	nft_rule(n, c), arp_op(n, NFT_IS, request), arp_ip(n, ARP_SPA, NFT_IS, nobody),
	    arp_ip(n, ARP_TPA, NFT_IS, g->id.ip4.addr), nft_accept(n);
	nft_rule(n, c), arp_in_subnet(n, ARP_SPA, g->id.ip4), arp_in_subnet(n, ARP_TPA, g->id.ip4), nft_accept(n);
	nft_rule(n, c), drop(n, TO_ARP);
}
