/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules that come first in a direction: they accept nearly all that a guest sends and gets, whole TCP and UDP
 * packets between it and one peer in its subnet. The long lists (rules_ip4.c, rules_ip6.c) check all of this, too, and
 * judge every packet that does not match here.
 *
 * What decides the cost is the number of expressions: a comparison of 16 octets takes the kernel little more time than
 * one of four.
 */
#include "fw/rules_priv.h"

#include <string.h>

#include <linux/if_ether.h>

static const uint8_t protos[] = {IPPROTO_UDP, IPPROTO_TCP};

/* Of the DHCP server, and of its client. */
static uint16_t dhcp_server(bool ip6)
{
	return ip6 ? 547 : 67;
}

static uint16_t dhcp_client(bool ip6)
{
	return ip6 ? 546 : 68;
}

/* No packet for one of fold's services, nor one that only fold sends. */
static void ports_from(struct nft *n, const struct guest *g, bool udp, bool ip6)
{
	if (ip6)
		has_ports(n);
	port(n, ip6, PORT_DST, NFT_IS_NOT, 53);
	if (!udp)
		return;
	also_port(n, NFT_IS_NOT, dhcp_server(ip6));
	also_port(n, NFT_IS_NOT, dhcp_client(ip6));
	if (g->notify.port)
		also_port(n, NFT_IS_NOT, g->notify.port);
	not_from_server(n, g, ip6);
}

static void ports_to(struct nft *n, const struct guest *g, bool udp, bool ip6)
{
	if (ip6 || !udp)
		has_ports(n); /* no match on a port of IPv4 shows that the packet is valid */
	if (!udp)
		return;
	port(n, ip6, PORT_DST, NFT_IS_NOT, dhcp_server(ip6));
	also_port(n, NFT_IS_NOT, dhcp_client(ip6));
	if (serves_network(g))
		also_port(n, NFT_IS_NOT, 53);
	if (g->notify.port)
		also_port(n, NFT_IS_NOT, g->notify.port);
	not_from_server(n, g, ip6);
}

/* From the identification to the end of the header: as many octets as one comparison takes. */
enum { TAIL = 4, TAIL_LEN = 16 };

static void tail(uint8_t wire[static TAIL_LEN], uint16_t fragment, uint8_t proto, struct in_addr src,
		 struct in_addr dst)
{
	memset(wire, 0, TAIL_LEN);
	wire[IP4_FRAGMENT - TAIL] = (uint8_t)(fragment >> 8);
	wire[IP4_FRAGMENT - TAIL + 1] = (uint8_t)fragment;
	wire[IP4_PROTO - TAIL] = proto;
	memcpy(wire + IP4_SRC - TAIL, &src, sizeof(src));
	memcpy(wire + IP4_DST - TAIL, &dst, sizeof(dst));
}

/*
 * A whole packet of this protocol between two blocks of addresses, one of which is the guest's own address. All of it
 * is compared at once, which takes the kernel less time than two comparisons of four octets, each under a mask. With
 * IPv6, too, the protocol comes first: a load of one octet then tells most packets of the other family.
 */
static void is_between(struct nft *n, const struct guest *g, uint8_t proto, struct cidr4 src, struct cidr4 dst)
{
	uint8_t mask[TAIL_LEN], want[TAIL_LEN];

	if (g->id.has6)
		ip4_proto(n, proto);
	tail(mask, IP4_MORE | IP4_OFFSET, 0xff, ip4_mask(src.len), ip4_mask(dst.len));
	tail(want, 0, proto, ip4_network(src), ip4_network(dst));
	nft_match_masked(n, NFT_NETWORK, TAIL, TAIL_LEN, mask, NFT_IS, want);
}

/* The guest's own address, as a block. */
static struct cidr4 alone(const struct guest *g)
{
	return (struct cidr4){g->id.ip4.addr, 32};
}

static void from_ip4(struct nft *n, const struct rules *r, uint8_t proto)
{
	const struct guest *g = r->guest;
	const bool udp = proto == IPPROTO_UDP;

	nft_rule(n, "from");
	is_between(n, g, proto, alone(g), g->id.ip4);
	eth_to_peer(n, r, ETH_P_IP, IP4_PLAIN);
	/*
	 * The order of the conditions does not matter for a packet that matches. With the ports first, packets for
	 * fold leave the rule early.
	 */
	ports_from(n, g, udp, false);
	nft_load(n, NFT_NETWORK, IP4_DST, 4);
	ip4_also_no_edge(n, g);
	ip4_length(n, NFT_AT_LEAST, udp ? UDP_HEADER : TCP_HEADER);
	nft_accept(n);
}

static void to_ip4(struct nft *n, const struct guest *g, uint8_t proto)
{
	const bool udp = proto == IPPROTO_UDP;

	nft_rule(n, "to");
	is_between(n, g, proto, g->id.ip4, alone(g));
	eth_from_peer(n, g, ETH_P_IP, IP4_PLAIN);
	/*
	 * These must be excluded one by one: an address that fold serves for this guest may be another machine's
	 * elsewhere, and an edge of this subnet may be a host's address in another.
	 */
	ip4_is(n, IP4_SRC, NFT_IS_NOT, g->id.ip4.addr);
	for (size_t k = 0; k < g->service4.count; k++)
		if (ip4_in(g->id.ip4, g->service4.at[k]))
			nft_and(n, NFT_IS_NOT, &g->service4.at[k], 4);
	if (g->has_gateway4 && ip4_in(g->id.ip4, g->gateway4)) /* from its own MAC alone */
		nft_and(n, NFT_IS_NOT, &g->gateway4, 4);
	ip4_also_no_edge(n, g);
	ports_to(n, g, udp, false);
	ip4_length(n, NFT_AT_LEAST, udp ? UDP_HEADER : TCP_HEADER);
	nft_accept(n);
}

/* The source is in the subnet, and is neither the guest's own address, nor one of fold's, nor the gateway's. */
static void is_from_peer6(struct nft *n, const struct guest *g)
{
	const struct cidr6 *subnet = &g->id.ip6;
	struct in6_addr mask = ip6_mask(subnet->len), net = ip6_network(*subnet);

	ip6_is(n, IP6_SRC, NFT_IS_NOT, &subnet->addr);
	for (size_t i = 0; i < g->service6.count; i++)
		if (ip6_in(*subnet, g->service6.at[i]))
			nft_and(n, NFT_IS_NOT, &g->service6.at[i], sizeof(net));
	if (g->has_gateway6 && ip6_in(*subnet, g->gateway6)) /* from its own MAC alone */
		nft_and(n, NFT_IS_NOT, &g->gateway6, sizeof(net));
	if (subnet->len && subnet->len % 8 == 0)
		nft_and(n, NFT_IS, &net, subnet->len / 8);
	else
		nft_and_masked(n, &mask, NFT_IS, &net, sizeof(net));
}

static void from_ip6(struct nft *n, const struct rules *r, uint8_t proto)
{
	const struct guest *g = r->guest;
	const bool udp = proto == IPPROTO_UDP;

	nft_rule(n, "from");
	ip6_plain_from(n, proto, &g->id.ip6.addr);
	eth_to_peer(n, r, ETH_P_IPV6, 0);
	ports_from(n, g, udp, true);
	ip6_is_in(n, IP6_DST, NFT_IS, &g->id.ip6);
	ip6_payload(n, NFT_AT_LEAST, udp ? UDP_HEADER : TCP_HEADER);
	nft_accept(n);
}

static void to_ip6(struct nft *n, const struct guest *g, uint8_t proto)
{
	const bool udp = proto == IPPROTO_UDP;

	nft_rule(n, "to");
	ip6_proto(n, proto);
	eth_from_peer(n, g, ETH_P_IPV6, 0);
	ip6_is(n, IP6_DST, NFT_IS, &g->id.ip6.addr);
	is_from_peer6(n, g);
	ports_to(n, g, udp, true);
	ip6_payload(n, NFT_AT_LEAST, udp ? UDP_HEADER : TCP_HEADER);
	nft_accept(n);
}

void rules_fast_from(struct nft *n, const struct rules *r)
{
	for (size_t i = 0; r->guest->id.has4 && i < sizeof(protos); i++)
		from_ip4(n, r, protos[i]);
	for (size_t i = 0; r->guest->id.has6 && i < sizeof(protos); i++)
		from_ip6(n, r, protos[i]);
}

void rules_fast_to(struct nft *n, const struct guest *g)
{
	for (size_t i = 0; g->id.has4 && i < sizeof(protos); i++)
		to_ip4(n, g, protos[i]);
	for (size_t i = 0; g->id.has6 && i < sizeof(protos); i++)
		to_ip6(n, g, protos[i]);
}
