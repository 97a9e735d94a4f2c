/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/record.h"

#include "guest/list.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/*
 * The longest DNS message over TCP (RFC 1035 4.2.2), and what it needs beside the text and its name: header, question,
 * the answer's own header and an OPT record (RFC 6891 6.1.2).
 */
#define MESSAGE_MAX 65535
#define MESSAGE_REST (12 + 4 + 12 + 11)

static const char *append(struct record_list *l, struct record rec, const uint8_t *name, const char *txt)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 4;
		struct record *at = reallocarray(l->at, room, sizeof(*at));
		if (!at)
			return list_no_memory;
		l->at = at;
		l->room = room;
	}
	rec.bytes = malloc((size_t)rec.name_len + rec.txt_len);
	if (!rec.bytes)
		return list_no_memory;
	memcpy(rec.bytes, name, rec.name_len);
	if (txt)
		memcpy(rec.bytes + rec.name_len, txt, rec.txt_len);
	l->at[l->count++] = rec;
	return NULL;
}

/* Unlike other addresses, a record's may be any: people use 0.0.0.0 and :: to make a name lead nowhere. */
static const char *append_addresses(struct record_list *l, struct record rec, const uint8_t *name, const char *value)
{
	const char *item;
	size_t len;
	bool any = false;

	while (value_next(&value, &item, &len)) {
		char one[INET6_ADDRSTRLEN];
		bool six = rec.type == RECORD_ADDRESS6;

		if (len >= sizeof(one))
			return six ? LIST_NOT_IP6 : LIST_NOT_IP4;
		memcpy(one, item, len);
		one[len] = 0;
		if (six ? inet_pton(AF_INET6, one, &rec.ip6) != 1 : inet_pton(AF_INET, one, &rec.ip4) != 1)
			return six ? LIST_NOT_IP6 : LIST_NOT_IP4;
		const char *wrong = append(l, rec, name, NULL);
		if (wrong)
			return wrong;
		any = true;
	}
	return any ? NULL : "names no address";
}

const char *record_add(struct record_list *l, enum record_type type, const char *name, const char *value)
{
	uint8_t wire[NAME_WIRE_MAX];
	size_t wire_len, txt_len = strlen(value);
	const char *wrong = value_name(name, wire, &wire_len);

	if (wrong)
		return "has a name before the '=' that is none; write one like db.example.com.";
	if (wire_len == 1)
		return "has the root as its name; write one like db.example.com.";
	struct record rec = {.type = type, .name_len = (uint8_t)wire_len};
	if (type != RECORD_TXT)
		return append_addresses(l, rec, wire, value);
	/* RFC 1035 3.3.14: strings of 255 octets, each with a length octet. */
	if (txt_len + (txt_len + 254) / 255 > MESSAGE_MAX - MESSAGE_REST - wire_len)
		return "is longer than a DNS message can carry (64 KiB); shorten it";
	rec.txt_len = (uint16_t)txt_len;
	return append(l, rec, wire, value);
}

void record_trim(struct record_list *l)
{
	struct record *at = l->count ? reallocarray(l->at, l->count, sizeof(*at)) : NULL;

	if (at) {
		l->at = at;
		l->room = l->count;
	}
}

void record_free(struct record_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->at[i].bytes);
	free(l->at);
	*l = (struct record_list){0};
}
