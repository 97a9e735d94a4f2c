/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff: two replies side by side. */
#ifndef FOLD_TESTS_PCAP_DIFF_H
#define FOLD_TESTS_PCAP_DIFF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Prints the fields that differ, by name, then the rows of a hexdump that differ,
 * the octets that do marked by '*'. The left column is what was expected.
 */
void diff_print(FILE *to, const uint8_t *expected, size_t expected_len, const uint8_t *got, size_t got_len);

/* Every field of one frame, one a line after `indent`. */
void diff_show(FILE *to, const char *indent, const uint8_t *frame, size_t len);

#endif
