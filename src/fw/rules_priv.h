/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules_priv: the vocabulary that the rule files share.
 *
 * A kernel with a thousand VMs walks every chain of every table at each change, and the list of tables for each message. So
 * chains are few, rules are plain lists, and what nearly every frame is comes first in one rule.
 */
#ifndef FOLD_FW_RULES_PRIV_H
#define FOLD_FW_RULES_PRIV_H

#include "fw/rules.h"

enum rules_counter {
#define X(id, text, meaning) id,
	RULES_COUNTERS(X)
#undef X
	    RULES_COUNTER_COUNT
};

/*
 * Marks have none of the bits that others on such machines use: 0x4000 and 0x8000 (Kubernetes), 0x20000 and 0x40000 (Weave).
 * With br_netfilter the IP tables see them.
 *
 * A container that may send raw frames can give its own any mark (SO_MARK). A veth takes it off on the way into this namespace, a
 * macvlan or an ipvlan on the bridge does not: no mark is believed alone.
 */

/* Frames that the VM's own table hands to the shared one for queueing. */
#define RULES_TAKE_MARK 0x0f0100aaU

/*
 * Through the gateway under a chain of the user's. GATE: the VM's own table let it out, and nothing but the shared table knows
 * where it goes. PASSED: that chain let it in. Bits that others add do not matter.
 */
#define RULES_GATE_MARK 0x0f010066U
#define RULES_PASSED_MARK 0x0f010099U
#define RULES_MARK_BITS 0x0f0100ffU

const char *rules_counter(enum rules_counter c);

/* Ethernet, RFC 894. */
void eth_src(struct nft *n, enum nft_op op, const uint8_t *mac);
void eth_dst(struct nft *n, enum nft_op op, const uint8_t *mac);
void eth_dst_is_group(struct nft *n);
void eth_type(struct nft *n, enum nft_op op, uint16_t type);
/* The source and the type in one match, and so the destination and the type. */
void eth_src_and_type(struct nft *n, const uint8_t *mac, uint16_t type);
void eth_dst_and_type(struct nft *n, const uint8_t *mac, uint16_t type);
/* To one machine that is neither fold nor the host: what is for these two is judged one by one. */
void eth_to_peer(struct nft *n, const struct rules *r, uint16_t type);
/* To the guest, from one machine that is neither the guest nor fold. */
void eth_from_peer(struct nft *n, const struct guest *g, uint16_t type);

/*
 * The network header is sound: the kernel answers for the transport protocol only then (version, header length, no more
 * octets than the frame has). Whatever accepts an IP packet asks this.
 */
void sound(struct nft *n);

enum { PORT_SRC = 0, PORT_DST = 2 };
void port(struct nft *n, uint32_t which, enum nft_op op, uint16_t number);
void also_port(struct nft *n, enum nft_op op, uint16_t number); /* the same one, once more */

/* From a port that is not fold's alone: dhcp is the server's of the family. */
void not_from_server(struct nft *n, const struct guest *g, uint16_t dhcp);

void drop(struct nft *n, enum rules_counter why);
/* The end of a list: what is sound in itself is dropped for that reason, all else as a header that lies. */
void drop_rest(struct nft *n, const char *chain, enum rules_counter why, enum rules_counter header);
/* Drops broadcasts and multicasts above the rate. */
void cap_storm(struct nft *n, const char *chain);
/* The rules that come first in a direction, for what most frames are. */
void fast_from_ip4(struct nft *n, const struct rules *r);
void fast_to_ip4(struct nft *n, const struct guest *g);
void fast_from_ip6(struct nft *n, const struct rules *r);
void fast_to_ip6(struct nft *n, const struct guest *g);

/*
 * What becomes of packets through the gateway (rules_gate.c). leave: the rules for those that leave, for which `leaves` opens one.
 * enter: more rules of a chain for those that enter. chains: where the two go for an answer, if any do.
 */
void gate_leave(struct nft *n, const struct rules *r, bool ip6, void (*leaves)(struct nft *n, const struct rules *r));
void gate_enter(struct nft *n, const char *chain, const struct rules *r, bool ip6);
void gate_chains(struct nft *n, const struct rules *r);
extern const char *const gate_chain_names[];
bool gate_rejects(const struct rules *r); /* whether these are needed */
bool gate_counts(const struct rules *r);  /* whether anything here has a counter of its own */
/* Before an action was asked: the source is in the subnet, or what comes through the gateway goes on anyway. */
void gate_is_open(struct nft *n, const struct rules *r, bool ip6);
/* The VM's chains in the shared table, and how many rules they then have. */
void gate_fill_leave(struct nft *n, const struct rules *r, const char *chain);
void gate_fill_enter(struct nft *n, const struct rules *r, const char *chain);
int gate_leave_rules(const struct rules *r);
int gate_enter_rules(const struct rules *r);

/* The packet's destination, of either family: a struct in_addr or in6_addr. */
void destination_is(struct nft *n, bool ip6, const void *address);

/* IPv6, RFC 8200: which field, against a whole address, or against a block of them. */
enum { IP6_VERSION = 0, IP6_LENGTH = 4, IP6_NEXT = 6, IP6_HOP = 7, IP6_SRC = 8, IP6_DST = 24, IP6_HEADER = 40 };
void ip6_is(struct nft *n, uint32_t offset, enum nft_op op, const struct in6_addr *a);
void ip6_is_in(struct nft *n, uint32_t offset, enum nft_op op, const struct cidr6 *block);
void ip6_payload(struct nft *n, enum nft_op op, uint16_t octets);
/* That transport right behind the header, from that address. */
void ip6_plain_from(struct nft *n, uint8_t proto, const struct in6_addr *src);
extern const struct cidr6 link_local6; /* fe80::/64: the upper half is always this (RFC 4291 2.5.6) */

/* Each file's chains, NULL at the end, and what goes into them. */
extern const char *const rules_ip4_chains[], *const rules_ip6_chains[], *const rules_nd_chains[];
void rules_ip4(struct nft *n, const struct rules *r);
void rules_ip6(struct nft *n, const struct rules *r);
void rules_nd(struct nft *n, const struct rules *r); /* neighbour discovery, a part of IPv6 */
/* ARP has no chain of its own: the end of `from` and of `to`, where all else is gone. */
void rules_from_arp(struct nft *n, const struct guest *g);
void rules_to_arp(struct nft *n, const struct guest *g);

/* The VM's own table, closed, as a part of the transaction that is open. */
void rules_closed_table(struct nft *n, const struct rules *r);
/* The VM's part of the shared table for NFQUEUE, and its own table in the same transaction. 0 or -errno. */
int rules_shared_add(struct nft *n, const struct rules *r);
/* A change, as a part of the transaction that is open. gate: that part, too. */
void rules_shared_change(struct nft *n, const struct rules *r, bool gate);

/*
 * The notifications' port, of UDP, is fold's and the guest's alone: what acknowledges one is taken, all else dropped. Nothing
 * where there is none.
 */
void take_notify(struct nft *n, const char *chain, const struct guest *g, bool ip6);
/* From the guest's link-local address to one of fold's. */
void take_notify_link_local(struct nft *n, const char *chain, const struct guest *g);
void no_notify(struct nft *n, const char *chain, const struct guest *g);
/* More conditions in the rule that is open: to no port in which fold has a part; dhcp: the family's, server's and client's. */
void fast_to_ports(struct nft *n, const struct guest *g, bool udp, const uint16_t dhcp[2]);

/* Whether fold answers the DNS questions that the VM is asked from the network. */
bool serves_network(const struct guest *g);
/*
 * What the guest asks fold for most, ahead of all that may be said against a packet: those conditions stand in the long list, too, and
 * what is not plainly good goes through that.
 */
void fast_take_dns(struct nft *n, const struct guest *g, bool ip6);
/* More conditions in the rule that is open: UDP in a whole packet without options, from the guest's address. */
void plain_udp_from_guest(struct nft *n, const struct guest *g, bool ip6);
/* The guest's DNS questions go to the responder; where there is no DNS, TCP's, which are refused. */
void take_dns(struct nft *n, const char *chain, const struct guest *g, bool ip6);
/* From its link-local address to one of fold's. */
void take_dns_link_local(struct nft *n, const char *chain, const struct guest *g);
/* Those from the network: to the responder, or, where the bridge's hooks take them before, nowhere. */
void take_network_dns(struct nft *n, const char *chain, const struct rules *r);

#endif
