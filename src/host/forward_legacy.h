/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward_legacy: the same as forward_policy for x_tables, the older kind of tables, which iptables-legacy fills. */
#ifndef FOLD_HOST_FORWARD_LEGACY_H
#define FOLD_HOST_FORWARD_LEGACY_H

#include <stdbool.h>

/* Whether the family's filter table exists. Asking does not create it. */
bool forward_legacy_in_use(int family);

/*
 * Whether the policy of FORWARD is to drop and no rule accepts all packets from
 * one port of the bridge to another. Rules that test more than interfaces are
 * skipped, jumps are not followed. family: AF_INET or AF_INET6. 1, 0, or -errno.
 */
int forward_legacy_drops(int family, const char *bridge);

#endif
