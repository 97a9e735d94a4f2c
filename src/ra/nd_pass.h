/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nd_pass: decides about a neighbour solicitation that fold does not answer itself (DROP_ND_TARGET in nd_answer()). */
#ifndef FOLD_RA_ND_PASS_H
#define FOLD_RA_ND_PASS_H

#include "guest/guest.h"
#include "pkt/pkt.h"

enum nd_pass {
	ND_PASS_REFUSED, /* it goes nowhere */
	ND_PASS_AS_IS,   /* it goes on */
	ND_PASS_CHANGED, /* it goes on as the octets in *to */
};

#define ND_PASS_MAX 1280 /* octets of one that is changed */

/*
 * f: a solicitation that nd_answer() has found valid. One in the prefix goes on with the VM's address as its source, so
 * that the answer goes to an address that the host lets through; a probe (RFC 4862 5.4) goes on as it is. *len: octets
 * in to, from the network header on, with the right checksum. Pure.
 */
enum nd_pass nd_pass(const struct guest *g, const struct frame *f, uint8_t to[static ND_PASS_MAX], size_t *len);

#endif
