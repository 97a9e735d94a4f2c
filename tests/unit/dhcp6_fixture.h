/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6_fixture: one guest, one message, one answer, for the tests of dhcp6.
 *
 * Every reply in every test is parsed with dhcp6_check.h and must pass all of its
 * checks. It is also built twice, in buffers filled with different garbage, and must
 * be the same both times: then no octet of it is a leftover in the buffer.
 */
#ifndef FOLD_TESTS_DHCP6_FIXTURE_H
#define FOLD_TESTS_DHCP6_FIXTURE_H

#include "dhcp/dhcp6.h"
#include "dhcp6_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define OWN "fde5:824d:d315:3bb1::1cd"
#define OTHER "fde5:824d:d315:3bb1::77"
#define CLIENT "\0\1\0\1\x2f\x10\x11\x12\x52\x54\0\x12\x34\x56" /* 14 octets: DUID-LLT */
#define SERVER "\0\3\0\1\xfe\x54\0\x12\x34\x56"                 /* 10 octets: DUID-LL of the service MAC */

static struct {
	struct guest g;
	struct in6_addr nameservers[70], services[2];
	struct dhcp6_option options[100];
	struct pkt in;
	struct reply out;
	struct tlvs r;
	uint8_t ask[70000];
	size_t len;
	size_t room; /* for the answer's data */
} t;

static inline struct in6_addr ip6(const char *text)
{
	struct in6_addr a;
	if (inet_pton(AF_INET6, text, &a) != 1)
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
	memcpy(t.g.service_mac, mac, 6);
	t.g.service_mac[0] = 0xfe;
	t.g.id.has6 = t.g.answers6 = t.g.dhcp6 = true;
	t.g.id.ip6 = (struct cidr6){.addr = ip6(OWN), .len = 64};
	t.g.link_local = ip6("fe80::fc54:ff:fe12:3456");
	t.g.hostname = (char *)"vm1";
	t.g.domain = (char *)"lab.test";
	t.g.search = search;
	t.g.search_len = sizeof(search);
	t.nameservers[0] = ip6("fde5:824d:d315:3bb1::50");
	t.g.nameservers6 = (struct ip6_list){.at = t.nameservers, .count = 1};
	t.services[0] = t.nameservers[0];
	t.g.service6 = (struct ip6_list){.at = t.services, .count = 1};
	t.g.lease_time = 604800;
	t.g.renew_time = 600;
	t.g.rebind_time = 529200;
	t.g.options6 = t.options;
	t.room = REPLY_DATA_MAX;
	t.in.kind = PKT_UDP6;
	t.in.sport = 546;
	t.in.dport = 547;
	t.in.src6 = ip6("fe80::5054:ff:fe12:3456");
	t.in.dst6 = ip6("ff02::1:2");
	memcpy(t.in.src_mac, mac, 6);
	memcpy(t.in.dst_mac, "\x33\x33\0\1\0\2", 6);
	return 0;
}

static inline void configure(uint16_t code, const void *bytes, size_t len)
{
	t.options[t.g.option6_count++] =
	    (struct dhcp6_option){.code = code, .len = (uint16_t)len, .bytes = (uint8_t *)bytes};
}

static inline void put(const void *bytes, size_t len)
{
	assert_true(t.len + len <= sizeof(t.ask));
	if (len)
		memcpy(t.ask + t.len, bytes, len);
	t.len += len;
}

#define RAW(...) put((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void put16(unsigned v)
{
	RAW((uint8_t)(v >> 8), (uint8_t)v);
}

static inline void put32(uint32_t v)
{
	put16(v >> 16);
	put16(v & 0xffff);
}

static inline void opt(unsigned code, const void *bytes, size_t len)
{
	put16(code);
	put16((unsigned)len);
	put(bytes, len);
}

/* Begins an option; close_opt() fills in its length. Calls may nest. */
static inline size_t open_opt(unsigned code)
{
	put16(code);
	put16(0);
	return t.len;
}

static inline void close_opt(size_t from)
{
	t.ask[from - 2] = (uint8_t)((t.len - from) >> 8);
	t.ask[from - 1] = (uint8_t)(t.len - from);
}

static inline void iaaddr(const char *text)
{
	struct in6_addr a = ip6(text);
	size_t o = open_opt(5);

	put(&a, 16);
	put32(7200);
	put32(7500);
	close_opt(o);
}

static inline void iaprefix(const char *text, uint8_t len)
{
	struct in6_addr a = ip6(text);
	size_t o = open_opt(26);

	put32(7200);
	put32(7500);
	RAW(len);
	put(&a, 16);
	close_opt(o);
}

static inline size_t open_ia(unsigned code, uint32_t iaid)
{
	size_t o = open_opt(code);

	put32(iaid);
	if (code != IA_TA) {
		put32(3600);
		put32(5400);
	}
	return o;
}

/* An IA with one lease, or with none where text is NULL. */
static inline void ia(unsigned code, uint32_t iaid, const char *text)
{
	size_t o = open_ia(code, iaid);

	if (text && code == IA_PD)
		iaprefix(text, 56);
	else if (text)
		iaaddr(text);
	close_opt(o);
}

static inline void oro_(const unsigned *codes, size_t count)
{
	size_t o = open_opt(6);

	for (size_t i = 0; i < count; i++)
		put16(codes[i]);
	close_opt(o);
}

#define ORO(...) oro_((const unsigned[]){__VA_ARGS__}, sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

static inline void header(uint8_t type)
{
	t.len = 0;
	RAW(type, 0xab, 0xcd, 0xef);
}

/* Begins a message with the client and server identifiers that its type needs. */
static inline void message(uint8_t type)
{
	header(type);
	opt(1, CLIENT, 14);
	if (type == REQUEST || type == RENEW || type == RELEASE || type == DECLINE)
		opt(2, SERVER, 10);
	opt(8, "\0\0", 2);
}

/* Answers t.ask. */
static inline enum answer ask(void)
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
	b = dhcp6_answer(&t.g, &t.in, &other);
	a = dhcp6_answer(&t.g, &t.in, &t.out);
	t.in.data = t.ask;
	free(copy);
	assert_int_equal(a, b);
	for (size_t i = t.room; i < REPLY_DATA_MAX; i++)
		assert_int_equal(t.out.buf[REPLY_HEADROOM + i], 0xa5);
	if (a == ANSWER_REPLY) {
		const char *wrong = dhcp6_check(&t.g, &t.in, &t.out, &t.r);
		if (wrong)
			fail_msg("%s", wrong);
		assert_int_equal(wr_len(&t.out.w), wr_len(&other.w));
		assert_memory_equal(t.out.w.start, other.w.start, wr_len(&t.out.w));
	} else if (a == ANSWER_DROP) {
		assert_true(t.out.drop > DROP_NONE && t.out.drop < DROP_COUNT);
		assert_null(t.out.event);
	}
	return a;
}

#define expect_reply(type, name)                                                                                       \
	do {                                                                                                           \
		assert_int_equal(ask(), ANSWER_REPLY);                                                                 \
		assert_int_equal(t.out.w.start[0], type);                                                              \
		assert_string_equal(t.out.event, name);                                                                \
	} while (0)

#define expect_drop(reason)                                                                                            \
	do {                                                                                                           \
		assert_int_equal(ask(), ANSWER_DROP);                                                                  \
		assert_string_equal(drop_name(t.out.drop), drop_name(reason));                                         \
	} while (0)

static inline void assert_option(unsigned code, const void *bytes, size_t len)
{
	const struct tlv *o = tlv_find(&t.r, code);

	assert_non_null(o);
	assert_int_equal(o->len, len);
	if (len)
		assert_memory_equal(o->at, bytes, len);
}

#define assert_none(code) assert_null(tlv_find(&t.r, code))

static inline void assert_status(unsigned want)
{
	const struct tlv *o = tlv_find(&t.r, 13);

	assert_non_null(o);
	assert_int_equal(get16(o->at), want);
}

/* The n-th IA of the reply as text: "na 7 own", "na 8 status 2", "pd 1 lost lost", ... */
static inline const char *ia_text(size_t n)
{
	static char text[512];
	static struct tlvs in;

	for (size_t i = 0; i < t.r.count; i++) {
		const struct tlv *o = &t.r.at[i];
		if (!tlv_is_ia(o) || n--)
			continue;
		snprintf(text, sizeof(text), "%s %u",
			 o->code == IA_NA   ? "na"
			 : o->code == IA_TA ? "ta"
					    : "pd",
			 get32(o->at));
		tlv_read(o->at + ia_head(o), o->len - ia_head(o), &in);
		for (size_t j = 0; j < in.count; j++) {
			size_t used = strlen(text);
			const struct tlv *l = &in.at[j];
			if (l->code == 13)
				snprintf(text + used, sizeof(text) - used, " status %u", get16(l->at));
			else if (l->code == 5)
				snprintf(text + used, sizeof(text) - used, " %s", get32(l->at + 20) ? "own" : "lost");
			else
				snprintf(text + used, sizeof(text) - used, " lost/%u", l->at[8]);
		}
		return text;
	}
	return "none";
}

#define assert_ia(n, want) assert_string_equal(ia_text(n), want)

/* The reply must have exactly the options with these codes, in this order. */
#define assert_codes(...)                                                                                              \
	assert_codes_((const unsigned[]){__VA_ARGS__}, sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

static inline void assert_codes_(const unsigned *want, size_t count)
{
	char got[1024] = "", wanted[1024] = "";

	for (size_t i = 0; i < t.r.count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), " %u", t.r.at[i].code);
	for (size_t i = 0; i < count; i++)
		snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), " %u", want[i]);
	assert_string_equal(got, wanted);
}

#endif
