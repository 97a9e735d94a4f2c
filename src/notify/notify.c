/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify/notify.h"

#include <string.h>

static bool speaks4(const struct guest *g)
{
	return g->notify.port && g->id.has4 && g->notify.ip4.s_addr;
}

static bool speaks6(const struct guest *g)
{
	return g->notify.port && g->id.has6 && !IN6_IS_ADDR_UNSPECIFIED(&g->notify.ip6);
}

static bool is_for_notify(const struct guest *g, const struct pkt *in)
{
	if (in->kind != PKT_UDP4 && in->kind != PKT_UDP6)
		return false;
	if (in->dport != g->notify.port)
		return false;
	if (in->kind == PKT_UDP4)
		return speaks4(g) && in->dst4.s_addr == g->notify.ip4.s_addr;
	return speaks6(g) && IN6_ARE_ADDR_EQUAL(&in->dst6, &g->notify.ip6);
}

static bool is_from_guest(const struct guest *g, const struct pkt *in)
{
	if (in->kind == PKT_UDP4)
		return in->src4.s_addr == g->id.ip4.addr.s_addr;
	/* RFC 6724 5, rule 2: to a link-local address the guest sends from one, whose lower half is its own choice. */
	return IN6_ARE_ADDR_EQUAL(&in->src6, &g->id.ip6.addr) ||
	       (IN6_IS_ADDR_LINKLOCAL(&in->dst6) && IN6_IS_ADDR_LINKLOCAL(&in->src6));
}

/* Compares in constant time: it looks at all octets, so that the time it takes tells nothing about them. */
static bool same_token(const uint8_t a[static NOTIFY_LEN], const uint8_t b[static NOTIFY_LEN])
{
	uint8_t differ = 0;

	for (size_t i = 0; i < NOTIFY_LEN; i++)
		differ |= (uint8_t)(a[i] ^ b[i]);
	return differ == 0;
}

static enum drop notify_decide(const struct guest *g, const struct pkt *in)
{
	if (!is_from_guest(g, in))
		return DROP_SOURCE_ADDRESS;
	if (in->len != NOTIFY_LEN)
		return DROP_NOTIFY_FORM;
	return g->notify.waiting && same_token(in->data, g->notify.token) ? DROP_NONE : DROP_NOTIFY_OTHER;
}

enum answer notify_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	if (!is_for_notify(g, in))
		return ANSWER_NOT_MINE;
	out->drop = notify_decide(g, in);
	if (out->drop != DROP_NONE)
		return ANSWER_DROP;
	out->event = "notification acknowledged";
	return ANSWER_NOTED;
}

bool notify_build(const struct guest *g, bool ip6, struct reply *out)
{
	if (!g->notify.waiting || !(ip6 ? speaks6(g) : speaks4(g)))
		return false;
	out->kind = ip6 ? PKT_UDP6 : PKT_UDP4;
	memcpy(out->dst_mac, g->id.mac, MAC_LEN);
	if (ip6) {
		out->src6 = g->notify.ip6;
		out->dst6 = g->id.ip6.addr;
	} else {
		out->src4 = g->notify.ip4;
		out->dst4 = g->id.ip4.addr;
	}
	out->sport = out->dport = g->notify.port;
	wr_bytes(&out->w, g->notify.token, NOTIFY_LEN);
	return !out->w.full;
}
