/* SPDX-License-Identifier: GPL-2.0-or-later */
/* weave: the router's address, escaping in request paths, and names in the router's domain. The rest needs a router. */
#include "report_catch.h"

#include "host/weave_priv.h"

#include <errno.h>
#include <stdlib.h>

static struct catch c;

static void finds_the_router(void **state)
{
	static const struct {
		const char *text, *want;
	} good[] = {
	    {NULL, "127.0.0.1:6784"},
	    {"", "127.0.0.1:6784"},
	    {":", "127.0.0.1:6784"},
	    {":80", "127.0.0.1:80"},
	    {"10.1.2.3", "10.1.2.3:6784"},
	    {"10.1.2.3:", "10.1.2.3:6784"},
	    {"10.1.2.3:65535", "10.1.2.3:65535"},
	    {"router-1.example:1", "router-1.example:1"},
	    {"[::1]", "[::1]:6784"},
	    {"[fd00::1]:7000", "[fd00::1]:7000"},
	};
	char where[WEAVE_WHERE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(weave_where(good[i].text, where, catch_reset(&c)), 0);
		assert_string_equal(where, good[i].want);
	}
}

static void refuses_what_is_no_address(void **state)
{
	static const char *const bad[] = {
	    "/run/weave.sock",
	    "http://127.0.0.1:6784",
	    "127.0.0.1:0",
	    "127.0.0.1:65536",
	    "127.0.0.1:678x",
	    "127.0.0.1:+80",
	    "a b:80",
	    "a@b:80",
	    "a/b:80",
	    "a?b:80",
	    "a#b:80",
	    "::1",
	    "[::1",
	    "[]:80",
	    "127.0.0.1:0000080",
	    "a\nb:80",
	};
	char where[WEAVE_WHERE_SIZE], longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(weave_where(bad[i], where, catch_reset(&c)), -EINVAL);
		assert_has(c.r.msg, "WEAVE_HTTP_ADDR=");
	}
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	assert_int_equal(weave_where(longest, where, catch_reset(&c)), -EINVAL);
}

static void escapes_for_a_path(void **state)
{
	char out[64], little[8];

	(void)state;
	assert_string_equal(weave_escape("vm-1._~Z", out, sizeof(out)), "vm-1._~Z");
	assert_string_equal(weave_escape("a?b#c&d e%2F/", out, sizeof(out)), "a%3Fb%23c%26d%20e%252F%2F");
	assert_string_equal(weave_escape("\xc3\xbc\x7f", out, sizeof(out)), "%C3%BC%7F");
	assert_string_equal(weave_escape("", out, sizeof(out)), "");
	/* No more than fits, and no incomplete escape sequence. */
	assert_string_equal(weave_escape("????????", little, sizeof(little)), "%3F%3F");
}

static void knows_the_domain(void **state)
{
	char name[WEAVE_NAME_SIZE], host[300];

	(void)state;
	assert_int_equal(weave_full_name("vm1", "weave.local", name), 0);
	assert_string_equal(name, "vm1.weave.local");
	assert_int_equal(weave_full_name("vm1.weave.local", "weave.local", name), 0);
	assert_string_equal(name, "vm1.weave.local");
	assert_int_equal(weave_full_name("a.b.WEAVE.Local", "weave.local", name), 0);
	assert_string_equal(name, "a.b.WEAVE.Local");
	static const char *const elsewhere[] = {
	    "vm1.example.com",     "weave.local", ".weave.local",    "vm1.notweave.local",
	    "vm1.weave.local.com", "a.b",         "vm1xweave.local",
	};
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		assert_int_equal(weave_full_name(elsewhere[i], "weave.local", name), -EINVAL);
	memset(host, 'a', sizeof(host));
	host[241] = 0;
	assert_int_equal(weave_full_name(host, "weave.local", name), 0); /* 253 octets */
	host[241] = 'a';
	host[242] = 0;
	assert_int_equal(weave_full_name(host, "weave.local", name), -ENAMETOOLONG);
	host[242] = 'a';
	host[100] = '.';
	host[299] = 0;
	assert_int_equal(weave_full_name(host, "weave.local", name), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_router),
	    cmocka_unit_test(refuses_what_is_no_address),
	    cmocka_unit_test(escapes_for_a_path),
	    cmocka_unit_test(knows_the_domain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
