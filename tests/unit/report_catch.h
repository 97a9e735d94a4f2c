/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_catch: a report that collects its warnings, and assertions on messages that print the actual text on failure.
 */
#ifndef FOLD_TESTS_REPORT_CATCH_H
#define FOLD_TESTS_REPORT_CATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/report.h"

struct catch
{
	struct report r;
	char warnings[4096]; /* a line each */
};

static inline void catch_warning(void *arg, const char *line)
{
	struct catch *c = arg;
	size_t used = strlen(c->warnings);
	snprintf(c->warnings + used, sizeof(c->warnings) - used, "%s\n", line);
}

static inline struct report *catch_reset(struct catch *c)
{
	memset(c, 0, sizeof(*c));
	c->r.warn = catch_warning;
	c->r.warn_arg = c;
	return &c->r;
}

static inline void check_has(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part))
		return;
	print_error("\"%s\" has no \"%s\"\n", text, part);
	_fail(file, line);
}
#define assert_has(text, part) check_has(text, part, __FILE__, __LINE__)

#endif
