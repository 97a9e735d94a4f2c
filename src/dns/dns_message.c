/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specifications: RFC 1035 4.2 (how long a message may be), 6891 6.2.3, 7766. */
#include "dns/dns_message.h"

#define MTU_HEADERS4 28 /* IPv4 and UDP */
#define MTU_HEADERS6 48

_Static_assert(DNS_UDP_MAX == ZONE_PACKET_MAX && DNS_TCP_MAX == ZONE_STREAM_MAX, "a zone warns of what is cut here");

/*
 * The longest answer: what the asker accepts, what fold sends at most and what the link carries in one piece, whichever
 * is least.
 */
static size_t limit_of(const struct guest *g, const struct dns_query *q, enum pkt_kind by)
{
	/* RFC 6891 6.2.3: the size is that of UDP alone. */
	if (by == PKT_TCP4 || by == PKT_TCP6)
		return DNS_TCP_MAX;
	size_t limit = q->edns && q->size < DNS_UDP_MAX ? q->size : q->edns ? DNS_UDP_MAX : DNS_UDP_MIN;
	size_t headers = by == PKT_UDP6 ? MTU_HEADERS6 : MTU_HEADERS4;
	if (g->id.mtu > headers && g->id.mtu - headers < limit)
		limit = g->id.mtu - headers;
	return limit;
}

/*
 * Writes the question in a form that forward_ask() reads with the same parser: header, question, and an OPT record that
 * says how long the answer may be. Nothing else of the message is passed on. AA says that the name exists.
 */
static void write_question(const struct dns_query *q, const struct dns_reply *a, struct wr *w)
{
	wr_u16(w, q->id);
	wr_u16(w, (uint16_t)((q->flags & (DNS_FLAG_RD | DNS_FLAG_CD)) | (a->exists ? DNS_FLAG_AA : 0)));
	wr_u16(w, 1);
	wr_u16(w, 0);
	wr_u16(w, 0);
	wr_u16(w, q->edns);
	wr_bytes(w, q->question, q->question_len);
	if (!q->edns)
		return;
	wr_u8(w, 0);
	wr_u16(w, DNS_TYPE_OPT);
	wr_u16(w, (uint16_t)a->limit);
	wr_u32(w, q->dnssec_ok ? DNS_EDNS_DO : 0);
	wr_u16(w, 0);
}

const char *dns_message_event(const struct dns_message *m)
{
	switch (m->a.rcode) {
	case DNS_RCODE_NOERROR:
		return m->a.soa ? "DNS: no such record" : "DNS: answered";
	case DNS_RCODE_NXDOMAIN:
		return "DNS: no such name";
	case DNS_RCODE_REFUSED:
		return "DNS: refused";
	default:
		return "DNS: not understood";
	}
}

enum answer dns_message_read(const struct guest *g, enum dns_asker who, enum pkt_kind by, const uint8_t *data,
			     size_t len, struct dns_message *m)
{
	const struct dns_policy *d = &g->dns;
	int code = dns_query_parse(data, len, &m->q);

	if (code < 0)
		return ANSWER_DROP;
	m->a = (struct dns_reply){
	    .rcode = (uint16_t)code,
	    .recursion = d->forward && who == DNS_ASKER_GUEST,
	    .zone = d->zone,
	    .ttl = d->ttl,
	    .limit = limit_of(g, &m->q, by),
	};
	return code == DNS_RCODE_NOERROR && dns_decide(d, &m->q, who, &m->a) ? ANSWER_FORWARD : ANSWER_REPLY;
}

void dns_message_write(const struct dns_message *m, bool forward, struct wr *w)
{
	if (forward)
		write_question(&m->q, &m->a, w);
	else
		dns_reply_build(&m->q, &m->a, w);
}
