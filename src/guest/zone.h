/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zone: the DNS records of one VM, indexed by name, each already in wire format.
 *
 * Specifications: RFC 1035 3.2, 3.3, 3.5 (records, in-addr.arpa), 3596 (AAAA, ip6.arpa), 2181 5 (RRsets), 4343 (case),
 * 8020 (what lies below a name makes it exist).
 *
 * Built once for each state of the files, in a few allocations however many records there are; lookups allocate
 * nothing. If an earlier source has a name, it hides the same name in the later ones, whatever the types.
 */
#ifndef FOLD_GUEST_ZONE_H
#define FOLD_GUEST_ZONE_H

#include "base/report.h"
#include "guest/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zone_type { ZONE_A = RECORD_ADDRESS, ZONE_AAAA = RECORD_ADDRESS6, ZONE_TXT = RECORD_TXT, ZONE_PTR, ZONE_TYPES };

/* Octets of a record before its RDATA: owner (a pointer to the question's name), type, class, TTL, length. */
#define ZONE_RR_HEADER 12

struct zone;

/* The records of one name and type: indices for zone_records(). */
struct zone_set {
	uint32_t first, count;
};

enum zone_known {
	ZONE_UNKNOWN, /* neither the name nor anything below it */
	ZONE_EMPTY,   /* there are names below it (RFC 8020 2): it exists, without records */
	ZONE_KNOWN,   /* it has records */
};

/*
 * sources: in order of precedence, at most 255; the records are copied. ttl: seconds, for all of them. 0 and *out, to
 * be freed by zone_free(), or -ENOMEM (-E2BIG) with a line in r.
 */
int zone_build(const struct record_list *const sources[], size_t count, uint32_t ttl, struct zone **out,
	       struct report *r);
void zone_free(struct zone *z); /* may be NULL */

/* Octets of an answer at most, over UDP and over TCP (dns_wire.h). */
#define ZONE_PACKET_MAX 1232
#define ZONE_STREAM_MAX 65535

/*
 * Warns if a name has more records of one type than any answer holds: clients would learn only that the answer was
 * truncated. most: the longest answer that the guest can ask for, one of these two.
 */
void zone_warn_long(const struct zone *z, size_t most, struct report *r);

/*
 * Looks up a name in wire form and lower case. z may be NULL: a zone without records. Types without records get an
 * empty set.
 */
enum zone_known zone_find(const struct zone *z, const uint8_t *name, size_t len,
			  struct zone_set sets[static ZONE_TYPES]);

/*
 * Records first..first+count-1 in wire format, one after the other, *len octets in all. Each has 0xc00c as its owner,
 * which points to the question's name: it begins at octet 12 of every message.
 */
const uint8_t *zone_records(const struct zone *z, uint32_t first, uint32_t count, size_t *len);

/* A name below in-addr.arpa or ip6.arpa. */
struct reverse {
	bool six;
	bool whole;       /* the name has no further labels: addr and bits say all of it */
	uint8_t bits;     /* how many bits the name gives: 0..32 by 8, or 0..128 by 4 */
	uint8_t addr[16]; /* the rest is 0 */
};

/* name: in lower case. False where it is not below (or equal to) one of the two. */
bool zone_reverse(const uint8_t *name, size_t len, struct reverse *out);

#endif
