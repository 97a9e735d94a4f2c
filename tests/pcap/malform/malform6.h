/* SPDX-License-Identifier: GPL-2.0-or-later */
/* malform6: an IPv6 packet over Ethernet in which every field can be set to a wrong value. */
#ifndef FOLD_TESTS_PCAP_MALFORM6_H
#define FOLD_TESTS_PCAP_MALFORM6_H

#include "malform.h"

/* The guest's prefix is fde5:824d:d315:3bb1::/64. */
struct ip6addr {
	uint8_t b[16];
};

extern const struct ip6addr ip6_guest, ip6_guest_link; /* ...:5054:ff:fe12:3456, fe80::5054:ff:fe12:3456 */
extern const struct ip6addr ip6_fold;                  /* fe80::fc54:ff:fe12:3456 */
extern const struct ip6addr ip6_dns, ip6_gateway;      /* ::50, ::90 of the prefix */
extern const struct ip6addr ip6_other;                 /* ::101: another guest's */
extern const struct ip6addr ip6_none, ip6_all_nodes, ip6_all_routers;

/* An address of the prefix: fde5:824d:d315:3bb1::last. */
struct ip6addr ip6_host(unsigned last);
/* The solicited-node address ff02::1:ffXX:XXXX of an address. */
struct ip6addr ip6_node(const struct ip6addr *a);

struct ip6 {
	const uint8_t *dst_mac, *src_mac; /* dst_mac NULL: the one that belongs to the destination address */
	unsigned type, version, hop_limit, next;
	struct ip6addr src, dst;
	int payload;         /* RIGHT, or the payload length that it claims */
	int sum;             /* RIGHT, PARTIAL, or the transport checksum that it claims */
	const uint8_t *head; /* extension headers in front of the transport; `next` says what the first one is */
	size_t head_len;
	unsigned transport; /* of the pseudo-header: 58, 17 */
};

/* An ICMPv6 packet from the guest's link-local address to all routers, as in neighbour discovery. */
struct ip6 ip6_default(void);
/* l4: the transport's header and data; its checksum is filled in at sum_at. */
void ip6_build(const struct ip6 *p, const void *l4, size_t len, size_t sum_at, struct bytes *out);

#endif
