/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_priv: the database behind the store, one transaction at a time. */
#ifndef FOLD_HOST_STORE_PRIV_H
#define FOLD_HOST_STORE_PRIV_H

#include "host/store.h"

#include <sqlite3.h>
#include <stdint.h>
#include <time.h>

struct store {
	sqlite3 *db;
	const char *path;
	struct report *r;
	time_t waiting_since; /* for other processes */
};

/* Opens the database and begins a transaction that excludes every other writer. 0 or -errno with a line. */
int store_open(struct store *s, const char *path, struct report *r);

/*
 * Runs one statement, with a, b and name as ?1, ?2 and ?3 as far as it has them. Returns 1
 * and the first two numbers of the first row, 0 if there is no row, or -errno with a line.
 */
int store_query(struct store *s, const char *sql, int64_t a, int64_t b, const char *name, int64_t row[2]);
/* The same, where no row is wanted: 0 or -errno. */
int store_change(struct store *s, const char *sql, int64_t a, int64_t b, const char *name);

int store_commit(struct store *s);
void store_close(struct store *s); /* rolls back what was not committed */

#endif
