/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary of an IPv6 packet: the fields that decide about the answer. RFC 8200, 4861, 8415. */
#include "show/summary6.h"

#include "show/names6.h"
#include "show/names_dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* Flags of an advertisement by their letters. */
static void flags(struct text *l, uint8_t have, const char letters[static 3])
{
	for (unsigned i = 0; i < 3; i++) {
		if (have & 0x80 >> i)
			text_add(l, "%c", letters[i]);
	}
}

/* The link-layer address in the first option `type`, after a word. */
static void link_address(struct text *l, struct rd r, uint8_t type, const char *word)
{
	while (rd_left(&r) >= 8 && r.p[1]) {
		const uint8_t *o = rd_bytes(&r, (size_t)r.p[1] * 8);
		if (!o)
			return;
		if (o[0] != type)
			continue;
		text_add(l, " %s ", word);
		text_mac(l, o + 2);
		return;
	}
}

static void icmp6(struct text *l, struct rd r)
{
	uint8_t type = rd_u8(&r);
	const char *name = names6_nd(type);

	if (!name) {
		text_add(l, "ICMPv6 type %u", type);
		return;
	}
	text_add(l, "%s", name);
	rd_bytes(&r, 3);
	const uint8_t *head = rd_bytes(&r, 4);
	const uint8_t *target = type == 135 || type == 136 ? rd_bytes(&r, 16) : NULL;
	if (type == 134)
		rd_bytes(&r, 8);
	if (r.bad) {
		text_add(l, ", cut short");
		return;
	}
	if (target) {
		text_add(l, type == 135 ? " for " : " of ");
		text_ip6(l, target);
	}
	if (type == 136 && head[0]) {
		text_add(l, " ");
		flags(l, head[0], "RSO");
	} else if (type == 134) {
		text_add(l, " lifetime %u", head[2] << 8 | head[3]);
		if (head[1] & 0xe0)
			text_add(l, " ");
		flags(l, head[1], "MOH");
	}
	link_address(l, r, type == 136 ? 2 : 1, type == 133 || type == 135 ? "by" : "at");
}

/* Adds the options that are worth showing in a line: identities, addresses, status. */
static void dhcp6_options(struct text *l, struct rd r, unsigned depth)
{
	while (rd_left(&r) >= 4) {
		uint16_t code = rd_u16(&r), len = rd_u16(&r);
		size_t head = names6_dhcp_head(code);
		char value[128];
		const uint8_t *v = rd_bytes(&r, len);

		if (!v)
			return;
		if (code == 14)
			text_add(l, " rapid-commit");
		if (code != 13 && head > len)
			continue;
		if (head > len)
			head = len;
		const char *name = names6_dhcp_option(code, v, head, value, sizeof(value));
		if (code != 5 && code != 26) /* an address is plain enough */
			text_add(l, " %s", name);
		text_add(l, " %s", value);
		if (code != 13 && depth < 3)
			dhcp6_options(l, rd_over(v + head, len - head), depth + 1);
	}
}

static void dhcp6(struct text *l, struct rd r)
{
	size_t len = rd_left(&r);
	uint8_t type = rd_u8(&r);
	const uint8_t *xid = rd_bytes(&r, 3);
	const char *name = names6_dhcp(type);

	if (!xid) {
		text_add(l, "DHCPv6 of %zu octets, cut short", len);
		return;
	}
	if (name)
		text_add(l, "%s", name);
	else
		text_add(l, "DHCPv6 type %u", type);
	if (type == 12 || type == 13)
		return;
	text_add(l, " xid 0x%02x%02x%02x", xid[0], xid[1], xid[2]);
	dhcp6_options(l, r, 0);
}

static void udp6(struct text *l, struct rd r, const char *from, const char *to)
{
	uint16_t sport = rd_u16(&r), dport = rd_u16(&r);

	rd_bytes(&r, 4);
	if (r.bad) {
		text_add(l, "UDP [%s] > [%s], cut short", from, to);
		return;
	}
	if (sport == 547 || dport == 547)
		dhcp6(l, r);
	else if (sport == DNS_PORT_NUMBER || dport == DNS_PORT_NUMBER)
		names_dns_message(l, r);
	else
		text_add(l, "UDP");
	text_add(l, ", [%s]:%u > [%s]:%u", from, sport, to, dport);
}

void summary_ip6(struct text *l, struct rd r)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	rd_u32(&r);
	size_t len = rd_u16(&r);
	uint8_t next = rd_u8(&r);
	rd_u8(&r);
	const uint8_t *src = rd_bytes(&r, 16), *dst = rd_bytes(&r, 16);
	if (!src || !dst) {
		text_add(l, "IPv6 header, cut short");
		return;
	}
	inet_ntop(AF_INET6, src, from, sizeof(from));
	inet_ntop(AF_INET6, dst, to, sizeof(to));
	/*
	 * Octets after the payload length are not read. A length beyond the frame is ignored: what is there is read.
	 */
	if (len < rd_left(&r))
		r.end = r.p + len;
	if (next == IPPROTO_UDP) {
		udp6(l, r, from, to);
		return;
	}
	if (next == IPPROTO_TCP) {
		summary_tcp(l, r, from, to);
		return;
	}
	if (next == IPPROTO_ICMPV6)
		icmp6(l, r);
	else
		text_add(l, "IPv6 next header %u", next);
	text_add(l, ", %s > %s", from, to);
}
