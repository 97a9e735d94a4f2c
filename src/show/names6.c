/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of neighbour discovery and DHCPv6 by name. RFC 4861, 4191, 7527, 8106, 8415, 3646, 4704, 5908, 5970. */
#include "show/names6.h"

#include "base/log.h"
#include "base/rd.h"
#include "show/text.h"

#include <stdbool.h>

/* How a value reads. */
enum form6 {
	FORM6_HEX,
	FORM6_MAC,
	FORM6_PREFIX,
	FORM6_MTU,
	FORM6_RDNSS,
	FORM6_DNSSL,
	FORM6_IPS,
	FORM6_U8,
	FORM6_U16,
	FORM6_U32,
	FORM6_CODES,
	FORM6_NAMES,
	FORM6_TEXT,
	FORM6_IA,
	FORM6_TA,
	FORM6_ADDRESS,
	FORM6_IA_PREFIX,
	FORM6_STATUS,
	FORM6_FQDN,
};

struct name6 {
	uint16_t code;
	enum form6 form;
	const char *name;
};

static const struct name6 nd_options[] = {
    {1, FORM6_MAC, "source-link"}, {2, FORM6_MAC, "target-link"}, {3, FORM6_PREFIX, "prefix"},
    {4, FORM6_HEX, "redirected"},  {5, FORM6_MTU, "mtu"},         {14, FORM6_HEX, "nonce"},
    {24, FORM6_HEX, "route"},      {25, FORM6_RDNSS, "rdnss"},    {31, FORM6_DNSSL, "dnssl"},
};

static const struct name6 dhcp_options[] = {
    {1, FORM6_HEX, "client-id"},
    {2, FORM6_HEX, "server-id"},
    {3, FORM6_IA, "ia-na"},
    {4, FORM6_TA, "ia-ta"},
    {5, FORM6_ADDRESS, "ia-address"},
    {6, FORM6_CODES, "option-request"},
    {7, FORM6_U8, "preference"},
    {8, FORM6_U16, "elapsed-time"},
    {9, FORM6_HEX, "relay-message"},
    {11, FORM6_HEX, "authentication"},
    {12, FORM6_IPS, "server-unicast"},
    {13, FORM6_STATUS, "status"},
    {14, FORM6_HEX, "rapid-commit"},
    {15, FORM6_HEX, "user-class"},
    {16, FORM6_HEX, "vendor-class"},
    {17, FORM6_HEX, "vendor-options"},
    {19, FORM6_U8, "reconfigure"},
    {20, FORM6_HEX, "reconfigure-accept"},
    {23, FORM6_IPS, "dns-servers"},
    {24, FORM6_NAMES, "search-list"},
    {25, FORM6_IA, "ia-pd"},
    {26, FORM6_IA_PREFIX, "ia-prefix"},
    {31, FORM6_IPS, "sntp-servers"},
    {32, FORM6_U32, "refresh-time"},
    {39, FORM6_FQDN, "fqdn"},
    {56, FORM6_HEX, "ntp-server"},
    {59, FORM6_TEXT, "boot-url"},
    {61, FORM6_HEX, "client-arch"},
    {62, FORM6_HEX, "client-interface"},
    {82, FORM6_U32, "solicit-max-rt"},
    {83, FORM6_U32, "inf-max-rt"},
};

const char *names6_nd(uint8_t type)
{
	static const char *const names[] = {"router solicitation", "router advertisement", "neighbour solicitation",
					    "neighbour advertisement", "redirect"};

	return type >= 133 && type <= 137 ? names[type - 133] : NULL;
}

const char *names6_dhcp(uint8_t type)
{
	static const char *const names[] = {
	    NULL,         "SOLICIT",    "ADVERTISE", "REQUEST", "CONFIRM",     "RENEW",
	    "REBIND",     "REPLY",      "RELEASE",   "DECLINE", "RECONFIGURE", "INFORMATION-REQUEST",
	    "RELAY-FORW", "RELAY-REPL",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

size_t names6_dhcp_head(uint16_t code)
{
	switch (code) {
	case 3: /* RFC 8415 21.4, 21.21: IAID, T1, T2 */
	case 25:
		return 12;
	case 4: /* 21.5: IAID */
		return 4;
	case 5: /* 21.6: address and its two lifetimes */
		return 24;
	case 26: /* 21.22: two lifetimes, length, prefix */
		return 25;
	default:
		return SIZE_MAX;
	}
}

/* Adds a time in seconds; all ones mean for ever. */
static void add_time(struct text *t, const char *word, uint32_t seconds)
{
	if (seconds == UINT32_MAX)
		text_add(t, "%s for-ever", word);
	else
		text_add(t, "%s %u", word, seconds);
}

static bool add_ips(struct text *t, struct rd r)
{
	if (!rd_left(&r) || rd_left(&r) % 16)
		return false;
	while (rd_left(&r)) {
		const uint8_t *ip = rd_bytes(&r, 16);
		if (ip)
			text_ip6(t, ip);
		text_add(t, rd_left(&r) ? ", " : "");
	}
	return true;
}

/* RFC 1035 3.1: names, never compressed. padded: zeros after the last name are padding. */
static bool add_names(struct text *t, struct rd r, bool padded)
{
	while (rd_left(&r)) {
		uint8_t n = rd_u8(&r);
		char label[256];

		if (n >= 64)
			return false;
		if (n == 0 && padded && (!rd_left(&r) || r.p[0] == 0))
			return true;
		const uint8_t *b = rd_bytes(&r, n);
		if (!b)
			return false;
		if (n)
			text_add(t, "%s.", log_escape(b, n, label, sizeof(label)));
		else if (rd_left(&r))
			text_add(t, " ");
	}
	return true;
}

/* RFC 4861 4.6.2. */
static bool add_prefix(struct text *t, struct rd r)
{
	uint8_t len = rd_u8(&r), flags = rd_u8(&r);
	uint32_t valid = rd_u32(&r), preferred = rd_u32(&r);
	rd_u32(&r);
	const uint8_t *prefix = rd_bytes(&r, 16);

	if (!prefix || rd_left(&r))
		return false;
	text_ip6(t, prefix);
	text_add(t, "/%u%s%s flags 0x%02x", len, flags & 0x80 ? " on-link" : "", flags & 0x40 ? " autonomous" : "",
		 flags);
	add_time(t, " valid", valid);
	add_time(t, " preferred", preferred);
	return true;
}

/* RFC 8106 5.1, 5.2: two octets, lifetime, then addresses or names. */
static bool add_for_a_time(struct text *t, struct rd r, bool names)
{
	rd_u16(&r);
	uint32_t lifetime = rd_u32(&r);

	if (r.bad)
		return false;
	add_time(t, "lifetime", lifetime);
	text_add(t, ": ");
	return names ? add_names(t, r, true) : add_ips(t, r);
}

static bool add_ia(struct text *t, struct rd r, bool times)
{
	text_add(t, "iaid 0x%08x", rd_u32(&r));
	if (times) {
		add_time(t, " t1", rd_u32(&r));
		add_time(t, " t2", rd_u32(&r));
	}
	return !r.bad;
}

static bool add_address(struct text *t, struct rd r)
{
	const uint8_t *ip = rd_bytes(&r, 16);

	if (ip)
		text_ip6(t, ip);
	add_time(t, " preferred", rd_u32(&r));
	add_time(t, " valid", rd_u32(&r));
	return !r.bad;
}

static bool add_ia_prefix(struct text *t, struct rd r)
{
	uint32_t preferred = rd_u32(&r), valid = rd_u32(&r);
	uint8_t len = rd_u8(&r);
	const uint8_t *ip = rd_bytes(&r, 16);

	if (!ip)
		return false;
	text_ip6(t, ip);
	text_add(t, "/%u", len);
	add_time(t, " preferred", preferred);
	add_time(t, " valid", valid);
	return true;
}

/* RFC 8415 21.13. */
static bool add_status(struct text *t, struct rd r)
{
	static const char *const names[] = {"Success",   "UnspecFail",   "NoAddrsAvail", "NoBinding",
					    "NotOnLink", "UseMulticast", "NoPrefixAvail"};
	uint16_t code = rd_u16(&r);

	if (r.bad)
		return false;
	text_add(t, "%u %s ", code, code < sizeof(names) / sizeof(names[0]) ? names[code] : "(unknown)");
	text_quoted(t, r.p, rd_left(&r));
	return true;
}

static bool add_codes(struct text *t, struct rd r)
{
	bool even = rd_left(&r) % 2 == 0;

	while (rd_left(&r) > 1 && t->left > 1) {
		text_add(t, "%u", rd_u16(&r));
		text_add(t, rd_left(&r) ? "," : "");
	}
	return even;
}

/* RFC 4704 4.1: flags, then a name that may lack its root label. */
static bool add_fqdn(struct text *t, struct rd r)
{
	text_add(t, "flags 0x%02x ", rd_u8(&r));
	return !r.bad && add_names(t, r, false);
}

/* Adds a value. False if it does not have that form; the caller then discards what was added. */
static bool add_value(struct text *t, enum form6 form, const uint8_t *value, size_t len)
{
	struct rd r = rd_over(value, len);

	switch (form) {
	case FORM6_MAC:
		if (len == 6)
			text_mac(t, value);
		return len == 6;
	case FORM6_PREFIX:
		return add_prefix(t, r);
	case FORM6_MTU:
		rd_u16(&r);
		text_add(t, "%u", rd_u32(&r));
		return len == 6;
	case FORM6_RDNSS:
		return add_for_a_time(t, r, false);
	case FORM6_DNSSL:
		return add_for_a_time(t, r, true);
	case FORM6_IPS:
		return add_ips(t, r);
	case FORM6_U8:
		text_add(t, "%u", rd_u8(&r));
		return len == 1;
	case FORM6_U16:
		text_add(t, "%u", rd_u16(&r));
		return len == 2;
	case FORM6_U32:
		text_add(t, "%u", rd_u32(&r));
		return len == 4;
	case FORM6_CODES:
		return add_codes(t, r);
	case FORM6_NAMES:
		return add_names(t, r, false);
	case FORM6_TEXT:
		text_quoted(t, value, len);
		return true;
	case FORM6_IA:
	case FORM6_TA:
		return add_ia(t, r, form == FORM6_IA);
	case FORM6_ADDRESS:
		return add_address(t, r);
	case FORM6_IA_PREFIX:
		return add_ia_prefix(t, r);
	case FORM6_STATUS:
		return add_status(t, r);
	case FORM6_FQDN:
		return add_fqdn(t, r);
	case FORM6_HEX:
		break;
	}
	return false;
}

static const char *describe(const struct name6 *one, const uint8_t *value, size_t len, char *text, size_t size)
{
	struct text t = {.at = text, .left = size};

	text[0] = 0;
	if (!one || !add_value(&t, one->form, value, len)) {
		t = (struct text){.at = text, .left = size};
		text[0] = 0;
		text_hex(&t, value, len);
	}
	return one ? one->name : NULL;
}

static const struct name6 *find(const struct name6 *list, size_t count, uint16_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].code == code)
			return &list[i];
	}
	return NULL;
}

const char *names6_nd_option(uint8_t type, const uint8_t *value, size_t len, char *text, size_t size)
{
	return describe(find(nd_options, sizeof(nd_options) / sizeof(nd_options[0]), type), value, len, text, size);
}

const char *names6_dhcp_option(uint16_t code, const uint8_t *value, size_t len, char *text, size_t size)
{
	return describe(find(dhcp_options, sizeof(dhcp_options) / sizeof(dhcp_options[0]), code), value, len, text,
			size);
}
