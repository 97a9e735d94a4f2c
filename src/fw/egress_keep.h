/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_keep: what ALLOW has let in, as it is remembered; what of it has to go where there is no room. No socket, no clock: egress.c puts
 * into the kernel what is decided here.
 */
#ifndef FOLD_FW_EGRESS_KEEP_H
#define FOLD_FW_EGRESS_KEEP_H

#include "base/bucket.h"
#include "guest/allow.h"

#define EGRESS_MOST 1024          /* addresses, each with its service, of one VM */
#define EGRESS_AT_ONCE 512        /* by one answer: half of them, so that none drives out all others */
#define EGRESS_SECONDS_LEAST 60   /* a TTL below that holds as long, so that a slow client is not cut off */
#define EGRESS_SECONDS_MOST 86400 /* and one above that no longer, as in the cache of answers */
/* Transactions; the kernel says each to everybody who listens, which a guest's questions must not make expensive for others. */
#define EGRESS_PER_SECOND 20
#define EGRESS_BURST 100

/* What is reached: a key of the kernel's sets. */
struct egress_key {
	bool ip6;
	uint8_t address[16]; /* network byte order; the first four where !ip6, zeros behind */
	uint8_t proto;       /* 0: whatever, and any port */
	uint16_t port;       /* host byte order */
};

/* Some of struct egress's patterns. */
struct egress_by {
	uint64_t bits[ALLOW_MAX / 64];
};

struct egress_entry {
	struct egress_key key;
	uint16_t name;       /* which it was handed out for last; few share a number */
	uint64_t until;      /* milliseconds of clock_ms() */
	uint64_t turn;       /* that answer's */
	uint64_t put;        /* the one's for which the kernel was last told */
	struct egress_by by; /* the patterns that let it in: it stays as long as one of them is listed */
};

struct egress {
	size_t count;
	struct egress_entry at[EGRESS_MOST];
	size_t gone_count; /* what made room for this answer */
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
	const uint8_t *name;           /* what was asked for: RFC 1035, whole, in lower case */
	const struct allow *const *by; /* the patterns of the list that it fits */
	size_t by_count;
	const struct egress_given *given;
	size_t count;
};

/*
 * Remembers them. 0: all of them are in the kernel for long enough; 1: those whose `put` is this turn have to get there, and what is in
 * `gone` has to go. -E2BIG, more than EGRESS_AT_ONCE, or -EAGAIN, too many transactions: nothing has changed.
 */
int egress_keep(struct egress *e, const struct egress_answer *a, uint64_t now);
/* The kernel did not take them. */
void egress_lost(struct egress *e);

/* Whether something that is listed let it in; listed: of egress_listed(). */
bool egress_is_by(const struct egress_entry *one, const struct egress_by *listed);
struct egress_by egress_listed(const struct egress *e, const struct allow_list *allow);
void egress_forget(struct egress *e, const struct allow_list *allow);
/* The half that was handed out longest ago is forgotten. */
void egress_halve(struct egress *e);

#endif
