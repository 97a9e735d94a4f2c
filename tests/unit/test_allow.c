/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ALLOW: its patterns, and the addresses and aliases that are read from an answer. */
#include "base/wr.h"
#include "dns/handed.h"
#include "guest/alias.h"
#include "guest/allow.h"
#include "guest/value.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- patterns ---- */

static const char *first_wrong(const char *text)
{
	struct allow_list l = {0};
	const char *wrong = allow_add(&l, text, false);

	free(l.at);
	return wrong;
}

static void services(void **state)
{
	(void)state;
	struct allow_list l = {0};

	assert_null(allow_add(&l, "a.example, *.b.example:tcp/443,c.example.:UDP/123", false));
	assert_int_equal(l.count, 3);
	assert_int_equal(l.at[0].proto, 0);
	assert_false(l.at[0].below);
	assert_int_equal(l.at[1].proto, IPPROTO_TCP);
	assert_int_equal(l.at[1].port, 443);
	assert_true(l.at[1].below);
	assert_int_equal(l.at[2].proto, IPPROTO_UDP);
	assert_int_equal(l.at[2].port, 123);
	assert_null(allow_add(&l, "d.example", true));
	assert_int_equal(l.count, 4);
	assert_null(allow_add(&l, "e.example", false));
	assert_int_equal(l.count, 1);
	free(l.at);
}

static void bad_patterns(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "a.example:",
	    "a.example:tcp",
	    "a.example:tcp/",
	    "a.example:tcp/0",
	    "a.example:tcp/65536",
	    "a.example:tcp/-1",
	    "a.example:tcp/+1",
	    "a.example:tcp/ 1",
	    "a.example:icmp/1",
	    "a.example:tcp/80/81",
	    "a.example:tcp/80x",
	    ":tcp/80",
	    "a..example",
	    ".example",
	    ".",
	    "a.example:tcp/000080",
	    "b\303\274cher.example",
	    "a b.example",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!first_wrong(bad[i]))
			fail_msg("%s was taken", bad[i]);
	}
	char long_label[80] = {0};
	memset(long_label, 'a', 64);
	assert_non_null(first_wrong(long_label));
}

static void too_many(void **state)
{
	(void)state;
	struct allow_list l = {0};

	for (int i = 0; i < ALLOW_MAX; i++)
		assert_null(allow_add(&l, "a.example", true));
	assert_non_null(allow_add(&l, "a.example", true));
	assert_int_equal(l.count, ALLOW_MAX);
	free(l.at);
}

static bool matches(const char *pattern, const char *text)
{
	struct allow_list l = {0};
	uint8_t name[NAME_WIRE_MAX];
	size_t len;

	assert_null(allow_add(&l, pattern, false));
	assert_null(value_name(text, name, &len));
	bool is = allow_any(&l, name);
	free(l.at);
	return is;
}

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *name;
		bool is;
	} cases[] = {
	    {"web.example", "web.example", true},
	    {"web.example", "WEB.Example.", true},
	    {"Web.Example", "web.example", true},
	    {"web.example", "a.web.example", false},
	    {"web.example", "xweb.example", false},
	    {"web.example", "web.example.net", false},
	    {"*.example", "web.example", true},
	    {"*.example", "a.b.c.example", true},
	    {"*.example", "example", false},
	    {"*.example", "xexample", false},
	    {"*.example", "a.example.net", false},
	    {"*", "example", true},
	    {"*", "a.b.c", true},
	    {"*", ".", false},
	    {"api-*.example", "api-1.example", true},
	    {"api-*.example", "api-.example", true},
	    {"api-*.example", "api.example", false},
	    {"api-*.example", "a.api-1.example", false},
	    {"api-*.example", "api-1.x.example", false},
	    {"*-eu.example", "db-eu.example", true},
	    {"*-eu.example", "x.db-eu.example", false},
	    {"a*b*c.example", "abc.example", true},
	    {"a*b*c.example", "axxbyybc.example", true},
	    {"a*b*c.example", "axxbyyb.example", false},
	    {"*a*.example", "banana.example", true},
	    {"x.*.example", "x.y.example", true},
	    {"x.*.example", "x.y.z.example", false},
	    {"*.x*.example", "a.b.xy.example", true},
	    {"*.x*.example", "a.b.yx.example", false},
	    {"no.example,yes.example", "yes.example", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (matches(cases[i].pattern, cases[i].name) != cases[i].is)
			fail_msg("%s and %s", cases[i].pattern, cases[i].name);
	}
}

/* ---- answers ---- */

struct message {
	uint8_t octets[8192];
	struct wr w;
	uint16_t answers;
};

static void put_name(struct message *m, const char *text)
{
	uint8_t wire[NAME_WIRE_MAX];
	size_t len;

	assert_null(value_name(text, wire, &len));
	wr_bytes(&m->w, wire, len);
}

static void begin(struct message *m, const char *name)
{
	*m = (struct message){0};
	m->w = wr_over(m->octets, sizeof(m->octets));
	wr_u16(&m->w, 1);
	wr_u16(&m->w, DNS_FLAG_QR);
	wr_u16(&m->w, 1);
	wr_zero(&m->w, 6);
	put_name(m, name);
	wr_u16(&m->w, DNS_TYPE_A);
	wr_u16(&m->w, DNS_CLASS_IN);
}

/* owner: NULL for a compression pointer to the question's name. */
static void put_record(struct message *m, const char *owner, uint16_t type, uint32_t ttl, const void *data, size_t len)
{
	if (owner)
		put_name(m, owner);
	else
		wr_u16(&m->w, DNS_OWNER_QUESTION);
	wr_u16(&m->w, type);
	wr_u16(&m->w, DNS_CLASS_IN);
	wr_u32(&m->w, ttl);
	wr_u16(&m->w, (uint16_t)len);
	wr_bytes(&m->w, data, len);
	m->answers++;
	m->octets[6] = (uint8_t)(m->answers >> 8);
	m->octets[7] = (uint8_t)m->answers;
}

static void put_address(struct message *m, const char *owner, uint8_t last)
{
	put_record(m, owner, DNS_TYPE_A, 300, (uint8_t[4]){192, 0, 2, last}, 4);
}

static void put_alias(struct message *m, const char *owner, const char *target)
{
	uint8_t wire[NAME_WIRE_MAX];
	size_t len;

	assert_null(value_name(target, wire, &len));
	put_record(m, owner, DNS_TYPE_CNAME, 300, wire, len);
}

static int handed(struct message *m, struct handed at[static HANDED_MOST])
{
	uint8_t name[DNS_NAME_MAX];

	return dns_handed(m->octets, wr_len(&m->w), name, at);
}

static void addresses(void **state)
{
	(void)state;
	struct message m;
	struct handed at[HANDED_MOST];
	uint8_t name[DNS_NAME_MAX], six[16] = {0x20, 1, 0xd, 0xb8};

	begin(&m, "WeB.example");
	put_address(&m, NULL, 1);
	put_address(&m, "web.EXAMPLE", 2);
	put_record(&m, NULL, DNS_TYPE_AAAA, 7, six, 16);
	put_record(&m, NULL, DNS_TYPE_TXT, 7, "\1a", 2);
	assert_int_equal(dns_handed(m.octets, wr_len(&m.w), name, at), 3);
	assert_memory_equal(name, "\3web\7example", 13);
	assert_false(at[0].ip6);
	assert_int_equal(at[0].address[3], 1);
	assert_int_equal(at[0].ttl, 300);
	assert_int_equal(at[1].address[3], 2);
	assert_true(at[2].ip6);
	assert_int_equal(at[2].ttl, 7);
	assert_memory_equal(at[2].address, six, 16);
}

static void aliases(void **state)
{
	(void)state;
	struct message m;
	struct handed at[HANDED_MOST];

	begin(&m, "www.example");
	put_alias(&m, NULL, "a.test");
	put_alias(&m, "A.test", "b.test");
	put_address(&m, "b.test", 1);
	put_address(&m, "c.test", 2); /* nobody asked for that one */
	assert_int_equal(handed(&m, at), 1);
	assert_int_equal(at[0].address[3], 1);

	/* The records of a chain may be in any order. */
	begin(&m, "www.example");
	put_address(&m, "b.test", 1);
	put_alias(&m, "a.test", "b.test");
	put_alias(&m, NULL, "a.test");
	assert_int_equal(handed(&m, at), 1);

	/* Aliases that form a circle. */
	begin(&m, "www.example");
	put_alias(&m, NULL, "a.test");
	put_alias(&m, "a.test", "www.example");
	put_address(&m, "b.test", 1);
	assert_int_equal(handed(&m, at), 0);
}

/* The aliases that an answer contains, and their TTLs. */
static void names_behind_a_name(void **state)
{
	(void)state;
	struct message m;
	struct handed_alias to[HANDED_ALIASES];
	uint8_t name[DNS_NAME_MAX];

	begin(&m, "Www.example");
	assert_int_equal(dns_handed_aliases(m.octets, wr_len(&m.w), name, to), 0);
	put_record(&m, "A.test", DNS_TYPE_CNAME, 90, "\1B\4test", 8);
	put_alias(&m, NULL, "a.test");
	put_record(&m, "b.test", DNS_TYPE_CNAME, 120, "\1c\4test", 8);
	put_alias(&m, "x.test", "y.test"); /* nobody asked for that one */
	assert_int_equal(dns_handed_aliases(m.octets, wr_len(&m.w), name, to), 3);
	assert_memory_equal(name, "\3www\7example", 13);
	assert_memory_equal(to[0].name, "\1a\4test", 8);
	assert_int_equal(to[0].ttl, 300);
	assert_memory_equal(to[1].name, "\1b\4test", 8);
	assert_int_equal(to[1].ttl, 90);
	assert_memory_equal(to[2].name, "\1c\4test", 8);
	assert_int_equal(to[2].ttl, 90);
	for (size_t len = 0; len < wr_len(&m.w); len++)
		assert_int_equal(dns_handed_aliases(m.octets, len, name, to), -1);
	begin(&m, "www.example"); /* a circle of aliases is followed only once */
	put_alias(&m, NULL, "www.example");
	assert_int_equal(dns_handed_aliases(m.octets, wr_len(&m.w), name, to), HANDED_ALIASES);
}

/* ---- what stands behind a name of the list ---- */

static const uint8_t *wire_of(const char *text)
{
	static uint8_t wire[4][NAME_WIRE_MAX];
	static unsigned turn;
	uint8_t *to = wire[turn++ % 4];
	size_t len;

	memset(to, 0, NAME_WIRE_MAX);
	assert_null(value_name(text, to, &len));
	return to;
}

static void names_behind_the_list(void **state)
{
	(void)state;
	struct allow_list l = {0};
	struct aliases *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	assert_null(allow_add(&l, "www.example:tcp/443, *.deep.example, other.example", false));
	assert_true(alias_allowed(&l, NULL, wire_of("www.example")));
	assert_false(alias_allowed(&l, NULL, wire_of("edge.test")));
	alias_follow(a, &l, wire_of("no.example"), wire_of("edge.test"), 300, 1000); /* no name of the list */
	assert_false(alias_allowed(&l, a, wire_of("edge.test")));
	assert_int_equal(a->count, 0);

	/* The alias's target is allowed the same as the listed name, and no more. */
	alias_follow(a, &l, wire_of("www.example"), wire_of("edge.test"), 300, 1000);
	assert_true(alias_allowed(&l, a, wire_of("edge.test")));
	assert_false(alias_allowed(&l, a, wire_of("x.edge.test")));
	assert_false(alias_allowed(&l, a, wire_of("test")));
	assert_true(alias_matches(&l.at[0], a, wire_of("edge.test")));
	assert_false(alias_matches(&l.at[1], a, wire_of("edge.test")));
	alias_follow(a, &l, wire_of("a.deep.example"), wire_of("edge.test"), 100, 1000);
	assert_true(alias_matches(&l.at[1], a, wire_of("edge.test")));
	assert_int_equal(a->count, 2);

	/* A target of the target, from another answer, is allowed no longer than the first target. */
	alias_follow(a, &l, wire_of("edge.test"), wire_of("far.test"), 86400, 2000);
	assert_true(alias_matches(&l.at[0], a, wire_of("far.test")) && alias_matches(&l.at[1], a, wire_of("far.test")));
	alias_follow(a, &l, wire_of("far.test"), wire_of("edge.test"), 86400, 2000); /* a circle keeps nothing alive */
	alias_expire(a, 100999);
	assert_true(alias_matches(&l.at[1], a, wire_of("far.test")));
	alias_expire(a, 101000);
	assert_false(alias_matches(&l.at[1], a, wire_of("far.test")) ||
		     alias_matches(&l.at[1], a, wire_of("edge.test")));
	assert_true(alias_matches(&l.at[0], a, wire_of("far.test")) &&
		    alias_matches(&l.at[0], a, wire_of("edge.test")));

	/* A change of the list takes effect at once. */
	assert_null(allow_add(&l, "other.example", false));
	assert_false(alias_allowed(&l, a, wire_of("edge.test")));
	alias_expire(a, 301000);
	assert_int_equal(a->count, 0);

	/* A minute at least, a day at most. */
	alias_follow(a, &l, wire_of("other.example"), wire_of("a.test"), 0, 1000);
	alias_follow(a, &l, wire_of("other.example"), wire_of("b.test"), UINT32_MAX, 1000);
	alias_expire(a, 60999);
	assert_true(alias_allowed(&l, a, wire_of("a.test")));
	alias_expire(a, 61000);
	assert_false(alias_allowed(&l, a, wire_of("a.test")));
	assert_true(alias_allowed(&l, a, wire_of("b.test")));
	alias_expire(a, 86401000);
	assert_int_equal(a->count, 0);

	/* If the table is full, a new alias replaces the one that expires first. */
	for (unsigned i = 0; i < ALIAS_MOST + 3; i++) {
		char text[32];
		snprintf(text, sizeof(text), "n%u.test", i);
		alias_follow(a, &l, wire_of("other.example"), wire_of(text), i == 7 ? 100 : 200 + i, 1000);
	}
	assert_int_equal(a->count, ALIAS_MOST);
	assert_false(alias_allowed(&l, a, wire_of("n7.test")) || alias_allowed(&l, a, wire_of("n1.test")));
	assert_true(alias_allowed(&l, a, wire_of("n2.test")) && alias_allowed(&l, a, wire_of("n130.test")));
	free(l.at);
	free(a);
}

static void no_answers(void **state)
{
	(void)state;
	struct message m;
	struct handed at[HANDED_MOST];
	uint8_t name[DNS_NAME_MAX];

	begin(&m, "web.example");
	assert_int_equal(handed(&m, at), 0);
	put_record(&m, NULL, DNS_TYPE_A, 300, "\1\2\3", 3);
	assert_int_equal(handed(&m, at), 0);
	put_address(&m, NULL, 1);
	assert_int_equal(handed(&m, at), 1);
	/* A truncated answer is refused wherever it is cut, and never read past its end. */
	size_t whole = wr_len(&m.w);
	for (size_t len = 0; len < whole; len++) {
		uint8_t *copy = malloc(len ? len : 1);
		assert_non_null(copy);
		memcpy(copy, m.octets, len);
		assert_int_equal(dns_handed(copy, len, name, at), -1);
		free(copy);
	}
	m.octets[2] = 0; /* a question */
	assert_int_equal(handed(&m, at), -1);
	/* A compression pointer to itself, and one that points forward. */
	begin(&m, "web.example");
	put_address(&m, NULL, 1);
	m.octets[m.w.p - m.octets - 15] = (uint8_t)(m.w.p - m.octets - 16);
	assert_int_equal(handed(&m, at), -1);
	m.octets[m.w.p - m.octets - 15] = (uint8_t)(m.w.p - m.octets - 4);
	assert_int_equal(handed(&m, at), -1);
}

static void many_addresses(void **state)
{
	(void)state;
	static struct handed at[HANDED_MOST];
	struct message m;

	begin(&m, "web.example");
	for (int i = 0; i < 100; i++)
		put_address(&m, NULL, (uint8_t)i);
	assert_int_equal(handed(&m, at), 100);
	assert_int_equal(at[99].address[3], 99);
	/* More addresses than fit: the return value counts all of them. */
	for (int i = 100; i < HANDED_MOST + 44; i++)
		put_address(&m, NULL, (uint8_t)i);
	assert_int_equal(handed(&m, at), HANDED_MOST + 44);
	assert_int_equal(at[HANDED_MOST - 1].address[3], (HANDED_MOST - 1) & 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(services),
	    cmocka_unit_test(bad_patterns),
	    cmocka_unit_test(too_many),
	    cmocka_unit_test(names),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(aliases),
	    cmocka_unit_test(no_answers),
	    cmocka_unit_test(many_addresses),
	    cmocka_unit_test(names_behind_a_name),
	    cmocka_unit_test(names_behind_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
