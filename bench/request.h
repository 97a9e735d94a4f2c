/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request: what the programs here put around the data that they send: Ethernet, IPv4 or IPv6, UDP, checksums.
 * Header only, because each program here is one source file.
 *
 * Specifications: RFC 791, 8200, 768, 1071, 1624 (patched checksums).
 */
#ifndef FOLD_BENCH_REQUEST_H
#define FOLD_BENCH_REQUEST_H

#include "base/addr.h"
#include "base/csum.h"
#include "port.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

#define REQUEST_MAX 400
#define ETH sizeof(struct ethhdr)
#define L4_4 (ETH + sizeof(struct iphdr))
#define L4_6 (ETH + sizeof(struct ip6_hdr))
#define DATA_4 (L4_4 + sizeof(struct udphdr))
#define DATA_6 (L4_6 + sizeof(struct udphdr))

/* What the requests are about. Addresses are in network byte order. */
struct ask {
	uint8_t mac[MAC_LEN], server_mac[MAC_LEN];
	struct in_addr own4, server4;
	struct in6_addr own6, server6;
	/* The addresses of name 0; later4 is the one it has after an edit (0: there is none). */
	struct in_addr answer4, later4;
	struct in6_addr answer6;
	unsigned names; /* asked for in turn */
};

static inline void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

/* Sets 16 bits that lie at an even distance from the checksum's start, and the checksum with them (RFC 1624 3, eq. 3). */
static inline void patch16(uint8_t *sum, uint8_t *at, uint32_t v)
{
	uint32_t s = (~get16(sum) & 0xffff) + (~get16(at) & 0xffff) + (v & 0xffff);

	put16(at, v);
	s = (s & 0xffff) + (s >> 16);
	s = ~(s + (s >> 16)) & 0xffff;
	put16(sum, s ? s : 0xffff); /* RFC 768: 0 would mean no checksum; in other sums both are the same */
}

static inline void put_sum(uint8_t *at, uint64_t sum)
{
	uint16_t s = (uint16_t)~csum_fold(sum);
	put16(at, s ? s : 0xffff);
}

static inline void wrap_eth(const struct ask *ask, uint8_t *frame, const uint8_t *to, uint32_t type)
{
	memcpy(frame, to, MAC_LEN);
	memcpy(frame + MAC_LEN, ask->mac, MAC_LEN);
	put16(frame + 12, type);
}

/* The UDP checksum of a frame that is complete but for it. */
static inline void sum_udp(uint8_t *frame, bool six, size_t len)
{
	uint8_t *udp = frame + (six ? L4_6 : L4_4), *ip = frame + ETH;
	uint64_t pseudo;

	put16(udp + 6, 0);
	if (six) {
		struct in6_addr a[2];
		memcpy(a, ip + 8, sizeof(a));
		pseudo = csum_pseudo6(&a[0], &a[1], IPPROTO_UDP, len);
	} else {
		struct in_addr a[2];
		memcpy(a, ip + 12, sizeof(a));
		pseudo = csum_pseudo4(a[0], a[1], IPPROTO_UDP, len);
	}
	put_sum(udp + 6, csum_add(pseudo, udp, len));
}

static inline void put_udp(uint8_t *udp, uint32_t sport, uint32_t dport, size_t len)
{
	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (uint32_t)len);
}

/* IPv4 and UDP headers, ports as they are given, around data that stand in the frame; returns the frame's length. */
static inline size_t wrap_udp4(uint8_t *frame, struct in_addr from, struct in_addr to, uint32_t sport, uint32_t dport,
			       size_t data_len)
{
	uint8_t *ip = frame + ETH;
	size_t len = sizeof(struct udphdr) + data_len;

	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(sizeof(struct iphdr) + len));
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, &from, 4);
	memcpy(ip + 16, &to, 4);
	put_sum(ip + 10, csum_add(0, ip, sizeof(struct iphdr)));
	put_udp(frame + L4_4, sport, dport, len);
	sum_udp(frame, false, len);
	return L4_4 + len;
}

static inline void put_ip6(uint8_t *ip, const struct in6_addr *from, const struct in6_addr *to, uint8_t next,
			   uint8_t hops, size_t len)
{
	ip[0] = 0x60;
	put16(ip + 4, (uint32_t)len);
	ip[6] = next;
	ip[7] = hops;
	memcpy(ip + 8, from, 16);
	memcpy(ip + 24, to, 16);
}

static inline size_t wrap_udp6(uint8_t *frame, const struct in6_addr *from, const struct in6_addr *to, uint32_t sport,
			       uint32_t dport, size_t data_len)
{
	size_t len = sizeof(struct udphdr) + data_len;

	put_ip6(frame + ETH, from, to, IPPROTO_UDP, 64, len);
	put_udp(frame + L4_6, sport, dport, len);
	sum_udp(frame, true, len);
	return L4_6 + len;
}

/* The data of a datagram to this client between these ports; NULL where the frame is none, or shorter than `least`. */
static inline const uint8_t *udp_data(const struct ask *ask, const uint8_t *frame, size_t len, bool six, uint32_t sport,
				      uint32_t dport, size_t least)
{
	const uint8_t *ip = frame + ETH, *udp = frame + (six ? L4_6 : L4_4);
	size_t head = six ? DATA_6 : DATA_4;

	if (len < head + least || get16(frame + 12) != (six ? ETH_P_IPV6 : ETH_P_IP) ||
	    (six ? ip[6] != IPPROTO_UDP : ip[0] != 0x45 || ip[9] != IPPROTO_UDP) || get16(udp) != sport ||
	    get16(udp + 2) != dport || (!(frame[0] & 1) && memcmp(frame, ask->mac, MAC_LEN) != 0))
		return NULL;
	return frame + head;
}

#endif
