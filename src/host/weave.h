/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weave: what fold wants of Weave Net's router: IPv4 addresses, and names in weaveDNS. Source: the router's HTTP API
 * (weaveworks/weave, ipam/http.go and nameserver/http.go), which it serves to its own host.
 *
 * Every line of an error begins with the router and its address. What the router says itself is passed on, escaped.
 */
#ifndef FOLD_HOST_WEAVE_H
#define FOLD_HOST_WEAVE_H

#include "base/addr.h"
#include "base/report.h"

#include <stdbool.h>

#define WEAVE_ENV "WEAVE_HTTP_ADDR"
#define WEAVE_WHERE_SIZE 264 /* "host:port" and a NUL */
#define WEAVE_NAME_SIZE 254  /* RFC 1035 2.3.4: a name as text, and a NUL */

struct weave;

/* "host:port", of which either half, or all, may be left out (NULL, "", ":6785", "10.0.0.1"). 0 or -EINVAL with a line in r. */
int weave_where(const char *text, char out[static WEAVE_WHERE_SIZE], struct report *r);

/*
 * where: as weave_where() gives it, or NULL for what the environment's WEAVE_HTTP_ADDR says. wake: a descriptor that makes a question
 * end early when it becomes readable, or -1. Nothing is sent yet. 0 or -errno with a line in r.
 */
int weave_open(const char *where, int wake, struct weave **out, struct report *r);
void weave_close(struct weave *w);           /* may be NULL */
const char *weave_at(const struct weave *w); /* "host:port" */

/* The subnet of those who ask for none. 0 or -errno with a line in r, -ENOTSUP where the router gives out no addresses. */
int weave_default_subnet(struct weave *w, struct cidr4 *out, struct report *r);

/*
 * The address that `name`, an interface's, holds in the subnet (NULL: the default one), or a new one of it. What the router may have
 * given when this fails is given back, and nothing else. 0, or -errno with a line in r; -EINTR: the wake descriptor.
 */
int weave_allocate(struct weave *w, const char *name, const struct cidr4 *subnet, struct cidr4 *out, struct report *r);

/* Gives back what the last weave_allocate() got, unless the name had it before. 0 or -errno. */
int weave_undo(struct weave *w);

/* Gives back every address that name holds; that there is none is an error, as the router says. 0 or -errno with a line in r. */
int weave_release(struct weave *w, const char *name, struct report *r);

/*
 * weaveDNS's domain, without its last dot. *fresh: this took a new connection, so that the router may have lost all names
 * since; *kept_fd: readable when this one ends, -1 where it has. 0 or -errno with a line in r; -ENOTSUP: weaveDNS is off.
 */
int weave_domain(struct weave *w, char out[static WEAVE_NAME_SIZE], bool *fresh, int *kept_fd, struct report *r);

/*
 * A host's name in the domain: `host` with the domain behind it, or as it is where it has dots. 0, -EINVAL: it has dots and lies
 * elsewhere, where the router would take it and answer nothing; -ENAMETOOLONG.
 */
int weave_full_name(const char *host, const char *domain, char out[static WEAVE_NAME_SIZE]);

/*
 * Enters name with the address, under `id`, an interface's name; or withdraws just that. Nothing wakes these before they have ended,
 * 3 seconds at most. 0 or -errno with a line in r.
 */
int weave_enter(struct weave *w, const char *id, struct in_addr ip, const char *name, struct report *r);
int weave_withdraw(struct weave *w, const char *id, struct in_addr ip, const char *name, struct report *r);

#endif
