/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a frame's octets from its shape. Specifications: RFC 826, 791, 768, 792, 9293, 2131, 8200, 4443, 1042; IEEE
 * 802.1Q.
 */
#include "frame_priv.h"

#include "base/csum.h"
#include "base/wr.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#define MAGIC 0xf01dc0deU

uint16_t frame_u16(const uint8_t *at)
{
	return (uint16_t)((unsigned)at[0] << 8 | at[1]);
}

uint32_t frame_u32(const uint8_t *at)
{
	return (uint32_t)frame_u16(at) << 16 | frame_u16(at + 2);
}

struct ip6 frame_ip6(const uint8_t *at)
{
	struct ip6 a;

	for (int i = 0; i < 8; i++)
		a.w[i] = frame_u16(at + 2 * i);
	return a;
}

bool ip6_same(struct ip6 a, struct ip6 b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

uint64_t frame_mac(const uint8_t *at)
{
	return (uint64_t)frame_u16(at) << 32 | frame_u32(at + 2);
}

void put_mac(struct wr *w, uint64_t mac)
{
	wr_u16(w, (uint16_t)(mac >> 32));
	wr_u32(w, (uint32_t)mac);
}

bool frame_cookie(const uint8_t *frame, size_t len, uint32_t *id)
{
	static const uint8_t magic[] = {0xf0, 0x1d, 0xc0, 0xde};

	for (size_t at = len; at-- > 0;) {
		if (len - at >= 8 && frame[at] == magic[0] && memcmp(frame + at, magic, sizeof(magic)) == 0) {
			*id = frame_u32(frame + at + 4);
			return true;
		}
	}
	return false;
}

void put_cookie(struct wr *w, const struct shape *s, uint32_t id)
{
	wr_zero(w, s->data);
	if (!s->bare) {
		wr_u32(w, MAGIC);
		wr_u32(w, id);
	}
}

void patch(struct wr *w, size_t at, uint16_t v)
{
	w->start[at] = (uint8_t)(v >> 8);
	w->start[at + 1] = (uint8_t)v;
}

static void put_arp(struct wr *w, const struct shape *s, uint32_t id)
{
	wr_u16(w, s->htype);
	wr_u16(w, s->ptype);
	wr_u8(w, s->hlen);
	wr_u8(w, s->plen);
	wr_u16(w, s->op);
	put_mac(w, s->sha);
	wr_u32(w, s->spa);
	put_mac(w, s->tha);
	wr_u32(w, s->tpa);
	/* Padding up to the least Ethernet frame, with the cookie in it. */
	wr_zero(w, 10);
	put_cookie(w, s, id);
}

/* RFC 2131 2; the cookie stands in sname. */
static void put_dhcp(struct wr *w, const struct shape *s, uint32_t id)
{
	wr_u32(w, 0x01010600);
	wr_u32(w, id);
	wr_u32(w, 0);
	wr_u32(w, s->ciaddr);
	wr_zero(w, 8);
	wr_u32(w, s->giaddr);
	put_mac(w, s->sha);
	wr_zero(w, 10);
	put_cookie(w, s, id);
	wr_zero(w, 64 + 128 - 8U - s->data);
	wr_u32(w, 0x63825363);
	wr_u8(w, 53);
	wr_u8(w, 1);
	wr_u8(w, s->msg);
	if (s->reqip) {
		wr_u16(w, 50 << 8 | 4);
		wr_u32(w, s->reqip);
	}
	wr_u8(w, 255);
	wr_zero(w, 48);
}

/* Whether it is an ICMP error, which quotes another packet (RFC 792, RFC 4443 2.1). */
static bool is_error(const struct shape *s)
{
	if (s->unquoted)
		return false;
	if (s->kind == K_ICMP6)
		return s->itype >= 1 && s->itype <= 4;
	return s->itype == 3 || s->itype == 4 || s->itype == 11 || s->itype == 12;
}

/* The quoted packet: the headers of an echo request. */
static void put_quoted(struct wr *w, const struct shape *s)
{
	static const struct ip6 none;

	if (s->kind == K_ICMP6) {
		wr_u32(w, 0x60000000);
		wr_u32(w, 8 << 16 | (s->qnext ? s->qnext : 58U) << 8 | 64);
		put_ip6_address(w, ip6_same(s->qsrc6, none) ? &s->dst6 : &s->qsrc6);
		put_ip6_address(w, ip6_same(s->qdst6, none) ? &s->src6 : &s->qdst6);
		wr_u32(w, 0x80000000);
	} else {
		wr_u32(w, 0x4500001c);
		wr_u32(w, 0);
		wr_u32(w, 0x40010000);
		wr_u32(w, s->qsrc ? s->qsrc : s->dst);
		wr_u32(w, s->qdst ? s->qdst : s->src);
		wr_u32(w, 0x08000000);
	}
	wr_u32(w, 0);
}

void put_transport(struct wr *w, const struct shape *s, uint32_t id)
{
	switch (s->kind) {
	case K_UDP:
	case K_DHCP:
	case K_UDP6:
	case K_DHCP6:
		wr_u16(w, s->sport);
		wr_u16(w, s->dport);
		wr_u32(w, 0);
		break;
	case K_TCP:
	case K_TCP6:
		wr_u16(w, s->sport);
		wr_u16(w, s->dport);
		wr_u32(w, 1);
		wr_u32(w, 0);
		wr_u32(w, 0x50020400);
		wr_u32(w, 0);
		break;
	case K_ICMP:
	case K_ICMP6:
		wr_u8(w, s->itype);
		wr_u8(w, s->icode);
		wr_u16(w, 0);
		wr_u32(w, 1);
		if (is_error(s))
			put_quoted(w, s);
		break;
	default:
		break;
	}
	if (s->kind == K_DHCP)
		put_dhcp(w, s, id);
	else if (s->kind == K_DHCP6)
		put_dhcp6(w, s, id);
	else if (s->kind == K_ND)
		put_nd(w, s);
	else
		put_cookie(w, s, id);
}

/* Sets lengths and checksums of the transport header at `start`; pseudo: the sum of its pseudo-header. */
void finish_transport(struct wr *w, const struct shape *s, size_t start, uint64_t pseudo)
{
	size_t len = wr_len(w) - start, at = 0;

	if (s->kind == K_UDP || s->kind == K_DHCP || s->kind == K_UDP6 || s->kind == K_DHCP6) {
		patch(w, start + 4, (uint16_t)len);
		at = 6;
	} else if (s->kind == K_TCP || s->kind == K_TCP6) {
		at = 16;
	} else if (s->kind == K_ICMP || s->kind == K_ICMP6 || s->kind == K_ND) {
		at = 2;
	}
	if (!at)
		return;
	uint16_t sum = (uint16_t)~csum_fold(csum_add(s->kind == K_ICMP ? 0 : pseudo, w->start + start, len));
	patch(w, start + at, sum ? sum : 0xffff);
}

static void put_ip(struct wr *w, const struct shape *s, uint32_t id)
{
	size_t at = wr_len(w), header = 20 + 4U * s->opts;
	struct in_addr src = {htonl(s->src)}, dst = {htonl(s->dst)};

	wr_u8(w, s->vihl ? s->vihl : (uint8_t)(0x40 | header / 4));
	wr_u8(w, 0);
	wr_u16(w, 0);
	wr_u16(w, (uint16_t)id);
	wr_u16(w, s->frag);
	wr_u8(w, s->proto == 2 ? 1 : 64);
	wr_u8(w, s->proto);
	wr_u16(w, 0);
	wr_u32(w, s->src);
	wr_u32(w, s->dst);
	/* RFC 791: a loose source route whose pointer is at its end, then end of options. */
	for (uint8_t i = 0; i < s->opts; i++)
		wr_u32(w, i == 0 ? 0x83030400 : 0);
	put_transport(w, s, id);
	size_t len = wr_len(w) - at;
	patch(w, at + 2, s->total ? s->total : (uint16_t)len);
	finish_transport(w, s, at + header, csum_pseudo4(src, dst, s->proto, len - header));
	patch(w, at + 10, (uint16_t)~csum_fold(csum_add(0, w->start + at, header)));
}

static uint16_t type_of(const struct shape *s)
{
	if (s->type)
		return s->type;
	if (s->kind == K_ARP)
		return ETH_P_ARP;
	return s->kind >= K_IP6 ? ETH_P_IPV6 : ETH_P_IP;
}

size_t frame_build(const struct shape *s, uint32_t id, uint8_t out[static FRAME_MAX])
{
	struct wr w = wr_over(out, FRAME_MAX);
	size_t length_at;

	put_mac(&w, s->dmac);
	put_mac(&w, s->smac);
	for (size_t i = 0; i < 3 && s->tag[i]; i++)
		wr_u32(&w, s->tag[i]);
	length_at = wr_len(&w);
	if (s->snap) {
		wr_u16(&w, 0);
		wr_u32(&w, 0xaaaa0300);
		wr_u16(&w, 0);
	}
	wr_u16(&w, type_of(s));
	if (s->kind == K_ETH)
		put_cookie(&w, s, id);
	else if (s->kind == K_ARP)
		put_arp(&w, s, id);
	else if (s->kind >= K_IP6)
		put_ip6(&w, s, id);
	else
		put_ip(&w, s, id);
	if (w.full)
		die("a frame of more than %d octets", FRAME_MAX);
	if (s->snap)
		patch(&w, length_at, (uint16_t)((int)(wr_len(&w) - length_at - 2) + s->llc_off));
	return s->cut && s->cut < wr_len(&w) ? s->cut : wr_len(&w);
}
