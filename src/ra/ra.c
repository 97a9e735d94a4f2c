/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ra: fold as the guest's router.
 *
 * Specifications: RFC 4861 6 (router discovery), RFC 4191 (preference), RFC 8106 (name servers), RFC 8319 (lifetimes),
 * RFC 9096 (what changed is withdrawn), RFC 7772 (unicast answers), RFC 6980 (no fragments: the decoder refuses them).
 *
 * RFC 4861 6.2.6 delays an answer by up to half a second, so that the routers and hosts of a link do not all speak at once.
 * On a link with one host and one router nobody else speaks: the answer leaves at once.
 */
#include "ra/ra.h"

#include "ra/nd_msg.h"
#include "ra/nd_wire.h"
#include "ra/ra_msg.h"

#include <string.h>

#define INITIAL_MS 16000 /* RFC 4861 10: MAX_INITIAL_RTR_ADVERT_INTERVAL */

/* RFC 4291 2.7.1: ff02::2. */
static bool is_all_routers(const struct in6_addr *a)
{
	static const struct in6_addr all = {.s6_addr = {0xff, 0x02, [15] = 2}};

	return IN6_ARE_ADDR_EQUAL(a, &all);
}

static enum drop ra_decide(const struct guest *g, const struct pkt *in, const struct nd_msg *m)
{
	enum drop bad = nd_check_sender(g, in, m);

	if (bad != DROP_NONE)
		return bad;
	/* RFC 4861 4.1: to all routers; one that fold answered before may be asked by its address. */
	if (!is_all_routers(&in->dst6) && !IN6_ARE_ADDR_EQUAL(&in->dst6, &g->link_local))
		return DROP_ND_TARGET;
	return DROP_NONE;
}

/* Writes the advertisement itself; its destination is set already. */
static enum answer advertise(const struct guest *g, const struct guest *was, bool last, struct reply *out)
{
	out->kind = PKT_ICMP6;
	/* RFC 4861 6.1.2: from a link-local address. */
	out->src6 = g->link_local;
	out->event = "RA";
	ra_build(g, was, last, out);
	if (!out->w.full)
		return ANSWER_REPLY;
	return reply_refuse(out, DROP_REPLY_FULL);
}

enum answer ra_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	struct nd_msg m;

	if (in->kind != PKT_ICMP6 || !in->len || in->data[0] != ND_TYPE_ROUTER_SOLICIT)
		return ANSWER_NOT_MINE;
	out->drop = nd_parse(in, &m);
	if (out->drop == DROP_NONE)
		out->drop = ra_decide(g, in, &m);
	if (out->drop != DROP_NONE)
		return ANSWER_DROP;
	/* RFC 4861 6.2.6: unicast if the source has an address; RFC 7772 5.1 wants it so. */
	if (IN6_IS_ADDR_UNSPECIFIED(&in->src6)) {
		nd_to_all_nodes(out);
	} else {
		out->dst6 = in->src6;
		memcpy(out->dst_mac, in->src_mac, MAC_LEN);
	}
	return advertise(g, NULL, false, out);
}

uint64_t ra_interval_ms(uint32_t period, bool initial, uint16_t random)
{
	uint64_t most = (uint64_t)period * 1000, ms = most - most / 4 * random / UINT16_MAX;

	return initial && ms > INITIAL_MS ? INITIAL_MS : ms;
}

enum answer ra_advertise(const struct guest *g, const struct guest *was, bool last, struct reply *out)
{
	if (!g->id.has6 || !g->answers6)
		return reply_refuse(out, DROP_IP6_OFF);
	nd_to_all_nodes(out);
	return advertise(g, was, last, out);
}
