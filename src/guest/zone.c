/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks names up: in a hash table, and, for names made of addresses, in a sorted list of addresses, so that these names
 * are never stored.
 */
#include "guest/zone_priv.h"

#include <stdlib.h>
#include <string.h>

uint32_t *zone_slot(const struct zone *z, const uint8_t *name, size_t len, uint32_t hash)
{
	for (uint32_t i = hash & z->mask;; i = (i + 1) & z->mask) {
		const struct zone_node *n = z->slots[i] == ZONE_NONE ? NULL : &z->nodes[z->slots[i]];
		if (!n || (n->hash == hash && n->name_len == len && memcmp(z->names + n->name, name, len) == 0))
			return &z->slots[i];
	}
}

void zone_free(struct zone *z)
{
	if (!z)
		return;
	pool_free(&z->pool);
	free(z);
}

/*
 * True if an answer with the set is longer than `most`, with header, question and OPT record (RFC 1035 4.1, RFC 6891
 * 6.1.2).
 */
static bool is_long(const struct zone *z, const struct zone_node *n, enum zone_type t, size_t most)
{
	size_t len;

	zone_records(z, n->sets[t].first, n->sets[t].count, &len);
	return 12 + n->name_len + 4U + len + 11 > most;
}

static void name_text(const uint8_t *wire, char text[static 256])
{
	while (*wire) {
		memcpy(text, wire + 1, *wire);
		text[*wire] = '.';
		text += *wire + 1;
		wire += *wire + 1;
	}
	*text = 0;
}

void zone_warn_long(const struct zone *z, size_t most, struct report *r)
{
	static const char *const types[] = {[ZONE_A] = "ADDRESS", [ZONE_AAAA] = "ADDRESS6", [ZONE_TXT] = "TXT"};
	const struct zone_node *first = NULL;
	enum zone_type type = ZONE_A;
	char name[256];
	bool others = false;

	for (uint32_t i = 0; i < z->node_count; i++) {
		for (enum zone_type t = ZONE_A; t < ZONE_PTR; t++) {
			if (!is_long(z, &z->nodes[i], t, most))
				continue;
			others = first != NULL;
			type = first ? type : t;
			first = first ? first : &z->nodes[i];
		}
	}
	if (!first)
		return;
	name_text(z->names + first->name, name);
	report_warn(
	    r,
	    "DNS records: %s:%s%s is more than the %zu octets that an answer%s; nobody can read it, spread it over "
	    "several names",
	    types[type], name, others ? ", as others," : "", most,
	    most == ZONE_PACKET_MAX ? " over UDP may have, and nothing is answered over TCP" : " may have");
}

/* The first address whose key is not below this one. */
static const struct zone_address *first_from(const struct zone *z, const uint8_t key[17])
{
	uint32_t low = 0, high = z->address_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (memcmp(z->addresses[middle].key, key, 17) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < z->address_count ? &z->addresses[low] : NULL;
}

/* True if the first `bits` bits of the address are those in key. */
static bool is_below(const struct zone_address *a, const uint8_t key[17], unsigned bits)
{
	unsigned whole = bits / 8;

	if (memcmp(a->key, key, 1 + whole) != 0)
		return false;
	return bits % 8 == 0 || (a->key[1 + whole] ^ key[1 + whole]) >> (8 - bits % 8) == 0;
}

static enum zone_known find_reverse(const struct zone *z, const uint8_t *name, size_t len, struct zone_set *set)
{
	struct reverse r;
	uint8_t key[17];

	if (!z->address_count || !zone_reverse(name, len, &r) || !r.whole)
		return ZONE_UNKNOWN;
	key[0] = r.six ? 6 : 4;
	memcpy(key + 1, r.addr, sizeof(r.addr));
	const struct zone_address *a = first_from(z, key);
	if (!a || !is_below(a, key, r.bits))
		return ZONE_UNKNOWN;
	if (r.bits < (r.six ? 128 : 32))
		return ZONE_EMPTY;
	*set = a->set;
	return ZONE_KNOWN;
}

enum zone_known zone_find(const struct zone *z, const uint8_t *name, size_t len,
			  struct zone_set sets[static ZONE_TYPES])
{
	enum zone_known known = ZONE_UNKNOWN;

	memset(sets, 0, ZONE_TYPES * sizeof(sets[0]));
	if (!z)
		return ZONE_UNKNOWN;
	if (z->slots) {
		uint32_t at = *zone_slot(z, name, len, zone_hash(name, len));
		if (at != ZONE_NONE) {
			memcpy(sets, z->nodes[at].sets, sizeof(z->nodes[at].sets));
			known = z->nodes[at].source ? ZONE_KNOWN : ZONE_EMPTY;
		}
	}
	enum zone_known reverse = find_reverse(z, name, len, &sets[ZONE_PTR]);
	return reverse > known ? reverse : known;
}

const uint8_t *zone_records(const struct zone *z, uint32_t first, uint32_t count, size_t *len)
{
	*len = z->off[first + count] - z->off[first];
	return z->rr + z->off[first];
}
