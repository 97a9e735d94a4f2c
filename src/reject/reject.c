/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reject/reject.h"

#include <string.h>

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

/*
 * The longest quote. RFC 1812 4.3.2.3: as much of the packet as fits 576 octets with both headers. RFC 4443 2.4 (c):
 * as much as fits the least IPv6 MTU.
 */
enum { QUOTE4_MOST = 576 - 20 - 8, QUOTE6_MOST = 1280 - 40 - 8 };

static bool is_four(const struct pkt *in)
{
	return in->kind == PKT_UDP4 || in->kind == PKT_TCP4 || in->kind == PKT_ICMP4;
}

static bool is_six(const struct pkt *in)
{
	return in->kind == PKT_UDP6 || in->kind == PKT_TCP6 || in->kind == PKT_ICMP6;
}

/* Whether `near` is the guest's own address and `far` is outside its subnet, beyond a gateway. */
static bool is_far4(const struct guest *g, struct in_addr near, struct in_addr far)
{
	return g->id.has4 && g->has_gateway4 && near.s_addr == g->id.ip4.addr.s_addr && !ip4_in(g->id.ip4, far);
}

static bool is_far6(const struct guest *g, const struct in6_addr *near, const struct in6_addr *far)
{
	return g->id.has6 && g->has_gateway6 && IN6_ARE_ADDR_EQUAL(near, &g->id.ip6.addr) && !ip6_in(g->id.ip6, *far);
}

/*
 * RFC 1812 4.3.2.7, RFC 4443 2.4 (e): nothing about an error, about what was for a group, or to a source that is not one
 * machine. Fragments and broken headers do not come as far as this (pkt_decode).
 */
static bool may_be_told4(const struct pkt *in)
{
	if (!ip4_is_routed(in->src4) || !ip4_is_routed(in->dst4))
		return false;
	if (in->kind != PKT_ICMP4)
		return true;
	/* Queries and their replies. Any other message may be an error. */
	uint8_t type = in->data[0];
	return type == ICMP_ECHO || type == ICMP_ECHOREPLY || (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESSREPLY);
}

static bool may_be_told6(const struct pkt *in)
{
	if (!ip6_is_routed(&in->src6) || !ip6_is_routed(&in->dst6))
		return false;
	if (in->kind != PKT_ICMP6)
		return true;
	uint8_t type = in->data[0];
	return type == ICMP6_ECHO_REQUEST || type == ICMP6_ECHO_REPLY;
}

static enum drop decide(const struct pkt *in)
{
	bool may = !mac_is_multicast(in->dst_mac) && (is_four(in) ? may_be_told4(in) : may_be_told6(in));

	return may ? DROP_NONE : DROP_NO_ERROR;
}

/* RFC 792, RFC 4443 3.1: type, code, checksum (pkt_wrap), four octets of nothing, and what it is about. */
static void unreachable_build(const struct pkt *in, uint8_t code, struct reply *out)
{
	bool four = is_four(in);
	size_t most = four ? QUOTE4_MOST : QUOTE6_MOST;

	reply_return(in, out);
	out->kind = four ? PKT_ICMP4 : PKT_ICMP6;
	wr_u8(&out->w, four ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH);
	wr_u8(&out->w, code);
	wr_zero(&out->w, 6);
	wr_bytes(&out->w, in->l3, in->l3_len < most ? in->l3_len : most);
}

static enum answer refuse(const struct guest *g, const struct pkt *in, struct reply *out)
{
	const struct refusal *how = is_four(in) ? &g->id.refusal4 : &g->id.refusal6;
	bool tcp = in->kind == PKT_TCP4 || in->kind == PKT_TCP6;

	if (how->kind == REFUSAL_NONE)
		return ANSWER_NOT_MINE;
	enum drop bad = decide(in);
	if (bad != DROP_NONE)
		return reply_refuse(out, bad);
	if (tcp && how->kind == REFUSAL_RESET)
		return pkt_reset(in, "refused: TCP reset", out);
	unreachable_build(in, how->code, out);
	if (out->w.full)
		return reply_refuse(out, DROP_REPLY_FULL);
	out->event = "refused: unreachable";
	return ANSWER_REPLY;
}

/*
 * RFC 9293 3.10.7.1: TCP to an address and the MAC of fold's own. With NFQUEUE the rules put the guest's MAC there, of
 * what they have checked. What DNS takes does not come here. The guest's IPv6 addresses are checked for all packets
 * (answer.c). Where others' rules bring the packets, fold's MAC is the host's.
 */
static bool is_to_fold(const struct guest *g, const struct pkt *in)
{
	if (!g->has_rules ||
	    (memcmp(in->dst_mac, g->service_mac, MAC_LEN) != 0 && memcmp(in->dst_mac, g->id.mac, MAC_LEN) != 0))
		return false;
	if (in->kind == PKT_TCP4)
		return g->id.has4 && in->src4.s_addr == g->id.ip4.addr.s_addr && guest_serves4(g, in->dst4);
	return in->kind == PKT_TCP6 && (guest_serves6(g, &in->dst6) || IN6_ARE_ADDR_EQUAL(&in->dst6, &g->link_local));
}

enum answer reject_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	if (is_to_fold(g, in))
		return pkt_reset(in, "refused: nothing at that port", out);
	if ((is_four(in) && is_far4(g, in->src4, in->dst4)) || (is_six(in) && is_far6(g, &in->src6, &in->dst6)))
		return refuse(g, in, out);
	return ANSWER_NOT_MINE;
}

enum answer reject_answer_network(const struct guest *g, const struct pkt *in, struct reply *out)
{
	bool four = is_four(in) && is_far4(g, in->dst4, in->src4), six = is_six(in) && is_far6(g, &in->dst6, &in->src6);

	if (!four && !six)
		return ANSWER_NOT_MINE;
	/*
	 * A sender with another MAC than the gateway's does not forward for the source, so it must not speak for it.
	 */
	if (memcmp(in->src_mac, four ? g->gateway4_mac : g->gateway6_mac, MAC_LEN) != 0)
		return reply_refuse(out, DROP_SOURCE_ADDRESS);
	return refuse(g, in, out);
}
