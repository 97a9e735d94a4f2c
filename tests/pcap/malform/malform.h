/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malform: makes frames that no honest guest sends, and some unusual ones that an
 * honest guest does send.
 *
 * Everything is built from constants and a fixed seed, so the files are the same on
 * every machine at any time. It uses no code of the program under test.
 */
#ifndef FOLD_TESTS_PCAP_MALFORM_H
#define FOLD_TESTS_PCAP_MALFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FRAME_MAX 65600 /* an IPv4 packet of 65,535 octets and its Ethernet header */

/* The guest and the addresses around it, as the case's options and binding say. */
#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define GUEST_IP IP(10, 0, 1, 100)
#define OTHER_IP IP(10, 0, 1, 101)
#define SERVER_IP IP(10, 0, 1, 1)
#define DNS_IP IP(10, 0, 1, 50)
#define GATEWAY_IP IP(10, 0, 1, 90)
#define BROADCAST_IP IP(255, 255, 255, 255)
#define IP_TEXT(d) "\x0a\x00\x01" d /* 10.0.1.d as option bytes */

extern const uint8_t mac_guest[6], mac_service[6], mac_other[6], mac_broadcast[6], mac_multicast[6], mac_zero[6];

/* A growing array of bytes. */
struct bytes {
	size_t len;
	uint8_t b[FRAME_MAX];
};

void put(struct bytes *to, const void *from, size_t n);
void put8(struct bytes *to, unsigned v);
void put16(struct bytes *to, unsigned v);
void put32(struct bytes *to, uint32_t v);
void fill(struct bytes *to, unsigned v, size_t n);

/*
 * One family of cases: a capture, and a list of "number name want". want is the expected
 * beginning of the verdict, with alternatives separated by '|', or "any" if the responder
 * only has to survive the frame.
 */
struct family {
	FILE *capture, *list;
	unsigned number;
};

void emit(struct family *f, const struct bytes *frame, const char *want, const char *name, ...)
    __attribute__((format(printf, 4, 5)));

/* Stands for the correct value of a field, computed when the frame is built. */
#define RIGHT (-1)
#define PARTIAL (-2) /* a checksum of only the pseudo-header, as a guest with checksum offload sends it */

/* A UDP datagram over IPv4 over Ethernet, in which every field can be set to a wrong value. Host order. */
struct udp4 {
	const uint8_t *dst_mac, *src_mac;
	unsigned type, version_ihl, tos, id, fragment, ttl, proto, sport, dport;
	int total, ip_sum, udp_len, udp_sum;
	uint32_t src, dst;
};

struct udp4 udp4_default(void); /* from 0.0.0.0 port 68 to everybody's port 67 */
void udp4_build(const struct udp4 *u, const void *data, size_t len, struct bytes *out);

/* A DHCPv4 message, and the datagram that carries it. */
struct dhcp4 {
	unsigned op, htype, hlen, hops, secs, flags;
	uint32_t xid, ciaddr, yiaddr, siaddr, giaddr, cookie;
	uint8_t chaddr[16], sname[64], file[128];
	size_t options_len;
	uint8_t options[1200];
	struct udp4 udp;
};

/* A BOOTP message with a cookie and without options. */
struct dhcp4 dhcp4_default(void);
/* The message's octets: header, cookie, options. */
void dhcp4_message(const struct dhcp4 *d, struct bytes *out);
/* A DISCOVER as a common client sends it: parameter list, host name, client identifier, END. */
struct dhcp4 dhcp4_discover(void);
void dhcp4_options(struct dhcp4 *d, const void *bytes, size_t len);

void common_cases(struct family *f);
void dhcp4_cases(struct family *f);
void arp_cases(struct family *f);
void dhcp6_cases(struct family *f);
void dns_cases(struct family *f);
void dns_network_cases(struct family *f);
void nd_cases(struct family *f);

/* Writes capture files of unusual or invalid format to the folder dir. */
int formats_write(const char *dir);

/* Write a pcap file header, and a record. */
enum order { LITTLE, BIG };
void pcap_head(FILE *f, enum order order, bool nano, uint32_t linktype);
void pcap_record(FILE *f, enum order order, uint32_t sec, uint32_t fraction, const uint8_t *b, size_t len, size_t wire);

#endif
