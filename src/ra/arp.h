/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arp: answers for the addresses that fold itself serves on the guest's link. */
#ifndef FOLD_RA_ARP_H
#define FOLD_RA_ARP_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * A request for a service address gets a unicast reply with the service MAC
 * (RFC 826). Probes and announcements of the guest's own address are never
 * answered: a reply would make it decline its lease (RFC 5227 2.1).
 * NOT_MINE where it is not ARP. Pure.
 */
enum answer arp_answer(const struct guest *g, const struct pkt *in, struct reply *out);

#endif
