/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/handed.h"

#include "base/rd.h"
#include "guest/value.h"

#include <string.h>

enum { POINTER = 0xc0 };

/*
 * Reads a name in lower case, with pointers resolved, and moves r behind it. False if it is no name. A pointer must
 * lead to a place before the name (RFC 1035 4.1.4), so pointers cannot form a loop.
 */
static bool read_name(const uint8_t *msg, struct rd *r, uint8_t name[static DNS_NAME_MAX])
{
	size_t at = 0, limit = (size_t)(r->p - msg);
	struct rd here = *r;
	bool jumped = false;

	for (;;) {
		uint8_t n = rd_u8(&here);
		if (n >= POINTER) {
			size_t to = (size_t)(n & 0x3f) << 8 | rd_u8(&here);
			if (here.bad || to >= limit)
				return false;
			if (!jumped)
				*r = here;
			jumped = true;
			here = rd_over(msg + to, limit - to);
			limit = to;
			continue;
		}
		const uint8_t *label = n <= DNS_LABEL_MAX ? rd_bytes(&here, n) : NULL;
		if (!label || here.bad || at + 1 + n + (n > 0) > DNS_NAME_MAX)
			return false;
		name[at++] = n;
		for (uint8_t i = 0; i < n; i++)
			name[at++] = label[i] >= 'A' && label[i] <= 'Z' ? label[i] | 0x20 : label[i]; /* RFC 4343 3 */
		if (n == 0)
			break;
	}
	if (!jumped)
		*r = here;
	return true;
}

struct record {
	uint8_t owner[DNS_NAME_MAX];
	uint16_t type, class;
	uint32_t ttl;
	struct rd data;
};

static bool read_record(const uint8_t *msg, struct rd *r, struct record *out)
{
	if (!read_name(msg, r, out->owner))
		return false;
	out->type = rd_u16(r);
	out->class = rd_u16(r);
	out->ttl = rd_u32(r);
	out->data = rd_sub(r, rd_u16(r));
	return !r->bad;
}

/* The answer section, from its beginning. */
struct answers {
	const uint8_t *msg;
	struct rd at;
	uint16_t count;
};

/*
 * If the name is an alias, replaces it by the name that it stands for, lowers *ttl to the alias's TTL and returns 1. 0
 * if it is no alias, -1 if the octets are malformed.
 */
static int follow_alias(const struct answers *a, uint8_t name[static DNS_NAME_MAX], uint32_t *ttl)
{
	struct rd r = a->at;
	struct record one;

	for (uint16_t i = 0; i < a->count; i++) {
		if (!read_record(a->msg, &r, &one))
			return -1;
		if (one.type != DNS_TYPE_CNAME || one.class != DNS_CLASS_IN || !value_same_name(one.owner, name))
			continue;
		if (one.ttl < *ttl)
			*ttl = one.ttl;
		return read_name(a->msg, &one.data, name) ? 1 : -1;
	}
	return 0;
}

static int take_addresses(const struct answers *a, const uint8_t *name, struct handed at[static HANDED_MOST])
{
	struct rd r = a->at;
	struct record one;
	int count = 0;

	for (uint16_t i = 0; i < a->count; i++) {
		if (!read_record(a->msg, &r, &one))
			return -1;
		size_t len = one.type == DNS_TYPE_A ? 4 : one.type == DNS_TYPE_AAAA ? 16 : 0;
		if (!len || one.class != DNS_CLASS_IN || rd_left(&one.data) != len || !value_same_name(one.owner, name))
			continue;
		if (count++ >= HANDED_MOST)
			continue;
		struct handed *to = &at[count - 1];
		*to = (struct handed){.ip6 = len == 16, .ttl = one.ttl};
		rd_copy(&one.data, to->address, len);
	}
	return count;
}

/* Reads the header and the question's name. False if the octets are not an answer with exactly one question. */
static bool begin(const uint8_t *msg, size_t len, uint8_t name[static DNS_NAME_MAX], struct answers *a)
{
	struct rd r = rd_over(msg, len);

	memset(name, 0, DNS_NAME_MAX);
	rd_u16(&r);
	uint16_t flags = rd_u16(&r), questions = rd_u16(&r);
	*a = (struct answers){.msg = msg, .count = rd_u16(&r)};
	rd_u32(&r);
	if (r.bad || !(flags & DNS_FLAG_QR) || questions != 1 || !read_name(msg, &r, name))
		return false;
	rd_u32(&r);
	a->at = r;
	return !r.bad;
}

int dns_handed(const uint8_t *msg, size_t len, uint8_t name[static DNS_NAME_MAX], struct handed at[static HANDED_MOST])
{
	struct answers a;
	uint8_t real[DNS_NAME_MAX];
	uint32_t ttl = UINT32_MAX;
	int alias = 1;

	if (!begin(msg, len, name, &a))
		return -1;
	memcpy(real, name, sizeof(real));
	for (int i = 0; i < HANDED_ALIASES && alias > 0; i++)
		alias = follow_alias(&a, real, &ttl);
	return alias < 0 ? -1 : take_addresses(&a, real, at);
}

int dns_handed_aliases(const uint8_t *msg, size_t len, uint8_t name[static DNS_NAME_MAX],
		       struct handed_alias to[static HANDED_ALIASES])
{
	struct answers a;
	uint8_t real[DNS_NAME_MAX];
	uint32_t ttl = UINT32_MAX;
	int count = 0, alias = 1;

	if (!begin(msg, len, name, &a))
		return -1;
	memcpy(real, name, sizeof(real));
	while (count < HANDED_ALIASES && (alias = follow_alias(&a, real, &ttl)) > 0) {
		to[count].ttl = ttl;
		memcpy(to[count++].name, real, sizeof(real));
	}
	return alias < 0 ? -1 : count;
}
