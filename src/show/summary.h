/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary: one line about a frame. */
#ifndef FOLD_SHOW_SUMMARY_H
#define FOLD_SHOW_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

/* Describes any frame, also a truncated or malformed one. Strings from guests are escaped. Returns text. */
const char *summary_of(const uint8_t *frame, size_t len, char *text, size_t size);

#endif
