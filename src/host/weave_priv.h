/* SPDX-License-Identifier: GPL-2.0-or-later */
/* weave_priv: shared by both halves of the router's client, addresses (weave.c) and names (weave_dns.c). */
#ifndef FOLD_HOST_WEAVE_PRIV_H
#define FOLD_HOST_WEAVE_PRIV_H

#include "host/http.h"
#include "host/weave.h"

#include <net/if.h>

#define WEAVE_PATH_SIZE 1024

/* The last request for an address, and what the name had before, which weave_undo() must not release. */
struct weave_want {
	char name[3 * IFNAMSIZ]; /* escaped */
	char path[3 * IFNAMSIZ + CIDR4_TEXT + 8];
	struct cidr4 subnet;
	bool owns;      /* an address in any subnet */
	bool owns_here; /* in this one */
};

struct weave {
	struct http *http;
	struct weave_want want;
	int wake;
	char where[WEAVE_WHERE_SIZE];
};

/* Sends one request, whose path is made from fmt. 0 and *out, or -errno with a line in r. */
int weave_ask(struct weave *w, const char *method, unsigned ms, struct http_reply *out, struct report *r,
	      const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* 0 if the status is `want`, else -errno with a line in r. off: the line for status 404: what it means, what to do. */
int weave_check(const struct weave *w, const struct http_reply *reply, int want, const char *off, struct report *r);

/* Reports an error, in a line that begins with the router and its address; returns -err. */
int weave_fail(const struct weave *w, struct report *r, int err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Escapes text as one segment of a path or one value of a query
 * (RFC 3986 2.1, 2.3). Each octet may become three; and a NUL.
 */
const char *weave_escape(const char *text, char *out, size_t size);

#endif
