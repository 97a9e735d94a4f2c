/* SPDX-License-Identifier: GPL-2.0-or-later */
/* due: timers for thousands of interfaces: a heap of moments behind one timerfd. */
#ifndef FOLD_DHCPD_DUE_H
#define FOLD_DHCPD_DUE_H

#include <stddef.h>
#include <stdint.h>

/* One timer, a member of what it is for. Start with all zeros. */
struct moment {
	uint64_t at_ms;
	size_t place; /* in the heap, from 1; 0: it is not set */
	void (*run)(void *arg, struct moment *m);
	void *arg;
};

struct due {
	int fd; /* timerfd, readable when due_run() has something to do */
	struct moment **heap;
	size_t count, room;
	uint64_t armed_ms;
};

int due_open(struct due *d); /* 0 or -errno */
void due_close(struct due *d);

/* Sets m, whose run and arg are filled in, to that moment, in place of an earlier one. 0 or -ENOMEM. */
int due_set(struct due *d, struct moment *m, uint64_t at_ms);
void due_unset(struct due *d, struct moment *m); /* m may be one that is not set */

/* Runs what is due, `most` moments at most; each is unset before it runs. */
void due_run(struct due *d, unsigned most);

#endif
