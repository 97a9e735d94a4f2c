/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds frames from the outermost header inwards. Fields are correct unless set. RFC 894, 791, 768, 1071, 951. */
#include "malform.h"

#include <string.h>

const uint8_t mac_guest[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
const uint8_t mac_service[6] = {0xfe, 0x54, 0x00, 0x12, 0x34, 0x56};
const uint8_t mac_other[6] = {0x52, 0x54, 0x00, 0x99, 0x99, 0x99};
const uint8_t mac_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
const uint8_t mac_multicast[6] = {0x53, 0x54, 0x00, 0x12, 0x34, 0x56};
const uint8_t mac_zero[6];

void put(struct bytes *to, const void *from, size_t n)
{
	memcpy(to->b + to->len, from, n);
	to->len += n;
}

void put8(struct bytes *to, unsigned v)
{
	to->b[to->len++] = (uint8_t)v;
}

void put16(struct bytes *to, unsigned v)
{
	put8(to, v >> 8);
	put8(to, v);
}

void put32(struct bytes *to, uint32_t v)
{
	put16(to, v >> 16);
	put16(to, v & 0xffff);
}

void fill(struct bytes *to, unsigned v, size_t n)
{
	memset(to->b + to->len, (int)v, n);
	to->len += n;
}

/* Adds up 16-bit words, in the simplest way. */
static uint32_t sum(const uint8_t *b, size_t len, uint32_t s)
{
	for (size_t i = 0; i < len; i++) {
		s += i & 1 ? b[i] : (uint32_t)b[i] << 8;
		s = (s & 0xffff) + (s >> 16);
	}
	return s;
}

static uint32_t pseudo(const struct udp4 *u, size_t udp_len)
{
	const uint8_t head[12] = {
	    (uint8_t)(u->src >> 24),
	    (uint8_t)(u->src >> 16),
	    (uint8_t)(u->src >> 8),
	    (uint8_t)u->src,
	    (uint8_t)(u->dst >> 24),
	    (uint8_t)(u->dst >> 16),
	    (uint8_t)(u->dst >> 8),
	    (uint8_t)u->dst,
	    0,
	    17,
	    (uint8_t)(udp_len >> 8),
	    (uint8_t)udp_len,
	};
	return sum(head, sizeof(head), 0);
}

static void set16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

struct udp4 udp4_default(void)
{
	return (struct udp4){
	    .dst_mac = mac_broadcast,
	    .src_mac = mac_guest,
	    .type = 0x0800,
	    .version_ihl = 0x45,
	    .ttl = 64,
	    .proto = 17,
	    .sport = 68,
	    .dport = 67,
	    .total = RIGHT,
	    .ip_sum = RIGHT,
	    .udp_len = RIGHT,
	    .udp_sum = RIGHT,
	    .dst = BROADCAST_IP,
	};
}

void udp4_build(const struct udp4 *u, const void *data, size_t len, struct bytes *out)
{
	size_t udp_len = 8 + len;

	out->len = 0;
	put(out, u->dst_mac, 6);
	put(out, u->src_mac, 6);
	put16(out, u->type);
	uint8_t *ip = out->b + out->len;
	put8(out, u->version_ihl);
	put8(out, u->tos);
	put16(out, u->total == RIGHT ? (unsigned)(20 + udp_len) : (unsigned)u->total);
	put16(out, u->id);
	put16(out, u->fragment);
	put8(out, u->ttl);
	put8(out, u->proto);
	put16(out, 0);
	put32(out, u->src);
	put32(out, u->dst);
	set16(ip + 10, u->ip_sum == RIGHT ? ~sum(ip, 20, 0) : (unsigned)u->ip_sum);
	uint8_t *udp = out->b + out->len;
	put16(out, u->sport);
	put16(out, u->dport);
	put16(out, u->udp_len == RIGHT ? (unsigned)udp_len : (unsigned)u->udp_len);
	put16(out, 0);
	put(out, data, len);
	unsigned full = ~sum(udp, udp_len, pseudo(u, udp_len)) & 0xffff;
	if (u->udp_sum == RIGHT)
		set16(udp + 6, full ? full : 0xffff);
	else
		set16(udp + 6, u->udp_sum == PARTIAL ? pseudo(u, udp_len) : (unsigned)u->udp_sum);
}

struct dhcp4 dhcp4_default(void)
{
	struct dhcp4 d = {
	    .op = 1,
	    .htype = 1,
	    .hlen = 6,
	    .xid = 0x3903f326,
	    .cookie = 0x63825363,
	    .udp = udp4_default(),
	};

	memcpy(d.chaddr, mac_guest, 6);
	return d;
}

void dhcp4_options(struct dhcp4 *d, const void *bytes, size_t len)
{
	memcpy(d->options, bytes, len);
	d->options_len = len;
}

struct dhcp4 dhcp4_discover(void)
{
	static const char options[] = "\x35\x01\x01"
				      "\x3d\x07\x01\x52\x54\x00\x12\x34\x56"
				      "\x0c\x03vm1"
				      "\x37\x07\x01\x03\x06\x0f\x1a\x1c\x0c"
				      "\xff";
	struct dhcp4 d = dhcp4_default();

	dhcp4_options(&d, options, sizeof(options) - 1);
	return d;
}

void dhcp4_message(const struct dhcp4 *d, struct bytes *out)
{
	out->len = 0;
	put8(out, d->op);
	put8(out, d->htype);
	put8(out, d->hlen);
	put8(out, d->hops);
	put32(out, d->xid);
	put16(out, d->secs);
	put16(out, d->flags);
	put32(out, d->ciaddr);
	put32(out, d->yiaddr);
	put32(out, d->siaddr);
	put32(out, d->giaddr);
	put(out, d->chaddr, sizeof(d->chaddr));
	put(out, d->sname, sizeof(d->sname));
	put(out, d->file, sizeof(d->file));
	put32(out, d->cookie);
	put(out, d->options, d->options_len);
}
