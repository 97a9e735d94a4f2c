/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way into the responder. Specifications: RFC 4291 2.5 (which IPv6 source addresses a guest has). */
#include "answer/answer.h"

#include "dhcp/dhcp4.h"
#include "dhcp/dhcp6.h"
#include "ra/arp.h"
#include "ra/nd.h"
#include "ra/ra.h"

#include <string.h>

/* One row an answerer. The kind is checked here, the ports and types by the answerer itself. */
static const struct {
	enum pkt_kind kind;
	enum answer (*answer)(const struct guest *, const struct pkt *, struct reply *);
} answerers[] = {
    {PKT_ARP, arp_answer},  {PKT_UDP4, dhcp4_answer}, {PKT_UDP6, dhcp6_answer},
    {PKT_ICMP6, ra_answer}, {PKT_ICMP6, nd_answer},
};

static enum answer refuse(struct reply *out, enum drop why)
{
	out->drop = why;
	return ANSWER_DROP;
}

/* Fold's own addresses and the router's, which no guest may take on. */
static bool is_taken6(const struct guest *g, const struct in6_addr *a)
{
	return IN6_ARE_ADDR_EQUAL(a, &g->link_local) || guest_serves6(g, a) ||
	       (g->has_gateway6 && IN6_ARE_ADDR_EQUAL(a, &g->gateway6));
}

/*
 * Whether the guest may have that address: the one it was given, or one that it formed on the link, in whichever way it
 * does that (RFC 4291 2.5.6: fe80::/64, though fe80::/10 is reserved). RFC 4861 4.1, 4.3: only neighbour discovery
 * has anything to say without an address.
 */
static bool may_be_source6(const struct guest *g, const struct pkt *in)
{
	static const uint8_t link_local[8] = {0xfe, 0x80};

	if (IN6_IS_ADDR_UNSPECIFIED(&in->src6))
		return in->kind == PKT_ICMP6;
	if (IN6_ARE_ADDR_EQUAL(&in->src6, &g->id.ip6.addr))
		return true;
	return memcmp(&in->src6, link_local, sizeof(link_local)) == 0 && !is_taken6(g, &in->src6);
}

/* What holds of every packet of a family, whoever answers it. IPv4's answerers know when a source is wrong (RFC 2131 4.1). */
static enum drop check_family(const struct guest *g, const struct pkt *in)
{
	if (in->kind != PKT_UDP6 && in->kind != PKT_ICMP6 && in->kind != PKT_TCP6)
		return DROP_NONE;
	if (!g->id.has6)
		return DROP_IP6_OFF;
	return may_be_source6(g, in) ? DROP_NONE : DROP_SOURCE_ADDRESS;
}

enum answer answer_frame(const struct guest *g, const struct frame *in, struct reply *out)
{
	struct pkt pkt;

	reply_init(out);
	enum drop bad = pkt_decode(in, &pkt);
	if (bad != DROP_NONE)
		return refuse(out, bad);
	/* The rules let nothing else through; the responder does not take their word for it. */
	if (memcmp(pkt.src_mac, g->id.mac, MAC_LEN) != 0)
		return refuse(out, DROP_SOURCE_MAC);
	bad = check_family(g, &pkt);
	if (bad != DROP_NONE)
		return refuse(out, bad);
	for (size_t i = 0; i < sizeof(answerers) / sizeof(answerers[0]); i++) {
		if (answerers[i].kind != pkt.kind)
			continue;
		enum answer a = answerers[i].answer(g, &pkt, out);
		if (a == ANSWER_NOT_MINE)
			continue;
		if (a == ANSWER_REPLY && !pkt_wrap(out, g->service_mac))
			return refuse(out, DROP_REPLY_FULL);
		return a;
	}
	return refuse(out, DROP_UNKNOWN);
}

bool answer_advertise(const struct guest *g, const struct guest *was, bool last, struct reply *out)
{
	reply_init(out);
	return ra_advertise(g, was, last, out) == ANSWER_REPLY && pkt_wrap(out, g->service_mac);
}
