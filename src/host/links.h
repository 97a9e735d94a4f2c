/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * links: reports all interfaces of this network namespace as they
 * appear, are renamed and go. Source: rtnetlink(7), linux/if_link.h.
 *
 * libnfnetlink's nlif table would give the name of an index, after a walk through one of sixteen lists; but it
 * has no MAC addresses and reports no changes. This module uses the same events, for ten thousand interfaces.
 */
#ifndef FOLD_HOST_LINKS_H
#define FOLD_HOST_LINKS_H

#include "base/addr.h"

#include <stdint.h>

/* Callbacks. A full listing comes between begin and end: an interface that it does not report is gone. */
struct links_events {
	void (*here)(void *arg, int ifindex, const char *name, const uint8_t mac[static MAC_LEN]);
	void (*gone)(void *arg, int ifindex);
	void (*begin)(void *arg);
	void (*end)(void *arg);
	void *arg;
};

struct links;

/* Subscribes to events, then lists all interfaces. 0 or -errno. */
int links_open(const struct links_events *e, struct links **out);
void links_close(struct links *l);
int links_fd(const struct links *l); /* readable when there are events */

/* Handles up to `most` messages; if the kernel lost some, lists all interfaces again. 0 or -errno. Does not block. */
int links_read(struct links *l, unsigned most);

#endif
