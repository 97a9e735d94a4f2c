/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that come, change their names and go, and routes. */
#include "base/clock.h"
#include "dhcpd/daemon_priv.h"

#include <string.h>

#define ROUTES_QUIET_MS 50 /* routes come in bursts */

static void link_here(void *daemon, int ifindex, const char *name, const uint8_t mac[static MAC_LEN])
{
	struct daemon *d = daemon;
	struct port *was = table_by_index(&d->table, ifindex), *p;

	pthread_rwlock_wrlock(&d->table.lock);
	p = table_add(&d->table, name);
	bool appeared = p && p->ifindex != ifindex;
	if (p) {
		p->seen_link = d->listing;
		/* If another interface had that name, the one that is there now takes it over. */
		table_set_index(&d->table, p, ifindex);
		if (appeared || memcmp(p->mac, mac, MAC_LEN) != 0) {
			memcpy(p->mac, mac, MAC_LEN);
			bindings_follow_mac(d, p);
		}
	}
	pthread_rwlock_unlock(&d->table.lock);
	if (!appeared)
		return;
	if (was && was != p && !was->ifindex) {
		tell_stop(d, was);
		asking_close(d, was);
		pthread_rwlock_wrlock(&d->table.lock);
		memset(was->mac, 0, sizeof(was->mac));
		bindings_follow_mac(d, was);
		table_forget(&d->table, was);
		pthread_rwlock_unlock(&d->table.lock);
	}
	asking_close(d, p); /* the loop knows its descriptor by the old index */
	tell_start(d, p);
}

static void lose_link(struct daemon *d, struct port *p)
{
	tell_stop(d, p);
	asking_close(d, p);
	pthread_rwlock_wrlock(&d->table.lock);
	table_set_index(&d->table, p, 0);
	memset(p->mac, 0, sizeof(p->mac));
	bindings_follow_mac(d, p);
	table_forget(&d->table, p);
	pthread_rwlock_unlock(&d->table.lock);
}

static void link_gone(void *daemon, int ifindex)
{
	struct daemon *d = daemon;
	struct port *p = table_by_index(&d->table, ifindex);

	if (p)
		lose_link(d, p);
}

static void links_begin(void *daemon)
{
	struct daemon *d = daemon;

	d->listing++;
}

static void lose_unseen(void *daemon, struct port *p)
{
	struct daemon *d = daemon;

	if (p->ifindex && p->seen_link != d->listing)
		lose_link(d, p);
}

static void links_end(void *daemon)
{
	struct daemon *d = daemon;

	table_each(&d->table, lose_unseen, d);
}

static void routes_changed(void *daemon, struct moment *m)
{
	(void)m;
	bindings_routes_changed(daemon);
}

void interfaces_routes_changed(struct daemon *d)
{
	routes_drain(d->routes);
	/* A routing daemon may change routes all the time: nothing is read if no binding has a LINK. */
	if ((d->table_count || d->link_failed) && !d->routes_changed.place)
		due_set(&d->due, &d->routes_changed, clock_ms() + ROUTES_QUIET_MS);
}

int interfaces_open(struct daemon *d, struct report *r)
{
	const struct links_events events = {link_here, link_gone, links_begin, links_end, d};

	d->routes_changed = (struct moment){.run = routes_changed, .arg = d};
	d->routes = routes_watch();
	if (d->routes < 0)
		return report_fail(r, -d->routes, "rtnetlink: %s", strerror(-d->routes));
	int err = links_open(&events, &d->links);
	return err ? report_fail(r, -err, "rtnetlink: interfaces cannot be listed: %s", strerror(-err)) : 0;
}
