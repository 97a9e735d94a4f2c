/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/fair.h"

#include "base/clock.h"

#define WINDOW_MS 16
#define WINDOWS_LIMITED 256 /* a limit holds for so many; each time that it ends a flood has some to itself */
#define SHARE_TIMES 4       /* a share is so many times what the others send on average */
#define DROPS_AN_ANSWER 10  /* packets that can be dropped in the time that one answer takes */

unsigned fair_now(void)
{
	return (unsigned)(clock_coarse_ms() / WINDOW_MS);
}

/* True if more than one of `parts` parts of the last window went into answers, not into emptying the queue. */
static bool answers_took(const struct fair *f, unsigned parts)
{
	return f->served * DROPS_AN_ANSWER * (parts - 1) > f->cut;
}

/* The limit for the next windows, after one with too many packets. */
static unsigned next_limit(const struct fair *f)
{
	if (f->limit && f->deep)
		return answers_took(f, 4) && f->limit > 1 ? f->limit / 2 : f->limit;
	/* The average leaves out the heaviest port, which would otherwise raise its own limit. */
	unsigned others = f->active > 1 ? (f->served - f->most) / (f->active - 1) : 0;
	/* If that is more than this machine can do, it is halved each time, down to twice what the others have. */
	unsigned share = f->limit ? f->limit / 2 : others * SHARE_TIMES;
	unsigned least = f->limit ? others * 2 : FAIR_SHARE;

	return share > least ? share : least ? least : 1;
}

/* Begins a new window if it is time, and decides by the last one how the next are limited. */
void fair_begin(struct fair *f, unsigned window)
{
	if (window == f->window)
		return;
	if (f->deep || (f->full * 2 > f->reads && f->active > 1)) {
		f->limit = next_limit(f);
		f->limit_until = window + WINDOWS_LIMITED;
	} else if (f->limit && (int)(window - f->limit_until) >= 0) {
		f->limit = 0;
	} else if (f->limit && f->limit < FAIR_SHARE && !answers_took(f, 8)) {
		f->limit++; /* there is time for more */
	}
	f->window = window;
	f->reads = f->full = f->active = f->served = f->cut = f->most = 0;
	f->deep = false;
}

void fair_end(struct fair *f, bool full, size_t waiting)
{
	f->reads++;
	f->full += full;
	f->deep |= waiting >= FAIR_DEEP;
}

bool fair_is_over(struct fair *f, struct port *p)
{
	if (atomic_load_explicit(&p->window, memory_order_relaxed) != f->window) {
		atomic_store_explicit(&p->window, f->window, memory_order_relaxed);
		atomic_store_explicit(&p->window_count, 0, memory_order_relaxed);
		f->active++;
	}
	unsigned count = atomic_fetch_add_explicit(&p->window_count, 1, memory_order_relaxed);
	if (f->limit && count >= f->limit) {
		f->cut++;
		return true;
	}
	f->served++;
	if (count >= f->most)
		f->most = count + 1;
	return false;
}
