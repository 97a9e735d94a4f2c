/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress: which addresses behind the gateway a VM with ALLOW may reach, and until when.
 *
 * What is in force stands in sets of the VM's own table. The same is kept here, so that a change of the rules can fill them anew and an
 * answer that says what holds anyway costs the kernel nothing.
 */
#ifndef FOLD_FW_EGRESS_H
#define FOLD_FW_EGRESS_H

#include "fw/nft.h"
#include "guest/guest.h"

#define EGRESS_MOST 1024        /* of one VM; the one that would end first makes room */
#define EGRESS_SECONDS_LEAST 60 /* a TTL below that holds as long, so that a slow client is not cut off */

struct egress_entry {
	bool ip6;
	uint8_t address[16]; /* network byte order; the first four where !ip6, zeros behind */
	uint8_t proto;       /* 0: whatever, and any port */
	uint16_t port;       /* host byte order */
	uint64_t until;      /* milliseconds of clock_ms() */
	struct allow allow;  /* what let it in */
};

struct egress {
	size_t count;
	struct egress_entry at[EGRESS_MOST];
};

/* One more: address (4 or 16 octets) may be reached as `allow` says, for so many seconds of the answer that gave it. */
struct egress_wish {
	const struct allow *allow;
	bool ip6;
	const uint8_t *address;
	uint32_t seconds;
};

#define EGRESS_WISHES 256 /* at a time: a transaction has room for these */

/*
 * Puts them in force, in one transaction at most; none where all of them hold long enough. 0, or -errno and none of them can be counted
 * on. iface: the VM's, whose rules are there.
 */
int egress_put(struct egress *e, struct nft *n, const char *iface, const struct egress_wish *wishes, size_t count,
	       uint64_t now);

/*
 * As parts of the transaction that is open, in the VM's table: the sets of both families, and in them all that names of the list have let in.
 * e may be NULL. Once that is in force: what no name lets in any more is forgotten.
 */
void egress_fill(struct nft *n, const struct egress *e, const struct allow_list *allow, uint64_t now);
void egress_forget(struct egress *e, const struct allow_list *allow);

/* One more condition of the rule that is open, which matches what leaves: where it goes is in a set. */
void egress_match(struct nft *n, bool ip6, bool with_port);

#endif
