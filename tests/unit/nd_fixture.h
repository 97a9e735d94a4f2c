/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest, the solicitation and the reply of the tests of neighbour discovery. */
#ifndef FOLD_TESTS_UNIT_ND_FIXTURE_H
#define FOLD_TESTS_UNIT_ND_FIXTURE_H

#include "guest/guest.h"
#include "pkt/pkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#define OWN "fde5:824d:d315:3bb1:5054:ff:fe12:3456"
#define OWN_LL "fe80::5054:ff:fe12:3456"
#define FOLD_LL "fe80::fc54:ff:fe12:3456"
#define SERVICE "fde5:824d:d315:3bb1::1"
#define SERVICE_NODE "ff02::1:ff00:1"
#define GATEWAY "fde5:824d:d315:3bb1::91"
#define OTHER "fde5:824d:d315:3bb1::101"
#define ALL_NODES "ff02::1"
#define ALL_ROUTERS "ff02::2"

static const uint8_t guest_mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t service_mac[] = {0xfe, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t gateway_mac[] = {0x7e, 0xb7, 0x70, 0x3b, 0x81, 0x77};
static const uint8_t all_nodes_mac[] = {0x33, 0x33, 0, 0, 0, 1};

static struct {
	struct guest g;
	struct in6_addr service[2], names[8];
	struct pkt in;
	struct reply out;
	uint8_t ask[2048]; /* the ICMPv6 message */
	size_t len;
	size_t room;
} t;

static struct in6_addr ip6(const char *text)
{
	struct in6_addr a;
	if (inet_pton(AF_INET6, text, &a) != 1)
		abort();
	return a;
}

static inline void ask_ip(size_t at, const char *text)
{
	struct in6_addr a = ip6(text);
	memcpy(t.ask + at, &a, 16);
}

static inline void ask_add(const void *bytes, size_t len)
{
	memcpy(t.ask + t.len, bytes, len);
	t.len += len;
}

/* Adds a source link-layer address option. */
static inline void ask_link(const uint8_t mac[6])
{
	ask_add("\1\1", 2);
	ask_add(mac, 6);
}

/* Adds an option of that many units of 8 octets, filled with zeros. */
static inline void ask_option(uint8_t type, uint8_t units)
{
	memset(t.ask + t.len, 0, 8u * units);
	t.ask[t.len] = type;
	t.ask[t.len + 1] = units;
	t.len += 8u * units;
}

static inline void ask_head(uint8_t type)
{
	memset(t.ask, 0, sizeof(t.ask));
	t.ask[0] = type;
	t.len = 8;
}

/* A guest with a gateway, one service address and no name servers, which sends from its link-local address. */
static void nd_fixture(void)
{
	memset(&t, 0, sizeof(t));
	memcpy(t.g.id.mac, guest_mac, 6);
	memcpy(t.g.service_mac, service_mac, 6);
	t.g.id.has6 = t.g.answers6 = true;
	t.g.id.ip6 = (struct cidr6){.addr = ip6(OWN), .len = 64};
	t.g.link_local = ip6(FOLD_LL);
	t.g.has_gateway6 = true;
	t.g.gateway6 = ip6(GATEWAY);
	memcpy(t.g.gateway6_mac, gateway_mac, 6);
	t.service[0] = ip6(SERVICE);
	t.g.service6 = (struct ip6_list){.at = t.service, .count = 1};
	t.g.nameservers6.at = t.names;
	t.g.lease_time = 604800;
	t.g.rebind_time = 529200;
	t.g.renew_time = 600;
	t.g.ra_period = 300;
	t.in.kind = PKT_ICMP6;
	t.in.hop_limit = 255;
	t.in.src6 = ip6(OWN_LL);
	memcpy(t.in.src_mac, guest_mac, 6);
	t.room = 1400;
}

/*
 * Gives t.ask to the answerer, copied to memory of its exact size so that ASan detects a read past its end. The reply's
 * buffer has t.room octets.
 */
static inline enum answer nd_run(enum answer (*answer)(const struct guest *, const struct pkt *, struct reply *))
{
	uint8_t *copy = malloc(t.len ? t.len : 1);

	memcpy(copy, t.ask, t.len);
	t.in.data = copy;
	t.in.len = t.len;
	memset(&t.out, 0xa5, sizeof(t.out));
	t.out.w = wr_over(t.out.buf + REPLY_HEADROOM, t.room);
	enum answer a = answer(&t.g, &t.in, &t.out);
	free(copy);
	assert_int_equal(t.out.buf[REPLY_HEADROOM + t.room], 0xa5);
	return a;
}

static inline void assert_ip6(const struct in6_addr *got, const char *wanted)
{
	char text[INET6_ADDRSTRLEN], plain[INET6_ADDRSTRLEN];
	struct in6_addr a = ip6(wanted);

	assert_string_equal(inet_ntop(AF_INET6, got, text, sizeof(text)),
			    inet_ntop(AF_INET6, &a, plain, sizeof(plain)));
}

static inline void assert_drop(enum answer got, enum drop why)
{
	assert_int_equal(got, ANSWER_DROP);
	assert_string_equal(drop_name(t.out.drop), drop_name(why));
}

#endif
