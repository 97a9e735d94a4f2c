/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ALLOW: which addresses are remembered as open, and which ones are evicted. */
#include "fw/egress_keep.h"
#include "guest/value.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct egress e;
static struct allow_list list;
static uint64_t now;

static void relist(const char *text)
{
	list.count = 0;
	assert_null(allow_add(&list, text, false));
}

static int start(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	now = 1000000;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	free(list.at);
	list = (struct allow_list){0};
	return 0;
}

/*
 * An answer for that name with `count` addresses 10.<net>.<n / 256>.<n % 256>, for n from `first` on, one second after
 * the previous answer.
 */
static int give(const char *text, uint8_t net, unsigned first, size_t count, uint32_t ttl)
{
	static uint8_t at[2 * EGRESS_MOST][4];
	static struct egress_given given[2 * EGRESS_MOST];
	const struct allow *by[ALLOW_MAX];
	uint8_t name[NAME_WIRE_MAX];
	size_t len, by_count = 0;

	assert_null(value_name(text, name, &len));
	for (size_t i = 0; i < list.count; i++) {
		if (allow_matches(&list.at[i], name))
			by[by_count++] = &list.at[i];
	}
	for (unsigned i = 0; i < count; i++) {
		memcpy(at[i], (uint8_t[]){10, net, (uint8_t)((first + i) >> 8), (uint8_t)(first + i)}, 4);
		given[i] = (struct egress_given){.address = at[i], .seconds = ttl};
	}
	now += 1000;
	const struct egress_answer a = {.name = name, .by = by, .by_count = by_count, .given = given, .count = count};
	return egress_keep(&e, &a, now);
}

static size_t in_net(uint8_t net)
{
	size_t count = 0;

	for (size_t i = 0; i < e.count; i++)
		count += e.at[i].key.address[1] == net;
	return count;
}

/* How many addresses the last answer adds to or renews in the kernel's set. */
static size_t told(void)
{
	size_t count = 0;

	for (size_t i = 0; i < e.count; i++)
		count += e.at[i].put == e.turn;
	return count;
}

static void holds(void **state)
{
	(void)state;
	relist("*.example");
	assert_int_equal(give("a.example", 1, 0, 3, 300), 1);
	assert_int_equal(told(), 3);
	assert_true(e.at[0].until >= now + 300000);
	assert_int_equal(give("a.example", 1, 0, 3, 299), 0);
	assert_int_equal(give("b.example", 1, 0, 3, 250), 0);
	assert_int_equal(e.count, 3);
	/* One new address: the others are not sent to the kernel again. */
	assert_int_equal(give("a.example", 1, 0, 4, 290), 1);
	assert_int_equal(told(), 1);
	/* An address of a new name. */
	assert_int_equal(give("c.example", 2, 7, 1, 300), 1);
	assert_int_equal(in_net(2), 1);
	/* A TTL of one second is raised to a minute. */
	assert_int_equal(give("d.example", 3, 0, 1, 1), 1);
	assert_int_equal(e.at[e.count - 1].until, now + 90000);
	now += 90000;
	assert_int_equal(give("d.example", 3, 1, 1, 1), 1);
	assert_int_equal(in_net(3), 1);
}

static void a_day(void **state)
{
	(void)state;
	relist("*.example");
	assert_int_equal(give("a.example", 1, 0, 1, INT32_MAX), 1);
	assert_true(e.at[0].until <= now + 86400000 + 60000);
	assert_int_equal(give("a.example", 1, 0, 1, INT32_MAX), 0);
}

/* The pattern that has most addresses in the table loses addresses to new ones. */
static void of_patterns(void **state)
{
	(void)state;
	relist("*, *.evil.test, *.good.test");
	for (uint8_t i = 1; i < 4; i++)
		assert_int_equal(give("a.good.test", i, 0, 1, 60), 1);
	char name[] = "a.evil.test";
	for (; name[0] <= 'j'; name[0]++)
		assert_int_equal(give(name, 100, (unsigned)name[0] << 8, 250, INT32_MAX), 1);
	assert_int_equal(e.count, EGRESS_MOST);
	for (uint8_t i = 1; i < 4; i++)
		assert_int_equal(in_net(i), 1);
	/* Another pattern's addresses that come later get in, and stay. */
	assert_int_equal(give("new.good.test", 50, 0, 10, 60), 1);
	assert_int_equal(e.gone_count, 10);
	assert_int_equal(in_net(50), 10);
	assert_int_equal(give("k.evil.test", 101, 0, 250, INT32_MAX), 1);
	assert_int_equal(in_net(50), 10);
	assert_int_equal(in_net(101), 250);
}

/* The same, however many names match that pattern. */
static void of_many_names(void **state)
{
	(void)state;
	char text[32];

	relist("*.evil.test, *.good.test, *");
	for (uint8_t i = 1; i < 4; i++)
		assert_int_equal(give("a.good.test", i, 0, 1, 86400), 1);
	for (unsigned i = 0; i < 4 * EGRESS_MOST; i++) {
		snprintf(text, sizeof(text), "x%u.evil.test", i);
		assert_int_equal(give(text, 100, i, 1, 86400), 1);
	}
	for (uint8_t i = 1; i < 4; i++)
		assert_int_equal(in_net(i), 1);
}

static void of_names(void **state)
{
	(void)state;
	relist("*");
	for (uint8_t i = 1; i < 4; i++)
		assert_int_equal(give("www.good.test", i, 0, 1, 60), 1);
	char name[] = "a.evil.test";
	for (; name[0] <= 'j'; name[0]++)
		assert_int_equal(give(name, 100, (unsigned)name[0] << 8, 250, INT32_MAX), 1);
	for (uint8_t i = 1; i < 4; i++)
		assert_int_equal(in_net(i), 1);
}

/* If all have equally many, the addresses that were handed out longest ago go first. */
static void oldest(void **state)
{
	(void)state;
	relist("*.example");
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(give("a.example", (uint8_t)i, 0, 256, 600), 1);
	assert_int_equal(give("a.example", 0, 0, 256, 500), 0);
	assert_int_equal(give("b.example", 9, 0, 256, 60), 1);
	assert_int_equal(e.gone_count, 256);
	assert_int_equal(in_net(0), 256);
	assert_int_equal(in_net(1), 0);
	assert_int_equal(in_net(9), 256);
}

/* All addresses of an answer are open when it is sent, including those that were open before and were about to go. */
static void whole(void **state)
{
	(void)state;
	relist("*.example");
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(give("a.example", (uint8_t)i, 0, 256, INT32_MAX), 1);
	assert_int_equal(give("a.example", 9, 0, 200, 60), 1);
	assert_int_equal(in_net(9), 200);
	assert_int_equal(told(), 200);
	/* 412 new addresses, and 100 that would be evicted next. */
	assert_int_equal(give("a.example", 1, 156, 512, 60), 1);
	assert_int_equal(told(), 412);
	size_t had = 0;
	for (size_t i = 0; i < e.count; i++)
		had += e.at[i].key.address[1] == 1 && e.at[i].turn == e.turn;
	assert_int_equal(had, 512);
	for (size_t i = 0; i < e.gone_count; i++) {
		for (size_t j = 0; j < e.count; j++)
			assert_memory_not_equal(e.gone[i].address, e.at[j].key.address, 16);
	}
}

static void services(void **state)
{
	(void)state;
	relist("a.example:tcp/80, a.example:tcp/443, *.example:tcp/443, b.example");
	assert_int_equal(give("a.example", 1, 0, 256, 60), 1);
	assert_int_equal(e.count, 512);
	assert_int_equal(told(), 512);
	struct egress before = e;
	assert_int_equal(give("a.example", 1, 0, 257, 60), -E2BIG);
	assert_memory_equal(&before, &e, sizeof(e));
}

/* An address stays as long as one of the patterns that opened it is on the list. */
static void patterns(void **state)
{
	(void)state;
	relist("*.a.example, *.b.example, *.c.example:tcp/80");
	assert_int_equal(give("x.a.example", 1, 0, 1, 300), 1);
	assert_int_equal(give("x.b.example", 1, 0, 1, 200), 0);
	assert_int_equal(give("x.c.example", 1, 0, 1, 200), 1);
	assert_int_equal(give("x.a.example", 2, 0, 1, 300), 1);
	assert_int_equal(e.count, 3);
	relist("*.a.example");
	struct egress_by listed = egress_listed(&e, &list);
	assert_true(egress_is_by(&e.at[0], &listed));
	relist("*.c.example:tcp/80, *.b.example, *.d.example");
	listed = egress_listed(&e, &list);
	assert_true(egress_is_by(&e.at[0], &listed));
	assert_true(egress_is_by(&e.at[1], &listed));
	assert_false(egress_is_by(&e.at[2], &listed));
	egress_forget(&e, &list);
	assert_int_equal(e.count, 2);
	/* A new pattern that takes the slot of an old one must not inherit its addresses. */
	assert_int_equal(give("x.d.example", 3, 0, 1, 300), 1);
	relist("*.d.example");
	egress_forget(&e, &list);
	assert_int_equal(e.count, 1);
	assert_int_equal(in_net(3), 1);
	relist("*.a.example");
	egress_forget(&e, &list);
	assert_int_equal(e.count, 0);
}

/* The maximum number of patterns, all replaced by new ones several times. */
static void many_patterns(void **state)
{
	(void)state;
	char text[32];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < ALLOW_MAX; i++) {
			snprintf(text, sizeof(text), "x%u.y%u.example", i, round);
			assert_null(allow_add(&list, text, i > 0));
		}
		egress_forget(&e, &list);
		assert_int_equal(e.count, 0);
		for (unsigned i = 0; i < ALLOW_MAX; i++) {
			snprintf(text, sizeof(text), "x%u.y%u.example", i, round);
			assert_int_equal(give(text, (uint8_t)i, 0, 1, 86400), 1);
		}
		assert_int_equal(e.count, ALLOW_MAX);
	}
}

/* Changes are limited, because every transaction wakes all listeners for nftables events. */
static void too_many(void **state)
{
	(void)state;
	int good = 0;

	relist("*.example");
	for (unsigned i = 0; i < 1000; i++) {
		now -= 999; /* one a millisecond */
		int got = give("a.example", 1, i, 1, 300);
		assert_true(got == 1 || got == -EAGAIN);
		good += got == 1;
	}
	assert_in_range(good, EGRESS_BURST, EGRESS_BURST + EGRESS_PER_SECOND);
	assert_int_equal(e.count, good);
	/* An answer whose addresses are all open already does not count. */
	now -= 1000;
	assert_int_equal(give("a.example", 1, 0, 50, 200), 0);
	assert_int_equal(give("a.example", 2, 0, 1, 300), 1);
}

static void lost(void **state)
{
	(void)state;
	relist("*.example");
	assert_int_equal(give("a.example", 1, 0, 3, 300), 1);
	assert_int_equal(give("a.example", 1, 1, 5, 300), 1);
	egress_lost(&e);
	assert_int_equal(e.count, 3); /* the addresses from before the failed answer */
	assert_int_equal(give("a.example", 1, 1, 5, 300), 1);
	assert_int_equal(told(), 3);
}

static void halves(void **state)
{
	(void)state;
	relist("*.example");
	assert_int_equal(give("a.example", 1, 0, 6, 300), 1);
	assert_int_equal(give("a.example", 2, 0, 5, 300), 1);
	egress_halve(&e);
	assert_int_equal(e.count, 5);
	assert_int_equal(in_net(2), 5);
	for (int i = 0; i < 3; i++)
		egress_halve(&e);
	assert_int_equal(e.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(holds),    TEST(a_day), TEST(of_patterns), TEST(of_many_names), TEST(of_names),
	    TEST(oldest),   TEST(whole), TEST(services),    TEST(patterns),      TEST(many_patterns),
	    TEST(too_many), TEST(lost),  TEST(halves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
