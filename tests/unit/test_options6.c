/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv6 flags -6, -s, -k, -d and -m, valid and invalid. An error must be named in one line. */
#include "report_catch.h"

#include "cli/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#define MAC "52:54:00:12:34:56"
#define PREFIX "fde5:824d:d315:3bb1::/64"
#define WORDS_MAX 32

static struct {
	char *argv[WORDS_MAX + 1];
	int argc;
	struct options o;
	struct report r;
	int err;
} t;

/* line: words separated by blanks. Appends the MAC and a hypervisor. */
static void parse(const char *line)
{
	static char text[1024];

	options_free(&t.o);
	memset(&t, 0, sizeof(t));
	snprintf(text, sizeof(text), "fold %s " MAC " kvm", line);
	for (char *save = NULL, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		assert_true(t.argc < WORDS_MAX);
		t.argv[t.argc++] = w;
	}
	t.err = options_parse(t.argc, t.argv, &t.o, &t.r);
}

static void good(const char *line)
{
	parse(line);
	if (t.err)
		print_error("%s: refused: %s\n", line, t.r.msg);
	assert_int_equal(t.err, 0);
}

static void bad(const char *line, const char *what)
{
	parse(line);
	assert_int_equal(t.err, -EINVAL);
	assert_has(t.r.msg, what);
	assert_null(strchr(t.r.msg, '\n'));
}

static void assert_address(const char *want)
{
	char text[CIDR6_TEXT];

	assert_true(t.o.has6);
	assert_string_equal(cidr6_format(&t.o.ip6, text), want);
}

static void three_ways_to_an_address(void **state)
{
	(void)state;
	good("-6 " PREFIX);
	assert_address("fde5:824d:d315:3bb1:5054:ff:fe12:3456/64");
	assert_int_equal(t.o.mode6, ADDRESS6_EUI64);
	assert_false(t.o.has4);
	good("-s -6 fde5:824d:d315:3bb1::7/64");
	assert_address("fde5:824d:d315:3bb1::7/64");
	assert_int_equal(t.o.mode6, ADDRESS6_GIVEN);
	good("-k /tmp/key -6 " PREFIX " -d /tmp/images");
	assert_address("fde5:824d:d315:3bb1::/64");
	assert_int_equal(t.o.mode6, ADDRESS6_STABLE);
	assert_string_equal(t.o.key, "/tmp/key");
	assert_string_equal(t.o.image_dir, "/tmp/images");
	good("-6 " PREFIX " -4 10.0.1.1/24");
	assert_true(t.o.has4);
	good("-4 10.0.1.1/24");
	assert_false(t.o.has6);
	assert_null(t.o.key);
}

static void the_order_of_flags_does_not_matter(void **state)
{
	(void)state;
	good("-6 fde5::7/64 -s");
	assert_address("fde5::7/64");
	good("-sm ff15::1 -6fde5::7/64");
	assert_address("fde5::7/64");
	assert_int_equal(t.o.group6_count, 1);
}

static void addresses_of_any_length_with_s(void **state)
{
	(void)state;
	good("-s -6 fde5::7/128");
	good("-s -6 fde5::6/127");
	good("-s -6 fde5::7/127");
	good("-s -6 fde5::7/126");
	good("-s -6 fde5::7/1");
	good("-s -6 2001:db8::7/48");
}

static void malformed_prefixes(void **state)
{
	static const char *const words[] = {
	    "fde5::",        "fde5::/",     "fde5::/129", "fde5::/-1",
	    "fde5::/64x",    "fde5::/064x", "/64",        "10.0.1.1/24",
	    "fde5:/64",      "fde5:::/64",  "g::/64",     "fde5::/64/64",
	    "fe80::1%lo/64", "auto",        "release",    "fde5::1:2:3:4:5:6:7:8/64",
	    "12345::/64",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char line[128], what[128];
		snprintf(line, sizeof(line), "-6 %s", words[i]);
		snprintf(what, sizeof(what), "-6 %s: not an IPv6 prefix", words[i]);
		bad(line, what);
		snprintf(line, sizeof(line), "-s -6 %s", words[i]);
		bad(line, what);
	}
}

static void addresses_that_no_host_has(void **state)
{
	static const char *const words[] = {"::/64",          "::/128",     "::1/128",    "::ffff:10.0.1.1/128",
					    "::10.0.1.1/128", "ff02::/64",  "ff02::1/64", "fe80::/64",
					    "fe80::1/64",     "febf::1/64", "fde5::/0"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char line[128], what[128];
		snprintf(what, sizeof(what), "-6 %s: ", words[i]);
		snprintf(line, sizeof(line), "-6 %s", words[i]);
		bad(line, what);
		snprintf(line, sizeof(line), "-s -6 %s", words[i]);
		bad(line, what);
		snprintf(line, sizeof(line), "-k x -6 %s", words[i]);
		bad(line, what);
	}
	/* RFC 4291 2.6.1 */
	bad("-s -6 fde5:824d:d315:3bb1::/64", "-6 fde5:824d:d315:3bb1::/64: with -s");
	bad("-s -6 fde5::/126", "Subnet-Router anycast");
}

static void host_bits(void **state)
{
	(void)state;
	bad("-6 fde5::7/64", "-6 fde5::7/64: bits are set behind the prefix");
	bad("-k x -6 fde5::7/64", "-6 fde5::7/64: bits are set behind the prefix");
	bad("-6 fde5:0:0:1::/63", "bits are set behind the prefix");
	bad("-6 fde5::/64 -6 fde6::/64", "-6 fde6::/64: given twice");
}

static void prefixes_of_other_lengths_without_s(void **state)
{
	static const char *const words[] = {"fde5::/63", "fde5::/65",  "fde5::/48",
					    "fde5::/56", "fde5::/127", "fde5::/128"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char line[128], what[128];
		snprintf(what, sizeof(what), "-6 %s: the VM's own part of the address has 64 bits", words[i]);
		snprintf(line, sizeof(line), "-6 %s", words[i]);
		bad(line, what);
		snprintf(line, sizeof(line), "-k x -6 %s", words[i]);
		bad(line, what);
	}
}

static void flags_that_need_each_other(void **state)
{
	(void)state;
	bad("", "-6 <prefix>/<len>");
	bad("-s -4 10.0.1.1/24", "-s: ");
	bad("-k x -4 10.0.1.1/24", "-k x: ");
	bad("-d x -4 10.0.1.1/24", "-d x: ");
	bad("-d x -6 " PREFIX, "-d x: ");
	bad("-s -k x -6 fde5::7/64", "-s: ");
	bad("-k x -s -6 " PREFIX, "-s: ");
	bad("-i a -4 auto -6 " PREFIX, "-4 auto: ");
	bad("-i a -4 release -s", "-4 release: ");
	bad("-i a -4 auto -k x", "-4 auto: ");
}

static void groups(void **state)
{
	char text[CIDR6_TEXT];

	(void)state;
	good("-6 " PREFIX " -m ff15::1 -m ff15:1::/32 -m ff00::/8");
	assert_int_equal(t.o.group6_count, 3);
	assert_int_equal(t.o.group4_count, 0);
	assert_string_equal(cidr6_format(&t.o.groups6[0].block, text), "ff15::1/128");
	assert_string_equal(cidr6_format(&t.o.groups6[1].block, text), "ff15:1::/32");
	assert_string_equal(cidr6_format(&t.o.groups6[2].block, text), "ff00::/8");
	good("-6 " PREFIX " -4 10.0.1.1/24 -m 239.1.2.3 -m ff15::1");
	assert_int_equal(t.o.group6_count, 1);
	assert_int_equal(t.o.group4_count, 1);
	bad("-4 10.0.1.1/24 -m ff15::1", "-m ff15::1/128: an IPv6 group");
	bad("-6 " PREFIX " -m 239.1.2.3", "-m 239.1.2.3/32: an IPv4 group");
	static const char *const words[] = {"fde5::1",     "fe80::1", "ff00::/7",  "::/0",      "::",     "ff15::1/64",
					    "ff15::1/129", "ff15:",   "ff15::1/x", "ff15::%lo", "ff15::/"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char line[128], what[128];
		snprintf(what, sizeof(what), "-m %s: ", words[i]);
		snprintf(line, sizeof(line), "-6 " PREFIX " -m %s", words[i]);
		bad(line, what);
	}
}

static int clean(void **state)
{
	(void)state;
	options_free(&t.o);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_ways_to_an_address),
	    cmocka_unit_test(the_order_of_flags_does_not_matter),
	    cmocka_unit_test(addresses_of_any_length_with_s),
	    cmocka_unit_test(malformed_prefixes),
	    cmocka_unit_test(addresses_that_no_host_has),
	    cmocka_unit_test(host_bits),
	    cmocka_unit_test(prefixes_of_other_lengths_without_s),
	    cmocka_unit_test(flags_that_need_each_other),
	    cmocka_unit_test(groups),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, clean);
}
