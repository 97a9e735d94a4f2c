/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

int text_check(const char *text, size_t len, size_t max, const char *path, struct report *r)
{
	unsigned line = 1;

	if (len > max)
		return report_fail(r, EFBIG, "%s: is larger than %zu KiB; make it smaller", path, max / 1024);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= ' ' && c != 0x7f)
			continue; /* nearly all are */
		if (c == '\n')
			line++;
		if (c != '\t' && c != '\n' && c != '\r')
			return report_fail(r, EINVAL,
					   "%s:%u: is not a text file (octet 0x%02x); write it as plain text", path,
					   line, c);
	}
	return 0;
}

char *text_trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	for (size_t n = strlen(text); n && isspace((unsigned char)text[n - 1]); n--)
		text[n - 1] = 0;
	return text;
}

size_t text_mark(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}
