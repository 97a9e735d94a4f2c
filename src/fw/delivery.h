/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * delivery: hands frames from the kernel to the responder, by NFQUEUE or by NFLOG.
 *
 * Every frame that comes this way ends here. A frame from NFQUEUE is dropped by verdict, many with one message;
 * a frame from NFLOG was already dropped by the rule that logged it. None is passed on.
 * Source: linux/netfilter/nfnetlink_queue.h, nfnetlink_log.h and their kernel sides.
 */
#ifndef FOLD_FW_DELIVERY_H
#define FOLD_FW_DELIVERY_H

#include "fw/nfsocket.h"
#include "fw/rules.h"
#include "pkt/pkt.h"

#include <stdint.h>

struct delivery;

#define DELIVERY_BATCH NFSOCKET_BATCH /* the most frames that one delivery_read() hands over */

/*
 * t: TRANSPORT_QUEUE or TRANSPORT_LOG. Binds the first queue or group number from `first` on that is free. Returns 0
 * or -errno; -EPERM without CAP_NET_ADMIN.
 */
int delivery_open(enum transport t, uint16_t first, struct delivery **out);
void delivery_close(struct delivery *d);
int delivery_fd(const struct delivery *d); /* readable when frames wait */
uint16_t delivery_number(const struct delivery *d);

/*
 * Hands up to DELIVERY_BATCH waiting frames to `each`, which must not keep them. Returns their number, 0 if none
 * waits, or -errno if the socket is no longer usable. Frames for which its buffer has no room are lost, as on a wire.
 * wait: wait for the first frame, a few milliseconds at most.
 */
int delivery_read(struct delivery *d, bool wait, void (*each)(void *arg, const struct frame *f), void *arg);

/* Sends the verdict for all frames of the last delivery_read(), in one message. Nothing to do with NFLOG. */
void delivery_done(struct delivery *d);

#endif
