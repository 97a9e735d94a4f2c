/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/search.h"

#include "base/rd.h"
#include "guest/guest.h"

#include <string.h>

#define POINTER 0xc000u     /* RFC 1035 4.1.4: the two highest bits of a pointer */
#define POINTER_MOST 0x3fff /* the highest offset that a pointer can hold */
#define SUFFIXES_MOST 256   /* more than real lists have; further suffixes are not remembered, which costs space */

/* A suffix of a name in the output, which begins with one of its labels, and the offset of that label. */
struct suffix {
	const uint8_t *name;
	size_t len, at;
};

struct squeeze {
	struct suffix known[SUFFIXES_MOST];
	size_t count;
	uint8_t *out;
	size_t len;
};

static const struct suffix *find(const struct squeeze *s, const uint8_t *name, size_t len)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->known[i].len == len && memcmp(s->known[i].name, name, len) == 0)
			return &s->known[i];
	}
	return NULL;
}

static void put_name(struct squeeze *s, const uint8_t *name, size_t len)
{
	while (*name) {
		const struct suffix *same = find(s, name, len);
		if (same) {
			s->out[s->len++] = (uint8_t)((POINTER | same->at) >> 8);
			s->out[s->len++] = (uint8_t)same->at;
			return;
		}
		if (s->count < SUFFIXES_MOST && s->len <= POINTER_MOST)
			s->known[s->count++] = (struct suffix){name, len, s->len};
		size_t label = *name + 1U;
		memcpy(s->out + s->len, name, label);
		s->len += label;
		name += label;
		len -= label;
	}
	s->out[s->len++] = 0;
}

size_t search_compress(const uint8_t *names, size_t len, uint8_t *out)
{
	struct squeeze s = {.out = out};
	struct rd r = rd_over(names, len);
	const uint8_t *name;
	size_t n;

	while ((name = guest_next_name(&r, &n)))
		put_name(&s, name, n);
	return s.len;
}
