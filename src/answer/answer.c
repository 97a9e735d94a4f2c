/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer/answer.h"

#include "dhcp/dhcp4.h"
#include "ra/arp.h"

/* One row an answerer. The kind is checked here, the ports and types by the answerer itself. */
static const struct {
	enum pkt_kind kind;
	enum answer (*answer)(const struct guest *, const struct pkt *, struct reply *);
} answerers[] = {
    {PKT_ARP, arp_answer},
    {PKT_UDP4, dhcp4_answer},
};

static enum answer refuse(struct reply *out, enum drop why)
{
	out->drop = why;
	return ANSWER_DROP;
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
