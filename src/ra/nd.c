/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nd: fold's side of address resolution for IPv6 on the guest's link.
 *
 * Specifications: RFC 4861 7 (address resolution, unreachability), RFC 4862 5.4 (duplicate addresses), RFC 6980 (never in
 * fragments: the decoder refuses them), RFC 7527 (a nonce in a probe, which does not matter here).
 *
 * fold answers only solicitations for its own addresses, for the gateway, and for addresses of a prefix for which it
 * is a proxy, and only to the guest itself. It never learns anything from what the guest says of itself or of others.
 */
#include "ra/nd.h"

#include "ra/nd_msg.h"
#include "ra/nd_wire.h"

#include <string.h>

/* The target's link-layer address, whether it is a router, and whether fold answers as a proxy for another host. */
struct nd_target {
	const uint8_t *mac;
	bool router, proxied;
};

/*
 * True if fold knows the MAC for the gateway's address: it was configured, or it is the host's, because the host
 * routes or because no other machine on the link can have the address (link-local or outside the prefix). A gateway on
 * the link whose MAC is not configured answers for itself.
 */
static bool knows_gateway(const struct guest *g)
{
	return !mac_is_zero(g->gateway6_mac) || g->proxies6 || IN6_IS_ADDR_LINKLOCAL(&g->gateway6) ||
	       !ip6_in(g->id.ip6, g->gateway6);
}

/* Finds what is known of the target. False if fold does not answer for it. */
static bool find_target(const struct guest *g, const struct in6_addr *a, bool probe, struct nd_target *t)
{
	/*
	 * RFC 4862 5.4.3: an answer about the guest's own address would make the guest give it up, whatever the
	 * configuration says.
	 */
	if (ip6_same(a, &g->id.ip6.addr))
		return false;
	/*
	 * RFC 4861 7.2.5: a host that hears its default router without the router flag drops it. fold's link-local
	 * address is that router wherever there is a gateway, and the frames that are meant for it belong to the
	 * gateway.
	 */
	if (ip6_same(a, &g->link_local) || (g->has_gateway6 && ip6_same(a, &g->gateway6) && knows_gateway(g))) {
		*t = (struct nd_target){.mac = nd_router_mac(g), .router = g->has_gateway6};
		return true;
	}
	*t = (struct nd_target){.mac = g->service_mac};
	if (guest_serves6(g, a))
		return true;
	/*
	 * RFC 4861 7.2.8: a host that routes between its guests answers for all their addresses. But an answer to a
	 * probe would cost the guest an address of its own that nobody else has (RFC 8981).
	 */
	t->proxied = g->proxies6 && !probe && ip6_in(g->id.ip6, *a);
	return t->proxied;
}

static enum drop nd_decide(const struct guest *g, const struct pkt *in, const struct nd_msg *m, struct nd_target *t)
{
	struct in6_addr group = ip6_solicited_node(&m->target);
	bool probe = IN6_IS_ADDR_UNSPECIFIED(&in->src6);

	enum drop bad = nd_check_sender(g, in, m);
	if (bad != DROP_NONE)
		return bad;
	/* RFC 4861 7.1.1: the target is not multicast. */
	if (IN6_IS_ADDR_MULTICAST(&m->target))
		return DROP_ND_FORM;
	/*
	 * RFC 4861 7.1.1: from the unspecified address, the destination is the target's solicited-node address. 4.3:
	 * else that or the target itself, which is how a host asks whether its neighbour is still there (7.3.3).
	 */
	if (!ip6_same(&in->dst6, &group) && (probe || !ip6_same(&in->dst6, &m->target)))
		return DROP_ND_FORM;
	return find_target(g, &m->target, probe, t) ? DROP_NONE : DROP_ND_TARGET;
}

/* RFC 4861 7.2.4. */
static void nd_build(const struct pkt *in, const struct nd_msg *m, const struct nd_target *t, struct reply *out)
{
	struct wr *w = &out->w;
	/* RFC 4861 7.2.4, 7.2.8: a proxy's answer does not override that of the host which has the address. */
	uint8_t flags = t->proxied ? 0 : ND_ADVERT_OVERRIDE;

	out->kind = PKT_ICMP6;
	out->event = NULL;
	out->src6 = m->target;
	if (IN6_IS_ADDR_UNSPECIFIED(&in->src6)) {
		/* RFC 4861 7.2.4: for a host without an address yet the answer goes to all nodes, and S is zero. */
		nd_to_all_nodes(out);
	} else {
		flags |= ND_ADVERT_SOLICITED;
		out->dst6 = in->src6;
		memcpy(out->dst_mac, in->src_mac, MAC_LEN);
	}
	if (t->router)
		flags |= ND_ADVERT_ROUTER;
	wr_u8(w, ND_TYPE_NEIGHBOUR_ADVERT);
	wr_u8(w, 0);
	wr_u16(w, 0); /* checksum: pkt_wrap */
	wr_u8(w, flags);
	wr_zero(w, 3);
	wr_bytes(w, &m->target, sizeof(m->target));
	wr_u8(w, ND_OPTION_TARGET_LINK);
	wr_u8(w, 1);
	wr_bytes(w, t->mac, MAC_LEN);
}

enum answer nd_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	struct nd_target target;
	struct nd_msg m;

	if (in->kind != PKT_ICMP6 || !in->len)
		return ANSWER_NOT_MINE;
	switch (in->data[0]) {
	case ND_TYPE_NEIGHBOUR_SOLICIT:
		break;
	case ND_TYPE_ROUTER_ADVERT:
	case ND_TYPE_REDIRECT:
		return reply_refuse(out, DROP_ND_ROUTER);
	case ND_TYPE_NEIGHBOUR_ADVERT:
		/* fold never solicits, so no advertisement is an answer to it. */
		return reply_refuse(out, DROP_ND_FORM);
	default:
		return ANSWER_NOT_MINE;
	}
	enum drop bad = nd_parse(in, &m);
	if (bad == DROP_NONE)
		bad = nd_decide(g, in, &m, &target);
	if (bad != DROP_NONE)
		return reply_refuse(out, bad);
	nd_build(in, &m, &target, out);
	return out->w.full ? reply_refuse(out, DROP_REPLY_FULL) : ANSWER_REPLY;
}
