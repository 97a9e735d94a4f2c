/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upstream: questions to other servers, and what they answer. The only user of ldns.
 *
 * Specifications: RFC 1035 4.1, 2181 8 (TTL), 2308 5 (how long a nothing holds), 5452 9.1 (which answer counts), 6891 6.2.
 *
 * An answer is taken apart and put together anew, so that of another server's octets none reaches the guest or the cache
 * that was not understood: records that lie about their length, loops of pointers, sections that nobody asked for.
 */
#ifndef FOLD_DNS_UPSTREAM_H
#define FOLD_DNS_UPSTREAM_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPSTREAM_QUERY_MAX (12 + 255 + 4 + 11)

struct upstream_question {
	uint16_t id;
	const uint8_t *question; /* name, type, class as they are sent; the answer must repeat them octet by octet */
	size_t len;
	bool edns, dnssec_ok, checking_disabled;
};

/* Loads ldns, which the first answer does otherwise: for one who can open no files by then. 0 or -errno with a line in r. */
int upstream_load(struct report *r);

/* Writes the query; its length. */
size_t upstream_write(const struct upstream_question *q, uint8_t to[static UPSTREAM_QUERY_MAX]);

enum upstream_verdict {
	UPSTREAM_IGNORED,   /* no answer to this question: it may be forged, and the true one may still come */
	UPSTREAM_TRUNCATED, /* there is more, to be asked for by TCP */
	UPSTREAM_NO_EDNS,   /* the server did not understand the OPT record */
	UPSTREAM_FAILED,    /* the server cannot or will not tell, or nobody can read what it says */
	UPSTREAM_GOOD,
};

struct upstream_answer {
	uint8_t *wire; /* header, question, answer, authority; no OPT; the caller frees it */
	size_t len;    /* 65535 at most */
	uint32_t ttl;  /* seconds for which it holds; 0: it is not to be kept */
};

/* Fills *out where the verdict is UPSTREAM_GOOD alone. tcp: the octets came by TCP, where nothing is cut. */
enum upstream_verdict upstream_read(const uint8_t *msg, size_t len, const struct upstream_question *q, bool tcp,
				    struct upstream_answer *out);

/*
 * Lowers the TTL of every record of such an answer by `age` seconds, in place, to 0 at least. False where the octets
 * are no such answer.
 */
bool upstream_age(uint8_t *wire, size_t len, uint32_t age);

/*
 * Octets of such an answer up to its authority section, where that is no part of what was asked for and can be left out;
 * 0 where there is no answer without it.
 */
size_t upstream_bare(const uint8_t *wire, size_t len);

#endif
