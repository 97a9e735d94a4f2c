/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules for packets to fold's own services: DNS, from the guest and from the network, and notifications. Those for
 * DHCP are in the files of IPv4 and IPv6.
 */
#include "fw/rules_priv.h"

bool serves_network(const struct guest *g)
{
	return g->dns.on && g->dns.serve;
}

/* As take_dns() with UDP, for a whole packet from the guest's own address: the long list need check nothing more. */
static void fast_dns_to(struct nft *n, const struct guest *g, bool ip6, const void *address)
{
	nft_rule(n, ip6 ? "from_ip6" : "from_ip4");
	port(n, ip6, PORT_DST, NFT_IS, 53);
	not_from_server(n, g, ip6);
	plain_udp_from_guest(n, g, ip6);
	if (address)
		destination_is(n, ip6, address);
	nft_goto(n, "take");
}

void fast_take_dns(struct nft *n, const struct guest *g, bool ip6)
{
	struct in_addr four[GUEST_DNS_MOST];
	struct in6_addr six[GUEST_DNS_MOST];
	size_t count = ip6 ? guest_dns6(g, six) : guest_dns4(g, four);

	if (!g->dns.on || g->notify.port == 53)
		return;
	if (g->dns.intercept_all)
		fast_dns_to(n, g, ip6, NULL);
	for (size_t i = 0; i < count && !g->dns.intercept_all; i++)
		fast_dns_to(n, g, ip6, ip6 ? (const void *)&six[i] : (const void *)&four[i]);
}

/* Opens a rule for what the guest sends from a link-local address of its own, whose lower half it chooses itself. */
static void from_link_local(struct nft *n, const char *chain, uint8_t proto, uint16_t number)
{
	nft_rule(n, chain), ip6_is_in(n, IP6_SRC, NFT_IS, &link_local6);
	nft_match_l4proto(n, NFT_IS, proto), port(n, true, PORT_DST, NFT_IS, number);
}

void take_dns(struct nft *n, const char *chain, const struct guest *g, bool ip6)
{
	struct in_addr four[GUEST_DNS_MOST];
	struct in6_addr six[GUEST_DNS_MOST];
	size_t count = ip6 ? guest_dns6(g, six) : guest_dns4(g, four);

	if (g->dns.on && g->dns.intercept_all)
		nft_rule(n, chain), udp_port(n, ip6, PORT_DST, 53), nft_goto(n, "take");
	for (size_t i = 0; i < count; i++) {
		const void *address = ip6 ? (const void *)&six[i] : (const void *)&four[i];
		nft_rule(n, chain);
		/* The rules before this one have dropped all but UDP, TCP and ICMP. */
		if (g->dns.on && !g->dns.intercept_all)
			nft_match_l4proto(n, NFT_IS_NOT, ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
		else /* Also without DNS: then the responder refuses the connection at once. */
			nft_match_l4proto(n, NFT_IS, IPPROTO_TCP);
		port(n, ip6, PORT_DST, NFT_IS, 53), destination_is(n, ip6, address), has_transport(n, ip6);
		nft_goto(n, "take");
	}
}

/*
 * RFC 6724 5, rule 2: a client asks a link-local address from a link-local address, and any other from it, too, as long
 * as it has nothing better: in the first seconds its own address is still tentative (RFC 4862 5.4).
 */
void take_dns_link_local(struct nft *n, const char *chain, const struct guest *g)
{
	static const uint8_t protos[] = {IPPROTO_UDP, IPPROTO_TCP};
	struct in6_addr at[GUEST_DNS_MOST];
	const size_t count = guest_dns6(g, at);
	struct values all = {0};

	for (size_t i = 0; i < count; i++)
		values_add(&all, &at[i], sizeof(at[i]));
	for (size_t i = 0; i < sizeof(protos); i++) {
		if (!count || (protos[i] == IPPROTO_UDP && !g->dns.on))
			continue;
		from_link_local(n, chain, protos[i], 53), is_one_of(n, IP6_DST, sizeof(at[0]), &all);
		nft_goto(n, "take");
	}
}

void take_connections(struct nft *n, const char *chain, const struct guest *g, bool ip6, bool from_link_local)
{
	const uint32_t len = ip6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	struct values own = {0};

	values_add_services(&own, g, ip6);
	if (ip6)
		values_add(&own, &g->link_local, len);
	if (!own.count)
		return;
	nft_rule(n, chain), eth_dst(n, NFT_IS, g->service_mac), nft_match_l4proto(n, NFT_IS, IPPROTO_TCP);
	if (from_link_local)
		ip6_is_in(n, IP6_SRC, NFT_IS, &link_local6);
	is_one_of(n, ip6 ? IP6_DST : IP4_DST, len, &own), has_transport(n, ip6), nft_goto(n, "take");
}

void take_network_dns(struct nft *n, const char *chain, const struct rules *r, bool ip6)
{
	if (!serves_network(r->guest))
		return;
	nft_rule(n, chain), eth_dst(n, NFT_IS, r->guest->id.mac), udp_port(n, ip6, PORT_DST, 53),
	    nft_count(n, rules_counter(TAKEN));
	if (r->transport == TRANSPORT_LOG)
		nft_log(n, r->number);
	nft_drop(n);
}

static void drop_notify(struct nft *n, const char *chain, bool ip6, uint16_t number, enum rules_counter why)
{
	nft_rule(n, chain), udp_port(n, ip6, PORT_SRC, number), drop(n, why);
	nft_rule(n, chain), udp_port(n, ip6, PORT_DST, number), drop(n, why);
}

void take_notify(struct nft *n, const char *chain, const struct guest *g, bool ip6)
{
	const struct notify *y = &g->notify;

	if (!y->port)
		return;
	if (ip6 ? !IN6_IS_ADDR_UNSPECIFIED(&y->ip6) : y->ip4.s_addr != 0) {
		nft_rule(n, chain), udp_port(n, ip6, PORT_DST, y->port);
		destination_is(n, ip6, ip6 ? (const void *)&y->ip6 : &y->ip4);
		nft_goto(n, "take");
	}
	drop_notify(n, chain, ip6, y->port, FROM_SERVER);
}

void take_notify_link_local(struct nft *n, const char *chain, const struct guest *g)
{
	const struct notify *y = &g->notify;

	if (y->port && IN6_IS_ADDR_LINKLOCAL(&y->ip6))
		from_link_local(n, chain, IPPROTO_UDP, y->port), ip6_is(n, IP6_DST, NFT_IS, &y->ip6),
		    nft_goto(n, "take");
}

void no_notify(struct nft *n, const char *chain, const struct guest *g, bool ip6)
{
	if (g->notify.port)
		drop_notify(n, chain, ip6, g->notify.port, TO_SERVER);
}
