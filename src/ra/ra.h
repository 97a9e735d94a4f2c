/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ra: fold as the one router that the guest ever hears (RFC 4861 6, 8106). */
#ifndef FOLD_RA_RA_H
#define FOLD_RA_RA_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * Answers a router solicitation with a router advertisement at once: unicast, or to all nodes if the source is
 * unspecified. NOT_MINE for anything else. Pure.
 */
enum answer ra_answer(const struct guest *g, const struct pkt *in, struct reply *out);

/*
 * Makes an unsolicited advertisement, to all nodes. was: the guest as it was before a change (or guest/past.h's), or
 * NULL: what it was told and what no longer holds goes out with lifetime 0. last: router lifetime 0, because fold ends.
 * REPLY or DROP. Pure.
 */
enum answer ra_advertise(const struct guest *g, const struct guest *was, bool last, struct reply *out);

#define RA_INITIAL 3 /* RFC 4861 10: MAX_INITIAL_RTR_ADVERTISEMENTS */

/*
 * RFC 4861 6.2.4: milliseconds until the next one: random, so that a thousand VMs that began together do not stay in
 * step; from 0.75 of `period`, which is the highest MinRtrAdvInterval, to `period` seconds. initial: one of the first
 * three, which follow sooner.
 */
uint64_t ra_interval_ms(uint32_t period, bool initial, uint16_t random);

#endif
