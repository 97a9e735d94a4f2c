/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS over TCP: questions in segments of any size, answers, forwarded questions, and how a connection ends. */
#include "stream_peer.h"

#define A 1
#define TXT 16

static uint8_t read[140000];

static void handshake(void **state)
{
	(void)state;
	for (int six = 0; six < 2; six++) {
		t.six = six;
		open_with_mss();
		only(SYN | ACK, FIRST, t.seq + 1);
		assert_int_equal(t.heard[0].header, 24); /* MSS and nothing else */
		assert_int_equal(t.heard[0].seg.mss, 1220);
		assert_int_equal(t.heard[0].seg.window, STREAM_INPUT);
		/* A repeated SYN belongs to the same connection. */
		open_with_mss();
		only(SYN | ACK, FIRST, t.seq + 1);
		put(ACK, t.seq + 1, FIRST + 1, NULL, 0);
		assert_int_equal(t.count, 0);
		assert_int_equal(stream_count(t.s), (size_t)six + 1);
	}
	/* RFC 9293 3.7.1: the MSS follows from the link's MTU if that is less. */
	t.g.id.mtu = 576;
	t.six = false;
	t.port++;
	open_with_mss();
	assert_int_equal(t.heard[0].seg.mss, 536);
}

static void what_a_syn_carries_comes_again(void **state)
{
	uint8_t q[100];
	size_t len = question(q, sizeof(q), 7, "db", A);

	(void)state;
	put(SYN, t.seq, 0, q, len);
	only(SYN | ACK, FIRST, t.seq + 1);
	t.seq++;
	t.ack = FIRST + 1;
	send_data(q, len);
	one_answer(read, sizeof(read), 7, 1);
}

static void another_beginning(void **state)
{
	(void)state;
	open_with_mss();
	t.seq += 5000; /* as if the peer had restarted */
	open_with_mss();
	only(SYN | ACK, FIRST, t.seq + 1);
	assert_int_equal(stream_count(t.s), 1);
	/* An ACK of another number is answered by a reset, and changes nothing. */
	put(ACK, t.seq + 1, 77, NULL, 0);
	only(RST, 77, 0);
	put(ACK, t.seq + 1, FIRST + 1, NULL, 0);
	assert_int_equal(t.count, 0);
	/* A SYN with FIN or RST opens no connection. */
	t.port++;
	put(SYN | FIN, t.seq, 0, NULL, 0);
	only(RST | ACK, 0, t.seq + 2);
	put(SYN | RST, t.seq, 0, NULL, 0);
	assert_int_equal(t.count, 0);
}

static void answers(void **state)
{
	(void)state;
	connected(40001);
	ask(0x1234, "db", A);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.heard[0].seg.flags, ACK | PSH);
	assert_int_equal(t.heard[0].seg.ack, t.seq);
	assert_int_equal(t.heard[0].seg.window, STREAM_INPUT);
	size_t len = one_answer(read, sizeof(read), 0x1234, 1);
	assert_memory_equal(read + len - 4, "\12\0\1\1", 4);
	assert_string_equal(t.noted, "DNS: answered");
	ask(2, "nobody.invalid", A);
	one_answer(read, sizeof(read), 2, 0);
	assert_string_equal(t.noted, "DNS: no such name");
	assert_int_equal(t.asked_count, 0);
}

static void cut_at_every_octet(void **state)
{
	uint8_t q[100], whole[200];
	size_t len = question(q, sizeof(q), 9, "db", A), want;

	(void)state;
	connected(40001);
	send_data(q, len);
	want = take_heard(whole, sizeof(whole));
	for (size_t at = 1; at < len; at++) {
		send_data(q, at);
		only(ACK, t.ack, t.seq);
		assert_int_equal(t.heard[0].seg.window, STREAM_INPUT - at);
		send_data(q + at, len - at);
		assert_int_equal(t.heard[0].seg.window, STREAM_INPUT);
		assert_int_equal(take_heard(read, sizeof(read)), want);
		assert_memory_equal(read, whole, want);
	}
	for (size_t at = 0; at < len; at++)
		send_data(q + at, 1);
	assert_int_equal(take_heard(read, sizeof(read)), want);
}

static void several_at_once(void **state)
{
	uint8_t q[400];
	size_t len = 0, at = 0;

	(void)state;
	connected(40001);
	for (uint16_t id = 1; id <= 5; id++)
		len += question(q + len, sizeof(q) - len, id, id == 3 ? "nothing" : "db", A);
	t.g.dns.forward = false;
	/* The first part of a sixth question. */
	memcpy(q + len, q, 10);
	send_data(q, len + 10);
	size_t got = take_heard(read, sizeof(read));
	for (uint16_t id = 1; id <= 5; id++)
		at += is_answer(read + at, id, id != 3);
	assert_int_equal(at, got);
	send_data(q + 10, question(q, sizeof(q), 1, "db", A) - 10);
	one_answer(read, sizeof(read), 1, 1);
	assert_int_equal(t.notes, 6);
}

static void the_longest_answer(void **state)
{
	static const struct {
		uint16_t mss;
		uint32_t mtu;
		bool six;
		uint32_t most;
	} links[] = {{536, 1500, false, 536}, {1460, 1500, false, 1452}, {1440, 1500, true, 1440},
		     {0, 1500, false, 536},   {0, 1500, true, 1220},     {1, 1500, false, 88},
		     {1460, 600, false, 560}, {65535, 0, true, 1452}};

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		t.mss = links[i].mss;
		t.six = links[i].six;
		t.g.id.mtu = links[i].mtu;
		connected((uint16_t)(40001 + i));
		ask(5, "long", TXT);
		/* RFC 6928: the initial window is ten full segments. */
		assert_int_equal(t.count, 10);
		for (size_t n = 0; n < t.count; n++) {
			assert_int_equal(t.heard[n].seg.len, links[i].most);
			assert_int_equal(t.heard[n].seg.flags, ACK);
		}
		size_t len = read_all(read, sizeof(read));
		/* The maximum less the room that is kept for an OPT record, which the question has not. */
		assert_int_equal(len, 2 + 65535 - 11);
		assert_int_equal(is_answer(read, 5, 1), len);
		assert_int_equal(read[4] & 2, 0); /* no TC */
		for (size_t n = 2 + 12 + 10 + 12; n < len; n++)
			assert_true(read[n] == 'x' || (n - 36) % 256 == 0);
		assert_int_equal(t.count, 0);
		put(FIN | ACK, t.seq, t.ack, NULL, 0);
		only(FIN | ACK, t.ack, t.seq + 1);
		put(ACK, t.seq + 1, t.ack + 1, NULL, 0);
		assert_int_equal(stream_count(t.s), 0);
		t.seq += 1000;
	}
}

static void what_no_message_holds_is_cut(void **state)
{
	(void)state;
	connected(40001);
	ask(5, "toolong", TXT);
	one_answer(read, sizeof(read), 5, 0);
	assert_int_equal(read[4] & 2, 2);
}

static void lengths_that_lie(void **state)
{
	static const uint8_t zero[] = {0, 0, 1}, far[] = {(STREAM_INPUT - 1) >> 8, (STREAM_INPUT - 1) & 255},
			     tiny[] = {0, 3, 1, 2, 3}, reply[] = {0, 12, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	const struct {
		const uint8_t *data;
		size_t len;
	} lies[] = {{zero, 3}, {far, 2}, {tiny, 5}, {reply, 14}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		connected((uint16_t)(40001 + i));
		send_data(lies[i].data, lies[i].len);
		only(RST | ACK, t.ack, t.seq);
		assert_int_equal(stream_count(t.s), 0);
		assert_int_equal(t.refusals, i + 1);
	}
	/* A message of the maximum length, which takes up all of the window. */
	connected(40009);
	send_data((const uint8_t[]){(STREAM_INPUT - 2) >> 8, (STREAM_INPUT - 2) & 255}, 2);
	memset(read, 0, STREAM_INPUT);
	send_data(read, STREAM_INPUT - 3);
	only(ACK, t.ack, t.seq);
	assert_int_equal(t.heard[0].seg.window, 1);
	send_data(read, 1);
	only(ACK | PSH, t.ack, t.seq); /* FORMERR: no question */
	one_answer(read, sizeof(read), 0, 0);
}

static void others_are_asked(void **state)
{
	uint8_t q[800];
	size_t len = 0;

	(void)state;
	connected(40001);
	for (uint16_t id = 1; id <= STREAM_QUESTIONS + 2; id++)
		len += question(q + len, sizeof(q) - len, id, "far.zone", A);
	send_data(q, len);
	only(ACK, t.ack, t.seq);
	/* The remaining questions stay in the input buffer. */
	assert_int_equal(t.asked_count, STREAM_QUESTIONS);
	assert_int_equal(t.heard[0].seg.window, STREAM_INPUT - 2 * len / (STREAM_QUESTIONS + 2));
	/* The answers may come in any order. */
	for (size_t i = t.asked_count; i-- > 0;) {
		struct wr *w = stream_message(t.s, t.asked[i]);
		assert_non_null(w);
		assert_int_equal(wr_left(w), DNS_TCP_MAX);
		wr_u16(w, (uint16_t)(100 + i));
		wr_zero(w, 10);
		t.count = 0;
		stream_message_done(t.s, &t.g, t.asked[i], t.now);
		assert_int_equal(take_heard(read, sizeof(read)), 14);
		assert_int_equal(read[3], 100 + i);
		put(ACK, t.seq, t.ack, NULL, 0);
		if (i == 0)
			break;
	}
	assert_int_equal(t.asked_count, STREAM_QUESTIONS + 2);
	/* An answer for a connection that has ended is refused, also after the port is in use again. */
	put(RST, t.seq, 0, NULL, 0);
	assert_int_equal(stream_count(t.s), 0);
	assert_null(stream_message(t.s, t.asked[STREAM_QUESTIONS]));
	connected(40001);
	assert_null(stream_message(t.s, t.asked[STREAM_QUESTIONS]));
	assert_null(stream_message(t.s, UINT64_MAX));
}

static void nobody_can_be_asked(void **state)
{
	(void)state;
	t.nobody = true;
	connected(40001);
	ask(5, "far.zone", A);
	one_answer(read, sizeof(read), 5, 0);
	assert_int_equal(read[5] & 15, DNS_RCODE_SERVFAIL);
	/* An answer that does not fit into its buffer ends the connection. */
	t.nobody = false;
	put(ACK, t.seq, t.ack, NULL, 0);
	ask(6, "far.zone", A);
	stream_message(t.s, t.asked[0])->full = true;
	t.count = 0;
	stream_message_done(t.s, &t.g, t.asked[0], t.now);
	only(RST | ACK, t.ack, t.seq);
	assert_int_equal(stream_count(t.s), 0);
}

/* While answers cannot be sent, further questions wait in the input buffer, and the window closes. */
static void no_room_for_answers(void **state)
{
	uint8_t q[100];
	size_t len = question(q, sizeof(q), 5, "long", TXT), asked = 0, answered = 0;

	(void)state;
	connected(40001);
	t.window = 0;
	put(ACK, t.seq, t.ack, NULL, 0);
	for (; asked < 100 && (asked == 0 || t.heard[0].seg.window >= len); asked++)
		send_data(q, len);
	assert_int_equal(asked, 1 + STREAM_INPUT / len);
	assert_int_equal(t.notes, 1);
	assert_int_equal(t.heard[0].seg.flags, ACK);
	/* Data beyond the offered window is not accepted. */
	size_t left = t.heard[0].seg.window;
	put(ACK | FIN, t.seq, t.ack, q, len); /* nor is a FIN before the data that precedes it */
	only(ACK, t.ack, t.seq + (uint32_t)left);
	assert_int_equal(t.heard[0].seg.window, 0);
	t.seq += (uint32_t)left;
	/* A probe of the closed window is answered, and its acknowledgement and window count. */
	t.window = 65535;
	put(ACK, t.seq, t.ack, q + left, 1);
	assert_int_equal(t.count, 10);
	assert_int_equal(t.heard[0].seg.ack, t.seq);
	for (size_t more; (more = take_heard(read, sizeof(read)));) {
		answered += more;
		put(ACK, t.seq, t.ack, NULL, 0);
	}
	assert_int_equal(answered, asked * (2 + 65535 - 11));
	assert_int_equal(t.notes, asked);
}

/* Data that the peer has acknowledged makes room for further answers. */
static void room_at_the_front(void **state)
{
	const size_t some = 2 + 12 + 10 + 12 + 3012;
	size_t len = 0, at = 0;

	(void)state;
	connected(40001);
	ask(5, "long", TXT);
	while (len < 30000) {
		len += take_heard(read + len, sizeof(read) - len);
		put(ACK, t.seq, t.ack, NULL, 0);
	}
	t.window = 0;
	for (uint16_t id = 6; id < 14; id++)
		ask(id, "some", TXT);
	assert_int_equal(t.notes, 9);
	t.window = 65535;
	put(ACK, t.seq, t.ack, NULL, 0);
	for (size_t more; (more = take_heard(read + len, sizeof(read) - len)); len += more)
		put(ACK, t.seq, t.ack, NULL, 0);
	assert_int_equal(len, 2 + 65535 - 11 + 8 * some);
	at = is_answer(read, 5, 1);
	for (uint16_t id = 6; id < 14; id++) {
		assert_int_equal(is_answer(read + at, id, 1), some);
		at += some;
	}
}

static void the_peer_ends(void **state)
{
	uint8_t q[100];
	size_t len = question(q, sizeof(q), 5, "far.zone", A);

	(void)state;
	/* The FIN comes with the last question, which is forwarded. */
	connected(40001);
	put(ACK | FIN | PSH, t.seq, t.ack, q, len);
	t.seq += (uint32_t)len + 1;
	only(ACK, t.ack, t.seq);
	put(ACK | FIN, t.seq - 1, t.ack, NULL, 0); /* again */
	only(ACK, t.ack, t.seq);
	put(ACK, t.seq, t.ack, q, len); /* data after the FIN is ignored */
	only(ACK, t.ack, t.seq);
	pass(60000);
	assert_int_equal(t.count, 0);
	wr_zero(stream_message(t.s, t.asked[0]), 12);
	t.count = 0;
	stream_message_done(t.s, &t.g, t.asked[0], t.now);
	only(ACK | PSH | FIN, t.ack, t.seq);
	/* The FIN is retransmitted too. */
	pass(300);
	only(ACK | PSH | FIN, t.ack, t.seq);
	put(ACK, t.seq, t.ack + 14, NULL, 0);
	assert_int_equal(t.count, 0);
	pass(300);
	only(ACK | FIN, t.ack + 14, t.seq);
	put(ACK, t.seq, t.ack + 15, NULL, 0);
	assert_int_equal(stream_count(t.s), 0);
	assert_int_equal(stream_deadline(t.s), 0);
	/* The peer ends in the middle of a question. */
	connected(40002);
	put(ACK | FIN, t.seq, t.ack, q, len - 1);
	only(ACK | FIN, t.ack, t.seq + (uint32_t)len);
}

static void we_end(void **state)
{
	(void)state;
	connected(40001);
	assert_int_equal(stream_deadline(t.s), t.now + STREAM_SILENCE_MS);
	pass(STREAM_SILENCE_MS - 1);
	assert_int_equal(t.count, 0);
	ask(5, "db", A);
	take_heard(read, sizeof(read));
	put(ACK, t.seq, t.ack, NULL, 0);
	pass(STREAM_SILENCE_MS);
	only(ACK | FIN, t.ack, t.seq);
	put(ACK, t.seq, t.ack + 1, NULL, 0);
	assert_int_equal(stream_count(t.s), 1);
	put(ACK | FIN, t.seq, t.ack + 1, NULL, 0);
	only(ACK, t.ack + 1, t.seq + 1);
	assert_int_equal(stream_count(t.s), 0);
	/* RFC 9293 3.6.1: data after fold has closed is answered by a reset. */
	connected(40002);
	pass(STREAM_SILENCE_MS);
	only(ACK | FIN, t.ack, t.seq);
	ask(5, "db", A);
	assert_int_equal(t.heard[0].seg.flags, RST | ACK);
	assert_int_equal(stream_count(t.s), 0);
	/* fold does not wait for ever for the peer's FIN. */
	connected(40003);
	pass(STREAM_SILENCE_MS);
	put(ACK, t.seq, t.ack + 1, NULL, 0);
	pass(STREAM_SILENCE_MS);
	only(RST | ACK, t.ack + 1, t.seq);
	assert_int_equal(stream_count(t.s), 0);
}

static void no_connection(void **state)
{
	(void)state;
	put(ACK, 5000, 77, "x", 1);
	only(RST, 77, 0);
	assert_string_equal(t.noted, "DNS: no such connection");
	put(FIN, 5000, 77, "x", 1);
	only(RST | ACK, 0, 5002);
	put(RST | ACK, 5000, 77, NULL, 0);
	assert_int_equal(t.count, 0);
	t.port = 0;
	put(SYN, 5000, 0, NULL, 0);
	only(RST | ACK, 0, 5001);
	assert_int_equal(stream_count(t.s), 0);
}

static void not_segments(void **state)
{
	uint8_t frame[14 + 60] = {0};
	const struct frame f = {frame, 14, frame + 14, 60, .ifindex = 0};

	(void)state;
	stream_segment(t.s, &t.g, &f, t.now);
	assert_int_equal(t.count, 0);
	stream_close(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, peer_start, peer_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(handshake),
	    T(what_a_syn_carries_comes_again),
	    T(another_beginning),
	    T(answers),
	    T(cut_at_every_octet),
	    T(several_at_once),
	    T(the_longest_answer),
	    T(what_no_message_holds_is_cut),
	    T(lengths_that_lie),
	    T(others_are_asked),
	    T(nobody_can_be_asked),
	    T(no_room_for_answers),
	    T(room_at_the_front),
	    T(the_peer_ends),
	    T(we_end),
	    T(no_connection),
	    T(not_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
