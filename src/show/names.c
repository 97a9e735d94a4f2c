/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCPv4 options by name, and their values as text. RFC 2132, 3397, 3442, 4039, 4702, 8910, 8925. */
#include "show/names.h"

#include "base/log.h"
#include "base/rd.h"
#include "show/text.h"

/* How a value reads. */
enum form {
	FORM_HEX,
	FORM_IPS,
	FORM_U8,
	FORM_U16,
	FORM_U32,
	FORM_TEXT,
	FORM_TYPE,
	FORM_CODES,
	FORM_ROUTES,
	FORM_NAMES,
};

static const struct {
	uint8_t code;
	enum form form;
	const char *name;
} options[] = {
    {1, FORM_IPS, "subnet-mask"},
    {3, FORM_IPS, "router"},
    {6, FORM_IPS, "dns-servers"},
    {12, FORM_TEXT, "host-name"},
    {15, FORM_TEXT, "domain-name"},
    {17, FORM_TEXT, "root-path"},
    {26, FORM_U16, "mtu"},
    {28, FORM_IPS, "broadcast"},
    {33, FORM_IPS, "static-routes"},
    {42, FORM_IPS, "ntp-servers"},
    {43, FORM_HEX, "vendor-specific"},
    {50, FORM_IPS, "requested-address"},
    {51, FORM_U32, "lease-time"},
    {52, FORM_U8, "overload"},
    {53, FORM_TYPE, "message-type"},
    {54, FORM_IPS, "server-id"},
    {55, FORM_CODES, "parameter-list"},
    {56, FORM_TEXT, "message"},
    {57, FORM_U16, "max-size"},
    {58, FORM_U32, "t1"},
    {59, FORM_U32, "t2"},
    {60, FORM_TEXT, "vendor-class"},
    {61, FORM_HEX, "client-id"},
    {66, FORM_TEXT, "tftp-server"},
    {67, FORM_TEXT, "boot-file"},
    {77, FORM_HEX, "user-class"},
    {80, FORM_HEX, "rapid-commit"},
    {81, FORM_HEX, "fqdn"},
    {82, FORM_HEX, "relay-agent"},
    {97, FORM_HEX, "uuid"},
    {108, FORM_U32, "v6-only"},
    {114, FORM_TEXT, "captive-portal"},
    {119, FORM_NAMES, "search-list"},
    {121, FORM_ROUTES, "routes"},
    {249, FORM_ROUTES, "routes-microsoft"},
    {252, FORM_TEXT, "wpad"},
};

const char *names_message(uint8_t type)
{
	static const char *const names[] = {
	    NULL,      "DHCPDISCOVER", "DHCPOFFER",   "DHCPREQUEST", "DHCPDECLINE",
	    "DHCPACK", "DHCPNAK",      "DHCPRELEASE", "DHCPINFORM",
	};
	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

/*
 * RFC 3442: prefix length, as many octets of the prefix as that needs, router. False if the value ends inside a route
 * or a prefix is longer than 32 bits.
 */
static bool add_routes(struct text *t, struct rd r)
{
	while (rd_left(&r)) {
		uint8_t len = rd_u8(&r), prefix[4] = {0};
		const uint8_t *p = rd_bytes(&r, len <= 32 ? (len + 7u) / 8u : SIZE_MAX);
		const uint8_t *router = rd_bytes(&r, 4);

		if (r.bad)
			return false;
		if (p)
			memcpy(prefix, p, (len + 7u) / 8u);
		text_ip4(t, prefix);
		text_add(t, "/%u via ", len);
		text_ip4(t, router);
		text_add(t, rd_left(&r) ? ", " : "");
	}
	return true;
}

/* RFC 3397 with RFC 1035 4.1.4: labels, and pointers into the option itself, shown as @offset. */
static bool add_names(struct text *t, struct rd r)
{
	while (rd_left(&r)) {
		uint8_t n = rd_u8(&r);

		if (n >= 0xc0) {
			text_add(t, "@%u%s", (n & 0x3fu) << 8 | rd_u8(&r), rd_left(&r) ? " " : "");
		} else if (n == 0) {
			text_add(t, rd_left(&r) ? " " : "");
		} else {
			char label[256];
			const uint8_t *b = rd_bytes(&r, n);
			if (b)
				text_add(t, "%s.", log_escape(b, n, label, sizeof(label)));
		}
		if (r.bad)
			return false;
	}
	return true;
}

static bool add_numbers(struct text *t, const uint8_t *value, size_t len)
{
	for (size_t i = 0; i < len && t->left > 1; i++)
		text_add(t, "%s%u", i ? "," : "", value[i]);
	return true;
}

static bool add_ips(struct text *t, const uint8_t *value, size_t len)
{
	if (len == 0 || len % 4)
		return false;
	for (size_t i = 0; i < len; i += 4) {
		text_add(t, i ? ", " : "");
		text_ip4(t, value + i);
	}
	return true;
}

static bool add_type(struct text *t, uint8_t type)
{
	const char *name = names_message(type);

	text_add(t, "%u %s", type, name ? name : "(unknown)");
	return true;
}

/* Adds a value. False if it does not have that form; the caller then discards what was added. */
static bool add_value(struct text *t, enum form form, const uint8_t *value, size_t len)
{
	struct rd r = rd_over(value, len);

	switch (form) {
	case FORM_IPS:
		return add_ips(t, value, len);
	case FORM_U8:
		text_add(t, "%u", rd_u8(&r));
		return len == 1;
	case FORM_U16:
		text_add(t, "%u", rd_u16(&r));
		return len == 2;
	case FORM_U32:
		text_add(t, "%u", rd_u32(&r));
		return len == 4;
	case FORM_TEXT:
		text_quoted(t, value, len);
		return true;
	case FORM_TYPE:
		return len == 1 && add_type(t, value[0]);
	case FORM_CODES:
		return add_numbers(t, value, len);
	case FORM_ROUTES:
		return add_routes(t, r);
	case FORM_NAMES:
		return add_names(t, r);
	case FORM_HEX:
		break;
	}
	return false;
}

const char *names_option(uint8_t code, const uint8_t *value, size_t len, char *text, size_t size)
{
	struct text t = {.at = text, .left = size};

	text[0] = 0;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].code != code)
			continue;
		if (!add_value(&t, options[i].form, value, len)) {
			t = (struct text){.at = text, .left = size};
			text[0] = 0;
			text_hex(&t, value, len);
		}
		return options[i].name;
	}
	text_hex(&t, value, len);
	return NULL;
}
