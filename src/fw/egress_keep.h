/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_keep: remembers the addresses that ALLOW has let in, and decides which of them must go when there is no more
 * room. It has no socket and no clock: egress.c tells the kernel what is decided here.
 */
#ifndef FOLD_FW_EGRESS_KEEP_H
#define FOLD_FW_EGRESS_KEEP_H

#include "base/bucket.h"
#include "guest/allow.h"

#define EGRESS_MOST 1024        /* addresses, each with its service, of one VM */
#define EGRESS_AT_ONCE 512      /* from one answer: half of EGRESS_MOST, so that no answer displaces all others */
#define EGRESS_SECONDS_LEAST 60 /* a shorter TTL is raised to this, so that a slow client is not cut off */
#define EGRESS_SECONDS_MOST ALLOW_SECONDS_MAX /* a longer TTL is cut to this, as in the cache of answers */
/*
 * Transactions. The kernel reports each of them to every listener in the namespace, so a guest's DNS questions must
 * not cause too many.
 */
#define EGRESS_PER_SECOND 20
#define EGRESS_BURST 100

/* An address and service that may be reached: a key of the kernel's sets. */
struct egress_key {
	bool ip6;
	uint8_t address[16]; /* network byte order; the first four where !ip6, zeros behind */
	uint8_t proto;       /* 0: any protocol, and any port */
	uint16_t port;       /* host byte order */
};

/* A set of patterns: bit i stands for struct egress's pattern[i]. */
struct egress_by {
	uint64_t bits[ALLOW_MAX / 64];
};

struct egress_entry {
	struct egress_key key;
	uint16_t name;       /* number of the name it was last handed out for; few names share one */
	uint64_t until;      /* milliseconds of clock_ms() */
	uint64_t turn;       /* the answer that last gave it */
	uint64_t put;        /* the answer for which the kernel was last told of it */
	struct egress_by by; /* the patterns that let it in: it stays as long as one of them is listed */
};

struct egress {
	size_t count;
	struct egress_entry at[EGRESS_MOST];
	size_t gone_count; /* removed to make room for this answer */
	struct egress_key gone[EGRESS_AT_ONCE];
	uint64_t turn;      /* counts answers */
	struct bucket told; /* transactions */
	struct egress_by known;
	struct allow pattern[ALLOW_MAX];
};

/* One address (4 or 16 octets) of an answer, and for how long. */
struct egress_given {
	bool ip6;
	const uint8_t *address;
	uint32_t seconds;
};

struct egress_answer {
	const uint8_t *name;           /* the name asked for: RFC 1035, uncompressed, in lower case */
	const struct allow *const *by; /* the patterns of the list that it fits */
	size_t by_count;
	const struct egress_given *given;
	size_t count;
};

/*
 * Remembers the addresses of an answer. Returns 0 if all of them are in the kernel for long enough already; 1 if the
 * caller has to add those whose `put` is this turn to the kernel's sets and to delete those in `gone`; or an error,
 * and the answer has let in nothing: -E2BIG for more than EGRESS_AT_ONCE, -EAGAIN for too many transactions.
 */
int egress_keep(struct egress *e, const struct egress_answer *a, uint64_t now);
/* After egress_keep() returned 1 and the kernel refused the change: forgets the addresses of that answer. */
void egress_lost(struct egress *e);

/* Whether a pattern that is listed let the address in. listed: what egress_listed() returned. */
bool egress_is_by(const struct egress_entry *one, const struct egress_by *listed);
struct egress_by egress_listed(const struct egress *e, const struct allow_list *allow);
void egress_forget(struct egress *e, const struct allow_list *allow);
/* The half that was handed out longest ago is forgotten. */
void egress_halve(struct egress *e);

#endif
