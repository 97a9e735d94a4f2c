/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ra_msg: between ra.c, which decides, and ra_build.c, which writes. */
#ifndef FOLD_RA_RA_MSG_H
#define FOLD_RA_RA_MSG_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * Writes the router advertisement's octets at out->w, nothing else of *out. was, last: as in ra_advertise. Router,
 * prefix and MTU are always there: without room for them w is full. Of the rest, as much goes in as the link's MTU and
 * the buffer let, in this order: a former prefix, name servers, former name servers, search names, former search names;
 * lists are cut at their ends, between two entries.
 */
void ra_build(const struct guest *g, const struct guest *was, bool last, struct reply *out);

#endif
