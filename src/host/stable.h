/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stable: IPv6 addresses that stay the same on one network and cannot be recognised on another (RFC 7217).
 *
 * The pseudorandom function is HMAC-SHA-256 over the prefix and the MAC, as rdiscd computes it, so that VMs that had an address
 * from there keep it. The first call loads libcrypto, so that programs without a key do not pay for it.
 */
#ifndef FOLD_HOST_STABLE_H
#define FOLD_HOST_STABLE_H

#include "base/addr.h"
#include "base/report.h"

#include <stdbool.h>
#include <stdint.h>

#define STABLE_KEY_SIZE 64 /* octets */

struct stable_key {
	uint8_t bytes[STABLE_KEY_SIZE];
};

/*
 * The address in that prefix, which has no bits set behind its length, of the interface with that MAC. whole: all 64 octets of
 * the key count; else only its first 8, which is all that rdiscd uses on a 64-bit machine. 0 or -errno with a line in r.
 */
int stable_address(const struct stable_key *key, bool whole, const struct cidr6 *prefix,
		   const uint8_t mac[static MAC_LEN], struct in6_addr *out, struct report *r);

/*
 * Reads a key from a file of at least 64 octets, the first 64 of which are the key. From here to
 * stable_key_wipe(), which is due in either case, the process leaves no core dump. 0 or -errno with a line in r.
 */
int stable_key_read(const char *path, struct stable_key *out, struct report *r);
void stable_key_wipe(struct stable_key *key);

/* Makes a file with a new key, mode 0600; one that is there already stays as it is. 0 or -errno with a line in r. */
int stable_key_make(const char *path, struct report *r);

#endif
