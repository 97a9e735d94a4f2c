/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle for IPv6 (see oracle.c): from the specification alone, a condition a line, in the order of
 * the packet's fields.
 *
 * It leaves out what no nftables rule can test: that a solicitation's group is that of its target (two fields of one
 * frame), and who has a link-local address that is not made from a MAC.
 *
 * Specifications: RFC 8200, 4291, 2464, 4443, 4861 7.1, 4862 5.4, 6980, 7527, 8415, 6052, 6890.
 */
#include "attack.h"

#include <string.h>

struct packet {
	struct ip6 src, dst;
	uint64_t smac, dmac;
	uint8_t next, hop;
	const uint8_t *l4;
	size_t len;
};

enum { RS = 133, RA, NS, NA, REDIRECT };
enum { NO_OPTION, SOURCE_OPTION = 1, TARGET_OPTION = 2, NONCE_OPTION = 14, BAD_OPTION = 256 };

static const struct ip6 all_nodes = IP6_NODES, link_local = IP6(0xfe80), any = IP6_ANY, group_base = SOLICITED6(0),
			host_near = IP6_H2, host_local = IP6_LH;

static bool in(struct ip6 a, struct ip6 net, unsigned len)
{
	for (unsigned bit = 0; bit < len; bit++)
		if ((a.w[bit / 16] ^ net.w[bit / 16]) >> (15 - bit % 16) & 1)
			return false;
	return true;
}

static bool near(const struct vm *v, struct ip6 a)
{
	return in(a, v->ip6, v->len6);
}

static bool is_local(struct ip6 a)
{
	return in(a, link_local, 64);
}

/*
 * Whether another machine has the link-local address: it is made from a MAC (RFC 4291 2.5.1) that is not the VM's, or
 * it is short, like fe80::1, as people choose it for a router.
 */
static bool is_foreign(const struct vm *v, struct ip6 a)
{
	const bool made = (a.w[5] & 0xff) == 0xff && a.w[6] >> 8 == 0xfe, chosen = !a.w[4] && !a.w[5];

	return is_local(a) && (made || chosen) && !ip6_same(a, v->local6);
}

static bool is_one(uint64_t mac)
{
	return !(mac >> 40 & 1);
}

/* RFC 2464 7 */
static uint64_t mac_of(struct ip6 group)
{
	return 0x333300000000ULL | (uint64_t)group.w[6] << 16 | group.w[7];
}

static struct ip6 solicited(struct ip6 a)
{
	struct ip6 g = group_base;

	g.w[6] |= a.w[6] & 0xff;
	g.w[7] = a.w[7];
	return g;
}

static bool is_solicited(const struct packet *p)
{
	return in(p->dst, group_base, 104) && p->dmac >> 24 == 0x3333ff;
}

/* The VM may reach all groups of a listed block: any of their MACs will do, as in IPv4. */
static bool is_listed(const struct vm *v, const struct packet *p)
{
	for (int i = 0; i < 2; i++) {
		unsigned len = v->group6_len[i];
		if (!len || !in(p->dst, v->groups6[i], len) || p->dmac >> 32 != 0x3333)
			continue;
		uint32_t bits = len <= 96 ? 0 : 0xffffffffU << (128 - len);
		if ((((uint32_t)p->dmac ^ (uint32_t)mac_of(v->groups6[i])) & bits) == 0)
			return true;
	}
	return false;
}

/* Whether routers forward to it: from 64:ff9b::, the well-known prefix of translated IPv4, up to fe80:: exclusive. */
static bool is_routable(struct ip6 a)
{
	return (a.w[0] > 0x64 || (a.w[0] == 0x64 && a.w[1] >= 0xff9b)) && a.w[0] < 0xfe80;
}

static bool parse(const uint8_t *f, size_t len, struct packet *p)
{
	if (len < 54 || f[14] >> 4 != 6)
		return false;
	*p = (struct packet){.src = frame_ip6(f + 22),
			     .dst = frame_ip6(f + 38),
			     .smac = frame_mac(f + 6),
			     .dmac = frame_mac(f),
			     .next = f[20],
			     .hop = f[21],
			     .l4 = f + 54,
			     .len = frame_u16(f + 18)};
	if (p->len > len - 54)
		return false;
	return p->next == 6 ? p->len >= 20 : (p->next == 17 || p->next == 58) && p->len >= 8;
}

/* Whether the transport may pass, in both directions; neighbour discovery is judged apart. */
static bool is_open(const struct packet *p)
{
	if (p->next == 58)
		return (p->l4[0] >= 1 && p->l4[0] <= 4) || p->l4[0] == 128 || p->l4[0] == 129;
	if (p->next == 17) {
		uint16_t sport = frame_u16(p->l4), dport = frame_u16(p->l4 + 2);
		return sport != 547 && dport != 547 && dport != 546;
	}
	return true;
}

/*
 * Parses a neighbour solicitation or advertisement; false if malformed or anything else. option: its kind, or
 * NO_OPTION.
 */
static bool parse_nd(const struct packet *p, struct ip6 *target, int *option, uint64_t *lla)
{
	if (p->next != 58 || (p->l4[0] != NS && p->l4[0] != NA) || p->l4[1] != 0 || p->hop != 255 ||
	    (p->len != 24 && p->len != 32))
		return false;
	*target = frame_ip6(p->l4 + 8);
	*option = p->len == 24 ? NO_OPTION : p->l4[25] == 1 ? p->l4[24] : BAD_OPTION;
	*lla = p->len == 24 ? 0 : frame_mac(p->l4 + 26);
	return *option == NO_OPTION || *option == (p->l4[0] == NA          ? TARGET_OPTION
						   : ip6_same(p->src, any) ? NONCE_OPTION
									   : SOURCE_OPTION);
}

/* Whether fold answers solicitations for that target, which nobody else may then hear. */
static bool is_folds(const struct vm *v, struct ip6 target)
{
	return ip6_same(target, v->fold6) || (v->has_service6 && ip6_same(target, v->service6)) ||
	       (v->gateway6 && ip6_same(target, v->gateway_ip6));
}

static bool nd_from(const struct vm *v, const struct packet *p)
{
	struct ip6 target;
	uint64_t lla;
	int option;

	if (!parse_nd(p, &target, &option, &lla))
		return false;
	const bool asks = p->l4[0] == NS;
	if (asks && is_folds(v, target))
		return false;
	if (asks && ip6_same(p->src, any))
		return (ip6_same(target, v->ip6) || ip6_same(target, v->local6)) &&
		       ip6_same(p->dst, solicited(target)) && p->dmac == mac_of(p->dst);
	if (!ip6_same(p->src, v->ip6) && (!is_local(p->src) || is_foreign(v, p->src)))
		return false;
	if (option != NO_OPTION && lla != v->mac)
		return false;
	if (asks ? !near(v, target) : !ip6_same(target, v->ip6) && !ip6_same(target, v->local6))
		return false;
	if (!is_one(p->dmac))
		return asks ? is_solicited(p) : ip6_same(p->dst, all_nodes) && p->dmac == mac_of(all_nodes);
	if (p->dmac == SERVICE(v->mac))
		return false;
	if (p->dmac == MAC_H && v->gateway6 &&
	    v->gateway_mac6 == MAC_H) /* as the VM's gateway, the host must learn where the guest is */
		return !asks && ip6_same(p->dst, v->gateway_ip6);
	if (p->dmac == MAC_H) /* the host would route anything else */
		return near(v, host_near) && (ip6_same(p->dst, host_near) || (!asks && ip6_same(p->dst, host_local)));
	if (!asks && v->gateway6 && ip6_same(p->dst, v->gateway_ip6) && !is_local(p->dst))
		return near(v, p->dst) || p->dmac == v->gateway_mac6;
	return near(v, p->dst) || (!asks && is_local(p->dst));
}

bool oracle6_from(const struct vm *v, const uint8_t *f, size_t len)
{
	struct packet p;

	if (!v->len6 || !parse(f, len, &p))
		return false;
	if (p.next == 58 && p.l4[0] >= RS && p.l4[0] <= REDIRECT)
		return nd_from(v, &p);
	if (!ip6_same(p.src, v->ip6) || !is_open(&p) || p.dmac == SERVICE(v->mac))
		return false;
	/* fold answers all DNS by UDP, wherever it is sent, and by TCP what is sent to its own address. */
	if (p.next == 17 && frame_u16(p.l4 + 2) == 53)
		return false;
	if (p.next == 6 && frame_u16(p.l4 + 2) == 53 && v->has_service6 && ip6_same(p.dst, v->service6))
		return false;
	if (!is_one(p.dmac))
		return is_listed(v, &p);
	if (p.dmac == MAC_H && near(v, p.dst))
		return ip6_same(p.dst, host_near);
	return near(v, p.dst) || (v->gateway6 && p.dmac == v->gateway_mac6 && is_routable(p.dst));
}

/* Whether no other machine may use it as source: it is the guest's own, or only fold uses it. */
static bool is_taken(const struct vm *v, struct ip6 a)
{
	return ip6_same(a, v->ip6) || ip6_same(a, v->local6) || ip6_same(a, v->fold6) ||
	       (v->has_service6 && ip6_same(a, v->service6));
}

static bool sender_of_nd(const struct vm *v, const struct packet *p, int option, uint64_t lla)
{
	if (option != NO_OPTION && option != NONCE_OPTION && (lla == v->mac || lla == SERVICE(v->mac)))
		return false;
	if (v->gateway6 && ip6_same(p->src, v->gateway_ip6))
		return p->smac == v->gateway_mac6 && (p->l4[0] == NA || option == NO_OPTION || lla == v->gateway_mac6);
	return near(v, p->src) || is_local(p->src);
}

static bool nd_to(const struct vm *v, const struct packet *p)
{
	struct ip6 target;
	uint64_t lla;
	int option;

	if (!parse_nd(p, &target, &option, &lla) || is_taken(v, p->src))
		return false;
	const struct ip6 groups[] = {solicited(v->ip6), solicited(v->local6)};
	bool to_group = false;
	for (int i = 0; i < 2; i++)
		to_group |= ip6_same(p->dst, groups[i]) && p->dmac == mac_of(groups[i]);
	const bool to_it = p->dmac == v->mac && (ip6_same(p->dst, v->ip6) || is_local(p->dst));

	if (p->l4[0] == NA)
		return sender_of_nd(v, p, option, lla) && near(v, target) && !ip6_same(target, v->ip6) &&
		       !is_folds(v, target) && (to_it || (ip6_same(p->dst, all_nodes) && p->dmac == mac_of(all_nodes)));
	if (ip6_same(p->src, any))
		return ip6_same(target, v->ip6) && to_group;
	return sender_of_nd(v, p, option, lla) && (ip6_same(target, v->ip6) || ip6_same(target, v->local6)) &&
	       (to_group || to_it);
}

bool oracle6_to(const struct vm *v, const uint8_t *f, size_t len)
{
	struct packet p;

	if (!v->len6 || !parse(f, len, &p))
		return false;
	if (p.next == 58 && p.l4[0] >= RS && p.l4[0] <= REDIRECT)
		return nd_to(v, &p);
	if (!is_open(&p) || is_taken(v, p.src))
		return false;
	if (v->gateway6 && ip6_same(p.src, v->gateway_ip6) && p.smac != v->gateway_mac6)
		return false;
	if (!near(v, p.src) && !(v->gateway6 && p.smac == v->gateway_mac6 && is_routable(p.src)))
		return false;
	if (ip6_same(p.dst, v->ip6)) /* fold answers DNS queries to it */
		return p.dmac == v->mac && !(p.next == 17 && frame_u16(p.l4 + 2) == 53);
	return is_listed(v, &p);
}
