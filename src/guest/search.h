/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search: compresses a domain search list for DHCPv4. */
#ifndef FOLD_GUEST_SEARCH_H
#define FOLD_GUEST_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * RFC 3397 2: compresses consecutive names in RFC 1035 form, each with its root label, as in RFC 1035 4.1.4, with
 * pointers that count from the list's first octet. Returns the length of the result, which is never longer than len;
 * `out` needs room for len octets.
 */
size_t search_compress(const uint8_t *names, size_t len, uint8_t *out);

#endif
