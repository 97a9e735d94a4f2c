/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http: one small question at a time to one small server, over plain HTTP/1.1 (RFC 9110, 9112) by libcurl.
 *
 * Strict: no redirect is followed, no proxy of the environment has a say, a body above HTTP_BODY_MOST is refused before it is read
 * to its end, and every question has an end in time. libcurl is loaded by http_open(): who never asks pays nothing for it.
 */
#ifndef FOLD_HOST_HTTP_H
#define FOLD_HOST_HTTP_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_BODY_MOST 524288 /* octets */
#define HTTP_CONNECT_MS 3000

struct http;

/* Loads the library. 0 or -errno with a line in r. */
int http_open(struct http **out, struct report *r);
void http_close(struct http *h); /* and its connection; may be NULL */

struct http_request {
	const char *method; /* GET, POST, PUT or DELETE; without a body */
	const char *url;
	unsigned total_ms; /* from the first octet to the last */
	int wake;          /* readable: it is given up; -1: nothing wakes it */
};

/* body has a NUL behind it, and may hold others. Valid until the next question. */
struct http_reply {
	int status;
	const char *body;
	size_t len;
	bool fresh; /* it took a new connection, not the one of the question before */
	int kept_fd; /* that connection, readable when the server closes it; -1: it is closed already. Not the caller's */
};

/*
 * Asks, and fills *out. 0, or -errno with a line in r that says what happened: -EINTR (woken), -ECONNREFUSED (no connection),
 * -ETIMEDOUT (no reply in time), -EMSGSIZE (too much of it), -EPROTO (none that is HTTP, or half of it), -EIO.
 */
int http_ask(struct http *h, const struct http_request *q, struct http_reply *out, struct report *r);

#endif
