/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft_priv: what the files behind nft.h share. */
#ifndef FOLD_FW_NFT_PRIV_H
#define FOLD_FW_NFT_PRIV_H

#include "fw/nft.h"

#include <stdio.h>

#include <libmnl/libmnl.h>
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>

struct nft {
	struct mnl_socket *socket;
	struct mnl_nlmsg_batch *batch; /* NULL between transactions */
	char *buffer;
	struct nlmsghdr *last;   /* the last message built */
	struct nftnl_rule *rule; /* open, or NULL */
	struct nlattr *elements; /* the list at the end of the last message that takes more of them, or NULL */
	uint16_t elements_type;  /* that message's */
	uint32_t seq;
	uint32_t first;  /* that the transaction began with */
	uint32_t set_id; /* of the last set; one of its own within a transaction */
	int family;
	bool failed; /* out of memory or room: nft_commit will refuse */
	char table[NFT_TABLE_MAXNAMELEN];
	char elements_of[NFT_SET_MAXNAMELEN];
};

/* The header of the next message, or NULL with `failed` set; nft_message_done closes it. */
struct nlmsghdr *nft_message(struct nft *n, uint16_t type, uint16_t flags);
void nft_message_done(struct nft *n);
/* Closes what is open: a rule, or elements. */
void nft_end_rule(struct nft *n);
void nft_end_elements(struct nft *n);
/*
 * The first refusal among what the kernel has answered by now to messages from that number on, or 0; NFT_NO_ANSWER where it
 * said nothing of them.
 */
int nft_read_answers(struct nft *n, uint32_t first);

/* Sends a question. 0 or -errno; *until: so long its answer is waited for. */
int nft_ask(struct nft *n, const struct nlmsghdr *h, uint64_t *until);
/* What comes next: octets, NFT_NO_ANSWER at that time, or -errno. */
ssize_t nft_receive(const struct nft *n, void *buf, size_t size, uint64_t until);

/* Sends a request for a list and runs `each` over its parts. 0 or -errno; -EINTR where the list is not of one moment. */
int nft_dump(struct nft *n, struct nlmsghdr *h, mnl_cb_t each, void *arg);

#endif
