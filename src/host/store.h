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

struct store_wish {
	const char *name;
	const struct cidr4 *subnet;     /* NULL: the default one */
	const struct in_addr *reserved; /* addresses of other machines, which are not given */
	size_t reserved_count;
};

/*
 * Gives the name an address of the subnet: the one that it holds there, else the lowest
 * free one, with *is_new set. out has the subnet's length. The network and broadcast
 * addresses and ip4_spare(), from which fold itself answers, are never given. The
 * allocation is durable on return. 0, or -errno with a line in r: -EINVAL (subnet or
 * name), -ENOSPC (full), -EBUSY, -EIO and others.
 */
int store_allocate(const char *path, const struct store_wish *wish, struct cidr4 *out, bool *is_new, struct report *r);

/* Takes back an allocation that was not told to the caller. 0, also if the name no longer holds addr, or -errno. */
int store_undo(const char *path, const char *name, struct in_addr addr, struct report *r);

/* Gives back every address that name holds; *count, if not NULL, says how many. -ENOENT: it holds none. */
int store_release(const char *path, const char *name, unsigned *count, struct report *r);

/* How many addresses are given out: that number, 0 also where there is no database yet, or -errno with a line in r. */
int store_count(const char *path, struct report *r);

#endif
