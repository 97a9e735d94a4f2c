/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hist: how long things took, in constant memory, to within 1/64 of each value.
 * A value below 64 has a bucket of its own; above, each power of two has 64.
 */
#ifndef FOLD_BENCH_HIST_H
#define FOLD_BENCH_HIST_H

#include <stdint.h>

#define HIST_SUB 64u
#define HIST_BITS 6

struct hist {
	uint64_t count;
	uint32_t bucket[HIST_SUB * 60];
};

static inline void hist_add(struct hist *h, uint64_t value)
{
	unsigned shift = value < HIST_SUB ? 0 : (unsigned)(63 - __builtin_clzll(value)) - HIST_BITS;
	h->bucket[shift * HIST_SUB + (value >> shift)]++;
	h->count++;
}

/* The value that `part` (0 to 1) of all values do not exceed; 0 where there are none. */
static inline double hist_at(const struct hist *h, double part)
{
	uint64_t want = (uint64_t)((double)h->count * part), seen = 0;

	for (unsigned i = 0; i < HIST_SUB * 60; i++) {
		seen += h->bucket[i];
		if (seen <= want)
			continue;
		unsigned shift = i < 2 * HIST_SUB ? 0 : i / HIST_SUB - 1;
		return (double)((uint64_t)(i - shift * HIST_SUB) << shift);
	}
	return 0;
}

#endif
