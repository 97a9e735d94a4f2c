/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option: what DHCP_OPTION:<code>=<value> of a binding file says.
 *
 * Specifications: RFC 2132 (codes), RFC 3396 (options above 255 octets).
 */
#ifndef FOLD_GUEST_OPTION_H
#define FOLD_GUEST_OPTION_H

#include "guest/guest.h"

#define OPTION_LEN_MAX 1024 /* a reply is 1472 octets at most and has to say more than this */

/*
 * code: decimal text, 1..254 but for those that fold fills in by itself. value, not
 * empty: octets in hex (0a0b, 0x0a0b, 0a:0b), IPv4 addresses (10.0.1.1, 10.0.1.2) or
 * "text" between double quotes, which may hold any character and be empty.
 * NULL where it is good, and out->bytes is the caller's to free; else what is wrong.
 */
const char *option_parse(const char *code, const char *value, struct dhcp_option *out);

#endif
