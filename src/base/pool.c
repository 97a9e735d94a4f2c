/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pool.h"

#include <stdint.h>
#include <stdlib.h>

#include <sys/mman.h>

#define ALIGNMENT _Alignof(max_align_t)
#define HUGE ((size_t)2 << 20)  /* the huge page of most machines; where it is another, only speed is lost */
#define LARGE ((size_t)1 << 20) /* from this size on a block is of huge pages: a smaller one would waste most of one */
#define SIZE_LARGEST (SIZE_MAX / 16) /* no sum of sizes here overflows */

#ifdef __SANITIZE_ADDRESS__
#define ALONE true
#else
#define ALONE false
#endif

struct pool_block {
	struct pool_block *next;
	size_t used, size; /* with this header */
	bool mapped;
};

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

size_t pool_need(size_t count, size_t size)
{
	return size && count > SIZE_LARGEST / size ? SIZE_LARGEST : round_up(count * size, ALIGNMENT);
}

/* Maps `size` octets, a multiple of HUGE, at a multiple of HUGE: only such memory can be a huge page. */
static void *map(size_t size)
{
	uint8_t *at = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	size_t before = round_up((uintptr_t)at, HUGE) - (uintptr_t)at;
	if (before)
		munmap(at, before);
	munmap(at + before + size, HUGE - before);
	madvise(at + before, size, MADV_HUGEPAGE); /* without huge pages it is as any other memory */
	return at + before;
}

static bool has_room(const struct pool_block *b, size_t size)
{
	return b && size <= b->size - b->used;
}

static bool add_block(struct pool *p, size_t size)
{
	const size_t header = round_up(sizeof(struct pool_block), ALIGNMENT);

	if (size >= SIZE_LARGEST)
		return false;
	bool large = header + size >= LARGE;
	size = large ? round_up(header + size, HUGE) : header + size;
	struct pool_block *b = large ? map(size) : calloc(1, size);
	if (!b)
		return false;
	*b = (struct pool_block){.next = p->blocks, .used = header, .size = size, .mapped = large};
	p->blocks = b;
	return true;
}

bool pool_reserve(struct pool *p, size_t size)
{
	/* AddressSanitizer sees a write past the end of a part only where the part is an allocation of its own. */
	if (ALONE && size < LARGE)
		return true;
	return has_room(p->blocks, size) || add_block(p, size);
}

void *pool_take(struct pool *p, size_t count, size_t size)
{
	size_t need = pool_need(count, size);

	if (!has_room(p->blocks, need) && !add_block(p, need))
		return NULL;
	struct pool_block *b = p->blocks;
	b->used += need;
	return (uint8_t *)b + b->used - need;
}

void pool_free(struct pool *p)
{
	while (p->blocks) {
		struct pool_block *b = p->blocks;
		p->blocks = b->next;
		if (b->mapped)
			munmap(b, b->size);
		else
			free(b);
	}
}
