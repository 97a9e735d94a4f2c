/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff.h"

#include "fields.h"

#include <stdbool.h>
#include <string.h>

#define NAME_WIDTH 26
#define TEXT_WIDTH 40
#define HEX_ROW 16
#define HEX_ROWS 48 /* most rows of a hexdump that are printed, because a shifted reply differs in all */

struct side {
	const uint8_t *frame;
	size_t len;
	struct fields fields;
};

static const struct field *at(const struct side *s, size_t i)
{
	return i < s->fields.count ? &s->fields.list[i] : NULL;
}

static bool same_bytes(const struct side *a, const struct field *fa, const struct side *b, const struct field *fb)
{
	return fa->len == fb->len && memcmp(a->frame + fa->at, b->frame + fb->at, fa->len) == 0;
}

/* The index of the next field of that name from i on, or s's count if there is none. */
static size_t find(const struct side *s, size_t i, const char *name)
{
	while (i < s->fields.count && strcmp(s->fields.list[i].name, name) != 0)
		i++;
	return i;
}

static void print_pair(FILE *to, char mark, const struct field *expected, const struct field *got)
{
	const char *name = expected ? expected->name : got->name;
	const char *left = expected ? expected->text : "(absent)", *right = got ? got->text : "(absent)";

	/* Prints long values below each other, where they are easier to compare. */
	if (strlen(left) > TEXT_WIDTH)
		fprintf(to, "  %c %-*s %s\n    %-*s %s\n", mark, NAME_WIDTH, name, left, NAME_WIDTH, "", right);
	else
		fprintf(to, "  %c %-*s %-*s %s\n", mark, NAME_WIDTH, name, TEXT_WIDTH, left, right);
}

/*
 * Pairs fields by name, in order. Marks: '-' for a field that is expected but
 * missing, '+' for one that is there but not expected, '!' for a different value.
 */
static void print_fields(FILE *to, const struct side *expected, const struct side *got)
{
	size_t i = 0, j = 0;

	fprintf(to, "    %-*s %-*s %s\n", NAME_WIDTH, "field", TEXT_WIDTH, "expected", "got");
	while (i < expected->fields.count || j < got->fields.count) {
		const struct field *e = at(expected, i), *g = at(got, j);

		if (e && g && strcmp(e->name, g->name) == 0) {
			if (!same_bytes(expected, e, got, g))
				print_pair(to, '!', e, g);
			i++;
			j++;
		} else if (e && (!g || find(got, j, e->name) == got->fields.count ||
				 find(expected, i, g->name) < expected->fields.count)) {
			print_pair(to, '-', e, NULL);
			i++;
		} else {
			print_pair(to, '+', NULL, g);
			j++;
		}
	}
}

/* True if the octets at i differ, or only one side has an octet there. */
static bool octet_differs(const struct side *a, const struct side *b, size_t i)
{
	return (i < a->len) != (i < b->len) || (i < a->len && a->frame[i] != b->frame[i]);
}

static void print_row(FILE *to, const struct side *s, const struct side *other, size_t from)
{
	for (size_t i = from; i < from + HEX_ROW; i++) {
		if (i < s->len)
			fprintf(to, "%02x%c", s->frame[i], octet_differs(s, other, i) ? '*' : ' ');
		else
			fprintf(to, "   ");
	}
}

static void print_hex(FILE *to, const struct side *expected, const struct side *got)
{
	size_t len = expected->len > got->len ? expected->len : got->len, rows = 0, left_out = 0;

	for (size_t from = 0; from < len; from += HEX_ROW) {
		bool differs = false;
		for (size_t i = from; i < from + HEX_ROW && i < len; i++)
			differs |= octet_differs(expected, got, i);
		if (!differs)
			continue;
		if (rows++ >= HEX_ROWS) {
			left_out++;
			continue;
		}
		fprintf(to, "    %04zx  ", from);
		print_row(to, expected, got, from);
		fprintf(to, "| ");
		print_row(to, got, expected, from);
		fprintf(to, "\n");
	}
	if (left_out)
		fprintf(to, "    and %zu more rows\n", left_out);
}

void diff_print(FILE *to, const uint8_t *expected, size_t expected_len, const uint8_t *got, size_t got_len)
{
	/* static because they are large; the program is single-threaded */
	static struct side e, g;

	e.frame = expected;
	e.len = expected_len;
	g.frame = got;
	g.len = got_len;
	fields_of(expected, expected_len, &e.fields);
	fields_of(got, got_len, &g.fields);
	print_fields(to, &e, &g);
	print_hex(to, &e, &g);
}

void diff_show(FILE *to, const char *indent, const uint8_t *frame, size_t len)
{
	static struct fields f;

	fields_of(frame, len, &f);
	for (size_t i = 0; i < f.count; i++)
		fprintf(to, "%s%-*s %s\n", indent, NAME_WIDTH, f.list[i].name, f.list[i].text);
}
