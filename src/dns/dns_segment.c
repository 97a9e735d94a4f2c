/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS over TCP: which segments are fold's. Specifications: RFC 9293 3.10.7.1 (pkt_reset), RFC 4291 2.5.6. */
#include "dns/dns.h"

#include "dns/dns_decide.h"

#include <string.h>

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
	/* RFC 7217, RFC 8981: with any_source6, the guest may form stable and temporary addresses in its prefix. */
	return IN6_ARE_ADDR_EQUAL(&in->src6, &g->id.ip6.addr) || (g->any_source6 && ip6_in(g->id.ip6, in->src6)) ||
	       memcmp(&in->src6, link_local, sizeof(link_local)) == 0;
}

bool dns_is_service(const struct guest *g, const struct pkt *in)
{
	if (is_four(in))
		return guest_serves4(g, in->dst4) || (in->dst4.s_addr && in->dst4.s_addr == g->dns.server4.s_addr);
	if (!g->id.has6 || IN6_IS_ADDR_UNSPECIFIED(&in->dst6))
		return false;
	return guest_serves6(g, &in->dst6) || IN6_ARE_ADDR_EQUAL(&in->dst6, &g->link_local) ||
	       IN6_ARE_ADDR_EQUAL(&in->dst6, &g->dns.server6);
}

enum answer dns_segment(const struct guest *g, const struct pkt *in, struct reply *out)
{
	if ((in->kind != PKT_TCP4 && in->kind != PKT_TCP6) || in->dport != DNS_PORT || !dns_is_service(g, in))
		return ANSWER_NOT_MINE;
	if (!dns_is_own_source(g, in))
		return reply_refuse(out, DROP_SOURCE_ADDRESS);
	return g->dns.on && g->dns.streams ? ANSWER_STREAM : pkt_reset(in, "DNS: no TCP here", out);
}
