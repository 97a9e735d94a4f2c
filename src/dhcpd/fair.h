/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fair: who may have how many packets looked at, where there are more than can be.
 *
 * The kernel's queues are first in, first out: who floods one is heard at the cost of everybody else in it. The only remedy is to
 * empty it faster than it fills. So where most reads find a full batch, and more than one interface is heard, one that sends much more than the
 * others do is dropped beyond a share, which costs a tenth of an answer; and where the queue stays full, beyond half of that, and
 * so on. Who is alone may send what he likes.
 *
 * But for a deep queue: who has filled it lets nobody else in, and so seems to be alone, and several who did it together seem to be equals. Then
 * shares are halved until most of the worker's time empties the queue. Clients that wait for their answers do not make one so deep.
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
	bool deep;                     /* in it the queue was */
	unsigned active, served, most; /* ports, their packets, and those of the heaviest */
	unsigned cut;                  /* packets beyond a share */
	unsigned limit;                /* packets of one port in a window; 0: there is none */
	unsigned limit_until;          /* the window in which it ends */
};

unsigned fair_now(void); /* the window's number; one has 16 ms */

void fair_begin(struct fair *f, unsigned window); /* a turn */
/* full: the read found as much as it could take; waiting: octets that are still in the queue. */
void fair_end(struct fair *f, bool full, size_t waiting);

/* Counts a packet to its port; true where that has had its share. */
bool fair_is_over(struct fair *f, struct port *p);

#endif
