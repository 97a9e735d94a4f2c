/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zone while it is built: shared by zone_build.c, which builds it, and zone_pointers.c, which makes its PTR records. */
#ifndef FOLD_GUEST_ZONE_BUILD_PRIV_H
#define FOLD_GUEST_ZONE_BUILD_PRIV_H

#include "guest/zone_priv.h"

/* A record that goes into the zone, while it is built. */
struct zone_entry {
	const struct record *rec;
	uint32_t node;
};

struct zone_builder {
	struct zone *z;
	struct pool scratch; /* has the arrays of this struct */
	uint32_t node_room, names_len;
	struct zone_entry *entries;
	uint32_t entry_count;
	uint32_t *seen; /* open addressing: entry numbers, to find duplicates */
	uint32_t seen_mask;
	uint32_t *pointers; /* the PTR records to be: entry numbers of addresses */
	uint32_t pointer_count, rr_count;
};

/* What the record says of its name, and in *len its octets: an address in network byte order, or a text. */
const void *zone_value(const struct record *rec, size_t *len);

/* RFC 1035 3.5: every address gets PTR records for its names, except 0.0.0.0 and ::, which no host has. */
void zone_pointers_collect(struct zone_builder *w);

/*
 * Makes one zone_address for each address. Of its pointers only those from its first source stay, in the file's order,
 * as far as they fit. To be called when all other records have their places.
 */
void zone_pointers_group(struct zone_builder *w);

/* The node of the name that PTR record i names. */
const struct zone_node *zone_pointed_at(const struct zone_builder *w, uint32_t i);

#endif
