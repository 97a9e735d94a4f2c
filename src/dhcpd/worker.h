/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker: packets from some of the queues to the answerers, and a verdict for each.
 *
 * A single worker is the control thread itself; several are threads of their own, each with its queues and its socket
 * for replies.
 */
#ifndef FOLD_DHCPD_WORKER_H
#define FOLD_DHCPD_WORKER_H

#include "dhcpd/daemon_priv.h"
#include "dhcpd/fair.h"
#include "fw/nfqueue.h"

struct queue;

struct worker {
	struct daemon *d;
	struct tx *tx;
	struct queue **queues;
	size_t count;
	int epoll, stop; /* of a thread: what it waits for; an eventfd that ends it */
	bool runs;
	pthread_t thread;
	struct fair fair;
	atomic_uint_least64_t strangers;         /* packets of interfaces without a binding */
	atomic_uint_least64_t drops[DROP_COUNT]; /* by reason */
};

int worker_open(struct daemon *d, struct worker **out); /* 0 or -errno */
void worker_close(struct worker *w);                    /* ends its thread first; may be NULL */

/* 0 or -errno; -EBUSY: another process has that queue. */
int worker_bind(struct worker *w, uint16_t number);
int worker_fd(const struct worker *w, size_t queue);

/* One turn of one queue. 0, or -errno if no more packets will come by it. */
int worker_serve(struct worker *w, size_t queue);

int worker_start(struct worker *w);           /* as a thread: 0 or -errno */
uint64_t worker_lost(const struct worker *w); /* answers that could not be sent */

/* Logs a line about a port, at a limited rate for each guest; from any thread. */
void port_say(struct port *p, const char *what);

#endif
