/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the forwarder: forward.c has the askers and the cache, forward_ask.c the sockets, forward_answer.c the
 * answers.
 */
#ifndef FOLD_DNS_FORWARD_PRIV_H
#define FOLD_DNS_FORWARD_PRIV_H

#include "base/bucket.h"
#include "dns/cache.h"
#include "dns/dns_wire.h"
#include "dns/forward.h"
#include "dns/resolvers.h"
#include "dns/upstream.h"

#define FORWARD_KEY_MAX (DNS_NAME_MAX + 2 + 1)
#define FORWARD_QUESTION_MAX (DNS_NAME_MAX + 4)
#define FORWARD_SERVERS 126 /* two lists of a binding, each full */
#define FORWARD_NONE UINT16_MAX

/* An asker that waits for an answer: where the answer goes, and how it must look. */
struct waiter {
	uint16_t next; /* the next one of the same ask, or of the free ones */
	bool stream;   /* asked by TCP: the answer goes to `who`, and addresses do not count */
	uint64_t who;
	enum pkt_kind kind;
	uint8_t mac[MAC_LEN];
	struct in_addr src4, dst4;
	struct in6_addr src6, dst6;
	uint16_t sport, dport;
	uint16_t id, flags, limit;
	bool edns, dnssec_ok;
	bool exists; /* names below this one are known here */
	uint16_t question_len;
	uint8_t question[FORWARD_QUESTION_MAX]; /* with its own case */
};

enum ask_stage { ASK_FREE, ASK_UDP, ASK_CONNECTING, ASK_TCP };

/* A question under way. */
struct ask {
	enum ask_stage stage;
	uint32_t generation; /* tells the events of this socket from those of one before */
	uint16_t waiters;    /* the first of them */
	uint16_t key_len, question_len;
	uint8_t key[FORWARD_KEY_MAX];
	uint8_t question[FORWARD_QUESTION_MAX]; /* as it is sent */
	bool dnssec_ok, checking_disabled;
	int fd;
	uint64_t deadline, again;      /* milliseconds; again: when to repeat the packet, 0: never */
	uint16_t server, first, tried; /* the one asked now; where the round began; how many were tried since */
	bool edns;
	uint16_t id;
	/* By TCP: two octets of length, then the answer. */
	uint8_t prefix[2];
	uint8_t *answer;
	size_t want, have;
};

struct forward {
	struct forward_setup setup;
	int epoll, timer;
	uint64_t armed;             /* for when the timer is set; 0: it is not */
	struct resolvers resolvers; /* its own, where setup has none */
	const struct resolvers *host;
	bool named; /* the guest's servers were named; else the host's are asked */
	union server servers[FORWARD_SERVERS];
	uint16_t server_count, best;
	uint8_t service_mac[MAC_LEN];
	struct cache *cache;
	/*
	 * How many asks and waiters were ever used, from the first on. The others' memory has never been touched, and
	 * so takes no pages.
	 */
	size_t asks_used;
	uint16_t waiters_used;
	struct ask asks[FORWARD_ASKS];
	uint32_t generation;
	size_t under_way;
	struct bucket rate;
	struct waiter waiters[FORWARD_WAITERS];
	uint16_t free_waiter;
	struct forward_counts counts;
	struct reply out;
};

/* epoll's data: which ask and its generation, or one of these. */
#define FORWARD_EVENT_TIMER UINT64_MAX
#define FORWARD_EVENT_RESOLVERS (UINT64_MAX - 1)

void forward_arm(struct forward *f); /* sets the timer to the next deadline */

/* forward_ask.c: asks the next server, or gives up. */
void ask_next(struct forward *f, struct ask *a);
void ask_event(struct forward *f, struct ask *a, uint32_t events);
uint64_t ask_due(const struct ask *a); /* when ask_timeout() has something to do */
void ask_timeout(struct forward *f, struct ask *a, uint64_t now);
void ask_close(struct forward *f, struct ask *a); /* closes its socket and frees what came by it */

/* forward.c: answers all waiters and frees the ask. answer: NULL for SERVFAIL. */
void forward_done(struct forward *f, struct ask *a, const struct upstream_answer *answer);

/* forward_answer.c: answers one asker, by the transport of its question. wire: a server's answer, `age` seconds old. */
void forward_say_answer(struct forward *f, const struct waiter *w, const uint8_t *wire, size_t len, uint32_t age);
void forward_say_servfail(struct forward *f, const struct waiter *w);
void forward_write_servfail(const struct waiter *w, struct wr *out);

#endif
