/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a zone, for the code that builds it (zone_build_priv.h) and that reads it (zone.c). */
#ifndef FOLD_GUEST_ZONE_PRIV_H
#define FOLD_GUEST_ZONE_PRIV_H

#include "base/pool.h"
#include "guest/zone.h"

#define ZONE_NONE UINT32_MAX

/* A name that has records, or that is above such a name. */
struct zone_node {
	uint32_t name; /* where it stands in names */
	uint32_t hash;
	uint8_t name_len;
	uint8_t source; /* which source gave its records, from 1; 0: it has none */
	struct zone_set sets[ZONE_PTR];
};

/* An address that names have. The family comes first in the key, so that one memcmp() compares both. */
struct zone_address {
	uint8_t key[17]; /* 4 or 6, then the address; IPv4's rest is 0 */
	struct zone_set set;
};

struct zone {
	struct pool pool; /* has all of the following */
	uint8_t *names;
	struct zone_node *nodes;
	uint32_t node_count;
	uint32_t *slots; /* open addressing: node numbers or ZONE_NONE */
	uint32_t mask;
	struct zone_address *addresses; /* sorted by key */
	uint32_t address_count;
	uint8_t *rr;   /* all records, those of a set one after the other */
	uint32_t *off; /* where each begins in rr, and one more for the end */
};

/* FNV-1a, without a secret seed: the guest chooses only what is looked up, never what is in the table. */
static inline uint32_t zone_hash_more(uint32_t h, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619U;
	return h;
}

static inline uint32_t zone_hash(const uint8_t *p, size_t len)
{
	uint32_t h = zone_hash_more(2166136261U, p, len);

	return h ^ h >> 15;
}

/* The slot where the name is, or the free one where it belongs. There must be slots. */
uint32_t *zone_slot(const struct zone *z, const uint8_t *name, size_t len, uint32_t hash);

#endif
