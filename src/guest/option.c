/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/option.h"

#include "guest/list.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TOO_LONG "is longer than 1024 octets; shorten it"
#define NOT_A_VALUE "is not an option's value; write hex like 0a:0b, addresses like 10.0.1.1,10.0.1.2 or \"text\""

/* The codes that are the protocol's or have a key of their own: two sources for one value would contradict. */
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
