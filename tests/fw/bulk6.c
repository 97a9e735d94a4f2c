/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tries all values of IPv6 fields (see bulk.c). Specifications: RFC 8200, 4291, 4443, 4861, 6052. */
#include "cases.h"

#include <sys/random.h>

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

	/* Without MLD (130 to 132, 143), which the bridge itself processes. */
	return (i >= 1 && i <= 4) || i == 128 || i == 129 || (i >= 130 && i <= 136) || i == 143
		   ? 0
		   : frame_build(&s, id, f);
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
	const struct shape s = {NS(A, P, .lla = MAC_A ^ 1ULL << i % 48)}, a = {NA(A, P, .lla = MAC_A ^ 1ULL << i % 48)};

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

/* All values of the destination's first 16 bits. Routers forward to 64:ff9b:: and above, up to fe80:: exclusive. */
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

/* As in bulk.c: a frame cut off at every octet; below, one whose payload length fits what is left. */
static size_t cut6(uint32_t i, uint32_t id, uint8_t *f)
{
	static const struct shape kinds[] = {
	    {UDP6(A, P, .bare = true)},  {TCP6(A, P, .bare = true)},
	    {ICMP6(A, P, .bare = true)}, {NS(A, P, .bare = true)},
	    {NA(A, P, .bare = true)},    {DAD(A, .bare = true)},
	    {NA_ALL(A, .bare = true)},   {UDP6(A, GROUP, .dmac = MAC_GROUP6, .bare = true)},
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
	    {UDP6(A, P, .bare = true)},
	    {TCP6(A, P, .bare = true)},
	    {ICMP6(A, P, .bare = true)},
	    {UDP6(A, P, .bare = true, .dport = 546)},
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

	/*
	 * Noise instead of all behind the Ethernet header, or from the next-header field on, or behind the IPv6
	 * header.
	 */
	if (getrandom(f + from, len - from - 8, 0) < 0)
		die("getrandom");
	/*
	 * No frame may be honest by chance: an ICMPv6 type from 160 up is closed, and no other case has so high a
	 * source port.
	 */
	if (from == 54)
		f[20] = 58;
	f[54] |= 0xa0;
	return len;
}

/* clang-format off */
const struct bulk bulks6[] = {
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
const size_t bulks6_count = sizeof(bulks6) / sizeof(bulks6[0]);
