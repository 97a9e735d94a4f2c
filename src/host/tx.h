/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tx: sends replies out of a port, many with one system call.
 *
 * By packet sockets, which receive nothing. fold has one that is bound to the VM's tap and has a mark, and a group
 * that no process is in, by which the tap's rules recognise fold's replies. Another one sends to the bridge. They
 * are separate because the kernel keeps with each frame the socket that sent it: frames that others on the bridge
 * get, and may send on, must not carry the first one. Many VMs never need the second, and the kernel visits every packet
 * socket whenever an interface changes: it is made for the first frame. fold-dhcpd needs only one, bound to no interface.
 */
#ifndef FOLD_HOST_TX_H
#define FOLD_HOST_TX_H

#include "pkt/pkt.h"

#include <stdint.h>

#define TX_BATCH 64
#define AWAY_AGAIN_MS 10000

struct tx;

/* Without a port: each frame names its interface, see tx_keep_to(). 0 or -errno. */
int tx_open(struct tx **out);
/*
 * For a port. mark: the mark of the frames that leave by it (SO_MARK). *group: the new group of
 * its socket, or 0 if this process may be in no other group, or its user namespace has none.
 */
int tx_open_port(int ifindex, uint32_t mark, uint32_t *group, struct tx **out);
/*
 * make: called for the first frame that leaves by another interface than the port, it returns the socket for these, or
 * -errno. Where it fails, such frames are lost, and it is called again after AWAY_AGAIN_MS. Without this, tx_socket()
 * makes it.
 */
void tx_away_by(struct tx *t, int (*make)(void *arg), void *arg);
/* A packet socket for frames that each name their interface, or -errno. It needs CAP_NET_RAW. */
int tx_socket(void);
void tx_close(struct tx *t);

/* The next reply to fill; there is always one, for a full batch has been sent. */
struct reply *tx_slot(struct tx *t);
/* Keeps the filled slot for the next flush, which comes by itself when the batch is full. */
void tx_keep(struct tx *t);
/* As tx_keep(), but the reply leaves by another interface than the port, and without the port's mark and group. */
void tx_keep_to(struct tx *t, int ifindex);
/*
 * Sends a reply at once as if the guest had sent it, to the bridge's own MAC. The bridge
 * passes a frame for that MAC to the host only if it comes in by a port; sent out of the
 * bridge, it would reach nobody. tap: its descriptor, which stays the caller's.
 */
void tx_send_as_guest(struct tx *t, int tap, const struct reply *r);
/* Send a frame that was made elsewhere at once, after those that are kept: by the port, or by that interface. */
void tx_send(struct tx *t, const struct reply *r);
void tx_send_to(struct tx *t, const struct reply *r, int ifindex);
/* Sends what is kept. A port that is full or down loses frames, like a wire; they are counted. */
void tx_flush(struct tx *t);
uint64_t tx_lost(const struct tx *t);

#endif
