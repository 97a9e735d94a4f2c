/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Malformed and hostile DHCPv4 messages: what fold refuses, for which reason, and which
 * malformed messages it accepts because real clients send them.
 */
#include "dhcp4_fixture.h"

#define ARRAY(a) (sizeof(a) / sizeof((a)[0]))

/* The octets after the cookie, up to the end of the message. */
struct row {
	const char *name;
	const char *bytes;
	size_t len;
	enum drop drop;    /* DROP_NONE: it is answered */
	const char *event; /* of the answer */
};

#define BYTES(s) s, sizeof(s) - 1

/* 53 is \65, 50 \62, 54 \66, 55 \67, 57 \71, 61 \75, 52 \64 in octal. */
static const struct row rows[] = {
    {"no END", BYTES("\65\1\1"), DROP_NONE, "DHCPOFFER"},
    {"END at once", BYTES("\377"), DROP_NONE, "BOOTP"},
    {"nothing after the cookie", BYTES(""), DROP_NONE, "BOOTP"},
    {"312 octets of END", NULL, 312, DROP_NONE, "BOOTP"},
    {"options after END do not count", BYTES("\65\1\1\377\65\1\3\75\377"), DROP_NONE, "DHCPOFFER"},
    {"PAD has no length", BYTES("\0\0\65\1\1\0\377"), DROP_NONE, "DHCPOFFER"},
    {"PAD to the end", BYTES("\65\1\1\0\0\0\0"), DROP_NONE, "DHCPOFFER"},
    {"length octet missing at the end", BYTES("\65\1\1\14"), DROP_DHCP4_OPTIONS, NULL},
    {"length octet of the type missing", BYTES("\65"), DROP_DHCP4_OPTIONS, NULL},
    {"length past the end by one", BYTES("\65\1\1\14\4abc"), DROP_DHCP4_OPTIONS, NULL},
    {"length 255 past the end", BYTES("\65\1\1\14\377abc"), DROP_DHCP4_OPTIONS, NULL},
    {"overrun of an option that nobody reads", BYTES("\65\1\1\310\4abc"), DROP_DHCP4_OPTIONS, NULL},
    {"overrun that swallows END", BYTES("\65\1\1\14\2\377"), DROP_DHCP4_OPTIONS, NULL},
    {"option 254", BYTES("\65\1\1\376\1x\377"), DROP_NONE, "DHCPOFFER"},
    {"message type of no length", BYTES("\65\0\377"), DROP_DHCP4_OPTIONS, NULL},
    {"message type of two octets", BYTES("\65\2\1\1\377"), DROP_DHCP4_OPTIONS, NULL},
    {"message type twice, the same", BYTES("\65\1\1\65\1\1\377"), DROP_DHCP4_OPTIONS, NULL},
    {"message type twice, different", BYTES("\65\1\1\65\1\3\377"), DROP_DHCP4_OPTIONS, NULL},
    {"message type in two halves", BYTES("\65\0\65\1\1\377"), DROP_NONE, "DHCPOFFER"},
    {"requested address of 3 octets", BYTES("\65\1\3\62\3\12\0\1\377"), DROP_DHCP4_OPTIONS, NULL},
    {"requested address of 5 octets", BYTES("\65\1\3\62\5\12\0\1\144\0\377"), DROP_DHCP4_OPTIONS, NULL},
    {"requested address of no octets", BYTES("\65\1\3\62\0\377"), DROP_DHCP4_OPTIONS, NULL},
    {"requested address twice", BYTES("\65\1\3\62\4\12\0\1\144\62\4\12\0\1\145\377"), DROP_DHCP4_OPTIONS, NULL},
    {"requested address in two halves", BYTES("\65\1\3\62\2\12\0\62\2\1\144\377"), DROP_NONE, "DHCPACK"},
    {"server identifier of 3 octets", BYTES("\65\1\3\66\3\12\0\1\377"), DROP_DHCP4_OPTIONS, NULL},
    {"server identifier of 8 octets", BYTES("\65\1\3\66\10\12\0\1\62\12\0\1\62\377"), DROP_DHCP4_OPTIONS, NULL},
    {"server identifier 0", BYTES("\65\1\3\66\4\0\0\0\0\62\4\12\0\1\144\377"), DROP_DHCP4_OTHER, NULL},
    {"size of one octet", BYTES("\65\1\1\71\1\5\377"), DROP_NONE, "DHCPOFFER"},
    {"size of four octets", BYTES("\65\1\1\71\4\5\5\5\5\377"), DROP_NONE, "DHCPOFFER"},
    {"size 0", BYTES("\65\1\1\71\2\0\0\377"), DROP_NONE, "DHCPOFFER"},
    {"size 65535", BYTES("\65\1\1\71\2\377\377\377"), DROP_NONE, "DHCPOFFER"},
    {"client identifier of no length", BYTES("\65\1\1\75\0\377"), DROP_NONE, "DHCPOFFER"},
    {"client identifier of one octet", BYTES("\65\1\1\75\1\1\377"), DROP_NONE, "DHCPOFFER"},
    {"list of no length", BYTES("\65\1\1\67\0\377"), DROP_NONE, "DHCPOFFER"},
    {"list of PAD, END and the protocol's own", BYTES("\65\1\1\67\6\0\377\65\64\120\75\377"), DROP_NONE, "DHCPOFFER"},
    {"list of one code 16 times", BYTES("\65\1\1\67\20\3\3\3\3\3\3\3\3\3\3\3\3\3\3\3\3\377"), DROP_NONE, "DHCPOFFER"},
    {"overload 0", BYTES("\65\1\1\64\1\0\377"), DROP_DHCP4_OPTIONS, NULL},
    {"overload 4", BYTES("\65\1\1\64\1\4\377"), DROP_DHCP4_OPTIONS, NULL},
    {"overload 255", BYTES("\65\1\1\64\1\377\377"), DROP_DHCP4_OPTIONS, NULL},
    {"overload of no length", BYTES("\65\1\1\64\0\377"), DROP_DHCP4_OPTIONS, NULL},
    {"overload twice", BYTES("\65\1\1\64\1\1\64\1\2\377"), DROP_DHCP4_OPTIONS, NULL},
    {"overload of empty fields", BYTES("\65\1\1\64\1\3\377"), DROP_NONE, "DHCPOFFER"},
    {"FQDN of no length", BYTES("\65\1\1\121\0\377"), DROP_NONE, "DHCPOFFER"},
    {"FQDN with a label overrun", BYTES("\65\1\1\121\6\4\0\0\77ab\377"), DROP_NONE, "DHCPOFFER"},
    {"relay information with a lie", BYTES("\65\1\1\122\3\1\377x\377"), DROP_NONE, "DHCPOFFER"},
    {"UUID of no length", BYTES("\65\1\1\141\0\377"), DROP_NONE, "DHCPOFFER"},
    {"hostname of control octets", BYTES("\65\1\1\14\6\n\r\33[2J\377"), DROP_NONE, "DHCPOFFER"},
    {"hostname of no length", BYTES("\65\1\1\14\0\377"), DROP_NONE, "DHCPOFFER"},
};

static void one_row(void **state)
{
	const struct row *row = *state;

	header();
	RAW(99, 130, 83, 99);
	if (row->bytes) {
		put(row->bytes, row->len);
	} else {
		memset(t.ask + t.len, 0xff, row->len);
		t.len += row->len;
	}
	enum answer got = run();
	if (row->drop != DROP_NONE) {
		expect_drop(got, row->drop);
		return;
	}
	assert_int_equal(got, ANSWER_REPLY);
	assert_string_equal(t.out.event, row->event);
}

static int row_setup(void **state)
{
	void *row = *state;
	int rc = fixture(state);

	*state = row;
	return rc;
}

static void a_good_discover_cut_at_every_octet(void **state)
{
	/* If the message is cut between two options, only END is missing; anywhere else an option is truncated. */
	bool ends[400] = {false};

	(void)state;
	message(DISCOVER);
	ends[240] = ends[t.len] = true;
	opt(61, "\377\0\0\0\1\0\2\0\0\253\21", 11);
	ends[t.len] = true;
	LIST(1, 3, 6, 12, 15, 121);
	ends[t.len] = true;
	opt(57, "\x05\xc0", 2);
	ends[t.len] = true;
	opt(12, "vm1", 3);
	ends[t.len] = true;
	RAW(255);
	ends[t.len] = true;
	size_t whole = t.len;
	for (t.len = 0; t.len <= whole; t.len++) {
		enum answer got = run();
		if (t.len < 236) {
			expect_drop(got, DROP_TRUNCATED);
		} else if (t.len <= 240) {
			assert_int_equal(got, ANSWER_REPLY);
			assert_string_equal(t.out.event, "BOOTP");
		} else if (ends[t.len]) {
			assert_int_equal(got, ANSWER_REPLY);
			assert_string_equal(t.out.event, "DHCPOFFER");
		} else {
			expect_drop(got, DROP_DHCP4_OPTIONS);
		}
	}
}

static void an_overrun_by_every_option_at_every_distance(void **state)
{
	(void)state;
	for (int code = 1; code < 255; code++) {
		for (size_t left = 0; left < 6; left++) {
			message(DISCOVER);
			RAW((uint8_t)code, (uint8_t)(left + 1));
			put("\0\0\0\0\0\0", left);
			expect_drop(run(), DROP_DHCP4_OPTIONS);
		}
	}
}

static void every_op_htype_and_hlen(void **state)
{
	(void)state;
	for (size_t at = 0; at < 3; at++) {
		for (int v = 0; v < 256; v++) {
			message(DISCOVER);
			uint8_t good = t.ask[at];
			t.ask[at] = (uint8_t)v;
			enum answer got = ask();
			if (v == good)
				assert_int_equal(got, ANSWER_REPLY);
			else
				expect_drop(got, at == 0 && v == 2 ? DROP_DHCP4_SERVER : DROP_DHCP4_FORM);
		}
	}
}

static void every_message_type(void **state)
{
	(void)state;
	for (int type = 0; type < 256; type++) {
		header();
		RAW(99, 130, 83, 99, 53, 1, (uint8_t)type);
		opt_ip(50, "10.0.1.100");
		t.in.src4 = ip("10.0.1.100");
		enum answer got = ask();
		switch (type) {
		case DISCOVER:
		case REQUEST:
		case INFORM:
			assert_int_equal(got, ANSWER_REPLY);
			break;
		case RELEASE:
		case DECLINE:
			assert_int_equal(got, ANSWER_QUIET);
			break;
		case OFFER:
		case ACK:
		case NAK:
		case 9:  /* FORCERENEW */
		case 11: /* LEASEUNASSIGNED, LEASEUNKNOWN, LEASEACTIVE */
		case 12:
		case 13:
			expect_drop(got, DROP_DHCP4_SERVER);
			break;
		default:
			expect_drop(got, DROP_DHCP4_FORM);
		}
	}
}

static void wrong_cookies(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (int bit = 0; bit < 8; bit++) {
			message(DISCOVER);
			t.ask[236 + i] ^= (uint8_t)(1 << bit);
			expect_drop(ask(), DROP_DHCP4_FORM);
		}
	}
}

static void a_message_of_ones(void **state)
{
	(void)state;
	for (size_t len = 0; len < 600; len++) {
		memset(t.ask, 0xff, sizeof(t.ask));
		t.len = len;
		expect_drop(run(), len < 236 ? DROP_TRUNCATED : DROP_DHCP4_FORM);
	}
}

static void type_only_in_an_overloaded_field(void **state)
{
	static const struct {
		uint8_t which;
		size_t at;
	} fields[] = {{1, BOOTFILE}, {2, SNAME}, {3, BOOTFILE}, {3, SNAME}};

	(void)state;
	for (size_t i = 0; i < ARRAY(fields); i++) {
		message(0);
		RAW(52, 1, fields[i].which);
		memcpy(t.ask + fields[i].at, "\65\1\1\377", 4);
		expect_reply(OFFER, "DHCPOFFER");
	}
	message(0); /* option 52 lends only the file field, so sname must not be read */
	RAW(52, 1, 1);
	memcpy(t.ask + SNAME, "\65\1\1\377", 4);
	assert_int_equal(ask(), ANSWER_REPLY);
	assert_string_equal(t.out.event, "BOOTP");
}

static void overloaded_fields_that_overrun_or_have_no_end(void **state)
{
	(void)state;
	message(DISCOVER);
	RAW(52, 1, 1);
	t.ask[235] = 12; /* a code in the last octet of the field: the cookie after it must not be read as its length */
	expect_drop(ask(), DROP_DHCP4_OPTIONS);
	message(DISCOVER);
	RAW(52, 1, 1);
	memcpy(t.ask + 232, "\14\3ab", 4);
	expect_drop(ask(), DROP_DHCP4_OPTIONS);
	message(DISCOVER);
	RAW(52, 1, 2);
	memcpy(t.ask + 104, "\14\3ab", 4); /* into the file field */
	expect_drop(ask(), DROP_DHCP4_OPTIONS);
	message(DISCOVER);
	RAW(52, 1, 3);
	memcpy(t.ask + 232, "\14\2ab", 4); /* to the last octet, without END */
	memcpy(t.ask + 104, "\14\2cd", 4);
	expect_reply(OFFER, "DHCPOFFER");
}

static void overload_inside_an_overloaded_field_does_not_count(void **state)
{
	(void)state;
	message(DISCOVER);
	RAW(52, 1, 1);
	memcpy(t.ask + BOOTFILE, "\64\1\2\377", 4);
	memcpy(t.ask + SNAME, "\65\1\3\377", 4); /* would make option 53 two octets long */
	expect_reply(OFFER, "DHCPOFFER");
	message(DISCOVER);
	RAW(52, 1, 3);
	memcpy(t.ask + BOOTFILE, "\64\1\3\377", 4);
	memcpy(t.ask + SNAME, "\64\1\3\377", 4);
	expect_reply(OFFER, "DHCPOFFER");
}

static void identifiers_in_fragments_up_to_the_most_and_beyond(void **state)
{
	(void)state;
	message(DISCOVER);
	opt(57, "\x05\xdc", 2);
	for (int i = 0; i < 576; i++)
		RAW(61, 1, 'x');
	expect_reply(OFFER, "DHCPOFFER");
	assert_int_equal(bootp_get(&t.r, 61, NULL, 0), 576);
	message(DISCOVER);
	for (int i = 0; i < 577; i++)
		RAW(61, 1, 'x');
	expect_drop(ask(), DROP_DHCP4_OPTIONS);
}

/* Two options with alternating fragments take room for each fragment: the limit must be respected exactly. */
static void fragments_of_two_options_in_turn(void **state)
{
	(void)state;
	message(DISCOVER);
	for (int i = 0; i < 20; i++) {
		RAW(61, 1, (uint8_t)('a' + i));
		RAW(82, 1, (uint8_t)('A' + i));
	}
	expect_reply(OFFER, "DHCPOFFER");
	assert_text(61, "abcdefghijklmnopqrst");
	assert_text(82, "ABCDEFGHIJKLMNOPQRST");
	message(DISCOVER);
	for (int i = 0; i < 200; i++)
		RAW(61, 1, 'x', 82, 1, 'y');
	expect_drop(ask(), DROP_DHCP4_OPTIONS);
}

static void sixty_four_kilobytes_of_one_option(void **state)
{
	static const uint8_t codes[] = {12, 50, 52, 53, 54, 55, 57, 60, 61, 80, 81, 82, 97, 175}, value[255];

	(void)state;
	for (size_t c = 0; c < ARRAY(codes); c++) {
		message(DISCOVER);
		for (int i = 0; i < 257; i++)
			opt(codes[c], value, 255);
		expect_drop(run(), DROP_DHCP4_OPTIONS);
	}
	message(DISCOVER); /* the same with an option that fold does not read */
	for (int i = 0; i < 257; i++)
		opt(200, value, 255);
	expect_reply(OFFER, "DHCPOFFER");
}

static void sixty_four_kilobytes_of_empty_fragments(void **state)
{
	(void)state;
	message(DISCOVER);
	while (t.len < 65000)
		RAW(61, 0, 82, 0);
	expect_reply(OFFER, "DHCPOFFER");
	assert_option(61, "", 0);
}

static uint32_t seed;

static uint32_t noise(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

/* Checks that every answer is correct (the fuzzer looks for crashes). */
static void mutated_messages_get_a_right_answer_or_none(void **state)
{
	size_t answered = 0, refused = 0;

	(void)state;
	seed = 2131;
	t.g.gateway4 = ip("192.0.2.1");
	configure(66, "10.0.1.7", 8);
	configure(67, "pxelinux.0", 10);
	for (int round = 0; round < 30000; round++) {
		message(noise() & 1 ? DISCOVER : (uint8_t)(1 + noise() % 8));
		for (uint32_t n = noise() % 6; n; n--) {
			uint8_t value[64];
			for (size_t i = 0; i < sizeof(value); i++)
				value[i] = (uint8_t)noise();
			static const uint8_t codes[] = {50, 54, 55, 57, 60, 61, 80, 81, 82, 97, 175, 12, 52};
			uint8_t code = codes[noise() % sizeof(codes)];
			if (code == 50 || code == 54)
				opt_ip(code, noise() & 1 ? "10.0.1.100" : "10.0.1.50");
			else
				opt(code, value, code == 57 ? 2 : code == 52 ? 1 : code == 80 ? 0 : noise() % 64);
		}
		for (uint32_t n = noise() % 4; n; n--)
			t.ask[noise() % (t.len + 60)] ^= (uint8_t)(1 << noise() % 8);
		switch (ask()) {
		case ANSWER_REPLY:
			answered++;
			break;
		case ANSWER_DROP:
			refused++;
			break;
		default:
			break;
		}
	}
	if (answered < 3000 || refused < 3000) /* too few of one kind: the test would prove nothing */
		fail_msg("%zu answered, %zu refused", answered, refused);
}

int main(void)
{
	static const struct CMUnitTest fixed[] = {
#define T(f) cmocka_unit_test_setup(f, fixture)
	    T(a_good_discover_cut_at_every_octet),
	    T(an_overrun_by_every_option_at_every_distance),
	    T(every_op_htype_and_hlen),
	    T(every_message_type),
	    T(wrong_cookies),
	    T(a_message_of_ones),
	    T(type_only_in_an_overloaded_field),
	    T(overloaded_fields_that_overrun_or_have_no_end),
	    T(overload_inside_an_overloaded_field_does_not_count),
	    T(identifiers_in_fragments_up_to_the_most_and_beyond),
	    T(fragments_of_two_options_in_turn),
	    T(sixty_four_kilobytes_of_one_option),
	    T(sixty_four_kilobytes_of_empty_fragments),
	    T(mutated_messages_get_a_right_answer_or_none),
	};
	struct CMUnitTest tests[ARRAY(fixed) + ARRAY(rows)];

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < ARRAY(rows); i++)
		tests[ARRAY(fixed) + i] = (struct CMUnitTest){
		    .name = rows[i].name,
		    .test_func = one_row,
		    .setup_func = row_setup,
		    .initial_state = (void *)&rows[i],
		};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("dhcp4_input", tests, ARRAY(tests), NULL, NULL);
}
