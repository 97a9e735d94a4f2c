/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language of the case tables: an honest frame from one to the other, then what is wrong with it.
 *
 *   {"27 the victim's address as source", {UDP(A, P, .src = IP_B)}, FROM(A), DROP("from_source")},
 *
 * The numbers in the names are those of the project's list of threats.
 */
#ifndef FOLD_TESTS_FW_CASES_H
#define FOLD_TESTS_FW_CASES_H

#include "attack.h"

/* Honest values first, then others for the same fields: the tables live on it. */
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
/* From a client: msg, to everybody. From a server: an OFFER. */
#define DHCP(x, m, ...)	.kind = K_DHCP, .smac = MAC_##x, .dmac = MAC_ALL, .src = 0, .dst = IP4(255, 255, 255, 255), .proto = 17, \
			.sport = 68, .dport = 67, .sha = MAC_##x, .msg = m, __VA_ARGS__
#define DHCP_SERVER(x, y, ...) .kind = K_DHCP, L3_(x, y), .proto = 17, .sport = 67, .dport = 68, .sha = MAC_##y, .msg = 2, \
			__VA_ARGS__
#define ICMP6(x, y, ...) .kind = K_ICMP6, L2_(x, y), .next = 58, .hop = 255, .data = 24, __VA_ARGS__
#define UDP6(x, y, ...) .kind = K_UDP6, L2_(x, y), .next = 17, .hop = 64, .sport = 4000, .dport = 4001, __VA_ARGS__
/* clang-format on */

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/* The ids of life.c, which speak over process boundaries: what is forged, and a VM's honest frame with its keeper's pid. */
#define COOKIE_FORGED 0xf0000000U
#define COOKIE_HONEST 0x80000000U

/* The turn-th frame of a VM L that forges all it can and now and then is honest (life.c). Returns its length. */
size_t forge(unsigned turn, uint32_t keeper, uint8_t *frame);

struct wcase {
	const char *name;
	struct shape f;
	enum port from, judge; /* judge: the VM whose counters say what happened */
	unsigned reach;        /* ports where it must be seen */
	unsigned watch;   /* and nowhere else of these; 0: everywhere where from is the judge, else the judge alone */
	const char *drop; /* the counter that must grow by one, and no other; NULL: none grows */
	bool quiet;       /* dropped, and by whom is not said: the bridge may do it before the rules */
	uint32_t mark;    /* on the sender's socket */
};

struct table {
	const char *name;
	const struct wcase *cases;
	size_t n;
};
extern const struct table table_l2, table_arp, table_ip4, table_gateway, table_host, table_to, table_hijack;

#define TABLE(id, title, list) const struct table id = {title, list, sizeof(list) / sizeof((list)[0])}
#define FROM(x) .from = AT_##x, .judge = AT_##x
#define TOWARDS(x, sender) .from = AT_##sender, .judge = AT_##x
#define DROP(name) .drop = name
#define SEEN(...) .reach = (__VA_ARGS__)
#define NOWHERE .quiet = true

#endif
