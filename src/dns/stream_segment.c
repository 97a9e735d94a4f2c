/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a segment does to its connection. Specifications: RFC 9293 3.10.7.4, 5681 3, 5961 3-5, 6582 3.2. */
#include "dns/stream_priv.h"

#include <string.h>

/* RFC 9293 3.10.7.4, first: true if part of the segment, or the place of an empty one, is in the window. */
static bool is_acceptable(const struct conn *c, const struct tcp_segment *seg)
{
	uint32_t room = (uint32_t)(STREAM_INPUT - c->in_len);
	uint32_t from = seg->seq - c->rcv_nxt; /* how far beyond the next wanted octet */

	if (seg->space == 0)
		return room ? from < room : from == 0;
	/* A probe of a zero window: its data cannot be taken, but its acknowledgement counts. */
	return from < room || from == 0 ||
	       (tcp_before(seg->seq, c->rcv_nxt) && tcp_before(c->rcv_nxt, seg->seq + seg->space));
}

/*
 * Sends a challenge ACK (RFC 5961 3.2, 4.2, 5.2), from which the real peer knows how to go on; not too often, whatever
 * an attacker sends.
 */
static void challenge(struct stream *s, const struct guest *g, struct conn *c, uint64_t now)
{
	if (c->challenged && now - c->challenged < STREAM_CHALLENGE_MS)
		return;
	c->challenged = now;
	stream_send_ack(s, g, c);
}

static void begin_recovery(struct stream *s, const struct guest *g, struct conn *c)
{
	uint32_t mss = stream_mss(g, c), flight = c->max - c->una;

	c->ssthresh = flight / 2 > 2 * mss ? flight / 2 : 2 * mss;
	c->cwnd = c->ssthresh + 3 * mss;
	c->recover = c->max;
	c->recovering = true;
	stream_send_again(s, g, c);
}

/* RFC 5681 3.2, 6582 3.2: the third duplicate acknowledgement means that a segment is missing. */
static void count_duplicate(struct stream *s, const struct guest *g, struct conn *c)
{
	if (c->una == c->max || !c->wnd)
		return;
	if (c->recovering)
		c->cwnd += stream_mss(g, c);
	else if (++c->dups == 3)
		begin_recovery(s, g, c);
}

static void grow_window(struct stream *s, const struct guest *g, struct conn *c, uint32_t acked)
{
	uint32_t mss = stream_mss(g, c);

	c->dups = 0;
	if (c->recovering && tcp_before(c->una, c->recover)) {
		/* RFC 6582 3.2, step 3: the next hole. */
		stream_send_again(s, g, c);
		c->cwnd = c->cwnd > acked + mss ? c->cwnd - acked + mss : mss;
		return;
	}
	if (c->recovering) {
		c->recovering = false;
		c->cwnd = c->ssthresh;
	}
	/* RFC 5681 3.1; no window is larger than 65535. */
	if (c->cwnd < UINT16_MAX)
		c->cwnd += c->cwnd < c->ssthresh ? (acked < mss ? acked : mss) : 1 + mss * mss / c->cwnd;
}

/* Drops what is acknowledged from the output. The peer is alive. */
static void advance(struct stream *s, const struct guest *g, struct conn *c, uint32_t ack, uint64_t now)
{
	uint32_t acked = ack - c->una;
	size_t pending = conn_pending(c);

	c->fin_acked = acked > pending;
	c->head += c->fin_acked ? pending : acked;
	c->una = ack;
	if (tcp_before(c->nxt, ack))
		c->nxt = ack;
	if (c->head == c->tail)
		stream_drained(s, c);
	c->backoff = 0;
	c->timer = 0;
	c->progress = now;
	grow_window(s, g, c, acked);
}

/*
 * RFC 9293 3.10.7.4, fifth: takes the peer's window from the newest segment, and from each that acknowledges more,
 * because the window counts from there: with its old value it would reach further than the peer ever offered.
 */
static bool update_window(struct conn *c, const struct tcp_segment *seg, bool advanced)
{
	if (!advanced && !tcp_before(c->wl1, seg->seq) && (c->wl1 != seg->seq || tcp_before(seg->ack, c->wl2)))
		return false;
	bool changed = seg->window != c->wnd;
	/* The window opens again. The peer may not have kept the octets that probed it. */
	if (c->wnd == 0 && seg->window && seg->ack == c->una)
		c->nxt = c->una;
	c->wnd = seg->window;
	if (c->wnd > c->wnd_most)
		c->wnd_most = c->wnd;
	c->wl1 = seg->seq;
	c->wl2 = seg->ack;
	return changed;
}

/* Takes an acknowledgement. False if the rest of the segment is to be ignored. */
static bool take_ack(struct stream *s, const struct guest *g, struct conn *c, const struct tcp_segment *seg,
		     uint64_t now)
{
	/* RFC 9293 3.10.7.4: it acknowledges what was never sent. */
	if (tcp_before(c->max, seg->ack)) {
		challenge(s, g, c, now);
		return false;
	}
	/*
	 * RFC 5961 5.2: it is older than any acknowledgement of this connection can be: the peer's window was never
	 * larger.
	 */
	if (tcp_before(seg->ack, c->una - UINT16_MAX)) {
		challenge(s, g, c, now);
		return false;
	}
	bool again = seg->ack == c->una, more = tcp_before(c->una, seg->ack), changed = false;
	if (more)
		advance(s, g, c, seg->ack, now);
	if (again || more)
		changed = update_window(c, seg, more);
	if (again && !changed && seg->space == 0)
		count_duplicate(s, g, c);
	return true;
}

/* RFC 9293 3.10.7.4, in SYN-RECEIVED: fold's SYN is acknowledged, or the segment is of some other connection. */
static bool take_first_ack(struct stream *s, struct conn *c, const struct pkt *in, const struct tcp_segment *seg,
			   const struct guest *g, uint64_t now)
{
	if (seg->ack != c->max) {
		struct reply *r = s->setup.slot(s->setup.arg);
		reply_init(r);
		if (pkt_reset(in, NULL, r) == ANSWER_REPLY && pkt_wrap(r, g->service_mac))
			s->setup.keep(s->setup.arg);
		return false;
	}
	c->synced = true;
	c->una = c->nxt = seg->ack;
	c->backoff = 0;
	c->timer = 0;
	c->progress = now;
	c->wnd = c->wnd_most = seg->window;
	c->wl1 = seg->seq;
	c->wl2 = seg->ack;
	c->cwnd = STREAM_SEGMENTS * stream_mss(g, c);
	c->ssthresh = UINT16_MAX;
	return true;
}

/* RFC 9293 3.10.7.4, seventh and eighth: octets and the end, as far as they come in order and there is room. */
static void take_data(struct conn *c, const struct tcp_segment *seg, uint64_t now)
{
	uint32_t old = c->rcv_nxt - seg->seq; /* octets at its begin that are here already */
	size_t room = STREAM_INPUT - c->in_len;

	if (seg->space == 0)
		return;
	/*
	 * Every segment with data or a FIN is acknowledged, whatever becomes of it (RFC 5681 4.2: at once, if it is out
	 * of order).
	 */
	c->ack_now = true;
	if (c->peer_fin || tcp_before(c->rcv_nxt, seg->seq) || old > seg->len)
		return;
	size_t len = seg->len - old, taken = len < room ? len : room;
	memcpy(c->in + c->in_len, seg->data + old, taken);
	c->in_len += taken;
	c->rcv_nxt += (uint32_t)taken;
	/* Questions are progress only if the peer has read all its answers: otherwise it may not be alive. */
	if (taken && c->una == c->max && !conn_pending(c))
		c->progress = now;
	if (seg->flags & TCP_FIN && taken == len) {
		c->rcv_nxt++;
		c->peer_fin = true;
		c->progress = now;
	}
}

/* RFC 5961 3.2: a reset counts at exactly the next wanted octet; elsewhere in the window it is challenged. */
static void take_reset(struct stream *s, const struct guest *g, struct conn *c, const struct tcp_segment *seg,
		       uint64_t now)
{
	if (seg->seq == c->rcv_nxt)
		stream_free(s, c);
	else if (is_acceptable(c, seg))
		challenge(s, g, c, now);
}

/* Checks a segment. True if the connection is still there and something may have changed. */
static bool judge(struct stream *s, const struct guest *g, struct conn *c, const struct pkt *in,
		  const struct tcp_segment *seg, uint64_t now)
{
	if (seg->flags & TCP_RST) {
		take_reset(s, g, c, seg, now);
		return false;
	}
	/*
	 * RFC 5961 4.2: a SYN is challenged, wherever it is. A peer that has forgotten the connection answers that with
	 * a reset that fits.
	 */
	if (seg->flags & TCP_SYN) {
		challenge(s, g, c, now);
		return false;
	}
	if (!is_acceptable(c, seg)) {
		/* RFC 9293 3.10.7.4: acknowledge once more what came before. */
		stream_send_ack(s, g, c);
		return false;
	}
	if (!(seg->flags & TCP_ACK))
		return false;
	if (!c->synced)
		return take_first_ack(s, c, in, seg, g, now);
	return take_ack(s, g, c, seg, now);
}

void stream_take(struct stream *s, const struct guest *g, struct conn *c, const struct pkt *in,
		 const struct tcp_segment *seg, uint64_t now)
{
	if (!judge(s, g, c, in, seg, now))
		return;
	/* RFC 9293 3.6.1: fold has closed its side; a reset tells a peer that still asks that nobody listens. */
	if (c->fin_wanted && !c->peer_fin && seg->len && tcp_before(c->rcv_nxt, seg->seq + seg->len)) {
		stream_send_reset(s, g, c);
		return;
	}
	take_data(c, seg, now);
	stream_questions(s, g, c, now);
	if (c->used && c->peer_fin && c->fin_acked) {
		if (c->ack_now)
			stream_send_ack(s, g, c);
		stream_free(s, c);
	} else if (c->used) {
		stream_push(s, g, c, false, now);
	}
}
