/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ra: fold as the one router that the guest ever hears (RFC 4861 6, 8106). */
#ifndef FOLD_RA_RA_H
#define FOLD_RA_RA_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * A router solicitation gets a router advertisement at once: unicast, or to all nodes where the source is
 * unspecified. NOT_MINE for anything else. Pure.
 */
enum answer ra_answer(const struct guest *g, const struct pkt *in, struct reply *out);

/*
 * An advertisement that nobody asked for, to all nodes. was: the guest as it was before a change, or NULL: what it
 * was told and no longer holds goes out with lifetime 0. last: router lifetime 0, for fold goes. REPLY or DROP. Pure.
 */
enum answer ra_advertise(const struct guest *g, const struct guest *was, bool last, struct reply *out);

#endif
