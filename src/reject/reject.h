/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reject: answers packets that may not pass the gateway, by ICMP or ICMPv6 destination unreachable or by a TCP reset;
 * and TCP to fold itself that nothing else took, by a reset.
 *
 * The rules have decided that a packet is refused, and limit the rate of those to and from the gateway. This file
 * decides whether an answer may be sent. Specifications: RFC 792, 1812 4.3.2 (IPv4), 4443 2.4, 3.1 (IPv6), 9293 3.10.7.1.
 */
#ifndef FOLD_REJECT_REJECT_H
#define FOLD_REJECT_REJECT_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * reject_answer() takes a packet from the guest to an address outside its subnet or to fold's own;
 * reject_answer_network() one from outside, through the gateway, to the guest's own address. The answer comes from the
 * address that was to be reached, and quotes the packet. They return ANSWER_REPLY; ANSWER_DROP or ANSWER_QUIET if
 * nothing may be said; ANSWER_NOT_MINE if the packet is neither, or is not to be refused.
 */
enum answer reject_answer(const struct guest *g, const struct pkt *in, struct reply *out);
enum answer reject_answer_network(const struct guest *g, const struct pkt *in, struct reply *out);

#endif
