/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 from and to the guest. Specifications: RFC 791, 1112 (groups and their MACs), 1858 and 3128
 * (fragments that hide a header), 2131.
 *
 * Every accepted packet has passed a match on its transport protocol, which the kernel answers
 * only for a sound header: version, header length, and no more octets than the frame has.
 */
#include "fw/rules_priv.h"

#include <string.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>

enum { IP_VERSION = 0, IP_LENGTH = 2, IP_FRAGMENT = 6, IP_SRC = 12, IP_DST = 16 };
enum { PORT_SRC = 0, PORT_DST = 2 };

static const uint8_t everyone[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* The one chain that changes while the VM runs. */
#define FROM_HOST4 "from_host4"

/* Both directions run the same checks under their own names and reasons. */
struct side {
	const char *in, *fragment, *later, *whole, *tcp, *udp, *icmp, *peer;
	enum rules_counter header, frag, proto, server;
};

static const struct side from = {
    .in = "from_ip4",
    .fragment = "from_fragment4",
    .later = "from_later4",
    .whole = "from_whole4",
    .tcp = "from_tcp4",
    .udp = "from_udp4",
    .icmp = "from_icmp4",
    .peer = "from_peer4",
    .header = FROM_HEADER,
    .frag = FROM_FRAGMENT,
    .proto = FROM_PROTO,
    .server = FROM_SERVER,
};
static const struct side to = {
    .in = "to_ip4",
    .fragment = "to_fragment4",
    .later = "to_later4",
    .whole = "to_whole4",
    .tcp = "to_tcp4",
    .udp = "to_udp4",
    .icmp = "to_icmp4",
    .peer = "to_peer4",
    .header = TO_HEADER,
    .frag = TO_FRAGMENT,
    .proto = TO_PROTO,
    .server = TO_SERVER,
};

static void port(struct nft *n, uint32_t which, uint16_t number)
{
	const uint8_t wire[2] = {(uint8_t)(number >> 8), (uint8_t)number};
	nft_match(n, NFT_TRANSPORT, which, 2, NFT_IS, wire);
}

static void ip_is(struct nft *n, uint32_t which, enum nft_op op, struct in_addr a)
{
	nft_match(n, NFT_NETWORK, which, 4, op, &a);
}

static void ip_in(struct nft *n, uint32_t which, enum nft_op op, struct cidr4 block)
{
	struct in_addr mask = ip4_mask(block.len), net = ip4_network(block);
	nft_match_masked(n, NFT_NETWORK, which, 4, &mask, op, &net);
}

/*
 * RFC 791: version 4 and five words of header, so no options. Whose it is comes before what it is: that holds for every
 * fragment. What is right in all of that, as nearly everything is, passes with one match.
 */
static void check_header(struct nft *n, const struct side *s, const struct in_addr *source)
{
	static const uint8_t plain = 0x45, zero[2], more_or_offset[2] = {0x3f, 0xff};

	if (source) {
		static const uint8_t mask[16] = {0xff, [6] = 0x3f, 0xff, [12] = 0xff, 0xff, 0xff, 0xff};
		uint8_t want[16] = {0x45};
		memcpy(want + IP_SRC, source, 4);
		nft_rule(n, s->in), nft_match_masked(n, NFT_NETWORK, 0, sizeof(want), mask, NFT_IS, want),
		    nft_goto(n, s->whole);
	}
	nft_rule(n, s->in), nft_match(n, NFT_NETWORK, IP_VERSION, 1, NFT_IS_NOT, &plain), drop(n, s->header);
	if (source)
		nft_rule(n, s->in), ip_is(n, IP_SRC, NFT_IS_NOT, *source), nft_goto(n, "from_unbound4");
	nft_rule(n, s->in), nft_match_masked(n, NFT_NETWORK, IP_FRAGMENT, 2, more_or_offset, NFT_IS_NOT, zero),
	    nft_jump(n, s->fragment);
	nft_rule(n, s->in), nft_goto(n, s->whole);
}

/* The transport's own header must be all there: a rule on a port that is not in the frame would match nothing. */
static void whole_transport(struct nft *n, const struct side *s, uint8_t proto, uint16_t header, const char *chain)
{
	const uint16_t total = (uint16_t)(20 + header);
	const uint8_t wire[2] = {(uint8_t)(total >> 8), (uint8_t)total};

	nft_rule(n, s->whole), nft_match_l4proto(n, NFT_IS, proto), nft_goto(n, chain);
	nft_rule(n, chain), nft_match(n, NFT_NETWORK, IP_LENGTH, 2, NFT_LESS, wire), drop(n, s->header);
}

/* Leaves each transport's chain open for what else it is asked. */
static void by_transport(struct nft *n, const struct side *s)
{
	whole_transport(n, s, IPPROTO_TCP, 20, s->tcp);
	whole_transport(n, s, IPPROTO_UDP, 8, s->udp);
	whole_transport(n, s, IPPROTO_ICMP, 8, s->icmp);
	/* Closed, or a header that the kernel does not believe. */
	nft_rule(n, s->whole), drop(n, s->proto);
}

/*
 * Returns for a first fragment that may go on. RFC 1858 and 3128: one without the ports and flags, or a later one
 * that begins inside them, would slip past whoever judges by them. None goes to many receivers.
 */
static void check_fragment(struct nft *n, const struct side *s)
{
	static const uint8_t offset_bits[2] = {0x1f, 0xff}, zero[2], one[2] = {0, 1}, enough[2] = {0, 20 + 16};
	static const uint8_t open[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP};

	nft_rule(n, s->fragment), eth_dst_is_group(n), drop(n, s->frag);
	nft_rule(n, s->fragment), nft_match_masked(n, NFT_NETWORK, IP_FRAGMENT, 2, offset_bits, NFT_IS, one),
	    drop(n, s->frag);
	nft_rule(n, s->fragment), nft_match_masked(n, NFT_NETWORK, IP_FRAGMENT, 2, offset_bits, NFT_IS_NOT, zero),
	    nft_goto(n, s->later);
	/* Fragments come in units of 8 octets: the first holds 16 of transport at least, ports and TCP's flags. */
	nft_rule(n, s->fragment), nft_match(n, NFT_NETWORK, IP_LENGTH, 2, NFT_LESS, enough), drop(n, s->frag);

	for (size_t i = 0; i < sizeof(open); i++)
		nft_rule(n, s->later), nft_match_l4proto(n, NFT_IS, open[i]), nft_goto(n, s->peer);
	nft_rule(n, s->later), drop(n, s->proto);
}

/* DHCP is fold's alone. */
static void check_udp(struct nft *n, const struct side *s)
{
	static const uint8_t server[2] = {0, 67}, client[2] = {0, 68};

	nft_rule(n, s->udp), port(n, PORT_SRC, 67), drop(n, s->server);
	if (s == &from) {
		nft_rule(n, s->udp), nft_match_range(n, NFT_TRANSPORT, PORT_DST, 2, server, client),
		    nft_goto(n, "from_dhcp4");
		nft_rule(n, "from_dhcp4"), port(n, PORT_DST, 67), nft_goto(n, "take");
		nft_rule(n, "from_dhcp4"), drop(n, s->server);
	} else {
		nft_rule(n, s->udp), nft_match_range(n, NFT_TRANSPORT, PORT_DST, 2, server, client), drop(n, s->server);
	}
	nft_rule(n, s->udp), nft_goto(n, s->peer);
}

/* ICMP redirects and router advertisements (RFC 792, 1256) would move the other side's routes. */
static void check_icmp(struct nft *n, const struct side *s)
{
	static const uint8_t redirect = 5, router_advertisement = 9;

	nft_rule(n, s->icmp), nft_match(n, NFT_TRANSPORT, 0, 1, NFT_IS, &redirect), drop(n, s->proto);
	nft_rule(n, s->icmp), nft_match(n, NFT_TRANSPORT, 0, 1, NFT_IS, &router_advertisement), drop(n, s->proto);
	nft_rule(n, s->icmp), nft_goto(n, s->peer);
}

/* RFC 2131 4.1: a client without an address sends from 0.0.0.0, to its server alone. */
static void from_unbound(struct nft *n)
{
	static const char c[] = "from_unbound4";
	static const struct in_addr nobody = {0};
	static const uint8_t enough[2] = {0, 28};

	nft_rule(n, c), ip_is(n, IP_SRC, NFT_IS_NOT, nobody), drop(n, FROM_SOURCE);
	nft_rule(n, c), nft_match(n, NFT_NETWORK, IP_LENGTH, 2, NFT_LESS, enough), drop(n, FROM_HEADER);
	nft_rule(n, c), nft_match_l4proto(n, NFT_IS, IPPROTO_UDP), port(n, PORT_SRC, 67), drop(n, FROM_SERVER);
	nft_rule(n, c), nft_match_l4proto(n, NFT_IS, IPPROTO_UDP), port(n, PORT_DST, 67), nft_goto(n, "take");
	nft_rule(n, c), drop(n, FROM_SOURCE);
}

/* Addresses that are nobody's to be reached through a router (RFC 6890): this host, loopback, link-local, 224/3. */
static void not_routed(struct nft *n, const char *chain, uint32_t which, enum rules_counter why)
{
	static const struct {
		uint8_t net[4];
		uint8_t len;
	} special[] = {{{0}, 8}, {{127}, 8}, {{169, 254}, 16}, {{224}, 3}};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		struct cidr4 block = {.len = special[i].len};
		memcpy(&block.addr, special[i].net, 4);
		nft_rule(n, chain), ip_in(n, which, NFT_IS, block), drop(n, why);
	}
}

/* RFC 1112 6.4: the low 23 bits of the group in 01:00:5e. Of a block, the bits that all of it shares. */
static void group_is(struct nft *n, struct cidr4 block)
{
	uint32_t group = ntohl(block.addr.s_addr), fixed = ntohl(ip4_mask(block.len).s_addr) & 0x7fffff;
	const uint8_t mask[MAC_LEN] = {0xff,          0xff, 0xff, (uint8_t)(0x80 | fixed >> 16), (uint8_t)(fixed >> 8),
				       (uint8_t)fixed};
	group &= fixed;
	const uint8_t mac[MAC_LEN] = {1, 0, 0x5e, (uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};

	ip_in(n, IP_DST, NFT_IS, block);
	nft_match_masked(n, NFT_LINK, 0, MAC_LEN, mask, NFT_IS, mac);
}

static bool has_broadcast(const struct guest *g)
{
	return g->id.ip4.len < 31; /* RFC 3021: a /31 has two hosts and nothing else */
}

/* NetBIOS announces to everyone, unasked (RFC 1002); other broadcasts within the subnet pass. */
static void no_netbios(struct nft *n, const char *chain, enum rules_counter why)
{
	for (uint16_t p = 137; p <= 138; p++)
		nft_rule(n, chain), nft_match_l4proto(n, NFT_IS, IPPROTO_UDP), port(n, PORT_DST, p), drop(n, why);
}

/* Returns for what is not for the host. The host is reached by its addresses in the subnet; anything else it would route. */
static void from_host(struct nft *n, const struct rules *r)
{
	for (size_t i = 0; i < r->host4_count; i++)
		if (ip4_in(r->guest->id.ip4, r->host4[i]))
			nft_rule(n, FROM_HOST4), eth_dst(n, NFT_IS, r->bridge_mac),
			    ip_is(n, IP_DST, NFT_IS, r->host4[i]), nft_accept(n);
	nft_rule(n, FROM_HOST4), eth_dst(n, NFT_IS, r->bridge_mac), drop(n, FROM_DEST);
}

int rules_update_host(struct nft *n, const struct rules *r)
{
	char table[RULES_TABLE_TEXT];

	if (!r->guest->id.has4)
		return 0;
	nft_begin(n);
	nft_use_table(n, NFPROTO_NETDEV, rules_table(r->guest->id.iface, table));
	nft_chain_flush(n, FROM_HOST4);
	from_host(n, r);
	return nft_commit(n);
}

/* Where the guest may send: its subnet, its groups, and through its gateway anywhere else. */
static void from_peer(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	nft_rule(n, from.peer), ip_in(n, IP_DST, NFT_IS_NOT, g->id.ip4), nft_goto(n, "from_far4");
	/* What fold's own MAC is asked and does not take ends here; the host would route it. */
	nft_rule(n, from.peer), eth_dst(n, NFT_IS, g->service_mac), drop(n, FROM_DEST);
	nft_rule(n, from.peer), nft_jump(n, FROM_HOST4);
	if (has_broadcast(g)) {
		nft_rule(n, from.peer), ip_is(n, IP_DST, NFT_IS, ip4_broadcast(g->id.ip4)),
		    nft_goto(n, "from_broadcast4");
		nft_rule(n, from.peer), ip_is(n, IP_DST, NFT_IS, ip4_network(g->id.ip4)), drop(n, FROM_DEST);
	}
	nft_rule(n, from.peer), eth_dst_is_group(n), drop(n, FROM_DEST);
	nft_rule(n, from.peer), nft_set_mark(n, RULES_VETTED_MARK), nft_accept(n);

	for (size_t i = 0; i < r->group4_count; i++)
		nft_rule(n, "from_far4"), group_is(n, r->groups4[i].block), nft_goto(n, "from_many4");
	if (g->has_gateway4) {
		nft_rule(n, "from_far4"), eth_dst(n, NFT_IS_NOT, g->gateway4_mac), drop(n, FROM_DEST);
		not_routed(n, "from_far4", IP_DST, FROM_DEST);
		nft_rule(n, "from_far4"), nft_accept(n);
	}
	nft_rule(n, "from_far4"), drop(n, FROM_DEST);

	nft_rule(n, "from_broadcast4"), eth_dst(n, NFT_IS_NOT, everyone), drop(n, FROM_DEST);
	no_netbios(n, "from_broadcast4", FROM_DEST);
	nft_rule(n, "from_broadcast4"), nft_goto(n, "from_many4");
	cap_storm(n, "from_many4");
	nft_rule(n, "from_many4"), nft_accept(n);
}

/*
 * From another VM of this machine, which was held to its own address, to open transports and to its subnet. Returns for
 * what needs a closer look.
 */
static void to_vetted(struct nft *n, const struct guest *g)
{
	static const char c[] = "to_vetted4";

	/* An address that is fold's to this guest may be a VM's own elsewhere. */
	for (size_t i = 0; i < g->service4.count; i++)
		nft_rule(n, c), ip_is(n, IP_SRC, NFT_IS, g->service4.at[i]), drop(n, TO_SOURCE);
	nft_rule(n, c), ip_is(n, IP_SRC, NFT_IS, g->id.ip4.addr), drop(n, TO_SOURCE);
	nft_rule(n, c), eth_dst_and_type(n, g->id.mac, ETH_P_IP), ip_is(n, IP_DST, NFT_IS, g->id.ip4.addr),
	    ip_in(n, IP_SRC, NFT_IS, g->id.ip4), nft_accept(n);
}

/* Who may send to the guest: the mirror of it. */
static void to_peer(struct nft *n, const struct rules *r)
{
	const struct guest *g = r->guest;

	/* Nobody else is the guest, or fold. */
	nft_rule(n, to.peer), ip_is(n, IP_SRC, NFT_IS, g->id.ip4.addr), drop(n, TO_SOURCE);
	for (size_t i = 0; i < g->service4.count; i++)
		nft_rule(n, to.peer), ip_is(n, IP_SRC, NFT_IS, g->service4.at[i]), drop(n, TO_SOURCE);
	nft_rule(n, to.peer), ip_is(n, IP_DST, NFT_IS, g->id.ip4.addr), eth_dst(n, NFT_IS, g->id.mac),
	    nft_goto(n, "to_source4");
	if (has_broadcast(g))
		nft_rule(n, to.peer), ip_is(n, IP_DST, NFT_IS, ip4_broadcast(g->id.ip4)), eth_dst(n, NFT_IS, everyone),
		    nft_goto(n, "to_broadcast4");
	for (size_t i = 0; i < r->group4_count; i++)
		nft_rule(n, to.peer), group_is(n, r->groups4[i].block), nft_goto(n, "to_source4");
	nft_rule(n, to.peer), drop(n, TO_DEST);

	no_netbios(n, "to_broadcast4", TO_DEST);
	nft_rule(n, "to_broadcast4"), ip_in(n, IP_SRC, NFT_IS, g->id.ip4), nft_goto(n, "to_source4");
	nft_rule(n, "to_broadcast4"), drop(n, TO_SOURCE);

	if (has_broadcast(g)) {
		nft_rule(n, "to_source4"), ip_is(n, IP_SRC, NFT_IS, ip4_broadcast(g->id.ip4)), drop(n, TO_SOURCE);
		nft_rule(n, "to_source4"), ip_is(n, IP_SRC, NFT_IS, ip4_network(g->id.ip4)), drop(n, TO_SOURCE);
	}
	nft_rule(n, "to_source4"), ip_in(n, IP_SRC, NFT_IS, g->id.ip4), nft_accept(n);
	if (g->has_gateway4) {
		nft_rule(n, "to_source4"), eth_src(n, NFT_IS_NOT, g->gateway4_mac), drop(n, TO_SOURCE);
		not_routed(n, "to_source4", IP_SRC, TO_SOURCE);
		nft_rule(n, "to_source4"), nft_accept(n);
	}
	nft_rule(n, "to_source4"), drop(n, TO_SOURCE);
}

void rules_ip4(struct nft *n, const struct rules *r)
{
	static const char *const chains[] = {"from_unbound4", "from_dhcp4",      "from_far4",
					     FROM_HOST4,      "from_broadcast4", "from_many4",
					     "to_vetted4",    "to_source4",      "to_broadcast4"};
	static const struct side *const sides[] = {&from, &to};

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		nft_chain(n, chains[i], true);
	for (size_t i = 0; i < 2; i++) {
		const struct side *s = sides[i];
		const char *const own[] = {s->in, s->fragment, s->later, s->whole, s->tcp, s->udp, s->icmp, s->peer};
		for (size_t c = 0; c < sizeof(own) / sizeof(own[0]); c++)
			nft_chain(n, own[c], true);
		check_header(n, s, s == &from ? &r->guest->id.ip4.addr : NULL);
		check_fragment(n, s);
		by_transport(n, s);
		nft_rule(n, s->tcp), nft_goto(n, s->peer);
		check_udp(n, s);
		check_icmp(n, s);
	}
	from_unbound(n);
	from_host(n, r);
	from_peer(n, r);
	to_vetted(n, r->guest);
	to_peer(n, r);
}
