/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text: what both file formats ask of their text. */
#ifndef FOLD_GUEST_TEXT_H
#define FOLD_GUEST_TEXT_H

#include "base/report.h"

#include <stddef.h>

/*
 * No longer than max, and no control octets but tab, newline and carriage return: a
 * disk image or a UTF-16 file is told from its first line. 0, or -EFBIG, -EINVAL with
 * a line in r that begins with the path.
 */
int text_check(const char *text, size_t len, size_t max, const char *path, struct report *r);

/* Cuts white space off both ends, in place. */
char *text_trim(char *text);

/* Past a byte order mark, which editors put at the head of a file. */
char *text_skip_mark(char *text);

#endif
