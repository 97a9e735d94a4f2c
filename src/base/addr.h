/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr: MAC and IP addresses as people write them and as fold compares them. libc only. */
#ifndef FOLD_BASE_ADDR_H
#define FOLD_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#define MAC_LEN 6
#define MAC_TEXT 18   /* "52:54:00:12:34:56" and its NUL */
#define CIDR4_TEXT 20 /* "255.255.255.255/255" and its NUL */
#define CIDR6_TEXT 51 /* INET6_ADDRSTRLEN, "/128" and a byte to spare */

struct cidr4 {
	struct in_addr addr;
	uint8_t len;
};

struct cidr6 {
	struct in6_addr addr;
	uint8_t len;
};

/* Six pairs of hex digits with ':' or '-'. False leaves mac alone. */
bool mac_parse(const char *text, uint8_t mac[static MAC_LEN]);
const char *mac_format(const uint8_t mac[static MAC_LEN], char text[static MAC_TEXT]);
bool mac_is_zero(const uint8_t mac[static MAC_LEN]);
bool mac_is_multicast(const uint8_t mac[static MAC_LEN]);

/*
 * The MAC that fold speaks with to this guest, and the tap's own: the guest's with its first byte 0xfe, or 0xfc where
 * the guest's own is 0xfe. So high that the bridge, whose address is the lowest of its ports', hardly ever takes it.
 */
void mac_service(const uint8_t guest[static MAC_LEN], uint8_t service[static MAC_LEN]);

/* "a.b.c.d/len" with len 0..32, nothing before or after; false leaves out alone. */
bool cidr4_parse(const char *text, struct cidr4 *out);
const char *cidr4_format(const struct cidr4 *c, char text[static CIDR4_TEXT]);
bool cidr6_parse(const char *text, struct cidr6 *out);
const char *cidr6_format(const struct cidr6 *c, char text[static CIDR6_TEXT]);

static inline bool ip4_same(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static inline bool ip6_same(const struct in6_addr *a, const struct in6_addr *b)
{
	return IN6_ARE_ADDR_EQUAL(a, b);
}

/* Network byte order in and out, like all struct in_addr. */
struct in_addr ip4_mask(uint8_t len);
struct in_addr ip4_network(struct cidr4 c);
struct in_addr ip4_broadcast(struct cidr4 c);
bool ip4_in(struct cidr4 c, struct in_addr a);
/*
 * The address that fold answers from in a subnet where no other was named, never given to a VM. It is on the VM's own
 * link, so that a client can renew by unicast, and not one of the first and last addresses, which people by habit give
 * to hosts and routers. 0 where the subnet is too small to spare one.
 */
struct in_addr ip4_spare(struct cidr4 c);
bool ip4_is_multicast(struct in_addr a);

/*
 * Whether a host can have this address. IPv4: not 0.0.0.0/8, 127.0.0.0/8, groups, reserved ones and broadcast (RFC 1122
 * 3.2.1.3, 5735 3); IPv6: not groups, unspecified, loopback, and IPv4 in disguise (RFC 4291 2.5.2, 2.5.3, 2.5.5). A
 * host can have a link-local one.
 */
bool ip4_is_host(struct in_addr a);
bool ip6_is_host(const struct in6_addr *a);
/* The network's and the broadcast address, which are nobody's; RFC 3021: a /31 has none. */
bool ip4_is_edge(struct cidr4 c, struct in_addr a);
/* Whether routers forward it (RFC 6890): not this host, loopback, link-local, multicast or reserved. */
bool ip4_is_routed(struct in_addr a);
bool ip6_is_routed(const struct in6_addr *a); /* from 64:ff9b:: (RFC 6052) up to link-local and multicast */

struct in6_addr ip6_mask(uint8_t len);
struct in6_addr ip6_network(struct cidr6 c);
/* RFC 4291 2.5.1, appendix A: the first 64 bits of prefix, then the MAC's Modified EUI-64. */
struct in6_addr ip6_eui64(const struct in6_addr *prefix, const uint8_t mac[static MAC_LEN]);
struct in6_addr ip6_link_local(const uint8_t mac[static MAC_LEN]); /* fe80::/64 and that EUI-64 */
/* RFC 4291 2.7.1: ff02::1:ffXX:XXXX. */
struct in6_addr ip6_solicited_node(const struct in6_addr *a);
/* RFC 2464 7: 33:33 and the last 32 bits of a multicast address. */
void ip6_group_mac(const struct in6_addr *group, uint8_t mac[static MAC_LEN]);
bool ip6_in(struct cidr6 c, struct in6_addr a);

#endif
