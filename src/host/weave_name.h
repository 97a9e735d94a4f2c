/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weave_name: a process that keeps one VM's name in weaveDNS, so that whoever answers the guest neither waits for a router nor
 * speaks to one.
 *
 * It is made while everything may still be done, gives its capabilities up, and is told what to enter. It enters it again when the
 * router was restarted, which forgets all names, and withdraws it when its caller ends, in whatever way. A claim says what there
 * is to withdraw when it is killed itself.
 */
#ifndef FOLD_HOST_WEAVE_NAME_H
#define FOLD_HOST_WEAVE_NAME_H

#include "base/report.h"

#include <stdbool.h>

#include <netinet/in.h>
#include <sys/types.h>

#define WEAVE_NAME_CLAIM "weave-" /* and the interface's name */

struct weave_name {
	pid_t pid; /* 0: there is none */
	int fd;
};

#define WEAVE_NAME_NONE ((struct weave_name){.fd = -1})

/* Starts it; the caller must have no thread. Names are entered under the interface's. 0, or -errno with a line in r. */
int weave_name_start(const char *iface, struct in_addr ip, struct weave_name *out, struct report *r);

/* The VM's host name from now on; "": none. Never blocks. 0 or -errno (-EPIPE: the process is gone). */
int weave_name_tell(const struct weave_name *n, const char *hostname);

/* end: it withdraws what it entered. wait: until it has, a few seconds at most. Both may be called for none. */
void weave_name_end(struct weave_name *n);
void weave_name_wait(struct weave_name *n);

/* What the claim of a killed one says is withdrawn; true where nothing is left of it. */
bool weave_name_clean(const char *iface, const char *text);

#endif
