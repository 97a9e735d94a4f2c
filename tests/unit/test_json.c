/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One string as JSON, without its quotation marks; the caller frees it. */
static char *string_of(const char *value)
{
	char *out = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&out, &size);
	struct json j;

	assert_non_null(to);
	json_start(&j, to);
	json_string(&j, NULL, value);
	assert_int_equal(fclose(to), 0);
	assert_true(size >= 2 && out[0] == '"' && out[size - 1] == '"');
	out[size - 1] = 0;
	memmove(out, out + 1, size - 1);
	return out;
}

static void test_strings(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"a \"b\" \\c", "a \\\"b\\\" \\\\c"},
	    {"\n\t\x01\x1f\x7f", "\\u000a\\u0009\\u0001\\u001f\\u007f"},
	    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7"},
	    {"\xff", "\\ufffd"},                       /* an octet that UTF-8 never has */
	    {"\xc3", "\\ufffd"},                       /* cut */
	    {"\xe2\x82", "\\ufffd\\ufffd"},            /* cut */
	    {"\xc3\"", "\\ufffd\\\""},                 /* what follows is not swallowed */
	    {"\xf0\x9f\x90", "\\ufffd\\ufffd\\ufffd"}, /* cut */
	    {"\xc0\xaf", "\\ufffd\\ufffd"},            /* a '/' in two octets */
	    {"\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd"}, /* in three */
	    {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"}, /* a surrogate */
	    {"\xed\x9f\xbf", "\xed\x9f\xbf"},          /* the last before them */
	    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},  /* U+10FFFF */
	    {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *have = string_of(cases[i].value);
		assert_string_equal(have, cases[i].want);
		free(have);
	}
}

static void test_nesting(void **state)
{
	char *out = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&out, &size);
	struct json j;

	(void)state;
	json_start(&j, to);
	json_object(&j, NULL);
	json_array(&j, "none");
	json_end(&j);
	json_array(&j, "two");
	json_number(&j, NULL, INT64_MIN);
	json_end(&j);
	json_object(&j, "in\"side");
	json_string(&j, "null", NULL);
	json_end(&j);
	json_end(&j);
	fclose(to);
	assert_string_equal(out, "{\n"
				 "  \"none\": [],\n"
				 "  \"two\": [\n"
				 "    -9223372036854775808\n"
				 "  ],\n"
				 "  \"in\\\"side\": {\n"
				 "    \"null\": null\n"
				 "  }\n"
				 "}\n");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_nesting),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
