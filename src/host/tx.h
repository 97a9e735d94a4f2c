/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tx: replies out of a port, many with one system call.
 *
 * Packet sockets, which receive nothing. fold has two: one is bound to the VM's tap, with a mark and of a group that nobody is in, by which
 * the tap's rules know fold's replies; one sends to the bridge. A frame keeps the socket that sent it: what others on the bridge get
 * and may send on must not have the first one. fold-dhcpd's is bound to no interface, and one is enough.
 */
#ifndef FOLD_HOST_TX_H
#define FOLD_HOST_TX_H

#include "pkt/pkt.h"

#include <stdint.h>

#define TX_BATCH 64

struct tx;

/* Each frame has its own interface, see tx_keep_to(). 0 or -errno. */
int tx_open(struct tx **out);
/*
 * For a port. mark: what frames out of it carry (SO_MARK). *group: what is made up for its socket, or 0 where this process may be in no
 * other group, or its user namespace knows none.
 */
int tx_open_port(int ifindex, uint32_t mark, uint32_t *group, struct tx **out);
void tx_close(struct tx *t);

/* The next reply to fill; there is always one, for a full batch has been sent. */
struct reply *tx_slot(struct tx *t);
/* Keeps the filled slot for the next flush, which comes by itself when the batch is full. */
void tx_keep(struct tx *t);
/* The same, out of another interface than the port, and without its mark. */
void tx_keep_to(struct tx *t, int ifindex);
/*
 * At once, as if the guest had sent it: a frame of the guest's to the bridge's own MAC, which the bridge hands to the host when it comes in by
 * a port, and to nobody when it is sent out of the bridge. tap: its descriptor, which stays the caller's.
 */
void tx_send_as_guest(struct tx *t, int tap, const struct reply *r);
/* A frame that was made elsewhere, at once, behind what is kept. */
void tx_send(struct tx *t, const struct reply *r);
void tx_send_to(struct tx *t, const struct reply *r, int ifindex);
/* Sends what is kept. A port that is full or down loses frames, like a wire; they are counted. */
void tx_flush(struct tx *t);
uint64_t tx_lost(const struct tx *t);

#endif
