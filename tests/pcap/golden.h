/* SPDX-License-Identifier: GPL-2.0-or-later */
/* golden: replies against those that were recorded and reviewed before. */
#ifndef FOLD_TESTS_PCAP_GOLDEN_H
#define FOLD_TESTS_PCAP_GOLDEN_H

#include "feed.h"

/*
 * Compares octet for octet, pairing replies by the time of their request, and prints
 * each difference with the request that it is about. Returns the number of differences.
 */
size_t golden_compare(const struct feed *f, const struct capture *in, const struct capture *expected,
		      const struct capture *got, FILE *to);

#endif
