/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two tables say the same thing from two sides: `lease` has a row an address, `run`
 * a row for each unbroken run of taken addresses. The end of the run that covers an
 * address leads to the next free one, so that no search walks over what is taken:
 * every step is one lookup in a B-tree, with one lease or with a million.
 */
#include "host/store_priv.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define NAME_MAX_LEN 255

/* Addresses as numbers, so that they sort. Only those that may be given to VMs. */
struct range {
	int64_t low, high;
};

char *store_path(void)
{
	/* sudo's caller does not choose where root writes. */
	const char *dir = secure_getenv("FOLD_STATE_DIR");
	char *path;

	return asprintf(&path, "%s/" STORE_FILE, dir && *dir ? dir : STORE_DIR) < 0 ? NULL : path;
}

static int check_subnet(const struct cidr4 *c, struct report *r)
{
	char text[CIDR4_TEXT];
	uint32_t first = ntohl(c->addr.s_addr) >> 24, last = ntohl(ip4_broadcast(*c).s_addr) >> 24;

	cidr4_format(c, text);
	if (ip4_network(*c).s_addr != c->addr.s_addr)
		return report_fail(r, EINVAL, "net:%s: has bits set after its length; write the network's own address",
				   text);
	if (c->len > 30)
		return report_fail(r, EINVAL, "net:%s: has fewer than 4 addresses; write a length of 30 or less", text);
	if (first == 0 || last >= 224 || (first <= 127 && last >= 127))
		return report_fail(
		    r, EINVAL, "net:%s: holds loopback, multicast or reserved addresses; write one like 10.40.0.0/16",
		    text);
	return 0;
}

int store_parse_net(const char *arg, struct cidr4 *out, struct report *r)
{
	struct cidr4 c;

	if (strncmp(arg, "net:", 4) != 0)
		return report_fail(r, EINVAL, "%.60s: is not net:<cidr> or net:default", arg);
	if (!cidr4_parse(strcmp(arg + 4, "default") ? arg + 4 : STORE_SUBNET_DEFAULT, &c))
		return report_fail(r, EINVAL, "%.60s: is not a subnet; write one like net:10.40.0.0/16", arg);
	int err = check_subnet(&c, r);
	if (!err)
		*out = c;
	return err;
}

/* Finds the lowest free address of the range: 1 and *addr, 0 if there is none, or -errno. */
static int find_free(struct store *s, struct range range, int64_t *addr)
{
	int64_t run[2];
	int found = store_query(s, "SELECT first, last FROM run WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
				range.low, 0, NULL, run);

	if (found < 0)
		return found;
	/* Adjacent runs are always merged into one, so the address after a run is free. */
	*addr = found && run[1] >= range.low ? run[1] + 1 : range.low;
	return *addr <= range.high;
}

/* Whether the address is fold's own, from which it answers, or another machine's. */
static bool is_reserved(const struct store_wish *w, int64_t addr)
{
	const uint32_t a = htonl((uint32_t)addr);

	if (ip4_spare(*w->subnet).s_addr == a)
		return true;
	for (size_t i = 0; i < w->reserved_count; i++)
		if (w->reserved[i].s_addr == a)
			return true;
	return false;
}

/* As find_free(), but none that is reserved. */
static int find_free_for(struct store *s, const struct store_wish *w, struct range range, int64_t *addr)
{
	int found;

	while ((found = find_free(s, range, addr)) > 0 && is_reserved(w, *addr))
		range.low = *addr + 1;
	return found;
}

static int take(struct store *s, int64_t addr, const char *name)
{
	int64_t left[2], right[2], first = addr, last = addr;
	int err = store_change(s, "INSERT INTO lease(addr, name) VALUES(?1, ?3)", addr, 0, name);

	if (err)
		return err;
	int found = store_query(s, "SELECT first, last FROM run WHERE first < ?1 ORDER BY first DESC LIMIT 1", addr, 0,
				NULL, left);
	if (found > 0 && left[1] == addr - 1)
		first = left[0];
	if (found >= 0)
		found = store_query(s, "SELECT first, last FROM run WHERE first = ?1", addr + 1, 0, NULL, right);
	if (found < 0)
		return found;
	if (found > 0) {
		last = right[1];
		err = store_change(s, "DELETE FROM run WHERE first = ?1", addr + 1, 0, NULL);
	}
	return err ? err : store_change(s, "INSERT OR REPLACE INTO run(first, last) VALUES(?1, ?2)", first, last, NULL);
}

static int give_back(struct store *s, int64_t addr)
{
	int64_t run[2];
	int found = store_query(s, "SELECT first, last FROM run WHERE first <= ?1 ORDER BY first DESC LIMIT 1", addr, 0,
				NULL, run);

	if (found < 0)
		return found;
	if (!found || run[1] < addr)
		return report_fail(
		    s->r, EIO, "%s: is damaged (a lease outside every run); restore it, or remove it when no VM runs",
		    s->path);
	int err = store_change(s, "DELETE FROM run WHERE first = ?1", run[0], 0, NULL);
	if (!err && run[0] < addr)
		err = store_change(s, "INSERT INTO run(first, last) VALUES(?1, ?2)", run[0], addr - 1, NULL);
	if (!err && addr < run[1])
		err = store_change(s, "INSERT INTO run(first, last) VALUES(?1, ?2)", addr + 1, run[1], NULL);
	return err ? err : store_change(s, "DELETE FROM lease WHERE addr = ?1", addr, 0, NULL);
}

static int check_name(const char *name, struct report *r)
{
	if (!*name || strlen(name) > NAME_MAX_LEN)
		return report_fail(r, EINVAL, "an address is kept under an interface's name of 1 to %d octets; give -i",
				   NAME_MAX_LEN);
	return 0;
}

/* Returns 1 after taking a free address of the subnet for the name, 0 if the name has one there already, or -errno. */
static int allocate(struct store *s, const struct store_wish *w, int64_t *addr)
{
	const struct cidr4 *subnet = w->subnet;
	char text[CIDR4_TEXT];
	/* Neither the network's address nor the broadcast address. */
	struct range range = {
	    .low = (int64_t)ntohl(ip4_network(*subnet).s_addr) + 1,
	    .high = (int64_t)ntohl(ip4_broadcast(*subnet).s_addr) - 1,
	};
	int64_t row[2];
	int found =
	    store_query(s, "SELECT addr, 0 FROM lease WHERE name = ?3 AND addr BETWEEN ?1 AND ?2 ORDER BY addr LIMIT 1",
			range.low, range.high, w->name, row);

	if (found < 0)
		return found;
	if (found) {
		*addr = row[0];
		return 0;
	}
	found = find_free_for(s, w, range, addr);
	if (found < 0)
		return found;
	if (!found)
		return report_fail(s->r, ENOSPC, "net:%s: every address is taken; release some, or use a larger subnet",
				   cidr4_format(subnet, text));
	int err = take(s, *addr, w->name);
	return err ? err : 1;
}

int store_allocate(const char *path, const struct store_wish *wish, struct cidr4 *out, bool *is_new, struct report *r)
{
	struct store_wish w = *wish;
	struct cidr4 c = {0};
	struct store s;
	int64_t addr = 0;
	int err = check_name(w.name, r);

	if (!err && w.subnet) {
		c = *w.subnet;
		err = check_subnet(&c, r);
	} else if (!err) {
		err = store_parse_net("net:default", &c, r);
	}
	if (!err)
		err = store_open(&s, path, r);
	if (err)
		return err;
	w.subnet = &c;
	int taken = allocate(&s, &w, &addr);
	err = taken < 0 ? taken : store_commit(&s);
	store_close(&s);
	if (err)
		return err;
	*out = (struct cidr4){.addr.s_addr = htonl((uint32_t)addr), .len = c.len};
	*is_new = taken;
	return 0;
}

int store_undo(const char *path, const char *name, struct in_addr addr, struct report *r)
{
	const int64_t given = ntohl(addr.s_addr);
	struct store s;
	int64_t row[2];
	int err = store_open(&s, path, r);

	if (err)
		return err;
	int found = store_query(&s, "SELECT addr, 0 FROM lease WHERE name = ?3 AND addr = ?1", given, 0, name, row);
	err = found > 0 ? give_back(&s, given) : found;
	if (!err)
		err = store_commit(&s);
	store_close(&s);
	return err;
}

int store_release(const char *path, const char *name, unsigned *count, struct report *r)
{
	static const char next[] = "SELECT addr, 0 FROM lease WHERE name = ?3 ORDER BY addr LIMIT 1";
	struct store s;
	int64_t row[2];
	unsigned freed = 0;
	int found, err = check_name(name, r);

	if (!err)
		err = store_open(&s, path, r);
	if (err)
		return err;
	while ((found = store_query(&s, next, 0, 0, name, row)) > 0 && !err) {
		err = give_back(&s, row[0]);
		freed += !err;
	}
	if (found < 0)
		err = found;
	if (!err && !freed)
		err = report_fail(r, ENOENT, "%s: holds no address, so that there is nothing to release", name);
	if (!err)
		err = store_commit(&s);
	store_close(&s);
	if (!err && count)
		*count = freed;
	return err;
}

int store_count(const char *path, struct report *r)
{
	struct store s;
	int64_t row[2] = {0};

	/* Opening would make a database that is missing. */
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	int err = store_open(&s, path, r);
	if (err)
		return err;
	int found = store_query(&s, "SELECT count(*), 0 FROM lease", 0, 0, NULL, row);
	store_close(&s);
	return found < 0 ? found : (int)row[0];
}
