/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alias: the names that names of an ALLOW list are aliases of, learned from answers to the guest. A resolver in the
 * guest that gets `www.example CNAME edge.cdn` ignores the addresses of edge.cdn in the same answer and asks for
 * edge.cdn itself. So the guest may ask for edge.cdn while the alias is valid, and the answer opens the addresses that
 * an answer for www.example would open.
 */
#ifndef FOLD_GUEST_ALIAS_H
#define FOLD_GUEST_ALIAS_H

#include "guest/guest.h"

#define ALIAS_MOST 128         /* of one VM; a further one replaces the one that expires first */
#define ALIAS_SECONDS_LEAST 60 /* a shorter TTL is raised to this, as that of an address is */

struct alias {
	uint64_t until; /* milliseconds */
	uint8_t name[255];
	uint8_t of[255]; /* the name of the list; both in RFC 1035 form, in lower case */
};

struct aliases {
	size_t count; /* used, from the first on */
	struct alias at[ALIAS_MOST];
};

/*
 * Notes that, by an answer, `asked` is an alias of `name` for `seconds`. From then on `name` is allowed on behalf of
 * `asked`, if that is on the list, and of every name of the list on whose behalf `asked` is allowed itself. The latter
 * ends no later than for `asked`, so that a circle of aliases cannot keep itself alive.
 */
void alias_follow(struct aliases *a, const struct allow_list *l, const uint8_t asked[static 255],
		  const uint8_t name[static 255], uint32_t seconds, uint64_t now);

/* Removes expired entries. */
void alias_expire(struct aliases *a, uint64_t now);

/* True if a pattern of the list matches the name, or a name that is an alias of it. a may be NULL. */
bool alias_allowed(const struct allow_list *l, const struct aliases *a, const uint8_t *name);

/* True if this pattern matches the name, or a name that is an alias of it. a may be NULL. */
bool alias_matches(const struct allow *pattern, const struct aliases *a, const uint8_t *name);

#endif
