/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds a zone: sorts the records of the files into sets and writes them in wire format. */
#include "guest/zone_build_priv.h"

#include "base/wr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/nameser.h>

#define TXT_STRING_MAX 255U

static uint32_t power_above(size_t n)
{
	uint32_t p = 16;

	while (p < n)
		p *= 2;
	return p;
}

static uint32_t *make_slots(struct pool *p, uint32_t count)
{
	uint32_t *slots = pool_take(p, count, sizeof(*slots));

	if (slots)
		memset(slots, 0xff, count * sizeof(*slots));
	return slots;
}

/* Makes room for one node more, also in the hash table, which stays at most half full. */
static bool grow(struct zone_builder *w)
{
	struct zone *z = w->z;

	if (z->node_count == w->node_room) {
		uint32_t room = w->node_room * 2;
		struct zone_node *nodes = pool_take(&z->pool, room, sizeof(*nodes));
		if (!nodes)
			return false;
		memcpy(nodes, z->nodes, z->node_count * sizeof(*nodes));
		z->nodes = nodes;
		w->node_room = room;
	}
	if (z->slots && (z->node_count + 1) * 2 <= z->mask + 1)
		return true;
	uint32_t count = power_above((size_t)w->node_room * 2), *slots = make_slots(&z->pool, count);
	if (!slots)
		return false;
	z->slots = slots;
	z->mask = count - 1;
	for (uint32_t i = 0; i < z->node_count; i++) {
		const struct zone_node *n = &z->nodes[i];
		*zone_slot(z, z->names + n->name, n->name_len, n->hash) = i;
	}
	return true;
}

/*
 * The node of that name, added if there is none; the name must already stand at z->names + at. ZONE_NONE without
 * memory.
 */
static uint32_t intern(struct zone_builder *w, uint32_t at, size_t len, bool *is_new)
{
	struct zone *z = w->z;
	const uint8_t *name = z->names + at;
	uint32_t hash = zone_hash(name, len);

	*is_new = false;
	if (!grow(w))
		return ZONE_NONE;
	uint32_t *slot = zone_slot(z, name, len, hash);
	if (*slot != ZONE_NONE)
		return *slot;
	*is_new = true;
	*slot = z->node_count++;
	z->nodes[*slot] = (struct zone_node){.name = at, .hash = hash, .name_len = (uint8_t)len};
	return *slot;
}

/* Adds the record's name and all names above it, up to the first that exists; returns the node of the record's name. */
static uint32_t intern_path(struct zone_builder *w, const struct record *rec)
{
	uint32_t at = w->names_len;
	size_t len = rec->name_len;
	bool is_new;

	memcpy(w->z->names + at, rec->bytes, len);
	uint32_t node = intern(w, at, len, &is_new);
	if (node == ZONE_NONE || !is_new)
		return node;
	w->names_len += (uint32_t)len;
	while (is_new && len > 1) {
		size_t label = w->z->names[at] + 1U;
		at += (uint32_t)label;
		len -= label;
		if (intern(w, at, len, &is_new) == ZONE_NONE)
			return ZONE_NONE;
	}
	return node;
}

const void *zone_value(const struct record *rec, size_t *len)
{
	switch (rec->type) {
	case RECORD_ADDRESS:
		*len = 4;
		return &rec->ip4;
	case RECORD_ADDRESS6:
		*len = 16;
		return &rec->ip6;
	case RECORD_TXT:
		break;
	}
	*len = rec->txt_len;
	return rec->bytes + rec->name_len;
}

static bool same_record(const struct zone_entry *a, const struct zone_entry *b)
{
	size_t a_len, b_len;
	const void *a_value = zone_value(a->rec, &a_len), *b_value = zone_value(b->rec, &b_len);

	return a->node == b->node && a->rec->type == b->rec->type && a_len == b_len &&
	       memcmp(a_value, b_value, a_len) == 0;
}

/* RFC 2181 5: a set holds no record twice. True if this record is new, and then it is noted. */
static bool is_first(struct zone_builder *w, const struct zone_entry *e)
{
	size_t len;
	const uint8_t *value = zone_value(e->rec, &len);
	uint32_t hash = zone_hash_more(zone_hash(value, len) ^ (uint32_t)e->rec->type, (const uint8_t *)&e->node, 4);

	for (uint32_t i = hash & w->seen_mask;; i = (i + 1) & w->seen_mask) {
		if (w->seen[i] == ZONE_NONE) {
			w->seen[i] = w->entry_count;
			return true;
		}
		if (same_record(&w->entries[w->seen[i]], e))
			return false;
	}
}

static bool take_record(struct zone_builder *w, const struct record *rec, uint8_t source)
{
	struct zone_entry e = {.rec = rec, .node = intern_path(w, rec)};

	if (e.node == ZONE_NONE)
		return false;
	struct zone_node *n = &w->z->nodes[e.node];
	if (!n->source)
		n->source = source;
	if (n->source != source || !is_first(w, &e))
		return true;
	n->sets[rec->type].count++;
	w->entries[w->entry_count++] = e;
	return true;
}

static bool take_records(struct zone_builder *w, const struct record_list *const sources[], size_t count)
{
	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < sources[s]->count; i++)
			if (!take_record(w, &sources[s]->at[i], (uint8_t)(s + 1)))
				return false;
	}
	return true;
}

/* RFC 1035 3.3.14: a text is split into strings of 255 octets at most, each with its length. */
static size_t rdata_len(const struct record *rec)
{
	size_t len;

	zone_value(rec, &len);
	if (rec->type != RECORD_TXT)
		return len;
	return len + (len ? (len + TXT_STRING_MAX - 1) / TXT_STRING_MAX : 1);
}

static void write_txt(struct wr *w, const uint8_t *text, size_t len)
{
	do {
		size_t n = len < TXT_STRING_MAX ? len : TXT_STRING_MAX;
		wr_u8(w, (uint8_t)n);
		wr_bytes(w, text, n);
		text += n;
		len -= n;
	} while (len);
}

static void write_header(struct wr *w, uint16_t type, uint32_t ttl, size_t len)
{
	wr_u16(w, 0xc00c);
	wr_u16(w, type);
	wr_u16(w, ns_c_in);
	wr_u32(w, ttl);
	wr_u16(w, (uint16_t)len);
}

static void write_record(struct wr *w, const struct record *rec, uint32_t ttl)
{
	static const uint16_t types[] =
	    {[RECORD_ADDRESS] = ns_t_a, [RECORD_ADDRESS6] = ns_t_aaaa, [RECORD_TXT] = ns_t_txt};
	size_t len;
	const uint8_t *value = zone_value(rec, &len);

	write_header(w, types[rec->type], ttl, rdata_len(rec));
	if (rec->type == RECORD_TXT)
		write_txt(w, value, len);
	else
		wr_bytes(w, value, len);
}

/*
 * Gives every set its place, first .. first + count. Resets the counts, because measure() and write_records() count
 * again.
 */
static void place_sets(struct zone_builder *w)
{
	for (uint32_t i = 0; i < w->z->node_count; i++) {
		for (int t = 0; t < ZONE_PTR; t++) {
			struct zone_set *set = &w->z->nodes[i].sets[t];
			set->first = w->rr_count;
			w->rr_count += set->count;
			set->count = 0;
		}
	}
}

/* Fills z->off: first with lengths, off[i + 1] for record i, then with the offset of each record. */
static void measure(struct zone_builder *w)
{
	struct zone *z = w->z;

	for (uint32_t i = 0; i < w->entry_count; i++) {
		const struct zone_entry *e = &w->entries[i];
		struct zone_set *set = &z->nodes[e->node].sets[e->rec->type];
		z->off[set->first + set->count++ + 1] = (uint32_t)(ZONE_RR_HEADER + rdata_len(e->rec));
	}
	for (uint32_t i = 0; i < w->pointer_count; i++)
		z->off[w->rr_count + i + 1] = ZONE_RR_HEADER + zone_pointed_at(w, i)->name_len;
	z->off[0] = 0;
	for (uint32_t i = 1; i <= w->rr_count + w->pointer_count; i++)
		z->off[i] += z->off[i - 1];
}

static void write_records(struct zone_builder *w, uint32_t ttl)
{
	struct zone *z = w->z;

	for (uint32_t i = 0; i < z->node_count; i++) {
		for (int t = 0; t < ZONE_PTR; t++)
			z->nodes[i].sets[t].count = 0;
	}
	for (uint32_t i = 0; i < w->entry_count; i++) {
		const struct zone_entry *e = &w->entries[i];
		struct zone_set *set = &z->nodes[e->node].sets[e->rec->type];
		uint32_t n = set->first + set->count++;
		struct wr out = wr_over(z->rr + z->off[n], z->off[n + 1] - z->off[n]);
		write_record(&out, e->rec, ttl);
	}
	for (uint32_t i = 0; i < w->pointer_count; i++) {
		const struct zone_node *node = zone_pointed_at(w, i);
		uint32_t n = w->rr_count + i;
		struct wr out = wr_over(z->rr + z->off[n], z->off[n + 1] - z->off[n]);
		write_header(&out, ns_t_ptr, ttl, node->name_len);
		wr_bytes(&out, z->names + node->name, node->name_len);
	}
}

/* What the zone will take at most. */
struct size {
	size_t records;
	size_t names; /* octets of the records' names */
	size_t rr;    /* octets of the records on the wire */
};

static void add_sizes(struct size *to, const struct record_list *from)
{
	to->records += from->count;
	for (size_t i = 0; i < from->count; i++) {
		const struct record *rec = &from->at[i];
		to->names += rec->name_len;
		to->rr += ZONE_RR_HEADER + rdata_len(rec);
		if (rec->type != RECORD_TXT)
			to->rr += ZONE_RR_HEADER + rec->name_len;
	}
}

/* Allocates all memory, but for more nodes, where names have many different names above them. */
static bool make_room(struct zone_builder *w, const struct size *s)
{
	struct zone *z = w->z;
	const size_t n = s->records, offsets = 2 * n + 1, names = s->names + 255, rr = s->rr + 1;
	const uint32_t seen = power_above(n * 2), nodes = (uint32_t)(n + n / 8 + 16);
	const uint32_t slots = power_above((size_t)nodes * 2);

	if (!pool_reserve(&z->pool, pool_need(names, 1) + pool_need(nodes, sizeof(*z->nodes)) +
					pool_need(slots, sizeof(*z->slots)) + pool_need(n, sizeof(*z->addresses)) +
					pool_need(offsets, sizeof(*z->off)) + pool_need(rr, 1)) ||
	    !pool_reserve(&w->scratch, pool_need(n, sizeof(*w->entries)) + pool_need(n, sizeof(*w->pointers)) +
					   pool_need(seen, sizeof(*w->seen))))
		return false;
	w->node_room = nodes;
	z->names = pool_take(&z->pool, names, 1);
	z->nodes = pool_take(&z->pool, nodes, sizeof(*z->nodes));
	z->addresses = pool_take(&z->pool, n, sizeof(*z->addresses));
	z->off = pool_take(&z->pool, offsets, sizeof(*z->off));
	z->rr = pool_take(&z->pool, rr, 1);
	w->entries = pool_take(&w->scratch, n, sizeof(*w->entries));
	w->pointers = pool_take(&w->scratch, n, sizeof(*w->pointers));
	w->seen = make_slots(&w->scratch, seen);
	w->seen_mask = seen - 1;
	return z->names && z->nodes && z->addresses && z->off && z->rr && w->entries && w->pointers && w->seen;
}

static int fill(struct zone_builder *w, const struct record_list *const sources[], size_t count, uint32_t ttl,
		struct report *r)
{
	struct size s = {0};

	for (size_t i = 0; i < count; i++)
		add_sizes(&s, sources[i]);
	/* A record takes 6 octets of a file at least, and a name is at most 255: neither limit is reached by files. */
	if (s.records > INT32_MAX / 64 || s.names > INT32_MAX - 256 || s.rr > INT32_MAX)
		return report_fail(r, E2BIG, "DNS records: there are more than fold can hold; name fewer");
	if (!make_room(w, &s) || !take_records(w, sources, count))
		return report_fail(r, ENOMEM, "DNS records: out of memory");
	zone_pointers_collect(w);
	place_sets(w);
	zone_pointers_group(w);
	measure(w);
	write_records(w, ttl);
	return 0;
}

int zone_build(const struct record_list *const sources[], size_t count, uint32_t ttl, struct zone **out,
	       struct report *r)
{
	struct zone_builder w = {.z = calloc(1, sizeof(*w.z))};
	int err = w.z ? fill(&w, sources, count, ttl, r) : report_fail(r, ENOMEM, "DNS records: out of memory");

	pool_free(&w.scratch);
	if (err)
		zone_free(w.z);
	else
		*out = w.z;
	return err;
}
