/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool: memory for something of many parts that is built once and freed as a whole.
 *
 * A large pool asks for huge pages (madvise(2), MADV_HUGEPAGE): a zone of ten thousand records takes some 400 pages, and
 * to touch each for the first time takes longer than to fill them, in a virtual machine several times as long.
 */
#ifndef FOLD_BASE_POOL_H
#define FOLD_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct pool_block;

/* All 0: an empty one. */
struct pool {
	struct pool_block *blocks;
};

/* Gets `size` octets at once, so that parts that take no more than that lie in one block. False without memory. */
bool pool_reserve(struct pool *p, size_t size);

/* An array of zeroes, aligned as malloc() does it; it lives until pool_free(). NULL without memory. */
void *pool_take(struct pool *p, size_t count, size_t size);

/* What `count` of `size` octets take of a pool, for pool_reserve(). */
size_t pool_need(size_t count, size_t size);

void pool_free(struct pool *p);

#endif
