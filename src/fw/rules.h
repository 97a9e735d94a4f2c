/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules: the isolation of one VM, as nftables rules.
 *
 * The whole policy is in a netdev table of the VM's own, on the two hooks of the tap: frames from the guest are
 * judged before the bridge sees them, frames to the guest after the bridge is done with them. The table is owned by
 * the socket that made it: `flush ruleset` leaves it alone, nobody else can change it, and it lives until the last
 * copy of that socket is closed. Frames for the responder are delivered by NFLOG straight from that table. The netdev
 * family has no NFQUEUE: for it, they are marked there and queued in the table `bridge fold`, which all VMs share.
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
	enum action what;              /* REJECT: the answer is the guest's refusal4 or refusal6 */
	char chain[ACTION_CHAIN_MOST]; /* JUMP and GOTO: the user's, in the shared table */
};

struct rules {
	const struct guest *guest;
	struct gateway_action action4, action6;
	const struct group4 *groups4;
	size_t group4_count;
	const struct group6 *groups6;
	size_t group6_count;
	uint8_t bridge_mac[MAC_LEN]; /* the MAC of the host's interface on this network */
	const struct in_addr *host4; /* its addresses there, of which the VM may reach those in its own subnet */
	size_t host4_count;
	const struct in6_addr *host6; /* the same of IPv6, link-local ones included */
	size_t host6_count;
	/* Group of the socket that sends replies to the guest (host/tx.h); 0: none could be had. */
	uint32_t reply_group;
	enum transport transport;    /* never AUTO here */
	uint16_t number;             /* of the queue or the log group */
	const struct egress *egress; /* what the guest's ALLOW has let in so far (fw/egress.h); NULL: nothing */
};

/* clang-format off */
/* The reasons to drop a frame: the names of the counters in the VM's table, and what they mean. */
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
 * Makes the VM's table and, for the queue, its part of the shared table. They are closed: no frame passes from the tap.
 * It must exist, and be no port of a bridge. It is one short transaction, because the hypervisor waits for it, and with
 * a thousand VMs each message of it costs the kernel some microseconds. Returns 0 or -errno; -ENOENT if the kernel
 * cannot deliver frames by that transport.
 */
int rules_add(struct nft *n, const struct rules *r);

/*
 * Makes the VM's part of the shared table that its actions need: jumps to chains of the user's, and refusals that
 * NFQUEUE delivers. Before that, and whenever that part is gone, nothing passes the gateway. To be called after
 * rules_add(). Returns 0, also if there is nothing to do; -ENOENT if a chain of the user's is missing, -EOPNOTSUPP if
 * it cannot be used here, or -errno.
 */
int rules_gate_add(struct nft *n, const struct rules *r);
bool rules_has_gate(const struct rules *r);
/* As rules_restore_shared(): 1, 0, or -errno; -ENOENT: a chain of the user's is missing. */
int rules_gate_restore(struct nft *n, const struct rules *r);
/* Whether a chain's name in the shared table is one that fold itself uses. */
bool rules_owns_chain(const char *name);

/*
 * Fills the VM's table, in one transaction: permitted frames pass from then on, in both directions. To be called once,
 * after rules_add() and before the tap becomes a port of a bridge. Returns 0 or -errno.
 */
int rules_open(struct nft *n, const struct rules *r);

/*
 * Puts the VM's part of the shared table back if it, or the rules that lead to it, are gone. Returns 1 if something
 * was missing, 0 if nothing was, or -errno. Does nothing for TRANSPORT_LOG.
 */
int rules_restore_shared(struct nft *n, const struct rules *r);

/*
 * Puts a change in force, in one transaction: of the host's addresses, or of the guest except its identity. The
 * counters keep their values. Returns 0, or -errno and the old rules are still in force.
 */
int rules_update(struct nft *n, const struct rules *r);

/* Whether two states of the same VM need different rules: true if in doubt. */
bool rules_differ(const struct guest *a, const struct guest *b);

/* Removes the VM's part of the shared table, and the table's own parts with the last VM; idempotent. */
int rules_remove_shared(struct nft *n, const char *iface);

/* The name of the VM's own table. */
#define RULES_TABLE_TEXT 32
const char *rules_table(const char *iface, char name[static RULES_TABLE_TEXT]);

#endif
