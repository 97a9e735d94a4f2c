/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privilege: what the process that talks to the guest may still do once everything is set up. */
#ifndef FOLD_HOST_PRIVILEGE_H
#define FOLD_HOST_PRIVILEGE_H

#include "base/report.h"

#include <stdbool.h>

/*
 * Whether reading that file takes more than being its owner or in the world: a user's private file, or one in a
 * private directory, which sudo has fold read.
 */
bool privilege_to_read(const char *path);

/*
 * Keeps CAP_NET_ADMIN alone (verdicts, and taking the rules down if the keeper is killed; read_all: and
 * CAP_DAC_READ_SEARCH, for a binding file that is followed) and gives up the rest for good, also for whatever it might
 * execute. 0, or -errno with a line in r.
 */
int privilege_drop(bool read_all, struct report *r);

/* Gives all of them up, for a process that needs nothing but the network. 0, or -errno with a line in r. */
int privilege_drop_all(struct report *r);

#endif
