/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build: combines the VM's identity, its binding and the global configuration into what the answerers read. */
#ifndef FOLD_GUEST_BUILD_H
#define FOLD_GUEST_BUILD_H

#include "base/report.h"
#include "guest/binding.h"
#include "guest/config.h"
#include "guest/guest.h"

enum guest_build_flags {
	GUEST_NEED_GATEWAY_MAC = 1, /* a GATEWAY without its GATEWAY_MAC is an error: fold filters by it */
	GUEST_GATEWAY_ANYWHERE = 2, /* GATEWAY may be outside the subnet: whoever made the link has provided for that */
	GUEST_DNS_STREAMS = 4,      /* DNS questions come by TCP too; the caller keeps the connections (dns/stream.h) */
	GUEST_HAS_RULES = 8,  /* nftables rules of the VM's own bring its packets, and enforce ALLOW (fw/rules.h) */
	GUEST_BY_QUEUES = 16, /* a service without a queue in the configuration is off */
	GUEST_MAY_LACK_ADDRESS = 32, /* a VM without any is no error: it is told nothing, and nobody else tells it */
};

/*
 * Fills *out, which the caller frees, from these three: each value is decided once and copied. b may be NULL: no
 * binding file. Warns of keys of b that contradict id; they have no effect. 0, or -EINVAL (-ENOMEM) with one line in r
 * and *out untouched.
 */
int guest_build(const struct identity *id, const struct binding *b, const struct config *c, unsigned flags,
		struct guest *out, struct report *r);

/*
 * The identity of the VM behind an interface, from its binding file alone, for fold-dhcpd. The IPv6 address is IP6,
 * else EUI64, else the Modified EUI-64 one (RFC 4291 A) in SUBNET6. Without SUBNET the length is 32, without SUBNET6
 * 128. The file may give no address: Ganeti writes such ones for interfaces without.
 */
int identity_from_binding(const char *iface, const struct binding *b, struct identity *out, struct report *r);

#endif
