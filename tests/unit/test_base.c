/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base: cursors that stop at the end, checksums, addresses as text, escaping of a guest's strings for the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/csum.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/rd.h"
#include "base/report.h"
#include "base/wr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void test_rd_stops_at_the_end_and_stays_bad(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
	struct rd r = rd_over(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_u16(&r), 0x0203);
	assert_int_equal(rd_u32(&r), 0x04050607);
	assert_false(r.bad);
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_true(r.bad);

	struct rd again = rd_over(bytes, sizeof(bytes));
	assert_int_equal(rd_u32(&again), 0x01020304);
	assert_int_equal(rd_u32(&again), 0); /* needs four octets, three are left: reads none */
	assert_true(again.bad);
	assert_int_equal(rd_u8(&again), 0); /* `bad` stays set, although one octet would be there */
}

static void test_rd_sub_cannot_leave_its_span(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4};
	struct rd r = rd_over(bytes, sizeof(bytes));
	struct rd sub = rd_sub(&r, 2);

	(void)state;
	assert_int_equal(rd_u16(&sub), 0x0102);
	assert_int_equal(rd_u8(&sub), 0);
	assert_true(sub.bad);
	assert_false(r.bad);
	struct rd more = rd_sub(&r, 3);
	assert_true(more.bad);
	assert_true(r.bad);
	assert_null(rd_bytes(&more, 0));
}

static void test_rd_copy_zeroes_what_is_not_there(void **state)
{
	static const uint8_t bytes[] = {9};
	struct rd r = rd_over(bytes, sizeof(bytes));
	uint8_t to[4] = {1, 1, 1, 1};

	(void)state;
	rd_copy(&r, to, sizeof(to));
	assert_true(r.bad);
	assert_memory_equal(to, ((uint8_t[4]){0}), 4);
}

static void test_wr_never_writes_past_the_end(void **state)
{
	uint8_t buf[5] = {0, 0, 0, 0, 0xee};
	struct wr w = wr_over(buf, 4);

	(void)state;
	wr_u16(&w, 0x0102);
	wr_u32(&w, 0xffffffff);
	assert_true(w.full);
	assert_int_equal(wr_len(&w), 2);
	wr_u8(&w, 3); /* would fit, but `full` is already set */
	assert_int_equal(wr_len(&w), 2);
	assert_memory_equal(buf, ((uint8_t[5]){1, 2, 0, 0, 0xee}), 5);
}

static void test_wr_lengths_nest_and_never_lie(void **state)
{
	uint8_t buf[600];
	struct wr w = wr_over(buf, sizeof(buf));

	(void)state;
	struct wr_mark outer = wr_open_len(&w, 2);
	wr_u8(&w, 7);
	struct wr_mark inner = wr_open_len(&w, 1);
	wr_bytes(&w, "abc", 3);
	wr_close_len(&w, inner);
	wr_close_len(&w, outer);
	assert_false(w.full);
	assert_memory_equal(buf, "\0\5\7\3abc", 7);

	w = wr_over(buf, sizeof(buf));
	struct wr_mark small = wr_open_len(&w, 1);
	wr_zero(&w, 256); /* one more than a length octet can say */
	wr_close_len(&w, small);
	assert_true(w.full);
}

static void test_checksum_of_rfc_1071(void **state)
{
	static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}; /* RFC 1071 3 */
	uint8_t odd[9];

	(void)state;
	assert_int_equal(csum_fold(csum_add(0, example, sizeof(example))), 0xddf2);
	/* The result depends neither on the alignment nor on where the data is split, if at an even offset. */
	memcpy(odd + 1, example, sizeof(example));
	assert_int_equal(csum_fold(csum_add(0, odd + 1, sizeof(example))), 0xddf2);
	for (size_t cut = 0; cut <= sizeof(example); cut += 2)
		assert_int_equal(csum_fold(csum_add(csum_add(0, example, cut), example + cut, sizeof(example) - cut)),
				 0xddf2);
	/* A last odd octet counts as the high one. */
	assert_int_equal(csum_fold(csum_add(0, "\xab", 1)), 0xab00);
	assert_int_equal(csum_fold(0), 0);
}

/* RFC 1071 1, as it is written there: 16-bit words in network order, each carry added at once. */
static uint16_t plain_sum(uint16_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i += 2) {
		uint32_t v = (uint32_t)sum + (uint32_t)(at[i] << 8) + (i + 1 < len ? at[i + 1] : 0);
		sum = (uint16_t)((v & 0xffff) + (v >> 16));
	}
	return sum;
}

static void test_checksum_is_that_of_the_plain_loop(void **state)
{
	static const uint64_t before[] = {0, 1, 0xffff, 0xffffffff, UINT64_MAX - 1, UINT64_MAX};
	uint8_t data[100];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(data); i++) {
			seed = seed * 1664525 + 1013904223;
			/* All ones carry at each step; nearly all ones and zeros at some. */
			data[i] = round == 0 ? 0xff : round == 1 ? (uint8_t)(seed >> 24) : seed >> 31 ? 0xff : 0xfe;
		}
		for (size_t len = 0; len <= sizeof(data) - 8; len++) {
			for (size_t b = 0; b < sizeof(before) / sizeof(before[0]); b++) {
				uint16_t want = plain_sum(csum_fold(before[b]), data + len % 8, len);
				assert_int_equal(csum_fold(csum_add(before[b], data + len % 8, len)), want);
			}
		}
	}
}

static void test_mac_as_people_write_it(void **state)
{
	static const char *const bad[] = {"",
					  "52:54:00:12:34",
					  "52:54:00:12:34:5",
					  "52:54:00:12:34:567",
					  "52:54:00:12:34:5g",
					  "5254.0012.3456",
					  "52:54-00:12:34:56",
					  "52:54:00:12:34:56 ",
					  " 2:54:00:12:34:56"};
	uint8_t mac[MAC_LEN] = {1};
	char text[MAC_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mac_parse(bad[i], mac));
	assert_int_equal(mac[0], 1);
	assert_true(mac_parse("52-54-00-AB-cd-eF", mac));
	assert_string_equal(mac_format(mac, text), "52:54:00:ab:cd:ef");
}

static void test_service_mac_is_never_the_guests(void **state)
{
	uint8_t guest[MAC_LEN] = {0x52, 1, 2, 3, 4, 5}, service[MAC_LEN];

	(void)state;
	for (int first = 0; first < 256; first += 2) {
		guest[0] = (uint8_t)first;
		mac_service(guest, service);
		assert_int_equal(service[0], first == 0xfe ? 0xfc : 0xfe);
		assert_memory_equal(service + 1, guest + 1, MAC_LEN - 1);
	}
}

static void test_cidr_takes_nothing_but_a_cidr(void **state)
{
	static const char *const bad[] = {"",
					  "10.0.0.1",
					  "10.0.0.1/",
					  "10.0.0.1/33",
					  "10.0.0.1/-1",
					  "10.0.0.1/+8",
					  "10.0.0.1/8x",
					  "10.0.0.1/0008",
					  "10.0.0/8",
					  "10.0.0.256/8",
					  "10.0.0.1 /8",
					  "a/8",
					  "/8",
					  "10.0.0.1/8/8"};
	struct cidr4 c;
	char text[CIDR4_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cidr4_parse(bad[i], &c));
	assert_true(cidr4_parse("10.1.2.3/20", &c));
	assert_string_equal(cidr4_format(&c, text), "10.1.2.3/20");
	assert_string_equal(inet_ntoa(ip4_network(c)), "10.1.0.0");
	assert_string_equal(inet_ntoa(ip4_broadcast(c)), "10.1.15.255");
	assert_true(ip4_in(c, (struct in_addr){inet_addr("10.1.15.254")}));
	assert_false(ip4_in(c, (struct in_addr){inet_addr("10.1.16.0")}));
	assert_true(cidr4_parse("0.0.0.0/0", &c));
	assert_true(ip4_in(c, (struct in_addr){inet_addr("203.0.113.9")}));
	assert_true(cidr4_parse("192.0.2.1/32", &c));
	assert_false(ip4_in(c, (struct in_addr){inet_addr("192.0.2.0")}));
}

static void test_log_escape_leaves_no_control_byte(void **state)
{
	char out[16];
	uint8_t all[256];
	char wide[4 * 256 + 1];

	(void)state;
	assert_string_equal(log_escape("a\nb\\\"", 5, out, sizeof(out)), "a\\x0ab\\x5c\\x22");
	assert_string_equal(log_escape("0123456789abcdefgh", 18, out, sizeof(out)), "0123456789abcde");
	assert_string_equal(log_escape("\n\n\n\n\n", 5, out, sizeof(out)), "\\x0a\\x0a\\x0a"); /* no half escape */
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	log_escape(all, sizeof(all), wide, sizeof(wide));
	for (const char *c = wide; *c; c++)
		assert_true(*c > ' ' && *c < 0x7f);
}

/* A pipe that nobody reads: without log_never_wait() the second line would wait for ever. */
static void test_log_leaves_out_what_stderr_does_not_take(void **state)
{
	static char full[1 << 20], said[4096];
	int ends[2], was = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	while (write(ends[1], full, sizeof(full)) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	dup2(ends[1], STDERR_FILENO);
	log_never_wait();
	log_err("nobody reads this");
	log_warn("nor this");
	while (read(ends[0], full, sizeof(full)) > 0)
		;
	log_err("but this");
	dup2(was, STDERR_FILENO);
	ssize_t len = read(ends[0], said, sizeof(said) - 1);
	assert_true(len > 0);
	assert_non_null(strstr(said, ": warning: 2 lines before this one are missing: nobody took them\n"));
	assert_non_null(strstr(said, ": but this\n"));
	assert_null(strstr(said, "nobody reads this"));
	close(ends[0]);
	close(ends[1]);
	close(was);
}

static void test_log_limit_lets_a_burst_through_and_counts_the_rest(void **state)
{
	struct log_limit l = {.burst = 3, .per_second = 2};
	uint64_t left_out = 99;
	int passed = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		passed += log_limit_pass(&l, 1000, &left_out);
	assert_int_equal(passed, 3);
	assert_false(log_limit_pass(&l, 1499, &left_out));
	assert_true(log_limit_pass(&l, 1500, &left_out));
	assert_int_equal(left_out, 8);
	assert_false(log_limit_pass(&l, 1500, &left_out));
	passed = 0;
	for (int i = 0; i < 10; i++)
		passed += log_limit_pass(&l, 1000000, &left_out);
	assert_int_equal(passed, 3); /* even a long pause allows only one burst */
}

static void test_report_keeps_what_is_wrong(void **state)
{
	char word[3000];
	struct report r = {0};

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	report_set(&r, "-i %s: what is wrong", word);
	assert_int_equal(strlen(r.msg), sizeof(r.msg) - 1);
	assert_memory_equal(r.msg, "-i xxx", 6);
	assert_non_null(strstr(r.msg, "x...x"));
	assert_string_equal(r.msg + sizeof(r.msg) - 1 - strlen("x: what is wrong"), "x: what is wrong");
	/* The longest message that fits, and one octet more. */
	word[sizeof(r.msg) - 1] = 0;
	report_set(&r, "%s", word);
	assert_string_equal(r.msg, word);
	word[sizeof(r.msg) - 1] = 'x';
	word[sizeof(r.msg)] = 0;
	report_set(&r, "%s", word);
	assert_int_equal(strlen(r.msg), sizeof(r.msg) - 1);
	assert_non_null(strstr(r.msg, "x...x"));
	/* The new message may contain the previous one. */
	report_set(&r, "bad\n");
	report_set(&r, "all: %s", r.msg);
	assert_string_equal(r.msg, "all: bad?");
}

static void test_report_line_is_never_empty(void **state)
{
	struct report r = {0};

	(void)state;
	assert_string_equal(report_line(&r, -ENOENT), "No such file or directory");
	assert_string_equal(report_line(&r, EACCES), "Permission denied");
	report_set(&r, "vm1: %s", "gone");
	assert_string_equal(report_line(&r, -ENOENT), "vm1: gone");
}

static void test_pool_parts_are_zero_aligned_and_apart(void **state)
{
	/* A size below, and one above what makes a block of huge pages. */
	static const size_t sizes[] = {40, 3000000};

	(void)state;
	for (size_t s = 0; s < 2; s++) {
		struct pool p = {0};
		uint8_t *parts[8];
		const size_t n = sizes[s];
		assert_true(pool_reserve(&p, 4 * pool_need(n, 1)));
		for (size_t i = 0; i < 8; i++) {
			parts[i] = pool_take(&p, n, 1);
			assert_non_null(parts[i]);
			assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
			for (size_t j = 0; j < n; j++)
				assert_int_equal(parts[i][j], 0);
			memset(parts[i], (int)i + 1, n);
		}
		for (size_t i = 0; i < 8; i++)
			assert_true(parts[i][0] == i + 1 && parts[i][n - 1] == i + 1);
		pool_free(&p);
		assert_null(p.blocks);
	}
}

static void test_pool_refuses_what_no_memory_has(void **state)
{
	struct pool p = {0};

	(void)state;
	assert_false(pool_reserve(&p, pool_need(SIZE_MAX / 8, 16)));
	assert_null(pool_take(&p, SIZE_MAX / 8, 16));
	assert_null(pool_take(&p, SIZE_MAX, 1));
	assert_null(p.blocks);
	pool_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rd_stops_at_the_end_and_stays_bad),
	    cmocka_unit_test(test_rd_sub_cannot_leave_its_span),
	    cmocka_unit_test(test_rd_copy_zeroes_what_is_not_there),
	    cmocka_unit_test(test_wr_never_writes_past_the_end),
	    cmocka_unit_test(test_wr_lengths_nest_and_never_lie),
	    cmocka_unit_test(test_checksum_of_rfc_1071),
	    cmocka_unit_test(test_checksum_is_that_of_the_plain_loop),
	    cmocka_unit_test(test_mac_as_people_write_it),
	    cmocka_unit_test(test_service_mac_is_never_the_guests),
	    cmocka_unit_test(test_cidr_takes_nothing_but_a_cidr),
	    cmocka_unit_test(test_log_escape_leaves_no_control_byte),
	    cmocka_unit_test(test_report_keeps_what_is_wrong),
	    cmocka_unit_test(test_report_line_is_never_empty),
	    cmocka_unit_test(test_pool_parts_are_zero_aligned_and_apart),
	    cmocka_unit_test(test_pool_refuses_what_no_memory_has),
	    cmocka_unit_test(test_log_leaves_out_what_stderr_does_not_take),
	    cmocka_unit_test(test_log_limit_lets_a_burst_through_and_counts_the_rest),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
