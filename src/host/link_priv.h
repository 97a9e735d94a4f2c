/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_priv: what link.c, link_port.c and link_address.c share, one rtnetlink socket and the questions on it. */
#ifndef FOLD_HOST_LINK_PRIV_H
#define FOLD_HOST_LINK_PRIV_H

#include "host/link.h"

#include <stdint.h>

#include <libmnl/libmnl.h>

#define LINK_BUFFER 8192

struct link {
	struct mnl_socket *socket;
	uint32_t seq;
	char buf[LINK_BUFFER];
};

/* Starts a message in the link's buffer. */
struct nlmsghdr *link_start(struct link *l, uint16_t type, uint16_t flags);

/* The same for a message about an interface; 0: none. family: AF_UNSPEC, or AF_BRIDGE for it as a port. */
struct nlmsghdr *link_start_on(struct link *l, uint16_t type, uint16_t flags, uint8_t family, int ifindex);

/* Asks for no link-local address, so that the host has no IPv6 on this interface. -EAFNOSUPPORT: there is no IPv6. */
void link_put_no_ipv6(struct nlmsghdr *h);

/* Sends h and runs cb, if any, on the data before the final answer. -EINTR: the dump is not consistent. */
int link_talk(struct link *l, const struct nlmsghdr *h, mnl_cb_t cb, void *arg);

#endif
