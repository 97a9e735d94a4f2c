/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text: helpers for the text of both file formats. */
#ifndef FOLD_GUEST_TEXT_H
#define FOLD_GUEST_TEXT_H

#include "base/report.h"

#include <stddef.h>

/*
 * Checks that text is no longer than max and has no control octets but tab, newline and carriage return, so that a disk
 * image or a UTF-16 file is recognised at its first line. 0, or -EFBIG, -EINVAL with a line in r that begins with the
 * path.
 */
int text_check(const char *text, size_t len, size_t max, const char *path, struct report *r);

/* Cuts white space off both ends, in place. */
char *text_trim(char *text);

/* Octets of the byte order mark at the head of the text, which some editors put there: 3, or 0 where there is none. */
size_t text_mark(const char *text, size_t len);

#endif
