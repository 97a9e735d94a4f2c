/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/dns.h"

#include "dns/dns_decide.h"

#include <string.h>

#define MTU_HEADERS4 28 /* IPv4 and UDP */
#define MTU_HEADERS6 48

_Static_assert(DNS_UDP_MAX == ZONE_ANSWER_MAX, "a zone warns of what is cut here");

/* What the asker takes, what fold sends at most, and what the link carries in one piece. */
static size_t limit_of(const struct guest *g, const struct dns_query *q, bool six)
{
	size_t limit = q->edns && q->size < DNS_UDP_MAX ? q->size : q->edns ? DNS_UDP_MAX : DNS_UDP_MIN;
	size_t headers = six ? MTU_HEADERS6 : MTU_HEADERS4;

	if (g->id.mtu > headers && g->id.mtu - headers < limit)
		limit = g->id.mtu - headers;
	return limit;
}

/*
 * The question in a form that forward_ask() reads with the same parser: header, question, and an OPT record that says how
 * long the answer may be. What else stood in the message stays here.
 */
static void write_question(const struct dns_query *q, size_t limit, struct wr *w)
{
	wr_u16(w, q->id);
	wr_u16(w, q->flags & (DNS_FLAG_RD | DNS_FLAG_CD));
	wr_u16(w, 1);
	wr_u16(w, 0);
	wr_u16(w, 0);
	wr_u16(w, q->edns);
	wr_bytes(w, q->question, q->question_len);
	if (!q->edns)
		return;
	wr_u8(w, 0);
	wr_u16(w, DNS_TYPE_OPT);
	wr_u16(w, (uint16_t)limit);
	wr_u32(w, q->dnssec_ok ? DNS_EDNS_DO : 0);
	wr_u16(w, 0);
}

/* Back to where it came from, from the address and port that it was sent to. */
static void address(const struct pkt *in, struct reply *out)
{
	out->kind = in->kind;
	memcpy(out->dst_mac, in->src_mac, MAC_LEN);
	out->src4 = in->dst4;
	out->dst4 = in->src4;
	out->src6 = in->dst6;
	out->dst6 = in->src6;
	out->sport = in->dport;
	out->dport = in->sport;
}

static const char *event_of(const struct dns_reply *a)
{
	switch (a->rcode) {
	case DNS_RCODE_NOERROR:
		return a->soa ? "DNS: no such record" : "DNS: answered";
	case DNS_RCODE_NXDOMAIN:
		return "DNS: no such name";
	case DNS_RCODE_REFUSED:
		return "DNS: refused";
	default:
		return "DNS: not understood";
	}
}

static enum answer answer(const struct guest *g, const struct pkt *in, enum dns_asker who, struct reply *out)
{
	const struct dns_policy *d = &g->dns;
	struct dns_query q;
	int code = dns_query_parse(in->data, in->len, &q);

	/* RFC 768: port 0 means that no answer is wanted. */
	if (code < 0 || in->sport == 0)
		return reply_refuse(out, DROP_DNS_FORM);
	struct dns_reply a = {
	    .rcode = (uint16_t)code,
	    .recursion = d->forward && who == DNS_ASKER_GUEST,
	    .zone = d->zone,
	    .ttl = d->ttl,
	    .limit = limit_of(g, &q, in->kind == PKT_UDP6),
	};
	bool forward = code == DNS_RCODE_NOERROR && dns_decide(d, &q, who, &a);
	address(in, out);
	if (forward)
		write_question(&q, a.limit, &out->w);
	else
		dns_reply_build(&q, &a, &out->w);
	if (out->w.full)
		return reply_refuse(out, DROP_REPLY_FULL);
	out->event = forward ? NULL : event_of(&a);
	return forward ? ANSWER_FORWARD : ANSWER_REPLY;
}

static bool is_server(const struct guest *g, const struct pkt *in)
{
	if (dns_is_service(g, in))
		return true;
	if (in->kind == PKT_UDP4)
		return in->dst4.s_addr && in->dst4.s_addr == g->dns.server4.s_addr;
	return !IN6_IS_ADDR_UNSPECIFIED(&in->dst6) && IN6_ARE_ADDR_EQUAL(&in->dst6, &g->dns.server6);
}

/* An answer must come from the address that was asked, and these are nobody's to send from. */
static bool is_group(const struct guest *g, const struct pkt *in)
{
	if (in->kind == PKT_UDP6)
		return IN6_IS_ADDR_MULTICAST(&in->dst6) || IN6_IS_ADDR_UNSPECIFIED(&in->dst6);
	uint32_t dst = ntohl(in->dst4.s_addr);
	return dst == 0 || dst >> 28 == 0xe || dst == UINT32_MAX ||
	       (g->id.ip4.len <= 30 && in->dst4.s_addr == ip4_broadcast(g->id.ip4).s_addr);
}

enum answer dns_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	if ((in->kind != PKT_UDP4 && in->kind != PKT_UDP6) || in->dport != DNS_PORT || !g->dns.on || is_group(g, in))
		return ANSWER_NOT_MINE;
	if (!g->dns.intercept_all && !is_server(g, in))
		return ANSWER_NOT_MINE;
	if (!dns_is_own_source(g, in))
		return reply_refuse(out, DROP_SOURCE_ADDRESS);
	return answer(g, in, DNS_ASKER_GUEST, out);
}

enum answer dns_answer_network(const struct guest *g, const struct pkt *in, struct reply *out)
{
	bool own;

	if ((in->kind != PKT_UDP4 && in->kind != PKT_UDP6) || in->dport != DNS_PORT || !g->dns.serve)
		return ANSWER_NOT_MINE;
	if (in->kind == PKT_UDP4)
		own = g->id.has4 && in->dst4.s_addr == g->id.ip4.addr.s_addr;
	else
		own = g->id.has6 && IN6_ARE_ADDR_EQUAL(&in->dst6, &g->id.ip6.addr);
	if (!own)
		return ANSWER_NOT_MINE;
	/* An answer to a group, or to the VM itself, is one that nobody asked for. */
	uint32_t src = ntohl(in->src4.s_addr);
	bool bad = in->kind == PKT_UDP4
		       ? src >> 24 == 0 || src >> 24 == 127 || src >> 28 >= 0xe || src == ntohl(in->dst4.s_addr)
		       : IN6_IS_ADDR_MULTICAST(&in->src6) || IN6_IS_ADDR_UNSPECIFIED(&in->src6) ||
			     IN6_IS_ADDR_LOOPBACK(&in->src6) || IN6_ARE_ADDR_EQUAL(&in->src6, &in->dst6);
	if (bad || mac_is_multicast(in->src_mac))
		return reply_refuse(out, DROP_SOURCE_ADDRESS);
	return answer(g, in, DNS_ASKER_NETWORK, out);
}
