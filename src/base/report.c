/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/report.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE 512
#define HEAD 96 /* octets kept of the beginning of a line that is too long */

/*
 * Formats the line into LINE octets. What it quotes came from files: nothing in that may move a terminal's cursor or
 * start a new line. Nor may a long word push out what is wrong with it, which stands behind it.
 */
__attribute__((format(printf, 2, 0))) static void format_line(char line[static LINE], const char *fmt, va_list ap)
{
	_cleanup_(cleanup_free) char *whole = NULL;
	int len = vasprintf(&whole, fmt, ap);

	if (len < 0)
		whole = NULL; /* undefined after an error */
	if (!whole || len < LINE)
		snprintf(line, LINE, "%s", whole ? whole : "out of memory");
	else
		snprintf(line, LINE, "%.*s...%s", HEAD, whole, whole + len - (LINE - HEAD - 4));
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
}

void report_set(struct report *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	format_line(r->msg, fmt, ap);
	va_end(ap);
}

int report_fail(struct report *r, int err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	format_line(r->msg, fmt, ap);
	va_end(ap);
	return -err;
}

const char *report_line(const struct report *r, int err)
{
	return r->msg[0] ? r->msg : strerror(err < 0 ? -err : err);
}

void report_warn(struct report *r, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;
	va_start(ap, fmt);
	format_line(line, fmt, ap);
	va_end(ap);
	r->warnings++;
	if (r->warn)
		r->warn(r->warn_arg, line);
	else
		log_warn("%s", line);
}

void report_quiet(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}
