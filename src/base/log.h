/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: one line a message, to where the user looks.
 *
 * Errors and warnings always go to stderr. Information goes to the system log
 * when stderr is a terminal (the guest's console is usually there), else to
 * stderr; log_open()'s verbose sends it to stderr in any case.
 */
#ifndef FOLD_BASE_LOG_H
#define FOLD_BASE_LOG_H

#include "base/bucket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name stands before every line; it must live as long as the program. */
void log_open(const char *name, bool verbose);

/*
 * From now on a line that stderr, or the system log, does not take at once is left out: a reader that has stopped, such
 * as a pager or a terminal after Ctrl-S, must not keep guests waiting. The next line that stderr takes is preceded by
 * how many are missing.
 */
void log_never_wait(void);

/* Further settings, for a daemon. stamp: each line begins with the time, for a log file. debug: log_debug() prints. */
void log_set(bool stamp, bool debug);

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A bucket that lets `burst` messages through at once and `per_second` after
 * that, so that no guest fills a disk. now_ms: a monotonic clock.
 * Returns false where the message is to be left out; *suppressed is how many
 * were left out since the last one that passed (0 where none, may be NULL).
 */
struct log_limit {
	uint32_t burst;
	uint32_t per_second;
	struct bucket bucket;
	uint64_t left_out;
};

bool log_limit_pass(struct log_limit *l, uint64_t now_ms, uint64_t *suppressed);

/*
 * Writes len bytes that a guest sent as printable ASCII, everything else as
 * \xNN, cut to fit; always ends in NUL. Returns out.
 */
const char *log_escape(const void *bytes, size_t len, char *out, size_t size);

#endif
