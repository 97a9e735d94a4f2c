/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http: sends one small request at a time to one small server, over plain HTTP/1.1 (RFC 9110, 9112) by libcurl.
 *
 * Strict: it follows no redirect, ignores the environment's proxies, refuses a body above
 * HTTP_BODY_MOST before reading it to its end, and limits the time of every request.
 * http_open() loads libcurl, so a process that sends no request does not pay for it.
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
void http_close(struct http *h); /* closes the connection too; h may be NULL */

struct http_request {
	const char *method; /* GET, POST, PUT or DELETE; without a body */
	const char *url;
	unsigned total_ms; /* from the first octet to the last */
	int wake;          /* a descriptor: once readable, the request is given up; -1: none */
};

/* body has a NUL behind it, and may hold others. Valid until the next question. */
struct http_reply {
	int status;
	const char *body;
	size_t len;
	bool fresh;  /* it took a new connection, not that of the request before */
	int kept_fd; /* that connection, readable once the server closes it; -1: closed already. Owned by libcurl */
};

/*
 * Asks, and fills *out. 0, or -errno with a line in r that says what happened: -EINTR (woken), -ECONNREFUSED (no connection),
 * -ETIMEDOUT (no reply in time), -EMSGSIZE (too much of it), -EPROTO (none that is HTTP, or half of it), -EIO.
 */
int http_ask(struct http *h, const struct http_request *q, struct http_reply *out, struct report *r);

#endif
