/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names: DHCPv4 options and message types as people name them. */
#ifndef FOLD_SHOW_NAMES_H
#define FOLD_SHOW_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* The name of a DHCPv4 message type, or NULL. */
const char *names_message(uint8_t type);

/*
 * Writes the value of option `code` as printable text, cut to size (> 0); hex where
 * it is not of the form that its RFC gives. Returns the option's name, or NULL.
 */
const char *names_option(uint8_t code, const uint8_t *value, size_t len, char *text, size_t size);

#endif
