/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_reply: answers put together. Specifications: RFC 1035 4.1, 2181 9 (TC), 2308 2, 3, 5 (SOA), 6891 6.1. */
#ifndef FOLD_DNS_REPLY_H
#define FOLD_DNS_REPLY_H

#include "base/wr.h"
#include "dns/dns_query.h"
#include "guest/zone.h"

/* The answer to a question, before it is written. */
struct dns_reply {
	uint16_t rcode; /* enum dns_rcode */
	bool authoritative, recursion;
	const struct zone *zone;
	struct zone_set set;     /* the answer */
	const uint8_t *loopback; /* or this one address, ... */
	size_t loopback_len;     /* ... of 4 or 16 octets */
	bool exists;             /* names below it are known here, so another server's answer may not deny it */
	bool soa;                /* a negative answer, with an SOA record that says how long it holds */
	uint32_t ttl;            /* of records that are not from the zone */
	size_t limit;            /* octets that the asker accepts */
};

/*
 * Writes the whole message at w, which may be smaller than the limit. An answer that does not fit is left out whole,
 * with TC set. Sets w->full if not even that fits.
 */
void dns_reply_build(const struct dns_query *q, const struct dns_reply *a, struct wr *w);

/* Octets of the whole message at most, if nothing is left out. */
size_t dns_reply_len(const struct dns_query *q, const struct dns_reply *a);

/* Writes an OPT record if the question had one. */
void dns_reply_opt(const struct dns_query *q, uint16_t rcode, struct wr *w);

#endif
