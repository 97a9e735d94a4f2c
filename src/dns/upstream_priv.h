/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upstream_priv: between upstream.c, which has ldns read and write messages, and upstream_records.c, which walks
 * through them.
 */
#ifndef FOLD_DNS_UPSTREAM_PRIV_H
#define FOLD_DNS_UPSTREAM_PRIV_H

#include "base/rd.h"
#include "dns/upstream.h"

struct upstream_header {
	uint16_t id, flags, counts[4];
};

/* False if the octets do not even make a header. */
bool upstream_header(const uint8_t *msg, size_t len, struct upstream_header *h);

/* The same, and moves r behind the question, to the first record. */
bool upstream_begin(const uint8_t *msg, size_t len, struct upstream_header *h, struct rd *r);

/* Moves r past a name that ends in a pointer or in the root. */
void upstream_skip_name(struct rd *r);

#endif
