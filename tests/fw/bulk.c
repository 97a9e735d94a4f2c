/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tries all values of a field: thousands of frames under one test name. They share a cookie: one frame that leaks is
 * seen.
 */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

static size_t ethertype(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {ETHERNET(A, P, .type = (uint16_t)i)};

	return i == 0 || i == 0x0800 || i == 0x0806 || i == 0x86dd ? 0 : frame_build(&s, id, f);
}

/* The same ethertypes with an honest IPv4 packet behind them, which must not matter. */
static size_t ethertype_of_ip(uint32_t i, uint32_t id, uint8_t *f)
{
	const struct shape s = {UDP(A, P, .type = (uint16_t)(i ^ 0x0800))};

	return i == 0 || s.type == 0 || s.type == 0x0806 || s.type == 0x86dd ? 0 : frame_build(&s, id, f);
}

static size_t random_mac(uint32_t i, uint32_t id, uint8_t *f)
{
	struct shape s = {UDP(A, P)};

	/* Spread by Knuth's multiplier: all unicast, and never the guest's own. */
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

/* Inverts, one by one, the bits of the destination that the subnet's mask covers. */
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

/* First octets that no host's address has: 0, 127, 224 to 255. 169.254.0.0/16 is a case of its own. */
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

/*
 * An honest frame, cut off: i has its kind in the high bits and its new length in the low 8. A tap takes 14 octets or
 * more.
 */
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

/* The same with a corrected total length: only the transport header is cut off. */
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
	for (size_t i = 0; i < bulks6_count; i++)
		run_one(&bulks6[i]);
}
