/* SPDX-License-Identifier: GPL-2.0-or-later */
/* golden: compares replies with those that were recorded and reviewed before. */
#ifndef FOLD_TESTS_PCAP_GOLDEN_H
#define FOLD_TESTS_PCAP_GOLDEN_H

#include "feed.h"

/*
 * Pairs replies by the time of their request, compares them octet for octet and prints
 * each difference with its request. Returns the number of differences.
 */
size_t golden_compare(const struct feed *f, const struct capture *in, const struct capture *expected,
		      const struct capture *got, FILE *to);

#endif
