/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * links: all interfaces of this network namespace, as they come, change their names and go. Source: rtnetlink(7), linux/if_link.h.
 *
 * libnfnetlink's nlif table says of an index which name it has, after a walk through one of sixteen lists; it knows no MAC
 * address and tells nobody what has changed. For ten thousand interfaces this does what is needed with the same events.
 */
#ifndef FOLD_HOST_LINKS_H
#define FOLD_HOST_LINKS_H

#include "base/addr.h"

#include <stdint.h>

/* What the owner hears. A listing of all comes between begin and end: what was not there then is gone. */
struct links_events {
	void (*here)(void *arg, int ifindex, const char *name, const uint8_t mac[static MAC_LEN]);
	void (*gone)(void *arg, int ifindex);
	void (*begin)(void *arg);
	void (*end)(void *arg);
	void *arg;
};

struct links;

/* Begins to listen, then lists all. 0 or -errno. */
int links_open(const struct links_events *e, struct links **out);
void links_close(struct links *l);
int links_fd(const struct links *l); /* readable when something happened */

/* Tells of up to `most` messages of what happened; where some were lost, lists all again. 0 or -errno. Does not block. */
int links_read(struct links *l, unsigned most);

#endif
