/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff: prints two replies side by side. */
#ifndef FOLD_TESTS_PCAP_DIFF_H
#define FOLD_TESTS_PCAP_DIFF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Prints the fields that differ, by name, then the differing rows of a hexdump, with
 * '*' at the octets that differ. The left column is the expected reply.
 */
void diff_print(FILE *to, const uint8_t *expected, size_t expected_len, const uint8_t *got, size_t got_len);

/* Prints every field of one frame, each on a line of its own after `indent`. */
void diff_show(FILE *to, const char *indent, const uint8_t *frame, size_t len);

#endif
