/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notifications: what fold sends, and what acknowledges it and what does not, all through answer_frame(). */
#include "answer/answer.h"

#include "base/csum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

enum { ETH = 14, PORT = 4242 };

static struct {
	struct guest g;
	struct reply sent, out;
	struct reply back; /* what the guest sends; built like fold's own frames */
	bool ip6;
} t;

static const uint8_t token[NOTIFY_LEN] = {0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff};

static int fixture(void **state)
{
	static const uint8_t mac[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56}, service[] = {0xfe, 0x54, 0, 0x12, 0x34, 0x56};

	(void)state;
	memset(&t, 0, sizeof(t));
	memcpy(t.g.id.mac, mac, MAC_LEN);
	memcpy(t.g.service_mac, service, MAC_LEN);
	t.g.id.has4 = t.g.id.has6 = true;
	t.g.id.ip4.len = 24;
	t.g.id.ip6.len = 64;
	inet_pton(AF_INET, "10.0.1.100", &t.g.id.ip4.addr);
	inet_pton(AF_INET6, "fde5::100", &t.g.id.ip6.addr);
	inet_pton(AF_INET, "10.0.1.60", &t.g.notify.ip4);
	inet_pton(AF_INET6, "fde5::60", &t.g.notify.ip6);
	t.g.notify.port = PORT;
	t.g.notify.waiting = true;
	memcpy(t.g.notify.token, token, NOTIFY_LEN);
	return 0;
}

/* The acknowledgement, for the test to spoil before send(). */
static void acknowledge(bool ip6)
{
	struct reply *r = &t.back;

	reply_init(r);
	t.ip6 = ip6;
	r->kind = ip6 ? PKT_UDP6 : PKT_UDP4;
	memcpy(r->dst_mac, t.g.service_mac, MAC_LEN);
	r->src4 = t.g.id.ip4.addr;
	r->dst4 = t.g.notify.ip4;
	r->src6 = t.g.id.ip6.addr;
	r->dst6 = t.g.notify.ip6;
	r->sport = r->dport = PORT;
	wr_bytes(&r->w, token, NOTIFY_LEN);
}

static enum answer send_it(void)
{
	assert_true(pkt_wrap(&t.back, t.g.id.mac));
	const struct frame f = {.l2 = t.back.frame,
				.l2_len = ETH,
				.l3 = t.back.frame + ETH,
				.l3_len = t.back.frame_len - ETH};
	return answer_frame(&t.g, &f, &t.out);
}

static void assert_dropped(enum drop why)
{
	assert_int_equal(send_it(), ANSWER_DROP);
	assert_string_equal(drop_name(t.out.drop), drop_name(why));
}

static void what_is_sent(void **state)
{
	(void)state;
	for (int six = 0; six < 2; six++) {
		struct pkt p;
		assert_true(answer_notify(&t.g, six, &t.sent));
		const struct frame f = {.l2 = t.sent.frame,
					.l2_len = ETH,
					.l3 = t.sent.frame + ETH,
					.l3_len = t.sent.frame_len - ETH};
		assert_int_equal(pkt_decode(&f, &p), DROP_NONE); /* lengths and checksums */
		assert_int_equal(p.kind, six ? PKT_UDP6 : PKT_UDP4);
		assert_memory_equal(p.dst_mac, t.g.id.mac, MAC_LEN);
		assert_memory_equal(p.src_mac, t.g.service_mac, MAC_LEN);
		assert_int_equal(p.sport, PORT);
		assert_int_equal(p.dport, PORT);
		assert_int_equal(p.len, NOTIFY_LEN);
		assert_memory_equal(p.data, token, NOTIFY_LEN);
		if (six) {
			assert_memory_equal(&p.src6, &t.g.notify.ip6, 16);
			assert_memory_equal(&p.dst6, &t.g.id.ip6.addr, 16);
		} else {
			assert_int_equal(p.src4.s_addr, t.g.notify.ip4.s_addr);
			assert_int_equal(p.dst4.s_addr, t.g.id.ip4.addr.s_addr);
		}
	}
}

static void when_nothing_is_sent(void **state)
{
	(void)state;
	t.g.notify.waiting = false;
	assert_false(answer_notify(&t.g, false, &t.sent));
	assert_false(answer_notify(&t.g, true, &t.sent));
	fixture(state);
	t.g.notify.port = 0;
	assert_false(answer_notify(&t.g, false, &t.sent));
	fixture(state);
	t.g.notify.ip4.s_addr = 0;
	assert_false(answer_notify(&t.g, false, &t.sent));
	assert_true(answer_notify(&t.g, true, &t.sent));
	t.g.id.has6 = false;
	assert_false(answer_notify(&t.g, true, &t.sent));
	fixture(state);
	t.g.notify.ip6 = in6addr_any;
	assert_false(answer_notify(&t.g, true, &t.sent));
	t.g.id.has4 = false;
	assert_false(answer_notify(&t.g, false, &t.sent));
}

static void the_same_octets_back(void **state)
{
	(void)state;
	for (int six = 0; six < 2; six++) {
		acknowledge(six);
		assert_int_equal(send_it(), ANSWER_NOTED);
		assert_string_equal(t.out.event, "notification acknowledged");
		acknowledge(six);
		t.back.sport = 50000; /* from any port */
		assert_int_equal(send_it(), ANSWER_NOTED);
	}
}

static void other_octets(void **state)
{
	(void)state;
	for (size_t i = 0; i < NOTIFY_LEN; i++) {
		acknowledge(i % 2);
		t.back.w.start[i] ^= 1;
		assert_dropped(DROP_NOTIFY_OTHER);
	}
	acknowledge(false);
	t.back.w.p--;
	assert_dropped(DROP_NOTIFY_FORM);
	acknowledge(false);
	t.back.w.p = t.back.w.start;
	assert_dropped(DROP_NOTIFY_FORM);
	acknowledge(true);
	wr_u8(&t.back.w, 0);
	assert_dropped(DROP_NOTIFY_FORM);
}

static void nothing_is_waited_for(void **state)
{
	(void)state;
	t.g.notify.waiting = false;
	acknowledge(false);
	assert_dropped(DROP_NOTIFY_OTHER);
	/* Not even with the all-zero token of a guest that was never notified. */
	memset(t.g.notify.token, 0, NOTIFY_LEN);
	acknowledge(true);
	memset(t.back.w.start, 0, NOTIFY_LEN);
	assert_dropped(DROP_NOTIFY_OTHER);
}

static void to_elsewhere(void **state)
{
	(void)state;
	acknowledge(false);
	t.back.dport++;
	assert_dropped(DROP_UNKNOWN);
	acknowledge(false);
	inet_pton(AF_INET, "10.0.1.61", &t.back.dst4);
	assert_dropped(DROP_UNKNOWN);
	acknowledge(true);
	inet_pton(AF_INET6, "fde5::61", &t.back.dst6);
	assert_dropped(DROP_UNKNOWN);
	/* Without a notification address of that family no packet is for fold, not even one to address 0. */
	t.g.notify.ip4.s_addr = 0;
	acknowledge(false);
	assert_dropped(DROP_UNKNOWN);
}

static void from_somebody_else(void **state)
{
	(void)state;
	acknowledge(false);
	inet_pton(AF_INET, "10.0.1.101", &t.back.src4);
	assert_dropped(DROP_SOURCE_ADDRESS);
	acknowledge(true);
	inet_pton(AF_INET6, "fde5::101", &t.back.src6);
	assert_dropped(DROP_SOURCE_ADDRESS);
	acknowledge(true);
	inet_pton(AF_INET6, "fe80::1", &t.back.src6);
	assert_dropped(DROP_SOURCE_ADDRESS);
}

#define TEST(fn) cmocka_unit_test_setup(fn, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_sent),          TEST(when_nothing_is_sent), TEST(the_same_octets_back), TEST(other_octets),
	    TEST(nothing_is_waited_for), TEST(to_elsewhere),         TEST(from_somebody_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
