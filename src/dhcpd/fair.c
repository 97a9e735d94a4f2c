/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/fair.h"

#include <time.h>

#define WINDOW_MS 16
#define WINDOWS_LIMITED 256 /* for so long a limit holds; each time that it ends a flood has some windows to itself */
#define SHARE_TIMES 4       /* and so many times what the others do on average */

unsigned fair_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (unsigned)(((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000) / WINDOW_MS);
}

/* What the last window was like decides how the next ones are. */
void fair_begin(struct fair *f, unsigned window)
{
	if (window == f->window)
		return;
	if (f->full * 2 > f->reads && f->active > 1) {
		/* Without the heaviest, who else would make the average that he is measured by. */
		unsigned others = (f->served - f->most) / (f->active - 1);
		/* Where that is more than this machine can do, half of it the next time, down to twice what the others have. */
		unsigned share = f->limit ? f->limit / 2 : others * SHARE_TIMES;
		unsigned least = f->limit ? others * 2 : FAIR_SHARE;
		f->limit = share > least ? share : least ? least : 1;
		f->limit_until = window + WINDOWS_LIMITED;
	} else if (f->limit && (int)(window - f->limit_until) >= 0) {
		f->limit = 0;
	}
	f->window = window;
	f->reads = f->full = f->active = f->served = f->most = 0;
}

void fair_end(struct fair *f, bool full)
{
	f->reads++;
	f->full += full;
}

bool fair_is_over(struct fair *f, struct port *p)
{
	if (atomic_load_explicit(&p->window, memory_order_relaxed) != f->window) {
		atomic_store_explicit(&p->window, f->window, memory_order_relaxed);
		atomic_store_explicit(&p->window_count, 0, memory_order_relaxed);
		f->active++;
	}
	unsigned count = atomic_fetch_add_explicit(&p->window_count, 1, memory_order_relaxed);
	if (f->limit && count >= f->limit)
		return true;
	f->served++;
	if (count >= f->most)
		f->most = count + 1;
	return false;
}
