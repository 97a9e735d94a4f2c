/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store: fold's own IPv4 addresses for --local, in a small database that survives
 * kill -9 and power cuts and that any number of processes use at once.
 */
#ifndef FOLD_HOST_STORE_H
#define FOLD_HOST_STORE_H

#include "base/addr.h"
#include "base/report.h"

#define STORE_DIR "/var/lib/fold" /* FOLD_STATE_DIR in the environment overrides it */
#define STORE_FILE "local.db"
#define STORE_SUBNET_DEFAULT "10.32.0.0/12"

/* The database that this process is to use; the caller frees it. NULL: no memory. */
char *store_path(void);

/*
 * "net:<cidr>" or "net:default" of the command line, to the subnet. 0, or -EINVAL with
 * a line in r: no CIDR, host bits set, fewer than 4 addresses, no unicast addresses.
 */
int store_parse_net(const char *arg, struct cidr4 *out, struct report *r);

/*
 * The address that `name` holds in the subnet (NULL: the default one), or a free one,
 * the lowest, which is then its own; out has the subnet's length. The network's and
 * the broadcast address and ip4_spare(), which fold answers from itself, are
 * never given. Durable when it returns. *is_new: the name did not hold it before. 0,
 * or -errno with a line in r: -EINVAL (subnet or name), -ENOSPC (full), -EBUSY, -EIO
 * and others.
 */
int store_allocate(const char *path, const char *name, const struct cidr4 *subnet, struct cidr4 *out, bool *is_new,
		   struct report *r);

/* Gives back that one address of the name's, of which nobody was told. 0, also where it holds it no more, or -errno. */
int store_undo(const char *path, const char *name, struct in_addr addr, struct report *r);

/* Gives back every address that name holds; *count, if not NULL, says how many. -ENOENT: it holds none. */
int store_release(const char *path, const char *name, unsigned *count, struct report *r);

/* How many addresses are given out: that number, 0 also where there is no database yet, or -errno with a line in r. */
int store_count(const char *path, struct report *r);

#endif
