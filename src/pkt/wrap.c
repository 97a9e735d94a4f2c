/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts headers around a reply, in place, from the inside out.
 * Specifications: RFC 894, 791, 768, 8200, 4443, 9293.
 */
#include "base/csum.h"
#include "pkt/pkt.h"

#include <linux/if_ether.h>

void reply_init(struct reply *r)
{
	/* The buffer itself is not cleared, because only octets that were written leave it. */
	memset(r, 0, offsetof(struct reply, buf));
	r->w = wr_over(r->buf + REPLY_HEADROOM, REPLY_DATA_MAX);
}

void reply_return(const struct pkt *in, struct reply *out)
{
	out->kind = in->kind;
	memcpy(out->dst_mac, in->src_mac, MAC_LEN);
	out->src4 = in->dst4;
	out->dst4 = in->src4;
	out->src6 = in->dst6;
	out->dst6 = in->src6;
}

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* RFC 768: a sum that comes out as zero is sent as all ones; 0 would mean "none". */
static void fill_checksum(uint8_t *l4, size_t len, size_t at, uint64_t pseudo)
{
	put16(l4 + at, 0);
	uint16_t sum = (uint16_t)~csum_fold(csum_add(pseudo, l4, len));
	put16(l4 + at, sum ? sum : 0xffff);
}

/* Returns the start of the UDP header that now stands before the data. */
static uint8_t *udp_header(const struct reply *r, uint8_t *data, size_t *len)
{
	uint8_t *udp = data - 8;

	*len += 8;
	put16(udp, r->sport);
	put16(udp + 2, r->dport);
	put16(udp + 4, (uint16_t)*len);
	return udp;
}

static uint8_t *ip4_header(const struct reply *r, uint8_t *l4, size_t *len, uint8_t proto)
{
	uint8_t *ip = l4 - 20;

	*len += 20;
	/* DF stays clear: PXE ROMs stumble over it. ID 0: no fragment will ever need it (RFC 6864 4.1 wants DF
	 * for that, but every reply is shorter than the least MTU it meets). */
	memset(ip, 0, 12);
	ip[0] = 0x45;
	put16(ip + 2, (uint16_t)*len);
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, &r->src4, 4);
	memcpy(ip + 16, &r->dst4, 4);
	put16(ip + 10, (uint16_t)~csum_fold(csum_add(0, ip, 20)));
	return ip;
}

static uint8_t *ip6_header(const struct reply *r, uint8_t *l4, size_t *len, uint8_t next)
{
	uint8_t *ip = l4 - 40;

	memset(ip, 0, 8);
	ip[0] = 0x60;
	put16(ip + 4, (uint16_t)*len);
	ip[6] = next;
	ip[7] = 255; /* RFC 4861 7.1: neighbour discovery is refused with less */
	memcpy(ip + 8, &r->src6, 16);
	memcpy(ip + 24, &r->dst6, 16);
	*len += 40;
	return ip;
}

/* Writes the transport and network headers. Returns the start of the latter; *len becomes the length from there. */
static uint8_t *network(const struct reply *r, uint8_t *data, size_t *len, uint16_t *ethertype)
{
	uint8_t *l4 = data;

	switch (r->kind) {
	case PKT_ARP:
		*ethertype = ETH_P_ARP;
		return data;
	case PKT_UDP4:
		*ethertype = ETH_P_IP;
		l4 = udp_header(r, data, len);
		fill_checksum(l4, *len, 6, csum_pseudo4(r->src4, r->dst4, IPPROTO_UDP, *len));
		return ip4_header(r, l4, len, IPPROTO_UDP);
	case PKT_UDP6:
		*ethertype = ETH_P_IPV6;
		l4 = udp_header(r, data, len);
		fill_checksum(l4, *len, 6, csum_pseudo6(&r->src6, &r->dst6, IPPROTO_UDP, *len));
		return ip6_header(r, l4, len, IPPROTO_UDP);
	case PKT_ICMP6:
		*ethertype = ETH_P_IPV6;
		fill_checksum(l4, *len, 2, csum_pseudo6(&r->src6, &r->dst6, IPPROTO_ICMPV6, *len));
		return ip6_header(r, l4, len, IPPROTO_ICMPV6);
	case PKT_ICMP4:
		*ethertype = ETH_P_IP;
		fill_checksum(l4, *len, 2, 0);
		return ip4_header(r, l4, len, IPPROTO_ICMP);
	case PKT_TCP4:
		*ethertype = ETH_P_IP;
		fill_checksum(l4, *len, 16, csum_pseudo4(r->src4, r->dst4, IPPROTO_TCP, *len));
		return ip4_header(r, l4, len, IPPROTO_TCP);
	case PKT_TCP6:
		*ethertype = ETH_P_IPV6;
		fill_checksum(l4, *len, 16, csum_pseudo6(&r->src6, &r->dst6, IPPROTO_TCP, *len));
		return ip6_header(r, l4, len, IPPROTO_TCP);
	}
	return NULL;
}

bool pkt_wrap(struct reply *r, const uint8_t src_mac[static MAC_LEN])
{
	size_t len = wr_len(&r->w);
	uint16_t ethertype = 0;
	uint8_t *l3 = r->w.full ? NULL : network(r, r->w.start, &len, &ethertype);

	if (!l3)
		return false;
	uint8_t *eth = l3 - ETH_HLEN;
	memcpy(eth, r->dst_mac, MAC_LEN);
	memcpy(eth + MAC_LEN, src_mac, MAC_LEN);
	put16(eth + 2 * MAC_LEN, ethertype);
	len += ETH_HLEN;
	/* RFC 894: short frames are padded with zeros; 60 octets without the frame check sequence. */
	if (len < ETH_ZLEN) {
		memset(eth + len, 0, ETH_ZLEN - len);
		len = ETH_ZLEN;
	}
	r->frame = eth;
	r->frame_len = len;
	return true;
}
