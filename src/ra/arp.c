/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arp: fold's side of address resolution on the guest's link.
 *
 * Specifications: RFC 826, RFC 5227 (probes), RFC 4436 (unicast requests before DHCP).
 *
 * Only requests for a service address are answered, and only to the guest itself. Nothing is learned from what the
 * guest says about others, or in their name.
 */
#include "ra/arp.h"

#include "base/rd.h"

#include <string.h>

#define ARP_HRD_ETHERNET 1  /* RFC 826 */
#define ARP_PRO_IPV4 0x0800 /* RFC 826: the Ethernet type of the protocol */

/* RFC 826: the operations. RARP (RFC 903) and InARP (RFC 2390) have others. */
enum arp_op {
	ARP_OP_REQUEST = 1,
	ARP_OP_REPLY = 2,
};

struct arp_msg {
	uint16_t hrd, pro, op;
	uint8_t hln, pln;
	uint8_t sha[MAC_LEN];
	struct in_addr spa, tpa;
};

/* Octets after the 28 are the frame's padding. The target's hardware address means nothing in a request. */
static enum drop arp_parse(const uint8_t *data, size_t len, struct arp_msg *m)
{
	struct rd r = rd_over(data, len);

	m->hrd = rd_u16(&r);
	m->pro = rd_u16(&r);
	m->hln = rd_u8(&r);
	m->pln = rd_u8(&r);
	m->op = rd_u16(&r);
	rd_copy(&r, m->sha, sizeof(m->sha));
	rd_copy(&r, &m->spa, sizeof(m->spa));
	rd_bytes(&r, MAC_LEN);
	rd_copy(&r, &m->tpa, sizeof(m->tpa));
	return r.bad ? DROP_TRUNCATED : DROP_NONE;
}

/*
 * RFC 5227 2.1.1: sender address 0 is a probe. fold answers one for a service address, because fold has that address.
 * A guest that was resumed with a wrong address may ask for the DHCP server, which then tells it that it is wrong.
 */
static bool may_be_sender(const struct guest *g, const struct arp_msg *m)
{
	const struct in_addr a = m->spa;

	if (!a.s_addr || (g->id.has4 && a.s_addr == g->id.ip4.addr.s_addr))
		return true;
	bool gateways = g->has_gateway4 && a.s_addr == g->gateway4.s_addr;
	return m->tpa.s_addr == g->dhcp_server4.s_addr && ip4_is_host(a) && !ip4_is_edge(g->id.ip4, a) && !gateways &&
	       !guest_serves4(g, a);
}

static enum drop arp_decide(const struct guest *g, const struct pkt *in, const struct arp_msg *m)
{
	if (m->hrd != ARP_HRD_ETHERNET || m->pro != ARP_PRO_IPV4 || m->hln != MAC_LEN || m->pln != 4 ||
	    m->op != ARP_OP_REQUEST)
		return DROP_ARP_FORM;
	/* Frame and message must both come from the guest: an answer to a forged sender would poison its table. */
	if (memcmp(m->sha, in->src_mac, MAC_LEN) != 0 || memcmp(m->sha, g->id.mac, MAC_LEN) != 0)
		return DROP_ARP_SENDER;
	if (!may_be_sender(g, m))
		return DROP_ARP_SENDER;
	/* RFC 5227 2.1.1: an answer about the guest's own address would be a conflict, and end in DHCPDECLINE. */
	if (g->id.has4 && m->tpa.s_addr == g->id.ip4.addr.s_addr)
		return DROP_ARP_TARGET;
	return guest_serves4(g, m->tpa) ? DROP_NONE : DROP_ARP_TARGET;
}

/* RFC 826: swaps the fields and fills in fold's address. Only the asker gets the reply. */
static void arp_build(const struct guest *g, const struct arp_msg *m, struct reply *out)
{
	struct wr *w = &out->w;

	out->kind = PKT_ARP;
	memcpy(out->dst_mac, m->sha, MAC_LEN);
	out->event = NULL;
	wr_u16(w, ARP_HRD_ETHERNET);
	wr_u16(w, ARP_PRO_IPV4);
	wr_u8(w, MAC_LEN);
	wr_u8(w, 4);
	wr_u16(w, ARP_OP_REPLY);
	wr_bytes(w, g->service_mac, MAC_LEN);
	wr_bytes(w, &m->tpa, sizeof(m->tpa));
	wr_bytes(w, m->sha, MAC_LEN);
	wr_bytes(w, &m->spa, sizeof(m->spa));
}

enum answer arp_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	struct arp_msg m;

	if (in->kind != PKT_ARP)
		return ANSWER_NOT_MINE;
	out->drop = arp_parse(in->data, in->len, &m);
	if (out->drop == DROP_NONE)
		out->drop = arp_decide(g, in, &m);
	if (out->drop != DROP_NONE)
		return ANSWER_DROP;
	arp_build(g, &m, out);
	if (!out->w.full)
		return ANSWER_REPLY;
	return reply_refuse(out, DROP_REPLY_FULL);
}
