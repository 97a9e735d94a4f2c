/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Space in a DHCPv4 reply: how much the client and the link allow, where options go when
 * space is short, and values that are longer than an option. The numbers in the tests'
 * names are as in test_dhcp4.c.
 */
#include "dhcp4_fixture.h"

static void v4_13_no_more_than_576_octets_unless_57_allows(void **state)
{
	static const struct {
		const char *wire;
		size_t len, most;
	} rows[] = {
	    {"", 0, 548},         /* not there */
	    {"\x00\x00", 2, 548}, /* lies below the least */
	    {"\x00\x1b", 2, 548},  {"\x01\x96", 2, 548},  {"\x02\x3f", 2, 548},         {"\x02\x40", 2, 548},
	    {"\x02\x41", 2, 549},  {"\x05\x60", 2, 1348}, {"\xff\x00", 2, 1348}, /* octets swapped, as a firmware does: no more than the link carries */
	    {"\xff\xff", 2, 1348}, {"\x05", 1, 548},      {"\x05\xdc\x00\x00", 4, 548},
	};
	static uint8_t big[1000];

	(void)state;
	for (uint8_t code = 232; code < 240; code++)
		configure(code, big, 120);
	for (uint8_t code = 176; code < 232; code++)
		configure(code, big, 1); /* fills the reply to nearly the last octet */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request();
		if (rows[i].len)
			opt(57, rows[i].wire, rows[i].len);
		expect_reply(ACK, "DHCPACK");
		assert_true(t.r.len <= rows[i].most);
		if (rows[i].most < 1348)
			assert_true(t.r.len > rows[i].most - 3);
		else
			assert_true(t.r.len > 548);
	}
}

static void v4_13_never_more_than_the_link_carries(void **state)
{
	static uint8_t big[990];

	(void)state;
	configure(224, big, sizeof(big));
	request();
	opt(57, "\x05\xdc", 2);
	expect_reply(ACK, "DHCPACK");
	assert_true(t.r.len > 1300 && t.r.len <= 1348);
	t.g.id.mtu = 1280;
	expect_reply(ACK, "DHCPACK");
	assert_true(t.r.len <= 1252);
	assert_none(224);
	t.g.id.mtu = 0;
	configure(225, big, 100);
	expect_reply(ACK, "DHCPACK");
	assert_true(t.r.len > 1400 && t.r.len <= 1472);
	t.g.id.mtu = 400;
	expect_reply(ACK, "DHCPACK");
	assert_true(t.r.len <= 372);
	t.g.id.mtu = 68; /* a message may have 300 octets even if the MTU is less */
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.len, 300);
}

static void v4_13_what_does_not_fit_goes_into_file_then_sname(void **state)
{
	static uint8_t a[200], b[100], d[60];

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	memset(d, 'd', sizeof(d));
	configure(224, a, sizeof(a));
	configure(225, b, sizeof(b));
	configure(226, d, sizeof(d));
	request();
	LIST(1, 3, 6, 224, 225, 226, 12, 15);
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.overload, 3);
	assert_codes(53, 52, 54, 51, 58, 59, 1, 3, 6, 224, 12, 15);
	assert_codes_(AREA_FILE, (const uint8_t[]){225}, 1);
	assert_codes_(AREA_SNAME, (const uint8_t[]){226}, 1);
	assert_option(225, b, sizeof(b));
	assert_true(t.r.len <= 548);
}

static void v4_13_at_every_fill_of_the_main_field(void **state)
{
	static uint8_t a[300], b[100];

	(void)state;
	for (size_t len = 0; len < 254; len++) {
		t.g.option_count = 0;
		configure(224, a, len);
		configure(225, b, len > 150 ? 20 : sizeof(b));
		request();
		LIST(224, 225);
		expect_reply(ACK, "DHCPACK");
		size_t wanted = 240 + 33 + 2 + len + 2 + t.options[1].len + 1;
		assert_int_equal(t.r.overload, wanted > 548 ? 1 : 0);
		assert_true(t.r.len <= 548);
		assert_option(224, a, len);
		assert_option(225, b, t.options[1].len);
	}
}

static void v4_13_only_the_field_that_is_needed_is_lent(void **state)
{
	static uint8_t a[240], b[100], d[50];

	(void)state;
	configure(224, a, sizeof(a));
	configure(225, b, sizeof(b));
	request();
	LIST(224, 225);
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.overload, 1);
	for (size_t i = SNAME; i < BOOTFILE; i++)
		assert_int_equal(t.r.p[i], 0);
	configure(226, d, sizeof(d));
	request();
	LIST(224, 225);
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.overload, 1);
}

static void v4_13_these_six_stay_in_the_main_field(void **state)
{
	static const uint8_t six[] = {1, 3, 6, 12, 17, 26};
	uint8_t codes[120];
	size_t count = 0;

	(void)state; /* Linux's ip= does not read overloaded fields */
	configure(17, "/srv/root", 9);
	for (uint8_t code = 128; code < 240; code++) {
		configure(code, "x", 1); /* more than fits into the main field */
		codes[count++] = code;
	}
	for (size_t i = 0; i < sizeof(six); i++)
		codes[count++] = six[i];
	request();
	opt(55, codes, count);
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.overload, 1);
	for (size_t i = 0; i < sizeof(six); i++) {
		assert_non_null(bootp_find(&t.r, six[i]));
		assert_int_equal(bootp_find(&t.r, six[i])->area, AREA_MAIN);
	}
}

static void v4_13_the_only_way_to_the_gateway_stays_in_the_main_field(void **state)
{
	static const uint8_t asked[2] = {121, 249};
	uint8_t codes[113];

	(void)state;
	t.g.gateway4 = ip("192.0.2.1"); /* outside the subnet */
	for (uint8_t code = 128; code < 240; code++) {
		configure(code, "x", 1);
		codes[code - 128] = code;
	}
	for (size_t i = 0; i < 2; i++) {
		codes[112] = asked[i];
		request();
		opt(55, codes, sizeof(codes));
		expect_reply(ACK, "DHCPACK");
		assert_int_equal(t.r.overload, 1);
		assert_non_null(bootp_find(&t.r, asked[i]));
		assert_int_equal(bootp_find(&t.r, asked[i])->area, AREA_MAIN);
	}
}

static void v4_13_no_overload_without_a_list(void **state)
{
	static uint8_t a[120];

	(void)state;
	configure(224, a, sizeof(a));
	configure(225, a, 100);
	request();
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.overload, 0);
	assert_option_ip(3, "10.0.1.90");
	assert_option(224, a, sizeof(a));
	assert_none(225);
}

static void v4_13_what_fits_nowhere_is_left_out_whole(void **state)
{
	static uint8_t a[1400];

	(void)state;
	configure(224, a, sizeof(a));
	request();
	LIST(224, 3);
	expect_reply(ACK, "DHCPACK");
	assert_none(224);
	assert_int_equal(t.r.overload, 0);
	assert_option_ip(3, "10.0.1.90");
}

static void v4_13_identifier_that_cannot_be_echoed_is_no_answer(void **state)
{
	static uint8_t id[255];

	(void)state;
	message(DISCOVER);
	opt(61, id, 255);
	opt(61, id, 255);
	expect_drop(ask(), DROP_REPLY_FULL);
	message(DISCOVER);
	opt(61, id, 255);
	opt(61, id, 255);
	opt(57, "\x05\xdc", 2);
	expect_reply(OFFER, "DHCPOFFER");
	assert_int_equal(bootp_get(&t.r, 61, id, 0), 510);
}

static void v4_14_options_above_255_octets_are_split(void **state)
{
	static const size_t lengths[] = {254, 255, 256, 509, 510, 511, 766};
	static uint8_t value[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 13 + i / 255);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		t.g.option_count = 0;
		configure(224, value, lengths[i]);
		request();
		LIST(224);
		opt(57, "\x05\xdc", 2);
		expect_reply(ACK, "DHCPACK");
		assert_option(224, value, lengths[i]);
		size_t parts = 0;
		for (size_t k = 0; k < t.r.count; k++)
			parts += t.r.at[k].code == 224;
		assert_int_equal(parts, (lengths[i] + 254) / 255);
	}
}

static void v4_14_a_long_search_list_is_split(void **state)
{
	static uint8_t search[300];

	(void)state;
	for (size_t i = 0; i < sizeof(search); i += 5)
		memcpy(search + i, "\3lab", 5);
	t.g.search = search;
	t.g.search_len = sizeof(search);
	request();
	LIST(119);
	opt(57, "\x05\xdc", 2);
	expect_reply(ACK, "DHCPACK");
	assert_option(119, search, sizeof(search));
}

static void v4_14_split_options_of_a_client_are_one(void **state)
{
	(void)state; /* RFC 3396: the parts are joined over options, file and sname, in this order */
	message(DISCOVER);
	opt(61, "ab", 2);
	opt(12, "vm1", 3);
	opt(61, "cd", 2);
	opt(55, "\6", 1);
	RAW(52, 1, 3);
	memcpy(t.ask + BOOTFILE, "\75\2ef\67\1\3\75\0\377", 10);
	memcpy(t.ask + SNAME, "\67\1\17\75\2gh\377", 8);
	expect_reply(OFFER, "DHCPOFFER");
	assert_option(61, "abcdefgh", 8);
	assert_codes(53, 54, 51, 58, 59, 1, 6, 3, 15, 61);
}

static void cve_2018_15688_a_reply_at_every_buffer_size(void **state)
{
	static uint8_t a[300];
	size_t shortest = 0;

	(void)state;
	t.g.gateway4 = ip("192.0.2.1");
	configure(66, "tftp.lab.test", 13);
	configure(67, "pxelinux.0", 10);
	configure(224, a, 100);
	configure(225, a, sizeof(a));
	configure(226, a, 40);
	for (int list = 0; list < 2; list++) {
		shortest = 0;
		for (t.room = 0; t.room <= REPLY_DATA_MAX; t.room++) {
			request();
			opt(57, "\xff\xff", 2);
			opt(61, a, 200);
			opt(82, a, 60);
			RAW(81, 4, 5, 0, 0, 0);
			if (list)
				LIST(1, 3, 6, 224, 225, 226, 12, 15, 119, 66, 67, 121);
			enum answer got = ask(); /* run() checks that nothing is written past the room */
			if (got == ANSWER_DROP)
				assert_int_equal(t.out.drop, DROP_REPLY_FULL);
			else
				assert_int_equal(got, ANSWER_REPLY);
			if (got == ANSWER_REPLY && !shortest)
				shortest = t.room;
			assert_int_equal(got == ANSWER_REPLY, shortest && t.room >= shortest);
		}
	}
	assert_int_equal(shortest, 240 + 33 + 202 + 1 + 3); /* 61 is mandatory, with a list also 52 */
}

#define T(f) cmocka_unit_test_setup(f, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(v4_13_no_more_than_576_octets_unless_57_allows),
	    T(v4_13_never_more_than_the_link_carries),
	    T(v4_13_what_does_not_fit_goes_into_file_then_sname),
	    T(v4_13_at_every_fill_of_the_main_field),
	    T(v4_13_only_the_field_that_is_needed_is_lent),
	    T(v4_13_these_six_stay_in_the_main_field),
	    T(v4_13_the_only_way_to_the_gateway_stays_in_the_main_field),
	    T(v4_13_no_overload_without_a_list),
	    T(v4_13_what_fits_nowhere_is_left_out_whole),
	    T(v4_13_identifier_that_cannot_be_echoed_is_no_answer),
	    T(v4_14_options_above_255_octets_are_split),
	    T(v4_14_a_long_search_list_is_split),
	    T(v4_14_split_options_of_a_client_are_one),
	    T(cve_2018_15688_a_reply_at_every_buffer_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
