/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csum: the Internet checksum (RFC 1071), summed over wire bytes wherever they lie. */
#ifndef FOLD_BASE_CSUM_H
#define FOLD_BASE_CSUM_H

#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

/* Adds len bytes to a running sum. An odd len may only be the last span. */
uint64_t csum_add(uint64_t sum, const void *data, size_t len);

/* Folds a sum to 16 bits without complementing; host order. */
uint16_t csum_fold(uint64_t sum);

/* Pseudo-headers of RFC 768 and RFC 8200 8.1. len: octets of the transport header and data. */
uint64_t csum_pseudo4(struct in_addr src, struct in_addr dst, uint8_t proto, size_t len);
uint64_t csum_pseudo6(const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, size_t len);

#endif
