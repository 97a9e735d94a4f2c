/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The macros of the case tables: an honest frame from one party to another, then the fields that are wrong in it.
 *
 *   {"27 the victim's address as source", {UDP(A, P, .src = IP_B)}, FROM(A), DROP("from_source")},
 *
 * The numbers in the names are those of the project's list of threats.
 */
#ifndef FOLD_TESTS_FW_CASES_H
#define FOLD_TESTS_FW_CASES_H

#include "attack.h"

/* The tables give some fields twice: the macros' honest value first, then the case's own. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* clang-format off */
/* More names for the macros below. */
#define MAC_P2	 MAC_P
#define MAC_P4	 MAC_P
#define MAC_G3	 MAC_G
#define MAC_FAR	 MAC_G /* the Internet, through the gateway */
#define MAC_H2	 MAC_H
#define MAC_ALL1 MAC_ALL
#define MAC_SERVICE SERVICE(MAC_A)
#define IP_ALL	 IP4(255, 255, 255, 255)
#define IP_NONE	 IP4(10, 0, 1, 77) /* in A's subnet, nobody's */

#define L2_(x, y) .smac = MAC_##x, .dmac = MAC_##y
#define L3_(x, y) L2_(x, y), .src = IP_##x, .dst = IP_##y

#define UDP(x, y, ...)	.kind = K_UDP, L3_(x, y), .proto = 17, .sport = 4000, .dport = HOST_PORT, __VA_ARGS__
#define TCP(x, y, ...)	.kind = K_TCP, L3_(x, y), .proto = 6, .sport = 4000, .dport = 80, __VA_ARGS__
#define ICMP(x, y, ...) .kind = K_ICMP, L3_(x, y), .proto = 1, .itype = 8, __VA_ARGS__
#define IP(x, y, ...)	.kind = K_IP, L3_(x, y), .data = 24, __VA_ARGS__
#define ETHERNET(x, y, ...) .kind = K_ETH, L2_(x, y), .data = 40, __VA_ARGS__
#define ARP_(x, y)	.kind = K_ARP, .smac = MAC_##x, .htype = 1, .ptype = 0x0800, .hlen = 6, .plen = 4, .sha = MAC_##x, \
			.spa = IP_##x, .tpa = IP_##y
#define ARP_REQUEST(x, y, ...) ARP_(x, y), .op = 1, .dmac = MAC_ALL, __VA_ARGS__
#define ARP_REPLY(x, y, ...) ARP_(x, y), .op = 2, .dmac = MAC_##y, .tha = MAC_##y, __VA_ARGS__
/* RFC 5227: "may I have y's address?" */
#define ARP_PROBE(x, y, ...) ARP_(x, y), .op = 1, .dmac = MAC_ALL, .spa = 0, __VA_ARGS__
/* DHCP: the client's message m, broadcast. DHCP_SERVER: a server's OFFER. */
#define DHCP(x, m, ...)	.kind = K_DHCP, .smac = MAC_##x, .dmac = MAC_ALL, .src = 0, .dst = IP4(255, 255, 255, 255), .proto = 17, \
			.sport = 68, .dport = 67, .sha = MAC_##x, .msg = m, __VA_ARGS__
#define DHCP_SERVER(x, y, ...) .kind = K_DHCP, L3_(x, y), .proto = 17, .sport = 67, .dport = 68, .sha = MAC_##y, .msg = 2, \
			__VA_ARGS__
/* IPv6: x and y are names of IP6_... and MAC_... */
#define L36_(x, y) L2_(x, y), .src6 = IP6_##x, .dst6 = IP6_##y, .hop = 64
#define UDP6(x, y, ...) .kind = K_UDP6, L36_(x, y), .next = 17, .sport = 4000, .dport = HOST_PORT, __VA_ARGS__
#define TCP6(x, y, ...) .kind = K_TCP6, L36_(x, y), .next = 6, .sport = 4000, .dport = 80, __VA_ARGS__
#define ICMP6(x, y, ...) .kind = K_ICMP6, L36_(x, y), .next = 58, .itype = 128, __VA_ARGS__
#define RAW6(x, y, n, ...) .kind = K_IP6, L36_(x, y), .next = n, .data = 40, __VA_ARGS__
/* DHCP6: the client's message m to all servers. DHCP6_SERVER: a server's ADVERTISE. */
#define DHCP6(x, m, ...) .kind = K_DHCP6, .smac = MAC_##x, .dmac = 0x333300010002ULL, .src6 = IP6_##x, .dst6 = IP6_SERVERS, \
			.hop = 1, .next = 17, .sport = 546, .dport = 547, .sha = MAC_##x, .msg = m, __VA_ARGS__
#define DHCP6_SERVER(x, y, ...) .kind = K_DHCP6, L36_(x, y), .next = 17, .sport = 547, .dport = 546, .sha = MAC_##y, .msg = 2, \
			__VA_ARGS__
#define ND_(x, type) .kind = K_ND, .smac = MAC_##x, .src6 = IP6_##x, .hop = 255, .next = 58, .itype = type, .lla = MAC_##x
/* Who has y's address? NS asks by multicast, NS_ONE asks y alone. */
#define NS(x, y, ...) ND_(x, 135), .dmac = SOLICITED_MAC(LOW_##y), .dst6 = SOLICITED6(LOW_##y), .target = IP6_##y, .opt = {1}, __VA_ARGS__
#define NS_ONE(x, y, ...) ND_(x, 135), .dmac = MAC_##y, .dst6 = IP6_##y, .target = IP6_##y, .opt = {1}, __VA_ARGS__
/* RFC 4862 5.4.2: may I have x's address? */
#define DAD(x, ...) ND_(x, 135), .src6 = IP6_ANY, .dmac = SOLICITED_MAC(LOW_##x), .dst6 = SOLICITED6(LOW_##x), .target = IP6_##x, __VA_ARGS__
/* x's address: NA answers y, NA_ALL tells all nodes unasked. */
#define NA(x, y, ...) ND_(x, 136), .dmac = MAC_##y, .dst6 = IP6_##y, .target = IP6_##x, .flags = 0x60000000, .opt = {2}, __VA_ARGS__
#define NA_ALL(x, ...) ND_(x, 136), .dmac = MAC_NODES, .dst6 = IP6_NODES, .target = IP6_##x, .flags = 0x20000000, .opt = {2}, __VA_ARGS__
#define RS(x, ...) ND_(x, 133), .dmac = 0x333300000002ULL, .dst6 = IP6_ROUTERS, .opt = {1}, __VA_ARGS__
/* A default router, for half an hour. */
#define RA(x, ...) ND_(x, 134), .dmac = MAC_NODES, .dst6 = IP6_NODES, .flags = 0x40000708, .opt = {1}, __VA_ARGS__
/* Tells y that it can reach x directly. */
#define REDIRECT(x, y, ...) ND_(x, 137), .dmac = MAC_##y, .dst6 = IP6_##y, .target = IP6_##x, .opt = {2}, __VA_ARGS__
#define MAC_NODES 0x333300000001ULL
#define MAC_GROUP6 0x333300010003ULL
#define MAC_LA MAC_A
#define MAC_LB MAC_B
#define MAC_LC MAC_C
#define MAC_LD MAC_D
#define MAC_LF MAC_F
#define MAC_LS MAC_S
#define MAC_LP MAC_P
#define MAC_LG MAC_G
#define MAC_LH MAC_H
#define MAC_P9 MAC_P
/* Names of which the cases use the IPv6 address: where the MAC matters, the case gives it. */
#define MAC_BLOCK MAC_NONE
#define MAC_BLOCK8 MAC_NONE
#define MAC_ROUTERS 0x333300000002ULL
#define IP_S IP4(10, 0, 1, 9) /* as if S had IPv4 */
#define MAC_FOLD_A SERVICE(MAC_A)
#define MAC_FOLD_B SERVICE(MAC_B)
/* The last 24 bits of the addresses. */
#define LOW_A	    0x00000aU
#define LOW_B	    0x00000bU
#define LOW_C	    0x00000cU
#define LOW_D	    0x000004U
#define LOW_E	    0x00000eU
#define LOW_F	    0x000050U
#define LOW_S	    0x000007U
#define LOW_LS	    0x000010U
#define LOW_L	    0x000017U
#define LOW_P	    0x000100U
#define LOW_P2	    0x000100U
#define LOW_P9	    0x000100U
#define LOW_G	    0x000090U
#define LOW_G3	    0x000090U
#define LOW_SERVICE 0x000050U
#define LOW_H2	    0x000254U
#define LOW_H	    0x000001U
#define LOW_FAR	    0x000001U
#define LOW_LA	    LOW_A
#define LOW_LB	    LOW_B
#define LOW_LC	    LOW_C
#define LOW_LP	    0x000001U
#define LOW_LH	    0x0000feU
#define LOW_FOLD_A  LOW_A
#define LOW_FOLD_B  LOW_B
/* clang-format on */

enum { SOLICIT = 1, ADVERTISE = 2, REQUEST6 = 3, REPLY6 = 7, INFORMATION = 11, RELAY = 12 };
enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/*
 * Cookie ids of life.c, where another process sends: for forged frames, and for honest ones, with the keeper's pid in
 * the low bits.
 */
#define COOKIE_FORGED 0xf0000000U
#define COOKIE_HONEST 0x80000000U

/*
 * Builds the turn-th frame of VM L, which sends forged frames of all kinds and one honest one in turn (life.c).
 * Returns its length.
 */
size_t forge(unsigned turn, uint32_t keeper, uint8_t *frame);

struct wcase {
	const char *name;
	struct shape f;
	enum port from, judge; /* judge: the VM whose counters say what happened */
	unsigned reach;        /* ports where it must be seen */
	unsigned watch;   /* and nowhere else among these; 0: all ports if from is the judge, else the judge alone */
	const char *drop; /* the counter that must grow by one, and no other; NULL: none grows */
	bool quiet;       /* no counter need grow: the bridge may drop it before the rules do */
	uint32_t mark;    /* on the sender's socket */
	const struct shape *as; /* as it must arrive, if the rules write something into it */
};

struct table {
	const char *name;
	const struct wcase *cases;
	size_t n;
};
extern const struct table table_l2, table_arp, table_ip4, table_gateway, table_host, table_to, table_to_marked,
    table_hijack;
extern const struct table table_ip6, table_ext6, table_nd, table_gateway6, table_off, table_to6, table_to_nd;

/* One name for many frames (bulk.c). */
struct bulk {
	const char *name;
	enum port from, judge;
	uint32_t n;
	/* Builds the i-th frame; 0 leaves that value out. */
	size_t (*make)(uint32_t i, uint32_t id, uint8_t *frame);
	/*
	 * The counter of their drops; NULL: each is seen where `reach` says; "*": dropped by any counter, or refused
	 * by the tap.
	 */
	const char *drop;
	unsigned reach;
};
extern const struct bulk bulks6[];
extern const size_t bulks6_count;

#define TABLE(id, title, list) const struct table id = {title, list, sizeof(list) / sizeof((list)[0])}
#define FROM(x) .from = AT_##x, .judge = AT_##x
#define TOWARDS(x, sender) .from = AT_##sender, .judge = AT_##x
#define DROP(name) .drop = name
#define SEEN(...) .reach = (__VA_ARGS__)
#define NOWHERE .quiet = true
/* A packet for fold to answer. On its way to the guest the shared table may take it before the VM's own counts it. */
#define TAKEN .quiet = true, .drop = "taken"

#endif
