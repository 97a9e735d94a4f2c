/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole fields, value by value: thousands of frames under one name. All share a cookie, so that one leak is enough to see it. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

struct bulk {
	const char *name;
	enum port from, judge;
	uint32_t n;
	/* The i-th frame; 0 for a value that is left out. */
	size_t (*make)(uint32_t i, uint32_t id, uint8_t *frame);
	const char *
	    drop; /* each goes there; NULL: each is seen where `reach` says; "*": dropped, by whatever counter, or refused by the tap */
	unsigned reach;
};

static size_t ethertype(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ETHERNET(A, P, .type = (uint16_t)i)};

	return i == 0 || i == 0x0800 || i == 0x0806 || i == 0x86dd ? 0 : frame_build(&s, id, f);
}

/* The same with an honest IPv4 packet behind it: nobody may look at that. */
static size_t ethertype_of_ip(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, P, .type = (uint16_t)(i ^ 0x0800))};

	return i == 0 || s.type == 0 || s.type == 0x0806 || s.type == 0x86dd ? 0 : frame_build(&s, id, f);
}

static size_t random_mac(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP(A, P)};

	/* Spread by Knuth's multiplier, unicast, never the guest's own. */
	s.smac = 0x020000000000ULL | (uint64_t)(i * 2654435761U) << 8 | (i & 0xff);
	return frame_build(&s, id, f);
}

static size_t protocol(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {IP(A, P, .proto = (uint8_t)i)};

	return i == 1 || i == 6 || i == 17 ? 0 : frame_build(&s, id, f);
}

static size_t later_protocol(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {IP(A, P, .proto = (uint8_t)i, .frag = 50)};

	return i == 1 || i == 6 || i == 17 ? 0 : frame_build(&s, id, f);
}

static size_t icmp_type(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ICMP(A, P, .itype = (uint8_t)i)};

	return i == 5 || i == 9 ? 0 : frame_build(&s, id, f);
}

static size_t version_and_length(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, P, .vihl = (uint8_t)i, .data = 60)};

	return i == 0 || i == 0x45 ? 0 : frame_build(&s, id, f);
}

static size_t arp_operation(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ARP_REQUEST(A, P, .op = (uint16_t)i)};

	return i == 1 || i == 2 ? 0 : frame_build(&s, id, f);
}

static size_t arp_lengths(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ARP_REQUEST(A, P, .hlen = (uint8_t)(i >> 4), .plen = i & 15)};

	return i == 0x64 ? 0 : frame_build(&s, id, f);
}

static size_t own_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, P, .src = IP_A ^ 1U << i)};

	return frame_build(&s, id, f);
}

static size_t own_arp_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ARP_REPLY(A, P, .spa = IP_A ^ 1U << i)};

	return frame_build(&s, id, f);
}

static size_t own_sha_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ARP_REPLY(A, P, .sha = MAC_A ^ 1ULL << i)};

	return frame_build(&s, id, f);
}

static size_t own_mac_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, P, .smac = MAC_A ^ 1ULL << i)};

	return frame_build(&s, id, f);
}

/* Every bit of the destination that the subnet's mask covers. */
static size_t subnet_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, P, .dst = IP_P ^ 1U << (8 + i))};

	return frame_build(&s, id, f);
}

static size_t group_mac_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, GROUP, .dmac = MAC_GROUP ^ 1ULL << i)};

	return frame_build(&s, id, f);
}

/* RFC 1112 6.4: the upper nine bits of a group are not in its MAC, so 32 groups share it. */
static size_t group_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, GROUP, .dst = IP_GROUP ^ 1U << i)};

	return frame_build(&s, id, f);
}

static size_t gateway_mac_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(B, FAR, .dmac = MAC_G ^ 1ULL << i)};

	return frame_build(&s, id, f);
}

/* 0, 127 and 224 to 255 are nobody's; 169.254 is a case of its own. */
static bool is_special(uint32_t octet)
{
	return octet == 0 || octet == 127 || octet >= 224;
}

static size_t special(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(B, FAR, .dst = IP4(i, 200, 3, 4))};

	return is_special(i) ? frame_build(&s, id, f) : 0;
}

static size_t ordinary(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(B, FAR, .dst = IP4(i, 200, 3, 4))};

	return is_special(i) ? 0 : frame_build(&s, id, f);
}

static size_t special_source(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(FAR, B, .src = IP4(i, 200, 3, 4))};

	return is_special(i) ? frame_build(&s, id, f) : 0;
}

static size_t ordinary_source(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(FAR, B, .src = IP4(i, 200, 3, 4))};

	return is_special(i) ? 0 : frame_build(&s, id, f);
}

/* An honest frame of each kind, cut off: kind in the high bits, length in the low ones. 14 octets are the least a tap takes. */
static size_t cut(uint32_t i, uint32_t id, uint8_t *f)
{
	static const struct shape kinds[] = {
	    {UDP(A, P, .bare = true)},       {TCP(A, P, .bare = true)},         {ICMP(A, P, .bare = true)},
	    {UDP(A, ALL1, .bare = true)},    {ARP_REQUEST(A, P, .bare = true)}, {ARP_REPLY(A, P, .bare = true)},
	    {ARP_PROBE(A, A, .bare = true)},
	};
	const struct shape *s = &kinds[i >> 8];
	size_t len = i & 255, whole = frame_build(s, id, f), least = s->kind == K_ARP ? 42 : whole;

	if (len < 1 || len >= least)
		return 0;
	seen_learn(id, f, len);
	return len;
}

/* The same with a total length that fits: only the transport header is cut off. */
static size_t cut_transport(uint32_t i, uint32_t id, uint8_t *f)
{
	static const struct shape kinds[] = {
	    {UDP(A, P, .bare = true)},
	    {TCP(A, P, .bare = true)},
	    {ICMP(A, P, .bare = true)},
	    {UDP(A, P, .bare = true, .dport = 68)},
	    {ICMP(A, P, .bare = true, .itype = 5)},
	};
	struct shape s = kinds[i >> 8];
	size_t len = i & 255, whole = frame_build(&s, id, f);

	if (len < 34 || len >= whole)
		return 0;
	s.total = (uint16_t)(len - 14);
	frame_build(&s, id, f);
	seen_learn(id, f, len);
	return len;
}

/* ---- IPv6 ---- */

static size_t next_header(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {RAW6(A, P, (uint8_t)i)};

	return i == 6 || i == 17 || i == 58 ? 0 : frame_build(&s, id, f);
}

static size_t icmp6_type(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ICMP6(A, P, .itype = (uint8_t)i)};

	return (i >= 1 && i <= 4) || i == 128 || i == 129 || (i >= 133 && i <= 136) ? 0 : frame_build(&s, id, f);
}

static size_t icmp6_type_to(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ICMP6(P, A, .itype = (uint8_t)i)};

	/* The bridge itself looks at MLD. */
	return (i >= 1 && i <= 4) || i == 128 || i == 129 || (i >= 130 && i <= 136) || i == 143 ? 0 : frame_build(&s, id, f);
}

static size_t next_header_to(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {RAW6(P, A, (uint8_t)i)};

	return i == 0 || i == 6 || i == 17 || i == 58 ? 0 : frame_build(&s, id, f);
}

static size_t own_bit6(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP6(A, P)};

	s.src6.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t prefix_bit6(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP6(S, P9)};

	s.dst6.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t prefix_bit6_of_source(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP6(P9, S)};

	s.src6.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t host_bit6(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP6(S, P9)};

	i += 77;
	s.dst6.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t advertised_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {NA(A, P)};

	s.target.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t detected_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {DAD(A)};

	s.target.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t told_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {NS(A, P, .lla = MAC_A ^ 1ULL << i)}, a = {NA(A, P, .lla = MAC_A ^ 1ULL << (i - 48))};

	return frame_build(i < 48 ? &s : &a, id, f);
}

static size_t link_local_bit(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {NS(LA, P)};

	s.src6.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t group_bit6(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP6(A, GROUP, .dmac = MAC_GROUP6)};

	s.dst6.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t group_mac_bit6(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP6(A, GROUP, .dmac = MAC_GROUP6 ^ 1ULL << i)};

	return frame_build(&s, id, f);
}

static size_t block_bit6(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP6(A, BLOCK, .dmac = 0x333307000000ULL)};

	s.dst6.w[i / 16] ^= (uint16_t)(0x8000U >> i % 16);
	return frame_build(&s, id, f);
}

static size_t gateway_mac_bit6(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP6(B, FAR, .dmac = MAC_G ^ 1ULL << i)};

	return frame_build(&s, id, f);
}

/* By the first 16 bits: what routers carry begins with 0064 (only its 64:ff9b:: and what follows) and ends before fe80. */
static size_t far6(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP6(B, FAR, .dst6 = IP6((uint16_t)i, 0, 0, 1, 0, 0, 0, 9))};

	return i <= 0x64 || i >= 0xfe80 ? frame_build(&s, id, f) : 0;
}

static size_t far6_ordinary(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP6(B, FAR, .dst6 = IP6((uint16_t)(i << 6), 0xff9b, 0, 1, 0, 0, 0, 9))};

	return i << 6 <= 0x64 || i << 6 >= 0xfe80 ? 0 : frame_build(&s, id, f);
}

static size_t hop_limit(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape kinds[] = {{NS(A, P)}, {NA(A, P)}, {DAD(A)}, {RS(LA)}, {NS(A, SERVICE)}, {NA_ALL(A)}};
	struct shape s = kinds[i >> 8];

	s.hop = (uint8_t)i;
	return s.hop == 255 ? 0 : frame_build(&s, id, f);
}

static size_t nd_length(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape kinds[] = {{NS(A, P)}, {NA(A, P)}, {DAD(A)}, {NA_ALL(A)}};
	struct shape s = kinds[i / 1500];

	s.total = (uint16_t)(8 + i % 1500);
	s.data = 1500;
	return s.total == 24 || s.total == 32 ? 0 : frame_build(&s, id, f);
}

static size_t nd_option(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape kinds[] = {{NS(A, P)}, {NA(A, P)}, {DAD(A)}};
	const uint8_t honest[] = {1, 2, 14};
	struct shape s = kinds[i >> 16];

	s.opt[0] = (uint8_t)(i >> 8);
	s.olen = i & 255 ? (uint8_t)i : NO_LENGTH;
	if (s.opt[0] == 0 || (i & 255) == NO_LENGTH || (s.opt[0] == honest[i >> 16] && s.olen == 1))
		return 0;
	return frame_build(&s, id, f);
}

/* As above: cut off at every octet, and with a payload length that fits what is left. */
static size_t cut6(uint32_t i, uint32_t id, uint8_t *f)
{
	static const struct shape kinds[] = {
	    {UDP6(A, P, .bare = true)}, {TCP6(A, P, .bare = true)},	{ICMP6(A, P, .bare = true)},
	    {NS(A, P, .bare = true)},   {NA(A, P, .bare = true)},	{DAD(A, .bare = true)},
	    {NA_ALL(A, .bare = true)},  {UDP6(A, GROUP, .dmac = MAC_GROUP6, .bare = true)},
	};
	const struct shape *s = &kinds[i >> 8];
	size_t len = i & 255, whole = frame_build(s, id, f);

	if (len < 1 || len >= whole)
		return 0;
	seen_learn(id, f, len);
	return len;
}

static size_t cut_transport6(uint32_t i, uint32_t id, uint8_t *f)
{
	static const struct shape kinds[] = {
	    {UDP6(A, P, .bare = true)}, {TCP6(A, P, .bare = true)}, {ICMP6(A, P, .bare = true)}, {UDP6(A, P, .bare = true, .dport = 546)},
	};
	struct shape s = kinds[i >> 8];
	size_t len = i & 255, whole = frame_build(&s, id, f);

	if (len < 55 || len >= whole)
		return 0;
	s.total = (uint16_t)(len - 54);
	frame_build(&s, id, f);
	seen_learn(id, f, len);
	return len;
}

static size_t noise6(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape kinds[] = {{UDP6(A, P)}, {NS(A, P)}, {NA_ALL(A)}, {ICMP6(A, P)}};
	size_t len = frame_build(&kinds[i % 4], id, f), from = i % 3 == 0 ? 14 : i % 3 == 1 ? 20 : 54;

	/* All behind the Ethernet header, or from the next header on, or behind the header. */
	if (getrandom(f + from, len - from - 8, 0) < 0)
		die("getrandom");
	/* Nothing honest by chance: a type of ICMPv6 that is closed, and ports far from all others. */
	if (from == 54)
		f[20] = 58;
	f[54] |= 0xa0;
	return len;
}

static size_t noise(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, P)};
	size_t len = frame_build(&s, id, f);

	/* All but the cookie at the end is noise; the source MAC is the guest's in every other frame. */
	if (getrandom(f, i % 2 ? 6 : 12, 0) < 0 || getrandom(f + 12, len - 20, 0) < 0)
		die("getrandom");
	return len;
}

/* clang-format off */
static const struct bulk bulks[] = {
    {"10 every ethertype but the open ones", AT_A, AT_A, 65536, ethertype, "from_type", 0},
    {"10 every ethertype before an honest packet", AT_A, AT_A, 65536, ethertype_of_ip, "from_type", 0},
    {"9 100,000 source MACs", AT_A, AT_A, 100000, random_mac, "from_mac", 0},
    {"1 every bit of the source MAC", AT_A, AT_A, 48, own_mac_bit, "from_mac", 0},
    {"22 every bit of ARP's sender MAC", AT_A, AT_A, 48, own_sha_bit, "from_arp", 0},
    {"20 every bit of ARP's sender address", AT_A, AT_A, 32, own_arp_bit, "from_arp", 0},
    {"27 every bit of the source address", AT_A, AT_A, 32, own_bit, "from_source", 0},
    {"30 every bit of the subnet in the destination", AT_A, AT_A, 24, subnet_bit, "from_destination", 0},
    {"34 every bit of a group's MAC", AT_A, AT_A, 48, group_mac_bit, "from_destination", 0},
    {"34 every bit of a group", AT_A, AT_A, 32, group_bit, "from_destination", 0},
    {"31 every bit of the gateway's MAC", AT_B, AT_B, 48, gateway_mac_bit, "from_destination", 0},
    {"62 every protocol but TCP, UDP and ICMP", AT_A, AT_A, 256, protocol, "from_proto", 0},
    {"62 every protocol but those in a later fragment", AT_A, AT_A, 256, later_protocol, "from_proto", 0},
    {"every ICMP type but redirect and router advertisement passes", AT_A, AT_A, 256, icmp_type, NULL, ON(P)},
    {"37 every version and header length but 4 and 5", AT_A, AT_A, 256, version_and_length, "from_header", 0},
    {"25 every ARP operation but request and reply", AT_A, AT_A, 65536, arp_operation, "from_arp", 0},
    {"25 every other pair of ARP lengths", AT_A, AT_A, 256, arp_lengths, "from_arp", 0},
    {"special networks through the gateway", AT_B, AT_B, 256, special, "from_destination", 0},
    {"every other network through the gateway passes", AT_B, AT_B, 256, ordinary, NULL, ON(G)},
    {"special networks from the gateway", AT_G, AT_B, 256, special_source, "to_source", 0},
    {"every other network from the gateway passes", AT_G, AT_B, 256, ordinary_source, NULL, ON(B)},
    {"12 honest frames cut off at every octet", AT_A, AT_A, 7 << 8, cut, "*", 0},
    {"12 transport headers cut off at every octet", AT_A, AT_A, 5 << 8, cut_transport, "*", 0},
    {"20,000 frames of noise", AT_A, AT_A, 20000, noise, "*", 0},
    {"43 every next header but TCP, UDP and ICMPv6", AT_A, AT_A, 256, next_header, "from_proto", 0},
    {"43 every next header but those, towards the guest", AT_P, AT_A, 256, next_header_to, "to_proto", 0},
    {"56 every ICMPv6 type but errors, echo and neighbour discovery", AT_A, AT_A, 256, icmp6_type, "from_proto", 0},
    {"56 every ICMPv6 type but those, towards the guest", AT_P, AT_A, 256, icmp6_type_to, "to_proto", 0},
    {"52 every bit of the IPv6 source", AT_A, AT_A, 128, own_bit6, "from_source", 0},
    {"53 every bit of the prefix in the destination", AT_S, AT_S, 77, prefix_bit6, "from_destination", 0},
    {"53 every bit of the prefix in the source", AT_P, AT_S, 77, prefix_bit6_of_source, "to_source", 0},
    {"every bit behind the prefix in the destination passes", AT_S, AT_S, 51, host_bit6, NULL, ON(P)},
    {"48 every bit of the advertised address", AT_A, AT_A, 128, advertised_bit, "from_nd", 0},
    {"51 every bit of the address that is detected", AT_A, AT_A, 128, detected_bit, "from_nd", 0},
    {"49 50 every bit of the MAC that is told", AT_A, AT_A, 96, told_bit, "from_nd", 0},
    {"52 every bit of link-local's prefix", AT_A, AT_A, 64, link_local_bit, "from_source", 0},
    {"34 every bit of an IPv6 group", AT_A, AT_A, 128, group_bit6, "from_destination", 0},
    {"34 every bit of an IPv6 group's MAC", AT_A, AT_A, 48, group_mac_bit6, "from_destination", 0},
    {"34 every bit of a block of groups", AT_A, AT_A, 104, block_bit6, "from_destination", 0},
    {"31 every bit of the IPv6 gateway's MAC", AT_B, AT_B, 48, gateway_mac_bit6, "from_destination", 0},
    {"special IPv6 networks through the gateway", AT_B, AT_B, 65536, far6, "from_destination", 0},
    {"other IPv6 networks through the gateway pass", AT_B, AT_B, 1024, far6_ordinary, NULL, ON(G)},
    {"50 every hop limit but 255", AT_A, AT_A, 6 << 8, hop_limit, "from_nd", 0},
    {"12 neighbour discovery of every other length", AT_A, AT_A, 6000, nd_length, "from_nd", 0},
    {"49 50 every other option, and every other length of it", AT_A, AT_A, 3 << 16, nd_option, "from_nd", 0},
    {"12 honest IPv6 cut off at every octet", AT_A, AT_A, 8 << 8, cut6, "*", 0},
    {"12 IPv6 transport headers cut off at every octet", AT_A, AT_A, 4 << 8, cut_transport6, "*", 0},
    {"20,000 frames of noise in IPv6", AT_A, AT_A, 20000, noise6, "*", 0},
};
/* clang-format on */

static void run_one(const struct bulk *b)
{
	static uint8_t frame[FRAME_MAX];
	struct tally before, after;
	char text[256];
	uint32_t id = seen_new(), sent = 0, refused = 0;

	tally_read(vms[b->judge].table, &before);
	for (uint32_t i = 0; i < b->n; i++) {
		size_t len = b->make(i, id, frame);
		if (!len)
			continue;
		if (port_send(b->from, frame, len, NULL, 0))
			sent++;
		else
			refused++;
		if (sent % 128 == 0)
			ports_poll(0);
	}
	bool alive = b->from == b->judge ? fence_from(b->judge) : fence_to(b->judge);
	tally_read(vms[b->judge].table, &after);
	uint64_t drops = tally_diff(&before, &after, text);
	uint64_t taken = tally_of(&after, "taken") - tally_of(&before, "taken");
	bool counted, any = b->drop && b->drop[0] == '*';
	if (any)
		counted = drops + taken == sent;
	else if (b->drop)
		counted = drops == sent && !taken && !refused &&
			  tally_of(&after, b->drop) - tally_of(&before, b->drop) == sent;
	else
		counted = !drops && !taken && !refused;
	const struct seen *s = seen_of(id);
	uint32_t at_reach = 0;
	for (int p = 0; p < PORTS; p++)
		at_reach += b->reach & 1U << p ? s->count[p] : 0;
	bool where = seen_mask(id) == b->reach && (!b->reach || at_reach == sent);
	if (ok(alive && counted && where && sent, "%s (%u frames)", b->name, sent))
		return;
	detail("sent %u, refused by the kernel %u, counters: %s", sent, refused, text);
	detail_ports("seen at", seen_mask(id));
	if (s->len)
		detail_frame("the first that was seen", s->first, s->len);
	if (!alive)
		detail("an honest frame sent after them did not arrive");
}

void run_bulk(void)
{
	for (size_t i = 0; i < sizeof(bulks) / sizeof(bulks[0]); i++)
		run_one(&bulks[i]);
}
