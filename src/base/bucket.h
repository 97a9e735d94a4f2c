/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bucket: a rate limit, which lets `burst` events through at once, and `per_second` after that. */
#ifndef FOLD_BASE_BUCKET_H
#define FOLD_BASE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing was taken yet. */
struct bucket {
	uint64_t paid_us; /* the time until which the events that went through have used up the rate */
};

/* Whether one more goes through. now_ms: a monotonic clock; neither rate nor burst is 0. */
static inline bool bucket_take(struct bucket *b, uint32_t per_second, uint32_t burst, uint64_t now_ms)
{
	const uint64_t each = 1000000 / per_second, now = now_ms * 1000;
	uint64_t paid = b->paid_us > now ? b->paid_us : now;

	if (paid + each > now + each * burst)
		return false;
	b->paid_us = paid + each;
	return true;
}

#endif
