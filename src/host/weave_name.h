/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weave_name: a process that keeps one VM's name in weaveDNS, so that the
 * process that answers the guest neither waits for the router nor talks to it.
 *
 * fold starts it while all rights are still there. The process gives up its capabilities and is told which name to
 * enter. It enters the name again after a restart of the router, which then has forgotten all names, and withdraws it
 * when its caller ends, in whatever way. If the process itself is killed, its claim says what there is to withdraw.
 */
#ifndef FOLD_HOST_WEAVE_NAME_H
#define FOLD_HOST_WEAVE_NAME_H

#include "base/report.h"

#include <stdbool.h>

#include <netinet/in.h>
#include <sys/types.h>

#define WEAVE_NAME_CLAIM "weave-" /* followed by the interface's name */

struct weave_name {
	pid_t pid; /* 0: there is none */
	int fd;
};

#define WEAVE_NAME_NONE ((struct weave_name){.fd = -1})

/* Starts the process; the caller must have no thread. It enters names under iface. 0, or -errno with a line in r. */
int weave_name_start(const char *iface, struct in_addr ip, struct weave_name *out, struct report *r);

/* Tells the process the VM's new host name; "": none. Never blocks. 0 or -errno (-EPIPE: the process is gone). */
int weave_name_tell(const struct weave_name *n, const char *hostname);

/* end: has the process withdraw the name. wait: until it has, a few seconds at most. Both accept WEAVE_NAME_NONE. */
void weave_name_end(struct weave_name *n);
void weave_name_wait(struct weave_name *n);

/* Withdraws what the claim of a killed process names; text: the claim's. True if nothing of it is left. */
bool weave_name_clean(const char *iface, const char *text);

#endif
