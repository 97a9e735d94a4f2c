/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_policy: which DNS questions are answered, forwarded and refused, and the zone; a part of guest_build(). */
#ifndef FOLD_GUEST_DNS_POLICY_H
#define FOLD_GUEST_DNS_POLICY_H

#include "base/report.h"
#include "guest/binding.h"
#include "guest/config.h"
#include "guest/guest.h"

/*
 * Fills g->dns except the addresses of its server, which service_build() sets. flags: guest_build()'s. 0, or -errno
 * with a line in r.
 */
int dns_policy_build(struct guest *g, const struct binding *b, const struct config *c, unsigned flags,
		     struct report *r);

#endif
