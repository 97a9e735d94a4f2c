/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration in a DHCPv6 reply: requested options in the order of the request, names, the binding's own options,
 * and what is sent if space is short.
 */
#include "dhcp6_fixture.h"

static void asked_in_the_clients_order_and_once(void **state)
{
	(void)state;
	configure(31, "\1", 1);
	configure(56, "\2", 1);
	configure(59, "tftp://[::1]/a", 14);
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(59, 24, 82, 56, 24, 23, 31, 23, 60);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_codes(1, 2, 7, 3, 59, 24, 56, 23, 31);
	assert_option(59, "tftp://[::1]/a", 14);
	assert_option(24, t.g.search, t.g.search_len);
	assert_option(23, &t.nameservers[0], 16);
	message(INFORM);
	ORO(23);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 23, 32);
}

static void every_reply_with_configuration_obeys_the_list(void **state)
{
	static const uint8_t types[] = {SOLICIT, REQUEST, RENEW, REBIND, CONFIRM, INFORM};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		if (types[i] != INFORM)
			ia(IA_NA, 7, OWN);
		ORO(24);
		assert_int_equal(ask(), ANSWER_REPLY);
		assert_non_null(tlv_find(&t.r, 24));
		assert_none(23);
	}
}

static void without_a_list_everything(void **state)
{
	(void)state;
	configure(31, "\1", 1);
	configure(4000, "", 0);
	message(REQUEST);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_codes(1, 2, 3, 23, 24, 31, 4000);
	ORO();
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_codes(1, 2, 3, 23, 24, 31, 4000);
}

static void nothing_that_there_is_not(void **state)
{
	(void)state;
	t.g.nameservers6.count = 0;
	t.g.search_len = 0;
	message(INFORM);
	ORO(23, 24, 31, 39, 56, 82, 83);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 32);
}

static void all_name_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < 63; i++)
		t.nameservers[i] = ip6("fde5::1");
	t.g.nameservers6.count = 63;
	message(INFORM);
	ORO(23);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_option(23, t.nameservers, 63 * sizeof(struct in6_addr));
}

static void refresh_time_is_bounded_below_and_in_information_alone(void **state)
{
	(void)state;
	t.g.renew_time = 10;
	message(INFORM);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_option(32, "\0\0\x02\x58", 4); /* RFC 8415 7.6: IRT_MINIMUM */
	t.g.renew_time = 0xffffffff;
	message(INFORM);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_option(32, "\xff\xff\xff\xff", 4);
	message(REQUEST);
	ia(IA_NA, 7, OWN);
	ORO(32);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_none(32);
}

/* UEFI ignores a boot file over HTTP if the reply has no such vendor class. */
static void a_loader_over_http_gets_its_class_where_it_gets_a_file(void **state)
{
	static const char theirs[] = "\0\0\1\x57\0\x21HTTPClient:Arch:00016:UNDI:003001";

	(void)state;
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(16, 59);
	opt(16, theirs, sizeof(theirs) - 1);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_none(16);

	configure(59, "http://[::1]/a", 14);
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(16, 59);
	opt(16, theirs, sizeof(theirs) - 1);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_codes(1, 2, 7, 3, 59, 16);
	assert_option(16, "\0\0\1\x57\0\x0aHTTPClient", 16);
	message(SOLICIT); /* does not request a boot file, so it gets no class either */
	ia(IA_NA, 7, NULL);
	ORO(23);
	opt(16, theirs, sizeof(theirs) - 1);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_none(16);
	/* Other vendor classes, and truncated or overlong ones. */
	for (size_t len = 0; len <= 16; len++) {
		message(SOLICIT);
		ia(IA_NA, 7, NULL);
		ORO(59);
		opt(16, len < 16 ? theirs : "\0\0\1\x57\0\x0aPXEClients", len);
		expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
		assert_none(16);
	}
}

static void fqdn_only_where_sent_and_asked_for(void **state)
{
	(void)state;
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(39);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_none(39);
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(23);
	opt(39, "\1\3foo", 5);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_none(39);
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(39);
	opt(39, "\1\3foo", 5);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_option(39, "\6\3vm1\3lab\4test", 15); /* N, and O for the client's S; the last octet is the root label */
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(39);
	opt(39, "\4", 1);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_option(39, "\4\3vm1\3lab\4test", 15);
}

static void fqdn_holds_our_name_however_it_is_given(void **state)
{
	static char label[65], longest[254];
	static const struct {
		const char *host, *domain, *want;
		size_t len;
	} rows[] = {
	    {"vm1", "", "\4\3vm1", 5}, /* RFC 4704 4.2: without a domain no root label */
	    {"vm1.a.b", "lab.test", "\4\3vm1\1a\1b", 10},
	    {"", "lab.test", NULL, 0},
	    {"a..b", "", NULL, 0},
	    {label, "test", NULL, 0},
	    {longest, "x", NULL, 0},
	};

	(void)state;
	memset(label, 'a', 64); /* one too many */
	memset(longest, 'a', 253);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.g.hostname = (char *)rows[i].host;
		t.g.domain = (char *)rows[i].domain;
		message(SOLICIT);
		ia(IA_NA, 7, NULL);
		ORO(39, 23);
		opt(39, "\4", 1);
		expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
		if (rows[i].want)
			assert_option(39, rows[i].want, rows[i].len);
		else
			assert_none(39);
		assert_non_null(tlv_find(&t.r, 23));
	}
	/* The longest name that there may be: 255 octets on the wire. */
	for (size_t i = 0; i < 253; i++)
		longest[i] = i % 64 == 63 ? '.' : 'a';
	longest[252] = 0;
	t.g.hostname = longest;
	t.g.domain = (char *)"";
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_int_equal(tlv_find(&t.r, 39)->len, 1 + 252 + 2);
}

static void names_by_code_are_plain_text_and_not_asked_for(void **state)
{
	static const uint8_t types[] = {SOLICIT, REQUEST, RENEW, REBIND, CONFIRM, INFORM};

	(void)state;
	t.g.hostname_code6 = 65001;
	t.g.domain_code6 = 65002;
	for (size_t i = 0; i < sizeof(types); i++) {
		message(types[i]);
		if (types[i] != INFORM)
			ia(IA_NA, 7, OWN);
		ORO(23, 65002);
		assert_int_equal(ask(), ANSWER_REPLY);
		assert_option(65001, "vm1", 3);
		assert_option(65002, "lab.test", 8);
	}
	message(RELEASE);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to RELEASE");
	assert_none(65001);
	t.g.hostname = (char *)"";
	message(INFORM);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_none(65001);
	assert_option(65002, "lab.test", 8);
}

static void one_code_for_both_names_is_there_once(void **state)
{
	(void)state;
	t.g.hostname_code6 = t.g.domain_code6 = 65001;
	configure(65001, "x", 1);
	message(INFORM);
	ORO(65001, 65001);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_option(65001, "vm1", 3);
}

static void what_is_folds_own_cannot_be_set(void **state)
{
	(void)state;
	for (uint16_t code = 0; code <= 26; code++)
		if (code != 17)
			configure(code, "evil", 4);
	configure(32, "evil", 4);
	configure(39, "evil", 4);
	message(REQUEST);
	ia(IA_NA, 7, OWN);
	expect_reply(REPLY, "DHCPv6 REPLY to REQUEST");
	assert_codes(1, 2, 3, 23, 24, 21, 22); /* 21 and 22, SIP servers, are not options that fold sets itself */
	for (uint16_t code = 1; code <= 26; code++) {
		t.g.hostname_code6 = code;
		expect_reply(REPLY, "DHCPv6 REPLY to REQUEST"); /* dhcp6_check: no second identifier, no IA of evil */
	}
}

static void vendor_options_may_be_set(void **state)
{
	(void)state;
	configure(17, "\0\0\0\1\0\1\0\1x", 9);
	message(INFORM);
	ORO(17);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_option(17, "\0\0\0\1\0\1\0\1x", 9);
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
	static uint8_t big[1024];

	(void)state;
	configure(4001, big, 1000);
	configure(4002, big, 600);
	configure(4003, big, 50);
	message(INFORM);
	ORO(4001, 4002, 4003, 23);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 4001, 4003, 23, 32);
	ORO(23);
	message(INFORM);
	ORO(4002, 4001, 4003);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 4002, 4003, 32);
}

static void filled_to_the_last_octet(void **state)
{
	static uint8_t big[1232];
	size_t head = 4 + 18 + 14 + 8; /* header, identifiers, refresh time, which comes last */

	(void)state;
	configure(4001, big, 1232 - head - 4);
	message(INFORM);
	ORO(4001);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 4001, 32);
	assert_int_equal(wr_len(&t.out.w), 1232);
	t.options[0].len++;
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 4001);
	t.options[0].len = (uint16_t)(t.options[0].len + 7);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 4001);
	assert_int_equal(wr_len(&t.out.w), 1232);
	t.options[0].len++;
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	assert_codes(1, 2, 32);
}

static void more_options_than_a_binding_may_hold(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 100; i++)
		configure((uint16_t)(4000 + i), "", 0);
	message(INFORM);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
	size_t o = open_opt(6);
	for (unsigned i = 0; i < 30000; i++)
		put16(i % 2 ? 4000 + i % 100 : i);
	close_opt(o);
	expect_reply(REPLY, "DHCPv6 REPLY to INFORMATION-REQUEST");
}

static void at_every_size_of_the_buffer(void **state)
{
	(void)state;
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ia(IA_PD, 8, NULL);
	ORO(23, 24, 39);
	opt(39, "\1", 1);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	size_t whole = wr_len(&t.out.w), must = 4 + 18 + 14 + 5 + 44 + 22;
	for (t.room = 0; t.room <= whole; t.room++) {
		enum answer a = ask();
		assert_int_equal(a, t.room < must ? ANSWER_DROP : ANSWER_REPLY);
		if (a == ANSWER_DROP)
			assert_int_equal(t.out.drop, DROP_REPLY_FULL);
	}
}

#define T(name) cmocka_unit_test_setup(name, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(asked_in_the_clients_order_and_once),
	    T(every_reply_with_configuration_obeys_the_list),
	    T(without_a_list_everything),
	    T(nothing_that_there_is_not),
	    T(all_name_servers),
	    T(refresh_time_is_bounded_below_and_in_information_alone),
	    T(a_loader_over_http_gets_its_class_where_it_gets_a_file),
	    T(fqdn_only_where_sent_and_asked_for),
	    T(fqdn_holds_our_name_however_it_is_given),
	    T(names_by_code_are_plain_text_and_not_asked_for),
	    T(one_code_for_both_names_is_there_once),
	    T(what_is_folds_own_cannot_be_set),
	    T(vendor_options_may_be_set),
	    T(what_does_not_fit_is_left_out_whole),
	    T(filled_to_the_last_octet),
	    T(more_options_than_a_binding_may_hold),
	    T(at_every_size_of_the_buffer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
