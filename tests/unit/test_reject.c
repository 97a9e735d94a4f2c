/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ICMP errors and TCP resets for packets that may not pass the gateway, and the packets for which none may be sent.
 */
#include "answer/answer.h"

#include "base/csum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

static const uint8_t guest_mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t service_mac[] = {0xfe, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t gateway_mac[] = {2, 0, 0, 0, 0, 0x90};

static struct {
	struct guest g;
	struct reply ask, out; /* the code that builds replies makes the packet's frame too */
	bool to_guest;
	const uint8_t *from_mac;
	size_t quoted; /* octets of the packet that the error contains, with the header */
} t;

static struct in_addr ip(const char *text)
{
	struct in_addr a;
	if (inet_pton(AF_INET, text, &a) != 1)
		abort();
	return a;
}

static struct in6_addr ip6(const char *text)
{
	struct in6_addr a;
	if (inet_pton(AF_INET6, text, &a) != 1)
		abort();
	return a;
}

/* Makes a packet of that kind from the guest to an address beyond the gateway, or in the other direction. */
static void ask(enum pkt_kind kind, bool to_guest)
{
	reply_init(&t.ask);
	t.ask.kind = kind;
	t.to_guest = to_guest;
	t.from_mac = to_guest ? gateway_mac : guest_mac;
	memcpy(t.ask.dst_mac, to_guest ? guest_mac : gateway_mac, MAC_LEN);
	t.ask.src4 = ip(to_guest ? "198.51.100.7" : "10.0.1.1");
	t.ask.dst4 = ip(to_guest ? "10.0.1.1" : "198.51.100.7");
	t.ask.src6 = ip6(to_guest ? "2001:db8:7::7" : "fd5e:1:2:3::1");
	t.ask.dst6 = ip6(to_guest ? "fd5e:1:2:3::1" : "2001:db8:7::7");
	t.ask.sport = 4000;
	t.ask.dport = 4001;
	if (kind == PKT_ICMP4 || kind == PKT_ICMP6) {
		wr_u8(&t.ask.w, kind == PKT_ICMP4 ? 8 : 128);
		wr_zero(&t.ask.w, 7);
	} else if (kind == PKT_TCP4 || kind == PKT_TCP6) {
		wr_u32(&t.ask.w, 4000 << 16 | 4001);
		wr_u32(&t.ask.w, 0x01020304);
		wr_u32(&t.ask.w, 0);
		wr_u16(&t.ask.w, 0x5002); /* SYN */
		wr_zero(&t.ask.w, 6);
	} else {
		wr_bytes(&t.ask.w, "hello", 5);
	}
}

static int fixture(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	memcpy(t.g.id.mac, guest_mac, 6);
	memcpy(t.g.service_mac, service_mac, 6);
	memcpy(t.g.gateway4_mac, gateway_mac, 6);
	memcpy(t.g.gateway6_mac, gateway_mac, 6);
	t.g.has_rules = true;
	t.g.id.has4 = t.g.id.has6 = t.g.has_gateway4 = t.g.has_gateway6 = true;
	t.g.id.ip4 = (struct cidr4){.addr = ip("10.0.1.1"), .len = 24};
	t.g.id.ip6 = (struct cidr6){.addr = ip6("fd5e:1:2:3::1"), .len = 64};
	t.g.gateway4 = ip("10.0.1.90");
	t.g.gateway6 = ip6("fd5e:1:2:3::90");
	t.g.id.refusal4 = (struct refusal){.kind = REFUSAL_UNREACHABLE, .code = 13};
	t.g.id.refusal6 = (struct refusal){.kind = REFUSAL_UNREACHABLE, .code = 1};
	return 0;
}

static bool is_six(enum pkt_kind k)
{
	return k == PKT_UDP6 || k == PKT_TCP6 || k == PKT_ICMP6;
}

static enum answer run(void)
{
	assert_true(pkt_wrap(&t.ask, t.from_mac));
	const struct frame f = {
	    .l2 = t.ask.frame,
	    .l2_len = 14,
	    .l3 = t.ask.frame + 14,
	    .l3_len = t.ask.frame_len - 14,
	    .to_guest = t.to_guest,
	};
	t.quoted = is_six(t.ask.kind) ? 40U + ((size_t)f.l3[4] << 8 | f.l3[5]) : (size_t)f.l3[2] << 8 | f.l3[3];
	return answer_frame(&t.g, &f, &t.out);
}

/* Checks the answer's headers, which must go back to the packet's sender. Returns the start of the transport header. */
static const uint8_t *check_headers(uint8_t proto, size_t len)
{
	const uint8_t *f = t.out.frame, *l3 = f + 14;
	bool six = is_six(t.ask.kind);

	assert_memory_equal(f, t.from_mac, 6);
	assert_memory_equal(f + 6, service_mac, 6);
	if (six) {
		assert_memory_equal(f + 12, "\x86\xdd\x60", 3);
		assert_int_equal((size_t)l3[4] << 8 | l3[5], len);
		assert_int_equal(l3[6], proto);
		assert_memory_equal(l3 + 8, &t.ask.dst6, 16);
		assert_memory_equal(l3 + 24, &t.ask.src6, 16);
		assert_int_equal(csum_fold(csum_add(csum_pseudo6(&t.ask.dst6, &t.ask.src6, proto, len), l3 + 40, len)),
				 0xffff);
		return l3 + 40;
	}
	assert_memory_equal(f + 12, "\x08\x00\x45", 3);
	assert_int_equal((size_t)l3[2] << 8 | l3[3], 20 + len);
	assert_int_equal(l3[9], proto);
	assert_memory_equal(l3 + 12, &t.ask.dst4, 4);
	assert_memory_equal(l3 + 16, &t.ask.src4, 4);
	assert_int_equal(csum_fold(csum_add(0, l3, 20)), 0xffff);
	uint64_t pseudo = proto == IPPROTO_ICMP ? 0 : csum_pseudo4(t.ask.dst4, t.ask.src4, proto, len);
	assert_int_equal(csum_fold(csum_add(pseudo, l3 + 20, len)), 0xffff);
	return l3 + 20;
}

static void check_unreachable(uint8_t code, size_t quoted)
{
	bool six = is_six(t.ask.kind);
	const uint8_t *l4 = check_headers(six ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 8 + quoted);

	assert_int_equal(l4[0], six ? 1 : 3);
	assert_int_equal(l4[1], code);
	assert_memory_equal(l4 + 4, "\0\0\0\0", 4);
	assert_memory_equal(l4 + 8, t.ask.frame + 14, quoted);
}

static const enum pkt_kind kinds[] = {PKT_UDP4, PKT_TCP4, PKT_ICMP4, PKT_UDP6, PKT_TCP6, PKT_ICMP6};

static void every_kind_is_unreachable_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		ask(kinds[i / 2], i % 2);
		assert_int_equal(run(), ANSWER_REPLY);
		assert_non_null(t.out.event);
		check_unreachable(is_six(kinds[i / 2]) ? 1 : 13, t.quoted);
	}
}

/* RFC 1812 4.3.2.3, RFC 4443 2.4 (c): the error contains as much of the packet as fits. */
static void of_a_long_packet_as_much_as_fits(void **state)
{
	(void)state;
	ask(PKT_UDP4, false);
	wr_zero(&t.ask.w, 1400);
	assert_int_equal(run(), ANSWER_REPLY);
	check_unreachable(13, 548);
	ask(PKT_UDP6, true);
	wr_zero(&t.ask.w, 1400);
	assert_int_equal(run(), ANSWER_REPLY);
	check_unreachable(1, 1232);
}

static void tcp_is_reset_where_that_was_asked_for(void **state)
{
	static const enum pkt_kind tcp[] = {PKT_TCP4, PKT_TCP6};

	(void)state;
	t.g.id.refusal4 = (struct refusal){.kind = REFUSAL_RESET, .code = 3};
	t.g.id.refusal6 = (struct refusal){.kind = REFUSAL_RESET, .code = 4};
	for (int i = 0; i < 4; i++) {
		ask(tcp[i / 2], i % 2);
		assert_int_equal(run(), ANSWER_REPLY);
		const uint8_t *l4 = check_headers(IPPROTO_TCP, 20);
		assert_memory_equal(l4, "\x0f\xa1\x0f\xa0\0\0\0\0\1\2\3\5\x50\x14", 14);
		/* A reset itself. */
		t.ask.w.start[13] = 4;
		assert_int_equal(run(), ANSWER_QUIET);
	}
	ask(PKT_UDP4, false);
	assert_int_equal(run(), ANSWER_REPLY);
	check_unreachable(3, t.quoted);
	ask(PKT_ICMP6, true);
	assert_int_equal(run(), ANSWER_REPLY);
	check_unreachable(4, t.quoted);
}

static void refused(enum drop why)
{
	assert_int_equal(run(), ANSWER_DROP);
	assert_int_equal(t.out.drop, why);
}

/* RFC 1812 4.3.2.7, RFC 4443 2.4 (e). */
static void nothing_is_said_about_errors(void **state)
{
	static const uint8_t asked4[] = {0, 8, 13, 14, 15, 16, 17, 18};

	(void)state;
	for (int type = 0; type < 256; type++) {
		ask(PKT_ICMP4, type % 2);
		t.ask.w.start[0] = (uint8_t)type;
		if (memchr(asked4, type, sizeof(asked4)))
			assert_int_equal(run(), ANSWER_REPLY);
		else
			refused(DROP_NO_ERROR);
		/* Neighbour discovery has its own answerers. */
		if (type >= 133 && type <= 137)
			continue;
		ask(PKT_ICMP6, type % 2);
		t.ask.w.start[0] = (uint8_t)type;
		if (type == 128 || type == 129)
			assert_int_equal(run(), ANSWER_REPLY);
		else
			refused(DROP_NO_ERROR);
	}
}

static void nothing_is_said_about_groups_and_addresses_that_are_nobodys(void **state)
{
	static const char *const nobodys[] = {"0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255"};
	static const char *const nobodys6[] = {"::1", "fe80::9", "ff02::1", "ff05::2"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		ask(PKT_UDP4, false);
		t.ask.dst4 = ip(nobodys[i]);
		refused(DROP_NO_ERROR);
		ask(PKT_UDP4, true);
		t.ask.src4 = ip(nobodys[i]);
		refused(DROP_NO_ERROR);
	}
	for (size_t i = 0; i < 4; i++) {
		ask(PKT_UDP6, false);
		t.ask.dst6 = ip6(nobodys6[i]);
		refused(DROP_NO_ERROR);
		ask(PKT_UDP6, true);
		t.ask.src6 = ip6(nobodys6[i]);
		refused(DROP_NO_ERROR);
	}
	ask(PKT_UDP4, true);
	memset(t.ask.dst_mac, 0xff, 6);
	refused(DROP_NO_ERROR);
	ask(PKT_UDP6, true);
	memcpy(t.ask.dst_mac, "\x33\x33\0\0\0\1", 6);
	refused(DROP_NO_ERROR);
}

/* Packets within the subnet, with another host's address, or not through the gateway are not this module's. */
static void only_what_passes_the_gateway(void **state)
{
	(void)state;
	ask(PKT_UDP4, false);
	t.ask.dst4 = ip("10.0.1.9");
	refused(DROP_UNKNOWN);
	ask(PKT_UDP4, false);
	t.ask.src4 = ip("10.0.1.9");
	refused(DROP_UNKNOWN);
	ask(PKT_UDP6, false);
	t.ask.dst6 = ip6("fd5e:1:2:3::9");
	refused(DROP_UNKNOWN);
	ask(PKT_UDP6, false);
	t.ask.src6 = ip6("fd5e:1:2:3::9");
	refused(DROP_SOURCE_ADDRESS);
	ask(PKT_TCP4, true);
	t.ask.dst4 = ip("10.0.1.9");
	refused(DROP_UNKNOWN);
	ask(PKT_TCP4, true);
	t.from_mac = (const uint8_t *)"\2\0\0\0\0\1";
	refused(DROP_SOURCE_ADDRESS);
	ask(PKT_TCP6, true);
	t.from_mac = (const uint8_t *)"\2\0\0\0\0\1";
	refused(DROP_SOURCE_ADDRESS);
	ask(PKT_ICMP4, true);
	t.from_mac = guest_mac;
	refused(DROP_SOURCE_MAC);
}

static void nothing_without_a_gateway_or_a_refusal(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (int how = 0; how < 2; how++) {
			fixture(NULL);
			if (how)
				t.g.has_gateway4 = t.g.has_gateway6 = false;
			else
				t.g.id.refusal4.kind = t.g.id.refusal6.kind = REFUSAL_NONE;
			ask(kinds[i / 2], i % 2);
			assert_int_equal(run(), ANSWER_DROP);
		}
	}
}

/* fold answers questions for its services even if they are sent through the gateway. */
static void questions_for_fold_are_not_refused(void **state)
{
	(void)state;
	ask(PKT_UDP4, false);
	t.ask.sport = 68;
	t.ask.dport = 67;
	assert_int_equal(run(), ANSWER_DROP);
	assert_int_not_equal(t.out.drop, DROP_NO_ERROR);
}

/* Makes a TCP segment to fold's own address and MAC. */
static void ask_fold(enum pkt_kind kind)
{
	static struct in_addr own4;
	static struct in6_addr own6;

	own4 = ip("10.0.1.50");
	own6 = ip6("fd5e:1:2:3::50");
	t.g.service4 = (struct ip4_list){.at = &own4, .count = 1};
	t.g.service6 = (struct ip6_list){.at = &own6, .count = 1};
	t.g.link_local = ip6("fe80::fc54:ff:fe12:3456");
	ask(kind, false);
	memcpy(t.ask.dst_mac, service_mac, MAC_LEN);
	t.ask.dst4 = own4;
	t.ask.dst6 = own6;
}

/* RFC 9293 3.10.7.1, whether or not the guest has a gateway and an action for it. */
static void tcp_to_fold_is_reset(void **state)
{
	static const enum pkt_kind tcp[] = {PKT_TCP4, PKT_TCP6, PKT_TCP6, PKT_TCP6};
	static const char reset[] = "\x0f\xa1\x0f\xa0\0\0\0\0\1\2\3\5\x50\x14";

	(void)state;
	for (int i = 0; i < 16; i++) {
		ask_fold(tcp[i / 2 % 4]);
		if (i >= 8) /* as the rules put it there for NFQUEUE */
			memcpy(t.ask.dst_mac, guest_mac, MAC_LEN);
		if (i / 2 % 4 == 2)
			t.ask.dst6 = t.g.link_local;
		if (i / 2 % 4 == 3)
			t.ask.src6 = ip6("fe80::9");
		t.g.has_gateway4 = t.g.has_gateway6 = i % 2;
		assert_int_equal(run(), ANSWER_REPLY);
		assert_memory_equal(check_headers(IPPROTO_TCP, 20), reset, sizeof(reset) - 1);
		t.ask.w.start[13] = 4;
		assert_int_equal(run(), ANSWER_QUIET);
	}
}

static void nothing_else_that_is_sent_to_fold_is_reset(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		ask_fold(i ? PKT_TCP6 : PKT_TCP4);
		t.ask.dst_mac[5] ^= 1;
		refused(DROP_UNKNOWN);
		ask_fold(i ? PKT_TCP6 : PKT_TCP4);
		t.ask.dst4 = ip("10.0.1.51");
		t.ask.dst6 = ip6("fd5e:1:2:3::51");
		refused(DROP_UNKNOWN);
		ask_fold(i ? PKT_UDP6 : PKT_UDP4);
		refused(DROP_UNKNOWN);
		ask_fold(i ? PKT_TCP6 : PKT_TCP4); /* the host's own, if others' rules bring it */
		t.g.has_rules = false;
		refused(DROP_UNKNOWN);
		t.g.has_rules = true;
	}
	ask_fold(PKT_TCP4);
	t.ask.src4 = ip("10.0.1.9");
	refused(DROP_UNKNOWN);
	ask_fold(PKT_TCP6);
	t.ask.src6 = ip6("fd5e:1:2:3::9");
	refused(DROP_SOURCE_ADDRESS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, fixture)
	const struct CMUnitTest tests[] = {
	    T(every_kind_is_unreachable_both_ways),
	    T(of_a_long_packet_as_much_as_fits),
	    T(tcp_is_reset_where_that_was_asked_for),
	    T(nothing_is_said_about_errors),
	    T(nothing_is_said_about_groups_and_addresses_that_are_nobodys),
	    T(only_what_passes_the_gateway),
	    T(nothing_without_a_gateway_or_a_refusal),
	    T(questions_for_fold_are_not_refused),
	    T(tcp_to_fold_is_reset),
	    T(nothing_else_that_is_sent_to_fold_is_reset),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("reject", tests, NULL, NULL);
}
