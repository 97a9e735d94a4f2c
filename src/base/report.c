/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/report.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

/* What is quoted in the line came from files: nothing in it may move a terminal's cursor or start a new line. */
__attribute__((format(printf, 2, 0))) static void format_line(char line[static 512], const char *fmt, va_list ap)
{
	vsnprintf(line, 512, fmt, ap);
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

void report_warn(struct report *r, const char *fmt, ...)
{
	char line[512];
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
