/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_hub: tells a VM of changes of its tap and its bridge, at a cost for the kernel that does not grow with the
 * number of VMs: one of the folds of a network namespace, the leader, listens to the kernel (link_watch.h) for all.
 *
 * The leader is whoever has locked the namespace's folder (claim.h), which only root can reach, and it takes
 * connections at a socket in there. When it ends, however it ends, the kernel releases the lock, the others see the end
 * of their connections, and one of them leads. Where there is no leader to be had, as for one that does not answer, a
 * VM listens by itself, and tries again later.
 */
#ifndef FOLD_HOST_LINK_HUB_H
#define FOLD_HOST_LINK_HUB_H

#include <stdbool.h>

struct link_hub;

/* What a VM wants to hear of. */
struct link_interest {
	int port;   /* ifindex of the tap */
	int bridge; /* ifindex */
};

/* folder: of the network namespace. 0 or -errno. */
int link_hub_open(const struct link_interest *own, unsigned long folder, struct link_hub **out);
/* This and the functions below do nothing for NULL. */
void link_hub_close(struct link_hub *h);

/* Before this process stops: another one leads, if this one did. link_hub_return() has this VM be told again. */
void link_hub_leave(struct link_hub *h);
void link_hub_return(struct link_hub *h);

/* Readable when link_hub_serve() has something to do; -1 for NULL. It stays the hub's. */
int link_hub_fd(const struct link_hub *h);

/*
 * Does what is to be done, for others too. Returns true if one of these may have changed: the tap or its port of the
 * bridge; the bridge's name, MAC or MTU; an IP address of the bridge. It returns true also when this VM begins to be
 * told of all later changes, as at the start and after another process has become the leader. Never waits.
 */
bool link_hub_serve(struct link_hub *h);

/* Removes the socket that a killed leader left, if nobody leads. */
void link_hub_clean(unsigned long folder);

#endif
