/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/allow.h"

#include "guest/list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NOT_A_SERVICE "says after the ':' what is no service; write one like tcp/443 or udp/123"

/* Parses the service behind the name, such as "tcp/443". NULL, or what is wrong. */
static const char *read_service(const char *text, struct allow *out)
{
	char *end;

	if (strncasecmp(text, "tcp/", 4) == 0)
		out->proto = IPPROTO_TCP;
	else if (strncasecmp(text, "udp/", 4) == 0)
		out->proto = IPPROTO_UDP;
	else
		return NOT_A_SERVICE;
	const char *digits = text + 4;
	if (strspn(digits, "0123456789") != strlen(digits) || !*digits || strlen(digits) > 5)
		return NOT_A_SERVICE;
	unsigned long port = strtoul(digits, &end, 10);
	if (port < 1 || port > 65535)
		return "has a port that is not a number from 1 to 65535";
	out->port = (uint16_t)port;
	return NULL;
}

static const char *read_one(const char *item, size_t len, struct allow *out)
{
	char text[NAME_WIRE_MAX + 16];
	uint8_t wire[NAME_WIRE_MAX];
	size_t wire_len;

	*out = (struct allow){0};
	if (len >= sizeof(text))
		return "has a name of more than 253 characters (RFC 1035 2.3.4)";
	memcpy(text, item, len);
	text[len] = 0;
	char *colon = strchr(text, ':');
	const char *wrong = colon ? read_service(colon + 1, out) : NULL;
	if (colon)
		*colon = 0;
	if (!wrong)
		wrong = value_name(text, wire, &wire_len);
	if (wrong)
		return wrong;
	const uint8_t *name = wire;
	out->below = wire[0] == 1 && wire[1] == '*';
	if (out->below) {
		name += 2;
		wire_len -= 2;
	} else if (wire_len == 1) {
		return "is the root of all names; write * for every name";
	}
	memcpy(out->name, name, wire_len);
	return NULL;
}

const char *allow_add(struct allow_list *to, const char *text, bool more)
{
	size_t count = more ? to->count : 0, len;
	const char *item, *wrong = NULL;
	struct allow one;

	/* Works on a copy, so that a bad item leaves the old list as it was. */
	struct allow *at = calloc(ALLOW_MAX, sizeof(*at));
	if (!at)
		return list_no_memory;
	if (count)
		memcpy(at, to->at, count * sizeof(*at));
	while (!wrong && value_next(&text, &item, &len)) {
		wrong = read_one(item, len, &one);
		if (!wrong && count == ALLOW_MAX)
			wrong = "makes a list of more than 256 names; use patterns like *.example.com";
		if (!wrong)
			at[count++] = one;
	}
	if (!wrong && !count)
		wrong = "names nothing; name what the VM may reach, or take the line out to let it reach all";
	if (wrong) {
		free(at);
		return wrong;
	}
	free(to->at);
	to->at = at;
	to->count = count;
	struct allow *less = reallocarray(at, count, sizeof(*at));
	if (less)
		to->at = less;
	return NULL;
}

static size_t label_count(const uint8_t *name)
{
	size_t n = 0;

	for (; *name; name += *name + 1U)
		n++;
	return n;
}

/*
 * Matches a label s with a pattern p, in which `*` stands for any octets or none. On a mismatch the last star takes one
 * octet more.
 */
static bool label_matches(const uint8_t *p, size_t p_len, const uint8_t *s, size_t s_len)
{
	size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;

	while (j < s_len) {
		if (i < p_len && p[i] == '*') {
			star = i++;
			mark = j;
		} else if (i < p_len && p[i] == s[j]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++mark;
		} else {
			return false;
		}
	}
	while (i < p_len && p[i] == '*')
		i++;
	return i == p_len;
}

bool allow_matches(const struct allow *a, const uint8_t *name)
{
	const uint8_t *p = a->name;
	size_t want = label_count(p), have = label_count(name);

	if (a->below ? have <= want : have != want)
		return false;
	for (; have > want; have--)
		name += *name + 1U;
	for (; *p; p += *p + 1U, name += *name + 1U) {
		if (!label_matches(p + 1, *p, name + 1, *name))
			return false;
	}
	return true;
}

bool allow_any(const struct allow_list *l, const uint8_t *name)
{
	for (size_t i = 0; i < l->count; i++) {
		if (allow_matches(&l->at[i], name))
			return true;
	}
	return false;
}

bool allow_same(const struct allow *a, const struct allow *b)
{
	return a->proto == b->proto && a->port == b->port && a->below == b->below &&
	       memcmp(a->name, b->name, sizeof(a->name)) == 0;
}

bool allow_same_lists(const struct allow_list *a, const struct allow_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = allow_same(&a->at[i], &b->at[i]);
	return same;
}
