/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft: verbs to build one nftables transaction and to send it whole.
 *
 * A transaction is built front to back: objects and rules in the order in which the kernel takes them. nft_rule()
 * opens a rule, the match and action verbs append to it, and any other verb closes it. Building reports no error:
 * nft_commit() tells of a lack of memory or room.
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
 * Opens a socket of its own: a table with the owner flag lives until the last copy of this socket is closed. A
 * process that holds a copy needs CAP_NET_ADMIN to change anything by it, and cannot attach a filter to it; but it
 * can read the kernel's answers away, or keep the buffer too full for them.
 */
int nft_open(struct nft **out);
/* Makes an nft of a copy of such a socket, which it owns from then on. */
int nft_adopt(int fd, struct nft **out);
void nft_close(struct nft *n);
/* The socket, to be passed on so that an owned table outlives this process. Still nft's. */
int nft_fd(const struct nft *n);

/* Starts an empty transaction, forgetting what was built and not sent. */
void nft_begin(struct nft *n);

/*
 * Sends the transaction; the kernel takes all of it or nothing. Returns 0 or -errno of the first refusal: -ENOENT if
 * an object is missing or the kernel does not have an expression, -EEXIST if an object that was to be made with
 * `exclusive` is there already, -EBUSY if one is still in use. NFT_NO_ANSWER: whether the transaction is in force is
 * unknown.
 */
#define NFT_NO_ANSWER (-EPROTO)
int nft_commit(struct nft *n);
/* The text for a negative errno, or for NFT_NO_ANSWER. */
const char *nft_error(int err);

/*
 * Questions wait a few seconds at most for their answers, then they return NFT_NO_ANSWER.
 *
 * Whether the table or the chain exists: 1, 0 or -errno. Asking costs nothing, but a transaction that is refused makes
 * the kernel wait for a grace period (about 15 ms); so ask first for an object that may well be missing.
 */
int nft_has_table(struct nft *n, int family, const char *table);
int nft_has_chain(struct nft *n, int family, const char *table, const char *chain);
enum nft_kind { NFT_KIND_NONE, NFT_KIND_PLAIN, NFT_KIND_BASE };
/* Whether the chain exists, and if so, whether it is at a hook (a base chain): enum nft_kind or -errno. */
int nft_chain_kind(struct nft *n, int family, const char *table, const char *chain);
/* How many rules are in it, 0 also where there is no such chain, or -errno. */
int nft_count_rules(struct nft *n, int family, const char *table, const char *chain);

/* Whether that interface is in a map: 1, 0 or -errno. */
int nft_has_in_vmap(struct nft *n, int family, const char *table, const char *map, const char *ifname);

/* Whether nothing is in a map: 1, also where there is no such map, 0 or -errno. */
int nft_vmap_is_empty(struct nft *n, int family, const char *table, const char *map);

enum nft_hook { NFT_HOOK_INGRESS, NFT_HOOK_EGRESS, NFT_HOOK_BRIDGE_PREROUTING, NFT_HOOK_BRIDGE_POSTROUTING };

/*
 * Everything below goes into the table that nft_table() or nft_use_table() named last. family: NFPROTO_NETDEV or
 * NFPROTO_BRIDGE.
 */
void nft_table(struct nft *n, int family, const char *name, uint32_t flags);
void nft_use_table(struct nft *n, int family, const char *name); /* a table that exists already */
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
 * A set of addresses whose elements have a timeout; with_port: of addresses, transport protocols and ports. It is no
 * error if the set exists. A key is the address (4 or 16 octets) and, with_port, the protocol and the port (network
 * byte order), each at the start of four octets.
 */
#define NFT_ADDRESS_KEY_MAX 24
void nft_address_set(struct nft *n, const char *name, bool ip6, bool with_port);
void nft_address_set_flush(struct nft *n, const char *name);
/* Adds an element for ms milliseconds; an element that exists may keep its old timeout. */
void nft_address_set_add(struct nft *n, const char *name, const void *key, uint32_t len, uint64_t ms);
void nft_address_set_delete(struct nft *n, const char *name, const void *key, uint32_t len); /* it must be there */

/*
 * Matches. Values are bytes as they stand in the packet. If the frame does not have the octets that a match looks at,
 * the match fails, whatever its operator. So a frame must pass because a match succeeded, never because a drop did
 * not match.
 */
enum nft_base { NFT_LINK, NFT_NETWORK, NFT_TRANSPORT };
enum nft_op { NFT_IS, NFT_IS_NOT, NFT_LESS, NFT_AT_LEAST };

void nft_rule(struct nft *n, const char *chain);
void nft_match(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, enum nft_op op, const void *value);
void nft_match_masked(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, const void *mask,
		      enum nft_op op, const void *value);
/* The frame has those octets, whatever they are. */
void nft_match_present(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len);
/* Loads these octets, for nft_and() and nft_and_masked() to compare. */
void nft_load(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len);
/* Compares once more what the last match or nft_load() loaded, with its mask applied, or its first len octets. */
void nft_and(struct nft *n, enum nft_op op, const void *value, uint32_t len);
/* The same after applying a mask; later comparisons see the masked octets, too. */
void nft_and_masked(struct nft *n, const void *mask, enum nft_op op, const void *value, uint32_t len);
/* At least low and at most high. */
void nft_match_range(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, const void *low,
		     const void *high);
/* Compares once more what the last match loaded: less than low or more than high. */
void nft_and_outside(struct nft *n, const void *low, const void *high, uint32_t len);
void nft_match_l4proto(struct nft *n, enum nft_op op, uint8_t proto);
/* The address at that place of the network header, with_port with protocol and destination port, is in the set. */
void nft_match_in_address_set(struct nft *n, const char *set, uint32_t offset, bool ip6, bool with_port);
/*
 * Frames to one other machine: neither to a group nor to the MAC of the interface that they came in by.
 * nft_match_for_host(): frames to that MAC.
 */
void nft_match_elsewhere(struct nft *n);
void nft_match_for_host(struct nft *n);
void nft_match_mark(struct nft *n, enum nft_op op, uint32_t mark);
void nft_match_mark_masked(struct nft *n, uint32_t mask, enum nft_op op, uint32_t mark);
/*
 * The frame was sent by a socket of this network namespace that root opened, or a member of that group. A frame keeps
 * its sending socket on its way through bridges, veths and other network namespaces, where its contents may be
 * rewritten: so the match tells who sent a frame, not that the contents are unchanged.
 */
void nft_match_root(struct nft *n);
void nft_match_sender_group(struct nft *n, uint32_t gid);
/* Lets the rule go on only for packets above the rate. */
void nft_match_over_limit(struct nft *n, uint64_t per_second, uint32_t burst);

/* Actions. */
void nft_count(struct nft *n, const char *counter);
void nft_set_mark(struct nft *n, uint32_t mark);
void nft_set_eth_dst(struct nft *n, const uint8_t *mac);          /* six octets */
void nft_set_ip6_source(struct nft *n, const struct in6_addr *a); /* corrects the transport checksum, too */
void nft_set_for_host(struct nft *n); /* makes the host take the packet as its own; works in bridge prerouting only */
void nft_log(struct nft *n, uint16_t group);
void nft_queue(struct nft *n, uint16_t number); /* without bypass: no listener means drop */
void nft_iifname_vmap(struct nft *n, const char *map);
void nft_oifname_vmap(struct nft *n, const char *map);
void nft_accept(struct nft *n);
void nft_drop(struct nft *n);
void nft_jump(struct nft *n, const char *chain);
void nft_goto(struct nft *n, const char *chain);

#endif
