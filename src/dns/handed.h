/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handed: the addresses that an answer gives to the name that was asked for. Specifications: RFC 1035 4.1, 3.3.1, 2181
 * 10.1.
 */
#ifndef FOLD_DNS_HANDED_H
#define FOLD_DNS_HANDED_H

#include "dns/dns_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HANDED_MOST 256   /* addresses of one answer that dns_handed() gives */
#define HANDED_ALIASES 16 /* that it follows, one after the other */

struct handed_alias {
	uint8_t name[DNS_NAME_MAX]; /* in lower case */
	uint32_t ttl;               /* seconds; the least of all aliases that led to this name */
};

struct handed {
	bool ip6;
	uint8_t address[16]; /* network byte order; the first four where !ip6 */
	uint32_t ttl;        /* seconds */
};

/*
 * msg: a whole answer as it leaves. `name` gets the name that was asked for, in lower case, and `at` the addresses that
 * the answer gives it, directly or through aliases. Returns how many there are, of which the first HANDED_MOST are in
 * `at`; 0 if the answer gives none, -1 if the octets are no answer to one question.
 */
int dns_handed(const uint8_t *msg, size_t len, uint8_t name[static DNS_NAME_MAX], struct handed at[static HANDED_MOST]);

/*
 * `name` gets the name that was asked for, and `to` the names that it is an alias of according to the answer, in the
 * order of the chain. Returns how many there are, or -1 if the octets are not an answer with exactly one question.
 */
int dns_handed_aliases(const uint8_t *msg, size_t len, uint8_t name[static DNS_NAME_MAX],
		       struct handed_alias to[static HANDED_ALIASES]);

#endif
