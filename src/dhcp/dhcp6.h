/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp6: the DHCPv6 server of one guest (RFC 8415, 9915, 3646). */
#ifndef FOLD_DHCP_DHCP6_H
#define FOLD_DHCP_DHCP6_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/* One message from the guest to UDP port 547. NOT_MINE where it is not; REPLY, QUIET or DROP else. Pure. */
enum answer dhcp6_answer(const struct guest *g, const struct pkt *in, struct reply *out);

#endif
