/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/forward.h"

#include "base/clock.h"
#include "dns/dns_query.h"
#include "dns/forward_priv.h"
#include "dns/upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>

#define EVENTS_MAX 32

void forward_arm(struct forward *f)
{
	uint64_t first = 0;

	for (size_t i = 0; i < f->asks_used; i++) {
		const struct ask *a = &f->asks[i];
		if (a->stage != ASK_FREE && (!first || ask_due(a) < first))
			first = ask_due(a);
	}
	if (first == f->armed)
		return;
	struct itimerspec when = {
	    .it_value = {.tv_sec = (time_t)(first / 1000), .tv_nsec = (long)(first % 1000) * 1000000}};
	timerfd_settime(f->timer, TFD_TIMER_ABSTIME, &when, NULL);
	f->armed = first;
}

static bool add_event(struct forward *f, int fd, uint64_t what)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = what};

	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

int forward_prepare(struct report *r)
{
	return upstream_load(r);
}

int forward_open(const struct forward_setup *setup, struct forward **out)
{
	/* mmap(), because malloc() may reuse memory that was touched before: pages that are never used cost nothing. */
	struct forward *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (f == MAP_FAILED)
		return -ENOMEM;
	f->setup = *setup;
	f->resolvers.watch = -1;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	f->cache = cache_new(setup->cache_octets ? setup->cache_octets : CACHE_OCTETS);
	f->free_waiter = FORWARD_NONE;
	int err = f->epoll < 0 || f->timer < 0 ? -errno : f->cache ? 0 : -ENOMEM;
	f->host = setup->resolvers ? setup->resolvers : &f->resolvers;
	if (!err && !setup->resolvers)
		err = resolvers_open(&f->resolvers, setup->resolv_conf ? setup->resolv_conf : RESOLV_CONF);
	if (!err && (!add_event(f, f->timer, FORWARD_EVENT_TIMER) ||
		     (!setup->resolvers && !add_event(f, f->resolvers.watch, FORWARD_EVENT_RESOLVERS))))
		err = -errno;
	if (err) {
		forward_close(f);
		return err;
	}
	*out = f;
	return 0;
}

void forward_close(struct forward *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->asks_used; i++)
		ask_close(f, &f->asks[i]);
	resolvers_close(&f->resolvers);
	cache_free(f->cache);
	if (f->timer >= 0)
		close(f->timer);
	if (f->epoll >= 0)
		close(f->epoll);
	munmap(f, sizeof(*f));
}

/*
 * Takes other servers. Their answers may differ, so cached answers are dropped and questions that are under way are
 * asked again.
 */
static void take_servers(struct forward *f, const union server *at, size_t count)
{
	f->server_count = (uint16_t)(count < FORWARD_SERVERS ? count : FORWARD_SERVERS);
	memcpy(f->servers, at, f->server_count * sizeof(*at));
	f->best = 0;
	cache_clear(f->cache);
	for (size_t i = 0; i < f->asks_used; i++) {
		if (f->asks[i].stage == ASK_FREE)
			continue;
		f->asks[i].first = f->asks[i].tried = 0;
		ask_next(f, &f->asks[i]);
	}
}

void forward_follow(struct forward *f, const struct guest *g)
{
	const struct dns_policy *d = &g->dns;
	union server named[FORWARD_SERVERS] = {0};
	size_t count = 0;

	memcpy(f->service_mac, g->service_mac, MAC_LEN);
	for (size_t i = 0; i < d->upstream4.count && count < FORWARD_SERVERS; i++)
		named[count++] = server4(d->upstream4.at[i]);
	for (size_t i = 0; i < d->upstream6.count && count < FORWARD_SERVERS; i++)
		named[count++] = server6(&d->upstream6.at[i]);
	f->named = count > 0;
	const union server *at = f->named ? named : f->host->at;
	if (!f->named)
		count = f->host->count;
	bool same = count == f->server_count;
	for (size_t i = 0; i < count && same; i++)
		same = server_same(&at[i], &f->servers[i]);
	if (!same)
		take_servers(f, at, count);
}

static void free_waiter(struct forward *f, uint16_t i)
{
	f->waiters[i].next = f->free_waiter;
	f->free_waiter = i;
}

void forward_done(struct forward *f, struct ask *a, const struct upstream_answer *answer)
{
	uint16_t i = a->waiters;

	ask_close(f, a);
	a->stage = ASK_FREE;
	a->waiters = FORWARD_NONE;
	f->under_way--;
	uint64_t now = clock_ms() / 1000;
	if (answer)
		cache_put(f->cache, a->key, a->key_len, answer->wire, answer->len, answer->ttl, now);
	else /* RFC 9520 3.2: failures are cached too, so that repeated questions do not burden the servers */
		cache_put(f->cache, a->key, a->key_len, (const uint8_t *)"", 0, FORWARD_FAILED_SECONDS, now);
	while (i != FORWARD_NONE) {
		struct waiter *w = &f->waiters[i];
		uint16_t next = w->next;
		if (answer)
			forward_say_answer(f, w, answer->wire, answer->len, 0);
		else
			forward_say_servfail(f, w);
		answer ? f->counts.answered++ : f->counts.failed++;
		free_waiter(f, i);
		i = next;
	}
	forward_arm(f);
}

/*
 * True if the question is a repetition of the other. Over TCP nothing is lost, so there every question wants an answer
 * of its own.
 */
static bool same_asker(const struct waiter *a, const struct waiter *b)
{
	return !a->stream && !b->stream && a->id == b->id && a->kind == b->kind && a->dport == b->dport &&
	       a->src4.s_addr == b->src4.s_addr && IN6_ARE_ADDR_EQUAL(&a->src6, &b->src6) &&
	       IN6_ARE_ADDR_EQUAL(&a->dst6, &b->dst6);
}

static void read_waiter(const struct reply *q, const struct dns_query *query, struct waiter *w)
{
	*w = (struct waiter){
	    .next = FORWARD_NONE,
	    .kind = q->kind,
	    .src4 = q->src4,
	    .dst4 = q->dst4,
	    .src6 = q->src6,
	    .dst6 = q->dst6,
	    .sport = q->sport,
	    .dport = q->dport,
	    .id = query->id,
	    .flags = query->flags,
	    .exists = query->flags & DNS_FLAG_AA,
	    .limit = query->size,
	    .edns = query->edns,
	    .dnssec_ok = query->dnssec_ok,
	    .question_len = (uint16_t)query->question_len,
	};
	memcpy(w->mac, q->dst_mac, MAC_LEN);
	memcpy(w->question, query->question, query->question_len);
}

/* What makes two questions the same: name without case, type, and the flags on which the answer depends. */
static size_t make_key(const struct dns_query *q, uint8_t key[static FORWARD_KEY_MAX])
{
	struct wr w = wr_over(key, FORWARD_KEY_MAX);

	wr_bytes(&w, q->name, q->name_len);
	wr_u16(&w, q->type);
	wr_u8(&w, (uint8_t)((q->dnssec_ok ? 1 : 0) | (q->flags & DNS_FLAG_CD ? 2 : 0)));
	return wr_len(&w);
}

/* The ask for that key, or NULL; *empty: a free one, or NULL. */
static struct ask *find_ask(struct forward *f, const uint8_t *key, size_t len, struct ask **empty)
{
	*empty = NULL;
	for (size_t i = 0; i < f->asks_used; i++) {
		struct ask *a = &f->asks[i];
		if (a->stage == ASK_FREE)
			*empty = a;
		else if (a->key_len == len && memcmp(a->key, key, len) == 0)
			return a;
	}
	if (!*empty && f->asks_used < FORWARD_ASKS)
		*empty = &f->asks[f->asks_used++];
	return NULL;
}

/* Takes a free waiter; FORWARD_NONE if there is none. */
static uint16_t take_waiter(struct forward *f)
{
	uint16_t i = f->free_waiter;

	if (i != FORWARD_NONE)
		f->free_waiter = f->waiters[i].next;
	else if (f->waiters_used < FORWARD_WAITERS)
		i = f->waiters_used++;
	return i;
}

/* Lets the asker wait for that ask, behind the others. False if it waits already (*again) or no waiter is free. */
static bool join(struct forward *f, struct ask *a, const struct waiter *w, bool *again)
{
	uint16_t *last = &a->waiters, i;

	*again = false;
	for (; *last != FORWARD_NONE; last = &f->waiters[*last].next)
		*again = *again || same_asker(&f->waiters[*last], w);
	if (*again || (i = take_waiter(f)) == FORWARD_NONE)
		return false;
	f->waiters[i] = *w;
	*last = i;
	return true;
}

/*
 * Other servers are asked in lower case, whatever case the asker wrote. An answer must repeat the question octet by
 * octet, but some forwarders turn every question into lower case. For askers nothing changes: questions that differ in
 * case alone are one question anyway (RFC 4343 3), and each asker gets its own case back.
 */
static void set_question(struct ask *a, const struct dns_query *q)
{
	a->question_len = (uint16_t)q->question_len;
	memcpy(a->question, q->question, q->question_len);
	memcpy(a->question, q->name, q->name_len);
}

static void begin(struct forward *f, struct ask *a, const struct dns_query *q, const struct waiter *w,
		  const uint8_t *key, size_t key_len)
{
	bool again;

	*a = (struct ask){.stage = ASK_UDP, .waiters = FORWARD_NONE, .fd = -1, .first = f->best};
	a->key_len = (uint16_t)key_len;
	memcpy(a->key, key, key_len);
	set_question(a, q);
	a->dnssec_ok = q->dnssec_ok;
	a->checking_disabled = q->flags & DNS_FLAG_CD;
	f->under_way++;
	if (!join(f, a, w, &again)) {
		f->under_way--;
		a->stage = ASK_FREE;
		f->counts.refused++;
		forward_say_servfail(f, w);
		return;
	}
	ask_next(f, a);
}

/* stream: the question came by TCP, and the answer goes to `who`. */
static void take_question(struct forward *f, const struct reply *question, bool stream, uint64_t who)
{
	struct dns_query q;
	struct waiter w;
	struct ask *empty;
	uint8_t key[FORWARD_KEY_MAX];
	size_t len;
	uint32_t age;
	bool again = false;

	if (dns_query_parse(question->w.start, wr_len(&question->w), &q) != DNS_RCODE_NOERROR)
		return;
	f->counts.asked++;
	read_waiter(question, &q, &w);
	w.stream = stream;
	w.who = who;
	if (stream)
		w.limit = DNS_TCP_MAX;
	size_t key_len = make_key(&q, key);
	const uint8_t *wire = cache_get(f->cache, key, key_len, clock_ms() / 1000, &len, &age);
	if (wire) {
		f->counts.cached++;
		if (len)
			forward_say_answer(f, &w, wire, len, age);
		else /* all servers failed a moment ago */
			forward_say_servfail(f, &w);
		return;
	}
	struct ask *a = find_ask(f, key, key_len, &empty);
	if (a && join(f, a, &w, &again)) {
		f->counts.joined++;
	} else if (!a && empty && bucket_take(&f->rate, FORWARD_RATE, FORWARD_RATE, clock_ms())) {
		begin(f, empty, &q, &w, key, key_len);
	} else if (!again) {
		/* RFC 8906 2: silence would only make the guest ask again. */
		f->counts.refused++;
		forward_say_servfail(f, &w);
	}
}

void forward_ask(struct forward *f, const struct reply *question)
{
	take_question(f, question, false, 0);
}

void forward_ask_stream(struct forward *f, const struct reply *question, uint64_t who)
{
	take_question(f, question, true, who);
}

bool forward_decline(const struct guest *g, struct reply *q)
{
	struct dns_query query;
	struct waiter w;

	if (dns_query_parse(q->w.start, wr_len(&q->w), &query) != DNS_RCODE_NOERROR)
		return false;
	read_waiter(q, &query, &w);
	q->w.p = q->w.start;
	forward_write_servfail(&w, &q->w);
	return !q->w.full && pkt_wrap(q, g->service_mac);
}

bool forward_hold_back(const struct guest *g, struct reply *answer)
{
	/* An answer repeats its question. With QR cleared, forward_decline() reads it as that question. */
	if (wr_len(&answer->w) >= DNS_HEADER)
		answer->w.start[2] &= (uint8_t) ~(DNS_FLAG_QR >> 8);
	return forward_decline(g, answer);
}

int forward_fd(const struct forward *f)
{
	return f->epoll;
}

static void on_timer(struct forward *f)
{
	uint64_t expired, now = clock_ms();

	if (read(f->timer, &expired, sizeof(expired)) != sizeof(expired))
		return;
	f->armed = 0;
	for (size_t i = 0; i < f->asks_used; i++) {
		if (f->asks[i].stage != ASK_FREE && ask_due(&f->asks[i]) <= now)
			ask_timeout(f, &f->asks[i], now);
	}
	forward_arm(f);
}

void forward_run(struct forward *f)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(f->epoll, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++) {
		uint64_t what = events[i].data.u64;
		if (what == FORWARD_EVENT_TIMER) {
			on_timer(f);
		} else if (what == FORWARD_EVENT_RESOLVERS) {
			if (resolvers_update(&f->resolvers) && !f->named)
				take_servers(f, f->resolvers.at, f->resolvers.count);
		} else {
			struct ask *a = &f->asks[what & 0xffff];
			/* The event may be of a socket that was closed since; then the ask has another generation. */
			if (a->stage != ASK_FREE && a->generation == (uint32_t)(what >> 16))
				ask_event(f, a, events[i].events);
		}
	}
}

struct forward_counts forward_counts(const struct forward *f)
{
	return f->counts;
}

size_t forward_under_way(const struct forward *f)
{
	return f->under_way;
}
