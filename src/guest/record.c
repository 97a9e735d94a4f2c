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

/* Blocks double, so that a file of three records does not take the room of thousands. */
#define BLOCK_LEAST 480
#define BLOCK_MOST 65536

struct record_block {
	struct record_block *next; /* the one before it */
	size_t used, room;
	uint8_t bytes[];
};

/* Returns room for that many octets in the newest block, or in a new one. NULL without memory. */
static uint8_t *take_room(struct record_list *l, size_t len)
{
	struct record_block *b = l->blocks;

	if (!b || len > b->room - b->used) {
		size_t room = !b ? BLOCK_LEAST : b->room < BLOCK_MOST / 2 ? b->room * 2 : BLOCK_MOST;
		room = len > room ? len : room;
		b = malloc(sizeof(*b) + room);
		if (!b)
			return NULL;
		*b = (struct record_block){.next = l->blocks, .room = room};
		l->blocks = b;
	}
	b->used += len;
	return b->bytes + b->used - len;
}

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
	uint8_t *bytes = take_room(l, (size_t)rec.name_len + rec.txt_len);
	if (!bytes)
		return list_no_memory;
	memcpy(bytes, name, rec.name_len);
	if (txt)
		memcpy(bytes + rec.name_len, txt, rec.txt_len);
	rec.bytes = bytes;
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

bool record_move(struct record_list *to, struct record_list *from)
{
	size_t count = to->count + from->count;

	if (from->count) {
		struct record *at = reallocarray(to->at, count, sizeof(*at));
		if (!at)
			return false;
		memcpy(at + to->count, from->at, from->count * sizeof(*at));
		to->at = at;
		to->count = to->room = count;
	}
	/* Behind the newest block of `to`, which has room left. */
	struct record_block **end = &to->blocks;
	while (*end)
		end = &(*end)->next;
	*end = from->blocks;
	from->blocks = NULL;
	record_free(from);
	return true;
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
	while (l->blocks) {
		struct record_block *b = l->blocks;
		l->blocks = b->next;
		free(b);
	}
	free(l->at);
	*l = (struct record_list){0};
}
