/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/list.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char list_no_memory[] = "cannot be kept: out of memory";

bool value_next(const char **list, const char **item, size_t *len)
{
	const char *p = *list;

	while (*p == ',' || isspace((unsigned char)*p))
		p++;
	const char *end = strchrnul(p, ',');
	*list = end;
	*item = p;
	while (end > p && isspace((unsigned char)end[-1]))
		end--;
	*len = (size_t)(end - p);
	return *len > 0;
}

/* A copy of an item that fits size with its NUL; false where it is longer. */
static bool item_text(const char *item, size_t len, char *out, size_t size)
{
	if (len >= size)
		return false;
	memcpy(out, item, len);
	out[len] = 0;
	return true;
}

const char *list_read_ip4(const char *text, struct in_addr *out)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		return LIST_NOT_IP4;
	/* RFC 1122 3.2.1.3, RFC 5771: none of these is one host's. */
	uint8_t first = (uint8_t)(ntohl(a.s_addr) >> 24);
	if (first == 0 || first >= 224)
		return "is no host's address (0.0.0.0/8, multicast, reserved or broadcast); write one like 10.0.1.5";
	*out = a;
	return NULL;
}

const char *list_read_ip6(const char *text, struct in6_addr *out)
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, text, &a) != 1)
		return LIST_NOT_IP6;
	/* RFC 4291 2.4, 2.5.2, 2.5.5 */
	if (IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_IS_ADDR_MULTICAST(&a) || IN6_IS_ADDR_V4MAPPED(&a) ||
	    IN6_IS_ADDR_V4COMPAT(&a)) {
		if (!IN6_IS_ADDR_LOOPBACK(&a))
			return "is no host's address (unspecified, multicast or IPv4-mapped); write one like fde5:824d::5";
	}
	*out = a;
	return NULL;
}

size_t value_name_len(const uint8_t *wire, size_t left)
{
	size_t at = 0;

	while (at < left && at < NAME_WIRE_MAX) {
		if (wire[at] == 0)
			return at + 1;
		if (wire[at] > 63)
			return 0;
		at += wire[at] + 1U;
	}
	return 0;
}

/* Printable ASCII, without characters that have a meaning of their own in some file format or program. */
static bool is_name_octet(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '\\' && c != '"' && c != ',' && c != ';' && c != '=';
}

const char *value_name(const char *text, uint8_t wire[static NAME_WIRE_MAX], size_t *len)
{
	size_t at = 0;

	for (const char *label = strcmp(text, ".") ? text : ""; *label;) {
		size_t n = (size_t)(strchrnul(label, '.') - label);
		if (n == 0)
			return "is not a name: a label is empty; write one like db.example.com.";
		if (n > 63)
			return "is not a name: a label is longer than 63 octets (RFC 1035 2.3.4)";
		if (at + 1 + n + 1 > NAME_WIRE_MAX)
			return "is not a name: it is longer than 253 characters (RFC 1035 2.3.4)";
		wire[at++] = (uint8_t)n;
		for (size_t i = 0; i < n; i++) {
			unsigned char c = (unsigned char)label[i];
			if (c >= 0x80)
				return "is not a name: write its ASCII form, which begins with xn--";
			if (!is_name_octet(c))
				return "is not a name: letters, digits, hyphens and underscores between dots, please";
			wire[at++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c); /* RFC 4343 3 */
		}
		label += n + (label[n] == '.');
	}
	if (!*text)
		return "is not a name: it is empty";
	wire[at++] = 0;
	*len = at;
	return NULL;
}

/* Writes the names of the list to buf, which list_add_names() makes large enough. */
static const char *read_names(const char *text, uint8_t *buf, size_t *len)
{
	const char *item;
	size_t item_len;

	*len = 0;
	while (value_next(&text, &item, &item_len)) {
		char name[NAME_WIRE_MAX + 1];
		uint8_t wire[NAME_WIRE_MAX];
		size_t wire_len;

		if (!item_text(item, item_len, name, sizeof(name)))
			return "has a name of more than 253 characters (RFC 1035 2.3.4)";
		/* ".example.com" is a usual way to write a suffix. */
		const char *wrong = value_name(name[0] == '.' && name[1] ? name + 1 : name, wire, &wire_len);
		if (wrong)
			return wrong;
		memcpy(buf + *len, wire, wire_len);
		*len += wire_len;
	}
	return NULL;
}

const char *list_add_names(struct name_list *to, const char *text, bool more, size_t max, const char *too_long)
{
	/* Every name takes at most two octets more than its text, and each but the first has a comma too. */
	uint8_t *buf = malloc(2 * strlen(text) + 2);
	size_t len, before = more ? to->len : 0;

	if (!buf)
		return list_no_memory;
	const char *wrong = read_names(text, buf, &len);
	if (!wrong && before + len > max)
		wrong = too_long;
	if (!wrong && len > 0) {
		uint8_t *wire = realloc(to->wire, before + len);
		if (wire) {
			memcpy(wire + before, buf, len);
			to->wire = wire;
			to->len = before + len;
		} else {
			wrong = list_no_memory;
		}
	}
	free(buf);
	return wrong;
}

/* Writes the addresses of the list to buf, each of `size` octets, at most LIST_MAX. */
static const char *read_ips(const char *text, bool six, uint8_t *buf, size_t size, size_t *count)
{
	const char *item;
	size_t len;

	for (*count = 0; value_next(&text, &item, &len); ++*count) {
		char one[INET6_ADDRSTRLEN];
		const char *wrong;

		if (*count == LIST_MAX)
			return "makes a list of more than 63 addresses; name fewer";
		if (!item_text(item, len, one, sizeof(one)))
			return six ? LIST_NOT_IP6 : LIST_NOT_IP4;
		void *at = buf + *count * size;
		wrong = six ? list_read_ip6(one, at) : list_read_ip4(one, at);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *add_ips(void **at, size_t *have, const char *text, bool more, bool six)
{
	size_t size = six ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	_Alignas(struct in6_addr) uint8_t buf[LIST_MAX * sizeof(struct in6_addr)];
	size_t count, before = more ? *have : 0;
	const char *wrong = read_ips(text, six, buf, size, &count);

	if (wrong)
		return wrong;
	if (before + count > LIST_MAX)
		return "makes a list of more than 63 addresses; name fewer";
	if (count == 0)
		return NULL;
	uint8_t *list = realloc(*at, (before + count) * size);
	if (!list)
		return list_no_memory;
	memcpy(list + before * size, buf, count * size);
	*at = list;
	*have = before + count;
	return NULL;
}

const char *list_add_ip4(struct ip4_list *to, const char *text, bool more)
{
	void *at = to->at;
	const char *wrong = add_ips(&at, &to->count, text, more, false);

	to->at = at;
	return wrong;
}

const char *list_add_ip6(struct ip6_list *to, const char *text, bool more)
{
	void *at = to->at;
	const char *wrong = add_ips(&at, &to->count, text, more, true);

	to->at = at;
	return wrong;
}

const char *list_add_servers6(struct ip6_list *to, const char *text, bool more)
{
	const char *item, *rest = text;
	size_t len;

	while (value_next(&rest, &item, &len)) {
		char one[INET6_ADDRSTRLEN + 1 + IFNAMSIZ];
		struct in6_addr a;
		if (!item_text(item, len, one, sizeof(one)))
			continue;
		one[strcspn(one, "%")] = 0;
		/* RFC 4007 6: a link-local address is ambiguous without its link, and the list cannot name a link. */
		if (inet_pton(AF_INET6, one, &a) == 1 && IN6_IS_ADDR_LINKLOCAL(&a))
			return "has a link-local address, and nothing says on which link to ask there; name a server's "
			       "global or unique local address";
	}
	return list_add_ip6(to, text, more);
}

void list_free_words(struct word_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->at[i]);
	free(l->at);
	*l = (struct word_list){0};
}

static const char *check_word(const char *item, size_t len)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	/* The words become parts of file names: they must not lead out of the directory, nor be too long for a name. */
	for (size_t i = 0; i < len; i++) {
		if (!memchr(good, item[i], sizeof(good) - 1))
			return "has a name that is not letters, digits, '_', '-' and '.' only";
	}
	return len > 200 ? "has a name of more than 200 characters" : NULL;
}

const char *list_add_words(struct word_list *to, const char *text, bool more)
{
	const char *item, *rest = text, *wrong;
	size_t len, count = more ? to->count : 0;

	for (; value_next(&rest, &item, &len); count++) {
		wrong = check_word(item, len);
		if (wrong)
			return wrong;
	}
	if (count > LIST_MAX)
		return "makes a list of more than 63 names; name fewer";
	if (!more)
		list_free_words(to);
	char **at = realloc(to->at, (count + !count) * sizeof(*at));
	if (!at)
		return list_no_memory;
	to->at = at;
	while (value_next(&text, &item, &len)) {
		at[to->count] = strndup(item, len);
		if (!at[to->count])
			return list_no_memory;
		to->count++;
	}
	return NULL;
}
