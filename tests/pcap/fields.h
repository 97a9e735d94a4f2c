/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields: a frame as a list of named fields, for people.
 *
 * A second parser of ARP, IP, UDP, TCP, DHCP, DNS and neighbour discovery, independent of the one under test on
 * purpose. It refuses nothing and names what it can, so that it shows a wrong reply as it is. Every octet of a reply is
 * in exactly one field.
 */
#ifndef FOLD_TESTS_PCAP_FIELDS_H
#define FOLD_TESTS_PCAP_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#define FIELDS_MAX 1024 /* more than a reply of 1,500 octets can have; further fields are left out */

struct field {
	size_t at, len; /* offset and length in the frame, in octets */
	char name[32];
	char text[192]; /* printable; cut to fit */
};

struct fields {
	size_t count;
	struct field list[FIELDS_MAX];
};

void fields_of(const uint8_t *frame, size_t len, struct fields *out);

#endif
