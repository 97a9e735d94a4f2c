/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text: builds a line of text in a buffer of fixed size, and cuts what does not fit. */
#ifndef FOLD_SHOW_TEXT_H
#define FOLD_SHOW_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *at;
	size_t left; /* with the NUL; never 0 */
};

void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_hex(struct text *t, const uint8_t *b, size_t len);
void text_mac(struct text *t, const uint8_t b[static 6]);
void text_ip4(struct text *t, const uint8_t b[static 4]);
void text_ip6(struct text *t, const uint8_t b[static 16]);
/* What a guest said, in quotes; all but printable ASCII as \xNN. */
void text_quoted(struct text *t, const uint8_t *b, size_t len);

#endif
