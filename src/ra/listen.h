/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen: reports the multicast groups that a guest listens to, in its place. fold lets no reports of guests through,
 * but switches that prune multicast (RFC 4541) must hear some: otherwise neighbour discovery for the guest ends at
 * them.
 */
#ifndef FOLD_RA_LISTEN_H
#define FOLD_RA_LISTEN_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * Make a Multicast Listener Report of version 1 (RFC 2710 3), which every querier understands, and a Membership Report
 * of IGMP version 2 (RFC 2236 2), for the guest's network. The whole frame is in reply->frame, with the guest's MAC as
 * its source.
 */
void listen_report6(const struct guest *g, const struct in6_addr *group, struct reply *out);
void listen_report4(const struct guest *g, struct in_addr group, struct reply *out);

#endif
