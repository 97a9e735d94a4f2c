/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP segment refused. Specifications: RFC 9293 3.1, 3.10.7.1. */
#include "base/rd.h"
#include "pkt/pkt.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

#define TCP_HEADER 20

struct segment {
	uint32_t seq, ack;
	uint8_t flags;
	uint32_t len; /* RFC 9293 3.4: data, and one each for SYN and FIN */
};

/* pkt_decode() has seen to it that the header is whole. */
static bool segment_parse(const struct pkt *in, struct segment *s)
{
	struct rd r = rd_over(in->data, in->len);

	rd_u32(&r);
	s->seq = rd_u32(&r);
	s->ack = rd_u32(&r);
	size_t header = (size_t)(rd_u8(&r) >> 4) * 4;
	s->flags = rd_u8(&r);
	rd_bytes(&r, 6);
	if (r.bad || header < TCP_HEADER || header > in->len)
		return false;
	s->len = (uint32_t)(in->len - header) + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
	return true;
}

/*
 * RFC 9293 3.10.7.1, there is no connection: a segment that acknowledges something gets a reset at that very place;
 * any other one a reset at 0 that acknowledges the segment.
 */
static void reset_build(const struct pkt *in, const struct segment *s, struct wr *w)
{
	bool acks = s->flags & TCP_ACK;

	wr_u16(w, in->dport);
	wr_u16(w, in->sport);
	wr_u32(w, acks ? s->ack : 0);
	wr_u32(w, acks ? 0 : s->seq + s->len);
	wr_u8(w, TCP_HEADER / 4 << 4);
	wr_u8(w, acks ? TCP_RST : TCP_RST | TCP_ACK);
	wr_zero(w, 6); /* window, checksum (pkt_wrap fills it), urgent pointer */
}

enum answer pkt_reset(const struct pkt *in, const char *event, struct reply *out)
{
	struct segment s;

	if (!segment_parse(in, &s))
		return reply_refuse(out, DROP_TRUNCATED);
	/* RFC 9293 3.10.7.1: a reset is never answered. */
	if (s.flags & TCP_RST)
		return ANSWER_QUIET;
	reply_return(in, out);
	reset_build(in, &s, &out->w);
	if (out->w.full)
		return reply_refuse(out, DROP_REPLY_FULL);
	out->event = event;
	return ANSWER_REPLY;
}
