/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Malformed DHCPv6: what fold refuses and why. No message, however malformed, may lead to an incorrect reply. */
#include "dhcp6_fixture.h"

static void short_of_a_header(void **state)
{
	(void)state;
	message(SOLICIT);
	for (t.len = 0; t.len < 4; t.len++)
		expect_drop(DROP_TRUNCATED);
}

static void every_truncation(void **state)
{
	(void)state;
	message(SOLICIT);
	size_t ends[8] = {4, 22, 28},
	       count = 3; /* offsets at which an option ends: after the header, client identifier and elapsed time */
	ia(IA_NA, 7, OTHER);
	ends[count++] = t.len;
	ORO(23, 24);
	ends[count++] = t.len;
	opt(14, "", 0);
	ends[count++] = t.len;
	uint8_t whole[256];
	size_t len = t.len;
	memcpy(whole, t.ask, len);
	for (size_t n = 4; n <= len; n++) {
		bool end = false;
		t.len = n;
		for (size_t i = 0; i < count; i++)
			end = end || n == ends[i];
		if (!end)
			expect_drop(DROP_DHCP6_OPTIONS);
		else if (n == 4)
			expect_drop(DROP_DHCP6_FORM);
		else
			assert_int_equal(ask(), ANSWER_REPLY);
	}
}

static void trailing_octets(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 3; n++) {
		message(SOLICIT);
		ia(IA_NA, 7, NULL);
		put("\0\0\0", n);
		expect_drop(DROP_DHCP6_OPTIONS);
	}
}

static void lengths_past_the_end(void **state)
{
	static const unsigned codes[] = {0, 1, 2, 3, 4, 5, 6, 8, 13, 14, 25, 26, 39, 4711, 65535};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		message(INFORM);
		put16(codes[i]);
		put16(65535);
		put("0123456789abcdef", 16);
		expect_drop(DROP_DHCP6_OPTIONS);
	}
}

static void ias_that_end_early(void **state)
{
	static const struct {
		unsigned code;
		size_t head;
	} rows[] = {{IA_NA, 12}, {IA_TA, 4}, {IA_PD, 12}};
	static const uint8_t zeros[16];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t n = 0; n <= rows[i].head + 3; n++) {
			message(SOLICIT);
			opt(rows[i].code, zeros, n);
			if (n == rows[i].head)
				assert_int_equal(ask(), ANSWER_REPLY);
			else
				expect_drop(DROP_DHCP6_OPTIONS);
		}
	}
}

static void leases_that_end_early(void **state)
{
	static const uint8_t zeros[32];

	(void)state;
	for (size_t n = 0; n <= 32; n++) {
		message(RENEW);
		size_t o = open_ia(IA_NA, 1);
		opt(5, zeros, n);
		close_opt(o);
		if (n == 24 || n == 28 || n == 32) /* zero, one or two empty options of code 0 */
			assert_int_equal(ask(), ANSWER_REPLY);
		else
			expect_drop(DROP_DHCP6_OPTIONS);
		message(RENEW);
		o = open_ia(IA_PD, 1);
		opt(26, zeros, n);
		close_opt(o);
		if (n == 25 || n == 29)
			assert_int_equal(ask(), ANSWER_REPLY);
		else
			expect_drop(DROP_DHCP6_OPTIONS);
	}
}

static void options_past_the_end_of_their_ia(void **state)
{
	(void)state;
	message(RENEW);
	size_t o = open_ia(IA_NA, 1);
	iaaddr(OWN);
	close_opt(o);
	t.ask[o - 1] = (uint8_t)(t.ask[o - 1] - 1); /* the IA ends in the middle of its address */
	opt(8, "\0\0", 2);
	expect_drop(DROP_DHCP6_OPTIONS);
	message(RENEW);
	o = open_ia(IA_NA, 1);
	put16(5);
	put16(0xffff);
	close_opt(o);
	expect_drop(DROP_DHCP6_OPTIONS);
	message(RENEW); /* the same inside an address */
	o = open_ia(IA_NA, 1);
	size_t a = open_opt(5);
	put(&t.g.id.ip6.addr, 16);
	put32(1);
	put32(1);
	put16(13);
	put16(9);
	RAW(0, 0);
	close_opt(a);
	close_opt(o);
	expect_drop(DROP_DHCP6_OPTIONS);
}

static void an_ia_inside_an_ia(void **state)
{
	static const unsigned codes[] = {IA_NA, IA_TA, IA_PD};

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		message(SOLICIT);
		size_t o = open_ia(codes[i % 3], 1);
		ia(codes[i / 3], 2, NULL);
		close_opt(o);
		expect_drop(DROP_DHCP6_OPTIONS);
	}
}

/* Options that are nested where they have no meaning are ignored. */
static void leases_in_the_wrong_place(void **state)
{
	(void)state;
	message(RENEW);
	iaaddr(OTHER);
	iaprefix("2001:db8::", 48);
	size_t o = open_ia(IA_NA, 1);
	iaprefix("2001:db8::", 48);
	close_opt(o);
	o = open_ia(IA_PD, 2);
	iaaddr(OWN);
	close_opt(o);
	expect_reply(REPLY, "DHCPv6 REPLY to RENEW");
	assert_ia(0, "na 1 own");
	assert_ia(1, "pd 2 status 6");
}

static void client_identifiers_of_any_length(void **state)
{
	static uint8_t duid[65535];

	(void)state;
	memset(duid, 0xdd, sizeof(duid));
	for (size_t n = 0; n < 600; n++) {
		header(SOLICIT);
		opt(1, duid, n);
		ia(IA_NA, 7, NULL);
		if (n >= 3 && n <= 130)
			expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
		else
			expect_drop(DROP_DHCP6_FORM);
	}
	header(INFORM);
	opt(1, duid, 65535);
	expect_drop(DROP_DHCP6_FORM);
	header(INFORM);
	opt(1, duid, 0);
	expect_drop(DROP_DHCP6_FORM);
}

static void doubled_identifiers_and_lists(void **state)
{
	(void)state;
	message(SOLICIT);
	opt(1, CLIENT, 14);
	expect_drop(DROP_DHCP6_OPTIONS);
	message(REQUEST);
	opt(2, SERVER, 10);
	expect_drop(DROP_DHCP6_OPTIONS);
	message(INFORM);
	ORO(23);
	ORO(24);
	expect_drop(DROP_DHCP6_OPTIONS);
	message(INFORM); /* also if the first one is empty */
	ORO();
	ORO();
	expect_drop(DROP_DHCP6_OPTIONS);
}

static void a_list_of_odd_length(void **state)
{
	(void)state;
	for (size_t n = 1; n < 6; n += 2) {
		message(INFORM);
		opt(6, "\0\x17\0\x18\0", n);
		expect_drop(DROP_DHCP6_OPTIONS);
	}
}

static void wishes_of_a_wrong_length_are_none(void **state)
{
	(void)state;
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	opt(14, "x", 1);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	message(SOLICIT);
	ia(IA_NA, 7, NULL);
	ORO(39);
	opt(39, "", 0);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_none(39);
	opt(39, "\1", 1); /* the first valid one counts; a second one does no harm */
	opt(39, "\4", 1);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_int_equal(tlv_find(&t.r, 39)->at[0], 6);
}

static void options_that_nobody_knows_are_passed_over(void **state)
{
	(void)state;
	message(SOLICIT);
	opt(0, "", 0);
	opt(65535, "abc", 3);
	opt(9, "\1\2\3\4\0\1\xff\xff", 8); /* a relay message option, which fold does not read */
	opt(11, "", 0);
	opt(13, "", 0);
	opt(16, "", 0);
	ia(IA_NA, 7, NULL);
	expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
	assert_ia(0, "na 7 own");
}

/* In the reply, an IA without the address takes 22 octets, the one with it 44. 1232 - 41 - 44 = 1147. */
static void as_many_ias_as_fit_and_not_one_more(void **state)
{
	static const unsigned codes[] = {IA_NA, IA_PD};

	(void)state;
	for (unsigned n = 2; n <= 500; n++) {
		message(SOLICIT);
		for (unsigned i = 0; i < n; i++)
			ia(i ? codes[i % 2] : IA_NA, i, NULL);
		if (n <= 1 + 1147 / 22)
			expect_reply(ADVERTISE, "DHCPv6 ADVERTISE");
		else
			expect_drop(DROP_REPLY_FULL);
	}
	for (unsigned i = 500; i < 4000; i++)
		ia(IA_TA, i, NULL);
	expect_drop(DROP_REPLY_FULL);
}

static void as_many_ias_as_fit_when_all_are_unknown(void **state)
{
	(void)state;
	for (unsigned n = 0; n <= 500; n++) {
		message(RELEASE);
		for (unsigned i = 0; i < n; i++)
			ia(IA_NA, i, OWN); /* the guest's address, so its IA needs no status of its own */
		for (unsigned i = 0; i < n; i++)
			ia(IA_TA, i, NULL);
		if (4 + 18 + 14 + 6 + 14 * n <= 1232)
			expect_reply(REPLY, n ? "DHCPv6 REPLY to RELEASE" : "DHCPv6 REPLY to RELEASE, another address");
		else
			expect_drop(DROP_REPLY_FULL);
	}
}

static void more_addresses_than_fit(void **state)
{
	(void)state;
	for (unsigned n = 0; n <= 60; n++) {
		message(RENEW);
		size_t o = open_ia(IA_NA, 7);
		for (unsigned i = 0; i < n; i++)
			iaaddr(OTHER);
		close_opt(o);
		if (4 + 18 + 14 + 44 + 28 * n <= 1232)
			expect_reply(REPLY, "DHCPv6 REPLY to RENEW");
		else
			expect_drop(DROP_REPLY_FULL);
	}
}

/* Random octets, and valid messages with a few octets changed; the same ones in every run. */
static void mutants(void **state)
{
	uint32_t r = 20260101;
	size_t replies = 0;

	(void)state;
	for (int n = 0; n < 60000; n++) {
		message((uint8_t)(1 + n % 11));
		ia(IA_NA, 7, n & 16 ? OWN : OTHER);
		ia(IA_PD, 8, "2001:db8::");
		ORO(23, 24, 39, 32);
		opt(39, "\1\3vm1", 5);
		for (int k = n % 5; k >= 0; k--) {
			r = r * 1664525 + 1013904223;
			t.ask[(r >> 8) % t.len] = (uint8_t)(r >> 24);
		}
		if (n % 7 == 0)
			t.len = r % (t.len + 1);
		replies += ask() == ANSWER_REPLY;
	}
	assert_true(replies > 10000);
}

#define T(name) cmocka_unit_test_setup(name, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(short_of_a_header),
	    T(every_truncation),
	    T(trailing_octets),
	    T(lengths_past_the_end),
	    T(ias_that_end_early),
	    T(leases_that_end_early),
	    T(options_past_the_end_of_their_ia),
	    T(an_ia_inside_an_ia),
	    T(leases_in_the_wrong_place),
	    T(client_identifiers_of_any_length),
	    T(doubled_identifiers_and_lists),
	    T(a_list_of_odd_length),
	    T(wishes_of_a_wrong_length_are_none),
	    T(options_that_nobody_knows_are_passed_over),
	    T(as_many_ias_as_fit_and_not_one_more),
	    T(as_many_ias_as_fit_when_all_are_unknown),
	    T(more_addresses_than_fit),
	    T(mutants),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
