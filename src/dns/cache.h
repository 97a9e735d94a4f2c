/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache: answers of other servers for as long as they hold, for one VM alone: nobody learns from it what others asked.
 * Bounded by entries and by octets; the one that was not used for the longest time goes first.
 */
#ifndef FOLD_DNS_CACHE_H
#define FOLD_DNS_CACHE_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_ENTRIES 1024
#define CACHE_OCTETS ((size_t)1 << 20) /* of one VM alone: keys, answers and what it takes to keep them */
#define CACHE_ONE_MAX 16384            /* a longer answer is not kept */

struct cache;

struct cache *cache_new(size_t octets); /* at most; NULL without memory */
void cache_free(struct cache *c);
void cache_clear(struct cache *c);

/* now: seconds of a clock that only goes on. Keeps a copy of both for ttl seconds, in place of an older one. */
void cache_put(struct cache *c, const uint8_t *key, size_t key_len, const uint8_t *wire, size_t len, uint32_t ttl,
	       uint64_t now);

/* NULL, or the answer, good until the cache's next use; *age: seconds that it has been here. */
const uint8_t *cache_get(struct cache *c, const uint8_t *key, size_t key_len, uint64_t now, size_t *len, uint32_t *age);

size_t cache_count(const struct cache *c);
size_t cache_octets(const struct cache *c);

#endif
