/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * routes: reads a VM's network from a routing table, for LINK of a binding. Source: rtnetlink(7), iproute2's rt_tables.
 *
 * The gateway and its interface are those of the table's default route. The subnet
 * is the widest one that the table has at that interface without a gateway.
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
	int ifindex; /* the default route's, IPv4's before IPv6's; 0: there is none */
};

/* A table's number, from text that is its number or its name in rt_tables; 0 if the name is unknown. */
uint32_t routes_table(const char *name);

/* Fills in *out, which is empty if the table is. 0, or -errno with a line in r. */
int routes_read(uint32_t table, struct routes_link *out, struct report *r);

/*
 * The interface of the default route, as the kernel finds it (with its
 * routing rules). 0, -ENETUNREACH if there is no such route, or -errno.
 */
int routes_out(uint8_t family, char name[static IF_NAMESIZE]);

/* A socket that becomes readable when a route comes or goes. The caller closes the descriptor. Or -errno. */
int routes_watch(void);
void routes_drain(int fd);

#endif
