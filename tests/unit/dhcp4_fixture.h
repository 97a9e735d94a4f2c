/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4_fixture: one guest, one message, one answer, for the tests of dhcp4.
 *
 * Every reply in every test is parsed with bootp_reply.h and must pass all of its
 * checks. It is also built twice, in buffers filled with different garbage, and must
 * be the same both times: then no octet of it is a leftover in the buffer.
 */
#ifndef FOLD_TESTS_DHCP4_FIXTURE_H
#define FOLD_TESTS_DHCP4_FIXTURE_H

#include "bootp_reply.h"
#include "dhcp/dhcp4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };
enum { SECS = 8, FLAGS = 10, CIADDR = 12, YIADDR = 16, SIADDR = 20, GIADDR = 24, CHADDR = 28, SNAME = 44 };
enum { BOOTFILE = 108 };

static struct {
	struct guest g;
	struct in_addr nameservers[80];
	struct dhcp_option options[260];
	struct pkt in;
	struct reply out;
	struct bootp_reply r;
	uint8_t ask[70000];
	size_t len;
	size_t room; /* for the answer's data */
} t;

static inline struct in_addr ip(const char *text)
{
	struct in_addr a;
	if (inet_pton(AF_INET, text, &a) != 1)
		abort();
	return a;
}

static inline int fixture(void **state)
{
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
	static uint8_t search[] = "\3lab\4test\0\7example\3org"; /* C's terminating NUL is the root label */

	(void)state;
	memset(&t, 0, sizeof(t));
	memcpy(t.g.id.mac, mac, 6);
	t.g.id.has4 = t.g.dhcp4 = true;
	t.g.id.ip4 = (struct cidr4){.addr = ip("10.0.1.100"), .len = 24};
	t.g.id.mtu = 1376;
	t.g.hostname = (char *)"vm1";
	t.g.domain = (char *)"lab.test";
	t.g.search = search;
	t.g.search_len = sizeof(search);
	t.g.has_gateway4 = true;
	t.g.gateway4 = ip("10.0.1.90");
	t.nameservers[0] = ip("10.0.1.50");
	t.g.nameservers4 = (struct ip4_list){.at = t.nameservers, .count = 1};
	t.g.dhcp_server4 = ip("10.0.1.50");
	t.g.lease_time = 604800;
	t.g.renew_time = 600;
	t.g.rebind_time = 529200;
	t.g.options = t.options;
	t.room = REPLY_DATA_MAX;
	t.in.kind = PKT_UDP4;
	t.in.sport = 68;
	t.in.dport = 67;
	t.in.dst4 = ip("255.255.255.255");
	memcpy(t.in.src_mac, mac, 6);
	memset(t.in.dst_mac, 0xff, 6);
	return 0;
}

static inline void configure(uint8_t code, const void *bytes, size_t len)
{
	struct dhcp_option *o = &t.options[t.g.option_count++];

	*o = (struct dhcp_option){.code = code, .len = (uint16_t)len, .bytes = (uint8_t *)bytes};
}

static inline void put(const void *bytes, size_t len)
{
	assert_true(t.len + len <= sizeof(t.ask));
	if (len)
		memcpy(t.ask + t.len, bytes, len);
	t.len += len;
}

#define RAW(...) put((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define LIST(...) opt(55, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void opt(uint8_t code, const void *bytes, size_t len)
{
	RAW(code, (uint8_t)len);
	put(bytes, len);
}

static inline void opt_ip(uint8_t code, const char *text)
{
	struct in_addr a = ip(text);
	opt(code, &a, 4);
}

static inline void field_ip(size_t at, const char *text)
{
	struct in_addr a = ip(text);
	memcpy(t.ask + at, &a, 4);
}

/* The fixed 236 octets of a message from the guest. */
static inline void header(void)
{
	static const uint8_t start[] = {1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 7, 0, 0};

	memset(t.ask, 0, sizeof(t.ask));
	memcpy(t.ask, start, sizeof(start));
	memcpy(t.ask + CHADDR, t.g.id.mac, 6);
	t.len = 236;
}

static inline void message(uint8_t type)
{
	header();
	RAW(99, 130, 83, 99);
	if (type)
		RAW(53, 1, type);
}

/* Answers t.ask as it is, without adding END or padding. */
static inline enum answer run(void)
{
	static struct reply other;
	enum answer a, b;
	uint8_t *copy = malloc(t.len ? t.len : 1); /* of the exact size, so that ASan detects a read past the end */

	memcpy(copy, t.ask, t.len);
	t.in.data = copy;
	t.in.len = t.len;
	memset(&other, 0x5a, sizeof(other));
	memset(&t.out, 0xa5, sizeof(t.out));
	other.w = wr_over(other.buf + REPLY_HEADROOM, t.room);
	t.out.w = wr_over(t.out.buf + REPLY_HEADROOM, t.room);
	b = dhcp4_answer(&t.g, &t.in, &other);
	a = dhcp4_answer(&t.g, &t.in, &t.out);
	free(copy);
	assert_int_equal(a, b);
	for (size_t i = t.room; i < REPLY_DATA_MAX; i++)
		assert_int_equal(t.out.buf[REPLY_HEADROOM + i], 0xa5);
	if (a == ANSWER_REPLY) {
		const char *wrong = bootp_check(&t.g, t.ask, &t.out, &t.r);
		if (wrong)
			fail_msg("%s", wrong);
		assert_int_equal(wr_len(&t.out.w), wr_len(&other.w));
		assert_memory_equal(t.out.w.start, other.w.start, t.r.len);
	} else if (a == ANSWER_DROP) {
		assert_true(t.out.drop > DROP_NONE && t.out.drop < DROP_COUNT);
		assert_null(t.out.event);
	}
	return a;
}

/* Adds END and padding, as most clients do, and answers the message. */
static inline enum answer ask(void)
{
	RAW(255);
	if (t.len < 300)
		t.len = 300;
	return run();
}

static inline int type_of(void)
{
	const struct bootp_option *o = bootp_find(&t.r, 53);
	return o ? o->at[0] : 0;
}

#define expect_reply(type, name)                                                                                       \
	do {                                                                                                           \
		assert_int_equal(ask(), ANSWER_REPLY);                                                                 \
		assert_int_equal(type_of(), type);                                                                     \
		assert_string_equal(t.out.event, name);                                                                \
	} while (0)

#define expect_drop(answer, reason)                                                                                    \
	do {                                                                                                           \
		assert_int_equal(answer, ANSWER_DROP);                                                                 \
		assert_string_equal(drop_name(t.out.drop), drop_name(reason));                                         \
	} while (0)

#define assert_ip(got, text) assert_int_equal((got).s_addr, ip(text).s_addr)

static inline void assert_option(uint8_t code, const void *bytes, size_t len)
{
	uint8_t value[2048];
	int got = bootp_get(&t.r, code, value, sizeof(value));

	assert_int_equal(got, (int)len);
	if (len)
		assert_memory_equal(value, bytes, len);
}

static inline void assert_option_ip(uint8_t code, const char *text)
{
	struct in_addr a = ip(text);
	assert_option(code, &a, 4);
}

static inline void assert_option_u32(uint8_t code, uint32_t v)
{
	uint32_t wire = htonl(v);
	assert_option(code, &wire, 4);
}

#define assert_text(code, text) assert_option(code, text, strlen(text))
#define assert_none(code) assert_null(bootp_find(&t.r, code))

/* The options field must consist of exactly these codes, in this order. */
#define assert_codes(...)                                                                                              \
	assert_codes_(AREA_MAIN, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void assert_codes_(uint8_t area, const uint8_t *want, size_t count)
{
	char got[1024] = "", wanted[1024] = "";

	for (size_t i = 0; i < t.r.count; i++)
		if (t.r.at[i].area == area)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), " %d", t.r.at[i].code);
	for (size_t i = 0; i < count; i++)
		snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), " %d", want[i]);
	assert_string_equal(got, wanted);
}

static inline void assert_unicast(void)
{
	assert_ip(t.out.dst4, "10.0.1.100");
	assert_memory_equal(t.out.dst_mac, t.g.id.mac, 6);
}

static inline void assert_broadcast(void)
{
	assert_ip(t.out.dst4, "255.255.255.255");
	assert_memory_equal(t.out.dst_mac, "\xff\xff\xff\xff\xff\xff", 6);
}

/* A REQUEST that fold answers with an ACK, for tests of its options. */
static inline void request(void)
{
	message(REQUEST);
	opt_ip(50, "10.0.1.100");
	opt_ip(54, "10.0.1.50");
}

#endif
