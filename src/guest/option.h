/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option: what DHCP_OPTION:<code>=<value> and DHCP6_OPTION:<code>=<value> of a binding file say.
 *
 * Specifications: RFC 2132 (codes), RFC 3396 (options above 255 octets), RFC 8415 21 (codes of DHCPv6), RFC 5908 (NTP).
 */
#ifndef FOLD_GUEST_OPTION_H
#define FOLD_GUEST_OPTION_H

#include "guest/guest.h"

#define OPTION_LEN_MAX 1024 /* a reply is 1472 octets at most and has to say more than this */

/*
 * code: decimal text, 1..254 except the codes that fold fills in itself. value, not empty: octets in hex (0a0b, 0x0a0b,
 * 0a:0b), IPv4 addresses (10.0.1.1, 10.0.1.2) or "text" between double quotes, which may hold any character and be
 * empty. NULL if both are good, and the caller frees out->bytes; else what is wrong.
 */
const char *option_parse(const char *code, const char *value, struct dhcp_option *out);

#define OPTION6_COUNT_MAX 64 /* in one binding file; a reply of 1232 octets has no room for more */

/*
 * The same for DHCPv6: code 1..65535, and addresses are IPv6 (fde5::1, fde5::2). Pairs of digits with ':' between them
 * are octets in hex, as above. Addresses for option 56 are wrapped in its sub-options (RFC 5908 4.1).
 */
const char *option_parse6(const char *code, const char *value, struct dhcp6_option *out);

/* Why a binding file may not set that DHCPv6 code, as a text to follow the code; NULL if it may. */
const char *option_owned6(uint16_t code);

#endif
