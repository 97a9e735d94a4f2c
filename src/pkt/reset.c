/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refuses a TCP segment. Specifications: RFC 9293 3.1, 3.10.7.1. */
#include "pkt/tcp.h"

/*
 * RFC 9293 3.10.7.1, there is no connection: a segment with ACK gets a reset whose sequence number is the
 * acknowledged one; any other segment gets a reset with sequence number 0 that acknowledges the segment.
 */
static void reset_build(const struct pkt *in, const struct tcp_segment *s, struct wr *w)
{
	bool acks = s->flags & TCP_ACK;

	wr_u16(w, in->dport);
	wr_u16(w, in->sport);
	wr_u32(w, acks ? s->ack : 0);
	wr_u32(w, acks ? 0 : s->seq + s->space);
	wr_u8(w, TCP_HEADER / 4 << 4);
	wr_u8(w, acks ? TCP_RST : TCP_RST | TCP_ACK);
	wr_zero(w, 6); /* window, checksum (pkt_wrap fills it), urgent pointer */
}

enum answer pkt_reset(const struct pkt *in, const char *event, struct reply *out)
{
	struct tcp_segment s;

	if (!tcp_parse(in, &s))
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
