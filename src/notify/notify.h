/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify: tells the guest that its binding changed, until it says that it heard.
 *
 * No standard: a UDP datagram of 16 random octets from NOTIFY_IP, NOTIFY_PORT to the guest's address and that port; the guest
 * sends the same octets back to where they came from. Whoever wants to know what changed asks by DNS.
 */
#ifndef FOLD_NOTIFY_NOTIFY_H
#define FOLD_NOTIFY_NOTIFY_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * A UDP packet from the guest to a notification's address and port. Pure.
 * ANSWER_NOTED: it holds what g->notify waits for; the caller stops to wait.
 * ANSWER_DROP: other octets, or too many, or nothing is waited for. ANSWER_NOT_MINE: to elsewhere.
 */
enum answer notify_answer(const struct guest *g, const struct pkt *in, struct reply *out);

/* The notification over that family. False where there is none: nothing is waited for, or no address of that family. */
bool notify_build(const struct guest *g, bool ip6, struct reply *out);

#endif
