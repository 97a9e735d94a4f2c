/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/egress_keep.h"

#include <errno.h>
#include <string.h>

/* More than was asked for, so that a name that is asked for again and again costs a transaction now and then, not each time. */
#define SLACK_MS 30000

#define NAMES 1024 /* names are told apart by a number below this */

/* ---- patterns ---- */

static bool has(const struct egress_by *s, size_t i)
{
	return s->bits[i / 64] >> i % 64 & 1;
}

static void set(struct egress_by *s, size_t i)
{
	s->bits[i / 64] |= UINT64_C(1) << i % 64;
}

static void join(struct egress_by *to, const struct egress_by *more)
{
	for (size_t i = 0; i < ALLOW_MAX / 64; i++)
		to->bits[i] |= more->bits[i];
}

/* Keeps in `to` only the patterns that are in both sets. Returns whether any is left. */
static bool meet(struct egress_by *to, const struct egress_by *other)
{
	uint64_t any = 0;

	for (size_t i = 0; i < ALLOW_MAX / 64; i++)
		any |= to->bits[i] &= other->bits[i];
	return any != 0;
}

/*
 * The pattern's number; a new one if it has none. There are enough, because patterns that are no longer listed have
 * been forgotten (egress_forget()).
 */
static size_t number_of(struct egress *e, const struct allow *a)
{
	size_t place = ALLOW_MAX;

	for (size_t i = 0; i < ALLOW_MAX; i++) {
		if (!has(&e->known, i))
			place = place < i ? place : i;
		else if (allow_same(&e->pattern[i], a))
			return i;
	}
	if (place < ALLOW_MAX) {
		set(&e->known, place);
		e->pattern[place] = *a;
	}
	return place;
}

struct egress_by egress_listed(const struct egress *e, const struct allow_list *allow)
{
	struct egress_by listed = {0};

	for (size_t i = 0; i < ALLOW_MAX; i++) {
		for (size_t j = 0; j < allow->count && has(&e->known, i) && !has(&listed, i); j++) {
			if (allow_same(&e->pattern[i], &allow->at[j]))
				set(&listed, i);
		}
	}
	return listed;
}

bool egress_is_by(const struct egress_entry *one, const struct egress_by *listed)
{
	struct egress_by by = one->by;

	return meet(&by, listed);
}

void egress_forget(struct egress *e, const struct allow_list *allow)
{
	struct egress_by listed = egress_listed(e, allow);

	for (size_t i = 0; i < e->count;) {
		if (meet(&e->at[i].by, &listed))
			i++;
		else
			e->at[i] = e->at[--e->count];
	}
	e->known = listed;
}

void egress_halve(struct egress *e)
{
	for (size_t left = e->count / 2; e->count > left;) {
		size_t oldest = 0;
		for (size_t i = 1; i < e->count; i++)
			oldest = e->at[i].turn < e->at[oldest].turn ? i : oldest;
		e->at[oldest] = e->at[--e->count];
	}
}

/* ---- services ---- */

/* A protocol and port that is opened for each address of an answer, and the patterns that say so. */
struct service {
	uint8_t proto;
	uint16_t port;
	struct egress_by by;
};

/* How many, or -ENOSPC. */
static int find_services(struct egress *e, const struct egress_answer *a, struct service to[static ALLOW_MAX])
{
	int count = 0, at;

	for (size_t i = 0; i < a->by_count; i++) {
		const struct allow *one = a->by[i];
		size_t number = number_of(e, one);
		if (number == ALLOW_MAX)
			return -ENOSPC;
		for (at = 0; at < count && (to[at].proto != one->proto || to[at].port != one->port);)
			at++;
		if (at == count)
			to[count++] = (struct service){.proto = one->proto, .port = one->port};
		set(&to[at].by, number);
	}
	return count;
}

/* ---- room ---- */

/* How many of the entries belong to each pattern and to each name. Counted only once an entry has to be removed. */
struct load {
	bool counted;
	uint16_t of_pattern[ALLOW_MAX], of_name[NAMES];
};

static void count_in(struct load *l, const struct egress_entry *one, int step)
{
	if (!l->counted)
		return;
	l->of_name[one->name] = (uint16_t)(l->of_name[one->name] + step);
	for (size_t i = 0; i < ALLOW_MAX / 64; i++) {
		for (uint64_t left = one->by.bits[i]; left; left &= left - 1) {
			size_t pattern = i * 64 + (size_t)__builtin_ctzll(left);
			l->of_pattern[pattern] = (uint16_t)(l->of_pattern[pattern] + step);
		}
	}
}

static void count_all(struct load *l, const struct egress *e)
{
	l->counted = true;
	memset(l->of_pattern, 0, sizeof(l->of_pattern));
	memset(l->of_name, 0, sizeof(l->of_name));
	for (size_t i = 0; i < e->count; i++)
		count_in(l, &e->at[i], 1);
}

/*
 * How many entries the owner of this one has, as a number to compare. Upper half: the entries of its pattern with the
 * fewest, so that a name that is listed itself does not pay for a `*` that fits it too. Lower half: the entries of
 * its name.
 */
static uint32_t weight(const struct load *l, const struct egress_entry *one)
{
	uint32_t least = UINT16_MAX;

	for (size_t i = 0; i < ALLOW_MAX / 64; i++) {
		for (uint64_t left = one->by.bits[i]; left; left &= left - 1) {
			uint32_t of = l->of_pattern[i * 64 + (size_t)__builtin_ctzll(left)];
			least = of < least ? of : least;
		}
	}
	return least << 16 | l->of_name[one->name];
}

/*
 * Removes an entry and returns its place: among the entries whose pattern and name have most, the one handed out
 * longest ago. The owner of a name can make his answers as long as he likes, with any TTL; this way he drives out
 * only his own entries. Entries of the current answer stay, because otherwise it would be handed out in vain. There
 * is always another entry, since EGRESS_AT_ONCE is half of EGRESS_MOST.
 */
static struct egress_entry *make_room(struct egress *e, struct load *l)
{
	struct egress_entry *worst = NULL;
	uint32_t most = 0;

	if (!l->counted)
		count_all(l, e);
	for (size_t i = 0; i < e->count; i++) {
		struct egress_entry *one = &e->at[i];
		if (one->turn == e->turn)
			continue;
		uint32_t heavy = weight(l, one);
		if (worst && (heavy < most || (heavy == most && one->turn >= worst->turn)))
			continue;
		worst = one;
		most = heavy;
	}
	count_in(l, worst, -1);
	e->gone[e->gone_count++] = worst->key;
	return worst;
}

/* Forgets entries whose time is over; the kernel has removed them by then. */
static void drop_old(struct egress *e, uint64_t now)
{
	for (size_t i = 0; i < e->count;) {
		if (e->at[i].until <= now)
			e->at[i] = e->at[--e->count];
		else
			i++;
	}
}

/* ---- answers ---- */

static struct egress_key make_key(const struct service *s, const struct egress_given *g)
{
	struct egress_key key = {.ip6 = g->ip6, .proto = s->proto, .port = s->port};

	memcpy(key.address, g->address, g->ip6 ? 16 : 4);
	return key;
}

static struct egress_entry *find(struct egress *e, const struct egress_key *key)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct egress_key *k = &e->at[i].key;
		if (k->ip6 == key->ip6 && k->proto == key->proto && k->port == key->port &&
		    memcmp(k->address, key->address, sizeof(k->address)) == 0)
			return &e->at[i];
	}
	return NULL;
}

static uint64_t milliseconds(const struct egress_given *g)
{
	uint64_t seconds = g->seconds < EGRESS_SECONDS_LEAST ? EGRESS_SECONDS_LEAST : g->seconds;

	return (seconds > EGRESS_SECONDS_MOST ? EGRESS_SECONDS_MOST : seconds) * 1000;
}

/* FNV-1a. */
static uint16_t number_name(const uint8_t *name)
{
	uint32_t h = 2166136261;

	for (; *name; name += *name + 1U) {
		for (size_t i = 0; i <= *name; i++)
			h = (h ^ name[i]) * 16777619;
	}
	return (uint16_t)((h ^ h >> 16) % NAMES);
}

/*
 * Marks the answer's addresses that are kept already as given by this answer, so that none of them is removed to make
 * room for another. Returns whether all of its addresses are kept, for long enough.
 */
static bool touch(struct egress *e, const struct egress_answer *a, const struct service *s, uint64_t now)
{
	bool hold = true;

	for (size_t i = 0; i < a->count; i++) {
		struct egress_key key = make_key(s, &a->given[i]);
		struct egress_entry *one = find(e, &key);
		if (one)
			one->turn = e->turn;
		hold &= one && one->until >= now + milliseconds(&a->given[i]);
	}
	return hold;
}

static void take(struct egress *e, struct load *l, const struct egress_key *key, uint64_t need, const struct service *s,
		 uint16_t name)
{
	struct egress_entry *one = find(e, key);

	if (one) {
		count_in(l, one, -1);
	} else {
		one = e->count < EGRESS_MOST ? &e->at[e->count++] : make_room(e, l);
		*one = (struct egress_entry){.key = *key, .turn = e->turn};
	}
	if (one->until < need) {
		one->until = need + SLACK_MS;
		one->put = e->turn;
	}
	one->name = name;
	join(&one->by, &s->by);
	count_in(l, one, 1);
}

int egress_keep(struct egress *e, const struct egress_answer *a, uint64_t now)
{
	struct service services[ALLOW_MAX];
	struct load load;
	int count = find_services(e, a, services);
	bool hold = true;

	if (count < 0)
		return count;
	if ((size_t)count * a->count > EGRESS_AT_ONCE)
		return -E2BIG;
	drop_old(e, now);
	e->turn++;
	e->gone_count = 0;
	for (int i = 0; i < count; i++)
		hold &= touch(e, a, &services[i], now);
	if (!hold && !bucket_take(&e->told, EGRESS_PER_SECOND, EGRESS_BURST, now))
		return -EAGAIN;
	load.counted = false;
	uint16_t name = number_name(a->name);
	for (int i = 0; i < count; i++) {
		for (size_t j = 0; j < a->count; j++) {
			struct egress_key key = make_key(&services[i], &a->given[j]);
			take(e, &load, &key, now + milliseconds(&a->given[j]), &services[i], name);
		}
	}
	return !hold;
}

void egress_lost(struct egress *e)
{
	for (size_t i = 0; i < e->count;) {
		if (e->at[i].put == e->turn)
			e->at[i] = e->at[--e->count];
		else
			i++;
	}
}
