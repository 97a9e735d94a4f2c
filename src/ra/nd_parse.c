/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses solicitations.
 *
 * Specifications: RFC 4861 4.1, 4.3, 4.6, 6.1.1, 7.1.1; RFC 2464 6 (link-layer addresses of Ethernet).
 */
#include "ra/nd_msg.h"

#include "base/rd.h"
#include "ra/nd_wire.h"

#include <string.h>

/* Parses one option and moves r past it. */
static enum drop parse_option(struct rd *r, const struct pkt *in, struct nd_msg *m)
{
	uint8_t type = rd_u8(r), units = rd_u8(r);

	/* RFC 4861 6.1.1, 7.1.1: all options have a length greater than zero. A reader would never get past zero. */
	if (r->bad || units == 0)
		return DROP_ND_FORM;
	struct rd value = rd_sub(r, (size_t)units * ND_OPTION_UNIT - 2);
	if (r->bad)
		return DROP_ND_FORM;
	/* RFC 4861 4.1, 4.3: others are ignored; the nonce of RFC 3971 5.3.2 (RFC 7527) among them. */
	if (type != ND_OPTION_SOURCE_LINK)
		return DROP_NONE;
	/* RFC 2464 6: an Ethernet address makes one unit. */
	if (rd_left(&value) != MAC_LEN)
		return DROP_ND_FORM;
	m->has_link = true;
	m->has_other_link |= memcmp(rd_bytes(&value, MAC_LEN), in->src_mac, MAC_LEN) != 0;
	return DROP_NONE;
}

enum drop nd_parse(const struct pkt *in, struct nd_msg *m)
{
	struct rd r = rd_over(in->data, in->len);

	*m = (struct nd_msg){0};
	/* RFC 4861 6.1.1, 7.1.1: the hop limit is 255, so that it began on this link; the code is 0. */
	if (in->hop_limit != ND_HOP_LIMIT)
		return DROP_HOP_LIMIT;
	uint8_t type = rd_u8(&r), code = rd_u8(&r);
	rd_u16(&r); /* checksum */
	rd_u32(&r); /* reserved: RFC 4861 4.1, 4.3: ignored by the receiver */
	if (type == ND_TYPE_NEIGHBOUR_SOLICIT)
		rd_copy(&r, &m->target, sizeof(m->target));
	/* RFC 4861 6.1.1, 7.1.1: 8 and 24 octets at least. */
	if (r.bad || code != 0)
		return DROP_ND_FORM;
	while (rd_left(&r)) {
		enum drop bad = parse_option(&r, in, m);
		if (bad != DROP_NONE)
			return bad;
	}
	return DROP_NONE;
}

enum drop nd_check_sender(const struct guest *g, const struct pkt *in, const struct nd_msg *m)
{
	if (!g->id.has6 || !g->answers6)
		return DROP_IP6_OFF;
	/* RFC 4861 6.1.1, 7.1.1: a host without an address cannot be resolved, so it names no link-layer address. */
	if (IN6_IS_ADDR_UNSPECIFIED(&in->src6) && m->has_link)
		return DROP_ND_FORM;
	/*
	 * An answer to a link-layer address that is not the asker's own would put a wrong address into somebody's
	 * cache.
	 */
	if (m->has_other_link || memcmp(in->src_mac, g->id.mac, MAC_LEN) != 0)
		return DROP_ND_SENDER;
	return DROP_NONE;
}

const uint8_t *nd_router_mac(const struct guest *g)
{
	return g->has_gateway6 && !mac_is_zero(g->gateway6_mac) ? g->gateway6_mac : g->service_mac;
}

void nd_to_all_nodes(struct reply *out)
{
	out->dst6 = (struct in6_addr)IN6ADDR_ANY_INIT;
	out->dst6.s6_addr[0] = 0xff;
	out->dst6.s6_addr[1] = 0x02;
	out->dst6.s6_addr[15] = 1;
	ip6_group_mac(&out->dst6, out->dst_mac);
}
