/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/option.h"

#include "guest/list.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TOO_LONG "is longer than 1024 octets; shorten it"
#define NOT_A_CODE6 "has no option's code between ':' and '='; write a number from 1 to 65535"
#define NOT_A_VALUE6 "is not an option's value; write hex like 0a:0b, addresses like fde5::1,fde5::2 or \"text\""
#define NTP_CODE 56              /* RFC 5908 4 */
#define NTP_SUBOPTION_SRV_ADDR 1 /* RFC 5908 4.1 */
#define NOT_A_VALUE "is not an option's value; write hex like 0a:0b, addresses like 10.0.1.1,10.0.1.2 or \"text\""

/*
 * Codes that a binding may not set, and why: the protocol uses them, or they have another source, which DHCP_OPTION
 * would contradict.
 */
static const struct {
	uint8_t code;
	const char *say;
} owned[] = {
    {0, "is padding and cannot be set"},
    {1, "is the subnet mask, which follows from the VM's address; drop the line"},
    {3, "is the router; use GATEWAY"},
    {6, "is the name servers; use NAMESERVERS"},
    {12, "is the host name; use HOSTNAME"},
    {15, "is the domain; use DOMAIN"},
    {26, "is the MTU; use MTU"},
    {28, "is the broadcast address, which follows from the VM's address; drop the line"},
    {50, "is the address a client asks for; drop the line"},
    {51, "is the lease time; use lease_lifetime in the global configuration"},
    {52, "is the protocol's own (option overload); drop the line"},
    {53, "is the protocol's own (message type); drop the line"},
    {54, "is the server's address; use DHCP_SERVER_IP"},
    {55, "is the client's list of options; drop the line"},
    {56, "is the protocol's own (message); drop the line"},
    {57, "is the client's message size; drop the line"},
    {58, "is the renewal time; use lease_renewal in the global configuration"},
    {59, "is the rebinding time, which follows from lease_lifetime; drop the line"},
    {61, "is the client's identifier; drop the line"},
    {80, "is the protocol's own (rapid commit); drop the line"},
    {81, "is the client's name; use HOSTNAME"},
    {82, "is a relay agent's; drop the line"},
    {90, "is the protocol's own (authentication); drop the line"},
    {118, "is a relay agent's (subnet selection); drop the line"},
    {119, "is the search list; use DOMAIN_SEARCH"},
    {255, "is the end mark and cannot be set"},
};

/* The same for DHCPv6, as ranges of codes, from RFC 8415 21 unless a row says otherwise. */
static const struct {
	uint16_t from, to;
	const char *say;
} owned6[] = {
    {0, 0, "is reserved and cannot be set"},
    {1, 9, "is the protocol's own (identifiers, addresses, the client's list); drop the line"},
    {10, 10, "is not an option (it was never assigned); drop the line"},
    {11, 16, "is the protocol's own (authentication, status, rapid commit) or the client's; drop the line"},
    {18, 20, "is the protocol's own (relay agents, reconfiguration); drop the line"},
    {23, 23, "is the name servers; use NAMESERVERS6"}, /* RFC 3646 3 */
    {24, 24, "is the search list; use DOMAIN_SEARCH"}, /* RFC 3646 4 */
    {25, 26, "is the protocol's own (prefixes); drop the line"},
    {32, 32, "is the refresh time; use lease_renewal in the global configuration"},
    {37, 38, "is a relay agent's; drop the line"},                                  /* RFC 4649, 4580 */
    {39, 39, "is the client's name; use HOSTNAME"},                                 /* RFC 4704 4 */
    {43, 48, "is the protocol's own (relay agents, lease queries); drop the line"}, /* RFC 4994, 5007 */
    {61, 62, "is the client's (its kind of machine); drop the line"},               /* RFC 5970 3 */
    {66, 66, "is a relay agent's; drop the line"},                                  /* RFC 6422 4 */
    {79, 79, "is a relay agent's; drop the line"},                                  /* RFC 6939 4 */
};

static const char *parse_code(const char *text, uint8_t *code)
{
	unsigned n = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 3 || text[digits])
		return "has no option's code between ':' and '='; write a number from 1 to 254";
	for (; *text; text++)
		n = n * 10 + (unsigned)(*text - '0');
	if (n > 255)
		return "has no option's code between ':' and '='; write a number from 1 to 254";
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		if (owned[i].code == n)
			return owned[i].say;
	}
	*code = (uint8_t)n;
	return NULL;
}

static const char *parse_quoted(const char *value, uint8_t *buf, size_t *len)
{
	size_t n = strlen(value);

	if (n < 2 || value[n - 1] != '"')
		return "has no closing '\"'";
	if (n - 2 > OPTION_LEN_MAX)
		return TOO_LONG;
	memcpy(buf, value + 1, n - 2);
	*len = n - 2;
	return NULL;
}

static const char *parse_addresses(const char *value, uint8_t *buf, size_t *len)
{
	const char *item;
	size_t n;

	for (*len = 0; value_next(&value, &item, &n); *len += 4) {
		char one[INET_ADDRSTRLEN];

		if (*len + 4 > OPTION_LEN_MAX)
			return TOO_LONG;
		if (n >= sizeof(one))
			return NOT_A_VALUE;
		memcpy(one, item, n);
		one[n] = 0;
		if (inet_pton(AF_INET, one, buf + *len) != 1)
			return NOT_A_VALUE;
	}
	return *len ? NULL : NOT_A_VALUE;
}

static const char *parse_hex(const char *value, uint8_t *buf, size_t *len)
{
	static const char digits[] = "0123456789abcdef";

	if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X'))
		value += 2;
	for (*len = 0; *value || *len == 0; ++*len) {
		const char *high, *low;

		if (*len && (*value == ':' || *value == ' '))
			value++;
		if (!isxdigit((unsigned char)value[0]) || !isxdigit((unsigned char)value[1]))
			return NOT_A_VALUE;
		if (*len == OPTION_LEN_MAX)
			return TOO_LONG;
		high = strchr(digits, tolower((unsigned char)value[0]));
		low = strchr(digits, tolower((unsigned char)value[1]));
		buf[*len] = (uint8_t)((high - digits) << 4 | (low - digits));
		value += 2;
	}
	return NULL;
}

const char *option_parse(const char *code, const char *value, struct dhcp_option *out)
{
	uint8_t buf[OPTION_LEN_MAX];
	struct dhcp_option opt = {0};
	size_t len = 0;
	const char *wrong = parse_code(code, &opt.code);

	if (!wrong && value[0] == '"')
		wrong = parse_quoted(value, buf, &len);
	else if (!wrong && strchr(value, '.'))
		wrong = parse_addresses(value, buf, &len);
	else if (!wrong)
		wrong = parse_hex(value, buf, &len);
	if (wrong)
		return wrong;
	opt.len = (uint16_t)len;
	opt.bytes = malloc(len + !len);
	if (!opt.bytes)
		return list_no_memory;
	memcpy(opt.bytes, buf, len);
	*out = opt;
	return NULL;
}

const char *option_owned6(uint16_t code)
{
	for (size_t i = 0; i < sizeof(owned6) / sizeof(owned6[0]); i++) {
		if (code >= owned6[i].from && code <= owned6[i].to)
			return owned6[i].say;
	}
	return NULL;
}

static const char *parse_code6(const char *text, uint16_t *code)
{
	unsigned n = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 5 || text[digits])
		return NOT_A_CODE6;
	for (; *text; text++)
		n = n * 10 + (unsigned)(*text - '0');
	if (n > UINT16_MAX)
		return NOT_A_CODE6;
	*code = (uint16_t)n;
	return option_owned6(*code);
}

/*
 * True for octets in pairs, aa:bb:cc or aa bb cc. Eight such pairs also have the form of an IPv6 address, but count as
 * octets.
 */
static bool is_pairs(const char *value)
{
	size_t i = 0;

	for (; value[i]; i++) {
		char c = value[i];
		if (i % 3 == 2 ? c != ':' && c != ' ' : !isxdigit((unsigned char)c))
			return false;
	}
	return i % 3 == 2;
}

static const char *parse_addresses6(const char *value, bool wrap, uint8_t *buf, size_t *len)
{
	static const uint8_t head[] = {0, NTP_SUBOPTION_SRV_ADDR, 0, sizeof(struct in6_addr)};
	const char *item;
	size_t n;

	for (*len = 0; value_next(&value, &item, &n); *len += sizeof(struct in6_addr)) {
		char one[INET6_ADDRSTRLEN];
		struct in6_addr a;

		if (n >= sizeof(one))
			return NOT_A_VALUE6;
		memcpy(one, item, n);
		one[n] = 0;
		if (inet_pton(AF_INET6, one, &a) != 1)
			return NOT_A_VALUE6;
		if (*len + (wrap ? sizeof(head) : 0) + sizeof(a) > OPTION_LEN_MAX)
			return TOO_LONG;
		if (wrap) {
			memcpy(buf + *len, head, sizeof(head));
			*len += sizeof(head);
		}
		memcpy(buf + *len, &a, sizeof(a));
	}
	return *len ? NULL : NOT_A_VALUE6;
}

static const char *parse_value6(uint16_t code, const char *value, uint8_t *buf, size_t *len)
{
	if (value[0] == '"') {
		/* RFC 5908 4: sub-options, each with a head of its own. */
		return code == NTP_CODE ? "is NTP's, which holds no text; write addresses, or hex of its sub-options"
					: parse_quoted(value, buf, len);
	}
	if (!is_pairs(value) && strpbrk(value, ":,")) {
		const char *wrong = parse_addresses6(value, code == NTP_CODE, buf, len);
		/* If not even the first item is an address, the value may be octets in another spacing: 0a0b:0c. */
		if (!wrong || *len)
			return wrong;
	}
	const char *wrong = parse_hex(value, buf, len);
	return wrong && strcmp(wrong, TOO_LONG) != 0 ? NOT_A_VALUE6 : wrong;
}

const char *option_parse6(const char *code, const char *value, struct dhcp6_option *out)
{
	uint8_t buf[OPTION_LEN_MAX];
	struct dhcp6_option opt = {0};
	size_t len = 0;
	const char *wrong = parse_code6(code, &opt.code);

	if (!wrong)
		wrong = parse_value6(opt.code, value, buf, &len);
	if (wrong)
		return wrong;
	opt.len = (uint16_t)len;
	opt.bytes = malloc(len + !len);
	if (!opt.bytes)
		return list_no_memory;
	memcpy(opt.bytes, buf, len);
	*out = opt;
	return NULL;
}
