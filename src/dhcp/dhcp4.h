/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp4: the DHCPv4 and BOOTP answerer for one guest with one address. */
#ifndef FOLD_DHCP_DHCP4_H
#define FOLD_DHCP_DHCP4_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * Answers a packet for UDP port 67 from the guest, by its binding alone: there is
 * no lease table, so a restart loses nothing. Pure: reads `in` and `g`, writes `out`.
 * NOT_MINE where it is not UDPv4 to port 67; otherwise REPLY, QUIET (DECLINE, RELEASE:
 * noted, nothing to say) or DROP. RFC 2131, 2132, 3396, 3397, 3442, 4039, 6842, 951.
 */
enum answer dhcp4_answer(const struct guest *g, const struct pkt *in, struct reply *out);

#endif
