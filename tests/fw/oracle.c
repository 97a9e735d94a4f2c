/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle decides whether a frame may pass. It is written in plain C, from the specification (its section on
 * isolation) and the list of threats alone, and shares neither code nor the order of tests with the rules that it
 * checks. IPv6 is in oracle6.c.
 *
 * Specifications: RFC 826, 5227, 791, 1112, 1858, 3128, 2131, 3021, 3442, 6890.
 */
#include "attack.h"

#include <linux/if_ether.h>

struct ip {
	uint32_t src, dst;
	uint8_t proto;
	unsigned offset; /* octets */
	bool more;
	const uint8_t *l4;
	size_t l4_len;
};

static uint32_t mask(uint8_t len)
{
	return len ? 0xffffffffU << (32 - len) : 0;
}

static bool in_subnet(const struct vm *v, uint32_t a)
{
	return (a & mask(v->len)) == (v->ip & mask(v->len));
}

/* The network and broadcast addresses of the subnet, which no host has; a /31 and a /32 have neither. */
static bool is_edge(const struct vm *v, uint32_t a)
{
	uint32_t net = v->ip & mask(v->len);

	return v->len < 31 && (a == net || a == (net | ~mask(v->len)));
}

static bool is_broadcast(const struct vm *v, uint32_t a)
{
	return v->len < 31 && a == ((v->ip & mask(v->len)) | ~mask(v->len));
}

static bool is_group_mac(uint64_t mac)
{
	return mac >> 40 & 1;
}

/*
 * RFC 1112 6.4: a group's MAC has its low 23 bits. The VM may reach all groups of a listed block: any of their MACs
 * will do.
 */
static bool is_listed(const struct vm *v, uint32_t a, uint64_t dmac)
{
	for (int i = 0; i < 2; i++) {
		uint32_t bits = mask(v->group_len[i]);
		if (v->group_len[i] && (a & bits) == v->groups[i] && dmac >> 23 == 0x01005e000000ULL >> 23 &&
		    ((uint32_t)dmac & bits & 0x7fffff) == (v->groups[i] & 0x7fffff))
			return true;
	}
	return false;
}

/* Whether no router forwards to it: "this" network, loopback, link-local, multicast and reserved. */
static bool is_unroutable(uint32_t a)
{
	return a >> 24 == 0 || a >> 24 == 127 || a >> 16 == 0xa9fe || a >> 24 >= 224;
}

static bool parse_ip(const uint8_t *f, size_t len, struct ip *out)
{
	if (len < 34 || f[14] != 0x45)
		return false;
	size_t total = frame_u16(f + 16);
	if (total < 20 || total > len - 14)
		return false;
	*out = (struct ip){
	    .src = frame_u32(f + 26),
	    .dst = frame_u32(f + 30),
	    .proto = f[23],
	    .offset = (frame_u16(f + 20) & 0x1fffU) * 8,
	    .more = frame_u16(f + 20) & 0x2000,
	    .l4 = f + 34,
	    .l4_len = total - 20,
	};
	return true;
}

/* What must hold for the packet itself in both directions. */
static bool sound(const struct ip *p, uint64_t dmac)
{
	bool to_many = is_group_mac(dmac);
	bool fragment = p->more || p->offset;

	if (p->proto != 1 && p->proto != 6 && p->proto != 17)
		return false;
	if (fragment && to_many)
		return false;
	if (p->offset)
		return p->offset >= 16; /* at 8 it would overlap the first one's transport header */
	if (p->l4_len < (p->proto == 6 ? 20U : fragment ? 16U : 8U))
		return false;
	if (p->proto == 17) {
		uint16_t sport = frame_u16(p->l4), dport = frame_u16(p->l4 + 2);
		/* DHCP passes in neither direction: it is between the guest and fold alone. */
		if (sport == 67 || dport == 67 || dport == 68)
			return false;
		if (dmac == MAC_ALL && (dport == 137 || dport == 138))
			return false;
	}
	if (p->proto != 1)
		return true;
	bool error = p->l4[0] == 3 || p->l4[0] == 4 || p->l4[0] == 11 || p->l4[0] == 12;
	/* Of an error that is not whole, a later fragment may replace what it is about. */
	return p->l4[0] != 5 && p->l4[0] != 9 && !(error && p->more);
}

static bool arp_form(const uint8_t *f, size_t len)
{
	return len >= 42 && frame_u32(f + 14) == 0x00010800 && frame_u16(f + 18) == 0x0604 &&
	       (frame_u16(f + 20) == 1 || frame_u16(f + 20) == 2);
}

static bool arp_from(const struct vm *v, const uint8_t *f, size_t len)
{
	uint64_t dmac = frame_mac(f);

	if (!arp_form(f, len) || frame_mac(f + 22) != v->mac)
		return false;
	bool request = frame_u16(f + 20) == 1;
	uint32_t spa = frame_u32(f + 28), tpa = frame_u32(f + 38);
	if (dmac != MAC_ALL && is_group_mac(dmac))
		return false;
	/* Requests for fold's address and frames to its MAC are for fold alone: they do not go on. */
	if (dmac == SERVICE(v->mac) || (request && v->service && tpa == v->service))
		return false;
	if (request && spa == 0)
		return tpa == v->ip;
	/* A probe has no sender address, so its answer has the target address 0. */
	if (spa != v->ip)
		return false;
	/* The gateway may ask from any address of its own. */
	if (!request && v->gateway && dmac == MAC_G)
		return true;
	return in_subnet(v, tpa) || (v->gateway && tpa == v->gateway_ip) || (!request && tpa == 0);
}

static bool ip_from(const struct vm *v, const uint8_t *f, size_t len)
{
	uint64_t dmac = frame_mac(f);
	struct ip p;

	if (!parse_ip(f, len, &p) || p.src != v->ip || !sound(&p, dmac))
		return false;
	if (dmac == SERVICE(v->mac))
		return false;
	/* fold answers all DNS by UDP, wherever it is sent, and by TCP what is sent to its own address. */
	if (!p.offset && p.proto == 17 && frame_u16(p.l4 + 2) == 53)
		return false;
	if (!p.offset && p.proto == 6 && frame_u16(p.l4 + 2) == 53 && v->service && p.dst == v->service)
		return false;
	if (is_broadcast(v, p.dst))
		return dmac == MAC_ALL;
	if (is_edge(v, p.dst))
		return false;
	if (dmac == MAC_H)
		return p.dst == IP_H2 && in_subnet(v, p.dst);
	if (in_subnet(v, p.dst))
		return !is_group_mac(dmac);
	if (is_listed(v, p.dst, dmac))
		return true;
	return v->gateway && dmac == MAC_G && !is_unroutable(p.dst);
}

bool oracle_from(const struct vm *v, const uint8_t *f, size_t len)
{
	if (len < 14 || frame_mac(f + 6) != v->mac)
		return false;
	switch (frame_u16(f + 12)) {
	case ETH_P_ARP:
		return v->ip && arp_from(v, f, len);
	case ETH_P_IP:
		return v->ip && ip_from(v, f, len);
	case ETH_P_IPV6:
		return oracle6_from(v, f, len);
	default:
		return false;
	}
}

static bool arp_to(const struct vm *v, const uint8_t *f, size_t len)
{
	uint64_t dmac = frame_mac(f);

	if (!arp_form(f, len) || (dmac != MAC_ALL && dmac != v->mac))
		return false;
	bool request = frame_u16(f + 20) == 1;
	uint32_t spa = frame_u32(f + 28), tpa = frame_u32(f + 38);
	uint64_t sha = frame_mac(f + 22);
	if (sha == v->mac || spa == v->ip || (v->service && spa == v->service))
		return false;
	if (v->gateway && spa == v->gateway_ip)
		return sha == MAC_G && frame_mac(f + 6) == MAC_G && (in_subnet(v, tpa) || tpa == v->gateway_ip);
	if (request && v->gateway && sha == MAC_G && frame_mac(f + 6) == MAC_G && tpa == v->ip)
		return true;
	if (request && spa == 0)
		return tpa == v->ip;
	return in_subnet(v, spa) && in_subnet(v, tpa);
}

static bool ip_to(const struct vm *v, const uint8_t *f, size_t len)
{
	uint64_t dmac = frame_mac(f);
	struct ip p;

	if (!parse_ip(f, len, &p) || !sound(&p, dmac) || p.src == v->ip || is_edge(v, p.src))
		return false;
	if (v->service && p.src == v->service)
		return false;
	if (v->gateway && p.src == v->gateway_ip && frame_mac(f + 6) != MAC_G)
		return false;
	bool near = in_subnet(v, p.src);
	if (!near && !(v->gateway && frame_mac(f + 6) == MAC_G && !is_unroutable(p.src)))
		return false;
	if (is_broadcast(v, p.dst))
		return near && dmac == MAC_ALL;
	if (p.dst == v->ip) /* fold answers DNS queries to it */
		return dmac == v->mac && !(!p.offset && p.proto == 17 && frame_u16(p.l4 + 2) == 53);
	return is_listed(v, p.dst, dmac);
}

bool oracle_to(const struct vm *v, const uint8_t *f, size_t len)
{
	if (len < 14 || frame_mac(f + 6) == v->mac || frame_mac(f + 6) == SERVICE(v->mac))
		return false;
	switch (frame_u16(f + 12)) {
	case ETH_P_ARP:
		return v->ip && arp_to(v, f, len);
	case ETH_P_IP:
		return v->ip && ip_to(v, f, len);
	case ETH_P_IPV6:
		return oracle6_to(v, f, len);
	default:
		return false;
	}
}
