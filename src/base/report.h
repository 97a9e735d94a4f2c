/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: the one line that tells the user what is wrong and what to do, handed
 * up to the caller who knows whether it is fatal. Warnings do not wait: they go
 * to the log, or to a function that the caller names.
 */
#ifndef FOLD_BASE_REPORT_H
#define FOLD_BASE_REPORT_H

/* Start with all zeros: `struct report r = {0};`. One may serve many calls. */
struct report {
	char msg[512]; /* set where a function failed; one line, printable, no newline */
	unsigned warnings;
	void (*warn)(void *arg, const char *line); /* NULL: log_warn */
	void *warn_arg;
};

/* Sets the line. Control bytes become '?', and a line that is too long loses its middle. */
void report_set(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, and returns -err, for `return report_fail(r, EINVAL, "...")`. err: an errno value. */
int report_fail(struct report *r, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The line or, where a function failed without setting one, the text of err (an errno value of either sign). */
const char *report_line(const struct report *r, int err);

/* A `warn` for callers who need no warnings, because another part of fold gives them. */
void report_quiet(void *arg, const char *line);

/* Gives one warning at once and counts it. */
void report_warn(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
