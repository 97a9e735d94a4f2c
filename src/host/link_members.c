/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link_members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#define ROOM_FIRST 16

struct link_member {
	int fd; /* or LINK_MEMBERS_SELF */
	struct link_interest of;
	/* The bridge as it was when the member was last told; empty: it will be told of the next message. */
	char bridge_name[IFNAMSIZ];
	uint8_t bridge_mac[MAC_LEN];
	uint32_t bridge_mtu;
};

int link_members_add(struct link_members *all, int fd)
{
	if (all->count == all->room) {
		size_t room = all->room ? all->room * 2 : ROOM_FIRST;
		struct link_member *more = reallocarray(all->at, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		all->at = more;
		all->room = room;
	}
	all->at[all->count++] = (struct link_member){.fd = fd};
	return 0;
}

static struct link_member *find(const struct link_members *all, int fd)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->at[i].fd == fd)
			return &all->at[i];
	return NULL;
}

/* Returns true where that is the leader's own VM. */
static bool say(const struct link_member *m, char what)
{
	if (m->fd == LINK_MEMBERS_SELF)
		return true;
	/* EAGAIN: it has not read yet what it was told before. Otherwise it must join anew, in order to miss nothing. */
	if (send(m->fd, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		shutdown(m->fd, SHUT_RDWR);
	return false;
}

void link_members_set(struct link_members *all, int fd, const struct link_interest *of)
{
	struct link_member *m = find(all, fd);

	if (!m)
		return;
	*m = (struct link_member){.fd = fd, .of = *of};
	say(m, LINK_TOLD_ANSWER);
}

void link_members_drop(struct link_members *all, int fd)
{
	struct link_member *m = find(all, fd);

	if (!m)
		return;
	close(fd);
	*m = all->at[--all->count];
}

void link_members_clear(struct link_members *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->at[i].fd != LINK_MEMBERS_SELF)
			close(all->at[i].fd);
	free(all->at);
	*all = (struct link_members){0};
}

/* Whether a change of a member's bridge is more than what bridges change all the time. */
static bool changes_bridge(struct link_member *m, const struct link_change *c)
{
	if (c->gone)
		return true;
	if (strncmp(m->bridge_name, c->name, IFNAMSIZ) == 0 && memcmp(m->bridge_mac, c->mac, MAC_LEN) == 0 &&
	    m->bridge_mtu == c->mtu)
		return false;
	memcpy(m->bridge_name, c->name, IFNAMSIZ);
	memcpy(m->bridge_mac, c->mac, MAC_LEN);
	m->bridge_mtu = c->mtu;
	return true;
}

static bool concerns(struct link_member *m, const struct link_change *c)
{
	switch (c->kind) {
	case LINK_CHANGE_LINK:
		return m->of.port == c->ifindex || (m->of.bridge == c->ifindex && changes_bridge(m, c));
	case LINK_CHANGE_PORT:
		return m->of.port == c->ifindex;
	case LINK_CHANGE_ADDRESS:
		return m->of.bridge == c->ifindex;
	case LINK_CHANGE_UNKNOWN:
		break;
	}
	return false;
}

bool link_members_tell(struct link_members *all, const struct link_change *c)
{
	bool own = false;

	for (size_t i = 0; i < all->count; i++)
		if (concerns(&all->at[i], c))
			own |= say(&all->at[i], LINK_TOLD_CHANGE);
	return own;
}

bool link_members_tell_all(struct link_members *all)
{
	bool own = false;

	for (size_t i = 0; i < all->count; i++) {
		memset(all->at[i].bridge_name, 0, IFNAMSIZ); /* which may have changed unheard */
		own |= say(&all->at[i], LINK_TOLD_CHANGE);
	}
	return own;
}
