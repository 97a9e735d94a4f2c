/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_members: the VMs that the leader of a network namespace listens for (link_hub.h), and which of them is told of
 * which change. A member is told by an octet on its connection, the leader's own VM by a return value.
 */
#ifndef FOLD_HOST_LINK_MEMBERS_H
#define FOLD_HOST_LINK_MEMBERS_H

#include "host/link_hub.h"
#include "host/link_watch.h"

#include <stddef.h>

#define LINK_MEMBERS_SELF (-1) /* the leader's own VM, instead of a descriptor */

/* What an octet says. */
#define LINK_TOLD_ANSWER 'a' /* to what the member has said */
#define LINK_TOLD_CHANGE 'c'

struct link_members {
	struct link_member *at;
	size_t count, room;
};

/* Adds a member that wants to hear of nothing yet. 0, or -errno and the descriptor is still the caller's. */
int link_members_add(struct link_members *all, int fd);
/* Sets what a member wants to hear of, and answers it. */
void link_members_set(struct link_members *all, int fd, const struct link_interest *of);
/* Removes a member and closes its connection; clear: all of them. */
void link_members_drop(struct link_members *all, int fd);
void link_members_clear(struct link_members *all);

/* Tell those whom a change concerns, or all. True: the leader's own VM is among them. Never wait. */
bool link_members_tell(struct link_members *all, const struct link_change *c);
bool link_members_tell_all(struct link_members *all);

#endif
