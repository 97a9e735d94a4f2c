/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of DHCPv6: which messages fold answers, with what kind of message, and which
 * IA gets the address. The number in a test's name is that of its line in the project's
 * checklist of what clients depend on. Options are in test_dhcp6_options.c, malformed
 * input is in test_dhcp6_input.c.
 */
#include "dhcp6_fixture.h"

static void v6_01_client_identifier_in_all_but_information_requests(void **state)
{
	static const uint8_t types[] = {SOLICIT, REQUEST, CONFIRM, RENEW, REBIND, RELEASE, DECLINE};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		header(types[i]);
		if (types[i] == REQUEST || types[i] == RENEW || types[i] == RELEASE || types[i] == DECLINE)
			opt(2, SERVER, 10);
		ia(IA_NA, 1, OWN);
		expect_drop(DROP_DHCP6_FORM);
	}
	header(INFORM);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_none(1);
}

static void v6_01_server_identifier_must_not_be_there(void **state)
{
	static const uint8_t types[] = {SOLICIT, CONFIRM, REBIND};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		ia(IA_NA, 1, OWN);
		assert_int_equal(ask(), ANSWER_REPLY);
		opt(2, SERVER, 10);
		expect_drop(DROP_DHCP6_FORM);
	}
}

static void v6_01_server_identifier_must_be_there_and_ours(void **state)
{
	static const uint8_t types[] = {REQUEST, RENEW, RELEASE, DECLINE};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		header(types[i]);
		opt(1, CLIENT, 14);
		ia(IA_NA, 1, OWN);
		size_t len = t.len;
		expect_drop(DROP_DHCP6_FORM);
		opt(2, CLIENT, 14);
		expect_drop(DROP_DHCP6_OTHER);
		t.len = len;
		opt(2, SERVER, 9);
		expect_drop(DROP_DHCP6_OTHER);
		t.len = len;
		opt(2, SERVER "\0", 11);
		expect_drop(DROP_DHCP6_OTHER);
		t.len = len;
		opt(2, "", 0);
		expect_drop(DROP_DHCP6_OTHER);
		t.len = len;
		opt(2, SERVER, 10);
		assert_int_equal(ask(), ANSWER_REPLY);
	}
}

static void v6_01_information_request_with_ours_or_none_and_without_ia(void **state)
{
	(void)state;
	message(INFORM);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	opt(2, SERVER, 10);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	message(INFORM);
	opt(2, CLIENT, 14);
	expect_drop(DROP_DHCP6_OTHER);
	for (unsigned code = 3; code <= 25; code += code == 4 ? 21 : 1) {
		message(INFORM);
		ia(code, 1, NULL);
		expect_drop(DROP_DHCP6_FORM);
	}
}

static void v6_02_server_identifier_follows_from_the_guests_mac_and_client_identifier_comes_back(void **state)
{
	(void)state;
	message(SOLICIT);
	ia(IA_NA, 0xfedcba98, NULL);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_option(1, CLIENT, 14);
	assert_option(2, SERVER, 10);
	assert_ia(0, "na 4275878552 own");
	/* If the host routes, replies have the MAC of the host's interface, which changes with each start of the VM. */
	memcpy(t.g.service_mac, "\x9a\xbc\xde\1\2\3", MAC_LEN);
	message(SOLICIT);
	ia(IA_NA, 1, NULL);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_option(2, SERVER, 10);
}

static void v6_03_advertise_and_reply_hold_the_same_address(void **state)
{
	uint8_t advertised[64];
	const struct tlv *o;

	(void)state;
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	o = tlv_find(&t.r, IA_NA);
	assert_int_equal(o->len, 40);
	memcpy(advertised, o->at, 40);
	assert_int_equal(get32(o->at + 4), 600);     /* T1 */
	assert_int_equal(get32(o->at + 8), 529200);  /* T2 */
	assert_int_equal(get32(o->at + 32), 604800); /* preferred */
	assert_int_equal(get32(o->at + 36), 604800); /* valid */
	message(REQUEST);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_option(IA_NA, advertised, 40);
}

static void v6_04_renew_and_rebind_renew(void **state)
{
	(void)state;
	message(RENEW);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to RENEW");
	assert_ia(0, "na 7 own");
	message(REBIND);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to REBIND");
	assert_ia(0, "na 7 own");
}

static void v6_04_other_addresses_come_back_with_lifetimes_0(void **state)
{
	static const uint8_t types[] = {RENEW, REBIND, REQUEST};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		ia(IA_NA, 7, OTHER);
		assert_int_equal(ask(), ANSWER_REPLY);
		assert_ia(0, "na 7 own lost");
		message(types[i]);
		size_t o = open_ia(IA_NA, 7);
		iaaddr(OTHER);
		iaaddr(OWN);
		iaaddr("2001:db8::1");
		iaaddr(OWN);
		close_opt(o);
		assert_int_equal(ask(), ANSWER_REPLY);
		assert_ia(0, types[i] == REQUEST ? "na 7 status 4" : "na 7 own lost lost");
	}
	message(SOLICIT); /* addresses in a Solicit are only preferences */
	ia(IA_NA, 7, OTHER);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_ia(0, "na 7 own");
}

/* RFC 8415 18.3.2: "the server MUST return the IA to the client with a Status Code option with the value NotOnLink". */
static void request_of_another_link_is_told_so(void **state)
{
	(void)state;
	message(REQUEST);
	ia(IA_NA, 7, "2001:db8::1");
	ia(IA_TA, 8, "2001:db8::2");
	ia(IA_PD, 9, "2001:db8:0:100::");
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST, no address");
	assert_ia(0, "na 7 status 4");
	assert_ia(1, "ta 8 status 4");
	assert_ia(2, "pd 9 status 6");
	message(REQUEST); /* the address goes to another IA */
	ia(IA_NA, 7, "2001:db8::1");
	ia(IA_NA, 8, OTHER);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_ia(0, "na 7 status 4");
	assert_ia(1, "na 8 own lost");
	message(SOLICIT); /* only a preference */
	ia(IA_NA, 7, "2001:db8::1");
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_ia(0, "na 7 own");
}

static void v6_04_renew_of_an_empty_ia_is_a_new_lease(void **state)
{
	(void)state;
	message(RENEW);
	ia(IA_NA, 9, NULL);
	expect_reply(REPLY, "DHCPv6 REPLY to RENEW");
	assert_ia(0, "na 9 own");
}

static void v6_04_prefixes_and_temporary_addresses_are_given_up(void **state)
{
	(void)state;
	message(REBIND);
	ia(IA_PD, 1, "2001:db8:0:100::");
	ia(IA_TA, 2, OTHER);
	ia(IA_NA, 3, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to REBIND");
	assert_ia(0, "pd 1 lost/56");
	assert_ia(1, "ta 2 lost");
	assert_ia(2, "na 3 own");
	message(REQUEST);
	ia(IA_PD, 1, "2001:db8:0:100::");
	ia(IA_TA, 2, OTHER);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST, no address");
	assert_ia(0, "pd 1 status 6");
	assert_ia(1, "ta 2 status 2");
}

static void v6_05_confirm_of_the_own_address_succeeds(void **state)
{
	(void)state;
	message(CONFIRM);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to CONFIRM");
	assert_status(0);
	assert_none(IA_NA);
}

static void v6_05_confirm_of_any_other_is_not_on_link(void **state)
{
	(void)state;
	message(CONFIRM);
	ia(IA_NA, 7, OTHER); /* inside the prefix, but not the guest's address */
	expect_reply(REPLY, "DHCPv6 REPLY to CONFIRM, NotOnLink");
	assert_status(4);
	assert_codes(1, 2, 13);
	message(CONFIRM);
	ia(IA_NA, 7, OWN);
	ia(IA_TA, 8, "2001:db8::1");
	expect_reply(REPLY, "DHCPv6 REPLY to CONFIRM, NotOnLink");
	message(CONFIRM);
	ia(IA_TA, 8, OTHER);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to CONFIRM, NotOnLink");
}

static void v6_05_confirm_without_addresses_meets_silence(void **state)
{
	(void)state;
	message(CONFIRM);
	expect_drop(DROP_DHCP6_FORM);
	ia(IA_NA, 7, NULL);
	ia(IA_TA, 8, NULL);
	ia(IA_PD, 9, "2001:db8::");
	expect_drop(DROP_DHCP6_FORM);
}

static void v6_06_information_request_gets_configuration_alone(void **state)
{
	(void)state;
	message(INFORM);
	ORO(24, 23, 32);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 24, 23, 32);
	assert_option(32, "\0\0\x02\x58", 4); /* the renewal time, 600 */
}

static void v6_07_release_and_decline_are_acknowledged(void **state)
{
	(void)state;
	message(RELEASE);
	ia(IA_NA, 7, OWN);
	ORO(23, 24);
	expect_reply(REPLY, "DHCPv6 REPLY to RELEASE");
	assert_codes(1, 2, 13);
	assert_status(0);
	message(DECLINE);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to DECLINE");
	assert_codes(1, 2, 13);
	assert_status(0);
	message(RENEW); /* the binding is still valid */
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to RENEW");
	assert_ia(0, "na 7 own");
}

static void v6_07_no_binding_for_every_other_ia(void **state)
{
	static const uint8_t types[] = {RELEASE, DECLINE};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		ia(IA_NA, 1, OTHER);
		ia(IA_NA, 2, OWN);
		ia(IA_TA, 3, OWN);
		ia(IA_PD, 4, "2001:db8::");
		ia(IA_NA, 5, NULL);
		assert_int_equal(ask(), ANSWER_REPLY);
		assert_status(0);
		assert_ia(0, "na 1 status 3");
		assert_ia(1, "ta 3 status 3");
		assert_ia(2, "pd 4 status 3");
		assert_ia(3, "na 5 status 3");
		assert_ia(4, "none");
	}
}

static void v6_08_rapid_commit_only_where_it_is_asked_for(void **state)
{
	(void)state;
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	opt(14, "", 0);
	expect_reply(REPLY, "DHCPv6 REPLY to SOLICIT");
	assert_option(14, "", 0);
	assert_none(7);
	assert_ia(0, "na 7 own");
	message(REQUEST);
	ia(IA_NA, 7, NULL);
	opt(14, "", 0);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_none(14);
}

static void v6_08_nothing_to_commit_is_advertised(void **state)
{
	(void)state;
	message(SOLICIT);
	ia(IA_PD, 7, NULL);
	opt(14, "", 0);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_none(14);
	assert_ia(0, "pd 7 status 6");
	message(SOLICIT);
	opt(14, "", 0);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
}

static void v6_09_one_ia_gets_the_address_and_the_others_a_status_inside(void **state)
{
	static const uint8_t types[] = {SOLICIT, REQUEST, RENEW, REBIND};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		ia(IA_PD, 1, NULL);
		ia(IA_TA, 2, NULL);
		ia(IA_NA, 3, NULL);
		ia(IA_NA, 4, NULL);
		ia(IA_NA, 5, NULL);
		assert_int_equal(ask(), ANSWER_REPLY);
		assert_none(13);
		assert_ia(0, "pd 1 status 6");
		assert_ia(1, "ta 2 status 2");
		assert_ia(2, "na 3 own");
		assert_ia(3, "na 4 status 2");
		assert_ia(4, "na 5 status 2");
	}
}

static void v6_09_an_ia_that_names_the_address_wins_over_the_first(void **state)
{
	static const uint8_t types[] = {SOLICIT, REQUEST, RENEW, REBIND};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		bool renews = types[i] == RENEW || types[i] == REBIND;
		message(types[i]);
		ia(IA_TA, 2, OWN);
		ia(IA_NA, 3, OTHER);
		ia(IA_NA, 4, OWN);
		ia(IA_NA, 5, OWN);
		assert_int_equal(ask(), ANSWER_REPLY);
		assert_ia(0, "ta 2 status 2"); /* not "lost", or the client would give up the guest's address */
		assert_ia(1, renews ? "na 3 lost" : "na 3 status 2");
		assert_ia(2, "na 4 own");
		assert_ia(3, "na 5 status 2");
	}
}

static void v6_10_preference_is_the_highest_and_only_advertised(void **state)
{
	(void)state;
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_option(7, "\xff", 1);
	message(REQUEST);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_none(7);
}

static void v6_11_to_port_546_of_the_source_address(void **state)
{
	(void)state;
	message(SOLICIT);
	t.in.sport = 40000;
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE"); /* dhcp6_check: 547 to 546, from fold's link-local address */
	t.in.src6 = ip6("fe80::1234:5678:9abc:def0");
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	t.in.src6 = ip6(OWN);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
}

static void v6_11_sources_that_are_not_the_guests_are_refused(void **state)
{
	static const char *const sources[] =
	    {"::",      OTHER, "fe80:0:0:1::1", "febf::1", "fe80::fc54:ff:fe12:3456", /* fold's own */
	     "ff02::1", "::1", "2001:db8::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		message(SOLICIT);
		ia(IA_NA, 7, NULL);
		t.in.src6 = ip6(sources[i]);
		expect_drop(DROP_SOURCE_ADDRESS);
	}
}

static void v6_12_times_are_in_order_whatever_the_files_say(void **state)
{
	static const uint32_t rows[][6] = {
	    /* lease, renew, rebind; T1, T2, lifetime */
	    {604800, 600, 529200, 600, 529200, 604800},
	    {1000, 2000, 3000, 500, 875, 1000},
	    {1000, 900, 100, 100, 100, 1000},
	    {1000, 0, 0, 500, 875, 1000},
	    {4, 600, 3, 2, 3, 4},
	    {0xffffffff, 600, 1000, 0xffffffff, 0xffffffff, 0xffffffff},
	    {0xfffffffe, 0xffffffff, 0xffffffff, 0x7fffffff, 0xdffffffe, 0xfffffffe},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.g.lease_time = rows[i][0];
		t.g.renew_time = rows[i][1];
		t.g.rebind_time = rows[i][2];
		message(SOLICIT);
		ia(IA_NA, 7, NULL);
		expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
		const struct tlv *o = tlv_find(&t.r, IA_NA);
		assert_int_equal(get32(o->at + 4), rows[i][3]);
		assert_int_equal(get32(o->at + 8), rows[i][4]);
		assert_int_equal(get32(o->at + 32), rows[i][5]);
		assert_int_equal(get32(o->at + 36), rows[i][5]);
	}
}

/* busybox's udhcpc6 renews and releases by unicast, from its leased address. */
static void v6_13_unicast_to_fold_is_answered_where_the_rfc_knows_unicast(void **state)
{
	static const uint8_t types[] = {REQUEST, RENEW, RELEASE, DECLINE};
	static const char *const to[] = {"fe80::fc54:ff:fe12:3456", "fde5:824d:d315:3bb1::50"};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		for (size_t j = 0; j < 2; j++) {
			message(types[i]);
			ia(IA_NA, 7, OWN);
			t.in.src6 = ip6(OWN);
			t.in.dst6 = ip6(to[j]);
			assert_int_equal(ask(), ANSWER_REPLY);
			if (types[i] <= RENEW)
				assert_ia(0, "na 7 own");
		}
	}
}

static void v6_13_unicast_of_what_must_be_multicast_is_refused(void **state)
{
	static const uint8_t types[] = {SOLICIT, CONFIRM, REBIND, INFORM};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		if (types[i] != INFORM)
			ia(IA_NA, 7, OWN);
		assert_int_equal(ask(), ANSWER_REPLY);
		t.in.dst6 = t.g.link_local;
		expect_drop(DROP_DHCP6_UNICAST);
		t.in.dst6 = ip6("ff02::1:2");
	}
}

static void v6_13_other_destinations_are_not_ours(void **state)
{
	static const char *const to[] = {"ff05::1:3", "ff02::1", "ff02::1:3", OTHER, OWN, "fe80::1", "::"};

	(void)state;
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		message(SOLICIT);
		t.in.dst6 = ip6(to[i]);
		expect_drop(DROP_DHCP6_OTHER);
		message(REQUEST);
		ia(IA_NA, 7, OWN);
		expect_drop(DROP_DHCP6_OTHER);
	}
}

static void v6_14_request_of_an_empty_ia_gets_the_address(void **state)
{
	(void)state;
	message(REQUEST);
	ia(IA_NA, 7, NULL);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_ia(0, "na 7 own");
}

static void v6_15_relays_are_refused(void **state)
{
	(void)state;
	for (uint8_t type = 12; type <= 13; type++) {
		header(type);
		expect_drop(DROP_DHCP6_RELAY);
		message(type);
		ia(IA_NA, 7, OWN);
		expect_drop(DROP_DHCP6_RELAY);
	}
}

static void v6_15_servers_messages_and_unknown_ones_are_refused(void **state)
{
	static const uint8_t servers[] = {ADVERTISE, REPLY, RECONFIGURE, 15, 16, 17, 19, 21};

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool server = memchr(servers, (int)type, sizeof(servers)) != NULL;
		if (type == 12 || type == 13 || (type <= INFORM && type && !server))
			continue;
		message((uint8_t)type);
		ia(IA_NA, 7, OWN);
		expect_drop(server ? DROP_DHCP6_SERVER : DROP_DHCP6_FORM);
	}
}

static void v6_15_folds_own_identifier_as_a_clients_is_a_loop(void **state)
{
	(void)state;
	header(SOLICIT);
	opt(1, SERVER, 10);
	ia(IA_NA, 7, NULL);
	expect_drop(DROP_DHCP6_FORM);
	header(INFORM);
	opt(1, SERVER, 10);
	expect_drop(DROP_DHCP6_FORM);
}

static void not_mine_and_off(void **state)
{
	(void)state;
	message(SOLICIT);
	t.in.dport = 546;
	assert_int_equal(ask(), ANSWER_NOT_MINE);
	t.in.dport = 547;
	t.in.kind = PKT_UDP4;
	assert_int_equal(ask(), ANSWER_NOT_MINE);
	t.in.kind = PKT_UDP6;
	t.g.dhcp6 = false;
	expect_drop(DROP_IP6_OFF);
	t.g.dhcp6 = true;
	t.g.id.has6 = false;
	expect_drop(DROP_IP6_OFF);
}

#define T(name) cmocka_unit_test_setup(name, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(v6_01_client_identifier_in_all_but_information_requests),
	    T(v6_01_server_identifier_must_not_be_there),
	    T(v6_01_server_identifier_must_be_there_and_ours),
	    T(v6_01_information_request_with_ours_or_none_and_without_ia),
	    T(v6_02_server_identifier_follows_from_the_guests_mac_and_client_identifier_comes_back),
	    T(v6_03_advertise_and_reply_hold_the_same_address),
	    T(v6_04_renew_and_rebind_renew),
	    T(v6_04_other_addresses_come_back_with_lifetimes_0),
	    T(request_of_another_link_is_told_so),
	    T(v6_04_renew_of_an_empty_ia_is_a_new_lease),
	    T(v6_04_prefixes_and_temporary_addresses_are_given_up),
	    T(v6_05_confirm_of_the_own_address_succeeds),
	    T(v6_05_confirm_of_any_other_is_not_on_link),
	    T(v6_05_confirm_without_addresses_meets_silence),
	    T(v6_06_information_request_gets_configuration_alone),
	    T(v6_07_release_and_decline_are_acknowledged),
	    T(v6_07_no_binding_for_every_other_ia),
	    T(v6_08_rapid_commit_only_where_it_is_asked_for),
	    T(v6_08_nothing_to_commit_is_advertised),
	    T(v6_09_one_ia_gets_the_address_and_the_others_a_status_inside),
	    T(v6_09_an_ia_that_names_the_address_wins_over_the_first),
	    T(v6_10_preference_is_the_highest_and_only_advertised),
	    T(v6_11_to_port_546_of_the_source_address),
	    T(v6_11_sources_that_are_not_the_guests_are_refused),
	    T(v6_12_times_are_in_order_whatever_the_files_say),
	    T(v6_13_unicast_to_fold_is_answered_where_the_rfc_knows_unicast),
	    T(v6_13_unicast_of_what_must_be_multicast_is_refused),
	    T(v6_13_other_destinations_are_not_ours),
	    T(v6_14_request_of_an_empty_ia_gets_the_address),
	    T(v6_15_relays_are_refused),
	    T(v6_15_servers_messages_and_unknown_ones_are_refused),
	    T(v6_15_folds_own_identifier_as_a_clients_is_a_loop),
	    T(not_mine_and_off),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
