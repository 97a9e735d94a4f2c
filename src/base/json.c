/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

void json_start(struct json *j, FILE *to)
{
	*j = (struct json){.to = to};
}

/* How many octets the character there has, or 0 where it is none (RFC 3629 4: the shortest form, no surrogates). */
static size_t character(const unsigned char *c)
{
	if (c[0] < 0x80)
		return 1;
	size_t len = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	/* The second octet rules out long forms, surrogates and what is above U+10FFFF. */
	unsigned char low = c[0] == 0xe0 ? 0xa0 : c[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = c[0] == 0xed ? 0x9f : c[0] == 0xf4 ? 0x8f : 0xbf;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* RFC 8259 7: quotation mark, reverse solidus and control characters are escaped; and DEL, which terminals act on. */
static void put_string(struct json *j, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	fputc('"', j->to);
	while (*c) {
		size_t len = character(c);
		if (*c == '"' || *c == '\\')
			fprintf(j->to, "\\%c", *c);
		else if (*c < ' ' || *c == 0x7f)
			fprintf(j->to, "\\u%04x", *c);
		else if (len)
			fwrite(c, 1, len, j->to);
		else
			fputs("\\ufffd", j->to);
		c += len ? len : 1;
	}
	fputc('"', j->to);
}

static void begin_value(struct json *j, const char *key)
{
	if (j->depth)
		fprintf(j->to, "%s\n%*s", j->inside ? "," : "", 2 * j->depth, "");
	j->inside = true;
	if (!key)
		return;
	put_string(j, key);
	fputs(": ", j->to);
}

static void begin_level(struct json *j, const char *key, char open, char end)
{
	begin_value(j, key);
	assert(j->depth < JSON_DEPTH);
	fputc(open, j->to);
	j->end[j->depth++] = end;
	j->inside = false;
}

void json_object(struct json *j, const char *key)
{
	begin_level(j, key, '{', '}');
}

void json_array(struct json *j, const char *key)
{
	begin_level(j, key, '[', ']');
}

void json_end(struct json *j)
{
	assert(j->depth > 0);
	j->depth--;
	if (j->inside)
		fprintf(j->to, "\n%*s", 2 * j->depth, "");
	fputc(j->end[j->depth], j->to);
	j->inside = true;
	if (!j->depth)
		fputc('\n', j->to);
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin_value(j, key);
	if (value)
		put_string(j, value);
	else
		fputs("null", j->to);
}

void json_number(struct json *j, const char *key, int64_t value)
{
	begin_value(j, key);
	fprintf(j->to, "%" PRId64, value);
}
