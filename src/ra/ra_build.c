/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a router advertisement says.
 *
 * Specifications: RFC 4861 4.2, 4.6, 6.2; RFC 4862 5.5.3; RFC 8106 5; RFC 8319 4; RFC 9096 3.5.
 */
#include "ra/ra_msg.h"

#include "base/rd.h"
#include "ra/nd_msg.h"
#include "ra/nd_wire.h"

#include <string.h>

#define IP6_HEADER 40
#define MTU_LEAST 1280     /* RFC 8200 5: what every link carries, where nobody named more */
#define HOP_LIMIT_HOSTS 64 /* RFC 4861 4.2: what hosts are to send with */
#define PERIODS 3          /* RFC 4861 6.2.1, RFC 8106 5.1: two advertisements may get lost */
#define ADDRESS_LEN sizeof(struct in6_addr)
#define RDNSS_HEAD 8 /* RFC 8106 5.1: type to lifetime; DNSSL (5.2) has the same */
#define RDNSS_MOST 127
#define DNSSL_MOST 255

/* The length octets of these options never overflow, because a reply is too short for that. */
_Static_assert(REPLY_DATA_MAX < RDNSS_HEAD + RDNSS_MOST * 16, "RDNSS counts pairs of units");
_Static_assert(REPLY_DATA_MAX < DNSSL_MOST * ND_OPTION_UNIT, "DNSSL counts units");

/* The lifetime, in seconds, of what each advertisement repeats. */
static uint32_t span(const struct guest *g)
{
	return g->ra_period <= UINT32_MAX / PERIODS ? g->ra_period * PERIODS : UINT32_MAX;
}

static uint32_t at_least(uint32_t v, uint32_t least)
{
	return v > least ? v : least;
}

/*
 * RFC 4861 6.2.1: three periods, which is 9000 s at most for the periods that it allows; RFC 8319 4: for longer ones,
 * as far as the field goes. 0 if fold is not the way to anywhere, and when fold ends (6.2.5).
 */
static uint16_t router_lifetime(const struct guest *g, bool last)
{
	if (!g->has_gateway6 || last)
		return 0;
	return (uint16_t)at_least(span(g) < UINT16_MAX ? span(g) : UINT16_MAX, g->router_lifetime);
}

/* RFC 4861 4.2. */
static void put_header(struct wr *w, const struct guest *g, bool last)
{
	uint8_t flags = 0;

	if (g->ra_managed)
		flags |= RA_FLAG_MANAGED;
	if (g->ra_other)
		flags |= RA_FLAG_OTHER;
	wr_u8(w, ND_TYPE_ROUTER_ADVERT);
	wr_u8(w, 0);
	wr_u16(w, 0); /* checksum: pkt_wrap */
	wr_u8(w, HOP_LIMIT_HOSTS);
	wr_u8(w, flags); /* RFC 4191 2.2: with lifetime 0 the preference must be 00; it is 00, medium, with any */
	wr_u16(w, router_lifetime(g, last));
	wr_u32(w, 0); /* reachable time: the host's own */
	wr_u32(w, 0); /* retransmission timer: the host's own */
}

/* RFC 4861 4.6.1: saves the guest a solicitation. */
static void put_link(struct wr *w, const struct guest *g)
{
	wr_u8(w, ND_OPTION_SOURCE_LINK);
	wr_u8(w, 1);
	wr_bytes(w, nd_router_mac(g), MAC_LEN);
}

/* A guest whose prefix is its address alone shares its link with nobody. */
static bool has_prefix(const struct guest *g)
{
	return g->id.ip6.len < 128;
}

/* RFC 4861 4.6.2; valid, preferred: seconds, 0xffffffff: for ever. RFC 4862 5.5.3 c: preferred is not above valid. */
static void put_prefix(struct wr *w, const struct guest *g, uint32_t valid, uint32_t preferred)
{
	struct in6_addr prefix = ip6_network(g->id.ip6);

	wr_u8(w, ND_OPTION_PREFIX);
	wr_u8(w, 4);
	wr_u8(w, g->id.ip6.len);
	wr_u8(w, g->ra_autonomous ? RA_PREFIX_ON_LINK | RA_PREFIX_AUTONOMOUS : RA_PREFIX_ON_LINK);
	wr_u32(w, valid);
	wr_u32(w, preferred);
	wr_u32(w, 0);
	wr_bytes(w, &prefix, sizeof(prefix));
}

static void put_mtu(struct wr *w, uint32_t mtu)
{
	wr_u8(w, ND_OPTION_MTU);
	wr_u8(w, 1);
	wr_u16(w, 0);
	wr_u32(w, mtu);
}

/* RFC 9096 3.5: a former prefix is deprecated at once. RFC 4862 5.5.3 e: hosts keep it valid for two hours. */
static void put_old_prefix(struct wr *w, const struct guest *g, const struct guest *was)
{
	struct in6_addr now = ip6_network(g->id.ip6), before = ip6_network(was->id.ip6);

	if (!was->id.has6 || !has_prefix(was) || wr_left(w) < 4 * ND_OPTION_UNIT)
		return;
	if (g->id.ip6.len != was->id.ip6.len || !IN6_ARE_ADDR_EQUAL(&now, &before))
		put_prefix(w, was, 0, 0);
}

/* RFC 8106 5.1: the addresses of `list` that are not in `except` (NULL: none are), as many as fit from the first on. */
static void put_rdnss(struct wr *w, const struct ip6_list *list, const struct ip6_list *except, uint32_t lifetime)
{
	size_t room = wr_left(w) < RDNSS_HEAD ? 0 : (wr_left(w) - RDNSS_HEAD) / ADDRESS_LEN, count = 0;

	for (size_t i = 0; i < list->count && count < room; i++)
		count += !ip6_list_has(except, &list->at[i]);
	if (!count)
		return;
	wr_u8(w, ND_OPTION_RDNSS);
	wr_u8(w, (uint8_t)(1 + 2 * count));
	wr_u16(w, 0);
	wr_u32(w, lifetime);
	for (size_t i = 0; count; i++) {
		if (ip6_list_has(except, &list->at[i]))
			continue;
		wr_bytes(w, &list->at[i], ADDRESS_LEN);
		count--;
	}
}

/* A list of names as in struct guest: uncompressed, one after the other. */
struct names {
	const uint8_t *at;
	size_t len;
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* RFC 4343: without regard to case. Octets of length are below 64 and so no letters. */
static bool same_name(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	for (size_t i = 0; a_len == b_len && i < a_len; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return a_len == b_len;
}

static bool has_name(struct names l, const uint8_t *name, size_t len)
{
	struct rd r = rd_over(l.at, l.len);
	const uint8_t *one;
	size_t one_len;

	while ((one = guest_next_name(&r, &one_len))) {
		if (same_name(one, one_len, name, len))
			return true;
	}
	return false;
}

/* The next name of `r` that is not in `except` and not the root, which would read as padding. */
static const uint8_t *next_wanted(struct rd *r, struct names except, size_t *len)
{
	const uint8_t *name;

	do {
		name = guest_next_name(r, len);
	} while (name && (*len < 2 || has_name(except, name, *len)));
	return name;
}

static size_t padded(size_t len)
{
	return (len + ND_OPTION_UNIT - 1) / ND_OPTION_UNIT * ND_OPTION_UNIT;
}

/*
 * RFC 8106 5.2: the names of `list` that are not in `except`, as many as fit from the first on, then zeros up to the
 * next unit.
 */
static void put_dnssl(struct wr *w, struct names list, struct names except, uint32_t lifetime)
{
	size_t room = wr_left(w) < RDNSS_HEAD ? 0 : wr_left(w) - RDNSS_HEAD, total = 0, written = 0, len;
	struct rd r = rd_over(list.at, list.len);

	while (next_wanted(&r, except, &len) && padded(total + len) <= room)
		total += len;
	if (!total)
		return;
	wr_u8(w, ND_OPTION_DNSSL);
	wr_u8(w, (uint8_t)((RDNSS_HEAD + padded(total)) / ND_OPTION_UNIT));
	wr_u16(w, 0);
	wr_u32(w, lifetime);
	r = rd_over(list.at, list.len);
	while (written < total) {
		const uint8_t *name = next_wanted(&r, except, &len);
		wr_bytes(w, name, len);
		written += len;
	}
	wr_zero(w, padded(total) - total);
}

/*
 * RFC 6980: neighbour discovery in fragments is refused everywhere, so an advertisement is never larger than the link's
 * MTU; if that is unknown, never larger than what every link carries.
 */
static void limit_to_mtu(struct wr *w, uint32_t mtu)
{
	size_t packet = mtu ? mtu : MTU_LEAST, room = packet > IP6_HEADER ? packet - IP6_HEADER : 0;

	if (wr_left(w) > room)
		w->end = w->p + room;
}

void ra_build(const struct guest *g, const struct guest *was, bool last, struct reply *out)
{
	const struct names none = {0}, now = {g->search, g->search_len};
	uint32_t dns_lifetime = last ? 0 : span(g);
	struct wr *w = &out->w;

	limit_to_mtu(w, g->id.mtu);
	put_header(w, g, last);
	put_link(w, g);
	if (has_prefix(g))
		put_prefix(w, g, at_least(g->lease_time, span(g)), at_least(g->rebind_time, span(g)));
	if (g->id.mtu)
		put_mtu(w, g->id.mtu);
	if (was)
		put_old_prefix(w, g, was);
	put_rdnss(w, &g->nameservers6, NULL, dns_lifetime);
	if (was)
		put_rdnss(w, &was->nameservers6, &g->nameservers6, 0);
	put_dnssl(w, now, none, dns_lifetime);
	if (was)
		put_dnssl(w, (struct names){was->search, was->search_len}, now, 0);
}
