/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream: DNS over TCP, as fold's own addresses speak it: connections kept in user space, for nothing but questions
 * and answers.
 *
 * Specifications: RFC 9293 (TCP), 7766 (DNS over it), 5681, 6298, 6582 (loss), 5961 (blind attacks), 6691 (MSS), 1035
 * 4.2.2.
 *
 * Of TCP what a server needs that answers a neighbour: MSS is its one option (no window scale, SACK or timestamps);
 * what comes out of order is dropped, and acknowledged at once; there is no TIME-WAIT (a late FIN is answered by a
 * reset, like every segment of no connection), and no connection is ever begun here.
 *
 * The guest can make it do no more than this: STREAM_CONNECTIONS at a time, each with STREAM_INPUT octets of
 * questions and STREAM_OUTPUT of answers, memory that is not there before it is written to and given back when a long
 * answer was read; a connection that waits for the guest alone is gone after STREAM_SILENCE_MS. Frames go to nobody
 * but the guest.
 *
 * Pure but for what it keeps: bytes and a clock value in, frames out by a callback; no socket, no timer of its own,
 * and no memory but what stream_open() takes. Nothing of a guest is kept from one call to the next but addresses.
 */
#ifndef FOLD_DNS_STREAM_H
#define FOLD_DNS_STREAM_H

#include "guest/guest.h"
#include "pkt/pkt.h"

#define STREAM_CONNECTIONS 16
#define STREAM_QUESTIONS 8 /* of one connection that others are asked at a time; what is behind them waits */
#define STREAM_INPUT 1280  /* a longer question is none, and ends its connection; what is free of it is our window */
#define STREAM_OUTPUT (17 * 4096) /* more than two octets of length and the longest message (RFC 1035 4.2.2) */
#define STREAM_SILENCE_MS 10000   /* RFC 7766 6.2.3: so long nothing need happen, whoever is waited for */

struct stream;

struct stream_setup {
	/* Where the next frame is to be made; and it is ready, in its `frame`, to be sent to the guest. */
	struct reply *(*slot)(void *arg);
	void (*keep)(void *arg);
	/*
	 * A question for others, as dns_answer() leaves it with ANSWER_FORWARD: who: for stream_message() with the
	 * answer, exactly one, from inside this call or later. False where nobody can be asked: SERVFAIL.
	 */
	bool (*ask)(void *arg, const struct reply *question, uint64_t who);
	/* As struct forward_setup has it, for what the guest's own records answer. May be NULL. */
	bool (*hand_out)(void *arg, const uint8_t *msg, size_t len);
	/*
	 * What was answered, or refused; a constant. For each question, and each reset of what is no connection. May
	 * be NULL.
	 */
	void (*note)(void *arg, const char *what, bool refused);
	/* RFC 9293 3.4.1: the first sequence number of ours, which nobody can guess. syn: whose. */
	uint32_t (*first)(void *arg, const struct pkt *syn);
	void *arg;
};

/* 0 and *out, or -errno. */
int stream_open(const struct stream_setup *setup, struct stream **out);
void stream_close(struct stream *s); /* may be NULL; nobody is told */

/* f: what answer_frame() said ANSWER_STREAM to. now: milliseconds of a clock that only goes on, as everywhere here. */
void stream_segment(struct stream *s, const struct guest *g, const struct frame *f, uint64_t now);

uint64_t stream_deadline(const struct stream *s); /* when stream_due() is to be called; 0: never */
void stream_due(struct stream *s, const struct guest *g, uint64_t now);

/*
 * An answer for who asked: where its message is to be written, with room for what the connection can take now,
 * DNS_TCP_MAX octets as a rule; NULL where the connection is gone. stream_message_done() follows; one that was left
 * `full` ends the connection with a reset.
 */
struct wr *stream_message(struct stream *s, uint64_t who);
void stream_message_done(struct stream *s, const struct guest *g, uint64_t who, uint64_t now);

size_t stream_count(const struct stream *s); /* of connections */

#endif
