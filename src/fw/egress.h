/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress: which addresses behind the gateway a VM with ALLOW may reach, and until when.
 *
 * What is in force stands in sets of the VM's own table. The same is kept here (egress_keep.h), so that a change of the rules can fill them
 * anew and an answer that says what holds anyway costs the kernel nothing.
 */
#ifndef FOLD_FW_EGRESS_H
#define FOLD_FW_EGRESS_H

#include "fw/egress_keep.h"
#include "fw/nft.h"

/*
 * Puts all that the answer gives in force, in one transaction at most; none where all of it holds for long enough. 0, or -errno and none
 * of it can be counted on: -E2BIG where it is more than EGRESS_AT_ONCE, -EAGAIN where the VM has too much let in a second. iface: the VM's, whose rules are there.
 */
int egress_put(struct egress *e, struct nft *n, const char *iface, const struct egress_answer *a, uint64_t now);

/*
 * As parts of the transaction that is open, in the VM's table: the sets of both families, and in them all that patterns of the list have
 * let in. e may be NULL. Once that is in force: egress_forget().
 */
void egress_fill(struct nft *n, const struct egress *e, const struct allow_list *allow, uint64_t now);

/* One more condition of the rule that is open, which matches what leaves: where it goes is in a set. */
void egress_match(struct nft *n, bool ip6, bool with_port);

#endif
