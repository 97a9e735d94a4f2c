/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules: the isolation of one VM, as nftables rules.
 *
 * The whole policy stands in a netdev table of the VM's own, on the tap's two hooks: what the
 * guest sends is judged before the bridge sees it, what is sent to it after the bridge is done.
 * The table is owned by the socket that made it: `flush ruleset` leaves it alone, nobody else can change it, and
 * it lives until the last holder of that socket is gone. What the responder takes is delivered
 * by NFLOG straight from there; for NFQUEUE, which the netdev family does not have, it is marked
 * and queued in the table `bridge fold`, which all VMs share.
 */
#ifndef FOLD_FW_RULES_H
#define FOLD_FW_RULES_H

#include "fw/nft.h"
#include "guest/guest.h"

struct egress;

#include <stddef.h>
#include <stdint.h>

#define RULES_SHARED_TABLE "fold" /* in the bridge family */

/* Frames to the guest that carry this mark and the service MAC are fold's own replies. */
#define RULES_REPLY_MARK 0x0f0100ffU

enum transport { TRANSPORT_AUTO, TRANSPORT_QUEUE, TRANSPORT_LOG };

/* -m: a multicast group or a block of groups. */
struct group4 {
	struct cidr4 block;
};

struct group6 {
	struct cidr6 block;
};

/* -a and -A: what becomes of packets that leave or enter the subnet through the gateway. */
enum action { ACTION_GO_ON, ACTION_DROP, ACTION_REJECT, ACTION_JUMP, ACTION_GOTO };
#define ACTION_CHAIN_MOST 128
struct gateway_action {
	enum action what;              /* REJECT: as the guest's refusal says */
	char chain[ACTION_CHAIN_MOST]; /* JUMP and GOTO: the user's, in the shared table */
};

struct rules {
	const struct guest *guest;
	struct gateway_action action4, action6;
	const struct group4 *groups4;
	size_t group4_count;
	const struct group6 *groups6;
	size_t group6_count;
	uint8_t bridge_mac[MAC_LEN]; /* the host's own on this network */
	const struct in_addr *host4; /* its addresses there, of which the VM may reach those in its own subnet */
	size_t host4_count;
	const struct in6_addr *host6; /* the same of IPv6, link-local ones included */
	size_t host6_count;
	uint32_t
	    reply_group; /* of the socket that replies to the guest are sent by (host/tx.h); 0: none could be had */
	enum transport transport;    /* never AUTO here */
	uint16_t number;             /* of the queue or the log group */
	const struct egress *egress; /* what the guest's ALLOW has let in so far (fw/egress.h); NULL: nothing */
};

/* clang-format off */
/* Why a frame was dropped, as the counters in the VM's table are named, and what that means. */
#define RULES_COUNTERS(X) \
	X(TAKEN,          "taken", "handed to the responder") \
	X(FROM_MAC,       "from_mac", "a source MAC that is not the guest's") \
	X(FROM_TYPE,      "from_type", "an ethertype that is closed, a tag, LLC") \
	X(FROM_ARP,       "from_arp", "ARP that is malformed or about somebody else") \
	X(FROM_ND,        "from_nd", "neighbour discovery that is malformed or about somebody else") \
	X(FROM_HEADER,    "from_header", "IP options, broken lengths") \
	X(FROM_SOURCE,    "from_source", "an IP source that is not the guest's") \
	X(FROM_FRAGMENT,  "from_fragment", "fragments that could hide a header") \
	X(FROM_PROTO,     "from_proto", "a transport or ICMP type that is closed") \
	X(FROM_SERVER,    "from_server", "messages that only DHCP servers and routers send") \
	X(FROM_DEST,      "from_destination", "outside the subnet, or a MAC that does not fit") \
	X(FROM_STORM,     "from_storm", "broadcasts and multicasts above the rate") \
	X(FROM_GATEWAY,   "from_gateway", "refused by the action for what leaves through the gateway") \
	X(FROM_ALLOW,     "from_allow", "to an address behind the gateway that no name of ALLOW has") \
	X(TO_MAC,         "to_mac", "not to the guest, or from a MAC that is its own") \
	X(TO_TYPE,        "to_type", "an ethertype that is closed, a tag, LLC") \
	X(TO_ARP,         "to_arp", "ARP that is malformed or not for the guest") \
	X(TO_ND,          "to_nd", "neighbour discovery that is malformed or not for the guest") \
	X(TO_HEADER,      "to_header", "IP options, broken lengths") \
	X(TO_SOURCE,      "to_source", "from outside the subnet and not through the gateway") \
	X(TO_FRAGMENT,    "to_fragment", "fragments that could hide a header") \
	X(TO_PROTO,       "to_proto", "a transport or ICMP type that is closed") \
	X(TO_SERVER,      "to_server", "DHCP and router advertisements that are not fold's") \
	X(TO_DEST,        "to_destination", "an address or group that is not the guest's") \
	X(TO_GATEWAY,     "to_gateway", "refused by the action, or past it")
/* clang-format on */

/*
 * Puts the VM's table and, for the queue, its part of the shared table in place, closed: not a frame passes. The tap
 * must be there and down. One transaction, and a short one: with a thousand VMs each message of it costs the kernel some
 * microseconds. Returns 0 or -errno; -ENOENT where the kernel cannot deliver that way.
 */
int rules_add(struct nft *n, const struct rules *r);

/*
 * The VM's part in the shared table for what its actions ask of it: chains of the user's, and refusals that NFQUEUE delivers.
 * Until then, and whenever it is gone, nothing passes the gateway. After rules_add(). 0, also where there is nothing to do;
 * -ENOENT where a chain of the user's is missing, -EOPNOTSUPP where one cannot be used here, or -errno.
 */
int rules_gate_add(struct nft *n, const struct rules *r);
bool rules_has_gate(const struct rules *r);
/* As rules_restore_shared(): 1, 0, or -errno; -ENOENT: a chain of the user's is missing. */
int rules_gate_restore(struct nft *n, const struct rules *r);
/* Whether a chain's name in the shared table is one that fold itself uses. */
bool rules_owns_chain(const char *name);

/* Fills it, in one transaction: what may pass does from then on. Once, after rules_add(). 0 or -errno. */
int rules_open(struct nft *n, const struct rules *r);

/*
 * Puts the VM's part of the shared table back where it, or what leads to it, is gone. 1 where something was missing, 0
 * where all was there, or -errno. Nothing to do for TRANSPORT_LOG.
 */
int rules_restore_shared(struct nft *n, const struct rules *r);

/*
 * Puts a change in force, in one transaction: of the host's addresses, or of the guest but for who it is. The same
 * counters go on. 0, or -errno and all is as it was.
 */
int rules_update(struct nft *n, const struct rules *r);

/* Whether the rules of two guests that are the same VM differ: true where in doubt. */
bool rules_differ(const struct guest *a, const struct guest *b);

/* Removes the VM's part of the shared table, and the table's own parts with the last VM; idempotent. */
int rules_remove_shared(struct nft *n, const char *iface);

/* The name of the VM's own table. */
#define RULES_TABLE_TEXT 32
const char *rules_table(const char *iface, char name[static RULES_TABLE_TEXT]);

#endif
