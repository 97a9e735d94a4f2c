/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of other name servers: parsing, how long they are kept, the cache, resolv.conf. */
#include "report_catch.h"

#include "base/wr.h"
#include "dns/cache.h"
#include "dns/resolvers.h"
#include "dns/upstream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define Q "\3wWw\7example\0\0\1\0\1"
#define Q_LEN (sizeof(Q) - 1)
#define ANSWER(ttl) "\xc0\x0c\0\1\0\1\0\0\0" ttl "\0\4\xc0\0\2\1"
#define SOA(ttl, minimum) "\0\0\6\0\1\0\0\0" ttl "\0\x1a\1n\0\1r\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0" minimum

static const struct upstream_question q = {.id = 0x1234, .question = (const uint8_t *)Q, .len = Q_LEN, .edns = true};
static uint8_t msg[70000];
static size_t len;
static struct upstream_answer got;

/* Header and question. */
static void begin(uint16_t flags, uint16_t answers, uint16_t authority, uint16_t additional)
{
	struct wr w = wr_over(msg, sizeof(msg));

	wr_u16(&w, 0x1234);
	wr_u16(&w, flags);
	wr_u16(&w, 1);
	wr_u16(&w, answers);
	wr_u16(&w, authority);
	wr_u16(&w, additional);
	wr_bytes(&w, Q, Q_LEN);
	len = wr_len(&w);
}

static void add(const char *octets, size_t n)
{
	memcpy(msg + len, octets, n);
	len += n;
}
#define ADD(octets) add(octets, sizeof(octets) - 1)

static enum upstream_verdict judge_as(const struct upstream_question *as, bool tcp)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, msg, len);
	free(got.wire);
	got = (struct upstream_answer){.ttl = 4711};
	enum upstream_verdict v = upstream_read(copy, len, as, tcp, &got);
	free(copy);
	if (v != UPSTREAM_GOOD)
		assert_int_equal(got.ttl, 4711); /* untouched */
	return v;
}

static enum upstream_verdict judge(void)
{
	return judge_as(&q, false);
}

static void the_query(void **state)
{
	uint8_t out[UPSTREAM_QUERY_MAX];
	struct upstream_question as = q;

	(void)state;
	assert_int_equal(upstream_write(&as, out), 12 + Q_LEN + 11);
	assert_memory_equal(out, "\x12\x34\1\0\0\1\0\0\0\0\0\1" Q "\0\0\x29\4\xd0\0\0\0\0\0\0", 12 + Q_LEN + 11);
	as.dnssec_ok = as.checking_disabled = true;
	assert_int_equal(upstream_write(&as, out), 12 + Q_LEN + 11);
	assert_int_equal(out[3], 0x10);
	assert_int_equal(out[12 + Q_LEN + 7], 0x80);
	as.edns = false;
	assert_int_equal(upstream_write(&as, out), 12 + Q_LEN);
	assert_int_equal(out[11], 0);
}

static void a_good_answer(void **state)
{
	(void)state;
	begin(0x8180, 1, 0, 1);
	ADD(ANSWER("\x3c"));
	ADD("\0\0\x29\4\xd0\0\0\0\0\0\0");
	assert_int_equal(judge(), UPSTREAM_GOOD);
	assert_int_equal(got.ttl, 60);
	assert_int_equal(got.len, 12 + Q_LEN + 16); /* without OPT */
	assert_memory_equal(got.wire + 12, Q ANSWER("\x3c"), Q_LEN + 16);
	assert_int_equal(got.wire[7], 1);
	assert_int_equal(got.wire[11], 0);
	assert_true(upstream_age(got.wire, got.len, 10));
	assert_int_equal(got.wire[12 + Q_LEN + 9], 50);
	assert_true(upstream_age(got.wire, got.len, 100));
	assert_int_equal(got.wire[12 + Q_LEN + 9], 0);
	assert_false(upstream_age(got.wire, got.len - 1, 0));
	memcpy(msg, got.wire, got.len); /* with one octet too many */
	assert_true(upstream_age(msg, got.len, 0));
	assert_false(upstream_age(msg, got.len + 1, 0));
}

/* The last octets of the addresses, in the order of the answer. */
static const char *order(void)
{
	static char said[64];
	const uint8_t *at = got.wire + 12 + Q_LEN;

	for (said[0] = 0; at < got.wire + got.len; at += 12 + at[11])
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%d", at[11 + at[11]]);
	return said;
}

/* Each asker gets another address first. Nothing but addresses is moved. */
static void addresses_take_turns(void **state)
{
	static const char *const orders[] = {"1239", "2319", "3129"};

	(void)state;
	for (uint16_t turn = 0; turn < 9; turn++) {
		begin(0x8180, 4, 0, 0);
		for (char i = 1; i <= 4; i++) {
			ADD(ANSWER("\x3c"));
			msg[len - 1] = (uint8_t)i;
		}
		msg[len - 1] = 9;
		msg[len - 7] = 61; /* a record with another TTL is not of that set */
		assert_int_equal(judge(), UPSTREAM_GOOD);
		assert_string_equal(order(), "1239");
		upstream_rotate(got.wire, got.len, turn);
		assert_string_equal(order(), orders[turn % 3]);
		for (size_t n = 0; n < got.len; n++) /* nothing is read past the end */
			upstream_rotate(memcpy(msg, got.wire, n), n, turn);
	}
	begin(0x8180, 3, 0, 0); /* two types, each a set of its own */
	ADD("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\0\0\0\1");
	ADD("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\0\0\0\2");
	ADD("\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5");
	assert_int_equal(judge(), UPSTREAM_GOOD);
	upstream_rotate(got.wire, got.len, 1);
	assert_string_equal(order(), "215");
	begin(0x8180, 2, 0, 0); /* texts of one length */
	ADD("\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\2\1\1");
	ADD("\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\2\1\2");
	assert_int_equal(judge(), UPSTREAM_GOOD);
	upstream_rotate(got.wire, got.len, 1);
	assert_string_equal(order(), "12");
}

/* Which records may be left out if there is little room (RFC 2181 9), and which may not. */
static void an_answer_without_its_authority(void **state)
{
	static const struct {
		uint16_t flags, answers;
		uint8_t type;
		bool can;
	} cases[] = {{0x8180, 1, 2, true},   {0x8180, 1, 46, true}, {0x8180, 1, 6, false}, {0x8180, 1, 47, false},
		     {0x8180, 1, 50, false}, {0x8180, 0, 2, false}, {0x8183, 1, 2, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].flags, cases[i].answers, 2, 0);
		if (cases[i].answers)
			ADD(ANSWER("\x3c"));
		size_t bare = len;
		ADD("\xc0\x0c\0\2\0\1\0\0\0\x3c\0\3\1a\0");
		size_t second = len;
		ADD("\xc0\x0c\0\2\0\1\0\0\0\x3c\0\3\1b\0");
		msg[second + 3] = cases[i].type;
		assert_int_equal(upstream_bare(msg, len), cases[i].can ? bare : 0);
		for (size_t n = 0; n < len; n++)
			assert_int_equal(upstream_bare(msg, n), 0);
	}
}

static void what_is_no_answer_to_this_question(void **state)
{
	struct upstream_question as = q;

	(void)state;
	begin(0x8180, 1, 0, 0);
	ADD(ANSWER("\x3c"));
	/*
	 * A change of any bit of the ID, of the question, or of QR and the opcode makes it an answer to something else.
	 */
	for (size_t at = 0; at < 12 + Q_LEN; at++) {
		if (at == 3 || (at > 4 && at < 12)) /* code, counts */
			continue;
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			if (at == 2 && !(bit & 0xf8))
				continue;
			msg[at] ^= (uint8_t)bit;
			if (judge() != UPSTREAM_IGNORED)
				fail_msg("octet %zu, bit %02x", at, bit);
			msg[at] ^= (uint8_t)bit;
		}
	}
	assert_int_equal(judge(), UPSTREAM_GOOD);
	as.question = (const uint8_t *)"\3www\7example\0\0\1\0\1"; /* the question in another case */
	assert_int_equal(judge_as(&as, false), UPSTREAM_IGNORED);
	msg[5] = 0;
	assert_int_equal(judge(), UPSTREAM_IGNORED);
	msg[5] = 2;
	assert_int_equal(judge(), UPSTREAM_IGNORED);
}

static void codes(void **state)
{
	struct upstream_question bare = q;

	(void)state;
	bare.edns = false;
	for (uint16_t code = 0; code < 16; code++) {
		bool not_understood = code == 1 || code == 4;
		begin((uint16_t)(0x8180 | code), 0, 0, 0);
		enum upstream_verdict want = code == 0 || code == 3 ? UPSTREAM_GOOD
					     : not_understood       ? UPSTREAM_NO_EDNS
								    : UPSTREAM_FAILED;
		assert_int_equal(judge(), want);
		if (not_understood) {
			assert_int_equal(judge_as(&bare, false), UPSTREAM_FAILED);
			msg[5] = 0; /* only the header */
			len = 12;
			assert_int_equal(judge(), UPSTREAM_NO_EDNS);
		}
	}
	begin(0x8180, 0, 0, 1); /* BADVERS */
	ADD("\0\0\x29\4\xd0\1\0\0\0\0\0");
	assert_int_equal(judge(), UPSTREAM_NO_EDNS);
	begin(0x8380, 0, 0, 0);
	assert_int_equal(judge(), UPSTREAM_TRUNCATED);
	assert_int_equal(judge_as(&q, true), UPSTREAM_FAILED);
	begin(0x8180, 80, 0, 0);
	for (int i = 0; i < 80; i++)
		ADD(ANSWER("\x3c"));
	assert_int_equal(judge(), UPSTREAM_TRUNCATED); /* longer than the size that fold offers */
	assert_int_equal(judge_as(&q, true), UPSTREAM_GOOD);
}

/* A server that reports an error may send only the header: fold need not wait for another answer. */
static void codes_without_a_question(void **state)
{
	(void)state;
	for (uint16_t code = 0; code < 16; code++) {
		bool not_understood = code == 1 || code == 4, no_code = code == 0 || code == 3;
		begin((uint16_t)(0x8180 | code), 0, 0, 0);
		msg[5] = 0;
		len = 12;
		assert_int_equal(judge(), not_understood ? UPSTREAM_NO_EDNS
					  : no_code      ? UPSTREAM_IGNORED
							 : UPSTREAM_FAILED);
		msg[1] ^= 1; /* without a question only the ID protects against forgery */
		assert_int_equal(judge(), UPSTREAM_IGNORED);
	}
}

/* RFC 2308 2.2: a server that does no recursion refers to other servers. That does not mean "no such record". */
static void a_referral(void **state)
{
	static const struct {
		uint16_t flags, answers, soa;
		enum upstream_verdict want;
	} cases[] = {
	    {0x8100, 0, 0, UPSTREAM_FAILED}, {0x8180, 0, 0, UPSTREAM_GOOD}, {0x8500, 0, 0, UPSTREAM_GOOD},
	    {0x8100, 1, 0, UPSTREAM_GOOD},   {0x8100, 0, 1, UPSTREAM_GOOD}, {0x8103, 0, 0, UPSTREAM_GOOD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].flags, cases[i].answers, (uint16_t)(1 + cases[i].soa), 0);
		if (cases[i].answers)
			ADD(ANSWER("\x3c"));
		ADD("\xc0\x10\0\2\0\1\0\0\0\x3c\0\3\1a\0");
		if (cases[i].soa)
			ADD(SOA("\x3c", "\x3c"));
		for (int tcp = 0; tcp < 2; tcp++)
			assert_int_equal(judge_as(&q, tcp), cases[i].want);
	}
}

static void every_cut(void **state)
{
	(void)state;
	begin(0x8180, 2, 1, 1);
	ADD(ANSWER("\x3c"));
	ADD("\xc0\x0c\0\x0f\0\1\0\0\0\x3c\0\6\0\1\1m\xc0\x10");
	ADD(SOA("\x3c", "\x3c"));
	ADD("\0\0\x29\4\xd0\0\0\0\0\0\0");
	assert_int_equal(judge(), UPSTREAM_GOOD);
	for (size_t whole = len--; len > 0; len--) {
		enum upstream_verdict v = judge();
		assert_int_equal(v, len < 12 + Q_LEN ? UPSTREAM_IGNORED : UPSTREAM_FAILED);
		assert_true(len < whole);
	}
}

static void names_that_lead_nowhere(void **state)
{
	static const char *const owners[] = {"\xc0\x1d", "\xc0\x00", "\xff\xff", "\x40\x01", "\x80\x01"};

	(void)state;
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		begin(0x8180, 1, 0, 0);
		ADD(ANSWER("\x3c"));
		memcpy(msg + 12 + Q_LEN, owners[i], 2);
		assert_int_equal(judge(), UPSTREAM_FAILED);
	}
	/* Two pointers to each other. */
	begin(0x8180, 2, 0, 0);
	ADD("\xc0\x2d\0\1\0\1\0\0\0\x3c\0\4\0\0\0\0\xc0\x1d\0\1\0\1\0\0\0\x3c\0\4\0\0\0\0");
	assert_int_equal(judge(), UPSTREAM_FAILED);
	/* A CNAME without a target. */
	begin(0x8180, 1, 0, 0);
	ADD("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\0");
	assert_int_equal(judge(), UPSTREAM_FAILED);
	/* A length and counts that exceed the message. */
	begin(0x8180, 0xffff, 0xffff, 0xffff);
	ADD(ANSWER("\x3c"));
	assert_int_equal(judge_as(&q, true), UPSTREAM_FAILED);
}

static void a_long_honest_answer(void **state)
{
	(void)state;
	begin(0x8180, 4000, 0, 0);
	for (int i = 0; i < 4000; i++)
		ADD(ANSWER("\x3c"));
	assert_int_equal(judge_as(&q, true), UPSTREAM_GOOD);
	assert_int_equal(got.wire[6] << 8 | got.wire[7], 4000);
	assert_int_equal(got.len, len);
	begin(0x8180, 3000, 0, 0); /* with names in the data, too, which are compressed */
	for (int i = 0; i < 3000; i++)
		ADD("\xc0\x0c\0\x0f\0\1\0\0\0\x3c\0\6\0\1\1m\xc0\x0c");
	assert_int_equal(judge_as(&q, true), UPSTREAM_GOOD);
}

/*
 * Adds a record of an unknown type whose data is a chain of pointers, each to the one before. Returns the last pointer.
 */
static uint16_t chain(uint16_t records, size_t pointers)
{
	uint16_t to = 12;

	begin(0x8180, (uint16_t)(1 + records), 0, 0);
	ADD("\xc0\x0c\xff\0\0\1\0\0\0\x3c");
	const uint8_t n[2] = {(uint8_t)(2 * pointers >> 8), (uint8_t)(2 * pointers)};
	add((const char *)n, 2);
	for (; pointers; pointers--) {
		const uint8_t at[2] = {(uint8_t)(0xc0 | to >> 8), (uint8_t)to};
		to = (uint16_t)len;
		add((const char *)at, 2);
	}
	return (uint16_t)(0xc000 | to);
}

static void put_pointer(size_t at, uint16_t pointer)
{
	msg[at] = (uint8_t)(pointer >> 8);
	msg[at + 1] = (uint8_t)pointer;
}

/* Long chains of pointers that many records refer to, as owners and wherever a record's data has a name. */
static void more_work_than_any_honest_answer_is(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t before, after; /* octets of the data: zeros before the name and behind it */
	} data[] = {{2, 0, 0},  {5, 0, 0},  {6, 0, 21}, {6, 1, 20},  {12, 0, 0},  {14, 1, 0}, {15, 2, 0},
		    {17, 1, 0}, {18, 2, 0}, {21, 2, 0}, {24, 18, 1}, {26, 2, 1},  {26, 3, 0}, {30, 0, 1},
		    {33, 6, 0}, {35, 7, 0}, {36, 2, 0}, {39, 0, 0},  {46, 18, 1}, {47, 0, 3}, {55, 4, 0},
		    {58, 1, 0}, {64, 2, 0}, {65, 2, 0}, {107, 2, 0}};

	(void)state;
	uint16_t last = chain(2000, 8000);
	for (int i = 0; i < 2000; i++) {
		ADD(ANSWER("\x3c"));
		put_pointer(len - 16, last);
	}
	assert_int_equal(judge_as(&q, true), UPSTREAM_FAILED);
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		size_t n = (size_t)data[i].before + 2 + data[i].after;
		uint16_t type = data[i].type;
		for (int hostile = 0; hostile < 2; hostile++) {
			last = chain(1200, hostile ? 8000 : 10);
			for (int k = 0; k < 1200; k++) {
				ADD("\xc0\x0c\0\1\0\1\0\0\0\x3c\0");
				put_pointer(len - 9, type);
				const uint8_t octets[64] = {(uint8_t)n};
				add((const char *)octets, 1 + n);
				if (type == 47) /* RFC 4034 4.1.2: its list of types is not empty */
					msg[len - 2] = msg[len - 1] = 1;
				put_pointer(len - data[i].after - 2, hostile ? last : 0xc00c);
			}
			if (judge_as(&q, true) != (hostile ? UPSTREAM_FAILED : UPSTREAM_GOOD))
				fail_msg("type %u, a name %u octets in: %s", type, data[i].before,
					 hostile ? "was followed" : "was not read");
		}
	}
}

/* HIP is the only type with any number of names (RFC 8005 5.6). */
static void a_record_that_is_full_of_chains(void **state)
{
	(void)state;
	uint16_t last = chain(1, 8000);
	ADD("\xc0\x0c\0\x37\0\1\0\0\0\x3c\x27\x14\0\0\0\0");
	for (int i = 0; i < 5000; i++) {
		ADD("\0\0");
		put_pointer(len - 2, last);
	}
	assert_int_equal(judge_as(&q, true), UPSTREAM_FAILED);
}

/* A name with the maximum number of labels, and as many records with that owner as fit. */
static void names_of_many_labels(void **state)
{
	(void)state;
	begin(0x8180, 4001, 0, 0);
	for (int i = 0; i < 127; i++)
		ADD("\1x");
	ADD("\0\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1");
	for (int i = 0; i < 4000; i++) {
		ADD(ANSWER("\x3c"));
		put_pointer(len - 16, 0xc000 | (12 + Q_LEN));
	}
	assert_int_equal(judge_as(&q, true), UPSTREAM_FAILED);
}

/* The TTL of an SOA record that follows the question. */
static uint32_t soa_ttl(void)
{
	const uint8_t *at = got.wire + 12 + Q_LEN + 5;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* How long answers hold: flags, answer, authority, seconds. */
static void how_long_it_is_kept(void **state)
{
	(void)state;
	begin(0x8180, 2, 0, 0); /* the lower TTL of two records counts */
	ADD(ANSWER("\x3c"));
	ADD(ANSWER("\x14"));
	assert_int_equal(judge(), UPSTREAM_GOOD);
	assert_int_equal(got.ttl, 20);
	msg[12 + Q_LEN + 6] = 0x80; /* RFC 2181 8 */
	assert_int_equal(judge(), UPSTREAM_GOOD);
	assert_int_equal(got.ttl, 0);
	msg[12 + Q_LEN + 6] = 0x7f;
	msg[12 + Q_LEN + 16 + 6] = 0x7f;
	assert_int_equal(judge(), UPSTREAM_GOOD);
	assert_int_equal(got.ttl, 86400);
	/* The guest gets the same TTL. */
	assert_memory_equal(got.wire + 12 + Q_LEN + 6, "\0\1\x51\x80", 4);
	assert_true(upstream_age(got.wire, got.len, 400));
	assert_memory_equal(got.wire + 12 + Q_LEN + 6, "\0\1\x4f\xf0", 4);

	static const struct {
		uint16_t flags;
		const char *ttl, *minimum;
		uint32_t want;
	} negative[] = {{0x8183, "\x3c", "\x0a", 10}, {0x8183, "\x0a", "\x3c", 10}, {0x8180, "\x3c", "\x0a", 10}};
	for (size_t i = 0; i < sizeof(negative) / sizeof(negative[0]); i++) {
		begin(negative[i].flags, 0, 1, 0);
		ADD(SOA("\x3c", "\x3c"));
		msg[12 + Q_LEN + 8] = (uint8_t)negative[i].ttl[0];
		msg[len - 1] = (uint8_t)negative[i].minimum[0];
		assert_int_equal(judge(), UPSTREAM_GOOD);
		assert_int_equal(got.ttl, negative[i].want);
		assert_int_equal(soa_ttl(), negative[i].want); /* the guest gets the same TTL */
		assert_true(upstream_age(got.wire, got.len, 3));
		assert_int_equal(soa_ttl(), negative[i].want - 3);
		msg[12 + Q_LEN + 7] = 0xff; /* RFC 2308 5: hours at most */
		msg[len - 2] = 0xff;
		assert_int_equal(judge(), UPSTREAM_GOOD);
		assert_int_equal(got.ttl, 3600);
		assert_int_equal(soa_ttl(), 3600);
		begin(negative[i].flags, 0, 0, 0); /* without SOA */
		assert_int_equal(judge(), UPSTREAM_GOOD);
		assert_int_equal(got.ttl, 0);
	}
	/* A CNAME without a record for its target is a negative answer too. */
	begin(0x8180, 1, 1, 0);
	ADD("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\3\1x\0");
	ADD(SOA("\x3c", "\x07"));
	assert_int_equal(judge(), UPSTREAM_GOOD);
	assert_int_equal(got.ttl, 7);
}

/* ---- the cache ---- */

static void cached_for_its_time(void **state)
{
	struct cache *c = cache_new(CACHE_OCTETS);
	size_t n;
	uint32_t age;

	(void)state;
	cache_put(c, (const uint8_t *)"k1", 2, (const uint8_t *)"hello", 5, 10, 100);
	cache_put(c, (const uint8_t *)"k2", 2, (const uint8_t *)"other", 5, 0, 100); /* TTL 0 */
	assert_int_equal(cache_count(c), 1);
	assert_null(cache_get(c, (const uint8_t *)"k2", 2, 100, &n, &age));
	assert_null(cache_get(c, (const uint8_t *)"k", 1, 100, &n, &age));
	assert_memory_equal(cache_get(c, (const uint8_t *)"k1", 2, 109, &n, &age), "hello", 5);
	assert_int_equal(n, 5);
	assert_int_equal(age, 9);
	cache_put(c, (const uint8_t *)"k1", 2, (const uint8_t *)"newer", 5, 20, 109);
	assert_memory_equal(cache_get(c, (const uint8_t *)"k1", 2, 128, &n, &age), "newer", 5);
	assert_int_equal(cache_count(c), 1);
	assert_null(cache_get(c, (const uint8_t *)"k1", 2, 129, &n, &age));
	assert_int_equal(cache_count(c) + cache_octets(c), 0);
	cache_free(c);
}

static void cache_is_bounded(void **state)
{
	struct cache *c = cache_new(CACHE_OCTETS);
	uint8_t *big = calloc(1, CACHE_ONE_MAX + 1);
	size_t n;
	uint32_t age;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		cache_put(c, (const uint8_t *)&i, 4, big, 50, 60, 0);
		assert_true(cache_count(c) <= CACHE_ENTRIES);
		uint32_t first = 0; /* is used all the time, so it is never evicted */
		assert_non_null(cache_get(c, (const uint8_t *)&first, 4, 0, &n, &age));
	}
	uint32_t second = 1;
	assert_null(cache_get(c, (const uint8_t *)&second, 4, 0, &n, &age));
	for (uint32_t i = 0; i < 500; i++) {
		cache_put(c, (const uint8_t *)&i, 4, big, CACHE_ONE_MAX, 60, 0);
		assert_true(cache_octets(c) <= CACHE_OCTETS);
	}
	assert_true(cache_count(c) >= CACHE_OCTETS / CACHE_ONE_MAX - 2);
	cache_clear(c);
	assert_int_equal(cache_count(c) + cache_octets(c), 0);
	cache_put(c, big, 4, big, CACHE_ONE_MAX + 1, 60, 0);
	assert_int_equal(cache_count(c), 0);
	free(big);
	cache_free(c);
}

/* ---- resolv.conf ---- */

static const char *servers(const char *text)
{
	static char said[400];
	union server at[RESOLVERS_MAX];
	size_t n = resolvers_parse(text, at);

	said[0] = 0;
	for (size_t i = 0; i < n; i++) {
		char one[INET6_ADDRSTRLEN];
		bool four = at[i].any.sa_family == AF_INET;
		inet_ntop(at[i].any.sa_family, four ? (void *)&at[i].four.sin_addr : &at[i].six.sin6_addr, one,
			  sizeof(one));
		assert_int_equal(ntohs(four ? at[i].four.sin_port : at[i].six.sin6_port), 53);
		strcat(strcat(said, i ? " " : ""), one);
		if (!four && at[i].six.sin6_scope_id)
			strcat(said, "%");
	}
	return said;
}

static void resolv_conf(void **state)
{
	(void)state;
	assert_string_equal(servers("nameserver 10.0.0.1\n"), "10.0.0.1");
	assert_string_equal(servers(
				"# x\nsearch a b\nnameserver\t10.0.0.1  \r\nnameserver fe80::1%lo\nnameserver fd00::1"),
			    "10.0.0.1 fe80::1% fd00::1");
	assert_string_equal(servers("nameserver 127.0.0.53\noptions edns0"), "127.0.0.53");
	assert_string_equal(servers(""), "127.0.0.1");
	assert_string_equal(
	    servers("nameserver\nnameserver x\n nameserver 10.0.0.1\nnameservers 10.0.0.2\n;nameserver 10.0.0.3"),
	    "127.0.0.1");
	assert_string_equal(servers("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n"
				    "nameserver 1.1.1.5\nnameserver 1.1.1.6\nnameserver 1.1.1.7\nnameserver 1.1.1.8\n"
				    "nameserver 1.1.1.9\n"),
			    "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 1.1.1.8");
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A file that is written, replaced, removed and made again; then one that is reached through a link. */
static void resolv_conf_changes(void **state)
{
	char dir[] = "/tmp/fold-resolv-XXXXXX", path[64], other[64], real[64];
	struct resolvers r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/resolv.conf", dir);
	snprintf(other, sizeof(other), "%s/new", dir);
	snprintf(real, sizeof(real), "%s/sub", dir);
	assert_int_equal(mkdir(real, 0755), 0);
	snprintf(real, sizeof(real), "%s/sub/stub.conf", dir);
	write_file(path, "nameserver 10.0.0.1\n");
	assert_int_equal(resolvers_open(&r, path), 0);
	assert_int_equal(r.at[0].four.sin_addr.s_addr, inet_addr("10.0.0.1"));
	assert_false(resolvers_update(&r));
	write_file(path, "nameserver 10.0.0.2\n");
	assert_true(resolvers_update(&r));
	assert_int_equal(r.at[0].four.sin_addr.s_addr, inet_addr("10.0.0.2"));
	write_file(other, "nameserver 10.0.0.3\n");
	assert_false(resolvers_update(&r));
	assert_int_equal(rename(other, path), 0);
	assert_true(resolvers_update(&r));
	write_file(path, "nameserver 10.0.0.3\n# the same\n");
	assert_false(resolvers_update(&r));
	assert_int_equal(unlink(path), 0);
	assert_true(resolvers_update(&r));
	assert_int_equal(r.at[0].four.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	write_file(real, "nameserver 10.0.0.4\n");
	assert_int_equal(symlink(real, path), 0);
	assert_true(resolvers_update(&r));
	assert_int_equal(r.at[0].four.sin_addr.s_addr, inet_addr("10.0.0.4"));
	write_file(real, "nameserver 10.0.0.5\n"); /* the link's target */
	assert_true(resolvers_update(&r));
	assert_int_equal(r.at[0].four.sin_addr.s_addr, inet_addr("10.0.0.5"));
	resolvers_close(&r);
	resolvers_close(&r);
	unlink(path);
	unlink(real);
	snprintf(real, sizeof(real), "%s/sub", dir);
	rmdir(real);
	rmdir(dir);
}

static int teardown(void **state)
{
	(void)state;
	free(got.wire);
	got.wire = NULL;
	return 0;
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_query),
	    T(a_good_answer),
	    T(addresses_take_turns),
	    T(an_answer_without_its_authority),
	    T(what_is_no_answer_to_this_question),
	    T(codes),
	    T(codes_without_a_question),
	    T(a_referral),
	    T(every_cut),
	    T(names_that_lead_nowhere),
	    T(a_long_honest_answer),
	    T(more_work_than_any_honest_answer_is),
	    T(a_record_that_is_full_of_chains),
	    T(names_of_many_labels),
	    T(how_long_it_is_kept),
	    T(cached_for_its_time),
	    T(cache_is_bounded),
	    T(resolv_conf),
	    T(resolv_conf_changes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
