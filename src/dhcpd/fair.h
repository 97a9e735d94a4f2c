/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fair: limits how many packets of each interface are looked at when there are too many for all.
 *
 * The kernel's queues are first in, first out: whoever floods one is heard at the cost of everybody else in it. The
 * only remedy is to empty it faster than it fills. So if most reads find a full batch and more than one interface
 * sends, packets of an interface that sends much more than the others are dropped beyond a share, which costs a tenth
 * of an answer; if the queue stays full, beyond half of that share, and so on. An interface that sends alone has no
 * limit.
 *
 * A deep queue is different: whoever has filled it keeps everybody else out and so seems to be alone, and several who
 * did it together seem to be equals. Then shares are halved until most of the worker's time goes into emptying the
 * queue. Clients that wait for their answers do not make one so deep.
 */
#ifndef FOLD_DHCPD_FAIR_H
#define FOLD_DHCPD_FAIR_H

#include "dhcpd/table.h"

#define FAIR_DEEP (2 * 1024 * 1024) /* octets that wait in a queue: some 1,600 packets, a fiftieth of a second */
#define FAIR_SHARE 64               /* packets a window that everybody may send, on a machine that can answer them */

/* One worker's. Start with all zeros. */
struct fair {
	unsigned window;
	unsigned reads, full;          /* of this window */
	bool deep;                     /* in this window the queue was deep */
	unsigned active, served, most; /* ports, their packets, and those of the heaviest */
	unsigned cut;                  /* packets beyond a share */
	unsigned limit;                /* packets of one port in a window; 0: there is none */
	unsigned limit_until;          /* the window in which it ends */
};

unsigned fair_now(void); /* the window's number; one has 16 ms */

void fair_begin(struct fair *f, unsigned window); /* to be called once a turn */
/* full: the read found as much as it could take; waiting: octets that are still in the queue. */
void fair_end(struct fair *f, bool full, size_t waiting);

/* Counts a packet for its port; true if the port has had its share. */
bool fair_is_over(struct fair *f, struct port *p);

#endif
