/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments to the peer. Specifications: RFC 9293 3.1, 3.7.1, 3.8.6, 5681, 6691. */
#include "dns/dns_wire.h"
#include "dns/stream_priv.h"

#include <string.h>

#define MSS_OFFERED 1220 /* what every link with IPv6 carries, and the input buffer takes (RFC 6691) */
#define MSS_LEAST 88     /* with less, nearly all would be headers */
#define TCP_SYN_HEADER (TCP_HEADER + 4)

static uint32_t link_mss(const struct guest *g, const struct conn *c, uint32_t most)
{
	uint32_t headers = c->kind == PKT_TCP6 ? 40 + TCP_HEADER : 20 + TCP_HEADER;

	return g->id.mtu > headers && g->id.mtu - headers < most ? g->id.mtu - headers : most;
}

uint32_t stream_mss(const struct guest *g, const struct conn *c)
{
	uint32_t peer = c->peer_mss < MSS_LEAST ? MSS_LEAST : c->peer_mss;

	return link_mss(g, c, peer < REPLY_DATA_MAX - TCP_HEADER ? peer : REPLY_DATA_MAX - TCP_HEADER);
}

/*
 * RFC 9293 3.8.6: offers the free room. The window's edge never moves back: data takes as much room as it moves
 * rcv_nxt.
 */
static uint16_t window(struct conn *c)
{
	size_t room = STREAM_INPUT - c->in_len;

	c->rcv_edge = c->rcv_nxt + (uint32_t)room;
	return (uint16_t)room;
}

static void write_header(struct conn *c, uint32_t seq, uint8_t flags, size_t header, struct wr *w)
{
	wr_u16(w, DNS_PORT);
	wr_u16(w, c->port);
	wr_u32(w, seq);
	wr_u32(w, c->rcv_nxt);
	wr_u8(w, (uint8_t)(header / 4 << 4));
	wr_u8(w, flags);
	wr_u16(w, flags & TCP_RST ? 0 : window(c));
	wr_zero(w, 4); /* the checksum, which pkt_wrap() fills, and no urgent pointer */
}

static struct reply *begin(struct stream *s, const struct conn *c)
{
	struct reply *r = s->setup.slot(s->setup.arg);

	reply_init(r);
	r->kind = c->kind;
	memcpy(r->dst_mac, c->mac, MAC_LEN);
	r->src4 = c->src4;
	r->dst4 = c->dst4;
	r->src6 = c->src6;
	r->dst6 = c->dst6;
	r->sport = DNS_PORT;
	r->dport = c->port;
	return r;
}

static void finish(struct stream *s, const struct guest *g, struct reply *r)
{
	if (pkt_wrap(r, g->service_mac))
		s->setup.keep(s->setup.arg);
}

/* flags: in addition to ACK, which every segment of a connection carries. */
static void emit(struct stream *s, const struct guest *g, struct conn *c, uint32_t seq, uint8_t flags,
		 const uint8_t *data, size_t len)
{
	struct reply *r = begin(s, c);

	write_header(c, seq, (uint8_t)(flags | TCP_ACK), TCP_HEADER, &r->w);
	wr_bytes(&r->w, data, len);
	finish(s, g, r);
	c->ack_now = false;
}

/* RFC 9293 3.7.1: MSS, our only option. */
void stream_send_syn(struct stream *s, const struct guest *g, struct conn *c)
{
	struct reply *r = begin(s, c);

	write_header(c, c->una, TCP_SYN | TCP_ACK, TCP_SYN_HEADER, &r->w);
	wr_u8(&r->w, 2);
	wr_u8(&r->w, 4);
	wr_u16(&r->w, (uint16_t)link_mss(g, c, MSS_OFFERED));
	finish(s, g, r);
	c->ack_now = false;
}

void stream_send_ack(struct stream *s, const struct guest *g, struct conn *c)
{
	emit(s, g, c, c->max, 0, NULL, 0);
}

/* RFC 5961 3.2: with the number that the peer expects next, if it has all that was sent. */
void stream_send_reset(struct stream *s, const struct guest *g, struct conn *c)
{
	emit(s, g, c, c->max, TCP_RST, NULL, 0);
	stream_free(s, c);
}

/*
 * Sends octets of out from `from` on, and with them the FIN if it is due and they are the last. Returns how many
 * sequence numbers they take.
 */
static uint32_t send_data(struct stream *s, const struct guest *g, struct conn *c, size_t from, size_t len)
{
	bool last = from + len == conn_pending(c);
	bool fin = last && c->fin_wanted;
	/* RFC 9293 3.8.1: PSH, because the peer gets no more to read for now. */
	uint8_t flags = (uint8_t)((last && len ? TCP_PSH : 0) | (fin ? TCP_FIN : 0));

	emit(s, g, c, c->una + (uint32_t)from, flags, stream_out(s, c) + c->head + from, len);
	return (uint32_t)len + fin;
}

void stream_send_again(struct stream *s, const struct guest *g, struct conn *c)
{
	size_t mss = stream_mss(g, c), len = conn_pending(c), sent = c->max - c->una;

	/* Nothing new: stream_push() sends that, because it checks the window and counts what is sent. */
	len = len < sent ? len : sent;
	len = len < mss ? len : mss;
	/* If the window has shrunk (RFC 9293 3.8.6), no more than it holds, but at least one octet. */
	if (len > c->wnd)
		len = c->wnd ? c->wnd : 1;
	send_data(s, g, c, 0, len);
}

/*
 * RFC 9293 3.8.6.2.1: the length of the next segment, out of `left` octets behind `sent` that are under way; 0: not
 * now.
 */
static size_t next_len(const struct conn *c, size_t mss, size_t sent, size_t left, bool force)
{
	size_t limit = c->wnd < c->cwnd ? c->wnd : c->cwnd;
	size_t len = limit > sent ? limit - sent : 0;

	len = len < mss ? len : mss;
	if (len >= left)
		return left;
	if (force)
		return len ? len : 1; /* RFC 9293 3.8.6.1: at least one new octet, even if the window is zero */
	return len == mss || (len && len >= c->wnd_most / 2) ? len : 0;
}

static void set_timer(struct conn *c, uint64_t now)
{
	bool waits = tcp_before(c->una, c->max) || conn_pending(c) || (c->fin_wanted && !c->fin_acked);

	if (!waits)
		c->timer = 0;
	else if (!c->timer)
		c->timer = now + ((uint64_t)STREAM_RTO_MS << c->backoff);
}

void stream_push(struct stream *s, const struct guest *g, struct conn *c, bool force, uint64_t now)
{
	size_t mss = stream_mss(g, c);

	for (unsigned n = 0; c->synced && n < STREAM_BURST; n++) {
		size_t sent = c->nxt - c->una, pending = conn_pending(c);
		/* The FIN has been sent, or is acknowledged. */
		if (sent > pending || c->fin_acked)
			break;
		size_t len = next_len(c, mss, sent, pending - sent, force);
		if (!len && !(c->fin_wanted && sent == pending))
			break;
		c->nxt += send_data(s, g, c, sent, len);
		if (tcp_before(c->max, c->nxt))
			c->max = c->nxt;
		force = false;
	}
	/* RFC 9293 3.8.6.2.2: a window that has opened by much is worth a segment of its own. */
	if (!c->peer_fin && c->rcv_nxt + (uint32_t)(STREAM_INPUT - c->in_len) - c->rcv_edge >= STREAM_INPUT / 2)
		c->ack_now = true;
	if (c->ack_now)
		stream_send_ack(s, g, c);
	set_timer(c, now);
}
