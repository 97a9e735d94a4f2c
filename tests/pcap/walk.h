/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk: a cursor that leaves a named field for what it passes. */
#ifndef FOLD_TESTS_PCAP_WALK_H
#define FOLD_TESTS_PCAP_WALK_H

#include "base/rd.h"
#include "fields.h"

/* Where the walk stands: a cursor over one area of the frame. */
struct walk {
	struct rd r;
	const uint8_t *frame;
	struct fields *out;
};

/* The next n octets as a field, its text to be filled in; NULL where they are not all there or the list is full. */
struct field *walk_next(struct walk *w, size_t n, const uint8_t **bytes, const char *name);

void walk_hex(struct field *f, const uint8_t *b, size_t len);
void walk_mac(struct walk *w, const char *name);
void walk_ip4(struct walk *w, const char *name);
void walk_ip6(struct walk *w, const char *name);

/* A number of 1 to 4 octets; hexadecimal where that is how it is read. Returns it. */
uint32_t walk_number(struct walk *w, size_t width, bool hex, const char *name);

/* All that is left of this area. All zeros is said as such, with their number. */
void walk_rest(struct walk *w, const char *name);

/* A DNS message, and a TCP segment, to their ends. */
void fields_dns(struct walk *w);
void fields_tcp(struct walk *w);

/* From the IPv6 header on. RFC 8200, 4861, 8106, 8415. */
void fields_ip6(struct walk *w);

#endif
