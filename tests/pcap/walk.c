/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "walk.h"

#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

struct field *walk_next(struct walk *w, size_t n, const uint8_t **bytes, const char *name)
{
	if (w->out->count >= FIELDS_MAX - 1)
		w->r.bad = true;
	const uint8_t *b = rd_bytes(&w->r, n);
	if (!b)
		return NULL;
	struct field *f = &w->out->list[w->out->count++];
	f->at = (size_t)(b - w->frame);
	f->len = n;
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->text[0] = 0;
	*bytes = b;
	return f;
}

void walk_hex(struct field *f, const uint8_t *b, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at + 3 < sizeof(f->text); i++)
		at += (size_t)snprintf(f->text + at, sizeof(f->text) - at, "%02x", b[i]);
}

void walk_mac(struct walk *w, const char *name)
{
	const uint8_t *b;
	struct field *f = walk_next(w, MAC_LEN, &b, name);

	if (f)
		mac_format(b, f->text);
}

void walk_ip4(struct walk *w, const char *name)
{
	const uint8_t *b;
	struct field *f = walk_next(w, 4, &b, name);

	if (f)
		inet_ntop(AF_INET, b, f->text, sizeof(f->text));
}

void walk_ip6(struct walk *w, const char *name)
{
	const uint8_t *b;
	struct field *f = walk_next(w, 16, &b, name);

	if (f)
		inet_ntop(AF_INET6, b, f->text, sizeof(f->text));
}

uint32_t walk_number(struct walk *w, size_t width, bool hex, const char *name)
{
	const uint8_t *b;
	struct field *f = walk_next(w, width, &b, name);
	uint32_t v = 0;

	if (!f)
		return 0;
	for (size_t i = 0; i < width; i++)
		v = v << 8 | b[i];
	if (hex)
		snprintf(f->text, sizeof(f->text), "0x%0*x", (int)(2 * width), v);
	else
		snprintf(f->text, sizeof(f->text), "%u", v);
	return v;
}

void walk_rest(struct walk *w, const char *name)
{
	const uint8_t *b;
	size_t n = rd_left(&w->r), zeros = 0;

	w->r.bad = false;
	if (n == 0 || w->out->count == FIELDS_MAX)
		return;
	struct field *f = &w->out->list[w->out->count];
	if (w->out->count == FIELDS_MAX - 1) {
		b = rd_bytes(&w->r, n);
		w->out->count++;
		*f = (struct field){.at = (size_t)(b - w->frame), .len = n};
		snprintf(f->name, sizeof(f->name), "%s", name);
	} else {
		f = walk_next(w, n, &b, name);
	}
	while (zeros < n && b[zeros] == 0)
		zeros++;
	if (zeros == n)
		snprintf(f->text, sizeof(f->text), "%zu zero octets", n);
	else
		walk_hex(f, b, n);
}
