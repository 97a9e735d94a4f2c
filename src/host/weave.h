/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weave: fold's requests to Weave Net's router: IPv4 addresses, and names in weaveDNS. Source: the router's HTTP API
 * (weaveworks/weave, ipam/http.go and nameserver/http.go), which it serves to its own host.
 *
 * Every error line begins with the router and its address. The router's own text is passed on, escaped.
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

/*
 * Completes "host:port", of which either part may be missing
 * (NULL, "", ":6785", "10.0.0.1"). 0 or -EINVAL, a line in r.
 */
int weave_where(const char *text, char out[static WEAVE_WHERE_SIZE], struct report *r);

/*
 * where: as weave_where() gives it, or NULL for the environment's WEAVE_HTTP_ADDR. wake: a descriptor that
 * ends a request early when it becomes readable, or -1. Sends nothing yet. 0 or -errno with a line in r.
 */
int weave_open(const char *where, int wake, struct weave **out, struct report *r);
void weave_close(struct weave *w);           /* may be NULL */
const char *weave_at(const struct weave *w); /* "host:port" */

/* The subnet for requests that name none. 0 or -errno with a line in r, -ENOTSUP: the router allocates no addresses. */
int weave_default_subnet(struct weave *w, struct cidr4 *out, struct report *r);

/*
 * The address that `name`, an interface's, holds in the subnet (NULL: the default
 * one), or a new one. On failure this gives back an address that the router may have
 * allocated, and no other. 0, or -errno with a line in r; -EINTR: the wake descriptor.
 */
int weave_allocate(struct weave *w, const char *name, const struct cidr4 *subnet, struct cidr4 *out, struct report *r);

/* Gives back what the last weave_allocate() got, unless the name had it before. 0 or -errno. */
int weave_undo(struct weave *w);

/* Gives back every address that name holds. The router calls it an error if there is none. 0 or -errno, a line in r. */
int weave_release(struct weave *w, const char *name, struct report *r);

/*
 * weaveDNS's domain, without its last dot. *fresh: the request took a new connection, so
 * the router may have restarted and lost all names; *kept_fd: becomes readable when the
 * connection ends, -1 if it has. 0 or -errno with a line in r; -ENOTSUP: weaveDNS is off.
 */
int weave_domain(struct weave *w, char out[static WEAVE_NAME_SIZE], bool *fresh, int *kept_fd, struct report *r);

/*
 * A host's name in the domain: `host` and the domain, or `host` as it is if it has dots. 0; -EINVAL: it has
 * dots and is not in the domain, so that the router would accept it but never answer for it; -ENAMETOOLONG.
 */
int weave_full_name(const char *host, const char *domain, char out[static WEAVE_NAME_SIZE]);

/*
 * Enter name with the address in weaveDNS, under `id`, an interface's name, or withdraw exactly that
 * entry. They ignore the wake descriptor, and take 3 seconds at most. 0 or -errno with a line in r.
 */
int weave_enter(struct weave *w, const char *id, struct in_addr ip, const char *name, struct report *r);
int weave_withdraw(struct weave *w, const char *id, struct in_addr ip, const char *name, struct report *r);

#endif
