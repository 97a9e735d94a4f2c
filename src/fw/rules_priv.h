/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules_priv: the vocabulary that the rule files share.
 *
 * At each change the kernel walks every chain of every table, and for each message the list of tables; with a
 * thousand VMs that takes time. So chains are few, rules are plain lists, and one rule for the most common frames
 * comes first.
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
 * fold's marks use none of the bits that other programs on such machines use: 0x4000 and 0x8000 (Kubernetes), 0x20000
 * and 0x40000 (Weave). With br_netfilter, the IP tables see the marks.
 *
 * A container that may send raw frames can set any mark on them (SO_MARK). A veth clears the mark on the way into
 * this namespace, but a macvlan or an ipvlan on the bridge does not: so no rule trusts a mark alone.
 */

/* Frames that the VM's own table hands to the shared one for queueing. */
#define RULES_TAKE_MARK 0x0f0100aaU

/*
 * For packets through the gateway that a chain of the user's decides about. GATE: the VM's own table let the packet
 * out, and only the shared table knows where it goes. PASSED: the packet was handed to the user's chain on its way
 * in, and that chain did not drop it. Bits that other programs set are ignored.
 */
#define RULES_GATE_MARK 0x0f010066U
#define RULES_PASSED_MARK 0x0f010099U
#define RULES_MARK_BITS 0x0f0100ffU

const char *rules_counter(enum rules_counter c);

/* Ethernet, RFC 894 (rules_eth.c). */
void eth_src(struct nft *n, enum nft_op op, const uint8_t *mac);
void eth_dst(struct nft *n, enum nft_op op, const uint8_t *mac);
void eth_dst_is_group(struct nft *n);
void eth_type(struct nft *n, enum nft_op op, uint16_t type);
/* The source and the type in one match, and so the destination and the type. */
void eth_src_and_type(struct nft *n, const uint8_t *mac, uint16_t type);
void eth_dst_and_type(struct nft *n, const uint8_t *mac, uint16_t type);
/*
 * From the guest to one machine that is neither fold nor the host, whose frames have rules of their own. first: the
 * first octet of the packet, 0: any.
 */
void eth_to_peer(struct nft *n, const struct rules *r, uint16_t type, uint8_t first);
/* To the guest, from one machine that is neither the guest nor fold. */
void eth_from_peer(struct nft *n, const struct guest *g, uint16_t type, uint8_t first);

/*
 * The network header is valid (version, header length, no more octets than the frame has): only then does the kernel
 * know the transport protocol. Every rule that accepts an IP packet asks this.
 */
void sound(struct nft *n);

enum { PORT_SRC = 0, PORT_DST = 2 };
/*
 * Of IPv6, the port directly behind the header: before 0ae8e4cca787 (Linux 6.8 and stable releases of January 2024) nft
 * took IPv6's transport to be 14 octets further on at the egress hook. That shows no valid packet; has_ports() does.
 */
void port(struct nft *n, bool ip6, uint32_t which, enum nft_op op, uint16_t number);
void also_port(struct nft *n, enum nft_op op, uint16_t number); /* compares the port that was loaded last once more */
/* ip4_has_transport() of either family: IPv6's fragments have been dropped. */
void has_transport(struct nft *n, bool ip6);
/* UDP from or to that port, and no later fragment. */
void udp_port(struct nft *n, bool ip6, uint32_t which, uint16_t number);
/* What a match on a port of IPv4 shows, whatever the port is: the packet is sound(). It costs less than that. */
void has_ports(struct nft *n);

/* The source port is none of those from which only fold sends: the DHCP server's of the family, and notifications'. */
void not_from_server(struct nft *n, const struct guest *g, bool ip6);

void drop(struct nft *n, enum rules_counter why);
/* Ends a chain: drops packets with a valid header for the reason `why`, all others for the reason `header`. */
void drop_rest(struct nft *n, const char *chain, enum rules_counter why, enum rules_counter header);
/* Drops broadcasts and multicasts above the rate. */
void cap_storm(struct nft *n, const char *chain);
/* The rules that come first in a direction, for what most frames are. */
void rules_fast_from(struct nft *n, const struct rules *r);
void rules_fast_to(struct nft *n, const struct guest *g);

/*
 * What becomes of packets through the gateway (rules_gate.c). gate_leave(): the rules for packets that leave; each
 * begins with `leaves`, which opens a rule that matches them. gate_enter(): the rules for packets that enter.
 * gate_chains(): fills the chains for refused packets that are to be answered, if there are any.
 */
void gate_leave(struct nft *n, const struct rules *r, bool ip6, void (*leaves)(struct nft *n, const struct rules *r));
void gate_enter(struct nft *n, const char *chain, const struct rules *r, bool ip6);
void gate_chains(struct nft *n, const struct rules *r);
extern const char *const gate_chain_names[];
bool gate_rejects(const struct rules *r); /* whether these are needed */
bool gate_counts(const struct rules *r);  /* whether FROM_GATEWAY or TO_GATEWAY is needed */
/*
 * For a rule that comes before the action has been applied: the source must be in the subnet, unless the action lets
 * packets through the gateway go on anyway.
 */
void gate_is_open(struct nft *n, const struct rules *r, bool ip6);
/* Fill the VM's chains in the shared table, and tell how many rules these then have. */
void gate_fill_leave(struct nft *n, const struct rules *r, const char *chain);
void gate_fill_enter(struct nft *n, const struct rules *r, const char *chain);
int gate_leave_rules(const struct rules *r);
int gate_enter_rules(const struct rules *r);

/*
 * A set of values of one field, most of them addresses, which costs one rule instead of one a value. A guest has few
 * addresses to put in: its own, fold's (at most three) and the gateway's.
 */
#define VALUES_MOST 8
struct values {
	uint8_t at[VALUES_MOST][16];
	size_t count;
};
void values_add(struct values *v, const void *value, uint32_t len);
void values_add_services(struct values *v, const struct guest *g, bool ip6);
/* The field of the network header is one of them; there must be one at least. */
void is_one_of(struct nft *n, uint32_t offset, uint32_t len, const struct values *v);

/* The packet's destination, of either family: a struct in_addr or in6_addr. */
void destination_is(struct nft *n, bool ip6, const void *address);

enum { UDP_HEADER = 8, TCP_HEADER = 20 };

/* IPv4, RFC 791: compares the address at an offset, also with a block of addresses, or the protocol. */
enum { IP4_VERSION = 0, IP4_LENGTH = 2, IP4_FRAGMENT = 6, IP4_PROTO = 9, IP4_SRC = 12, IP4_DST = 16, IP4_HEADER = 20 };
#define IP4_PLAIN 0x45    /* version 4, five words of header: no options */
#define IP4_OFFSET 0x1fff /* of a fragment */
#define IP4_MORE 0x2000   /* fragments follow */
void ip4_is(struct nft *n, uint32_t which, enum nft_op op, struct in_addr a);
void ip4_is_in(struct nft *n, uint32_t which, enum nft_op op, struct cidr4 block);
void ip4_proto(struct nft *n, uint8_t proto);
/* Compares the total length with that of a header without options and `transport` octets behind it. */
void ip4_length(struct nft *n, enum nft_op op, uint16_t transport);
/*
 * The packet is no later fragment. Each rule with a match on the transport header needs this, or it takes data for a
 * header: nft_payload_fast_eval() does not look whether there is one (Linux 6.18), nft_payload_eval() does.
 */
void ip4_has_transport(struct nft *n);
/* The address that was loaded last is neither the subnet's own nor its broadcast address, if it has one. */
void ip4_also_no_edge(struct nft *n, const struct guest *g);

/* IPv6, RFC 8200: compares the field at an offset with a whole address, or with a block of addresses. */
enum { IP6_VERSION = 0, IP6_LENGTH = 4, IP6_NEXT = 6, IP6_HOP = 7, IP6_SRC = 8, IP6_DST = 24, IP6_HEADER = 40 };
void ip6_is(struct nft *n, uint32_t offset, enum nft_op op, const struct in6_addr *a);
void ip6_is_in(struct nft *n, uint32_t offset, enum nft_op op, const struct cidr6 *block);
void ip6_payload(struct nft *n, enum nft_op op, uint16_t octets);
void ip6_proto(struct nft *n, uint8_t proto);
/* The transport follows the IPv6 header directly, and the source is that address. */
void ip6_plain_from(struct nft *n, uint8_t proto, const struct in6_addr *src);
extern const struct cidr6 link_local6; /* fe80::/64: the upper half is always this (RFC 4291 2.5.6) */

/* The names of each file's chains, NULL at the end, and the functions that fill them. */
extern const char *const rules_ip4_chains[], *const rules_ip6_chains[], *const rules_nd_chains[];
void rules_ip4(struct nft *n, const struct rules *r);
void rules_ip6(struct nft *n, const struct rules *r);
void rules_nd(struct nft *n, const struct rules *r); /* neighbour discovery, a part of IPv6 */
/* ARP has no chain of its own: its rules are the end of `from` and `to`, which only ARP reaches. */
void rules_from_arp(struct nft *n, const struct guest *g);
void rules_to_arp(struct nft *n, const struct guest *g);

/* The VM's own table, closed, as a part of the transaction that is open. */
void rules_closed_table(struct nft *n, const struct rules *r);
/* The VM's part of the shared table for NFQUEUE, and its own table in the same transaction. 0 or -errno. */
int rules_shared_add(struct nft *n, const struct rules *r);
/* Adds a change of the shared table to the open transaction. gate: change the VM's part for its actions, too. */
void rules_shared_change(struct nft *n, const struct rules *r, bool gate);

/*
 * The UDP port of notifications is only for fold and the guest: acknowledgements go to the responder, all else from
 * or to that port is dropped. Adds nothing if the guest has no such port.
 */
void take_notify(struct nft *n, const char *chain, const struct guest *g, bool ip6);
/* From the guest's link-local address to one of fold's. */
void take_notify_link_local(struct nft *n, const char *chain, const struct guest *g);
void no_notify(struct nft *n, const char *chain, const struct guest *g, bool ip6);

/* Whether fold answers the DNS questions that the VM is asked from the network. */
bool serves_network(const struct guest *g);
/*
 * Takes the guest's DNS questions, its most common requests to fold, ahead of the rules that drop faulty packets. The
 * conditions here are in the long list, too, which judges every packet that does not match here.
 */
void fast_take_dns(struct nft *n, const struct guest *g, bool ip6);
/* More conditions in the rule that is open: UDP in a whole packet without options, from the guest's address. */
void plain_udp_from_guest(struct nft *n, const struct guest *g, bool ip6);
/*
 * Sends the guest's DNS questions to the responder; those by TCP even if the guest has no DNS, because the responder
 * refuses them.
 */
void take_dns(struct nft *n, const char *chain, const struct guest *g, bool ip6);
/* From its link-local address, to whichever of these addresses. */
void take_dns_link_local(struct nft *n, const char *chain, const struct guest *g);
/*
 * Sends TCP to fold's own addresses and MAC to the responder, which refuses it at once: a client that tries DNS over
 * TLS first (RFC 7858 3.1) then asks in the clear without waiting. from_link_local: only what comes from such an
 * address (IPv6).
 */
void take_connections(struct nft *n, const char *chain, const struct guest *g, bool ip6, bool from_link_local);
/*
 * Questions to the guest's address from the network: to the responder or, with NFQUEUE, dropped, because the shared
 * table has queued them before.
 */
void take_network_dns(struct nft *n, const char *chain, const struct rules *r, bool ip6);

#endif
