/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/dns_reply.h"

#include <string.h>

static void set16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

void dns_reply_opt(const struct dns_query *q, uint16_t rcode, struct wr *w)
{
	/* RFC 6891 7: an OPT in the reply if there was one in the question, and only then. */
	if (!q->edns)
		return;
	wr_u8(w, 0);
	wr_u16(w, DNS_TYPE_OPT);
	wr_u16(w, DNS_UDP_MAX);
	wr_u8(w, (uint8_t)(rcode >> 4)); /* RFC 6891 6.1.3: the upper bits of the code */
	wr_u8(w, 0);                     /* our version */
	wr_u16(w, q->dnssec_ok ? DNS_EDNS_DO : 0);
	wr_u16(w, 0);
}

/*
 * Writes the set's records, beginning with one that the question's ID picks, then those before it. So everybody gets
 * all of several addresses, but not everybody the same one first, and the rotation needs no memory.
 */
static void write_set(const struct dns_query *q, const struct dns_reply *a, struct wr *w)
{
	uint32_t n = a->set.count, start = q->id % n;
	size_t tail_len, head_len;
	const uint8_t *tail = zone_records(a->zone, a->set.first + start, n - start, &tail_len);
	const uint8_t *head = zone_records(a->zone, a->set.first, start, &head_len);

	wr_bytes(w, tail, tail_len);
	wr_bytes(w, head, head_len);
}

static void write_loopback(const struct dns_reply *a, struct wr *w)
{
	wr_u16(w, DNS_OWNER_QUESTION);
	wr_u16(w, a->loopback_len == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA);
	wr_u16(w, DNS_CLASS_IN);
	wr_u32(w, a->ttl);
	wr_u16(w, (uint16_t)a->loopback_len);
	wr_bytes(w, a->loopback, a->loopback_len);
}

/* MNAME and RNAME. */
static const uint8_t soa_names[] = "\4fold\7invalid\0\6nobody\7invalid";

/*
 * RFC 2308 2.1, 3: the owner of an SOA record names the zone in which nothing was found. fold's answer holds only for
 * the question's name, so the owner is the smallest zone possible: the name itself if it exists, else its parent. With
 * an SOA of the root, a resolver in the guest would deny a whole top-level domain, and a resolver that sends fold the
 * questions for a few domains only would ignore the record.
 */
static uint16_t soa_owner(const struct dns_query *q, const struct dns_reply *a)
{
	uint8_t first = q->question[0]; /* NOLINT(clang-analyzer-core.NullDereference): no SOA without a question */

	return (uint16_t)(DNS_OWNER_QUESTION + (a->rcode == DNS_RCODE_NXDOMAIN && first ? first + 1 : 0));
}

/* RFC 2308 3, 5: a negative answer holds for the lesser of the SOA record's TTL and its last field. */
static void write_soa(const struct dns_query *q, const struct dns_reply *a, struct wr *w)
{
	wr_u16(w, soa_owner(q, a));
	wr_u16(w, DNS_TYPE_SOA);
	wr_u16(w, DNS_CLASS_IN);
	wr_u32(w, a->ttl);
	struct wr_mark len = wr_open_len(w, 2);
	wr_bytes(w, soa_names, sizeof(soa_names));
	wr_u32(w, 1);      /* serial */
	wr_u32(w, 3600);   /* refresh */
	wr_u32(w, 1200);   /* retry */
	wr_u32(w, 604800); /* expire */
	wr_u32(w, a->ttl);
	wr_close_len(w, len);
}

static uint16_t flags_of(const struct dns_query *q, const struct dns_reply *a)
{
	/* RFC 1035 4.1.1: ID, opcode and RD are the question's; RFC 4035 3.2.2: and CD. */
	uint16_t flags = q->flags & (DNS_FLAG_OPCODE | DNS_FLAG_RD | DNS_FLAG_CD);

	flags |= (uint16_t)(DNS_FLAG_QR | (a->rcode & DNS_FLAG_RCODE));
	if (a->authoritative)
		flags |= DNS_FLAG_AA;
	if (a->recursion)
		flags |= DNS_FLAG_RA;
	return flags;
}

static size_t answer_len(const struct dns_reply *a)
{
	size_t len = 0;

	if (a->set.count)
		zone_records(a->zone, a->set.first, a->set.count, &len);
	else if (a->loopback)
		len = 2 + DNS_RR_FIXED + a->loopback_len;
	return len;
}

/* The length without an SOA record. An SOA stands only where there are no records, so such an answer always fits. */
static size_t plain_len(const struct dns_query *q, size_t answer)
{
	return DNS_HEADER + q->question_len + answer + (q->edns ? DNS_OPT_LEN : 0);
}

size_t dns_reply_len(const struct dns_query *q, const struct dns_reply *a)
{
	size_t soa = a->soa ? 2 + DNS_RR_FIXED + sizeof(soa_names) + 5 * sizeof(uint32_t) : 0;

	return plain_len(q, answer_len(a)) + soa;
}

void dns_reply_build(const struct dns_query *q, const struct dns_reply *a, struct wr *w)
{
	size_t len = answer_len(a);
	size_t room = wr_left(w) < a->limit ? wr_left(w) : a->limit;
	/* RFC 2181 9: a set that does not fit is left out whole, because half a set is wrong data. */
	bool cut = plain_len(q, len) > room;
	uint8_t *header = wr_room(w, DNS_HEADER);

	if (!header)
		return;
	memset(header, 0, DNS_HEADER);
	set16(header, q->id);
	set16(header + 2, (uint16_t)(flags_of(q, a) | (cut ? DNS_FLAG_TC : 0)));
	if (q->question) {
		set16(header + 4, 1);
		wr_bytes(w, q->question, q->question_len);
	}
	if (len && !cut) {
		set16(header + 6, (uint16_t)(a->set.count ? a->set.count : 1));
		if (a->set.count)
			write_set(q, a, w);
		else
			write_loopback(a, w);
	}
	if (a->soa) {
		set16(header + 8, 1);
		write_soa(q, a, w);
	}
	set16(header + 10, q->edns);
	dns_reply_opt(q, a->rcode, w);
}
