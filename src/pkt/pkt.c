/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes frames apart. Specifications: RFC 894, 826, 791, 792, 768, 8200, 4443, 9293.
 * Fragments are refused and never reassembled (CVE-2020-1983 and similar ones).
 */
#include "pkt/pkt.h"

#include "base/csum.h"
#include "base/rd.h"

#include <linux/if_ether.h>

#define IP4_HEADER 20
#define IP6_HEADER 40
#define UDP_HEADER 8
#define ARP_LEN 28 /* RFC 826 with 6-octet hardware and 4-octet protocol addresses */
#define ICMP_MIN 8
#define TCP_HEADER 20

static enum drop decode_arp(struct rd r, struct pkt *out)
{
	out->kind = PKT_ARP;
	out->data = rd_bytes(&r, ARP_LEN);
	out->len = ARP_LEN;
	return r.bad ? DROP_TRUNCATED : DROP_NONE;
}

/*
 * Whether the transport checksum at octet `at` of l4 is right, or not computed yet. pseudo:
 * the pseudo-header's sum. A virtio guest that leaves the checksum to its device puts the
 * folded pseudo-header sum there (Linux, skb_partial_csum_set); on a wire it never appears.
 */
static bool l4_checksum_ok(const struct frame *in, const uint8_t *l4, size_t len, size_t at, uint64_t pseudo)
{
	uint16_t field = (uint16_t)(l4[at] << 8 | l4[at + 1]);

	return in->csum_pending || csum_fold(csum_add(pseudo, l4, len)) == 0xffff || field == csum_fold(pseudo);
}

static enum drop decode_udp(const struct frame *in, const uint8_t *l4, size_t len, uint64_t pseudo, struct pkt *out)
{
	struct rd r = rd_over(l4, len);

	out->sport = rd_u16(&r);
	out->dport = rd_u16(&r);
	size_t udp_len = rd_u16(&r);
	uint16_t csum = rd_u16(&r);
	if (r.bad)
		return DROP_TRUNCATED;
	/* RFC 768: the length covers header and data. It must be what IP carries: no hidden bytes, no overread. */
	if (udp_len < UDP_HEADER || udp_len != len)
		return DROP_L4_HEADER;
	/* RFC 768: over IPv4 an all-zero checksum means none was computed; RFC 8200 8.1 forbids it over IPv6. */
	if (csum == 0 && out->kind == PKT_UDP6 && !in->csum_pending)
		return DROP_L4_CHECKSUM;
	if (csum != 0 && !l4_checksum_ok(in, l4, len, 6, pseudo))
		return DROP_L4_CHECKSUM;
	out->data = r.p;
	out->len = len - UDP_HEADER;
	return DROP_NONE;
}

/* Checks the TCP checksum, and that the header is whole. tcp_parse() reads the rest of the header and the options. */
static enum drop decode_tcp(const struct frame *in, const uint8_t *l4, size_t len, uint64_t pseudo, struct pkt *out)
{
	struct rd r = rd_over(l4, len);

	out->sport = rd_u16(&r);
	out->dport = rd_u16(&r);
	rd_bytes(&r, 8);
	size_t header = (size_t)(rd_u8(&r) >> 4) * 4;
	rd_bytes(&r, 7);
	if (r.bad)
		return DROP_TRUNCATED;
	if (header < TCP_HEADER || header > len)
		return DROP_L4_HEADER;
	if (!l4_checksum_ok(in, l4, len, 16, pseudo))
		return DROP_L4_CHECKSUM;
	out->data = l4;
	out->len = len;
	return DROP_NONE;
}

/* RFC 792: no pseudo-header. */
static enum drop decode_icmp4(const struct frame *in, const uint8_t *l4, size_t len, struct pkt *out)
{
	out->kind = PKT_ICMP4;
	out->data = l4;
	out->len = len;
	if (len < ICMP_MIN)
		return DROP_TRUNCATED;
	return in->csum_pending || csum_fold(csum_add(0, l4, len)) == 0xffff ? DROP_NONE : DROP_L4_CHECKSUM;
}

static enum drop decode_ip4(const struct frame *in, struct rd r, struct pkt *out)
{
	const uint8_t *header = r.p;
	uint8_t version_ihl = rd_u8(&r);
	rd_u8(&r);
	size_t total = rd_u16(&r);
	rd_u16(&r);
	uint16_t fragment = rd_u16(&r);
	out->hop_limit = rd_u8(&r);
	uint8_t proto = rd_u8(&r);
	rd_u16(&r);
	rd_copy(&r, &out->src4, 4);
	rd_copy(&r, &out->dst4, 4);
	if (r.bad)
		return DROP_TRUNCATED;
	/* Only IHL 5: fold answers no packet with IP options (source route, router alert). */
	if (version_ihl != 0x45 || total < IP4_HEADER)
		return DROP_IP_HEADER;
	if (total > IP4_HEADER + rd_left(&r))
		return DROP_TRUNCATED;
	if (fragment & 0x3fff) /* more-fragments or an offset */
		return DROP_FRAGMENT;
	if (csum_fold(csum_add(0, header, IP4_HEADER)) != 0xffff)
		return DROP_IP_CHECKSUM;
	if (proto != IPPROTO_UDP && proto != IPPROTO_TCP && proto != IPPROTO_ICMP)
		return DROP_UNKNOWN;
	out->l3 = header;
	out->l3_len = total; /* what follows is Ethernet padding */
	size_t len = total - IP4_HEADER;
	if (proto == IPPROTO_ICMP)
		return decode_icmp4(in, r.p, len, out);
	out->kind = proto == IPPROTO_UDP ? PKT_UDP4 : PKT_TCP4;
	uint64_t pseudo = csum_pseudo4(out->src4, out->dst4, proto, len);
	return proto == IPPROTO_UDP ? decode_udp(in, r.p, len, pseudo, out) : decode_tcp(in, r.p, len, pseudo, out);
}

static enum drop decode_ip6(const struct frame *in, struct rd r, struct pkt *out)
{
	const uint8_t *header = r.p;
	uint32_t version = rd_u32(&r) >> 28;
	size_t len = rd_u16(&r);
	uint8_t next = rd_u8(&r);
	out->hop_limit = rd_u8(&r);
	rd_copy(&r, &out->src6, 16);
	rd_copy(&r, &out->dst6, 16);
	if (r.bad)
		return DROP_TRUNCATED;
	if (version != 6)
		return DROP_IP_HEADER;
	if (len > rd_left(&r))
		return DROP_TRUNCATED;
	out->l3 = header;
	out->l3_len = IP6_HEADER + len;
	uint64_t pseudo = csum_pseudo6(&out->src6, &out->dst6, next, len);
	switch (next) {
	case IPPROTO_UDP:
		out->kind = PKT_UDP6;
		return decode_udp(in, r.p, len, pseudo, out);
	case IPPROTO_TCP:
		out->kind = PKT_TCP6;
		return decode_tcp(in, r.p, len, pseudo, out);
	case IPPROTO_ICMPV6:
		out->kind = PKT_ICMP6;
		if (len < ICMP_MIN)
			return DROP_TRUNCATED;
		if (!l4_checksum_ok(in, r.p, len, 2, pseudo))
			return DROP_L4_CHECKSUM;
		out->data = r.p;
		out->len = len;
		return DROP_NONE;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
	case IPPROTO_AH:
		return next == IPPROTO_FRAGMENT ? DROP_FRAGMENT : DROP_EXTENSION;
	default:
		return DROP_UNKNOWN;
	}
}

enum drop pkt_decode(const struct frame *in, struct pkt *out)
{
	struct rd l2 = rd_over(in->l2, in->l2_len);
	struct rd l3 = rd_over(in->l3, in->l3_len);

	rd_copy(&l2, out->dst_mac, MAC_LEN);
	rd_copy(&l2, out->src_mac, MAC_LEN);
	uint16_t ethertype = rd_u16(&l2);
	/* More than 14 octets of link header: the kernel left a tag there. */
	if (l2.bad || rd_left(&l2))
		return l2.bad ? DROP_TRUNCATED : DROP_ETHERTYPE;
	switch (ethertype) {
	case ETH_P_ARP:
		return decode_arp(l3, out);
	case ETH_P_IP:
		return decode_ip4(in, l3, out);
	case ETH_P_IPV6:
		return decode_ip6(in, l3, out);
	default:
		return DROP_ETHERTYPE;
	}
}
