/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upstream: questions to other servers, and what they answer. The only user of ldns.
 *
 * Specifications: RFC 1035 4.1, 2181 8 (TTL), 2308 5 (negative answers), 5452 9.1 (which answer counts), 6891 6.2.
 *
 * An answer is parsed and encoded anew, so that no octets reach the guest or the cache that were not understood:
 * records that lie about their length, loops of pointers, sections that nobody asked for.
 */
#ifndef FOLD_DNS_UPSTREAM_H
#define FOLD_DNS_UPSTREAM_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPSTREAM_TTL_MAX 86400 /* a day, whatever the server says: the cache and ALLOW keep nothing longer */
#define UPSTREAM_QUERY_MAX (12 + 255 + 4 + 11)

struct upstream_question {
	uint16_t id;
	const uint8_t *question; /* name, type, class as they are sent; the answer must repeat them octet by octet */
	size_t len;
	bool edns, dnssec_ok, checking_disabled;
};

/*
 * Loads ldns, which otherwise the first answer does: for a program that can open no files by then. 0 or -errno with a
 * line in r.
 */
int upstream_load(struct report *r);

/* Writes the query and returns its length. */
size_t upstream_write(const struct upstream_question *q, uint8_t to[static UPSTREAM_QUERY_MAX]);

enum upstream_verdict {
	UPSTREAM_IGNORED,   /* no answer to this question: it may be forged, and the true one may still come */
	UPSTREAM_TRUNCATED, /* the answer is incomplete, and has to be asked for by TCP */
	UPSTREAM_NO_EDNS,   /* the server did not understand the OPT record */
	UPSTREAM_FAILED,    /* the server cannot or will not answer, or its answer cannot be read */
	UPSTREAM_GOOD,
};

struct upstream_answer {
	uint8_t *wire; /* header, question, answer, authority; no OPT; the caller frees it */
	size_t len;    /* 65535 at most */
	uint32_t ttl;  /* seconds for which it holds; 0: it is not to be kept */
};

/* Fills *out only if the verdict is UPSTREAM_GOOD. tcp: the octets came by TCP, where nothing is truncated. */
enum upstream_verdict upstream_read(const uint8_t *msg, size_t len, const struct upstream_question *q, bool tcp,
				    struct upstream_answer *out);

/*
 * Lowers the TTL of every record of such an answer to UPSTREAM_TTL_MAX, then by `age` seconds, in place, but not below
 * 0. False if the octets are no such answer.
 */
bool upstream_age(uint8_t *wire, size_t len, uint32_t age);

/*
 * Rotates the addresses of each record set in such an answer so that the turn-th one comes first. Nothing but
 * addresses is moved, so compression pointers into the message stay valid.
 */
void upstream_rotate(uint8_t *wire, size_t len, uint16_t turn);

/*
 * The length of such an answer without its authority section, if that is not part of what was asked for; 0 if it cannot
 * be left out.
 */
size_t upstream_bare(const uint8_t *wire, size_t len);

#endif
