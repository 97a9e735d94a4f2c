/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rd: the only way to read bytes that came from outside.
 *
 * A cursor over a span it does not own. A read past the end gives 0 (or NULL),
 * moves the cursor to the end and sets `bad`, which sticks: a parser reads everything it
 * wants and tests `bad` once, before it acts on any of it.
 */
#ifndef FOLD_BASE_RD_H
#define FOLD_BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline struct rd rd_over(const void *data, size_t len)
{
	const uint8_t *p = data;
	return (struct rd){.p = p, .end = p ? p + len : p};
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n bytes, in place, or NULL with `bad` set. n may be 0. */
static inline const uint8_t *rd_bytes(struct rd *r, size_t n)
{
	if (r->bad || rd_left(r) < n) {
		r->bad = true;
		r->p = r->end; /* so that a loop over what is left ends too */
		return NULL;
	}
	const uint8_t *at = r->p;
	r->p += n;
	return at;
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 1);
	return b ? b[0] : 0;
}

/* Big endian on the wire, host order out. */
static inline uint16_t rd_u16(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 2);
	/* Not one expression: gcc's -Wconversion stumbles over it under -fsanitize. */
	if (!b)
		return 0;
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t rd_u32(struct rd *r)
{
	const uint8_t *b = rd_bytes(r, 4);
	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

/* Copies n bytes into to; zeroes it where they are not there. */
static inline void rd_copy(struct rd *r, void *to, size_t n)
{
	const uint8_t *b = rd_bytes(r, n);
	if (b)
		memcpy(to, b, n);
	else
		memset(to, 0, n);
}

/* A cursor over the next n bytes alone; this one moves past them. */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
	const uint8_t *b = rd_bytes(r, n);
	struct rd sub = rd_over(b, b ? n : 0);
	sub.bad = b == NULL;
	return sub;
}

#endif
