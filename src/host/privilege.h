/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privilege: what the process that talks to the guest may still do once everything is set up. */
#ifndef FOLD_HOST_PRIVILEGE_H
#define FOLD_HOST_PRIVILEGE_H

#include "base/report.h"

/*
 * Keeps CAP_NET_ADMIN alone (verdicts, and taking the rules down if the keeper is killed) and gives up the
 * rest for good, also for whatever it might execute. 0, or -errno with a line in r.
 */
int privilege_drop(struct report *r);

#endif
