/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of DHCPv4: which messages fold answers, with what kind of message, and to
 * which address. The number in a test's name is that of its line in the project's
 * checklist of what clients depend on. Options are in test_dhcp4_options.c, malformed
 * input is in test_dhcp4_input.c.
 */
#include "dhcp4_fixture.h"

static void v4_01_discover_gets_offer_and_request_ack_with_one_address_and_server(void **state)
{
	(void)state;
	message(DISCOVER);
	expect_reply(OFFER, "DHCPOFFER");
	assert_ip(t.r.yiaddr, "10.0.1.100");
	assert_option_ip(54, "10.0.1.50");
	request();
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.yiaddr, "10.0.1.100");
	assert_option_ip(54, "10.0.1.50");
}

/* Rumprun configures itself from the OFFER and ignores the content of the ACK. */
static void v4_01_offer_and_ack_differ_in_nothing_but_the_message_type(void **state)
{
	uint8_t offer[1500];
	size_t len;

	(void)state;
	message(DISCOVER);
	LIST(1, 33, 3, 28, 51, 58, 59, 6, 12, 15, 119);
	expect_reply(OFFER, "DHCPOFFER");
	len = t.r.len;
	memcpy(offer, t.r.p, len);
	offer[242] = ACK;
	request();
	LIST(1, 33, 3, 28, 51, 58, 59, 6, 12, 15, 119);
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.len, len);
	assert_memory_equal(t.r.p, offer, len);
}

static void v4_02_what_is_echoed_and_what_is_zero(void **state)
{
	(void)state;
	message(DISCOVER);
	t.ask[3] = 255; /* hops */
	memcpy(t.ask + SECS, "\xab\xcd", 2);
	memcpy(t.ask + FLAGS, "\x80\x01", 2);
	memcpy(t.ask + CHADDR + 6, "0123456789", 10);
	field_ip(YIADDR, "1.2.3.4");
	field_ip(SIADDR, "5.6.7.8");
	memset(t.ask + SNAME, 'n', 192);
	expect_reply(OFFER, "DHCPOFFER"); /* xid, htype, hlen, chaddr, flags, hops, secs: bootp_check */
	assert_int_equal(t.r.flags, 0x8001);
	assert_memory_equal(t.r.p + CHADDR + 6, "0123456789", 10);
	assert_ip(t.r.yiaddr, "10.0.1.100");
	assert_ip(t.r.siaddr, "0.0.0.0");
	for (size_t i = SNAME; i < 236; i++)
		assert_int_equal(t.r.p[i], 0);
}

static void v4_03_from_port_67_to_68_whatever_port_the_client_uses(void **state)
{
	(void)state;
	message(DISCOVER);
	t.in.sport = 40000;
	expect_reply(OFFER, "DHCPOFFER");
	assert_int_equal(t.out.sport, 67);
	assert_int_equal(t.out.dport, 68);
	assert_ip(t.out.src4, "10.0.1.50");
}

static void v4_04_without_flag_and_ciaddr_to_yiaddr_and_chaddr(void **state)
{
	(void)state;
	message(DISCOVER);
	expect_reply(OFFER, "DHCPOFFER");
	assert_unicast();
}

static void v4_04_broadcast_flag_goes_to_all_on_both_layers(void **state)
{
	(void)state;
	message(DISCOVER);
	t.ask[FLAGS] = 0x80;
	expect_reply(OFFER, "DHCPOFFER");
	assert_broadcast();
	request();
	t.ask[FLAGS] = 0x80;
	expect_reply(ACK, "DHCPACK");
	assert_broadcast();
}

static void v4_04_only_the_highest_flag_means_broadcast(void **state)
{
	(void)state;
	message(DISCOVER);
	memcpy(t.ask + FLAGS, "\x7f\xff", 2);
	expect_reply(OFFER, "DHCPOFFER");
	assert_unicast();
}

static void v4_04_ciaddr_of_a_renewal_beats_the_broadcast_flag(void **state)
{
	(void)state;
	message(REQUEST);
	field_ip(CIADDR, "10.0.1.100");
	t.ask[FLAGS] = 0x80;
	expect_reply(ACK, "DHCPACK");
	assert_unicast();
}

static void v4_04_nak_is_always_broadcast(void **state)
{
	(void)state;
	message(REQUEST);
	opt_ip(50, "192.168.7.7");
	expect_reply(NAK, "DHCPNAK");
	assert_broadcast();
	message(REQUEST);
	field_ip(CIADDR, "192.168.7.7");
	expect_reply(NAK, "DHCPNAK");
	assert_broadcast();
}

static void v4_04_giaddr_is_a_guest_that_poses_as_a_relay(void **state)
{
	static const uint8_t types[] = {DISCOVER, REQUEST, INFORM, RELEASE, DECLINE, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		field_ip(GIADDR, i & 1 ? "10.0.1.1" : "10.0.1.100");
		expect_drop(ask(), DROP_DHCP4_RELAY);
	}
}

static void v4_05_mandatory_options_come_first_and_in_order(void **state)
{
	(void)state;
	message(DISCOVER);
	LIST(15, 3);
	expect_reply(OFFER, "DHCPOFFER");
	assert_codes(53, 54, 51, 58, 59, 1, 15, 3);
	assert_option_ip(1, "255.255.255.0");
	assert_option_u32(51, 604800);
	request();
	LIST(15, 3);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 15, 3);
}

static void v4_06_at_least_300_octets_with_end_inside_and_zeros_after(void **state)
{
	(void)state;
	message(DISCOVER);
	LIST(1);
	expect_reply(OFFER, "DHCPOFFER"); /* bootp_read requires END, followed only by zeros */
	assert_int_equal(t.r.len, 300);
	assert_true(t.r.end < 299);
}

static void v4_07_selecting_with_our_identifier_gets_ack(void **state)
{
	(void)state;
	request();
	expect_reply(ACK, "DHCPACK");
	message(REQUEST);
	opt_ip(54, "10.0.1.50"); /* without option 50: fold offered only one address */
	expect_reply(ACK, "DHCPACK");
}

static void v4_07_selecting_with_our_identifier_and_another_address_gets_nak(void **state)
{
	(void)state;
	message(REQUEST);
	opt_ip(50, "10.0.1.101");
	opt_ip(54, "10.0.1.50");
	expect_reply(NAK, "DHCPNAK");
}

static void v4_07_selecting_another_server_meets_silence(void **state)
{
	static const char *const asked[] = {"10.0.1.100", "10.0.1.101"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		message(REQUEST);
		opt_ip(50, asked[i]);
		opt_ip(54, "10.0.1.51");
		expect_drop(ask(), DROP_DHCP4_OTHER);
	}
}

static void v4_07_init_reboot_gets_ack_or_nak(void **state)
{
	(void)state;
	message(REQUEST);
	opt_ip(50, "10.0.1.100");
	expect_reply(ACK, "DHCPACK");
	assert_unicast();
	message(REQUEST);
	opt_ip(50, "10.9.9.9");
	expect_reply(NAK, "DHCPNAK");
}

static void v4_07_unicast_renewal_gets_ack_to_ciaddr(void **state)
{
	(void)state;
	message(REQUEST);
	field_ip(CIADDR, "10.0.1.100");
	t.in.src4 = ip("10.0.1.100");
	t.in.dst4 = ip("10.0.1.50");
	expect_reply(ACK, "DHCPACK");
	assert_unicast();
	assert_ip(t.r.ciaddr, "10.0.1.100");
	assert_ip(t.r.yiaddr, "10.0.1.100");
}

static void v4_07_rebinding_from_either_source_gets_ack(void **state)
{
	static const char *const from[] = {"0.0.0.0", "10.0.1.100"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		message(REQUEST);
		field_ip(CIADDR, "10.0.1.100");
		t.in.src4 = ip(from[i]);
		expect_reply(ACK, "DHCPACK");
		assert_unicast();
	}
}

static void v4_07_request_without_any_address_is_refused(void **state)
{
	(void)state;
	message(REQUEST);
	expect_drop(ask(), DROP_DHCP4_FORM);
}

static void v4_08_renewal_of_an_address_that_is_not_the_guests_gets_nak_at_once(void **state)
{
	(void)state;
	message(REQUEST);
	field_ip(CIADDR, "10.0.1.101");
	t.in.src4 = ip("10.0.1.101");
	expect_reply(NAK, "DHCPNAK");
}

static void v4_08_renewal_from_what_is_the_servers_address_now_gets_nak(void **state)
{
	(void)state;
	message(REQUEST);
	field_ip(CIADDR, "10.0.1.50");
	t.in.src4 = ip("10.0.1.50");
	expect_reply(NAK, "DHCPNAK");
	message(RELEASE);
	field_ip(CIADDR, "10.0.1.50");
	t.in.src4 = ip("10.0.1.50");
	expect_drop(ask(), DROP_SOURCE_ADDRESS);
}

static void v4_08_renewal_with_an_empty_option_50_gets_ack_to_ciaddr(void **state)
{
	(void)state;
	message(REQUEST);
	field_ip(CIADDR, "10.0.1.100");
	opt_ip(50, "0.0.0.0");
	expect_reply(ACK, "DHCPACK");
	assert_unicast();
	message(REQUEST);
	opt_ip(50, "0.0.0.0");
	expect_reply(NAK, "DHCPNAK");
}

static void v4_08_renewal_through_the_address_of_an_earlier_server_succeeds(void **state)
{
	(void)state;
	message(REQUEST);
	field_ip(CIADDR, "10.0.1.100");
	t.in.src4 = ip("10.0.1.100");
	t.in.dst4 = ip("10.0.1.1");
	expect_reply(ACK, "DHCPACK");
}

static void v4_08_a_renewal_out_of_the_blue_succeeds(void **state)
{
	(void)state; /* with no earlier message: fold has no state but the binding */
	message(REQUEST);
	field_ip(CIADDR, "10.0.1.100");
	expect_reply(ACK, "DHCPACK");
	assert_option_u32(51, 604800);
}

static void v4_08_answers_do_not_depend_on_what_came_before(void **state)
{
	uint8_t first[1500];
	size_t len;

	(void)state;
	message(DISCOVER);
	LIST(3);
	assert_int_equal(ask(), ANSWER_REPLY);
	len = t.r.len;
	memcpy(first, t.r.p, len);
	message(DISCOVER);
	opt(61, "somebody else", 13);
	opt(12, "x\0", 2);
	opt(57, "\x05\xc0", 2);
	opt(82, "abc", 3);
	LIST(1, 3, 6, 12, 15, 119);
	assert_int_equal(ask(), ANSWER_REPLY);
	message(DISCOVER);
	RAW(52, 9, 9);
	ask();
	message(DISCOVER);
	LIST(3);
	assert_int_equal(ask(), ANSWER_REPLY);
	assert_int_equal(t.r.len, len);
	assert_memory_equal(t.r.p, first, len);
}

static void v4_09_nak_holds_53_54_56_and_61_and_no_address(void **state)
{
	static const uint8_t id[] = {1, 2, 3, 4, 5, 6, 7};
	uint8_t text[256];

	(void)state;
	message(REQUEST);
	opt_ip(50, "10.0.1.101");
	opt(61, id, sizeof(id));
	LIST(1, 3, 6, 51);
	expect_reply(NAK, "DHCPNAK"); /* yiaddr, ciaddr and siaddr 0: bootp_check */
	assert_codes(53, 54, 56, 61);
	assert_option(61, id, sizeof(id));
	int len = bootp_get(&t.r, 56, text, sizeof(text));
	assert_true(len > 0);
	for (int i = 0; i < len; i++)
		assert_in_range(text[i], ' ', '~');
}

static void v4_10_client_identifier_is_echoed_and_is_no_key(void **state)
{
	static const uint8_t lengths[] = {1, 7, 19, 254, 255};
	uint8_t id[255];

	(void)state;
	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lengths); i++) {
		message(DISCOVER);
		opt(61, id, lengths[i]);
		LIST(1, 3);
		expect_reply(OFFER, "DHCPOFFER");
		assert_option(61, id, lengths[i]);
		assert_ip(t.r.yiaddr, "10.0.1.100");
	}
	message(DISCOVER);
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(61);
	assert_ip(t.r.yiaddr, "10.0.1.100");
}

static void v4_16_inform_gets_ack_to_ciaddr_without_address_and_lease(void **state)
{
	(void)state;
	message(INFORM);
	LIST(1, 6, 51, 58, 59);
	field_ip(CIADDR, "10.0.1.100");
	t.ask[FLAGS] = 0x80;
	t.in.src4 = ip("10.0.1.100");
	expect_reply(ACK, "DHCPINFORM ACK");
	assert_codes(53, 54, 1, 6);
	assert_ip(t.r.yiaddr, "0.0.0.0");
	assert_ip(t.r.ciaddr, "10.0.1.100");
	assert_unicast();
}

static void v4_16_inform_with_empty_ciaddr_goes_to_its_source(void **state)
{
	(void)state;
	message(INFORM);
	t.in.src4 = ip("10.0.1.100");
	expect_reply(ACK, "DHCPINFORM ACK");
	assert_unicast();
}

static void v4_16_inform_cannot_make_fold_send_elsewhere(void **state)
{
	(void)state;
	message(INFORM);
	field_ip(CIADDR, "10.0.1.101");
	t.in.src4 = ip("10.0.1.100");
	expect_drop(ask(), DROP_SOURCE_ADDRESS);
	message(INFORM);
	t.in.src4 = ip("10.0.1.101");
	expect_drop(ask(), DROP_SOURCE_ADDRESS);
	message(INFORM);
	t.in.src4 = ip("0.0.0.0");
	expect_drop(ask(), DROP_SOURCE_ADDRESS);
}

static void v4_17_rapid_commit_only_where_the_client_asks(void **state)
{
	(void)state;
	message(DISCOVER);
	opt(80, "", 0);
	LIST(3);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 80, 1, 3);
	assert_ip(t.r.yiaddr, "10.0.1.100");
	assert_unicast();

	message(DISCOVER);
	LIST(3, 80);
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(80);
	message(DISCOVER);
	opt(80, "x", 1); /* RFC 4039 4: its length is 0 */
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(80);
	request();
	opt(80, "", 0);
	expect_reply(ACK, "DHCPACK");
	assert_none(80);
}

static void v4_17_rapid_commit_never_naks(void **state)
{
	(void)state;
	message(DISCOVER);
	opt(80, "", 0);
	opt_ip(50, "10.9.9.9");
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.yiaddr, "10.0.1.100");
}

static void v4_19_ciaddr_in_a_discover_is_ignored(void **state)
{
	(void)state;
	message(DISCOVER);
	field_ip(CIADDR, "10.9.9.9");
	expect_reply(OFFER, "DHCPOFFER");
	assert_unicast();
	assert_ip(t.r.ciaddr, "0.0.0.0");
	message(DISCOVER);
	field_ip(CIADDR, "10.0.1.100");
	t.ask[FLAGS] = 0x80;
	expect_reply(OFFER, "DHCPOFFER");
	assert_broadcast();
	assert_ip(t.r.ciaddr, "0.0.0.0");
}

static void v4_19_ciaddr_is_ignored_where_option_50_is_there(void **state)
{
	(void)state;
	message(REQUEST);
	opt_ip(50, "10.0.1.100");
	field_ip(CIADDR, "10.9.9.9");
	expect_reply(ACK, "DHCPACK");
	assert_unicast();
	assert_ip(t.r.ciaddr, "0.0.0.0");
	field_ip(CIADDR, "10.0.1.100");
	t.ask[FLAGS] = 0x80;
	assert_int_equal(run(), ANSWER_REPLY);
	assert_broadcast();
	message(REQUEST);
	opt_ip(50, "10.9.9.9");
	field_ip(CIADDR, "10.0.1.100");
	expect_reply(NAK, "DHCPNAK");
}

static void v4_19_requested_address_in_a_discover_is_only_a_wish(void **state)
{
	(void)state;
	message(DISCOVER);
	opt_ip(50, "10.9.9.9");
	opt_ip(54, "10.0.1.51");
	expect_reply(OFFER, "DHCPOFFER");
	assert_ip(t.r.yiaddr, "10.0.1.100");
}

static void v4_19_release_and_decline_are_noted_and_not_answered(void **state)
{
	static const struct {
		uint8_t type;
		const char *event;
	} rows[] = {{RELEASE, "DHCPRELEASE"}, {DECLINE, "DHCPDECLINE"}};

	(void)state;
	for (int i = 0; i < 2; i++) {
		message(rows[i].type);
		opt_ip(54, "10.0.1.50");
		field_ip(CIADDR, "10.0.1.100");
		assert_int_equal(ask(), ANSWER_QUIET);
		assert_string_equal(t.out.event, rows[i].event);
		assert_int_equal(wr_len(&t.out.w), 0);
		message(rows[i].type); /* networkd and dhcping leave the identifier out */
		assert_int_equal(ask(), ANSWER_QUIET);
		assert_string_equal(t.out.event, rows[i].event);
		message(rows[i].type);
		opt_ip(54, "10.0.1.51");
		expect_drop(ask(), DROP_DHCP4_OTHER);
	}
	message(DISCOVER); /* the binding is still valid */
	expect_reply(OFFER, "DHCPOFFER");
}

static void v4_19_release_and_decline_of_another_address_are_told_apart(void **state)
{
	(void)state;
	message(RELEASE);
	field_ip(CIADDR, "10.0.1.101");
	assert_int_equal(ask(), ANSWER_QUIET);
	assert_string_equal(t.out.event, "DHCPRELEASE, another address");
	message(DECLINE);
	opt_ip(50, "10.0.1.101");
	assert_int_equal(ask(), ANSWER_QUIET);
	assert_string_equal(t.out.event, "DHCPDECLINE, another address");
	message(DECLINE);
	opt_ip(50, "10.0.1.100");
	assert_int_equal(ask(), ANSWER_QUIET);
	assert_string_equal(t.out.event, "DHCPDECLINE");
}

static void v4_20_bootp_with_cookie_has_no_dhcp_options(void **state)
{
	(void)state;
	message(0);
	opt_ip(1, "0.0.0.0");
	opt(61, "\1\2\3", 3);
	assert_int_equal(ask(), ANSWER_REPLY); /* no 51, 53, 54: bootp_check */
	assert_string_equal(t.out.event, "BOOTP");
	assert_ip(t.r.yiaddr, "10.0.1.100");
	assert_option_ip(1, "255.255.255.0");
	assert_option_ip(3, "10.0.1.90");
	assert_option_ip(6, "10.0.1.50");
	assert_none(61);
	assert_int_equal(t.r.len, 300);
	assert_unicast();
}

static void v4_20_bootp_of_236_octets_without_vendor_area(void **state)
{
	(void)state;
	for (size_t len = 236; len < 240; len++) {
		header();
		t.len = len;
		assert_int_equal(run(), ANSWER_REPLY);
		assert_string_equal(t.out.event, "BOOTP");
		assert_int_equal(t.r.len, 300);
	}
}

static void v4_20_bootp_with_an_empty_vendor_area(void **state)
{
	(void)state;
	header();
	t.len = 300;
	assert_int_equal(run(), ANSWER_REPLY);
	assert_string_equal(t.out.event, "BOOTP");
	header();
	t.len = 300;
	memcpy(t.ask + 240, "\x35\x01\x01", 3); /* no options, because the cookie is missing */
	assert_int_equal(run(), ANSWER_REPLY);
	assert_string_equal(t.out.event, "BOOTP");
}

static void v4_20_bootp_reply_is_no_longer_than_the_request(void **state)
{
	(void)state;
	t.g.domain = (char *)"a-domain-name-that-is-too-long-for-the-64-octets-of-a-vendor-area.lab.test";
	message(0);
	assert_int_equal(ask(), ANSWER_REPLY);
	assert_int_equal(t.r.len, 300);
	assert_none(15);
	assert_option_ip(3, "10.0.1.90");
	message(0);
	t.len = 548;
	assert_int_equal(run(), ANSWER_REPLY);
	assert_text(15, t.g.domain);
	message(0);
	opt(57, "\x01\x48", 2); /* 328, although the message itself is longer */
	t.len = 548;
	assert_int_equal(run(), ANSWER_REPLY);
	assert_int_equal(t.r.len, 300);
	assert_none(15);
}

static void v4_20_bootp_obeys_flag_and_own_ciaddr(void **state)
{
	(void)state;
	message(0);
	t.ask[FLAGS] = 0x80;
	assert_int_equal(ask(), ANSWER_REPLY);
	assert_broadcast();
	field_ip(CIADDR, "10.0.1.100");
	assert_int_equal(run(), ANSWER_REPLY);
	assert_unicast();
	assert_ip(t.r.ciaddr, "10.0.1.100");
	field_ip(CIADDR, "10.0.1.101");
	assert_int_equal(run(), ANSWER_REPLY);
	assert_broadcast();
	assert_ip(t.r.ciaddr, "0.0.0.0");
}

static void v4_08_source_that_no_host_can_have_is_refused(void **state)
{
	static const struct {
		const char *from;
		enum answer want;
	} rows[] = {
	    {"255.255.255.255", ANSWER_DROP}, {"10.0.1.255", ANSWER_DROP},  {"127.0.0.1", ANSWER_DROP},
	    {"224.0.0.1", ANSWER_DROP},       {"239.1.2.3", ANSWER_DROP},   {"240.0.0.1", ANSWER_DROP},
	    {"10.0.1.50", ANSWER_DROP}, /* our own */
	    {"0.0.0.0", ANSWER_REPLY},        {"10.0.1.100", ANSWER_REPLY}, {"10.0.1.101", ANSWER_REPLY},
	    {"192.168.7.7", ANSWER_REPLY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message(DISCOVER);
		t.in.src4 = ip(rows[i].from);
		assert_int_equal(ask(), rows[i].want);
		if (rows[i].want == ANSWER_DROP)
			assert_int_equal(t.out.drop, DROP_SOURCE_ADDRESS);
	}
	t.g.id.ip4.len = 32; /* then the subnet's last address is the guest's own */
	message(DISCOVER);
	t.in.src4 = ip("10.0.1.100");
	expect_reply(OFFER, "DHCPOFFER");
	t.g.id.ip4 = (struct cidr4){.addr = ip("10.0.1.100"), .len = 31}; /* RFC 3021: 101 is the other host */
	message(DISCOVER);
	t.in.src4 = ip("10.0.1.101");
	expect_reply(OFFER, "DHCPOFFER");
	t.g.dhcp_server4 = t.g.id.ip4.addr; /* as for a VM that is its own name server, without DHCP_SERVER_IP */
	message(DISCOVER);
	t.in.src4 = ip("10.0.1.100");
	expect_reply(OFFER, "DHCPOFFER");
}

static void spec_client_must_be_the_interfaces_own_mac(void **state)
{
	static const uint8_t types[] = {DISCOVER, REQUEST, INFORM, RELEASE, DECLINE, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		t.ask[CHADDR + i] ^= 1;
		expect_drop(ask(), DROP_DHCP4_CLIENT);
	}
}

static void spec_other_ports_and_protocols_are_not_its_business(void **state)
{
	(void)state;
	message(DISCOVER);
	t.in.dport = 68;
	assert_int_equal(ask(), ANSWER_NOT_MINE);
	t.in.dport = 67;
	t.in.kind = PKT_UDP6;
	assert_int_equal(run(), ANSWER_NOT_MINE);
	t.in.kind = PKT_ARP;
	assert_int_equal(run(), ANSWER_NOT_MINE);
}

static void spec_guest_without_ipv4_is_refused(void **state)
{
	(void)state;
	t.g.dhcp4 = false; /* as with enable_dhcp = no */
	message(DISCOVER);
	expect_drop(ask(), DROP_DHCP4_OFF);
}

#define T(f) cmocka_unit_test_setup(f, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(v4_01_discover_gets_offer_and_request_ack_with_one_address_and_server),
	    T(v4_01_offer_and_ack_differ_in_nothing_but_the_message_type),
	    T(v4_02_what_is_echoed_and_what_is_zero),
	    T(v4_03_from_port_67_to_68_whatever_port_the_client_uses),
	    T(v4_04_without_flag_and_ciaddr_to_yiaddr_and_chaddr),
	    T(v4_04_broadcast_flag_goes_to_all_on_both_layers),
	    T(v4_04_only_the_highest_flag_means_broadcast),
	    T(v4_04_ciaddr_of_a_renewal_beats_the_broadcast_flag),
	    T(v4_04_nak_is_always_broadcast),
	    T(v4_04_giaddr_is_a_guest_that_poses_as_a_relay),
	    T(v4_05_mandatory_options_come_first_and_in_order),
	    T(v4_06_at_least_300_octets_with_end_inside_and_zeros_after),
	    T(v4_07_selecting_with_our_identifier_gets_ack),
	    T(v4_07_selecting_with_our_identifier_and_another_address_gets_nak),
	    T(v4_07_selecting_another_server_meets_silence),
	    T(v4_07_init_reboot_gets_ack_or_nak),
	    T(v4_07_unicast_renewal_gets_ack_to_ciaddr),
	    T(v4_07_rebinding_from_either_source_gets_ack),
	    T(v4_07_request_without_any_address_is_refused),
	    T(v4_08_renewal_of_an_address_that_is_not_the_guests_gets_nak_at_once),
	    T(v4_08_renewal_from_what_is_the_servers_address_now_gets_nak),
	    T(v4_08_renewal_with_an_empty_option_50_gets_ack_to_ciaddr),
	    T(v4_08_renewal_through_the_address_of_an_earlier_server_succeeds),
	    T(v4_08_a_renewal_out_of_the_blue_succeeds),
	    T(v4_08_answers_do_not_depend_on_what_came_before),
	    T(v4_09_nak_holds_53_54_56_and_61_and_no_address),
	    T(v4_10_client_identifier_is_echoed_and_is_no_key),
	    T(v4_16_inform_gets_ack_to_ciaddr_without_address_and_lease),
	    T(v4_16_inform_with_empty_ciaddr_goes_to_its_source),
	    T(v4_16_inform_cannot_make_fold_send_elsewhere),
	    T(v4_17_rapid_commit_only_where_the_client_asks),
	    T(v4_17_rapid_commit_never_naks),
	    T(v4_19_ciaddr_in_a_discover_is_ignored),
	    T(v4_19_ciaddr_is_ignored_where_option_50_is_there),
	    T(v4_19_requested_address_in_a_discover_is_only_a_wish),
	    T(v4_19_release_and_decline_are_noted_and_not_answered),
	    T(v4_19_release_and_decline_of_another_address_are_told_apart),
	    T(v4_20_bootp_with_cookie_has_no_dhcp_options),
	    T(v4_20_bootp_of_236_octets_without_vendor_area),
	    T(v4_20_bootp_with_an_empty_vendor_area),
	    T(v4_20_bootp_reply_is_no_longer_than_the_request),
	    T(v4_20_bootp_obeys_flag_and_own_ciaddr),
	    T(v4_08_source_that_no_host_can_have_is_refused),
	    T(spec_client_must_be_the_interfaces_own_mac),
	    T(spec_other_ports_and_protocols_are_not_its_business),
	    T(spec_guest_without_ipv4_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
