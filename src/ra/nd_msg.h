/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nd_msg: a parsed solicitation, and the checks that both answerers of neighbour discovery make. */
#ifndef FOLD_RA_ND_MSG_H
#define FOLD_RA_ND_MSG_H

#include "guest/guest.h"
#include "pkt/pkt.h"

#include <stdbool.h>
#include <stdint.h>

/* A router or neighbour solicitation. */
struct nd_msg {
	struct in6_addr target;        /* of a neighbour solicitation; :: else */
	bool has_link, has_other_link; /* a source link-layer address; one that is not the frame's own */
};

/*
 * RFC 4861 6.1.1, 7.1.1: hop limit, code, lengths and options of a router or neighbour solicitation; options that
 * mean nothing here are passed over. The checksum is pkt_decode's, the type its caller's. DROP_NONE fills *m.
 */
enum drop nd_parse(const struct pkt *in, struct nd_msg *m);

/* Checks that the message is from the guest and that fold answers such a guest at all: DROP_NONE or the reason. */
enum drop nd_check_sender(const struct guest *g, const struct pkt *in, const struct nd_msg *m);

/*
 * The MAC address of the guest's default router, which has fold's link-local address: the gateway's MAC. fold's own if
 * there is no gateway, or one whose MAC nobody named: then frames for the router go to fold's end of the link.
 */
const uint8_t *nd_router_mac(const struct guest *g);

/* Addresses a reply to ff02::1, and to the MAC that goes with it (RFC 4291 2.7.1, RFC 2464 7). */
void nd_to_all_nodes(struct reply *out);

#endif
