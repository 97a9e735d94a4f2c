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
	struct nlattr *elements; /* element list of the last message, if more can be added to it, or NULL */
	uint16_t elements_type;  /* that message's */
	uint32_t seq;
	uint32_t first;  /* the number of the first message of the transaction */
	uint32_t set_id; /* of the last set; one of its own within a transaction */
	int family;
	bool failed; /* out of memory or room: nft_commit will refuse */
	char table[NFT_TABLE_MAXNAMELEN];
	char elements_of[NFT_SET_MAXNAMELEN];
};

/* The header of the next message, or NULL with `failed` set; nft_message_done closes it. */
struct nlmsghdr *nft_message(struct nft *n, uint16_t type, uint16_t flags);
void nft_message_done(struct nft *n);
/* Both close what is open: nft_end_rule() the rule or the elements, nft_end_elements() the elements. */
void nft_end_rule(struct nft *n);
void nft_end_elements(struct nft *n);
/*
 * The first error among the answers that the kernel has given by now to messages from number `first` on, or 0;
 * NFT_NO_ANSWER if it has answered none of them.
 */
int nft_read_answers(struct nft *n, uint32_t first);

/* Sends a question. Returns 0 or -errno, and in *until the time until which to wait for the answer. */
int nft_ask(struct nft *n, const struct nlmsghdr *h, uint64_t *until);
/* Receives the next datagram. Returns its length, NFT_NO_ANSWER if none has come by `until`, or -errno. */
ssize_t nft_receive(const struct nft *n, void *buf, size_t size, uint64_t until);

/*
 * Sends a request for a list and runs `each` over its messages. Returns 0 or -errno; -EINTR if the list changed while
 * the kernel sent it.
 */
int nft_dump(struct nft *n, struct nlmsghdr *h, mnl_cb_t each, void *arg);

#endif
