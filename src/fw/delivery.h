/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * delivery: frames from the kernel to the responder, by NFQUEUE or by NFLOG.
 *
 * Every frame that comes this way is consumed: NFQUEUE's are dropped by verdict, many with one message;
 * NFLOG's were dropped by the rule that logged them. Nothing is ever passed on.
 * Source: linux/netfilter/nfnetlink_queue.h, nfnetlink_log.h and their kernel sides.
 */
#ifndef FOLD_FW_DELIVERY_H
#define FOLD_FW_DELIVERY_H

#include "fw/nfsocket.h"
#include "fw/rules.h"
#include "pkt/pkt.h"

#include <stdint.h>

struct delivery;

#define DELIVERY_BATCH NFSOCKET_BATCH /* frames a turn, at most */

/* t: QUEUE or LOG. Binds the first free number from `first` on. 0 or -errno; -EPERM without CAP_NET_ADMIN. */
int delivery_open(enum transport t, uint16_t first, struct delivery **out);
void delivery_close(struct delivery *d);
int delivery_fd(const struct delivery *d); /* readable when frames wait */
uint16_t delivery_number(const struct delivery *d);

/*
 * One turn: hands up to DELIVERY_BATCH waiting frames to `each`, which must not keep them. Returns how many,
 * 0 where none waits, or -errno where the socket is of no more use. An overrun (ENOBUFS) is counted in *lost, not an error.
 * wait: for the first of them, some milliseconds at most.
 */
int delivery_read(struct delivery *d, bool wait, void (*each)(void *arg, const struct frame *f), void *arg,
		  uint64_t *lost);

/* Gives the kernel back what the last turn took: one verdict for all of it. */
void delivery_done(struct delivery *d);

#endif
