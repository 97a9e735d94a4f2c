/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reject: the answer to a packet that may not pass the gateway: ICMP's or ICMPv6's destination unreachable, or TCP's reset.
 *
 * The rules have decided that it is refused, and hold what comes here to a rate; here is decided whether anything may be said
 * about it. Specifications: RFC 792, 1812 4.3.2 (IPv4), 4443 2.4, 3.1 (IPv6), 9293 3.10.7.1.
 */
#ifndef FOLD_REJECT_REJECT_H
#define FOLD_REJECT_REJECT_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * A packet from the guest to somewhere outside its subnet; and one from there, through the gateway, for the guest's own
 * address. The answer comes from the address that was to be reached, and quotes the packet.
 * ANSWER_REPLY, ANSWER_DROP or ANSWER_QUIET (nothing may be said), ANSWER_NOT_MINE: not through the gateway, or not refused.
 */
enum answer reject_answer(const struct guest *g, const struct pkt *in, struct reply *out);
enum answer reject_answer_network(const struct guest *g, const struct pkt *in, struct reply *out);

#endif
