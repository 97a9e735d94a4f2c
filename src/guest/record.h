/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record: the DNS records of a file (ADDRESS:, ADDRESS6:, TXT:, and the configuration's [addresses], [addresses6],
 * [txts]) in the form in which the file has them.
 */
#ifndef FOLD_GUEST_RECORD_H
#define FOLD_GUEST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

enum record_type { RECORD_ADDRESS, RECORD_ADDRESS6, RECORD_TXT };

struct record {
	enum record_type type : 8;
	uint8_t name_len; /* 2..255: octets of the wire name */
	uint16_t txt_len; /* RECORD_TXT: octets, not yet split into strings */
	union {
		struct in_addr ip4;
		struct in6_addr ip6;
	};
	const uint8_t *bytes; /* the name on the wire, in lower case (RFC 4343), then the text; in the list's blocks */
};

/*
 * In the order of the file; a name may stand several times. Names and texts lie one after the other in a few blocks: an
 * allocation for each of ten thousand records would take longer than to parse them.
 */
struct record_list {
	struct record *at;
	size_t count;
	size_t room;
	struct record_block *blocks;
};

/*
 * Adds the records that `name` and `value` of that type give; an address value may be a list. NULL if they are good,
 * else what is wrong; then the list may have grown by the items before the bad one.
 */
const char *record_add(struct record_list *l, enum record_type type, const char *name, const char *value);

/* Moves all records to the end of `to`. False without memory: then nothing is moved. */
bool record_move(struct record_list *to, struct record_list *from);

void record_trim(struct record_list *l); /* gives back the room that was kept to grow */
void record_free(struct record_list *l);

#endif
