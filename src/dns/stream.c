/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of connections and their timers. Specifications: RFC 9293 3.10.7.1, 3.10.7.2, 3.8.1, 6298 5, 7766 6.2.3. */
#include "dns/stream.h"

#include "dns/dns_wire.h"
#include "dns/stream_priv.h"

#include <errno.h>
#include <string.h>

#include <sys/mman.h>

#define MSS_DEFAULT4 536 /* RFC 9293 3.7.1 */
#define MSS_DEFAULT6 1220

/*
 * After so long without progress a connection may have to make room for another: with an unfinished handshake, with all
 * its questions answered, and with a question or an answer pending. An honest guest goes on within that time, on a busy
 * machine too. Even a connection with something pending is protected for ROOM_LONGEST_MS only.
 */
#define ROOM_BEGUN_MS 50
#define ROOM_IDLE_MS 100
#define ROOM_BUSY_MS 1000
#define ROOM_LONGEST_MS 30000

int stream_open(const struct stream_setup *setup, struct stream **out)
{
	/* mmap() instead of malloc(): pages that are never used stay untouched. */
	struct stream *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		return -ENOMEM;
	s->setup = *setup;
	*out = s;
	return 0;
}

void stream_close(struct stream *s)
{
	if (s)
		munmap(s, sizeof(*s));
}

size_t stream_count(const struct stream *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->used; i++)
		n += s->conns[i].used;
	return n;
}

uint8_t *stream_out(struct stream *s, const struct conn *c)
{
	return s->out[c - s->conns];
}

uint64_t stream_handle(const struct stream *s, const struct conn *c)
{
	return (uint64_t)c->generation << 16 | (uint64_t)(c - s->conns);
}

void stream_drained(struct stream *s, struct conn *c)
{
	c->head = c->tail = 0;
	/* Long answers are rare: the host gets the pages back until the next one. */
	if (c->long_output)
		madvise(stream_out(s, c), STREAM_OUTPUT, MADV_DONTNEED);
	c->long_output = false;
}

void stream_free(struct stream *s, struct conn *c)
{
	stream_drained(s, c);
	c->used = false;
}

static bool is_from(const struct conn *c, const struct pkt *in)
{
	if (!c->used || c->kind != in->kind || c->port != in->sport)
		return false;
	if (in->kind == PKT_TCP4)
		return c->dst4.s_addr == in->src4.s_addr && c->src4.s_addr == in->dst4.s_addr;
	return IN6_ARE_ADDR_EQUAL(&c->dst6, &in->src6) && IN6_ARE_ADDR_EQUAL(&c->src6, &in->dst6);
}

static struct conn *find(struct stream *s, const struct pkt *in)
{
	for (size_t i = 0; i < s->used; i++) {
		if (is_from(&s->conns[i], in))
			return &s->conns[i];
	}
	return NULL;
}

/* True while something is pending: the first question, an answer, or octets that the peer has not acknowledged. */
static bool is_waited_for(const struct conn *c)
{
	return !c->asked || c->under_way || conn_pending(c);
}

static bool may_go(const struct conn *c, uint64_t now)
{
	uint64_t silent = now - c->progress;

	if (!c->synced || !is_waited_for(c))
		return silent >= (c->synced ? ROOM_IDLE_MS : ROOM_BEGUN_MS);
	return silent >= ROOM_BUSY_MS || now - c->born >= ROOM_LONGEST_MS;
}

/*
 * True if a has less to lose than b: first unfinished handshakes, then connections with nothing pending, then the
 * longest silent.
 */
static bool is_less(const struct conn *a, const struct conn *b)
{
	if (a->synced != b->synced)
		return !a->synced;
	if (is_waited_for(a) != is_waited_for(b))
		return !is_waited_for(a);
	return a->progress < b->progress;
}

/*
 * Ends a connection to make room. A peer that has all its answers gets a FIN, and may yet read the last answer
 * (RFC 7766 6.2.4); what it sends later is answered by a reset, which by then does no harm. All others get a reset at
 * once.
 */
static void hang_up(struct stream *s, const struct guest *g, struct conn *c)
{
	if (!c->synced || is_waited_for(c) || c->fin_wanted) {
		stream_send_reset(s, g, c);
		return;
	}
	c->fin_wanted = true;
	stream_send_again(s, g, c);
	stream_free(s, c);
}

/*
 * Finds a place for one more connection. A guest that opens too many loses those that it does not use, so its own
 * questions get through whatever else it does. NULL: all are busy, and the newcomer has to try again, which it does
 * after a second (RFC 6298 2.1).
 */
static struct conn *take_place(struct stream *s, const struct guest *g, uint64_t now)
{
	struct conn *least = NULL;

	for (size_t i = 0; i < s->used; i++) {
		struct conn *c = &s->conns[i];
		if (!c->used)
			return c;
		if (may_go(c, now) && (!least || is_less(c, least)))
			least = c;
	}
	if (s->used < STREAM_CONNECTIONS)
		return &s->conns[s->used++];
	if (least)
		hang_up(s, g, least);
	return least;
}

/* RFC 9293 3.10.7.2, in LISTEN: data that comes with a SYN is not kept; the peer sends it again. */
static void begin(struct stream *s, const struct guest *g, struct conn *c, const struct pkt *in,
		  const struct tcp_segment *seg, uint64_t now)
{
	memset(c, 0, offsetof(struct conn, in));
	c->used = true;
	c->generation = ++s->generation;
	c->kind = in->kind;
	memcpy(c->mac, in->src_mac, MAC_LEN);
	c->src4 = in->dst4;
	c->dst4 = in->src4;
	c->src6 = in->dst6;
	c->dst6 = in->src6;
	c->port = in->sport;
	c->peer_mss = seg->mss ? seg->mss : in->kind == PKT_TCP6 ? MSS_DEFAULT6 : MSS_DEFAULT4;
	c->una = s->setup.first(s->setup.arg, in);
	c->nxt = c->max = c->una + 1;
	c->rcv_nxt = c->rcv_edge = seg->seq + 1;
	c->born = c->progress = now;
	stream_send_syn(s, g, c);
	stream_push(s, g, c, false, now); /* only to set the timer */
}

/* RFC 9293 3.10.7.1 */
static void refuse(struct stream *s, const struct guest *g, const struct pkt *in)
{
	struct reply *r = s->setup.slot(s->setup.arg);

	reply_init(r);
	if (pkt_reset(in, "DNS: no such connection", r) != ANSWER_REPLY || !pkt_wrap(r, g->service_mac))
		return;
	if (s->setup.note)
		s->setup.note(s->setup.arg, r->event, false);
	s->setup.keep(s->setup.arg);
}

/* A SYN without a connection, or for one whose handshake was never finished. */
static void take_syn(struct stream *s, const struct guest *g, struct conn *c, const struct pkt *in,
		     const struct tcp_segment *seg, uint64_t now)
{
	if (c && seg->seq + 1 == c->rcv_nxt) {
		stream_send_syn(s, g, c);
		return;
	}
	if (!c)
		c = take_place(s, g, now);
	if (c)
		begin(s, g, c, in, seg, now);
}

void stream_segment(struct stream *s, const struct guest *g, const struct frame *f, uint64_t now)
{
	struct pkt in;
	struct tcp_segment seg;

	if (pkt_decode(f, &in) != DROP_NONE || (in.kind != PKT_TCP4 && in.kind != PKT_TCP6) || !tcp_parse(&in, &seg))
		return;
	struct conn *c = find(s, &in);
	bool syn = (seg.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN && in.sport;
	if (syn && (!c || !c->synced))
		take_syn(s, g, c, &in, &seg, now);
	else if (c)
		stream_take(s, g, c, &in, &seg, now);
	else
		refuse(s, g, &in);
}

/* True while the connection only waits for other servers, which may take as long as they need. */
static bool waits_for_others(const struct conn *c)
{
	return c->under_way && c->una == c->max && !conn_pending(c);
}

static uint64_t deadline_of(const struct conn *c)
{
	uint64_t end = waits_for_others(c) ? 0 : c->progress + STREAM_SILENCE_MS;

	return c->timer && (!end || c->timer < end) ? c->timer : end;
}

uint64_t stream_deadline(const struct stream *s)
{
	uint64_t first = 0;

	for (size_t i = 0; i < s->used; i++) {
		uint64_t at = s->conns[i].used ? deadline_of(&s->conns[i]) : 0;
		if (at && (!first || at < first))
			first = at;
	}
	return first;
}

/* Ends a connection that made no progress for too long. */
static void give_up(struct stream *s, const struct guest *g, struct conn *c, uint64_t now)
{
	bool idle = c->synced && !c->under_way && !conn_pending(c) && !c->fin_wanted;

	if (!c->synced) {
		stream_free(s, c);
	} else if (!idle) {
		stream_send_reset(s, g, c);
	} else {
		/*
		 * RFC 7766 6.2.3, 6.2.4: fold may close it at any time between answers, but not while the client waits
		 * for one.
		 */
		c->fin_wanted = true;
		c->progress = now;
		stream_push(s, g, c, false, now);
	}
}

/*
 * RFC 6298 5.4 to 5.6, 5681 3.1: the timer expired. Sends again from the oldest octet on, because fold does not know
 * what arrived behind a loss.
 */
static void repeat(struct stream *s, const struct guest *g, struct conn *c, uint64_t now)
{
	uint32_t mss = stream_mss(g, c), flight = c->max - c->una;

	c->backoff = (uint8_t)(c->backoff < STREAM_RTO_DOUBLINGS ? c->backoff + 1 : c->backoff);
	c->timer = 0;
	if (!c->synced)
		stream_send_syn(s, g, c);
	c->ssthresh = flight / 2 > 2 * mss ? flight / 2 : 2 * mss;
	c->cwnd = mss;
	c->recovering = false;
	c->dups = 0;
	c->nxt = c->synced ? c->una : c->nxt;
	stream_push(s, g, c, true, now);
}

void stream_due(struct stream *s, const struct guest *g, uint64_t now)
{
	for (size_t i = 0; i < s->used; i++) {
		struct conn *c = &s->conns[i];
		if (!c->used || now < deadline_of(c) || !deadline_of(c))
			continue;
		if (!waits_for_others(c) && now - c->progress >= STREAM_SILENCE_MS)
			give_up(s, g, c, now);
		else
			repeat(s, g, c, now);
	}
}
