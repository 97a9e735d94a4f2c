/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tx: replies out of a port, many with one system call.
 *
 * A packet socket bound to the VM's tap, or to the bridge for answers to the network. It receives nothing.
 */
#ifndef FOLD_HOST_TX_H
#define FOLD_HOST_TX_H

#include "pkt/pkt.h"

#include <stdint.h>

#define TX_BATCH 64

struct tx;

#define TX_ANYWHERE 0 /* for tx_open(): each frame has its own interface, see tx_keep_to() */

/* mark: what the frames carry so that the port's own rules know them (SO_MARK). 0 or -errno. */
int tx_open(int ifindex, uint32_t mark, struct tx **out);
void tx_close(struct tx *t);

/* The next reply to fill; there is always one, for a full batch has been sent. */
struct reply *tx_slot(struct tx *t);
/* Keeps the filled slot for the next flush, which comes by itself when the batch is full. */
void tx_keep(struct tx *t);
/* The same, out of that interface; of a socket that was opened for TX_ANYWHERE. */
void tx_keep_to(struct tx *t, int ifindex);
/* A frame that was made elsewhere, at once, behind what is kept. */
void tx_send(struct tx *t, const struct reply *r);
void tx_send_to(struct tx *t, const struct reply *r, int ifindex);
/* Sends what is kept. A port that is full or down loses frames, like a wire; they are counted. */
void tx_flush(struct tx *t);
uint64_t tx_lost(const struct tx *t);

#endif
