/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames as named fields. RFC 894, 826, 791, 768, 951, 2131, 2132. The DNS is in fields_dns.c. */
#include "fields.h"

#include "base/addr.h"
#include "base/log.h"
#include "base/rd.h"
#include "show/names.h"
#include "show/names_dns.h"
#include "walk.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>

#define DHCP4_SNAME_AT 44 /* within the BOOTP message, RFC 951 */
#define DHCP4_FILE_AT 108
#define DHCP4_COOKIE_AT 236
#define DHCP4_MIN 240

/* One area of options: code, length, value, up to END; the octets after END are padding. RFC 2132 2. */
static void options(struct walk *w, const char *padding)
{
	const uint8_t *b;

	while (rd_left(&w->r) && !w->r.bad) {
		uint8_t code = w->r.p[0];
		if (code == 0) {
			size_t run = 0;
			while (run < rd_left(&w->r) && w->r.p[run] == 0)
				run++;
			struct field *f = walk_next(w, run, &b, "option 0 pad");
			if (f)
				snprintf(f->text, sizeof(f->text), "%zu", run);
			continue;
		}
		if (code == 255) {
			walk_next(w, 1, &b, "option 255 end");
			break;
		}
		if (rd_left(&w->r) < 2 || rd_left(&w->r) < 2u + w->r.p[1])
			break; /* overruns: walk_rest() shows it */
		size_t len = w->r.p[1];
		struct field *f = walk_next(w, 2 + len, &b, "");
		if (!f)
			break;
		const char *name = names_option(code, b + 2, len, f->text, sizeof(f->text));
		snprintf(f->name, sizeof(f->name), "option %u%s%s", code, name ? " " : "", name ? name : "");
	}
	walk_rest(w, padding);
}

/* The value of option 52: bits for the fields file (1) and sname (2) that hold options. RFC 2132 9.3. */
static uint8_t overload(struct rd r)
{
	while (rd_left(&r) && !r.bad) {
		uint8_t code = rd_u8(&r);
		if (code == 255)
			break;
		if (code == 0)
			continue;
		uint8_t len = rd_u8(&r);
		const uint8_t *v = rd_bytes(&r, len);
		if (v && code == 52 && len == 1)
			return v[0];
	}
	return 0;
}

/* The field sname or file: a string, or options if it is overloaded. */
static void area_of(struct walk *w, size_t len, bool overloaded, const char *name)
{
	struct walk area = {.r = rd_sub(&w->r, len), .frame = w->frame, .out = w->out};
	const uint8_t *b;

	if (overloaded) {
		options(&area, name);
		return;
	}
	if (!rd_left(&area.r) || area.r.p[0] == 0) {
		walk_rest(&area, name);
		return;
	}
	struct field *f = walk_next(&area, len, &b, name);
	if (f)
		log_escape(b, strnlen((const char *)b, len), f->text, sizeof(f->text));
}

static void dhcp4(struct walk *w)
{
	struct rd whole = w->r;
	uint8_t over = 0;

	if (rd_left(&whole) >= DHCP4_MIN) {
		rd_bytes(&whole, DHCP4_MIN);
		over = overload(whole);
	}
	walk_number(w, 1, false, "dhcp op");
	walk_number(w, 1, false, "dhcp htype");
	walk_number(w, 1, false, "dhcp hlen");
	walk_number(w, 1, false, "dhcp hops");
	walk_number(w, 4, true, "dhcp xid");
	walk_number(w, 2, false, "dhcp secs");
	walk_number(w, 2, true, "dhcp flags");
	walk_ip4(w, "dhcp ciaddr");
	walk_ip4(w, "dhcp yiaddr");
	walk_ip4(w, "dhcp siaddr");
	walk_ip4(w, "dhcp giaddr");
	walk_mac(w, "dhcp chaddr");
	const uint8_t *b;
	struct field *f = walk_next(w, 10, &b, "dhcp chaddr padding");
	if (f)
		walk_hex(f, b, 10);
	if (rd_left(&w->r) >= DHCP4_COOKIE_AT - DHCP4_SNAME_AT) {
		area_of(w, DHCP4_FILE_AT - DHCP4_SNAME_AT, over & 2, "dhcp sname");
		area_of(w, DHCP4_COOKIE_AT - DHCP4_FILE_AT, over & 1, "dhcp file");
		walk_number(w, 4, true, "dhcp cookie");
	}
	options(w, "dhcp padding");
}

static void udp4(struct walk *w)
{
	uint32_t from = walk_number(w, 2, false, "udp source port");
	uint32_t to = walk_number(w, 2, false, "udp destination port");
	walk_number(w, 2, false, "udp length");
	walk_number(w, 2, true, "udp checksum");
	if ((from == 67 || to == 67) && !w->r.bad)
		dhcp4(w);
	else if ((from == DNS_PORT_NUMBER || to == DNS_PORT_NUMBER) && !w->r.bad)
		fields_dns(w);
	walk_rest(w, "udp data");
}

static void ip4_packet(struct walk *w)
{
	struct rd start = w->r;

	walk_number(w, 1, true, "ip version, ihl");
	walk_number(w, 1, true, "ip tos");
	uint32_t total = walk_number(w, 2, false, "ip total length");
	walk_number(w, 2, true, "ip id");
	walk_number(w, 2, true, "ip flags, offset");
	walk_number(w, 1, false, "ip ttl");
	uint32_t proto = walk_number(w, 1, false, "ip protocol");
	walk_number(w, 2, true, "ip checksum");
	walk_ip4(w, "ip source");
	walk_ip4(w, "ip destination");
	if (w->r.bad || (proto != IPPROTO_UDP && proto != IPPROTO_TCP) || total < 20 || total > rd_left(&start))
		return;
	struct walk inner = {.r = rd_sub(&w->r, total - 20), .frame = w->frame, .out = w->out};
	if (proto == IPPROTO_UDP)
		udp4(&inner);
	else
		fields_tcp(&inner);
	w->r.bad = inner.r.bad;
}

static void arp(struct walk *w)
{
	walk_number(w, 2, false, "arp hardware");
	walk_number(w, 2, true, "arp protocol");
	walk_number(w, 1, false, "arp hardware length");
	walk_number(w, 1, false, "arp protocol length");
	walk_number(w, 2, false, "arp operation");
	walk_mac(w, "arp sender mac");
	walk_ip4(w, "arp sender ip");
	walk_mac(w, "arp target mac");
	walk_ip4(w, "arp target ip");
}

void fields_of(const uint8_t *frame, size_t len, struct fields *out)
{
	struct walk w = {.r = rd_over(frame, len), .frame = frame, .out = out};

	out->count = 0;
	walk_mac(&w, "ethernet destination");
	walk_mac(&w, "ethernet source");
	uint32_t type = walk_number(&w, 2, true, "ethernet type");
	if (type == ETH_P_ARP)
		arp(&w);
	else if (type == ETH_P_IP)
		ip4_packet(&w);
	else if (type == ETH_P_IPV6)
		fields_ip6(&w);
	walk_rest(&w, "rest of frame");
}
