/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rollback journal, not a write-ahead log: it needs no shared memory that a killed
 * process could leave half set up, and whoever opens the database next rolls back
 * what was not committed. FULL and TRUNCATE: the journal is on the disk before the
 * database is touched, and its end is on the disk before an address is printed.
 */
#include "host/store_priv.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/library.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define APPLICATION_ID 0x666f6c64 /* "fold": what `file` shows of the database */
#define SCHEMA_VERSION 1
#define BUSY_SECONDS 60

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

int store_query(struct store *s, const char *sql, int64_t a, int64_t b, const char *name, int64_t row[2])
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

int store_change(struct store *s, const char *sql, int64_t a, int64_t b, const char *name)
{
	int ret = store_query(s, sql, a, b, name, NULL);
	return ret < 0 ? ret : 0;
}

/* Makes the tables if they are missing; in the transaction, so that of many first users only one makes them. */
static int ensure_schema(struct store *s)
{
	int64_t version[2] = {0}, id[2] = {0}, tables[2] = {0};
	int err = store_query(s, "PRAGMA user_version", 0, 0, NULL, version);

	if (err >= 0)
		err = store_query(s, "PRAGMA application_id", 0, 0, NULL, id);
	if (err < 0)
		return err;
	if (version[0] == SCHEMA_VERSION && id[0] == APPLICATION_ID)
		return 0;
	if (id[0] == APPLICATION_ID)
		return report_fail(s->r, EINVAL, "%s: was written by another version of fold (%lld); use that one",
				   s->path, (long long)version[0]);
	err = store_query(s, "SELECT count(*), 0 FROM sqlite_master", 0, 0, NULL, tables);
	if (err < 0)
		return err;
	if (version[0] || id[0] || tables[0])
		return report_fail(s->r, EINVAL, "%s: is a database of some other program; set FOLD_STATE_DIR",
				   s->path);
	int code = lib.sqlite3_exec(s->db, schema, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : failed(s, code);
}

void store_close(struct store *s)
{
	/* Closing rolls back what was not committed. */
	lib.sqlite3_close(s->db);
	s->db = NULL;
}

static int load(struct report *r)
{
	static const char *const names[] = {"libsqlite3.so.0", NULL};
	static bool loaded;
	void *library = loaded ? NULL : library_open(names);

	loaded = loaded || (library && true USED(LIBRARY_FIND));
	return loaded ? 0 : library_fail(library, names[0], "addresses are kept with it", "libsqlite3-0", r);
}

int store_open(struct store *s, const char *path, struct report *r)
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
		if (err)
			report_set(r, "%s; FOLD_STATE_DIR names another place", r->msg);
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

int store_commit(struct store *s)
{
	int code = lib.sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : failed(s, code);
}
