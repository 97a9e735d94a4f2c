/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specifications: RFC 2710, 3590 (MLD), 2236 (IGMP), 2113, 2711 (router alert), 2464, 1112 (groups' MACs). */
#include "ra/listen.h"

#include "base/csum.h"

#include <linux/if_ether.h>

#define MLD_REPORT 131
#define MLD_LEN 24
#define IGMP_REPORT 0x16
#define IGMP_LEN 8
#define IP4_LEN 24 /* with one option */

static void ethernet(struct wr *w, const struct guest *g, const uint8_t dst[static MAC_LEN], uint16_t type)
{
	wr_bytes(w, dst, MAC_LEN);
	wr_bytes(w, g->id.mac, MAC_LEN);
	wr_u16(w, type);
}

static void put_sum(uint8_t *at, uint64_t sum)
{
	uint16_t folded = (uint16_t)~csum_fold(sum);

	at[0] = (uint8_t)(folded >> 8);
	at[1] = (uint8_t)folded;
}

static struct wr begin(struct reply *out)
{
	reply_init(out);
	return wr_over(out->buf, sizeof(out->buf));
}

static void end(struct reply *out, struct wr *w)
{
	/* RFC 894: short frames are padded. */
	if (wr_len(w) < ETH_ZLEN)
		wr_zero(w, ETH_ZLEN - wr_len(w));
	out->frame = w->start;
	out->frame_len = wr_len(w);
}

void listen_report6(const struct guest *g, const struct in6_addr *group, struct reply *out)
{
	/* RFC 2711 2.1: router alert for MLD, and two octets of padding. */
	static const uint8_t hop_by_hop[] = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	/* RFC 3590 4: switches take a report from the unspecified address, routers do not. */
	static const struct in6_addr nobody;
	uint8_t dst[MAC_LEN];
	struct wr w = begin(out);

	ip6_group_mac(group, dst);
	ethernet(&w, g, dst, ETH_P_IPV6);
	wr_u32(&w, 6U << 28);
	wr_u16(&w, sizeof(hop_by_hop) + MLD_LEN);
	wr_u8(&w, IPPROTO_HOPOPTS);
	wr_u8(&w, 1); /* RFC 2710 3: hop limit */
	wr_bytes(&w, &nobody, sizeof(nobody));
	wr_bytes(&w, group, sizeof(*group));
	wr_bytes(&w, hop_by_hop, sizeof(hop_by_hop));
	uint8_t *mld = w.p;
	wr_u8(&w, MLD_REPORT);
	wr_zero(&w, 7); /* code, checksum, delay, reserved */
	wr_bytes(&w, group, sizeof(*group));
	put_sum(mld + 2, csum_add(csum_pseudo6(&nobody, group, IPPROTO_ICMPV6, MLD_LEN), mld, MLD_LEN));
	end(out, &w);
}

void listen_report4(const struct guest *g, struct in_addr group, struct reply *out)
{
	const uint8_t *a = (const uint8_t *)&group.s_addr;
	/* RFC 1112 6.4: the lower 23 bits. */
	const uint8_t dst[MAC_LEN] = {0x01, 0x00, 0x5e, a[1] & 0x7f, a[2], a[3]};
	struct wr w = begin(out);

	ethernet(&w, g, dst, ETH_P_IP);
	uint8_t *ip = w.p;
	wr_u16(&w, 0x46 << 8 | 0xc0); /* RFC 2236 2 and its likes: internetwork control */
	wr_u16(&w, IP4_LEN + IGMP_LEN);
	wr_u32(&w, 0);
	wr_u16(&w, 1 << 8 | IPPROTO_IGMP); /* TTL 1 */
	wr_u16(&w, 0);
	wr_bytes(&w, &g->id.ip4.addr, sizeof(group));
	wr_bytes(&w, &group, sizeof(group));
	wr_u32(&w, 0x94040000); /* RFC 2113 2.1: router alert */
	uint8_t *igmp = w.p;
	wr_u16(&w, IGMP_REPORT << 8);
	wr_u16(&w, 0);
	wr_bytes(&w, &group, sizeof(group));
	put_sum(ip + 10, csum_add(0, ip, IP4_LEN));
	put_sum(igmp + 2, csum_add(0, igmp, IGMP_LEN));
	end(out, &w);
}
