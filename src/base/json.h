/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json: writes one JSON text (RFC 8259) to a stream, value by value. Commas and line breaks come by themselves; each
 * object and array must be closed. The caller checks the stream for write errors in the end.
 */
#ifndef FOLD_BASE_JSON_H
#define FOLD_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 8

struct json {
	FILE *to;
	int depth;
	char end[JSON_DEPTH]; /* what closes each level */
	bool inside;          /* this level has a value already */
};

void json_start(struct json *j, FILE *to);

/* key: NULL in an array and at the top. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j);
/* value: NULL is null. Octets that are no UTF-8 become U+FFFD each. */
void json_string(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, int64_t value);

#endif
