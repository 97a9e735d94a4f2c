/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft: verbs to build one nftables transaction and to send it whole.
 *
 * A transaction is built front to back: objects and rules in the order in which
 * the kernel takes them. Rules are written as a sentence: nft_rule opens one,
 * the match and action verbs append to it, and whatever comes next closes it.
 * Building never fails visibly; a lack of memory or room is reported by nft_commit.
 * Source: linux/netfilter/nf_tables.h; expressions as `nft --debug=netlink` shows them.
 */
#ifndef FOLD_FW_NFT_H
#define FOLD_FW_NFT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

struct nft;

/*
 * A socket of its own: a table with the owner flag lives until the last copy of this socket is closed. Whoever has a copy can change
 * nothing by it without the rights to that, and put no filter on it; but they can read answers away, or leave no room for them.
 */
int nft_open(struct nft **out);
/* By a copy of such a socket, which is then nft's. */
int nft_adopt(int fd, struct nft **out);
void nft_close(struct nft *n);
/* The socket, to be passed on so that an owned table outlives this process. Still nft's. */
int nft_fd(const struct nft *n);

/* Starts an empty transaction, forgetting what was built and not sent. */
void nft_begin(struct nft *n);

/*
 * Sends the transaction; all of it holds or none. Returns 0 or -errno of the first
 * refusal: -ENOENT names a missing object or an expression the kernel does not have,
 * -EEXIST an object added with `exclusive`, -EBUSY one still in use. NFT_NO_ANSWER: whether it holds is unknown.
 */
#define NFT_NO_ANSWER (-EPROTO)
int nft_commit(struct nft *n);
/* As strerror() has it, of a negative number. */
const char *nft_error(int err);

/*
 * Questions wait for their answers a few seconds at most, then they give NFT_NO_ANSWER.
 *
 * Whether the chain is there: 1, 0 or -errno. A question costs nothing; a transaction that is refused makes the kernel
 * wait for a grace period (about 15 ms), so what may well be missing is asked for first.
 */
int nft_has_chain(struct nft *n, int family, const char *table, const char *chain);
enum nft_kind { NFT_KIND_NONE, NFT_KIND_PLAIN, NFT_KIND_BASE };
/* Whether it is there and, if so, at a hook; or -errno. */
int nft_chain_kind(struct nft *n, int family, const char *table, const char *chain);
/* How many rules are in it, 0 also where there is no such chain, or -errno. */
int nft_count_rules(struct nft *n, int family, const char *table, const char *chain);

/* Whether that interface is in a map: 1, 0 or -errno. */
int nft_has_in_vmap(struct nft *n, int family, const char *table, const char *map, const char *ifname);

/* Whether nothing is in a map: 1, also where there is no such map, 0 or -errno. */
int nft_vmap_is_empty(struct nft *n, int family, const char *table, const char *map);

enum nft_hook { NFT_HOOK_INGRESS, NFT_HOOK_EGRESS, NFT_HOOK_BRIDGE_PREROUTING, NFT_HOOK_BRIDGE_POSTROUTING };

/* Everything below goes into the table named last. family: NFPROTO_NETDEV or NFPROTO_BRIDGE. */
void nft_table(struct nft *n, int family, const char *name, uint32_t flags);
void nft_use_table(struct nft *n, int family, const char *name); /* names one that is there */
void nft_table_delete(struct nft *n, bool only_empty);

void nft_counter(struct nft *n, const char *name);
void nft_chain(struct nft *n, const char *name, bool exclusive);
/* device: for the netdev hooks, else NULL. drop: the policy. */
void nft_base_chain(struct nft *n, const char *name, enum nft_hook hook, int32_t priority, bool drop,
		    const char *device, bool exclusive);
void nft_chain_delete(struct nft *n, const char *name, bool only_unused);
void nft_chain_flush(struct nft *n, const char *name);
void nft_rules_flush(struct nft *n); /* of all chains of the table */

/* A map from interface names to verdicts, and an element of it that jumps to a chain. */
void nft_ifname_vmap(struct nft *n, const char *name, bool exclusive);
void nft_ifname_vmap_add(struct nft *n, const char *map, const char *ifname, const char *jump_to);
void nft_ifname_vmap_delete(struct nft *n, const char *map, const char *ifname);
void nft_set_delete(struct nft *n, const char *name, bool only_unused);

/*
 * A set of addresses whose elements come and go with time; with_port: of address, transport protocol and port. There already: all is well.
 * A key is the address (4 or 16 octets) and, with_port, the protocol and the port (network byte order), each in four octets from the first.
 */
#define NFT_ADDRESS_KEY_MAX 24
void nft_address_set(struct nft *n, const char *name, bool ip6, bool with_port);
void nft_address_set_flush(struct nft *n, const char *name);
/* For so many milliseconds; one that is there may keep its time. */
void nft_address_set_add(struct nft *n, const char *name, const void *key, uint32_t len, uint64_t ms);
void nft_address_set_delete(struct nft *n, const char *name, const void *key, uint32_t len); /* it must be there */

/*
 * Matches. Values are bytes as they stand in the packet. A match on octets that the frame does not have fails, whatever
 * the operator: what lets a frame pass must be a match that succeeded, never a drop that did not.
 */
enum nft_base { NFT_LINK, NFT_NETWORK, NFT_TRANSPORT };
enum nft_op { NFT_IS, NFT_IS_NOT, NFT_LESS, NFT_AT_LEAST };

void nft_rule(struct nft *n, const char *chain);
void nft_match(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, enum nft_op op, const void *value);
void nft_match_masked(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, const void *mask,
		      enum nft_op op, const void *value);
/* Octets of the network header, in the steps that the kernel compares fastest. */
void nft_match_words(struct nft *n, uint32_t offset, uint32_t len, const void *value);
/* Looks at it, for those that follow. */
void nft_load(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len);
/* What the match before this one looked at, its mask applied, compared once more: len is as it was there. */
void nft_and(struct nft *n, enum nft_op op, const void *value, uint32_t len);
/* The same behind a mask; what comes after sees it masked, too. */
void nft_and_masked(struct nft *n, const void *mask, enum nft_op op, const void *value, uint32_t len);
/* At least low and at most high. */
void nft_match_range(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, const void *low,
		     const void *high);
void nft_match_l4proto(struct nft *n, enum nft_op op, uint8_t proto);
/* The address at that place of the network header, with_port with protocol and destination port, is in the set. */
void nft_match_in_address_set(struct nft *n, const char *set, uint32_t offset, bool ip6, bool with_port);
/* To one other machine: neither a group nor the MAC of the interface that it came in by. for_host: to that MAC. */
void nft_match_elsewhere(struct nft *n);
void nft_match_for_host(struct nft *n);
void nft_match_mark(struct nft *n, enum nft_op op, uint32_t mark);
void nft_match_mark_masked(struct nft *n, uint32_t mask, enum nft_op op, uint32_t mark);
/*
 * Sent by a socket of this network namespace that root has opened, or somebody of that group. A frame keeps its socket on its way through
 * bridges, veths and other namespaces, which may write what they like into it: it tells who sent a frame, not that this is it.
 */
void nft_match_root(struct nft *n);
void nft_match_sender_group(struct nft *n, uint32_t gid);
/* Lets the rule go on only for packets above the rate. */
void nft_match_over_limit(struct nft *n, uint64_t per_second, uint32_t burst);

/* Actions. */
void nft_count(struct nft *n, const char *counter);
void nft_set_mark(struct nft *n, uint32_t mark);
void nft_set_eth_dst(struct nft *n, const uint8_t *mac);          /* six octets */
void nft_set_ip6_source(struct nft *n, const struct in6_addr *a); /* and the checksum of what it carries */
void nft_set_for_host(struct nft *n); /* the host takes the packet for its own; bridge prerouting alone knows */
void nft_log(struct nft *n, uint16_t group);
void nft_queue(struct nft *n, uint16_t number); /* without bypass: no listener means drop */
void nft_iifname_vmap(struct nft *n, const char *map);
void nft_oifname_vmap(struct nft *n, const char *map);
void nft_accept(struct nft *n);
void nft_drop(struct nft *n);
void nft_jump(struct nft *n, const char *chain);
void nft_goto(struct nft *n, const char *chain);

#endif
