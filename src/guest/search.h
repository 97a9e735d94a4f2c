/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search: a search list as DHCPv4 carries it. */
#ifndef FOLD_GUEST_SEARCH_H
#define FOLD_GUEST_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * RFC 3397 2: compresses a list of names in RFC 1035 form, each with its root label and one after the other, as
 * RFC 1035 4.1.4 has it, with pointers that count from the list's first octet. `out` needs room for len octets: the
 * result, whose length is returned, is never longer.
 */
size_t search_compress(const uint8_t *names, size_t len, uint8_t *out);

#endif
