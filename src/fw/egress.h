/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress: which addresses behind the gateway a VM with ALLOW may reach, and until when.
 *
 * The addresses in force are elements of sets in the VM's own table. fold keeps a copy of them (egress_keep.h): with
 * it, a change of the rules can fill the sets anew, and an answer whose addresses are all in force already needs no
 * message to the kernel.
 */
#ifndef FOLD_FW_EGRESS_H
#define FOLD_FW_EGRESS_H

#include "fw/egress_keep.h"
#include "fw/nft.h"

/*
 * Puts all addresses of the answer in force, in one transaction, or in none if all of them are in force for long
 * enough. Returns 0, or -errno, after which none of them is sure to be in force: -E2BIG if they are more than
 * EGRESS_AT_ONCE, -EAGAIN if the VM has too many let in a second. iface: the VM's interface, whose table is there
 * already.
 */
int egress_put(struct egress *e, struct nft *n, const char *iface, const struct egress_answer *a, uint64_t now);

/*
 * Adds to the open transaction, for the VM's table: the sets of both families, filled with the addresses that
 * patterns of the list have let in. e may be NULL. Once the transaction is in force, call egress_forget().
 */
void egress_fill(struct nft *n, const struct egress *e, const struct allow_list *allow, uint64_t now);

/* Adds a condition to the open rule, which matches packets that leave: the destination is in a set. */
void egress_match(struct nft *n, bool ip6, bool with_port);

#endif
