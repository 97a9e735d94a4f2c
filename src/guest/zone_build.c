/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds a zone: sorts the records of the files into sets and writes them in wire format. */
#include "guest/zone_priv.h"

#include "base/wr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/nameser.h>

#define TXT_STRING_MAX 255U

/*
 * Octets of PTR records that one address may have, so that they fit the 512 of every client (RFC 1035 4.2.1) with
 * header, question and OPT; one always does. A client that asks for an address's name wants one (RFC 1035 3.5), and a
 * thousand that do not fit are useless.
 */
#define POINTERS_MAX (512 - 12 - 78 - 11)

/* A record that goes into the zone, while it is built. */
struct entry {
	const struct record *rec;
	uint32_t node;
};

/* A PTR record to be: an address, and the node of a name that has it. */
struct pointer {
	uint8_t key[17];
	uint8_t source;
	uint32_t node, order;
};

struct builder {
	struct zone *z;
	uint32_t node_room, names_len;
	struct entry *entries;
	uint32_t entry_count;
	uint32_t *seen; /* open addressing: entry numbers, to find duplicates */
	uint32_t seen_mask;
	struct pointer *pointers;
	uint32_t pointer_count, rr_count;
};

static uint32_t power_above(size_t n)
{
	uint32_t p = 16;

	while (p < n)
		p *= 2;
	return p;
}

static uint32_t *make_slots(uint32_t count)
{
	uint32_t *slots = malloc(count * sizeof(*slots));

	if (slots)
		memset(slots, 0xff, count * sizeof(*slots));
	return slots;
}

/* Makes room for one node more, also in the hash table, which stays at most half full. */
static bool grow(struct builder *w)
{
	struct zone *z = w->z;

	if (z->node_count == w->node_room) {
		uint32_t room = w->node_room * 2;
		struct zone_node *nodes = reallocarray(z->nodes, room, sizeof(*nodes));
		if (!nodes)
			return false;
		z->nodes = nodes;
		w->node_room = room;
	}
	if (z->slots && (z->node_count + 1) * 2 <= z->mask + 1)
		return true;
	uint32_t count = power_above((size_t)w->node_room * 2), *slots = make_slots(count);
	if (!slots)
		return false;
	free(z->slots);
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
static uint32_t intern(struct builder *w, uint32_t at, size_t len, bool *is_new)
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
static uint32_t intern_path(struct builder *w, const struct record *rec)
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

static const void *value_of(const struct record *rec, size_t *len)
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

static bool same_record(const struct entry *a, const struct entry *b)
{
	size_t a_len, b_len;
	const void *a_value = value_of(a->rec, &a_len), *b_value = value_of(b->rec, &b_len);

	return a->node == b->node && a->rec->type == b->rec->type && a_len == b_len &&
	       memcmp(a_value, b_value, a_len) == 0;
}

/* RFC 2181 5: a set holds no record twice. True if this record is new, and then it is noted. */
static bool is_first(struct builder *w, const struct entry *e)
{
	size_t len;
	const uint8_t *value = value_of(e->rec, &len);
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

static bool take_record(struct builder *w, const struct record *rec, uint8_t source)
{
	struct entry e = {.rec = rec, .node = intern_path(w, rec)};

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

static bool take_records(struct builder *w, const struct record_list *const sources[], size_t count)
{
	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < sources[s]->count; i++)
			if (!take_record(w, &sources[s]->at[i], (uint8_t)(s + 1)))
				return false;
	}
	return true;
}

static int pointer_order(const void *a, const void *b)
{
	const struct pointer *p = a, *q = b;
	int d = memcmp(p->key, q->key, sizeof(p->key));

	if (d == 0)
		d = p->source - q->source;
	return d ? d : (p->order > q->order) - (p->order < q->order);
}

/*
 * Addresses that a script wrote are in order already; sorting ten thousand of them would only keep whoever edited the
 * file waiting.
 */
static void sort_pointers(struct pointer *p, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (pointer_order(&p[i - 1], &p[i]) > 0) {
			qsort(p, count, sizeof(*p), pointer_order);
			return;
		}
	}
}

/* RFC 1035 3.5: every address gets PTR records for its names, except 0.0.0.0 and ::, which no host has. */
static void collect_pointers(struct builder *w)
{
	static const uint8_t zero[16];

	for (uint32_t i = 0; i < w->entry_count; i++) {
		const struct entry *e = &w->entries[i];
		struct pointer *p = &w->pointers[w->pointer_count];
		size_t len;
		const void *value = value_of(e->rec, &len);
		if (e->rec->type == RECORD_TXT || memcmp(value, zero, len) == 0)
			continue;
		*p = (struct pointer){.node = e->node, .order = i, .source = w->z->nodes[e->node].source};
		p->key[0] = len == 4 ? 4 : 6;
		memcpy(p->key + 1, value, len);
		w->pointer_count++;
	}
	sort_pointers(w->pointers, w->pointer_count);
}

/*
 * Makes one zone_address for each key. Of its pointers only those from its first source stay, in the file's order, up
 * to POINTERS_MAX.
 */
static void group_pointers(struct builder *w)
{
	struct zone *z = w->z;
	uint32_t kept = 0, octets = 0;
	uint8_t source = 0;

	for (uint32_t i = 0; i < w->pointer_count; i++) {
		const struct pointer *p = &w->pointers[i];
		uint32_t n = z->address_count;
		if (n == 0 || memcmp(z->addresses[n - 1].key, p->key, sizeof(p->key)) != 0) {
			struct zone_address *a = &z->addresses[z->address_count++];
			memcpy(a->key, p->key, sizeof(a->key));
			a->set = (struct zone_set){.first = w->rr_count + kept};
			source = p->source;
			octets = 0;
		}
		octets += ZONE_RR_HEADER + z->nodes[p->node].name_len;
		if (p->source != source || octets > POINTERS_MAX)
			continue;
		z->addresses[z->address_count - 1].set.count++;
		w->pointers[kept++] = *p;
	}
	w->pointer_count = kept;
}

/* RFC 1035 3.3.14: a text is split into strings of 255 octets at most, each with its length. */
static size_t rdata_len(const struct record *rec)
{
	size_t len;

	value_of(rec, &len);
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
	const uint8_t *value = value_of(rec, &len);

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
static void place_sets(struct builder *w)
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

/*
 * Fills z->off: first with lengths, off[i + 1] for record i, then with the offset of each record. False if there are
 * too many octets.
 */
static bool measure(struct builder *w)
{
	struct zone *z = w->z;
	uint64_t at = 0;

	for (uint32_t i = 0; i < w->entry_count; i++) {
		const struct entry *e = &w->entries[i];
		struct zone_set *set = &z->nodes[e->node].sets[e->rec->type];
		z->off[set->first + set->count++ + 1] = (uint32_t)(ZONE_RR_HEADER + rdata_len(e->rec));
	}
	for (uint32_t i = 0; i < w->pointer_count; i++)
		z->off[w->rr_count + i + 1] = ZONE_RR_HEADER + z->nodes[w->pointers[i].node].name_len;
	z->off[0] = 0;
	for (uint32_t i = 1; i <= w->rr_count + w->pointer_count; i++) {
		at += z->off[i];
		if (at > INT32_MAX)
			return false;
		z->off[i] = (uint32_t)at;
	}
	return true;
}

static void write_records(struct builder *w, uint32_t ttl)
{
	struct zone *z = w->z;

	for (uint32_t i = 0; i < z->node_count; i++) {
		for (int t = 0; t < ZONE_PTR; t++)
			z->nodes[i].sets[t].count = 0;
	}
	for (uint32_t i = 0; i < w->entry_count; i++) {
		const struct entry *e = &w->entries[i];
		struct zone_set *set = &z->nodes[e->node].sets[e->rec->type];
		uint32_t n = set->first + set->count++;
		struct wr out = wr_over(z->rr + z->off[n], z->off[n + 1] - z->off[n]);
		write_record(&out, e->rec, ttl);
	}
	for (uint32_t i = 0; i < w->pointer_count; i++) {
		const struct zone_node *node = &z->nodes[w->pointers[i].node];
		uint32_t n = w->rr_count + i;
		struct wr out = wr_over(z->rr + z->off[n], z->off[n + 1] - z->off[n]);
		write_header(&out, ns_t_ptr, ttl, node->name_len);
		wr_bytes(&out, z->names + node->name, node->name_len);
	}
}

/*
 * Allocates all memory whose size does not depend on how many different names there are. n: records; names: octets of
 * their names.
 */
static bool make_room(struct builder *w, size_t n, size_t names)
{
	struct zone *z = w->z;
	uint32_t seen = power_above(n * 2);

	w->node_room = power_above(n + 1);
	z->names = malloc(names + 1);
	z->nodes = reallocarray(NULL, w->node_room, sizeof(*z->nodes));
	z->addresses = calloc(n + 1, sizeof(*z->addresses));
	z->off = calloc(2 * n + 1, sizeof(*z->off));
	w->entries = calloc(n + 1, sizeof(*w->entries));
	w->pointers = calloc(n + 1, sizeof(*w->pointers));
	w->seen = make_slots(seen);
	w->seen_mask = seen - 1;
	return z->names && z->nodes && z->addresses && z->off && w->entries && w->pointers && w->seen;
}

static int fill(struct builder *w, const struct record_list *const sources[], size_t count, uint32_t ttl,
		struct report *r)
{
	size_t n = 0, names = 0;

	for (size_t s = 0; s < count; s++) {
		n += sources[s]->count;
		for (size_t i = 0; i < sources[s]->count; i++)
			names += sources[s]->at[i].name_len;
	}
	/* A record takes 6 octets of a file at least, and a name is at most 255: neither limit is reached by files. */
	if (n > INT32_MAX / 64 || names > INT32_MAX - 256)
		return report_fail(r, E2BIG, "DNS records: there are more than fold can hold; name fewer");
	if (!make_room(w, n, names + 255) || !take_records(w, sources, count))
		return report_fail(r, ENOMEM, "DNS records: out of memory");
	collect_pointers(w);
	place_sets(w);
	group_pointers(w);
	if (!measure(w))
		return report_fail(r, E2BIG, "DNS records: they are longer than fold can hold; name fewer");
	w->z->rr = malloc(w->z->off[w->rr_count + w->pointer_count] + 1U);
	if (!w->z->rr)
		return report_fail(r, ENOMEM, "DNS records: out of memory");
	write_records(w, ttl);
	return 0;
}

int zone_build(const struct record_list *const sources[], size_t count, uint32_t ttl, struct zone **out,
	       struct report *r)
{
	struct builder w = {.z = calloc(1, sizeof(*w.z))};
	int err = w.z ? fill(&w, sources, count, ttl, r) : report_fail(r, ENOMEM, "DNS records: out of memory");

	free(w.entries);
	free(w.pointers);
	free(w.seen);
	if (err)
		zone_free(w.z);
	else
		*out = w.z;
	return err;
}
