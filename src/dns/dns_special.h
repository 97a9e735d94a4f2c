/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_special: names with a fixed meaning, and names that are meaningless outside the local network. Local records
 * take precedence over all of this.
 *
 * Specifications: RFC 6303 (private reverse zones), 6761 (special names), 6762 22.1 (.local), 7686 (.onion), 8375
 * (home.arpa), 9460 (SVCB), 9462 6.4 (resolver.arpa).
 */
#ifndef FOLD_DNS_SPECIAL_H
#define FOLD_DNS_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_special {
	DNS_SPECIAL_NONE,
	DNS_SPECIAL_LOCALHOST, /* the asker's own loopback addresses (RFC 6761 6.3) */
	DNS_SPECIAL_ABSENT,    /* never exists */
	DNS_SPECIAL_EMPTY,     /* exists, and has no records */
	DNS_SPECIAL_PRIVATE, /* means something inside an organization alone: forwarded to servers that somebody named,
				  never to those that the host happens to use */
	DNS_SPECIAL_BARE,    /* one label, "com": its addresses are private, the name and all below it are not */
};

/* name: in lower case. type: of the question. */
enum dns_special dns_special(const uint8_t *name, size_t len, uint16_t type);

/* True if the name is an ancestor of one that always exists (DNS_SPECIAL_EMPTY), and so exists too (RFC 8020 2). */
bool dns_is_above_special(const uint8_t *name, size_t len);

/* True where the name is one of the suffixes (names one after the other) or below one. */
bool dns_is_below(const uint8_t *name, size_t len, const uint8_t *suffixes, size_t suffixes_len);

#endif
