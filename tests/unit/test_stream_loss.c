/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS over TCP with segments that are lost, late, cut or forged, and with more connections than fold keeps. */
#include "stream_peer.h"

#define A 1
#define TXT 16

static uint8_t read[140000];

static void a_syn_is_never_answered(void **state)
{
	static const unsigned waits[] = {300, 600, 1200, 2400, 4800};

	(void)state;
	open_with_mss();
	for (size_t i = 0; i < 5; i++) {
		pass(waits[i] - 1);
		assert_int_equal(t.count, 0);
		pass(1);
		only(SYN | ACK, FIRST, t.seq + 1);
	}
	pass(700);
	assert_int_equal(t.count, 0);
	assert_int_equal(stream_count(t.s), 0);
	assert_int_equal(stream_deadline(t.s), 0);
}

static void an_answer_is_never_acknowledged(void **state)
{
	(void)state;
	connected(40001);
	ask(5, "db", A);
	uint32_t len = t.heard[0].seg.len, at = t.ack;
	static const unsigned waits[] = {300, 600, 1200, 2400, 4800};
	for (size_t i = 0; i < 5; i++) {
		pass(waits[i] - 1);
		assert_int_equal(t.count, 0);
		pass(1);
		only(ACK | PSH, at, t.seq);
		assert_int_equal(t.heard[0].seg.len, len);
	}
	pass(700);
	only(RST | ACK, at + len, t.seq);
	assert_int_equal(stream_count(t.s), 0);
}

/* Every nth segment is lost, and the peer keeps only segments in order: all data arrives in the end, and once. */
static void losses(void **state)
{
	(void)state;
	for (size_t nth = 2; nth < 14; nth++) {
		size_t len = 0, n = 0;
		connected((uint16_t)(40000 + nth));
		ask(5, "long", TXT);
		for (int turns = 0; len < 2 + 65535 - 11 && turns < 1000; turns++) {
			bool heard = false;
			for (size_t i = 0; i < t.count; i++) {
				struct heard *h = &t.heard[i];
				if (n++ % nth == 0 || h->seg.seq != t.ack)
					continue;
				memcpy(read + len, h->data, h->seg.len);
				len += h->seg.len;
				t.ack += h->seg.len;
				heard = true;
			}
			if (heard || t.count)
				put(ACK, t.seq, t.ack, NULL, 0);
			else
				pass(stream_deadline(t.s) - t.now);
		}
		assert_int_equal(is_answer(read, 5, 1), len);
		put(RST, t.seq, 0, NULL, 0);
	}
}

/*
 * RFC 5681 3.2, 6582: the third duplicate ACK makes the stream retransmit without waiting for the timer, and a partial
 * ACK makes it retransmit the next hole.
 */
static void one_segment_is_lost(void **state)
{
	(void)state;
	connected(40001);
	ask(5, "long", TXT);
	uint32_t from = t.ack, mss = t.heard[0].seg.len;
	put(ACK, t.seq, from, NULL, 0);
	assert_int_equal(t.count, 0);
	put(ACK, t.seq, from, NULL, 0);
	assert_int_equal(t.count, 0);
	put(ACK, t.seq, from, NULL, 0);
	assert_true(t.count >= 1);
	assert_int_equal(t.heard[0].seg.seq, from);
	assert_int_equal(t.heard[0].seg.len, mss);
	put(ACK, t.seq, from + 3 * mss, NULL, 0);
	assert_true(t.count >= 1);
	assert_int_equal(t.heard[0].seg.seq, from + 3 * mss);
	/* All is acknowledged: the stream goes on with new data. */
	put(ACK, t.seq, from + 10 * mss, NULL, 0);
	assert_true(t.count >= 1);
	assert_int_equal(t.heard[0].seg.seq, from + 10 * mss);
}

static void goes_back(void **state)
{
	(void)state;
	connected(40001);
	ask(5, "long", TXT);
	uint32_t from = t.ack, mss = t.heard[0].seg.len;
	pass(300);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.heard[0].seg.seq, from);
	/* Only the acknowledgement had been lost: data that has arrived is not sent again. */
	put(ACK, t.seq, from + 10 * mss, NULL, 0);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.heard[0].seg.seq, from + 10 * mss);
	/* A pure ACK has the highest number sent, even after going back to retransmit (RFC 9293 3.4). */
	pass(300);
	assert_int_equal(t.heard[0].seg.seq, from + 10 * mss);
	put(ACK, t.seq - 1, t.ack, "x", 1);
	assert_int_equal(t.heard[0].seg.seq, from + 12 * mss);
}

static void a_window_of_nothing(void **state)
{
	(void)state;
	connected(40001);
	t.window = 0;
	ask(5, "db", A);
	only(ACK, t.ack, t.seq);
	uint32_t from = t.ack;
	for (int i = 0; i < 3; i++) {
		pass(stream_deadline(t.s) - t.now);
		assert_int_equal(t.count, 1);
		assert_int_equal(t.heard[0].seg.seq, from);
		assert_int_equal(t.heard[0].seg.len, 1);
		for (int again = 0; again < 4; again++) {
			put(ACK, t.seq, from, NULL, 0); /* the peer drops the probe: no loss, its window is full */
			assert_int_equal(t.count, 0);
		}
	}
	t.window = 20;
	put(ACK, t.seq, from, NULL, 0);
	assert_int_equal(t.count, 0); /* a window of 20 octets is used only after a while */
	pass(stream_deadline(t.s) - t.now);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.heard[0].seg.seq, from);
	assert_int_equal(t.heard[0].seg.len, 20);
	t.ack += 20;
	t.window = 1000;
	put(ACK, t.seq, t.ack, NULL, 0);
	assert_int_equal(t.heard[0].seg.seq, from + 20);
	assert_int_equal(t.heard[0].seg.flags, ACK | PSH);
	put(ACK, t.seq, t.ack + t.heard[0].seg.len, NULL, 0);
	/* If the window opens for the whole answer, all of it is sent at once, including the probe's octet. */
	t.ack += t.heard[0].seg.len;
	t.window = 0;
	ask(5, "db", A);
	pass(stream_deadline(t.s) - t.now);
	t.window = 1000;
	put(ACK, t.seq, t.ack, NULL, 0);
	one_answer(read, sizeof(read), 5, 1);
	put(RST, t.seq, 0, NULL, 0);
	/* A peer that never opens its window is reset after STREAM_SILENCE_MS. */
	connected(40002);
	t.window = 0;
	ask(5, "db", A);
	for (uint64_t end = t.now + STREAM_SILENCE_MS; t.now < end;) {
		pass(stream_deadline(t.s) - t.now);
		if (t.heard[0].seg.flags == ACK)
			put(ACK, t.seq, t.ack, NULL, 0);
	}
	assert_int_equal(t.heard[0].seg.flags, RST | ACK);
}

/* A segment that is partly old but acknowledges more does update the window. */
static void a_window_that_comes_late(void **state)
{
	(void)state;
	connected(40001);
	t.window = 1452;
	ask(5, "long", TXT);
	assert_int_equal(t.count, 1);
	take_heard(read, sizeof(read));
	t.window = 3;
	put(ACK, t.seq - 1, t.ack, "xy", 2); /* one octet is new */
	only(ACK, t.ack, t.seq + 1);
	assert_int_equal(t.heard[0].seg.len, 0);
}

/* RFC 9293 3.8.6.2.1: no small segments while there is more data to send. */
static void a_small_window(void **state)
{
	(void)state;
	connected(40001);
	t.window = 3000;
	ask(5, "long", TXT);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.heard[1].seg.len, 1452);
	put(ACK, t.seq, t.ack + 1452, NULL, 0);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.heard[0].seg.len, 1452);
}

/* A retransmission never goes beyond the window, and its acknowledgement counts. */
static void again_within_the_window(void **state)
{
	(void)state;
	connected(40001);
	t.window = 600;
	ask(5, "long", TXT);
	uint32_t from = t.heard[0].seg.seq, sent = 0;
	for (size_t i = 0; i < t.count; i++)
		sent += t.heard[i].seg.len;
	if (!sent) {
		pass(stream_deadline(t.s) - t.now); /* a small window is used only after a while */
		from = t.heard[0].seg.seq;
		sent = t.heard[0].seg.len;
	}
	assert_in_range(sent, 1, 600);
	for (int i = 0; i < 3; i++)
		put(ACK, t.seq, from, NULL, 0);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.heard[0].seg.seq, from);
	assert_in_range(t.heard[0].seg.len, 1, sent);
	put(ACK, t.seq, from + sent, NULL, 0);
	if (!t.count)
		pass(stream_deadline(t.s) - t.now);
	assert_true(t.count >= 1);
	assert_int_equal(t.heard[0].seg.seq, from + sent);
}

static void out_of_order(void **state)
{
	uint8_t q[100];
	size_t len = question(q, sizeof(q), 5, "db", A);
	uint32_t at;

	(void)state;
	connected(40001);
	at = t.seq;
	put(ACK, at + 5, t.ack, q + 5, len - 5);
	only(ACK, t.ack, at); /* out of order: dropped, with an immediate ACK */
	put(ACK | FIN, at + (uint32_t)len, t.ack, NULL, 0);
	only(ACK, t.ack, at);
	put(ACK, at, t.ack, q, 10);
	only(ACK, t.ack, at + 10);
	put(ACK, at, t.ack, q, 10); /* a repetition of old data */
	only(ACK, t.ack, at + 10);
	put(ACK, at + 4, t.ack, q + 4, len - 4); /* partly old, partly new */
	only(ACK | PSH, t.ack, at + (uint32_t)len);
	one_answer(read, sizeof(read), 5, 1);
	/* A keep-alive (RFC 9293 3.8.4) is answered. */
	put(ACK, at + (uint32_t)len - 1, t.ack, NULL, 0);
	only(ACK, t.ack, at + (uint32_t)len);
}

/* RFC 5961 3.2: a reset is accepted only with exactly the next expected sequence number. */
static void resets(void **state)
{
	(void)state;
	connected(40001);
	put(RST, t.seq - 1, 0, NULL, 0);
	assert_int_equal(t.count, 0);
	put(RST, t.seq + STREAM_INPUT, 0, NULL, 0);
	assert_int_equal(t.count, 0);
	put(RST, t.seq + 1, 0, NULL, 0);
	only(ACK, t.ack, t.seq);
	put(RST, t.seq + 2, 0, NULL, 0); /* challenge ACKs are limited */
	assert_int_equal(t.count, 0);
	t.now += 200;
	put(RST, t.seq + 2, 0, NULL, 0);
	only(ACK, t.ack, t.seq);
	assert_int_equal(stream_count(t.s), 1);
	put(RST, t.seq, 0, NULL, 0);
	assert_int_equal(t.count, 0);
	assert_int_equal(stream_count(t.s), 0);
}

/* RFC 5961 4.2: a SYN ends no connection. A peer that has really restarted answers the challenge ACK by a reset. */
static void syns(void **state)
{
	(void)state;
	connected(40001);
	put(SYN, t.seq + 100000, 0, NULL, 0);
	only(ACK, t.ack, t.seq);
	put(SYN, t.seq, 0, NULL, 0);
	assert_int_equal(t.count, 0);
	t.now += 200;
	put(SYN | ACK, t.seq, t.ack, NULL, 0);
	only(ACK, t.ack, t.seq);
	put(RST, t.heard[0].seg.ack, 0, NULL, 0);
	assert_int_equal(stream_count(t.s), 0);
	connected(40001);
}

static void forged_acknowledgements(void **state)
{
	(void)state;
	connected(40001);
	put(ACK, t.seq, t.ack + 1, "abc", 3); /* acknowledges data that was never sent */
	only(ACK, t.ack, t.seq);
	put(ACK, t.seq, t.ack - 70000, "abc", 3); /* RFC 5961 5.2 */
	assert_int_equal(t.count, 0);
	t.now += 200;
	put(ACK, t.seq, t.ack - 70000, "abc", 3);
	only(ACK, t.ack, t.seq);
	put(0, t.seq, 0, "abc", 3);
	assert_int_equal(t.count, 0);
	ask(5, "db", A); /* none of that data was accepted */
	one_answer(read, sizeof(read), 5, 1);
}

static void options(void **state)
{
	static const struct {
		uint8_t octets[12];
		size_t len;
		uint16_t most;
	} cases[] = {
	    {{2, 4, 2, 0}, 4, 512},
	    {{2, 0, 2, 0}, 4, 536},
	    {{2, 1, 2, 0}, 4, 536},
	    {{2, 3, 2, 0}, 4, 536},
	    {{2, 40, 2, 0}, 4, 536},
	    {{1, 1, 1, 2}, 4, 536},
	    {{0, 2, 4, 2, 0}, 8, 536},
	    {{3, 3, 7, 2, 4, 2, 0}, 8, 512},
	    {{5, 2, 1, 2, 4, 2, 0, 0}, 8, 512},
	    {{8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4}, 12, 536},
	    {{255, 255, 2, 4, 2, 0}, 8, 536},
	    {{2, 4, 0, 0}, 4, 536},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t.port = (uint16_t)(41000 + i);
		memcpy(t.options, cases[i].octets, cases[i].len);
		t.options_len = cases[i].len;
		put(SYN, t.seq, 0, NULL, 0);
		only(SYN | ACK, FIRST, t.seq + 1);
		t.options_len = 0;
		t.seq++;
		t.ack = FIRST + 1;
		ask(1, "long", TXT);
		assert_int_equal(t.heard[0].seg.len, cases[i].most);
		put(RST, t.seq, 0, NULL, 0);
	}
}

/* Handshakes that are never completed do not displace connections, however many there are. */
static void a_flood(void **state)
{
	(void)state;
	connected(40001);
	uint32_t seq = t.seq, ack = t.ack;
	for (uint16_t i = 0; i < 1000; i++) {
		t.port = (uint16_t)(50000 + i);
		t.now += 4;
		put(SYN, 7, 0, NULL, 0);
		assert_true(t.count == 1 || t.count == 2); /* 2: with a reset to the oldest open handshake */
		assert_int_equal(t.heard[t.count - 1].seg.flags, SYN | ACK);
		if (t.count == 2)
			assert_int_equal(t.heard[0].port, 50000 + i - (STREAM_CONNECTIONS - 1));
	}
	assert_int_equal(stream_count(t.s), STREAM_CONNECTIONS);
	t.port = 40001;
	t.seq = seq;
	t.ack = ack;
	ask(5, "db", A);
	one_answer(read, sizeof(read), 5, 1);
	/* A proper connection can be opened in the middle of the flood. */
	t.port = 40002;
	open_with_mss();
	assert_int_equal(t.count, 2);
	t.ack = FIRST + 1;
	t.seq++;
	put(ACK, t.seq, t.ack, NULL, 0);
	ask(6, "db", A);
	one_answer(read, sizeof(read), 6, 1);
}

static void more_than_there_are(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < STREAM_CONNECTIONS; i++) {
		t.now++;
		connected((uint16_t)(40001 + i));
	}
	/* A newcomer displaces no connection that was opened so recently, because its peer is about to ask. */
	t.port = 50000;
	t.now += 900;
	open_with_mss();
	assert_int_equal(t.count, 0);
	/* Later it displaces the connection that was silent the longest. */
	t.now += 100;
	open_with_mss();
	assert_int_equal(t.count, 2);
	assert_int_equal(t.heard[0].seg.flags, RST | ACK);
	assert_int_equal(t.heard[0].port, 40001);
	assert_int_equal(t.heard[1].seg.flags, SYN | ACK);
	put(ACK, t.seq + 1, FIRST + 1, NULL, 0);
	put(RST, t.seq + 1, 0, NULL, 0);
	connected(40001);
	/* If all connections wait for answers, the newcomer has to try again. */
	for (uint16_t i = 0; i < STREAM_CONNECTIONS; i++) {
		t.port = (uint16_t)(40001 + i);
		t.seq = 0xffffff00U + 1 + i + (i == 0 ? STREAM_CONNECTIONS : 0);
		t.ack = FIRST + 1;
		ask(5, "far.zone", A);
		assert_int_equal(t.asked_count, i + 1U);
	}
	t.port = 50000;
	t.now += 500;
	open_with_mss();
	assert_int_equal(t.count, 0);
	t.now += 500;
	open_with_mss();
	assert_int_equal(t.count, 2);
	assert_int_equal(stream_count(t.s), STREAM_CONNECTIONS);
	assert_null(stream_message(t.s, t.asked[0]));
}

/* A connection that has had its answer is displaced sooner than one that has not asked yet. */
static void one_that_was_answered(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < STREAM_CONNECTIONS; i++) {
		connected((uint16_t)(40001 + i));
		if (i != 7)
			continue;
		ask(5, "db", A);
		one_answer(read, sizeof(read), 5, 1);
		put(ACK, t.seq, t.ack, NULL, 0);
	}
	t.port = 50000;
	t.now += 99;
	open_with_mss();
	assert_int_equal(t.count, 0);
	t.now += 1;
	open_with_mss();
	assert_int_equal(t.count, 2);
	assert_int_equal(t.heard[0].port, 40008);
	assert_int_equal(t.heard[0].seg.flags, FIN | ACK); /* no reset, so that the peer can still read the answer */
}

/* The memory of a long answer is returned to the system after it was read; new pages are zero. */
static void memory_is_given_back(void **state)
{
	(void)state;
	connected(40001);
	for (int i = 0; i < 2; i++) {
		ask(5, "long", TXT);
		assert_true(read_all(read, sizeof(read)) > 65500);
		struct wr *w;
		ask(6, "far.zone", A);
		put(ACK, t.seq, t.ack, NULL, 0);
		w = stream_message(t.s, t.asked[i]);
		for (size_t at = 0; at < 60000; at++)
			assert_int_equal(w->start[at], 0);
		wr_zero(w, 12);
		t.count = 0;
		stream_message_done(t.s, &t.g, t.asked[i], t.now);
		take_heard(read, sizeof(read));
		put(ACK, t.seq, t.ack, NULL, 0);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, peer_start, peer_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_syn_is_never_answered),
	    T(an_answer_is_never_acknowledged),
	    T(losses),
	    T(one_segment_is_lost),
	    T(goes_back),
	    T(a_window_of_nothing),
	    T(a_window_that_comes_late),
	    T(a_small_window),
	    T(again_within_the_window),
	    T(out_of_order),
	    T(resets),
	    T(syns),
	    T(forged_acknowledgements),
	    T(options),
	    T(a_flood),
	    T(more_than_there_are),
	    T(one_that_was_answered),
	    T(memory_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
