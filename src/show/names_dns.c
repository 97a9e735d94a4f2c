/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 1035 3, 4.1; 2308, 3596, 3597, 4035 (flags), 6891. */
#include "show/names_dns.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_OPT = 41
};

#define HEADER 12
#define HOPS_MAX 128      /* pointers of one name that are followed */
#define SUMMARY_RECORDS 4 /* records of an answer that a line shows */
#define TXT_SHOWN 64      /* octets of a string that are shown */

static const struct {
	uint16_t type;
	const char *name;
} types[] = {
    {1, "A"},      {2, "NS"},      {5, "CNAME"},   {6, "SOA"},    {12, "PTR"},   {13, "HINFO"}, {15, "MX"},
    {16, "TXT"},   {24, "SIG"},    {28, "AAAA"},   {33, "SRV"},   {35, "NAPTR"}, {41, "OPT"},   {43, "DS"},
    {46, "RRSIG"}, {48, "DNSKEY"}, {64, "SVCB"},   {65, "HTTPS"}, {249, "TKEY"}, {250, "TSIG"}, {251, "IXFR"},
    {252, "AXFR"}, {253, "MAILB"}, {254, "MAILA"}, {255, "ANY"},  {257, "CAA"},
};

size_t names_dns_skip(const uint8_t *message, size_t len, size_t at)
{
	size_t from = at;

	while (at < len) {
		uint8_t n = message[at];
		if (n >= 0xc0)
			return at + 2 <= len ? at + 2 - from : 0;
		at += 1U + n;
		if (n == 0)
			return at - from;
	}
	return 0;
}

void names_dns_name(struct text *t, const uint8_t *message, size_t len, size_t at)
{
	char label[4 * 63 + 1];
	unsigned hops = 0;

	if (at < len && message[at] == 0)
		text_add(t, ".");
	while (at < len && message[at]) {
		uint8_t n = message[at];
		if (n >= 0xc0) {
			if (at + 1 >= len || ++hops > HOPS_MAX) {
				text_add(t, "<%s>", at + 1 >= len ? "cut short" : "endless");
				return;
			}
			at = (size_t)(n & 0x3f) << 8 | message[at + 1];
			continue;
		}
		if (n > 63 || at + 1 + n > len) {
			text_add(t, n > 63 ? "<label type 0x%02x>" : "<label of %u octets>", n);
			return;
		}
		text_add(t, "%s.", log_escape(message + at + 1, n, label, sizeof(label)));
		at += 1U + n;
	}
	if (at >= len)
		text_add(t, "<cut short>");
}

void names_dns_type(struct text *t, uint16_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type == type) {
			text_add(t, "%s", types[i].name);
			return;
		}
	}
	text_add(t, "TYPE%u", type);
}

void names_dns_class(struct text *t, uint16_t class)
{
	if (class == 1 || class == 3 || class == 255)
		text_add(t, "%s", class == 1 ? "IN" : class == 3 ? "CH" : "ANY");
	else
		text_add(t, "CLASS%u", class);
}

void names_dns_flags(struct text *t, uint16_t flags)
{
	static const char *const codes[16] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
					      "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE", NULL};
	static const struct {
		uint16_t bit;
		const char *name;
	} bits[] = {{0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"},
		    {0x0080, "ra"}, {0x0040, "z"},  {0x0020, "ad"}, {0x0010, "cd"}};

	if (codes[flags & 15])
		text_add(t, "%s", codes[flags & 15]);
	else
		text_add(t, "RCODE%u", flags & 15);
	if (flags & 0x7800)
		text_add(t, " opcode %u", flags >> 11 & 15);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (flags & bits[i].bit)
			text_add(t, " %s", bits[i].name);
	}
}

void names_dns_opt(struct text *t, uint16_t size, uint32_t ttl)
{
	text_add(t, "size %u version %u", size, ttl >> 16 & 0xff);
	if (ttl >> 24)
		text_add(t, " code %u", ttl >> 20 & 0xff0);
	if (ttl & 0x8000)
		text_add(t, " do");
	if (ttl & 0x7fff)
		text_add(t, " flags 0x%04x", ttl & 0x7fff);
}

/* Adds the strings of a TXT record; one that is shown cut is followed by its length. */
static void add_txt(struct text *t, struct rd r)
{
	while (rd_left(&r)) {
		uint8_t n = rd_u8(&r);
		const uint8_t *b = rd_bytes(&r, n);
		if (!b) {
			text_add(t, " <string of %u octets>", n);
			return;
		}
		text_quoted(t, b, n < TXT_SHOWN ? n : TXT_SHOWN);
		if (n > TXT_SHOWN)
			text_add(t, "...%u", n);
		text_add(t, rd_left(&r) ? " " : "");
	}
}

static void add_soa(struct text *t, const uint8_t *message, size_t len, size_t at, size_t end)
{
	for (int i = 0; i < 2; i++) {
		size_t n = names_dns_skip(message, end, at);
		names_dns_name(t, message, len, at);
		text_add(t, " ");
		if (!n)
			return;
		at += n;
	}
	struct rd r = rd_over(message + at, end - at);
	for (int i = 0; i < 5; i++)
		text_add(t, "%u%s", rd_u32(&r), i < 4 ? " " : "");
	if (r.bad || rd_left(&r))
		text_add(t, " <lengths lie>");
}

void names_dns_data(struct text *t, uint16_t type, const uint8_t *message, size_t len, size_t at, size_t data_len)
{
	const uint8_t *data = message + at;

	if (type == TYPE_A && data_len == 4)
		text_ip4(t, data);
	else if (type == TYPE_AAAA && data_len == 16)
		text_ip6(t, data);
	else if (type == TYPE_TXT)
		add_txt(t, rd_over(data, data_len));
	else if (type == TYPE_SOA)
		add_soa(t, message, len, at, at + data_len);
	else if (type == TYPE_PTR || type == TYPE_CNAME || type == TYPE_NS)
		names_dns_name(t, message, len, at);
	else
		text_hex(t, data, data_len);
}

/* Adds a record to a line: " A 10.0.1.7". False if the message ends inside it. */
static bool add_record(struct text *t, const uint8_t *message, size_t len, size_t *at, bool shown)
{
	size_t n = names_dns_skip(message, len, *at);
	struct rd r = n ? rd_over(message + *at + n, len - *at - n) : rd_over(NULL, 0);
	uint16_t type = rd_u16(&r), class = rd_u16(&r);
	uint32_t ttl = rd_u32(&r);
	uint16_t data_len = rd_u16(&r);
	size_t data_at = *at + n + 10;

	if (n == 0 || r.bad || data_len > rd_left(&r)) {
		text_add(t, " <record cut short>");
		return false;
	}
	*at = data_at + data_len;
	if (type == TYPE_OPT) {
		text_add(t, ", edns ");
		names_dns_opt(t, class, ttl);
	} else if (shown) {
		text_add(t, " ");
		names_dns_type(t, type);
		text_add(t, " ");
		names_dns_data(t, type, message, len, data_at, data_len);
	}
	return true;
}

void names_dns_message(struct text *t, struct rd r)
{
	const uint8_t *message = r.p;
	size_t len = rd_left(&r), at = HEADER;
	uint16_t id = rd_u16(&r), flags = rd_u16(&r);
	uint16_t counts[4];

	for (int i = 0; i < 4; i++)
		counts[i] = rd_u16(&r);
	if (r.bad) {
		text_add(t, "DNS of %zu octets, cut short", len);
		return;
	}
	text_add(t, "DNS 0x%04x ", id);
	names_dns_flags(t, flags);
	for (unsigned i = 0; i < counts[0]; i++) {
		size_t n = names_dns_skip(message, len, at);
		text_add(t, " ");
		names_dns_name(t, message, len, at);
		if (n == 0 || at + n + 4 > len) {
			text_add(t, " <question cut short>");
			return;
		}
		at += n;
		text_add(t, " ");
		names_dns_type(t, (uint16_t)(message[at] << 8 | message[at + 1]));
		text_add(t, " ");
		names_dns_class(t, (uint16_t)(message[at + 2] << 8 | message[at + 3]));
		at += 4;
	}
	unsigned records = (unsigned)counts[1] + counts[2] + counts[3];
	if (records && flags & 0x8000)
		text_add(t, ":");
	for (unsigned i = 0; i < records; i++) {
		if (i == SUMMARY_RECORDS && i < counts[1])
			text_add(t, " ... (%u records)", counts[1]);
		if (!add_record(t, message, len, &at, i < SUMMARY_RECORDS))
			return;
	}
	if (at < len)
		text_add(t, ", %zu octets more", len - at);
}
