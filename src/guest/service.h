/* SPDX-License-Identifier: GPL-2.0-or-later */
/* service: the addresses that the responder itself has on the guest's link; a part of guest_build(). */
#ifndef FOLD_GUEST_SERVICE_H
#define FOLD_GUEST_SERVICE_H

#include "base/report.h"
#include "guest/binding.h"
#include "guest/config.h"
#include "guest/guest.h"

/*
 * Fills dhcp_server4, service4, service6, notify and the server addresses of dns in g, whose identity and name servers
 * are set already. flags: guest_build()'s. 0, or -EINVAL (-ENOMEM) with a line in r if an address that the files name
 * for the responder is the VM's own.
 */
int service_build(struct guest *g, const struct binding *b, const struct config *c, unsigned flags, struct report *r);

#endif
