/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names6: the names of ICMPv6 and DHCPv6 messages and options. Texts are printable and cut to size (> 0). */
#ifndef FOLD_SHOW_NAMES6_H
#define FOLD_SHOW_NAMES6_H

#include <stddef.h>
#include <stdint.h>

/* The name of a message of neighbour discovery or of DHCPv6, or NULL. */
const char *names6_nd(uint8_t type);
const char *names6_dhcp(uint8_t type);

/*
 * Writes the value of an option as text, in hex if it does not have the form that its RFC gives, and returns the
 * option's name or NULL. value: the octets after type and length; of a DHCPv6 option that contains other options
 * (names6_dhcp_head()), only its head is written.
 */
const char *names6_nd_option(uint8_t type, const uint8_t *value, size_t len, char *text, size_t size);
const char *names6_dhcp_option(uint16_t code, const uint8_t *value, size_t len, char *text, size_t size);

/* How many octets stand before the options that a DHCPv6 option holds; SIZE_MAX where it holds none. */
size_t names6_dhcp_head(uint16_t code);

#endif
