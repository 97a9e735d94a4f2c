/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allow: ALLOW=<name pattern>[:<protocol>/<port>], the names behind the gateway that a VM may reach.
 *
 * A pattern is a name (RFC 1035). In a label, `*` stands for any octets; as the whole first label, for one label or
 * more.
 */
#ifndef FOLD_GUEST_ALLOW_H
#define FOLD_GUEST_ALLOW_H

#include "guest/guest.h"

#define ALLOW_MAX 256 /* patterns of one VM */
/*
 * fold closes an address a day at most after an answer opened it. No longer TTL is told to the guest, because it would
 * go on to use the closed address without asking again.
 */
#define ALLOW_SECONDS_MAX 86400

/* Adds the comma-separated items of text, as list.h has it: NULL, or what is wrong. */
const char *allow_add(struct allow_list *to, const char *text, bool more);

/* True if the name (RFC 1035 wire form, whole, in lower case) matches the pattern, or any pattern of the list. */
bool allow_matches(const struct allow *a, const uint8_t *name);
bool allow_any(const struct allow_list *l, const uint8_t *name);

bool allow_same(const struct allow *a, const struct allow *b);
bool allow_same_lists(const struct allow_list *a, const struct allow_list *b);

#endif
