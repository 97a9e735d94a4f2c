/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 as named fields. RFC 8200, 4443, 4861, 8106, 8415. */
#include "show/names6.h"
#include "show/names_dns.h"
#include "walk.h"

#include <netinet/in.h>
#include <stdio.h>

#define DHCP6_DEPTH 4 /* options within options: IA, address, status */

static void name_option(struct field *f, const char *before, unsigned code, const char *name)
{
	snprintf(f->name, sizeof(f->name), "%soption %u%s%s", before, code, name ? " " : "", name ? name : "");
}

/* RFC 4861 4.6: type and length; the length counts units of 8 octets and includes both. */
static void nd_options(struct walk *w)
{
	const uint8_t *b;

	while (rd_left(&w->r) >= 8) {
		size_t len = (size_t)w->r.p[1] * 8;
		if (len == 0 || len > rd_left(&w->r))
			break; /* overruns: walk_rest() shows it */
		struct field *f = walk_next(w, len, &b, "");
		if (!f)
			break;
		name_option(f, "", b[0], names6_nd_option(b[0], b + 2, len - 2, f->text, sizeof(f->text)));
	}
	walk_rest(w, "nd rest");
}

static void icmp6(struct walk *w)
{
	uint32_t type = walk_number(w, 1, false, "icmp type");

	walk_number(w, 1, false, "icmp code");
	walk_number(w, 2, true, "icmp checksum");
	switch (type) {
	case 134: /* RFC 4861 4.2 */
		walk_number(w, 1, false, "ra hop limit");
		walk_number(w, 1, true, "ra flags");
		walk_number(w, 2, false, "ra router lifetime");
		walk_number(w, 4, false, "ra reachable time");
		walk_number(w, 4, false, "ra retransmission timer");
		break;
	case 133:
		walk_number(w, 4, true, "rs reserved");
		break;
	case 135: /* 4.3 */
	case 136: /* 4.4 */
		walk_number(w, 1, true, type == 136 ? "na flags" : "ns reserved");
		walk_number(w, 3, true, "nd reserved");
		walk_ip6(w, type == 136 ? "na target" : "ns target");
		break;
	default:
		walk_rest(w, "icmp rest");
		return;
	}
	nd_options(w);
}

/* RFC 8415 21.1. An option that contains options is a field with only its fixed part; the contained ones follow. */
static void dhcp6_options(struct walk *w, unsigned depth)
{
	static const char *const before[DHCP6_DEPTH] = {"", "- ", "-- ", "--- "};
	const uint8_t *b;

	while (rd_left(&w->r) >= 4) {
		unsigned code = (unsigned)w->r.p[0] << 8 | w->r.p[1];
		size_t len = (size_t)w->r.p[2] << 8 | w->r.p[3], head = names6_dhcp_head((uint16_t)code);
		if (len > rd_left(&w->r) - 4)
			break; /* overruns: walk_rest() shows it */
		bool holds = head <= len && depth + 1 < DHCP6_DEPTH;
		struct field *f = walk_next(w, 4 + (holds ? head : len), &b, "");
		if (!f)
			break;
		name_option(f, before[depth], code,
			    names6_dhcp_option((uint16_t)code, b + 4, holds ? head : len, f->text, sizeof(f->text)));
		if (!holds)
			continue;
		struct walk inner = {.r = rd_sub(&w->r, len - head), .frame = w->frame, .out = w->out};
		dhcp6_options(&inner, depth + 1);
	}
	walk_rest(w, "dhcp rest");
}

static void dhcp6(struct walk *w)
{
	const uint8_t *b;
	struct field *f = walk_next(w, 1, &b, "dhcp message");

	if (!f)
		return;
	const char *name = names6_dhcp(b[0]);
	snprintf(f->text, sizeof(f->text), "%u %s", b[0], name ? name : "(unknown)");
	if (b[0] == 12 || b[0] == 13) { /* RFC 8415 9: relay messages have another header */
		walk_rest(w, "dhcp relay");
		return;
	}
	walk_number(w, 3, true, "dhcp xid");
	dhcp6_options(w, 0);
}

static void udp6(struct walk *w)
{
	uint32_t from = walk_number(w, 2, false, "udp source port");
	uint32_t to = walk_number(w, 2, false, "udp destination port");

	walk_number(w, 2, false, "udp length");
	walk_number(w, 2, true, "udp checksum");
	if ((from == 547 || to == 547) && !w->r.bad)
		dhcp6(w);
	else if ((from == DNS_PORT_NUMBER || to == DNS_PORT_NUMBER) && !w->r.bad)
		fields_dns(w);
	walk_rest(w, "udp data");
}

void fields_ip6(struct walk *w)
{
	walk_number(w, 4, true, "ip version, class, flow");
	uint32_t len = walk_number(w, 2, false, "ip payload length");
	uint32_t next = walk_number(w, 1, false, "ip next header");
	walk_number(w, 1, false, "ip hop limit");
	walk_ip6(w, "ip source");
	walk_ip6(w, "ip destination");
	if (w->r.bad || len > rd_left(&w->r) || (next != IPPROTO_UDP && next != IPPROTO_TCP && next != IPPROTO_ICMPV6))
		return;
	struct walk inner = {.r = rd_sub(&w->r, len), .frame = w->frame, .out = w->out};
	if (next == IPPROTO_UDP)
		udp6(&inner);
	else if (next == IPPROTO_TCP)
		fields_tcp(&inner);
	else
		icmp6(&inner);
	w->r.bad = inner.r.bad;
}
