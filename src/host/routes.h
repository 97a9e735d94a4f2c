/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * routes: what a routing table says of a VM's network: LINK of a binding. Source: rtnetlink(7), iproute2's rt_tables.
 *
 * The gateway and its interface are those of the table's default route; the subnet is the widest one that the table has at that
 * interface without a gateway.
 */
#ifndef FOLD_HOST_ROUTES_H
#define FOLD_HOST_ROUTES_H

#include "base/addr.h"
#include "base/report.h"

#include <stdbool.h>
#include <stdint.h>

#include <net/if.h>

struct routes_link {
	bool has_net4, has_gateway4, has_net6, has_gateway6;
	struct cidr4 net4;
	struct in_addr gateway4;
	struct cidr6 net6;
	struct in6_addr gateway6;
	int ifindex; /* of the default routes, IPv4's before IPv6's; 0: there is none */
};

/* A table's number from its number or its name in rt_tables; 0 where nobody knows it. */
uint32_t routes_table(const char *name);

/* 0 and *out, empty where the table is; or -errno with a line in r. */
int routes_read(uint32_t table, struct routes_link *out, struct report *r);

/*
 * By which interface what goes to no network in particular leaves, as the kernel finds it (rules of routing included). 0, -ENETUNREACH
 * where there is no way, or -errno.
 */
int routes_out(uint8_t family, char name[static IF_NAMESIZE]);

/* A socket that becomes readable when a route comes or goes. The descriptor, the caller's, or -errno. */
int routes_watch(void);
void routes_drain(int fd);

#endif
