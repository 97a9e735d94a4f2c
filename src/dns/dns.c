/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/dns.h"

#include "dns/dns_message.h"

/* Addresses the answer to the asker, from the address and port that the question was sent to. */
static void address(const struct pkt *in, struct reply *out)
{
	reply_return(in, out);
	out->sport = in->dport;
	out->dport = in->sport;
}

static enum answer answer(const struct guest *g, const struct pkt *in, enum dns_asker who, struct reply *out)
{
	struct dns_message m;

	/* RFC 768: port 0 means that no answer is wanted. */
	if (in->sport == 0)
		return reply_refuse(out, DROP_DNS_FORM);
	enum answer a = dns_message_read(g, who, in->kind, in->data, in->len, &m);
	if (a == ANSWER_DROP)
		return reply_refuse(out, DROP_DNS_FORM);
	address(in, out);
	dns_message_write(&m, a == ANSWER_FORWARD, &out->w);
	if (out->w.full)
		return reply_refuse(out, DROP_REPLY_FULL);
	out->event = a == ANSWER_FORWARD ? NULL : dns_message_event(&m);
	return a;
}

/* True for destinations that nobody may send from: an answer must come from the address that was asked. */
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
	if (!g->dns.intercept_all && !dns_is_service(g, in))
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
	/* The answer would go to a group, or to the VM itself: no real client asks from such a source. */
	uint32_t src = ntohl(in->src4.s_addr);
	bool bad = in->kind == PKT_UDP4
		       ? src >> 24 == 0 || src >> 24 == 127 || src >> 28 >= 0xe || src == ntohl(in->dst4.s_addr)
		       : IN6_IS_ADDR_MULTICAST(&in->src6) || IN6_IS_ADDR_UNSPECIFIED(&in->src6) ||
			     IN6_IS_ADDR_LOOPBACK(&in->src6) || IN6_ARE_ADDR_EQUAL(&in->src6, &in->dst6);
	if (bad || mac_is_multicast(in->src_mac))
		return reply_refuse(out, DROP_SOURCE_ADDRESS);
	return answer(g, in, DNS_ASKER_NETWORK, out);
}
