/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way into the responder. Specifications: RFC 4291 2.5 (which IPv6 source addresses a guest has). */
#include "answer/answer.h"

#include "dhcp/dhcp4.h"
#include "dhcp/dhcp6.h"
#include "dns/dns.h"
#include "notify/notify.h"
#include "ra/arp.h"
#include "ra/nd.h"
#include "ra/ra.h"
#include "reject/reject.h"

#include <string.h>

/* One row an answerer. The kind is checked here, the ports and types by the answerer itself. */
static const struct {
	enum pkt_kind kind;
	enum answer (*answer)(const struct guest *, const struct pkt *, struct reply *);
} answerers[] = {
    {PKT_ARP, arp_answer},
    {PKT_UDP4, dhcp4_answer},
    {PKT_UDP6, dhcp6_answer},
    {PKT_ICMP6, ra_answer},
    {PKT_ICMP6, nd_answer},
    {PKT_UDP4, dns_answer},
    {PKT_UDP6, dns_answer},
    {PKT_TCP4, dns_segment},
    {PKT_TCP6, dns_segment},
    {PKT_UDP4, notify_answer},
    {PKT_UDP6, notify_answer},
    /* Last, so that packets for fold itself are answered and not refused as packets through the gateway. */
    {PKT_UDP4, reject_answer},
    {PKT_TCP4, reject_answer},
    {PKT_ICMP4, reject_answer},
    {PKT_UDP6, reject_answer},
    {PKT_TCP6, reject_answer},
    {PKT_ICMP6, reject_answer},
};

/* Fold's own addresses and the router's, which no guest may take on. */
static bool is_taken6(const struct guest *g, const struct in6_addr *a)
{
	return IN6_ARE_ADDR_EQUAL(a, &g->link_local) || guest_serves6(g, a) ||
	       (g->has_gateway6 && IN6_ARE_ADDR_EQUAL(a, &g->gateway6));
}

/*
 * Whether the guest may use that source address: the one it was given, or a link-local one that it formed in whichever
 * way (RFC 4291 2.5.6: fe80::/64, though fe80::/10 is reserved). RFC 4861 4.1, 4.3: only neighbour discovery has
 * anything to say without an address.
 */
static bool may_be_source6(const struct guest *g, const struct pkt *in)
{
	static const uint8_t link_local[8] = {0xfe, 0x80};

	if (IN6_IS_ADDR_UNSPECIFIED(&in->src6))
		return in->kind == PKT_ICMP6;
	if (IN6_ARE_ADDR_EQUAL(&in->src6, &g->id.ip6.addr))
		return true;
	/* RFC 7217, RFC 8981: with any_source6, the guest may form stable and temporary addresses in its prefix. */
	if (g->any_source6 && ip6_in(g->id.ip6, in->src6))
		return !is_taken6(g, &in->src6);
	return memcmp(&in->src6, link_local, sizeof(link_local)) == 0 && !is_taken6(g, &in->src6);
}

/*
 * Checks for every packet of a family, whichever answerer it is for. IPv4's source address is left to the answerers,
 * which know when it is wrong (RFC 2131 4.1).
 */
static enum drop check_family(const struct guest *g, const struct pkt *in)
{
	if (in->kind != PKT_UDP6 && in->kind != PKT_ICMP6 && in->kind != PKT_TCP6)
		return DROP_NONE;
	if (!g->id.has6)
		return DROP_IP6_OFF;
	return may_be_source6(g, in) ? DROP_NONE : DROP_SOURCE_ADDRESS;
}

static enum answer from_guest(const struct guest *g, const struct pkt *in, struct reply *out)
{
	/* The rules drop any other source MAC; the responder checks it again and does not rely on them. */
	if (memcmp(in->src_mac, g->id.mac, MAC_LEN) != 0)
		return reply_refuse(out, DROP_SOURCE_MAC);
	enum drop bad = check_family(g, in);
	if (bad != DROP_NONE)
		return reply_refuse(out, bad);
	for (size_t i = 0; i < sizeof(answerers) / sizeof(answerers[0]); i++) {
		if (answerers[i].kind != in->kind)
			continue;
		enum answer a = answerers[i].answer(g, in, out);
		if (a != ANSWER_NOT_MINE)
			return a;
	}
	return reply_refuse(out, DROP_UNKNOWN);
}

/* Who may reach the guest may ask it: its own subnet, and what comes through its gateway. The rules check the same. */
static bool may_ask4(const struct guest *g, struct in_addr src, const uint8_t *mac)
{
	if (src.s_addr == g->id.ip4.addr.s_addr || guest_serves4(g, src) || ip4_is_edge(g->id.ip4, src))
		return false;
	return g->asked_by_all || ip4_in(g->id.ip4, src) ||
	       (g->has_gateway4 && memcmp(mac, g->gateway4_mac, MAC_LEN) == 0 && ip4_is_routed(src));
}

static bool may_ask6(const struct guest *g, const struct in6_addr *src, const uint8_t *mac)
{
	if (IN6_ARE_ADDR_EQUAL(src, &g->id.ip6.addr) || guest_serves6(g, src))
		return false;
	return g->asked_by_all || ip6_in(g->id.ip6, *src) ||
	       (g->has_gateway6 && memcmp(mac, g->gateway6_mac, MAC_LEN) == 0 && ip6_is_routed(src));
}

/*
 * A frame from the network to the VM. Answered are DNS questions to the VM's own address, and packets that the
 * gateway's action refuses are rejected to their sender. The source MAC of the guest or of fold itself is forged there.
 */
static enum answer from_network(const struct guest *g, const struct pkt *in, struct reply *out)
{
	if (memcmp(in->src_mac, g->id.mac, MAC_LEN) == 0 || memcmp(in->src_mac, g->service_mac, MAC_LEN) == 0)
		return reply_refuse(out, DROP_SOURCE_MAC);
	enum answer a = reject_answer_network(g, in, out);
	if (a != ANSWER_NOT_MINE)
		return a;
	if (in->kind != PKT_UDP4 && in->kind != PKT_UDP6)
		return reply_refuse(out, DROP_UNKNOWN);
	if (in->kind == PKT_UDP4 ? !may_ask4(g, in->src4, in->src_mac) : !may_ask6(g, &in->src6, in->src_mac))
		return reply_refuse(out, DROP_SOURCE_ADDRESS);
	a = dns_answer_network(g, in, out);
	return a == ANSWER_NOT_MINE ? reply_refuse(out, DROP_UNKNOWN) : a;
}

enum answer answer_frame(const struct guest *g, const struct frame *in, struct reply *out)
{
	struct pkt pkt;

	reply_init(out);
	enum drop bad = pkt_decode(in, &pkt);
	if (bad != DROP_NONE)
		return reply_refuse(out, bad);
	enum answer a = in->to_guest ? from_network(g, &pkt, out) : from_guest(g, &pkt, out);
	if (a == ANSWER_REPLY && !pkt_wrap(out, g->service_mac))
		return reply_refuse(out, DROP_REPLY_FULL);
	return a;
}

bool answer_advertise(const struct guest *g, const struct guest *was, bool last, struct reply *out)
{
	reply_init(out);
	return ra_advertise(g, was, last, out) == ANSWER_REPLY && pkt_wrap(out, g->service_mac);
}

bool answer_notify(const struct guest *g, bool ip6, struct reply *out)
{
	reply_init(out);
	return notify_build(g, ip6, out) && pkt_wrap(out, g->service_mac);
}
