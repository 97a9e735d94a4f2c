/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/dns_query.h"

#include "base/rd.h"

#include <string.h>

/* RFC 4343 3: A-Z alone, whatever the locale. */
static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/*
 * Reads the question's name. Nothing but the header stands before it, so a pointer here leads nowhere valid (RFC 9267
 * 2) and is refused; so are the label types that nobody ever used (RFC 6891 5).
 */
static bool read_name(struct rd *r, struct dns_query *q)
{
	size_t at = 0;

	for (;;) {
		uint8_t n = rd_u8(r);
		if (r->bad || n > DNS_LABEL_MAX || at + n + 1U + (n != 0) > DNS_NAME_MAX)
			return false;
		q->name[at++] = n;
		if (n == 0)
			break;
		const uint8_t *label = rd_bytes(r, n);
		if (!label)
			return false;
		for (unsigned i = 0; i < n; i++)
			q->name[at++] = lower(label[i]);
	}
	q->name_len = at;
	return true;
}

static bool read_question(struct rd *r, struct dns_query *q)
{
	const uint8_t *from = r->p;

	if (!read_name(r, q))
		return false;
	q->type = rd_u16(r);
	q->class = rd_u16(r);
	if (r->bad)
		return false;
	q->question = from;
	q->question_len = (size_t)(r->p - from);
	return true;
}

/*
 * Moves past the owner of a record; *root: it is the root itself, written out. A pointer must lead back, but not into
 * the header.
 */
static bool skip_owner(struct rd *r, const uint8_t *start, bool *root)
{
	const uint8_t *from = r->p;

	for (size_t len = 0; len < DNS_NAME_MAX;) {
		uint8_t n = rd_u8(r);
		if (r->bad)
			return false;
		if ((n & 0xc0) == 0xc0) {
			size_t to = (size_t)(n & 0x3f) << 8 | rd_u8(r);
			*root = false;
			return !r->bad && to >= DNS_HEADER && to < (size_t)(from - start);
		}
		if (n > DNS_LABEL_MAX)
			return false;
		*root = n == 0 && len == 0;
		if (n == 0)
			return true;
		rd_bytes(r, n);
		len += n + 1U;
	}
	return false;
}

/* RFC 6891 6.1.2: options are pairs of code, length and data, to the last octet. fold does not use what they say. */
static bool options_are_whole(struct rd r)
{
	while (rd_left(&r)) {
		rd_u16(&r);
		rd_bytes(&r, rd_u16(&r));
	}
	return !r.bad;
}

/* RFC 6891 6.1.3: version, DO; unknown flags are ignored. */
static void read_opt(struct dns_query *q, uint16_t size, uint32_t ttl)
{
	q->edns = true;
	q->version = (uint8_t)(ttl >> 16);
	q->dnssec_ok = ttl & DNS_EDNS_DO;
	/* RFC 6891 6.2.3: less than 512 means 512. */
	q->size = size < DNS_UDP_MIN ? DNS_UDP_MIN : size;
}

static bool read_record(struct rd *r, const uint8_t *start, bool additional, struct dns_query *q)
{
	bool root = false;

	if (!skip_owner(r, start, &root))
		return false;
	uint16_t type = rd_u16(r), class = rd_u16(r);
	uint32_t ttl = rd_u32(r);
	struct rd data = rd_sub(r, rd_u16(r));
	if (r->bad)
		return false;
	if (type != DNS_TYPE_OPT)
		return true;
	/* RFC 6891 6.1.1: one, in the additional section, at the root; any other is a FORMERR. */
	if (!additional || q->edns || !root || !options_are_whole(data))
		return false;
	read_opt(q, class, ttl);
	return true;
}

int dns_query_parse(const uint8_t *data, size_t len, struct dns_query *q)
{
	struct rd r = rd_over(data, len);
	uint16_t counts[4];

	memset(q, 0, sizeof(*q));
	q->size = DNS_UDP_MIN;
	q->id = rd_u16(&r);
	q->flags = rd_u16(&r);
	for (size_t i = 0; i < 4; i++)
		counts[i] = rd_u16(&r);
	/* Answering an answer could begin an endless exchange. */
	if (r.bad || q->flags & DNS_FLAG_QR)
		return -1;
	q->opcode = (uint8_t)((q->flags & DNS_FLAG_OPCODE) >> 11);
	/*
	 * RFC 1035 4.1.1, RFC 8906 3.1.4: messages with an unknown opcode may have another form, so the rest is not
	 * read.
	 */
	if (q->opcode != 0)
		return DNS_RCODE_NOTIMP;
	/* RFC 9619 4: a query with another number of questions than one has no meaning. */
	if (counts[0] != 1 || !read_question(&r, q))
		return DNS_RCODE_FORMERR;
	/*
	 * The counts need no check: a record takes 11 octets, so the data ends first. Octets behind the last record are
	 * ignored.
	 */
	for (uint32_t i = 0, before = (uint32_t)counts[1] + counts[2]; i < before + counts[3]; i++) {
		if (!read_record(&r, data, i >= before, q))
			return DNS_RCODE_FORMERR;
	}
	return DNS_RCODE_NOERROR;
}
