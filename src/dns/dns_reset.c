/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS over TCP: refused at once. Specifications: RFC 9293 3.1, 3.10.7.1, RFC 4291 2.5.6. */
#include "dns/dns.h"

#include "base/rd.h"
#include "dns/dns_decide.h"

#include <string.h>

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

#define TCP_HEADER 20

static bool is_four(const struct pkt *in)
{
	return in->kind == PKT_UDP4 || in->kind == PKT_TCP4;
}

/* The guest forms the lower half of its link-local address as it likes. */
bool dns_is_own_source(const struct guest *g, const struct pkt *in)
{
	static const uint8_t link_local[8] = {0xfe, 0x80};

	if (is_four(in))
		return g->id.has4 && in->src4.s_addr == g->id.ip4.addr.s_addr;
	if (!g->id.has6)
		return false;
	return IN6_ARE_ADDR_EQUAL(&in->src6, &g->id.ip6.addr) || memcmp(&in->src6, link_local, sizeof(link_local)) == 0;
}

bool dns_is_service(const struct guest *g, const struct pkt *in)
{
	if (is_four(in))
		return guest_serves4(g, in->dst4);
	return guest_serves6(g, &in->dst6) || (g->id.has6 && IN6_ARE_ADDR_EQUAL(&in->dst6, &g->link_local));
}

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

enum answer dns_reset(const struct guest *g, const struct pkt *in, struct reply *out)
{
	struct segment s;

	if ((in->kind != PKT_TCP4 && in->kind != PKT_TCP6) || in->dport != DNS_PORT || !g->dns.on ||
	    !dns_is_service(g, in))
		return ANSWER_NOT_MINE;
	if (!dns_is_own_source(g, in))
		return reply_refuse(out, DROP_SOURCE_ADDRESS);
	if (!segment_parse(in, &s))
		return reply_refuse(out, DROP_TRUNCATED);
	/* RFC 9293 3.10.7.1: a reset is never answered. */
	if (s.flags & TCP_RST)
		return ANSWER_QUIET;
	out->kind = in->kind;
	memcpy(out->dst_mac, in->src_mac, MAC_LEN);
	out->src4 = in->dst4;
	out->dst4 = in->src4;
	out->src6 = in->dst6;
	out->dst6 = in->src6;
	reset_build(in, &s, &out->w);
	if (out->w.full)
		return reply_refuse(out, DROP_REPLY_FULL);
	out->event = "DNS: no TCP here";
	return ANSWER_REPLY;
}
