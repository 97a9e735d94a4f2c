/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line about a frame. RFC 894, 826, 5227 (probes), 791, 768, 951, 2131. */
#include "show/summary.h"

#include "base/addr.h"
#include "base/log.h"
#include "base/rd.h"
#include "show/names.h"
#include "show/names_dns.h"
#include "show/summary6.h"
#include "show/text.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

static const char *ip4(const uint8_t *b, char text[static INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, b, text, INET_ADDRSTRLEN);
}

static void arp(struct text *l, struct rd r, size_t len)
{
	char sender_mac[MAC_TEXT], target_mac[MAC_TEXT], sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN];

	rd_bytes(&r, 6);
	uint16_t op = rd_u16(&r);
	const uint8_t *sha = rd_bytes(&r, MAC_LEN), *spa = rd_bytes(&r, 4);
	const uint8_t *tha = rd_bytes(&r, MAC_LEN), *tpa = rd_bytes(&r, 4);
	if (r.bad) {
		text_add(l, "ARP of %zu octets, cut short", len);
		return;
	}
	mac_format(sha, sender_mac);
	mac_format(tha, target_mac);
	ip4(spa, sender);
	ip4(tpa, target);
	if (op == 2) {
		text_add(l, "ARP %s is at %s, to %s %s", sender, sender_mac, target, target_mac);
	} else if (op != 1) {
		text_add(l, "ARP operation %u, sender %s %s, target %s %s", op, sender_mac, sender, target_mac, target);
	} else if (memcmp(spa, tpa, 4) == 0) {
		text_add(l, "ARP announcement of %s by %s", sender, sender_mac);
	} else if (memcmp(spa, "\0\0\0", 4) == 0) {
		text_add(l, "ARP probe for %s by %s", target, sender_mac);
	} else {
		text_add(l, "ARP who has %s, tell %s %s", target, sender, sender_mac);
	}
}

/*
 * The first option `code` in the options field; NULL if there is none. Overloaded fields (`sname` and `file`) are not
 * searched.
 */
static const uint8_t *find_option(struct rd r, uint8_t code, uint8_t *len)
{
	while (rd_left(&r) && !r.bad) {
		uint8_t c = rd_u8(&r);
		if (c == 255)
			break;
		if (c == 0)
			continue;
		*len = rd_u8(&r);
		const uint8_t *v = rd_bytes(&r, *len);
		if (v && c == code)
			return v;
	}
	*len = 0;
	return NULL;
}

static void dhcp4_option(struct text *l, struct rd options, uint8_t code, const char *word)
{
	char text[128];
	uint8_t len;
	const uint8_t *v = find_option(options, code, &len);

	if (!v)
		return;
	names_option(code, v, len, text, sizeof(text));
	text_add(l, " %s %s", word, text);
}

static void address(struct text *l, const uint8_t *b, const char *word)
{
	char text[INET_ADDRSTRLEN];

	if (memcmp(b, "\0\0\0", 4) != 0)
		text_add(l, " %s %s", word, ip4(b, text));
}

/* "DHCPREQUEST xid 0x1234 ciaddr ...": what decides about the answer, and the host's name. */
static void dhcp4(struct text *l, struct rd r, size_t len)
{
	uint8_t op = rd_u8(&r), type_len = 0;
	rd_bytes(&r, 3);
	uint32_t xid = rd_u32(&r);
	rd_bytes(&r, 2);
	uint16_t flags = rd_u16(&r);
	const uint8_t *ciaddr = rd_bytes(&r, 4), *yiaddr = rd_bytes(&r, 4);
	rd_bytes(&r, 4);
	const uint8_t *giaddr = rd_bytes(&r, 4);
	if (r.bad) {
		text_add(l, "DHCP of %zu octets, cut short", len);
		return;
	}
	rd_bytes(&r, 212); /* to the end of the cookie */
	struct rd options = r.bad ? rd_over(NULL, 0) : r;
	const uint8_t *type = find_option(options, 53, &type_len);
	const char *name = type && type_len == 1 ? names_message(type[0]) : NULL;
	if (name)
		text_add(l, "%s", name);
	else if (type)
		text_add(l, "DHCP of an unknown type");
	else
		text_add(l, op == 2 ? "BOOTREPLY" : "BOOTREQUEST");
	text_add(l, " xid 0x%08x%s", xid, flags & 0x8000 ? " broadcast" : "");
	address(l, ciaddr, "ciaddr");
	address(l, yiaddr, "yiaddr");
	address(l, giaddr, "giaddr");
	dhcp4_option(l, options, 50, "asks");
	dhcp4_option(l, options, 54, "server");
	dhcp4_option(l, options, 12, "host");
	dhcp4_option(l, options, 56, "says");
}

static void udp4(struct text *l, struct rd r, const char *from, const char *to)
{
	uint16_t sport = rd_u16(&r), dport = rd_u16(&r);
	rd_bytes(&r, 4);
	if (r.bad) {
		text_add(l, "UDP %s > %s, cut short", from, to);
		return;
	}
	if (sport == 67 || dport == 67)
		dhcp4(l, r, rd_left(&r));
	else if (sport == DNS_PORT_NUMBER || dport == DNS_PORT_NUMBER)
		names_dns_message(l, r);
	else
		text_add(l, "UDP");
	text_add(l, ", %s:%u > %s:%u", from, sport, to, dport);
}

void summary_tcp(struct text *l, struct rd r, const char *from, const char *to)
{
	static const char *const letters[] = {"FIN", "SYN", "RST", "PSH", "ACK"};
	uint16_t sport = rd_u16(&r), dport = rd_u16(&r);

	rd_bytes(&r, 9);
	uint8_t flags = rd_u8(&r);
	text_add(l, "TCP");
	if (!r.bad && (sport == DNS_PORT_NUMBER || dport == DNS_PORT_NUMBER)) {
		for (unsigned i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			text_add(l, "%s%s", flags >> i & 1 ? " " : "", flags >> i & 1 ? letters[i] : "");
		text_add(l, ", port %u > %u", sport, dport);
	}
	text_add(l, ", %s > %s", from, to);
}

static void packet4(struct text *l, struct rd r)
{
	char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];
	struct rd whole = r;
	size_t header = (size_t)(rd_u8(&r) & 15) * 4;
	rd_u8(&r);
	size_t total = rd_u16(&r);
	rd_u16(&r);
	uint16_t fragment = rd_u16(&r) & 0x3fff;
	rd_u8(&r);
	uint8_t proto = rd_u8(&r);
	rd_u16(&r);
	const uint8_t *src = rd_bytes(&r, 4), *dst = rd_bytes(&r, 4);
	if (r.bad) {
		text_add(l, "IPv4 header, cut short");
		return;
	}
	ip4(src, from);
	ip4(dst, to);
	/* Octets after the total length are not read. A length beyond the frame is ignored: what is there is read. */
	if (total < rd_left(&whole))
		whole.end = whole.p + total;
	rd_bytes(&whole, header);
	if (fragment)
		text_add(l, "fragment of IPv4 protocol %u, %s > %s", proto, from, to);
	else if (header < 20 || whole.bad)
		text_add(l, "IPv4 with lengths that lie, protocol %u, %s > %s", proto, from, to);
	else if (proto == IPPROTO_UDP)
		udp4(l, whole, from, to);
	else if (proto == IPPROTO_TCP)
		summary_tcp(l, whole, from, to);
	else if (proto == IPPROTO_ICMP)
		text_add(l, "ICMP, %s > %s", from, to);
	else
		text_add(l, "IPv4 protocol %u, %s > %s", proto, from, to);
}

const char *summary_of(const uint8_t *frame, size_t len, char *text, size_t size)
{
	struct text l = {.at = text, .left = size};
	struct rd r = rd_over(frame, len);

	text[0] = 0;
	rd_bytes(&r, ETH_ALEN + ETH_ALEN);
	uint16_t type = rd_u16(&r);
	if (r.bad)
		text_add(&l, "runt of %zu octets", len);
	else if (type == ETH_P_ARP)
		arp(&l, r, rd_left(&r));
	else if (type == ETH_P_IP)
		packet4(&l, r);
	else if (type == ETH_P_IPV6)
		summary_ip6(&l, r);
	else
		text_add(&l, "ethertype 0x%04x, %zu octets", type, len);
	return text;
}
