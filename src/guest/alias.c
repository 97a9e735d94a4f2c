/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/alias.h"

#include "guest/allow.h"
#include "guest/value.h"

#include <string.h>

/* Returns the entry of that pair. If there is none, makes one, if need be in place of the one that expires first. */
static struct alias *entry_of(struct aliases *a, const uint8_t *name, const uint8_t *of)
{
	struct alias *to = &a->at[0];

	for (size_t i = 0; i < a->count; i++) {
		struct alias *one = &a->at[i];
		if (value_same_name(one->name, name) && value_same_name(one->of, of))
			return one;
		if (one->until < to->until)
			to = one;
	}
	if (a->count < ALIAS_MOST)
		to = &a->at[a->count++];
	to->until = 0;
	memcpy(to->name, name, sizeof(to->name));
	memcpy(to->of, of, sizeof(to->of));
	return to;
}

static void keep(struct aliases *a, const uint8_t *name, const uint8_t *of, uint64_t until)
{
	struct alias *one = entry_of(a, name, of);

	if (one->until < until)
		one->until = until;
}

void alias_follow(struct aliases *a, const struct allow_list *l, const uint8_t asked[static 255],
		  const uint8_t name[static 255], uint32_t seconds, uint64_t now)
{
	uint64_t until = now + (seconds < ALIAS_SECONDS_LEAST ? ALIAS_SECONDS_LEAST
				: seconds > ALLOW_SECONDS_MAX ? ALLOW_SECONDS_MAX
							      : (uint64_t)seconds) *
				   1000;

	for (size_t i = 0, count = a->count; i < count; i++) {
		const struct alias before = a->at[i]; /* a copy, because keep() may reuse the entry */
		if (value_same_name(before.name, asked))
			keep(a, name, before.of, before.until < until ? before.until : until);
	}
	if (allow_any(l, asked))
		keep(a, name, asked, until);
}

void alias_expire(struct aliases *a, uint64_t now)
{
	for (size_t i = 0; i < a->count;) {
		if (a->at[i].until > now)
			i++;
		else
			a->at[i] = a->at[--a->count];
	}
}

bool alias_matches(const struct allow *pattern, const struct aliases *a, const uint8_t *name)
{
	if (allow_matches(pattern, name))
		return true;
	for (size_t i = 0; a && i < a->count; i++) {
		if (value_same_name(a->at[i].name, name) && allow_matches(pattern, a->at[i].of))
			return true;
	}
	return false;
}

bool alias_allowed(const struct allow_list *l, const struct aliases *a, const uint8_t *name)
{
	for (size_t i = 0; i < l->count; i++) {
		if (alias_matches(&l->at[i], a, name))
			return true;
	}
	return false;
}
