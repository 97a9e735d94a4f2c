/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/cache.h"

#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>
#include <sys/random.h>

#define BUCKETS 1024U

struct cached {
	TAILQ_ENTRY(cached) used; /* least recently used first */
	LIST_ENTRY(cached) chain;
	uint64_t from, until;
	size_t key_len, len;
	uint8_t bytes[]; /* the key, then the answer */
};

struct cache {
	TAILQ_HEAD(cached_list, cached) used;
	LIST_HEAD(cached_bucket, cached) buckets[BUCKETS];
	size_t count, octets, most;
	uint32_t seed; /* the guest chooses the keys; it must not choose the buckets */
};

struct cache *cache_new(size_t octets)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->most = octets;
	TAILQ_INIT(&c->used);
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_INIT(&c->buckets[i]);
	if (getrandom(&c->seed, sizeof(c->seed), 0) != sizeof(c->seed))
		c->seed = 1; /* at worst the guest makes lookups slower: all memory is bounded */
	return c;
}

static size_t size_of(const struct cached *e)
{
	return sizeof(*e) + e->key_len + e->len;
}

static void drop(struct cache *c, struct cached *e)
{
	TAILQ_REMOVE(&c->used, e, used);
	LIST_REMOVE(e, chain);
	c->count--;
	c->octets -= size_of(e);
	free(e);
}

void cache_clear(struct cache *c)
{
	while (!TAILQ_EMPTY(&c->used))
		drop(c, TAILQ_FIRST(&c->used));
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	cache_clear(c);
	free(c);
}

static uint32_t bucket_of(const struct cache *c, const uint8_t *key, size_t len)
{
	uint32_t h = 2166136261U ^ c->seed;

	for (size_t i = 0; i < len; i++)
		h = (h ^ key[i]) * 16777619U;
	return (h ^ h >> 16) % BUCKETS;
}

static struct cached *find(struct cache *c, const uint8_t *key, size_t len, uint32_t bucket)
{
	for (struct cached *e = LIST_FIRST(&c->buckets[bucket]); e; e = LIST_NEXT(e, chain)) {
		if (e->key_len == len && memcmp(e->bytes, key, len) == 0)
			return e;
	}
	return NULL;
}

void cache_put(struct cache *c, const uint8_t *key, size_t key_len, const uint8_t *wire, size_t len, uint32_t ttl,
	       uint64_t now)
{
	uint32_t bucket = bucket_of(c, key, key_len);
	struct cached *e = find(c, key, key_len, bucket);

	if (e)
		drop(c, e);
	if (ttl == 0 || len > CACHE_ONE_MAX || sizeof(*e) + key_len + len > c->most)
		return;
	e = malloc(sizeof(*e) + key_len + len);
	if (!e)
		return;
	e->from = now;
	e->until = now + ttl;
	e->key_len = key_len;
	e->len = len;
	memcpy(e->bytes, key, key_len);
	memcpy(e->bytes + key_len, wire, len);
	while (c->count && (c->count >= CACHE_ENTRIES || c->octets + size_of(e) > c->most))
		drop(c, TAILQ_FIRST(&c->used));
	TAILQ_INSERT_TAIL(&c->used, e, used);
	LIST_INSERT_HEAD(&c->buckets[bucket], e, chain);
	c->count++;
	c->octets += size_of(e);
}

const uint8_t *cache_get(struct cache *c, const uint8_t *key, size_t key_len, uint64_t now, size_t *len, uint32_t *age)
{
	struct cached *e = find(c, key, key_len, bucket_of(c, key, key_len));

	if (!e)
		return NULL;
	if (now >= e->until) {
		drop(c, e);
		return NULL;
	}
	TAILQ_REMOVE(&c->used, e, used);
	TAILQ_INSERT_TAIL(&c->used, e, used);
	*len = e->len;
	*age = (uint32_t)(now - e->from);
	return e->bytes + e->key_len;
}

size_t cache_count(const struct cache *c)
{
	return c->count;
}

size_t cache_octets(const struct cache *c)
{
	return c->octets;
}
