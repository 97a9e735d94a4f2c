/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/value.h"

#include "guest/allow.h"
#include "guest/list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *store_ip4(struct in_addr *to, const char *text)
{
	struct in_addr a;
	const char *wrong = list_read_ip4(text, &a);

	if (wrong)
		return wrong;
	if (ntohl(a.s_addr) >> 24 == 127)
		return "is a loopback address, which is on no network; write one like 10.0.1.5";
	*to = a;
	return NULL;
}

static const char *store_ip6(struct in6_addr *to, const char *text)
{
	struct in6_addr a;
	const char *wrong = list_read_ip6(text, &a);

	if (wrong)
		return wrong;
	if (IN6_IS_ADDR_LOOPBACK(&a))
		return "is the loopback address, which is on no network; write one like fde5:824d::5";
	*to = a;
	return NULL;
}

static const char *store_mac(uint8_t *to, const char *text)
{
	uint8_t mac[MAC_LEN];

	if (!mac_parse(text, mac))
		return "is not a MAC address; write six hex pairs like 52:54:00:12:34:56";
	if (mac_is_multicast(mac) || mac_is_zero(mac))
		return "is no unicast MAC address: the first pair must be even, and not all pairs 00";
	memcpy(to, mac, MAC_LEN);
	return NULL;
}

static const char *store_net4(struct cidr4 *to, const char *text)
{
	struct cidr4 c;

	if (!cidr4_parse(text, &c))
		return "is not a subnet; write one like 10.0.1.0/24";
	if (ip4_network(c).s_addr != c.addr.s_addr)
		return "has bits set after its length; write the network's own address, like 10.0.1.0/24";
	*to = c;
	return NULL;
}

static const char *store_net6(struct cidr6 *to, const char *text)
{
	struct cidr6 c;

	if (!cidr6_parse(text, &c))
		return "is not a prefix; write one like fde5:824d:d315:3bb1::/64";
	for (unsigned bit = c.len; bit < 128; bit++) {
		if (c.addr.s6_addr[bit / 8] & 0x80 >> bit % 8)
			return "has bits set after its length; write the prefix's own address, like fde5:824d::/64";
	}
	*to = c;
	return NULL;
}

static const char *store_ifname(char *to, const char *text)
{
	/* The kernel's own rule (dev_valid_name): no '/', ':' or white space, neither "." nor "..". */
	if (strlen(text) >= IFNAMSIZ || strpbrk(text, "/: \t\v\f") || !strcmp(text, ".") || !strcmp(text, ".."))
		return "is not an interface's name: 15 octets at most, without '/', ':' and spaces";
	memset(to, 0, IFNAMSIZ);
	memcpy(to, text, strlen(text) + 1);
	return NULL;
}

/* Decimal digits alone, up to max. */
static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

static const char *store_number(uint32_t *to, const char *text, const struct field *f)
{
	uint64_t n;

	if (!read_number(text, f->max, &n) || n < f->min)
		return f->wrong;
	*to = (uint32_t)n;
	return NULL;
}

/* iptables writes several as 42:45; people who never saw that write 42-45. */
static const char *store_queue(struct queues *to, const char *text)
{
	char first[8];
	size_t n = strcspn(text, ":-");
	const char *last = text[n] ? text + n + 1 : text;
	uint64_t from, until;

	if (strcmp(text, "-1") == 0) {
		*to = (struct queues){-1, -1};
		return NULL;
	}
	if (n >= sizeof(first))
		n = 0;
	memcpy(first, text, n);
	first[n] = 0;
	if (!read_number(first, UINT16_MAX, &from) || !read_number(last, UINT16_MAX, &until) || until < from)
		return "is not a queue; write a number from 0 to 65535, several like 42:45, or -1 for none";
	*to = (struct queues){(int32_t)from, (int32_t)until};
	return NULL;
}

static const char *store_bool(bool *to, const char *text)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*to = i % 2;
			return NULL;
		}
	}
	return "is neither yes nor no";
}

static const char *store_choice(uint32_t *to, const char *text, const struct field *f)
{
	size_t len = strlen(text);
	uint32_t i = 0;

	for (const char *word = f->choices; *word; i++) {
		size_t n = strcspn(word, "|");
		if (n == len && strncasecmp(word, text, n) == 0) {
			*to = i;
			return NULL;
		}
		word += n + (word[n] == '|');
	}
	return f->wrong;
}

static const char *store_text(char **to, const char *text, size_t len)
{
	char *copy = strndup(text, len);

	if (!copy)
		return list_no_memory;
	free(*to);
	*to = copy;
	return NULL;
}

static const char *store_host(char **to, const char *text)
{
	uint8_t wire[NAME_WIRE_MAX];
	size_t len, text_len = strlen(text);
	const char *wrong = value_name(text, wire, &len);

	if (wrong)
		return wrong;
	if (len == 1)
		return "is no host's name; write one like vm1 or vm1.example.com";
	if (text[text_len - 1] == '.')
		text_len--;
	/* RFC 952, RFC 1123 2.1: letters, digits and hyphens; the underscore is tolerated, as resolvers do. */
	for (size_t i = 0; i < text_len; i++) {
		bool edge = i == 0 || i + 1 == text_len || text[i - 1] == '.' || text[i + 1] == '.';
		if (!isalnum((unsigned char)text[i]) && text[i] != '.' && text[i] != '_' && (text[i] != '-' || edge))
			return "is no host's name: letters, digits and inner hyphens only, like vm1 or vm1.example.com";
	}
	return store_text(to, text, text_len);
}

static const char *store_path(char **to, const char *text)
{
	if (text[0] != '/')
		return "is not an absolute path; begin it with '/'";
	return store_text(to, text, strlen(text));
}

const char *value_store(const struct field *f, void *base, const char *text, bool more)
{
	void *at = (char *)base + f->offset;

	switch (f->kind) {
	case VALUE_MAC:
		return store_mac(at, text);
	case VALUE_IP4:
		return store_ip4(at, text);
	case VALUE_IP6:
		return store_ip6(at, text);
	case VALUE_NET4:
		return store_net4(at, text);
	case VALUE_NET6:
		return store_net6(at, text);
	case VALUE_IFNAME:
		return store_ifname(at, text);
	case VALUE_NUMBER:
		return store_number(at, text, f);
	case VALUE_QUEUE:
		return store_queue(at, text);
	case VALUE_BOOL:
		return store_bool(at, text);
	case VALUE_FLAG:
		*(bool *)at = true;
		return NULL;
	case VALUE_CHOICE:
		return store_choice(at, text, f);
	case VALUE_TEXT:
		return store_text(at, text, strlen(text));
	case VALUE_PATH:
		return store_path(at, text);
	case VALUE_HOST:
		return store_host(at, text);
	case VALUE_NAMES:
		return list_add_names(at, text, more, f->max, f->wrong);
	case VALUE_WORDS:
		return list_add_words(at, text, more);
	case VALUE_IP4S:
		return list_add_ip4(at, text, more);
	case VALUE_IP6S:
		return list_add_ip6(at, text, more);
	case VALUE_ASKED6:
		return list_add_servers6(at, text, more);
	case VALUE_ALLOWS:
		return allow_add(at, text, more);
	}
	return "is of no known kind";
}

void value_clear(const struct field *f, void *base)
{
	void *at = (char *)base + f->offset;

	switch (f->kind) {
	case VALUE_TEXT:
	case VALUE_PATH:
	case VALUE_HOST:
		free(*(char **)at);
		*(char **)at = NULL;
		break;
	case VALUE_NAMES:
		free(((struct name_list *)at)->wire);
		*(struct name_list *)at = (struct name_list){0};
		break;
	case VALUE_WORDS:
		list_free_words(at);
		break;
	case VALUE_IP4S:
		free(((struct ip4_list *)at)->at);
		*(struct ip4_list *)at = (struct ip4_list){0};
		break;
	case VALUE_IP6S:
	case VALUE_ASKED6:
		free(((struct ip6_list *)at)->at);
		*(struct ip6_list *)at = (struct ip6_list){0};
		break;
	case VALUE_ALLOWS:
		free(((struct allow_list *)at)->at);
		*(struct allow_list *)at = (struct allow_list){0};
		break;
	default:
		break;
	}
}

bool value_same_name(const uint8_t *a, const uint8_t *b)
{
	for (; *a && *a == *b; b += *a + 1U, a += *a + 1U) {
		if (memcmp(a, b, *a + 1U) != 0)
			return false;
	}
	return *a == *b;
}
