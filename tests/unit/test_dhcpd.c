/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fold-dhcpd's timers, table of interfaces (by name and by index), messages between threads, fairness, options. */
#include "base/clock.h"
#include "dhcpd/due.h"
#include "dhcpd/fair.h"
#include "dhcpd/mail.h"
#include "dhcpd/options.h"
#include "dhcpd/table.h"
#include "host/routes.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOMENTS 500

static struct {
	struct moment at[MOMENTS];
	uint64_t last;
	unsigned ran;
} m;

static void run(void *arg, struct moment *moment)
{
	(void)arg;
	assert_true(moment->at_ms >= m.last);
	assert_int_equal(moment->place, 0);
	m.last = moment->at_ms;
	m.ran++;
}

static unsigned next_random(void)
{
	static unsigned v = 1;

	v = v * 1103515245U + 12345U;
	return v >> 8;
}

static void moments_come_in_their_order(void **state)
{
	struct due d;
	uint64_t now = clock_ms();

	(void)state;
	memset(&m, 0, sizeof(m));
	assert_int_equal(due_open(&d), 0);
	for (int i = 0; i < MOMENTS; i++) {
		m.at[i].run = run;
		assert_int_equal(due_set(&d, &m.at[i], now - 1000 + next_random() % 900), 0);
	}
	/* Some are set again, some are unset, some twice. */
	for (int i = 0; i < MOMENTS; i += 7)
		due_set(&d, &m.at[i], now - 1000 + next_random() % 900);
	unsigned gone = 0;
	for (int i = 3; i < MOMENTS; i += 11, gone++) {
		due_unset(&d, &m.at[i]);
		due_unset(&d, &m.at[i]);
	}
	due_run(&d, 100);
	assert_int_equal(m.ran, 100);
	due_run(&d, MOMENTS);
	assert_int_equal(m.ran, MOMENTS - gone);
	due_close(&d);
}

static void what_is_not_due_waits(void **state)
{
	struct due d;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.at[0].run = m.at[1].run = run;
	assert_int_equal(due_open(&d), 0);
	due_set(&d, &m.at[0], clock_ms() + 60000);
	due_set(&d, &m.at[1], clock_ms() - 1);
	due_run(&d, 10);
	assert_int_equal(m.ran, 1);
	assert_int_equal(m.at[0].place, 1);
	due_close(&d);
}

static void ports_are_found_by_name_and_index(void **state)
{
	struct table t;
	char name[IFNAMSIZ];

	(void)state;
	assert_int_equal(table_open(&t), 0);
	for (int i = 1; i <= 3000; i++) {
		snprintf(name, sizeof(name), "tap%d", i);
		struct port *p = table_add(&t, name);
		assert_non_null(p);
		assert_ptr_equal(table_add(&t, name), p);
		table_set_index(&t, p, i);
	}
	assert_int_equal(t.count, 3000);
	for (int i = 1; i <= 3000; i++) {
		snprintf(name, sizeof(name), "tap%d", i);
		assert_ptr_equal(table_by_name(&t, name), table_by_index(&t, i));
	}
	assert_null(table_by_name(&t, "tap0"));
	assert_null(table_by_index(&t, 0));
	assert_null(table_by_index(&t, 3001));
	table_close(&t);
}

static void an_index_is_one_ports(void **state)
{
	struct table t;

	(void)state;
	assert_int_equal(table_open(&t), 0);
	struct port *a = table_add(&t, "a"), *b = table_add(&t, "b");
	table_set_index(&t, a, 5);
	table_set_index(&t, b, 5);
	assert_ptr_equal(table_by_index(&t, 5), b);
	assert_int_equal(a->ifindex, 0);
	table_set_index(&t, b, 6);
	assert_null(table_by_index(&t, 5));
	assert_ptr_equal(table_by_index(&t, 6), b);
	/* A port that has an interface or a binding is kept. */
	table_forget(&t, b);
	assert_ptr_equal(table_by_name(&t, "b"), b);
	b->bound = true;
	table_set_index(&t, b, 0);
	table_forget(&t, b);
	assert_ptr_equal(table_by_name(&t, "b"), b);
	b->bound = false;
	table_forget(&t, b);
	assert_null(table_by_name(&t, "b"));
	assert_int_equal(t.count, 1);
	table_close(&t);
}

static void letters_arrive_once_and_whole(void **state)
{
	static struct letter out;
	static struct reply question;
	struct mail box;

	(void)state;
	assert_int_equal(mail_open(&box), 0);
	assert_false(mail_take(&box, &out));
	reply_init(&question);
	question.sport = 53;
	wr_bytes(&question.w, "hello", 5);
	for (int i = 0; i < MAIL_ROOM + 3; i++)
		assert_int_equal(mail_post(&box, i % 2 ? MAIL_ACKNOWLEDGED : MAIL_QUESTION, i,
					   i % 2 ? NULL : &question),
				 i < MAIL_ROOM);
	assert_int_equal(box.lost, 3);
	for (int i = 0; i < MAIL_ROOM; i++) {
		assert_true(mail_take(&box, &out));
		assert_int_equal(out.ifindex, i);
		if (i % 2)
			continue;
		assert_int_equal(out.kind, MAIL_QUESTION);
		assert_int_equal(out.question.sport, 53);
		assert_ptr_equal(out.question.w.start, out.question.buf + REPLY_HEADROOM);
		assert_int_equal(wr_len(&out.question.w), 5);
		assert_memory_equal(out.question.w.start, "hello", 5);
	}
	assert_false(mail_take(&box, &out));
	mail_close(&box);
}

/*
 * Runs some windows, in each of which the ports' packets come in turns. *looked gets how many packets of each port were
 * answered in the last window.
 */
static void windows(struct fair *f, struct port *ports, const unsigned *packets, size_t count, bool full,
		    unsigned *looked)
{
	static unsigned window = 1000;

	for (unsigned w = 0; w < 8; w++) {
		window++;
		memset(looked, 0, count * sizeof(*looked));
		for (unsigned read = 0; read < 20; read++) {
			fair_begin(f, window);
			for (size_t i = 0; i < count; i++) {
				for (unsigned p = 0; p < packets[i] / 20; p++)
					looked[i] += !fair_is_over(f, &ports[i]);
			}
			fair_end(f, full, 0);
		}
	}
}

static void who_floods_is_cut_and_nobody_else(void **state)
{
	static struct port ports[4];
	struct fair f = {0};
	unsigned looked[4];

	(void)state;
	windows(&f, ports, (const unsigned[]){4000, 20, 20, 40}, 4, true, looked);
	assert_in_range(looked[0], 1, FAIR_SHARE * 2);
	assert_int_equal(looked[1], 20);
	assert_int_equal(looked[2], 20);
	assert_int_equal(looked[3], 40);
}

static void who_is_alone_is_never_cut(void **state)
{
	static struct port ports[1];
	struct fair f = {0};
	unsigned looked[1];

	(void)state;
	windows(&f, ports, (const unsigned[]){4000}, 1, true, looked);
	assert_int_equal(looked[0], 4000);
}

static void equals_are_never_cut(void **state)
{
	static struct port ports[3];
	struct fair f = {0};
	unsigned looked[3];

	(void)state;
	windows(&f, ports, (const unsigned[]){2000, 1800, 2400}, 3, true, looked);
	assert_int_equal(looked[0], 2000);
	assert_int_equal(looked[2], 2400);
}

/*
 * Simulates a kernel queue on a machine where one answer takes 1/33 of a window. Port 0 sends one packet every
 * other_every, while `floods` other ports send one every flood_every each. Returns how many percent of port 0's packets
 * are answered.
 */
static unsigned answered_beside_floods(unsigned floods, unsigned flood_every, unsigned other_every, bool fairly)
{
	enum { WINDOW = 1000, ANSWER = 30, DROP = 3, LENGTH = 8192, PACKET = 1280, WINDOWS = 2000, PORTS = 5 };
	static struct port ports[PORTS];
	static unsigned char queue[LENGTH];
	struct fair f = {0};
	unsigned first = 0, waiting = 0, arrived = 0, sent = 0, answered = 0;

	memset(ports, 0, sizeof(ports));
	for (unsigned now = 0; now < WINDOWS * WINDOW;) {
		for (; arrived <= now; arrived++) {
			/* Port 0 is the one that is counted. The offset p keeps ports from sending in step. */
			for (unsigned p = 0; p <= floods; p++) {
				if ((arrived + p) % (p ? flood_every : other_every))
					continue;
				sent += !p && now > WINDOWS * WINDOW / 2;
				if (waiting < LENGTH)
					queue[(first + waiting++) % LENGTH] = (unsigned char)p;
			}
		}
		unsigned batch = waiting < 64 ? waiting : 64;
		fair_begin(&f, 1 + now / WINDOW);
		for (unsigned i = 0; i < batch; i++, waiting--) {
			unsigned p = queue[first++ % LENGTH];
			bool over = fair_is_over(&f, &ports[p]) && fairly;
			answered += !p && !over && now > WINDOWS * WINDOW / 2;
			now += over ? DROP : ANSWER;
		}
		fair_end(&f, batch == 64, waiting * PACKET);
		now += 1;
	}
	return answered * 100 / sent;
}

static void a_slow_machine_is_fair_too(void **state)
{
	(void)state;
	assert_in_range(answered_beside_floods(1, 5, 250, false), 0, 30);
	assert_in_range(answered_beside_floods(1, 5, 250, true), 90,
			105); /* above 100: packets that were sent before the counting began */
}

/* One port's packets fill the queue, so the others' never get in, and it looks as if there were no other port. */
static void who_fills_the_queue_is_not_alone(void **state)
{
	static struct port port;
	struct fair f = {0};
	unsigned looked = 0;

	(void)state;
	for (unsigned window = 1; window <= 8; window++) {
		looked = 0;
		for (unsigned read = 0; read < 20; read++) {
			fair_begin(&f, window);
			for (unsigned p = 0; p < 64; p++)
				looked += !fair_is_over(&f, &port);
			fair_end(&f, true, FAIR_DEEP);
		}
	}
	/*
	 * An answer takes as long as ten drops, so a quarter of the time is enough for only a small part of the
	 * packets.
	 */
	assert_in_range(looked, 1, 20 * 64 / 30);
}

static void who_fill_the_queue_together_are_no_equals(void **state)
{
	(void)state;
	assert_in_range(answered_beside_floods(4, 28, 10007, false), 0, 40);
	assert_in_range(answered_beside_floods(4, 28, 10007, true), 95, 105);
}

static void without_a_flood_nobody_is_cut(void **state)
{
	static struct port ports[2];
	struct fair f = {0};
	unsigned looked[2];

	(void)state;
	windows(&f, ports, (const unsigned[]){4000, 20}, 2, false, looked);
	assert_int_equal(looked[0], 4000);
	/* With a full queue the port is limited; the limit ends after a while without one. */
	windows(&f, ports, (const unsigned[]){4000, 20}, 2, true, looked);
	assert_in_range(looked[0], 1, FAIR_SHARE * 2);
	for (int i = 0; i < 33; i++)
		windows(&f, ports, (const unsigned[]){4000, 20}, 2, false, looked);
	assert_int_equal(looked[0], 4000);
}

static void tables_have_numbers_and_names(void **state)
{
	(void)state;
	assert_int_equal(routes_table("main"), 254);
	assert_int_equal(routes_table("local"), 255);
	assert_int_equal(routes_table("100"), 100);
	assert_int_equal(routes_table("4294967295"), 4294967295U);
	assert_int_equal(routes_table("4294967296"), 0);
	assert_int_equal(routes_table("0"), 0);
	assert_int_equal(routes_table("-1"), 0);
	assert_int_equal(routes_table(" 5"), 0);
	assert_int_equal(routes_table(""), 0);
	assert_int_equal(routes_table("no such table"), 0);
}

static void options_are_nfdhcpds(void **state)
{
	char *good[] = {"fold-dhcpd", "-f", "-d", "-c", "/etc/x", NULL}, *none[] = {"fold-dhcpd", NULL};
	char *bad[] = {"fold-dhcpd", "-x", NULL}, *missing[] = {"fold-dhcpd", "-c", NULL},
	     *more[] = {"fold-dhcpd", "x", NULL};
	struct dhcpd_options o;
	struct report r = {0};

	(void)state;
	assert_int_equal(dhcpd_options_parse(5, good, &o, &r), 0);
	assert_true(o.foreground && o.debug);
	assert_string_equal(o.config, "/etc/x");
	optind = 0;
	assert_int_equal(dhcpd_options_parse(1, none, &o, &r), 0);
	assert_string_equal(o.config, "/etc/nfdhcpd/nfdhcpd.conf");
	optind = 0;
	assert_int_equal(dhcpd_options_parse(2, bad, &o, &r), -22);
	assert_string_equal(r.msg, "-x: is no option; see fold-dhcpd -h");
	optind = 0;
	assert_int_equal(dhcpd_options_parse(2, missing, &o, &r), -22);
	optind = 0;
	assert_int_equal(dhcpd_options_parse(2, more, &o, &r), -22);
	assert_string_equal(r.msg, "x: there are no arguments; see fold-dhcpd -h");
}

static void wrong_options_are_named(void **state)
{
	static const struct {
		const char *words[4], *message;
	} rows[] = {
	    {{"fold-dhcpd", "-xf"}, "-x: is no option"},
	    {{"fold-dhcpd", "-dx"}, "-x: is no option"},
	    {{"fold-dhcpd", "--debug", "-xf"}, "-x: is no option"},
	    {{"fold-dhcpd", "-f=3"}, "-=: is no option"},
	    {{"fold-dhcpd", "--foreground=1"}, "--foreground=1: takes no argument"},
	    {{"fold-dhcpd", "--none"}, "--none: is no option"},
	    {{"fold-dhcpd", "--none=1", "-f"}, "--none=1: is no option"},
	    {{"fold-dhcpd", "-fc"}, "-c: needs an argument"},
	    {{"fold-dhcpd", "--config"}, "--config: needs an argument"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *argv[5] = {NULL}, want[80];
		struct dhcpd_options o;
		struct report r = {0};
		int argc = 0;

		for (; argc < 4 && rows[i].words[argc]; argc++)
			argv[argc] = strdup(rows[i].words[argc]);
		optind = 0;
		assert_int_equal(dhcpd_options_parse(argc, argv, &o, &r), -22);
		snprintf(want, sizeof(want), "%s; see fold-dhcpd -h", rows[i].message);
		assert_string_equal(r.msg, want);
		while (argc)
			free(argv[--argc]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moments_come_in_their_order),
	    cmocka_unit_test(what_is_not_due_waits),
	    cmocka_unit_test(ports_are_found_by_name_and_index),
	    cmocka_unit_test(an_index_is_one_ports),
	    cmocka_unit_test(letters_arrive_once_and_whole),
	    cmocka_unit_test(who_floods_is_cut_and_nobody_else),
	    cmocka_unit_test(who_is_alone_is_never_cut),
	    cmocka_unit_test(equals_are_never_cut),
	    cmocka_unit_test(a_slow_machine_is_fair_too),
	    cmocka_unit_test(who_fills_the_queue_is_not_alone),
	    cmocka_unit_test(who_fill_the_queue_together_are_no_equals),
	    cmocka_unit_test(without_a_flood_nobody_is_cut),
	    cmocka_unit_test(tables_have_numbers_and_names),
	    cmocka_unit_test(options_are_nfdhcpds),
	    cmocka_unit_test(wrong_options_are_named),
	};

	return cmocka_run_group_tests_name("dhcpd", tests, NULL, NULL);
}
