/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PTR records of a zone, made from its addresses (RFC 1035 3.5, RFC 3596 2.5). */
#include "guest/zone_build_priv.h"

#include <stdlib.h>
#include <string.h>

/*
 * Octets of PTR records that one address may have, so that they fit the 512 of every client (RFC 1035 4.2.1) with
 * header, question and OPT; one always does. A client that asks for an address's name wants one (RFC 1035 3.5), and a
 * thousand that do not fit are useless.
 */
#define POINTERS_MAX (512 - 12 - 78 - 11)

static int address_order(const struct record *a, const struct record *b)
{
	size_t len;
	const void *first = zone_value(a, &len), *second = zone_value(b, &len);

	return a->type == b->type ? memcmp(first, second, len) : a->type < b->type ? -1 : 1;
}

static uint8_t source_of(const struct zone_builder *w, const struct zone_entry *e)
{
	return w->z->nodes[e->node].source;
}

/* By address, then by source, then as the files have them. */
static int pointer_order(const void *a, const void *b, void *arg)
{
	const struct zone_builder *w = arg;
	const uint32_t p = *(const uint32_t *)a, q = *(const uint32_t *)b;
	const struct zone_entry *first = &w->entries[p], *second = &w->entries[q];
	int d = address_order(first->rec, second->rec);

	if (d == 0)
		d = source_of(w, first) - source_of(w, second);
	return d ? d : (p > q) - (p < q);
}

/*
 * Addresses that a script wrote are in order already; sorting ten thousand of them would only keep whoever edited the
 * file waiting.
 */
static void sort_pointers(struct zone_builder *w)
{
	uint32_t *p = w->pointers;

	for (uint32_t i = 1; i < w->pointer_count; i++) {
		if (pointer_order(&p[i - 1], &p[i], w) > 0) {
			qsort_r(p, w->pointer_count, sizeof(*p), pointer_order, w);
			return;
		}
	}
}

void zone_pointers_collect(struct zone_builder *w)
{
	static const uint8_t zero[16];

	for (uint32_t i = 0; i < w->entry_count; i++) {
		const struct record *rec = w->entries[i].rec;
		size_t len;
		const void *value = zone_value(rec, &len);
		if (rec->type != RECORD_TXT && memcmp(value, zero, len) != 0)
			w->pointers[w->pointer_count++] = i;
	}
	sort_pointers(w);
}

static void write_key(uint8_t key[static 17], const struct record *rec)
{
	size_t len;
	const void *value = zone_value(rec, &len);

	key[0] = len == 4 ? 4 : 6;
	memcpy(key + 1, value, len); /* the rest is 0 already */
}

void zone_pointers_group(struct zone_builder *w)
{
	struct zone *z = w->z;
	const struct record *last = NULL;
	uint32_t kept = 0, octets = 0;
	uint8_t source = 0;

	for (uint32_t i = 0; i < w->pointer_count; i++) {
		const struct zone_entry *e = &w->entries[w->pointers[i]];
		if (!last || address_order(last, e->rec) != 0) {
			struct zone_address *a = &z->addresses[z->address_count++];
			write_key(a->key, e->rec);
			a->set = (struct zone_set){.first = w->rr_count + kept};
			source = source_of(w, e);
			octets = 0;
		}
		last = e->rec;
		octets += ZONE_RR_HEADER + z->nodes[e->node].name_len;
		if (source_of(w, e) != source || octets > POINTERS_MAX)
			continue;
		z->addresses[z->address_count - 1].set.count++;
		w->pointers[kept++] = w->pointers[i];
	}
	w->pointer_count = kept;
}

const struct zone_node *zone_pointed_at(const struct zone_builder *w, uint32_t i)
{
	return &w->z->nodes[w->entries[w->pointers[i]].node];
}
