/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nd: neighbour solicitations for the addresses that fold answers for (RFC 4861 7.2, 4862 5.4, 6980). */
#ifndef FOLD_RA_ND_H
#define FOLD_RA_ND_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * Answers for fold's link-local address, the service addresses, and the gateway, which resolves to the gateway's MAC.
 * Never for the guest's own addresses, for which duplicate address detection must find nobody. Refuses advertisements
 * and redirects. NOT_MINE if it is neither. Pure.
 */
enum answer nd_answer(const struct guest *g, const struct pkt *in, struct reply *out);

#endif
