/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/due.h"

#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sys/timerfd.h>

int due_open(struct due *d)
{
	*d = (struct due){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
	return d->fd < 0 ? -errno : 0;
}

void due_close(struct due *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->heap);
	*d = (struct due){.fd = -1};
}

static void put(struct due *d, size_t place, struct moment *m)
{
	d->heap[place - 1] = m;
	m->place = place;
}

static struct moment *at(const struct due *d, size_t place)
{
	return d->heap[place - 1];
}

static void rise(struct due *d, struct moment *m)
{
	size_t place = m->place;

	for (; place > 1 && at(d, place / 2)->at_ms > m->at_ms; place /= 2)
		put(d, place, at(d, place / 2));
	put(d, place, m);
}

static void sink(struct due *d, struct moment *m)
{
	size_t place = m->place;

	for (;;) {
		size_t child = place * 2;
		if (child > d->count)
			break;
		if (child < d->count && at(d, child + 1)->at_ms < at(d, child)->at_ms)
			child++;
		if (at(d, child)->at_ms >= m->at_ms)
			break;
		put(d, place, at(d, child));
		place = child;
	}
	put(d, place, m);
}

static void arm(struct due *d)
{
	uint64_t first = d->count ? at(d, 1)->at_ms : 0;
	/* Moment 0 would switch the timer off. */
	uint64_t ms = d->count && !first ? 1 : first;
	const struct itimerspec t = {
	    .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

	if (ms == d->armed_ms)
		return;
	timerfd_settime(d->fd, TFD_TIMER_ABSTIME, &t, NULL);
	d->armed_ms = ms;
}

static void take_out(struct due *d, struct moment *m)
{
	struct moment *last = at(d, d->count);
	size_t place = m->place;

	d->count--;
	m->place = 0;
	if (last == m)
		return;
	put(d, place, last);
	rise(d, last);
	sink(d, last);
}

int due_set(struct due *d, struct moment *m, uint64_t at_ms)
{
	if (m->place)
		take_out(d, m);
	if (d->count == d->room) {
		size_t room = d->room ? d->room * 2 : 64;
		struct moment **heap = reallocarray(d->heap, room, sizeof(struct moment *));
		if (!heap)
			return -ENOMEM;
		d->heap = heap;
		d->room = room;
	}
	m->at_ms = at_ms;
	put(d, ++d->count, m);
	rise(d, m);
	arm(d);
	return 0;
}

void due_unset(struct due *d, struct moment *m)
{
	if (!m->place)
		return;
	take_out(d, m);
	arm(d);
}

void due_run(struct due *d, unsigned most)
{
	uint64_t expired, now = clock_ms();

	if (read(d->fd, &expired, sizeof(expired)) == sizeof(expired))
		d->armed_ms = 0;
	while (most-- && d->count && at(d, 1)->at_ms <= now) {
		struct moment *m = at(d, 1);
		take_out(d, m);
		m->run(m->arg, m);
	}
	arm(d);
}
