/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain: tells what the rules of a VM's own table do with a frame, and which rule decides. The rules are read from
 * the kernel and evaluated here in the way of the kernel: no frame is sent, and no counter changes.
 *
 * Source: net/netfilter/nf_tables_core.c and the expressions' files beside it; include/net/netfilter/nf_tables_ipv4.h
 * and nf_tables_ipv6.h for what the kernel knows of a packet before the first rule.
 */
#ifndef FOLD_FW_EXPLAIN_H
#define FOLD_FW_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum explain_end {
	EXPLAIN_PASSES,  /* to the bridge, or to the guest */
	EXPLAIN_DROPPED, /* the counter says why */
	EXPLAIN_TAKEN,   /* the responder has it, and nobody else */
	EXPLAIN_GATE,    /* a chain of the user's in the shared table decides */
};

struct explanation {
	enum explain_end end;
	const char *chain;   /* of the VM's own table; owned by the rules that were read */
	uint64_t handle;     /* the rule that decided, as `nft -a list` numbers it; 0: the chain's policy */
	const char *counter; /* the last counter that counted the frame, or NULL; owned likewise */
	const char *meaning; /* of that counter, or NULL; a constant */
};

struct explain;

/* Reads the rules of that VM. 0; -ENOENT where it has none, or -errno. */
int explain_open(const char *iface, struct explain **out);
void explain_close(struct explain *e); /* may be NULL */

/*
 * from: the guest sent the frame; else it is on its way to the guest. own: it is one of fold's replies, which alone
 * carry fold's mark. Rate limits are taken as not reached. tap_mac: the tap's own address. len is at least the length
 * of an Ethernet header.
 */
void explain_frame(const struct explain *e, bool from, bool own, const uint8_t *tap_mac, const uint8_t *frame,
		   size_t len, struct explanation *out);

#endif
