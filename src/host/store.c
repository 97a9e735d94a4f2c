/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two tables say the same thing from two sides: `lease` has a row an address, `run`
 * a row for each unbroken run of taken addresses. The end of the run that covers an
 * address leads to the next free one, so that no search walks over what is taken:
 * every step is one lookup in a B-tree, with one lease or with a million.
 *
 * A rollback journal, not a write-ahead log: it needs no shared memory that a killed
 * process could leave half set up, and whoever opens the database next rolls back
 * what was not committed. FULL and TRUNCATE: the journal is on the disk before the
 * database is touched, and its end is on the disk before an address is printed.
 */
#include "host/store.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/library.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define APPLICATION_ID 0x666f6c64 /* "fold": what `file` shows of the database */
#define SCHEMA_VERSION 1
#define BUSY_SECONDS 60
#define NAME_MAX_LEN 255

static const char schema[] = "CREATE TABLE lease(addr INTEGER PRIMARY KEY, name TEXT NOT NULL);"
			     "CREATE INDEX lease_by_name ON lease(name, addr);"
			     "CREATE TABLE run(first INTEGER PRIMARY KEY, last INTEGER NOT NULL);"
			     "PRAGMA application_id = 1718578276;" /* APPLICATION_ID */
			     "PRAGMA user_version = 1;";           /* SCHEMA_VERSION */

/* clang-format off */
#define USED(X) \
	X(sqlite3_open_v2) X(sqlite3_close) X(sqlite3_exec) X(sqlite3_errmsg) X(sqlite3_errstr) \
	X(sqlite3_busy_handler) X(sqlite3_randomness) X(sqlite3_prepare_v2) X(sqlite3_bind_parameter_count) \
	X(sqlite3_bind_int64) X(sqlite3_bind_text) X(sqlite3_step) X(sqlite3_column_int64) X(sqlite3_finalize)
/* clang-format on */
static struct {
	USED(LIBRARY_POINTER)
} lib;

struct store {
	sqlite3 *db;
	const char *path;
	struct report *r;
	time_t waiting_since; /* for other processes */
};

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

/* Reports an error of sqlite in the user's terms. */
static int failed(struct store *s, int code)
{
	const char *why = s->db ? lib.sqlite3_errmsg(s->db) : lib.sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return report_fail(s->r, EBUSY, "%s: is kept locked by another program; end it and try again", s->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return report_fail(s->r, EIO, "%s: is damaged (%s); restore it, or remove it when no VM runs", s->path,
				   why);
	case SQLITE_FULL:
		return report_fail(s->r, EIO, "%s: the disk is full; make room and try again", s->path);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return report_fail(s->r, EACCES,
				   "%s: cannot be opened or written (%s); run as root, or set FOLD_STATE_DIR", s->path,
				   why);
	case SQLITE_NOMEM:
		return report_fail(s->r, ENOMEM, "%s: out of memory", s->path);
	default:
		return report_fail(s->r, EIO, "%s: %s", s->path, why);
	}
}

/*
 * sqlite's busy handler: 0 gives up. Every process sleeps a few milliseconds of its own
 * choice, so that two hundred that start at once do not wake together.
 */
static int wait_turn(void *arg, int tries)
{
	struct store *s = arg;
	struct timespec now, pause = {0};
	uint8_t dice;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (tries == 0)
		s->waiting_since = now.tv_sec;
	if (now.tv_sec - s->waiting_since > BUSY_SECONDS)
		return 0;
	lib.sqlite3_randomness(sizeof(dice), &dice);
	pause.tv_nsec = 1000000 + 40000L * dice;
	nanosleep(&pause, NULL);
	return 1;
}

/*
 * Runs one statement, with a, b and name as ?1, ?2 and ?3 as far as it has them. Returns 1
 * and the first two numbers of the first row, 0 if there is no row, or -errno with a line.
 */
static int query(struct store *s, const char *sql, int64_t a, int64_t b, const char *name, int64_t row[2])
{
	sqlite3_stmt *st = NULL;
	int code = lib.sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (code == SQLITE_OK) {
		int count = lib.sqlite3_bind_parameter_count(st);
		if (count >= 1)
			lib.sqlite3_bind_int64(st, 1, a);
		if (count >= 2)
			lib.sqlite3_bind_int64(st, 2, b);
		if (count >= 3)
			lib.sqlite3_bind_text(st, 3, name, -1, SQLITE_STATIC);
		code = lib.sqlite3_step(st);
	}
	if (code == SQLITE_ROW && row) {
		row[0] = lib.sqlite3_column_int64(st, 0);
		row[1] = lib.sqlite3_column_int64(st, 1);
	}
	int ret = code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : failed(s, code);
	lib.sqlite3_finalize(st);
	return ret;
}

static int change(struct store *s, const char *sql, int64_t a, int64_t b, const char *name)
{
	int ret = query(s, sql, a, b, name, NULL);
	return ret < 0 ? ret : 0;
}

/* Makes the tables if they are missing; in the transaction, so that of many first users only one makes them. */
static int ensure_schema(struct store *s)
{
	int64_t version[2] = {0}, id[2] = {0}, tables[2] = {0};
	int err = query(s, "PRAGMA user_version", 0, 0, NULL, version);

	if (err >= 0)
		err = query(s, "PRAGMA application_id", 0, 0, NULL, id);
	if (err < 0)
		return err;
	if (version[0] == SCHEMA_VERSION && id[0] == APPLICATION_ID)
		return 0;
	if (id[0] == APPLICATION_ID)
		return report_fail(s->r, EINVAL, "%s: was written by another version of fold (%lld); use that one",
				   s->path, (long long)version[0]);
	err = query(s, "SELECT count(*), 0 FROM sqlite_master", 0, 0, NULL, tables);
	if (err < 0)
		return err;
	if (version[0] || id[0] || tables[0])
		return report_fail(s->r, EINVAL, "%s: is a database of some other program; set FOLD_STATE_DIR",
				   s->path);
	int code = lib.sqlite3_exec(s->db, schema, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : failed(s, code);
}

static void store_close(struct store *s)
{
	/* Closing rolls back what was not committed. */
	lib.sqlite3_close(s->db);
	s->db = NULL;
}

static int load(struct report *r)
{
	static const char *const names[] = {"libsqlite3.so.0", NULL};
	void *library = library_open(names);

	if (library && true USED(LIBRARY_FIND))
		return 0;
	return report_fail(r, ENOENT, "libsqlite3.so.0: %s; install it (Debian: libsqlite3-0)",
			   library ? "is too old" : "cannot be loaded, and addresses are kept with it");
}

/* Opens the database and begins a transaction that excludes every other writer. */
static int store_open(struct store *s, const char *path, struct report *r)
{
	int err = load(r);

	*s = (struct store){.path = path, .r = r};
	if (err)
		return err;
	_cleanup_(cleanup_free) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	if (!dir)
		return report_fail(r, ENOMEM, "%s: out of memory", path);
	if (slash && slash != dir) {
		*slash = 0;
		err = file_make_dir(dir, 0700, r);
	}
	if (err) /* NOLINT(clang-analyzer-unix.Malloc): the cleanup frees it */
		return err;
	int code =
	    lib.sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = lib.sqlite3_busy_handler(s->db, wait_turn, s);
	if (code == SQLITE_OK)
		code = lib.sqlite3_exec(s->db,
					"PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
					NULL, NULL, NULL);
	err = code == SQLITE_OK ? ensure_schema(s) : failed(s, code);
	if (err)
		store_close(s);
	return err;
}

static int store_commit(struct store *s)
{
	int code = lib.sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : failed(s, code);
}

/* Finds the lowest free address of the range: 1 and *addr, 0 if there is none, or -errno. */
static int find_free(struct store *s, struct range range, int64_t *addr)
{
	int64_t run[2];
	int found = query(s, "SELECT first, last FROM run WHERE first <= ?1 ORDER BY first DESC LIMIT 1", range.low, 0,
			  NULL, run);

	if (found < 0)
		return found;
	/* Adjacent runs are always merged into one, so the address after a run is free. */
	*addr = found && run[1] >= range.low ? run[1] + 1 : range.low;
	return *addr <= range.high;
}

/* As find_free(), but never `spare`, the address that fold itself answers from (0: there is none). */
static int find_free_but_spare(struct store *s, struct range range, int64_t spare, int64_t *addr)
{
	const struct range below = {.low = range.low, .high = spare - 1},
			   above = {.low = spare + 1, .high = range.high};

	if (!spare)
		return find_free(s, range, addr);
	int found = find_free(s, below, addr);
	return found ? found : find_free(s, above, addr);
}

static int take(struct store *s, int64_t addr, const char *name)
{
	int64_t left[2], right[2], first = addr, last = addr;
	int err = change(s, "INSERT INTO lease(addr, name) VALUES(?1, ?3)", addr, 0, name);

	if (err)
		return err;
	int found =
	    query(s, "SELECT first, last FROM run WHERE first < ?1 ORDER BY first DESC LIMIT 1", addr, 0, NULL, left);
	if (found > 0 && left[1] == addr - 1)
		first = left[0];
	if (found >= 0)
		found = query(s, "SELECT first, last FROM run WHERE first = ?1", addr + 1, 0, NULL, right);
	if (found < 0)
		return found;
	if (found > 0) {
		last = right[1];
		err = change(s, "DELETE FROM run WHERE first = ?1", addr + 1, 0, NULL);
	}
	return err ? err : change(s, "INSERT OR REPLACE INTO run(first, last) VALUES(?1, ?2)", first, last, NULL);
}

static int give_back(struct store *s, int64_t addr)
{
	int64_t run[2];
	int found =
	    query(s, "SELECT first, last FROM run WHERE first <= ?1 ORDER BY first DESC LIMIT 1", addr, 0, NULL, run);

	if (found < 0)
		return found;
	if (!found || run[1] < addr)
		return report_fail(
		    s->r, EIO, "%s: is damaged (a lease outside every run); restore it, or remove it when no VM runs",
		    s->path);
	int err = change(s, "DELETE FROM run WHERE first = ?1", run[0], 0, NULL);
	if (!err && run[0] < addr)
		err = change(s, "INSERT INTO run(first, last) VALUES(?1, ?2)", run[0], addr - 1, NULL);
	if (!err && addr < run[1])
		err = change(s, "INSERT INTO run(first, last) VALUES(?1, ?2)", addr + 1, run[1], NULL);
	return err ? err : change(s, "DELETE FROM lease WHERE addr = ?1", addr, 0, NULL);
}

static int check_name(const char *name, struct report *r)
{
	if (!*name || strlen(name) > NAME_MAX_LEN)
		return report_fail(r, EINVAL, "an address is kept under an interface's name of 1 to %d octets; give -i",
				   NAME_MAX_LEN);
	return 0;
}

/* Returns 1 after taking a free address of the subnet for the name, 0 if the name has one there already, or -errno. */
static int allocate(struct store *s, const char *name, const struct cidr4 *subnet, int64_t *addr)
{
	char text[CIDR4_TEXT];
	/* Neither the network's address nor the broadcast address. */
	struct range range = {
	    .low = (int64_t)ntohl(ip4_network(*subnet).s_addr) + 1,
	    .high = (int64_t)ntohl(ip4_broadcast(*subnet).s_addr) - 1,
	};
	int64_t row[2];
	int found =
	    query(s, "SELECT addr, 0 FROM lease WHERE name = ?3 AND addr BETWEEN ?1 AND ?2 ORDER BY addr LIMIT 1",
		  range.low, range.high, name, row);

	if (found < 0)
		return found;
	if (found) {
		*addr = row[0];
		return 0;
	}
	found = find_free_but_spare(s, range, ntohl(ip4_spare(*subnet).s_addr), addr);
	if (found < 0)
		return found;
	if (!found)
		return report_fail(s->r, ENOSPC, "net:%s: every address is taken; release some, or use a larger subnet",
				   cidr4_format(subnet, text));
	int err = take(s, *addr, name);
	return err ? err : 1;
}

int store_allocate(const char *path, const char *name, const struct cidr4 *subnet, struct cidr4 *out, bool *is_new,
		   struct report *r)
{
	struct cidr4 c = {0};
	struct store s;
	int64_t addr = 0;
	int err = check_name(name, r);

	if (!err && subnet) {
		c = *subnet;
		err = check_subnet(&c, r);
	} else if (!err) {
		err = store_parse_net("net:default", &c, r);
	}
	if (!err)
		err = store_open(&s, path, r);
	if (err)
		return err;
	int taken = allocate(&s, name, &c, &addr);
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
	int found = query(&s, "SELECT addr, 0 FROM lease WHERE name = ?3 AND addr = ?1", given, 0, name, row);
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
	while ((found = query(&s, next, 0, 0, name, row)) > 0 && !err) {
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
	int found = query(&s, "SELECT count(*), 0 FROM lease", 0, 0, NULL, row);
	store_close(&s);
	return found < 0 ? found : (int)row[0];
}
