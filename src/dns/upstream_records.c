/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks through the records of another server's message. Specifications: RFC 1035 4.1, 2181 8, 9. */
#include "base/wr.h"
#include "dns/dns_wire.h"
#include "dns/upstream_priv.h"

#include <string.h>

#define RR_HEADER (2 + DNS_RR_FIXED) /* of a record whose owner is a pointer */

bool upstream_header(const uint8_t *msg, size_t len, struct upstream_header *h)
{
	struct rd r = rd_over(msg, len);

	h->id = rd_u16(&r);
	h->flags = rd_u16(&r);
	for (int i = 0; i < 4; i++)
		h->counts[i] = rd_u16(&r);
	return !r.bad;
}

void upstream_skip_name(struct rd *r)
{
	for (;;) {
		uint8_t n = rd_u8(r);
		if (n >= 0xc0)
			rd_u8(r);
		else if (n > DNS_LABEL_MAX)
			r->bad = true;
		else
			rd_bytes(r, n);
		if (r->bad || n == 0 || n >= 0xc0)
			return;
	}
}

bool upstream_begin(const uint8_t *wire, size_t len, struct upstream_header *h, struct rd *r)
{
	*r = rd_over(wire, len);
	if (!upstream_header(wire, len, h))
		return false;
	rd_bytes(r, DNS_HEADER);
	upstream_skip_name(r);
	rd_bytes(r, 4);
	return !r->bad;
}

/* Moves r past one record; gives its type, and where its TTL stands. */
static bool read_record(struct rd *r, uint16_t *type, const uint8_t **ttl)
{
	upstream_skip_name(r);
	*type = rd_u16(r);
	rd_u16(r); /* class */
	*ttl = r->p;
	rd_u32(r);
	rd_bytes(r, rd_u16(r));
	return !r->bad;
}

bool upstream_age(uint8_t *wire, size_t len, uint32_t age)
{
	struct upstream_header h;
	struct rd r;
	uint16_t type;
	const uint8_t *at;

	if (!upstream_begin(wire, len, &h, &r))
		return false;
	for (uint32_t i = (uint32_t)h.counts[1] + h.counts[2]; i; i--) {
		if (!read_record(&r, &type, &at))
			return false;
		struct rd old = rd_over(at, 4);
		uint32_t ttl = rd_u32(&old);
		/* RFC 2181 8: a TTL with its first bit set counts as 0, and the guest never gets one. */
		ttl = ttl > INT32_MAX ? 0 : ttl < UPSTREAM_TTL_MAX ? ttl : UPSTREAM_TTL_MAX;
		ttl = ttl < age ? 0 : ttl - age;
		struct wr w = wr_over(wire + (at - wire), 4);
		wr_u32(&w, ttl);
	}
	return rd_left(&r) == 0;
}

size_t upstream_bare(const uint8_t *wire, size_t len)
{
	struct upstream_header h;
	struct rd r;
	uint16_t type;
	const uint8_t *ttl, *end;

	if (!upstream_begin(wire, len, &h, &r) || !h.counts[1] || h.flags & DNS_FLAG_RCODE)
		return 0;
	for (uint16_t i = h.counts[1]; i; i--) {
		if (!read_record(&r, &type, &ttl))
			return 0;
	}
	end = r.p;
	for (uint16_t i = h.counts[2]; i; i--) {
		if (!read_record(&r, &type, &ttl))
			return 0;
		/*
		 * These were asked for: how long the negative answer at the end of a CNAME holds (RFC 2308 2.2), and
		 * proofs (RFC 4035 3.1.3).
		 */
		if (type == DNS_TYPE_SOA || type == DNS_TYPE_NSEC || type == DNS_TYPE_NSEC3)
			return 0;
	}
	return (size_t)(end - wire);
}

/* Returns the length of an address record whose owner is a compression pointer, 0 for any other record. */
static size_t address_len(const uint8_t *rr, size_t len)
{
	struct rd r = rd_over(rr, len);
	bool pointer = rd_u16(&r) >= 0xc000;
	uint16_t type = rd_u16(&r), class = rd_u16(&r);

	rd_u32(&r); /* TTL */
	size_t n = rd_u16(&r), want = type == DNS_TYPE_A ? 4 : type == DNS_TYPE_AAAA ? 16 : 0;
	return pointer && class == DNS_CLASS_IN && want && n == want && !r.bad && rd_left(&r) == n ? RR_HEADER + n : 0;
}

/* Reverses the order of records of equal length that differ only in their last `data` octets. */
static void reverse(uint8_t *first, size_t count, size_t data)
{
	uint8_t *a = first + RR_HEADER, *b = a + (count - 1) * (RR_HEADER + data), keep[16];

	for (; a < b; a += RR_HEADER + data, b -= RR_HEADER + data) {
		memcpy(keep, a, data);
		memcpy(a, b, data);
		memcpy(b, keep, data);
	}
}

/* Rotates the records to the left by `by`, by three reversals, which need no further memory. */
static void rotate(uint8_t *first, size_t count, size_t len, size_t by)
{
	size_t data = len - RR_HEADER;

	if (by == 0)
		return;
	reverse(first, by, data);
	reverse(first + by * len, count - by, data);
	reverse(first, count, data);
}

void upstream_rotate(uint8_t *wire, size_t len, uint16_t turn)
{
	struct upstream_header h;
	struct rd r;
	uint16_t type;
	const uint8_t *ttl;
	uint8_t *first = NULL;
	size_t count = 0, one = 0;

	if (!upstream_begin(wire, len, &h, &r))
		return;
	for (uint16_t i = 0; i < h.counts[1]; i++) {
		uint8_t *at = wire + (r.p - wire);
		if (!read_record(&r, &type, &ttl))
			break;
		size_t n = address_len(at, (size_t)(r.p - at));
		/* RFC 2181 5: one set has one owner, type, class and TTL. */
		if (count && n == one && memcmp(first, at, RR_HEADER) == 0) {
			count++;
			continue;
		}
		if (count)
			rotate(first, count, one, turn % count);
		first = at;
		one = n;
		count = n > 0;
	}
	if (count)
		rotate(first, count, one, turn % count);
}
