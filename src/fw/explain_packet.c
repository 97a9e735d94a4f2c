/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a packet that the kernel parses before it evaluates the first rule. RFC 791, 8200 4 (extension
 * headers).
 * Source: nft_set_pktinfo_ipv4_validate(), nft_set_pktinfo_ipv6_validate(), ipv6_find_hdr(), eth_type_trans().
 */
#include "fw/explain_priv.h"

#include "base/addr.h"
#include "base/rd.h"

#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#define IP6_HEADER_LEN 40

static uint8_t kind_of(const uint8_t *dst, const uint8_t *tap_mac)
{
	static const uint8_t everyone[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (memcmp(dst, everyone, MAC_LEN) == 0)
		return PACKET_BROADCAST;
	if (dst[0] & 1)
		return PACKET_MULTICAST;
	return memcmp(dst, tap_mac, MAC_LEN) == 0 ? PACKET_HOST : PACKET_OTHERHOST;
}

static void look_ip4(struct rd r, struct explain_packet *p)
{
	size_t there = rd_left(&r);
	uint8_t first = rd_u8(&r);
	rd_u8(&r);
	size_t total = rd_u16(&r), header = (size_t)(first & 15) * 4;
	rd_u16(&r);
	uint16_t fragment = rd_u16(&r) & 0x1fff;
	rd_u8(&r);
	uint8_t proto = rd_u8(&r);
	rd_bytes(&r, 10);
	if (r.bad || first >> 4 != 4 || header < 20 || total > there || total < header)
		return;
	p->sound = true;
	p->proto = proto;
	p->fragment = fragment;
	p->transport = p->network + header;
}

/*
 * The length in octets of an IPv6 extension header, from its type and its length field; 0 if the type is no extension
 * header.
 */
static size_t extension_len(uint8_t type, uint8_t len)
{
	switch (type) {
	case IPPROTO_FRAGMENT:
		return 8;
	case IPPROTO_AH:
		return ((size_t)len + 2) * 4;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return ((size_t)len + 1) * 8;
	default:
		return 0;
	}
}

static void look_ip6(struct rd r, struct explain_packet *p)
{
	size_t there = rd_left(&r);
	uint8_t first = rd_u8(&r);
	rd_bytes(&r, 3);
	size_t payload = rd_u16(&r), at = p->network + IP6_HEADER_LEN;
	uint8_t next = rd_u8(&r);
	rd_bytes(&r, 33);
	if (r.bad || first >> 4 != 6 || payload + IP6_HEADER_LEN > there)
		return;
	while (extension_len(next, 0)) {
		struct rd h = r;
		uint8_t type = next;
		next = rd_u8(&h);
		size_t octets = extension_len(type, rd_u8(&h));
		uint16_t offset = rd_u16(&h) & 0xfff8;
		if (h.bad)
			return;
		if (type == IPPROTO_FRAGMENT && offset) {
			if (extension_len(next, 0))
				return;
			p->fragment = offset;
			at += octets;
			break;
		}
		rd_bytes(&r, octets);
		at += octets;
	}
	if (next == IPPROTO_NONE && !p->fragment)
		return;
	p->sound = true;
	p->proto = next;
	p->transport = at;
}

void explain_look(const uint8_t *frame, size_t len, const uint8_t *tap_mac, struct explain_packet *out)
{
	struct rd r = rd_over(frame, len);

	*out =
	    (struct explain_packet){.frame = frame, .len = len, .network = ETH_HLEN, .kind = kind_of(frame, tap_mac)};
	rd_bytes(&r, 2 * ETH_ALEN);
	uint16_t type = rd_u16(&r);
	/* A VLAN tag has another type, so what follows it is not parsed. No rule needs it. */
	if (type == ETH_P_IP)
		look_ip4(r, out);
	else if (type == ETH_P_IPV6)
		look_ip6(r, out);
}
