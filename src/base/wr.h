/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wr: the only way to write a reply.
 *
 * A cursor over a buffer it does not own. A write that does not fit writes
 * nothing and sets `full`, which sticks and is tested once, before sending.
 * Length fields are opened, filled and closed; they nest.
 */
#ifndef FOLD_BASE_WR_H
#define FOLD_BASE_WR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wr {
	uint8_t *start;
	uint8_t *p;
	uint8_t *end;
	bool full;
};

static inline struct wr wr_over(void *buf, size_t size)
{
	uint8_t *p = buf;
	return (struct wr){.start = p, .p = p, .end = p + size};
}

static inline size_t wr_len(const struct wr *w)
{
	return (size_t)(w->p - w->start);
}

static inline size_t wr_left(const struct wr *w)
{
	return (size_t)(w->end - w->p);
}

/* n bytes to fill in place, or NULL with `full` set. */
static inline uint8_t *wr_room(struct wr *w, size_t n)
{
	if (w->full || wr_left(w) < n) {
		w->full = true;
		return NULL;
	}
	uint8_t *at = w->p;
	w->p += n;
	return at;
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *b = wr_room(w, 1);
	if (b)
		b[0] = v;
}

/* Host order in, big endian on the wire. */
static inline void wr_u16(struct wr *w, uint16_t v)
{
	uint8_t *b = wr_room(w, 2);
	if (b) {
		b[0] = (uint8_t)(v >> 8);
		b[1] = (uint8_t)v;
	}
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	uint8_t *b = wr_room(w, 4);
	if (b) {
		b[0] = (uint8_t)(v >> 24);
		b[1] = (uint8_t)(v >> 16);
		b[2] = (uint8_t)(v >> 8);
		b[3] = (uint8_t)v;
	}
}

static inline void wr_bytes(struct wr *w, const void *from, size_t n)
{
	uint8_t *b = wr_room(w, n);
	if (b && n)
		memcpy(b, from, n);
}

static inline void wr_zero(struct wr *w, size_t n)
{
	uint8_t *b = wr_room(w, n);
	if (b && n)
		memset(b, 0, n);
}

/* A length field of 1 or 2 bytes that counts what is written until it is closed. */
struct wr_mark {
	uint8_t *at;
	uint8_t width;
};

static inline struct wr_mark wr_open_len(struct wr *w, uint8_t width)
{
	return (struct wr_mark){.at = wr_room(w, width), .width = width};
}

/* A length that does not fit its field sets `full`, so that no reply with a wrong length is sent. */
static inline void wr_close_len(struct wr *w, struct wr_mark m)
{
	if (w->full || !m.at)
		return;
	size_t len = (size_t)(w->p - m.at) - m.width;
	if (len >= (size_t)1 << (8 * m.width)) {
		w->full = true;
		return;
	}
	if (m.width == 2) {
		m.at[0] = (uint8_t)(len >> 8);
		m.at[1] = (uint8_t)len;
	} else {
		m.at[0] = (uint8_t)len;
	}
}

#endif
