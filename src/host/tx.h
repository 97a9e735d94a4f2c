/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tx: replies out of a port, many with one system call.
 *
 * One packet socket, bound to the VM's tap, which can also reach the bridge. It receives nothing. One and not two: at each
 * change of any interface the kernel asks every packet socket that there is.
 */
#ifndef FOLD_HOST_TX_H
#define FOLD_HOST_TX_H

#include "pkt/pkt.h"

#include <stdint.h>

#define TX_BATCH 64

struct tx;

enum tx_to {
	TX_GUEST,   /* out of the tap, with the mark by which the port's own rules know fold's frames (SO_MARK) */
	TX_NETWORK, /* out of the bridge, as the host's own; without a mark */
};

/* tap, bridge: interface indices; bridge 0: there is none. 0 or -errno. */
int tx_open(int tap, int bridge, uint32_t mark, struct tx **out);
void tx_close(struct tx *t);

/* The next reply to fill; there is always one, for a full batch has been sent. */
struct reply *tx_slot(struct tx *t);
/* Keeps the filled slot for the next flush, which comes by itself when the batch is full. */
void tx_keep(struct tx *t, enum tx_to to);
/* A frame for the guest that was made elsewhere, at once, behind what is kept. */
void tx_send(struct tx *t, const struct reply *r);
/* Sends what is kept. A port that is full or down loses frames, like a wire; they are counted. */
void tx_flush(struct tx *t);
uint64_t tx_lost(const struct tx *t);

#endif
