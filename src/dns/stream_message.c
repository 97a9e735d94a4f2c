/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions out of a connection, and answers into it. Specifications: RFC 1035 4.2.2, 7766 6.2.1.1 (pipelining), 7,
 * 8.
 */
#include "dns/dns_message.h"
#include "dns/stream_priv.h"

#include <string.h>

#define LENGTH 2 /* RFC 1035 4.2.2: before each message */

/*
 * Makes room for one answer of that length behind the others, if necessary by moving them to the front. False if there
 * is none.
 */
static bool make_room(struct stream *s, struct conn *c, size_t len)
{
	uint8_t *out = stream_out(s, c);

	if (STREAM_OUTPUT - c->tail < LENGTH + len && c->head) {
		memmove(out, out + c->head, conn_pending(c));
		c->tail -= c->head;
		c->head = 0;
	}
	return STREAM_OUTPUT - c->tail >= LENGTH + len;
}

static struct wr *open_message(struct stream *s, struct conn *c)
{
	size_t room = STREAM_OUTPUT - c->tail;

	room = room < LENGTH ? 0 : room - LENGTH;
	c->message = wr_over(stream_out(s, c) + c->tail + LENGTH, room < DNS_TCP_MAX ? room : DNS_TCP_MAX);
	return &c->message;
}

static void close_message(struct stream *s, struct conn *c, uint64_t now)
{
	uint8_t *at = stream_out(s, c) + c->tail;
	size_t len = wr_len(&c->message);

	if (c->message.full || !len) {
		c->broken = true;
		return;
	}
	if (c->una == c->max && !conn_pending(c))
		c->progress = now; /* from now on fold waits for the peer */
	at[0] = (uint8_t)(len >> 8);
	at[1] = (uint8_t)len;
	c->tail += LENGTH + len;
	c->long_output = c->long_output || c->tail > 4096;
}

static void note(const struct stream *s, const char *what, bool refused)
{
	if (s->setup.note)
		s->setup.note(s->setup.arg, what, refused);
}

static void say_servfail(struct stream *s, struct conn *c, const struct dns_message *m, uint64_t now)
{
	const struct dns_reply a = {.rcode = DNS_RCODE_SERVFAIL, .recursion = true, .limit = DNS_TCP_MAX};

	make_room(s, c, dns_reply_len(&m->q, &a));
	dns_reply_build(&m->q, &a, open_message(s, c));
	close_message(s, c, now);
}

/* Forwards one question. False if it has to wait, because this connection has too many under way already. */
static bool ask_others(struct stream *s, struct conn *c, const struct dns_message *m, uint64_t now)
{
	if (c->under_way == STREAM_QUESTIONS)
		return false;
	reply_init(&s->question);
	s->question.kind = c->kind;
	dns_message_write(m, true, &s->question.w);
	c->under_way++;
	if (s->setup.ask && s->setup.ask(s->setup.arg, &s->question, stream_handle(s, c)))
		return true;
	c->under_way--;
	say_servfail(s, c, m, now);
	return true;
}

/* Answers or forwards one question; false if it has to wait for room. */
static bool answer_one(struct stream *s, const struct guest *g, struct conn *c, const uint8_t *data, size_t len,
		       uint64_t now)
{
	struct dns_message m;

	switch (dns_message_read(g, DNS_ASKER_GUEST, c->kind, data, len, &m)) {
	case ANSWER_FORWARD:
		return ask_others(s, c, &m, now);
	case ANSWER_REPLY:
		break;
	default:
		/* RFC 7766 8: if something is no question, the two sides do not understand each other. */
		note(s, drop_name(DROP_DNS_FORM), true);
		c->broken = true;
		return true;
	}
	/* An answer too long for any message is truncated, and so fits an empty buffer. */
	if (!make_room(s, c, dns_reply_len(&m.q, &m.a)) && conn_pending(c))
		return false;
	struct wr *out = open_message(s, c);
	dns_message_write(&m, false, out);
	if (s->setup.hand_out && !out->full && !s->setup.hand_out(s->setup.arg, out->start, wr_len(out))) {
		say_servfail(s, c, &m, now);
		return true;
	}
	close_message(s, c, now);
	note(s, dns_message_event(&m), false);
	return true;
}

/* Answers the whole questions of the input. Returns how many octets it is done with. */
static size_t answer_all(struct stream *s, const struct guest *g, struct conn *c, uint64_t now)
{
	size_t at = 0;

	while (!c->broken && c->in_len - at >= LENGTH) {
		const uint8_t *p = c->in + at;
		size_t len = (size_t)p[0] << 8 | p[1];
		/* No question is that long, and to skip it fold would have to read all of it. */
		if (len == 0 || len > STREAM_INPUT - LENGTH) {
			note(s, drop_name(DROP_DNS_FORM), true);
			c->broken = true;
		} else if (c->in_len - at - LENGTH < len || !answer_one(s, g, c, p + LENGTH, len, now)) {
			break;
		} else {
			at += LENGTH + len;
		}
	}
	return at;
}

/* True if the input has a whole question, which waits for room. */
static bool has_question(const struct conn *c)
{
	return c->in_len >= LENGTH && c->in_len - LENGTH >= ((size_t)c->in[0] << 8 | c->in[1]);
}

void stream_questions(struct stream *s, const struct guest *g, struct conn *c, uint64_t now)
{
	c->at_work = true;
	size_t done = c->fin_wanted ? 0 : answer_all(s, g, c, now);
	c->at_work = false;
	if (c->broken) {
		stream_send_reset(s, g, c);
		return;
	}
	c->in_len -= done;
	c->asked = c->asked || done;
	if (done)
		memmove(c->in, c->in + done, c->in_len);
	/*
	 * RFC 9293 3.6: the peer has closed its side. When it has its answers, fold closes too; half a question does
	 * not count.
	 */
	if (c->peer_fin && !c->under_way && !has_question(c))
		c->fin_wanted = true;
}

static struct conn *find(struct stream *s, uint64_t who)
{
	size_t i = who & 0xffff;
	struct conn *c = i < s->used ? &s->conns[i] : NULL;

	return c && c->used && stream_handle(s, c) == who ? c : NULL;
}

struct wr *stream_message(struct stream *s, uint64_t who)
{
	struct conn *c = find(s, who);

	if (!c)
		return NULL;
	make_room(s, c, DNS_TCP_MAX);
	return open_message(s, c);
}

void stream_message_done(struct stream *s, const struct guest *g, uint64_t who, uint64_t now)
{
	struct conn *c = find(s, who);

	if (!c)
		return;
	c->under_way--;
	close_message(s, c, now);
	/* stream_questions() is at work on this connection, and sends this answer with the others. */
	if (c->at_work)
		return;
	if (c->broken) {
		stream_send_reset(s, g, c);
		return;
	}
	stream_questions(s, g, c, now);
	if (c->used)
		stream_push(s, g, c, false, now);
}
