/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds IPv6 frames from the outermost header inwards. RFC 2464, 8200, 4443, 4291. */
#include "malform6.h"

#include <string.h>

#define PREFIX 0xfd, 0xe5, 0x82, 0x4d, 0xd3, 0x15, 0x3b, 0xb1
#define EUI64 0x50, 0x54, 0x00, 0xff, 0xfe, 0x12, 0x34, 0x56

const struct ip6addr ip6_guest = {{PREFIX, EUI64}};
const struct ip6addr ip6_guest_link = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, EUI64}};
const struct ip6addr ip6_fold = {{0xfe, 0x80, [8] = 0xfc, 0x54, 0x00, 0xff, 0xfe, 0x12, 0x34, 0x56}};
const struct ip6addr ip6_dns = {{PREFIX, [15] = 0x50}};
const struct ip6addr ip6_gateway = {{PREFIX, [15] = 0x90}};
const struct ip6addr ip6_other = {{PREFIX, [14] = 0x01, 0x01}};
const struct ip6addr ip6_none;
const struct ip6addr ip6_all_nodes = {{0xff, 0x02, [15] = 1}};
const struct ip6addr ip6_all_routers = {{0xff, 0x02, [15] = 2}};

struct ip6addr ip6_host(unsigned last)
{
	struct ip6addr a = {{PREFIX}};

	a.b[14] = (uint8_t)(last >> 8);
	a.b[15] = (uint8_t)last;
	return a;
}

struct ip6addr ip6_node(const struct ip6addr *a)
{
	struct ip6addr g = {{0xff, 0x02, [11] = 1, 0xff}};

	memcpy(g.b + 13, a->b + 13, 3);
	return g;
}

struct ip6 ip6_default(void)
{
	return (struct ip6){
	    .src_mac = mac_guest,
	    .type = 0x86dd,
	    .version = 6,
	    .hop_limit = 255,
	    .next = 58,
	    .src = ip6_guest_link,
	    .dst = ip6_all_routers,
	    .payload = RIGHT,
	    .sum = RIGHT,
	    .transport = 58,
	};
}

static uint32_t sum(const uint8_t *b, size_t len, uint32_t s)
{
	for (size_t i = 0; i < len; i++) {
		s += i & 1 ? b[i] : (uint32_t)b[i] << 8;
		s = (s & 0xffff) + (s >> 16);
	}
	return s;
}

/* RFC 8200 8.1. */
static uint32_t pseudo(const struct ip6 *p, size_t len)
{
	const uint8_t tail[8] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, (uint8_t)p->transport};

	return sum(tail, 8, sum(p->dst.b, 16, sum(p->src.b, 16, 0)));
}

static void put_mac(const struct ip6 *p, struct bytes *out)
{
	if (p->dst_mac) {
		put(out, p->dst_mac, 6);
	} else if (p->dst.b[0] == 0xff) {
		put(out, "\x33\x33", 2);
		put(out, p->dst.b + 12, 4);
	} else {
		put(out, mac_service, 6);
	}
}

void ip6_build(const struct ip6 *p, const void *l4, size_t len, size_t sum_at, struct bytes *out)
{
	out->len = 0;
	put_mac(p, out);
	put(out, p->src_mac, 6);
	put16(out, p->type);
	put32(out, (uint32_t)p->version << 28);
	put16(out, p->payload == RIGHT ? (unsigned)(p->head_len + len) : (unsigned)p->payload);
	put8(out, p->next);
	put8(out, p->hop_limit);
	put(out, p->src.b, 16);
	put(out, p->dst.b, 16);
	if (p->head_len)
		put(out, p->head, p->head_len);
	uint8_t *at = out->b + out->len;
	put(out, l4, len);
	if (len < sum_at + 2)
		return;
	at[sum_at] = at[sum_at + 1] = 0;
	unsigned value = (unsigned)p->sum;
	if (p->sum == RIGHT)
		value = ~sum(at, len, pseudo(p, len)) & 0xffff;
	else if (p->sum == PARTIAL)
		value = pseudo(p, len);
	if (p->sum == RIGHT && value == 0 && p->transport == 17)
		value = 0xffff;
	at[sum_at] = (uint8_t)(value >> 8);
	at[sum_at + 1] = (uint8_t)value;
}
