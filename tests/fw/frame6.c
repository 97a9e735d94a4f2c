/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6 frames. Neighbour discovery has no room for a cookie, which therefore follows the packet, like padding.
 * Specifications: RFC 8200, 4302, 4443, 4861, 7527, 8415.
 */
#include "frame_priv.h"

#include "base/csum.h"

#include <string.h>

void put_ip6_address(struct wr *w, const struct ip6 *a)
{
	for (int i = 0; i < 8; i++)
		wr_u16(w, a->w[i]);
}

/* One extension header of each kind: its number, its length, and the octets behind its next-header field. */
static const struct {
	uint8_t number, len, body[8];
} exts[] = {
    [X_HOPS] = {0, 8, {0, 1, 4}},
    [X_ALERT] = {0, 8, {0, 5, 2, 0, 0, 1, 0}},
    [X_JUMBO] = {0, 8, {0, 0xc2, 4, 0, 1, 0, 0}},
    [X_ROUTE] = {43, 8, {0}},
    [X_ROUTE2] = {43, 24, {2, 0, 1}},
    [X_FRAG] = {44, 8, {0}},
    [X_DEST] = {60, 8, {0, 1, 4}},
    [X_DEST24] = {60, 24, {2, 1, 20}},
    [X_AUTH] = {51, 24, {4}}, /* the length field: 32-bit words, less 2 */
    [X_MOBILE] = {135, 8, {0, 1}},
    [X_HIP] = {139, 8, {0}},
    [X_SHIM6] = {140, 8, {0}},
    [X_UNKNOWN] = {253, 8, {0}},
};

static void put_exts(struct wr *w, const struct shape *s)
{
	for (size_t i = 0; i < sizeof(s->ext) && s->ext[i]; i++) {
		const uint8_t kind = s->ext[i], next = i + 1 < sizeof(s->ext) ? s->ext[i + 1] : X_NONE;
		size_t start = wr_len(w);
		wr_u8(w, next ? exts[next].number : s->next);
		if (kind == X_FRAG) {
			wr_u8(w, 0);
			wr_u16(w, s->frag);
			wr_u32(w, 0x66726167);
			continue;
		}
		for (size_t at = 0; at < 7; at++)
			wr_u8(w, exts[kind].body[at]);
		wr_zero(w, exts[kind].len - (wr_len(w) - start));
	}
}

void put_nd(struct wr *w, const struct shape *s)
{
	wr_u8(w, s->itype);
	wr_u8(w, s->icode);
	wr_u16(w, 0);
	wr_u32(w, s->flags);
	if (s->itype == 134)
		wr_zero(w, 8); /* reachable time, retransmission timer */
	else if (s->itype != 133)
		put_ip6_address(w, &s->target);
	if (s->itype == 137)
		put_ip6_address(w, &s->target);
	for (size_t i = 0; i < sizeof(s->opt) && s->opt[i]; i++) {
		wr_u8(w, s->opt[i]);
		wr_u8(w, s->olen == NO_LENGTH ? 0 : s->olen ? s->olen : 1);
		put_mac(w, s->lla);
	}
}

/* A client's (or server's) DHCPv6 message with an IA_NA. The cookie is in an option of unknown code. */
void put_dhcp6(struct wr *w, const struct shape *s, uint32_t id)
{
	const bool server = s->sport == 547;

	wr_u32(w, (uint32_t)s->msg << 24 | (id & 0xffffff));
	for (int i = server; i >= 0; i--) {
		wr_u32(w, (1U + (unsigned)i) << 16 | 10);
		wr_u32(w, 0x00030001);
		put_mac(w, i ? s->smac : s->sha);
	}
	if (s->msg != 11 /* Information-request */) {
		wr_u32(w, 3 << 16 | 12);
		wr_u32(w, 1);
		wr_zero(w, 8);
	}
	wr_u32(w, 8 << 16 | 2);
	wr_u16(w, 0);
	wr_u32(w, 6 << 16 | 2);
	wr_u16(w, 23);
	wr_u32(w, 0xfde8U << 16 | (8U + s->data));
	put_cookie(w, s, id);
}

void put_ip6(struct wr *w, const struct shape *s, uint32_t id)
{
	size_t at = wr_len(w), l4, len;
	struct in6_addr src, dst;

	wr_u32(w, (uint32_t)(s->ver ? s->ver : 6) << 28);
	wr_u16(w, 0);
	wr_u8(w, s->ext[0] ? exts[s->ext[0]].number : s->next);
	wr_u8(w, s->hop);
	put_ip6_address(w, &s->src6);
	put_ip6_address(w, &s->dst6);
	put_exts(w, s);
	l4 = wr_len(w);
	put_transport(w, s, id);
	len = wr_len(w) - at - 40;
	patch(w, at + 4, s->no_len ? 0 : s->total ? s->total : (uint16_t)len);
	memcpy(&src, w->start + at + 8, 16);
	memcpy(&dst, w->start + at + 24, 16);
	finish_transport(w, s, l4, csum_pseudo6(&src, &dst, s->next, wr_len(w) - l4));
	if (s->kind == K_ND)
		put_cookie(w, s, id);
}
