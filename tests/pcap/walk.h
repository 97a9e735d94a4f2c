/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk: a cursor that adds a named field to the list for the octets that it passes. */
#ifndef FOLD_TESTS_PCAP_WALK_H
#define FOLD_TESTS_PCAP_WALK_H

#include "base/rd.h"
#include "fields.h"

/* A walk: a cursor over one area of the frame. */
struct walk {
	struct rd r;
	const uint8_t *frame;
	struct fields *out;
};

/* Adds a field for the next n octets; the caller fills in its text. NULL if there are fewer, or the list is full. */
struct field *walk_next(struct walk *w, size_t n, const uint8_t **bytes, const char *name);

void walk_hex(struct field *f, const uint8_t *b, size_t len);
void walk_mac(struct walk *w, const char *name);
void walk_ip4(struct walk *w, const char *name);
void walk_ip6(struct walk *w, const char *name);

/* Adds a field for a number of `width` octets, 1 to 4; hex: print it in hexadecimal. Returns the number. */
uint32_t walk_number(struct walk *w, size_t width, bool hex, const char *name);

/* Adds a field for all octets that are left in this area. If all are zero, its text says so, with their number. */
void walk_rest(struct walk *w, const char *name);

/* Add fields for a DNS message, or a TCP segment, up to its end. */
void fields_dns(struct walk *w);
void fields_tcp(struct walk *w);

/* Adds fields from the IPv6 header on. RFC 8200, 4861, 8106, 8415. */
void fields_ip6(struct walk *w);

#endif
