/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP for the service addresses: who is answered, with what, and who is not. */
#include "ra/arp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

enum { HRD = 0, PRO = 2, HLN = 4, PLN = 5, OP = 6, SHA = 8, SPA = 14, THA = 18, TPA = 24, LEN = 28 };

static const uint8_t guest_mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t service_mac[] = {0xfe, 0x54, 0x00, 0x12, 0x34, 0x56};

static struct {
	struct guest g;
	struct in_addr service[3];
	struct pkt in;
	struct reply out;
	uint8_t ask[64];
	size_t len;
	size_t room;
} t;

static struct in_addr ip(const char *text)
{
	struct in_addr a;
	if (inet_pton(AF_INET, text, &a) != 1)
		abort();
	return a;
}

static void field_ip(size_t at, const char *text)
{
	struct in_addr a = ip(text);
	memcpy(t.ask + at, &a, 4);
}

/* A valid broadcast request for the DNS server's address. */
static int fixture(void **state)
{
	static const uint8_t start[] = {0, 1, 8, 0, 6, 4, 0, 1};

	(void)state;
	memset(&t, 0, sizeof(t));
	memcpy(t.g.id.mac, guest_mac, 6);
	memcpy(t.g.service_mac, service_mac, 6);
	t.g.id.has4 = true;
	t.g.id.ip4 = (struct cidr4){.addr = ip("10.0.1.100"), .len = 24};
	t.g.has_gateway4 = true;
	t.g.gateway4 = ip("10.0.1.90");
	t.service[0] = ip("10.0.1.50");
	t.service[1] = ip("10.0.1.51");
	t.g.service4 = (struct ip4_list){.at = t.service, .count = 2};
	t.in.kind = PKT_ARP;
	memcpy(t.in.src_mac, guest_mac, 6);
	memset(t.in.dst_mac, 0xff, 6);
	memcpy(t.ask, start, sizeof(start));
	memcpy(t.ask + SHA, guest_mac, 6);
	field_ip(SPA, "10.0.1.100");
	field_ip(TPA, "10.0.1.50");
	t.len = LEN;
	t.room = 100;
	return 0;
}

static enum answer run(void)
{
	uint8_t *copy = malloc(t.len ? t.len : 1);
	enum answer a;

	memcpy(copy, t.ask, t.len);
	t.in.data = copy;
	t.in.len = t.len;
	memset(&t.out, 0xa5, sizeof(t.out));
	t.out.w = wr_over(t.out.buf + REPLY_HEADROOM, t.room);
	a = arp_answer(&t.g, &t.in, &t.out);
	free(copy);
	assert_int_equal(t.out.buf[REPLY_HEADROOM + t.room], 0xa5);
	return a;
}

static void expect_reply(const char *about, const char *to)
{
	static const uint8_t start[] = {0, 1, 8, 0, 6, 4, 0, 2};
	struct in_addr spa = ip(about), tpa = ip(to);

	assert_int_equal(run(), ANSWER_REPLY);
	const uint8_t *p = t.out.w.start;
	assert_int_equal(t.out.kind, PKT_ARP);
	assert_memory_equal(t.out.dst_mac, guest_mac, 6);
	assert_int_equal(wr_len(&t.out.w), LEN);
	assert_memory_equal(p, start, sizeof(start));
	assert_memory_equal(p + SHA, service_mac, 6);
	assert_memory_equal(p + SPA, &spa, 4);
	assert_memory_equal(p + THA, guest_mac, 6);
	assert_memory_equal(p + TPA, &tpa, 4);
}

static void expect_drop(enum drop why)
{
	assert_int_equal(run(), ANSWER_DROP);
	assert_string_equal(drop_name(t.out.drop), drop_name(why));
	assert_int_equal(wr_len(&t.out.w), 0);
}

static void request_for_a_service_address_is_answered_to_the_guest_alone(void **state)
{
	(void)state;
	expect_reply("10.0.1.50", "10.0.1.100");
	field_ip(TPA, "10.0.1.51");
	expect_reply("10.0.1.51", "10.0.1.100");
}

static void unicast_request_before_dhcp_is_answered(void **state)
{
	(void)state; /* RFC 4436: the guest asks routers that it knows from before */
	memcpy(t.in.dst_mac, service_mac, 6);
	memcpy(t.ask + THA, service_mac, 6);
	expect_reply("10.0.1.50", "10.0.1.100");
}

static void target_hardware_address_does_not_count(void **state)
{
	(void)state;
	memset(t.ask + THA, 0xff, 6);
	expect_reply("10.0.1.50", "10.0.1.100");
}

static void padding_of_the_frame_does_not_count(void **state)
{
	(void)state;
	t.len = 46;
	memset(t.ask + LEN, 0xee, t.len - LEN);
	expect_reply("10.0.1.50", "10.0.1.100");
}

static void probe_for_a_service_address_is_answered(void **state)
{
	(void)state; /* RFC 5227: the answer to a probe keeps the guest from taking the address */
	field_ip(SPA, "0.0.0.0");
	expect_reply("10.0.1.50", "0.0.0.0");
}

static void probe_and_announcement_of_its_own_address_are_not_answered(void **state)
{
	(void)state;
	field_ip(TPA, "10.0.1.100");
	expect_drop(DROP_ARP_TARGET);
	field_ip(SPA, "0.0.0.0");
	expect_drop(DROP_ARP_TARGET);
	t.service[1] = ip("10.0.1.100"); /* not even if it is configured as a service address */
	expect_drop(DROP_ARP_TARGET);
	field_ip(SPA, "10.0.1.100");
	expect_drop(DROP_ARP_TARGET);
}

static void other_targets_are_not_answered(void **state)
{
	static const char *const targets[] = {"10.0.1.90",       "10.0.1.49", "10.0.1.255", "0.0.0.0",
					      "255.255.255.255", "10.0.2.50", "8.8.8.8",    "224.0.0.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		field_ip(TPA, targets[i]);
		expect_drop(DROP_ARP_TARGET);
	}
}

static void threat_20_reply_for_a_victim(void **state)
{
	(void)state;
	t.ask[OP + 1] = 2;
	field_ip(SPA, "10.0.1.101");
	field_ip(TPA, "10.0.1.90");
	expect_drop(DROP_ARP_FORM);
	field_ip(SPA, "10.0.1.100"); /* nor an unsolicited reply about the guest's own address */
	field_ip(TPA, "10.0.1.50");
	expect_drop(DROP_ARP_FORM);
}

static void threat_21_gratuitous_request_for_the_gateway(void **state)
{
	(void)state;
	field_ip(SPA, "10.0.1.90");
	field_ip(TPA, "10.0.1.90");
	expect_drop(DROP_ARP_SENDER);
	field_ip(SPA, "10.0.1.50"); /* and for a service address */
	field_ip(TPA, "10.0.1.50");
	expect_drop(DROP_ARP_SENDER);
}

static void threat_22_sender_mac_is_not_the_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		fixture(NULL);
		t.ask[SHA + i] ^= 1;
		expect_drop(DROP_ARP_SENDER);
		t.in.src_mac[i] ^= 1; /* both MACs are the same, but not the guest's */
		expect_drop(DROP_ARP_SENDER);
		t.ask[SHA + i] ^= 1; /* only the message has the guest's MAC */
		expect_drop(DROP_ARP_SENDER);
	}
}

static void threat_24_probe_for_a_foreign_address(void **state)
{
	(void)state;
	field_ip(SPA, "0.0.0.0");
	field_ip(TPA, "10.0.1.101");
	expect_drop(DROP_ARP_TARGET);
}

static const char *const not_the_guests[] = {"10.0.1.101", "255.255.255.255", "127.0.0.1", "224.0.0.1", "10.0.1.90"};
#define NOT_THE_GUESTS (sizeof(not_the_guests) / sizeof(not_the_guests[0]))

static void sender_address_of_somebody_else(void **state)
{
	(void)state;
	t.g.dhcp_server4.s_addr = inet_addr("10.0.1.51"); /* not the address that is asked for */
	for (size_t i = 0; i < NOT_THE_GUESTS; i++) {
		field_ip(SPA, not_the_guests[i]);
		expect_drop(DROP_ARP_SENDER);
	}
}

/* RFC 2131 4.3.2: a client with a wrong address gets a NAK when it renews, and has to find the server before. */
static void guest_with_a_wrong_address_finds_the_dhcp_server(void **state)
{
	static const char *const hosts[] = {"10.0.1.101", "192.0.2.1"}, *const none[] = {"255.255.255.255",
											 "10.0.1.255",
											 "10.0.1.0",
											 "127.0.0.1",
											 "224.0.0.1",
											 "10.0.1.50"};

	(void)state;
	t.g.dhcp_server4.s_addr = inet_addr("10.0.1.50");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		field_ip(SPA, hosts[i]);
		expect_reply("10.0.1.50", hosts[i]);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		field_ip(SPA, none[i]);
		expect_drop(DROP_ARP_SENDER);
	}
	t.g.has_gateway4 = true;
	t.g.gateway4.s_addr = inet_addr(hosts[0]);
	field_ip(SPA, hosts[0]);
	expect_drop(DROP_ARP_SENDER);
	field_ip(SPA, hosts[1]);
	t.g.id.has4 = false;
	t.g.service4.count = 0;
	expect_drop(DROP_ARP_TARGET);
}

static void threat_25_every_wrong_octet_of_the_form(void **state)
{
	(void)state; /* hardware, protocol, both lengths, operation (RARP and InARP among them) */
	for (size_t at = 0; at < SHA; at++) {
		for (int v = 0; v < 256; v++) {
			fixture(NULL);
			if (t.ask[at] == v) {
				expect_reply("10.0.1.50", "10.0.1.100");
				continue;
			}
			t.ask[at] = (uint8_t)v;
			expect_drop(DROP_ARP_FORM);
		}
	}
}

static void threat_25_every_truncation(void **state)
{
	(void)state;
	for (t.len = 0; t.len < LEN; t.len++)
		expect_drop(DROP_TRUNCATED);
	expect_reply("10.0.1.50", "10.0.1.100");
}

static void guest_without_ipv4(void **state)
{
	(void)state;
	t.g.id.has4 = false;
	expect_drop(DROP_ARP_SENDER);
	t.g.service4.count = 0;
	field_ip(SPA, "0.0.0.0");
	expect_drop(DROP_ARP_TARGET);
}

static void a_reply_at_every_buffer_size(void **state)
{
	(void)state;
	for (t.room = 0; t.room < LEN; t.room++) {
		assert_int_equal(run(), ANSWER_DROP);
		assert_int_equal(t.out.drop, DROP_REPLY_FULL);
	}
	expect_reply("10.0.1.50", "10.0.1.100");
}

static void other_protocols_are_not_its_business(void **state)
{
	static const enum pkt_kind kinds[] = {PKT_UDP4, PKT_UDP6, PKT_ICMP6};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		t.in.kind = kinds[i];
		assert_int_equal(run(), ANSWER_NOT_MINE);
	}
}

#define T(f) cmocka_unit_test_setup(f, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(request_for_a_service_address_is_answered_to_the_guest_alone),
	    T(unicast_request_before_dhcp_is_answered),
	    T(target_hardware_address_does_not_count),
	    T(padding_of_the_frame_does_not_count),
	    T(probe_for_a_service_address_is_answered),
	    T(probe_and_announcement_of_its_own_address_are_not_answered),
	    T(other_targets_are_not_answered),
	    T(threat_20_reply_for_a_victim),
	    T(threat_21_gratuitous_request_for_the_gateway),
	    T(threat_22_sender_mac_is_not_the_frames),
	    T(threat_24_probe_for_a_foreign_address),
	    T(sender_address_of_somebody_else),
	    T(guest_with_a_wrong_address_finds_the_dhcp_server),
	    T(threat_25_every_wrong_octet_of_the_form),
	    T(threat_25_every_truncation),
	    T(guest_without_ipv4),
	    T(a_reply_at_every_buffer_size),
	    T(other_protocols_are_not_its_business),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
