/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache: keeps other servers' answers for their TTL. Each VM has a cache of its own, so that nobody learns what others
 * asked. Limited in entries and octets; the least recently used entry goes first.
 */
#ifndef FOLD_DNS_CACHE_H
#define FOLD_DNS_CACHE_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_ENTRIES 1024
#define CACHE_OCTETS ((size_t)1 << 20) /* for each VM: keys, answers and what it takes to keep them */
#define CACHE_ONE_MAX 16384            /* a longer answer is not kept */

struct cache;

struct cache *cache_new(size_t octets); /* at most; NULL without memory */
void cache_free(struct cache *c);
void cache_clear(struct cache *c);

/* Copies key and answer for ttl seconds, in place of an older one. now: seconds of a monotonic clock. */
void cache_put(struct cache *c, const uint8_t *key, size_t key_len, const uint8_t *wire, size_t len, uint32_t ttl,
	       uint64_t now);

/* The answer, valid until the cache's next use, or NULL; *age: seconds since it was put here. */
const uint8_t *cache_get(struct cache *c, const uint8_t *key, size_t key_len, uint64_t now, size_t *len, uint32_t *age);

size_t cache_count(const struct cache *c);
size_t cache_octets(const struct cache *c);

#endif
