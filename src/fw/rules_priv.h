/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules_priv: the vocabulary that the rule files share. */
#ifndef FOLD_FW_RULES_PRIV_H
#define FOLD_FW_RULES_PRIV_H

#include "fw/rules.h"

enum rules_counter {
#define X(id, text) id,
	RULES_COUNTERS(X)
#undef X
	    RULES_COUNTER_COUNT
};

/*
 * Marks have none of the bits that others on such machines use: 0x4000 and 0x8000 (Kubernetes), 0x20000 and 0x40000 (Weave).
 * With br_netfilter the IP tables see them.
 */

/* Frames that the VM's own table hands to the shared one for queueing. */
#define RULES_TAKE_MARK 0x0f0100aaU

/*
 * IPv4 to one peer in the subnet that a VM's own table has let out: the table of another VM on this machine has only to ask
 * whether it may have it. No other frame on a bridge carries a mark of this machine's.
 */
#define RULES_VETTED_MARK 0x0f010055U

const char *rules_counter(enum rules_counter c);

void drop(struct nft *n, enum rules_counter why);
void eth_src(struct nft *n, enum nft_op op, const uint8_t *mac);
void eth_dst(struct nft *n, enum nft_op op, const uint8_t *mac);
void eth_dst_is_group(struct nft *n);
void eth_type(struct nft *n, uint16_t type);
/* The source and the type in one match, and so the destination and the type. */
void eth_src_and_type(struct nft *n, const uint8_t *mac, uint16_t type);
void eth_dst_and_type(struct nft *n, const uint8_t *mac, uint16_t type);
/* A rule that drops what is above the rate for broadcasts and multicasts. */
void cap_storm(struct nft *n, const char *chain);

void rules_arp(struct nft *n, const struct rules *r);
void rules_ip4(struct nft *n, const struct rules *r);

#endif
