/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alias: names that stand behind names of an ALLOW list, as answers told the guest. A resolver in the guest that gets
 * `www.example CNAME edge.cdn` believes no address of edge.cdn that comes with it, and asks for that name itself. So
 * such a name may be asked for while its alias holds, and lets in what the names before it may let in.
 */
#ifndef FOLD_GUEST_ALIAS_H
#define FOLD_GUEST_ALIAS_H

#include "guest/guest.h"

#define ALIAS_MOST 128         /* of one VM; beyond that the one that would end first makes room */
#define ALIAS_SECONDS_LEAST 60 /* a shorter TTL is raised to this, as that of an address is */

struct alias {
	uint64_t until; /* milliseconds */
	uint8_t name[255];
	uint8_t of[255]; /* the name of the list; both RFC 1035, in lower case */
};

struct aliases {
	size_t count; /* used, from the first on */
	struct alias at[ALIAS_MOST];
};

/*
 * An answer says that `asked` is an alias of `name`, for `seconds`: `name` now stands behind each name of the list that
 * `asked` is, or stands behind itself. In the latter case for no longer than that, so that no chain keeps itself alive.
 */
void alias_follow(struct aliases *a, const struct allow_list *l, const uint8_t asked[static 255],
		  const uint8_t name[static 255], uint32_t seconds, uint64_t now);

/* Forgets what holds no longer. */
void alias_expire(struct aliases *a, uint64_t now);

/* True if the name fits a pattern of the list, itself or as what stands behind a name that does. a may be NULL. */
bool alias_allowed(const struct allow_list *l, const struct aliases *a, const uint8_t *name);

/* True if it fits that pattern, itself or as what stands behind a name that does. a may be NULL. */
bool alias_matches(const struct allow *pattern, const struct aliases *a, const uint8_t *name);

#endif
