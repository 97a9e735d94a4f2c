/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify: tells the guest that its binding changed, until it says that it heard.
 *
 * No standard: a UDP datagram of 16 random octets from NOTIFY_IP, NOTIFY_PORT to the guest's address and that port; the guest
 * sends the same octets back to where they came from. What has changed, the guest finds out by DNS.
 */
#ifndef FOLD_NOTIFY_NOTIFY_H
#define FOLD_NOTIFY_NOTIFY_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * A UDP packet from the guest to a notification's address and port. Pure.
 * ANSWER_NOTED: it acknowledges the notification of g->notify; the caller sends it no more.
 * ANSWER_DROP: other octets, or too many, or no notification to acknowledge. ANSWER_NOT_MINE: to elsewhere.
 */
enum answer notify_answer(const struct guest *g, const struct pkt *in, struct reply *out);

/* Builds the notification over that family. False where none waits for its acknowledgement, or without an address. */
bool notify_build(const struct guest *g, bool ip6, struct reply *out);

#endif
