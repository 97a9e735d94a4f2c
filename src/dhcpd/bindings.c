/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads binding files, with the keys of either line of nfdhcpd, and makes from them what the answerers read.
 *
 * A file is read when its writer has closed it. If it has an error, what was in force stays, and where nothing was the
 * interface stays without a binding. An address list that is gone is empty, with a warning; so is a bad one for a
 * binding that is new.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "dhcpd/daemon_priv.h"
#include "guest/address_list.h"
#include "guest/binding.h"
#include "guest/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROUTER_LIFETIME 14400 /* seconds; what nfdhcpd's guests have always been told, at the least */

/* The result of one reading, until it is in force. */
struct made {
	struct guest guest;
	bool any_mac, no_gateway6, own_gateway6, uses_link;
	char indev[IFNAMSIZ];
	int link_dev;
	char *lists;
	uint64_t text_hash;
	bool gone; /* there is no such file */
};

static void free_made(struct made *m)
{
	guest_free(&m->guest);
	free(m->lists);
}

/* FNV-1a, to see whether a file says something new. Whoever writes the file gains nothing by a collision. */
static uint64_t hash_text(const char *text, size_t len)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211ULL;
	return h;
}

/* Warns at a limited rate: one unknown key may stand in ten thousand files. */
static void warn_seldom(void *daemon, const char *line)
{
	struct daemon *d = daemon;
	uint64_t left_out = 0;

	if (!log_limit_pass(&d->warnings, clock_ms(), &left_out))
		return;
	if (left_out)
		log_warn("%s (%llu more not logged)", line, (unsigned long long)left_out);
	else
		log_warn("%s", line);
}

/* ---- a file ---- */

/* Copies the words into one string, each with its NUL, and one more NUL at the end. NULL without memory. */
static char *copy_words(const struct word_list *words)
{
	size_t len = 1;

	for (size_t i = 0; i < words->count; i++)
		len += strlen(words->at[i]) + 1;
	char *to = malloc(len), *at = to;
	for (size_t i = 0; to && i < words->count; i++)
		at = stpcpy(at, words->at[i]) + 1;
	if (to)
		*at = 0;
	return to;
}

static bool has_word(const char *words, const char *word)
{
	for (; words && *words; words += strlen(words) + 1) {
		if (strcmp(words, word) == 0)
			return true;
	}
	return false;
}

/*
 * Without a queue for DHCPv6 fold hears no DHCPv6 client, so no guest is told to ask. With `mode = slaac` guests are
 * told of no DHCPv6 server, even if there is one.
 */
static void settle_mode6(const struct config *c, struct guest *g)
{
	bool heard = c->enable_dhcpv6 && c->dhcp6_queue.first >= 0;

	if (!heard) {
		g->dhcp6 = g->ra_managed = false;
		g->ra_autonomous = g->id.ip6.len == 64;
	}
	if (!heard || c->ipv6_mode == IPV6_MODE_SLAAC)
		g->ra_other = false;
}

/* same: the binding in force has the same text, and can stay if an address list is bad. */
static int build(struct daemon *d, const char *name, bool same, struct binding *b, struct made *m, struct report *r)
{
	struct identity id;
	const unsigned warnings = r->warnings;
	int err = link_tables_take(d, b, &m->link_dev, r);

	if (!err)
		err = identity_from_binding(name, b, &id, r);
	if (!err && b->address_lists.count)
		err = address_lists_load(b, d->config.datapath, !same, r);
	d->directory.closed |= r->warnings != warnings;
	if (!err)
		err = guest_build(&id, b, &d->config, GUEST_GATEWAY_ANYWHERE | GUEST_BY_QUEUES | GUEST_MAY_LACK_ADDRESS,
				  &m->guest, r);
	if (err)
		return err;
	if (!id.has4 && !id.has6)
		report_warn(
		    r, "%s: has neither IP nor IP6 nor SUBNET6: the VM is told nothing, and its questions go nowhere",
		    b->path);
	m->any_mac = binding_has(b, BINDING_MACSPOOF);
	m->no_gateway6 = binding_has(b, BINDING_PRIVATE);
	m->own_gateway6 = binding_has(b, BINDING_GATEWAY6);
	m->uses_link = binding_has(b, BINDING_LINK);
	if (binding_has(b, BINDING_INDEV))
		memcpy(m->indev, b->indev, sizeof(m->indev));
	settle_mode6(&d->config, &m->guest);
	m->guest.router_lifetime = ROUTER_LIFETIME;
	/* Ganeti's bindings name the host's side of the link, and the host routes between its guests. */
	m->guest.proxies6 = binding_has(b, BINDING_INDEV) || binding_has(b, BINDING_EUI64);
	/* RFC 7217, RFC 8981: a guest that forms its address itself forms more of them, which no rules limit here. */
	m->guest.any_source6 = m->guest.proxies6 || m->guest.ra_autonomous;
	m->guest.asked_by_all = true;
	if (!b->address_lists.count)
		return 0;
	m->lists = copy_words(&b->address_lists);
	if (m->lists)
		return 0;
	guest_free(&m->guest);
	return report_fail(r, ENOMEM, "%s: out of memory", name);
}

/*
 * Builds *m from the file. 1 if its content has changed, 0 if not, or -errno with a line in r. m->gone tells whether
 * the file does not exist any more: -ENOENT alone may also mean that something is missing that the file names.
 */
static int make(struct daemon *d, const char *name, const struct port *old, enum bindings_reason why, struct made *m,
		struct report *r)
{
	_cleanup_(cleanup_free) char *path = NULL, *text = NULL;
	struct binding b = {0};
	size_t len = 0;

	if (asprintf(&path, "%s/%s", d->config.datapath, name) < 0)
		return report_fail(r, ENOMEM, "%s: out of memory", name);
	int err = file_read(path, BINDING_SIZE_MAX, &text, &len, r);
	m->gone = err == -ENOENT;
	if (err)
		return err;
	m->text_hash = hash_text(text, len);
	bool same = old && old->bound && old->text_hash == m->text_hash;
	if (same && why == BINDINGS_WRITTEN)
		return 0;
	err = binding_parse(text, len, path, BINDING_VM, &b, r);
	if (!err) {
		err = build(d, name, same, &b, m, r);
		d->link_failed |= err && binding_has(&b, BINDING_LINK);
	}
	binding_free(&b);
	return err ? err : 1;
}

/* ---- whose MAC ---- */

static const uint8_t *source_mac(struct daemon *d, const struct port *p)
{
	struct port *from = NULL;
	const uint8_t *mac = p->mac;

	if (p->indev[0]) {
		from = table_by_name(&d->table, p->indev);
		d->sources_missing |= !from || !from->ifindex;
	} else if (p->link_dev) {
		from = table_by_index(&d->table, p->link_dev);
	}
	if (from)
		from->is_source = true;
	if (from && from->ifindex)
		mac = from->mac;
	bool usable = !mac_is_zero(mac) && !mac_is_multicast(mac) && memcmp(mac, p->guest.id.mac, MAC_LEN) != 0;
	return usable ? mac : NULL;
}

/* Sets whose MAC this binding's answers come from, which may have changed. Needs the write lock. */
static void set_source(struct daemon *d, struct port *p)
{
	struct guest *g = &p->guest;
	const uint8_t *mac = source_mac(d, p);

	if (!p->bound)
		return;
	if (mac)
		memcpy(g->service_mac, mac, MAC_LEN);
	else
		mac_service(g->id.mac, g->service_mac);
	if (!g->id.has6)
		return;
	g->link_local = ip6_link_local(g->service_mac);
	g->has_gateway6 = !p->no_gateway6;
	if (!p->own_gateway6)
		g->gateway6 = g->link_local;
}

struct following {
	struct daemon *d;
	const struct port *changed;
};

static void follow_one(void *following, struct port *p)
{
	const struct following *f = following;

	if (p == f->changed || strcmp(p->indev, f->changed->name) == 0 ||
	    (p->link_dev && p->link_dev == f->changed->ifindex) ||
	    (p->indev[0] && !table_by_name(&f->d->table, p->indev))) {
		uint8_t was[MAC_LEN];
		memcpy(was, p->guest.service_mac, MAC_LEN);
		set_source(f->d, p);
		if (memcmp(was, p->guest.service_mac, MAC_LEN) != 0)
			tell_soon(f->d, p);
		if (p->asking)
			asking_follow(f->d, p);
	}
}

void bindings_follow_mac(struct daemon *d, struct port *p)
{
	struct following f = {d, p};

	if (p->bound)
		follow_one(&f, p);
	/* Thousands of interfaces come and go that no other's binding names: save the walk through the table. */
	if (!p->is_source && !d->sources_missing)
		return;
	d->sources_missing = false;
	table_each(&d->table, follow_one, &f);
}

/* ---- in force, and no longer ---- */

/* Puts m in force; afterwards m has the old guest. */
static void exchange(struct daemon *d, struct port *p, struct made *m)
{
	struct guest was = p->guest;
	char *lists = p->lists;

	pthread_rwlock_wrlock(&d->table.lock);
	d->table.bound += !p->bound;
	p->guest = m->guest;
	p->any_mac = m->any_mac;
	p->no_gateway6 = m->no_gateway6;
	p->own_gateway6 = m->own_gateway6;
	p->uses_link = m->uses_link;
	p->link_dev = m->link_dev;
	memcpy(p->indev, m->indev, sizeof(p->indev));
	p->lists = m->lists;
	p->text_hash = m->text_hash;
	p->bound = true;
	set_source(d, p);
	pthread_rwlock_unlock(&d->table.lock);
	m->guest = was;
	m->lists = lists;
}

/* Errors of an address list are logged at a limited rate, because ten thousand bindings may name it. */
static void say_bad(struct daemon *d, bool served, enum bindings_reason why, const char *what)
{
	const char *then = served ? "what it said before stays in force" : "the interface is not served";
	_cleanup_(cleanup_free) char *line = NULL;

	if (why != BINDINGS_LIST)
		log_err("%s; %s", what, then);
	else if (asprintf(&line, "%s; %s", what, then) >= 0)
		warn_seldom(d, line);
	else
		line = NULL;
}

bool bindings_waits_for_right(const struct daemon *d, const char *name)
{
	const struct port *p = table_by_name(&d->table, name);

	return d->directory.closed && (!p || !p->bound || p->closed);
}

void bindings_read(struct daemon *d, const char *name, enum bindings_reason why)
{
	struct report r = {.warn = warn_seldom, .warn_arg = d};
	struct port *p = table_by_name(&d->table, name);
	struct made m = {0};
	int made = make(d, name, p, why, &m, &r);

	if (m.gone) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): of a file that is gone nothing was made */
		bindings_remove(d, name); /* gone again before it could be read */
		return;
	}
	if (p) {
		p->seen_file = d->directory.listing;
		p->closed = made == -EACCES;
	}
	if (made < 0)
		say_bad(d, p && p->bound, why, r.msg);
	d->directory.closed |= made == -EACCES;
	if (made <= 0)
		return;
	bool was_bound = p && p->bound, news = why == BINDINGS_LIST || (was_bound && p->text_hash != m.text_hash);
	pthread_rwlock_wrlock(&d->table.lock);
	p = table_add(&d->table, name);
	pthread_rwlock_unlock(&d->table.lock);
	if (!p) {
		log_err("%s: out of memory; the interface is not served", name);
		free_made(&m);
		return;
	}
	p->seen_file = d->directory.listing;
	exchange(d, p, &m);
	asking_follow(d, p);
	if (was_bound)
		tell_change(d, p, &m.guest, news);
	else
		tell_start(d, p);
	log_debug("%s: its binding is in force%s", name, p->ifindex ? "" : "; there is no such interface yet");
	free_made(&m);
}

void bindings_remove(struct daemon *d, const char *name)
{
	struct port *p = table_by_name(&d->table, name);

	if (!p || !p->bound)
		return;
	tell_stop(d, p);
	asking_close(d, p);
	pthread_rwlock_wrlock(&d->table.lock);
	guest_free(&p->guest);
	free(p->lists);
	p->lists = NULL;
	p->bound = p->uses_link = false;
	p->indev[0] = 0;
	p->link_dev = 0;
	d->table.bound--;
	table_forget(&d->table, p);
	pthread_rwlock_unlock(&d->table.lock);
	log_debug("%s: its binding is gone", name);
}

struct again {
	struct daemon *d;
	const char *list; /* NULL: all bindings with a LINK */
};

static void read_again(void *again, struct port *p)
{
	const struct again *a = again;

	if (p->bound && (a->list ? has_word(p->lists, a->list) : p->uses_link))
		directory_add(a->d, p->name, a->list ? BINDINGS_LIST : BINDINGS_AROUND);
}

void bindings_list_changed(struct daemon *d, const char *list)
{
	struct again a = {d, list};

	table_each(&d->table, read_again, &a);
}

void bindings_routes_changed(struct daemon *d)
{
	struct again a = {d, NULL};

	link_tables_forget(d);
	if (d->link_failed)
		directory_list(d, false); /* which also reads the bindings that are not in force */
	d->link_failed = false;
	table_each(&d->table, read_again, &a);
}
