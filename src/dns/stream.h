/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream: DNS over TCP for fold's own addresses: connections kept in user space, for nothing but questions and answers.
 *
 * Specifications: RFC 9293 (TCP), 7766 (DNS over it), 5681, 6298, 6582 (loss), 5961 (blind attacks), 6691 (MSS), 1035
 * 4.2.2.
 *
 * It has as much of TCP as a server needs that answers a neighbour: MSS is the one option (no window scale, SACK or
 * timestamps); segments out of order are dropped, and acknowledged at once; there is no TIME-WAIT (a late FIN is
 * answered by a reset, like every segment without a connection), and fold never opens a connection.
 *
 * What the guest can use is bounded: STREAM_CONNECTIONS at a time, each with STREAM_INPUT octets of questions and
 * STREAM_OUTPUT of answers. That memory exists only once it is written to, and the host gets it back when a long answer
 * was read. A connection that waits for the guest alone ends after STREAM_SILENCE_MS. Frames go to nobody but the
 * guest.
 *
 * Pure except for its own state: bytes and a clock value in, frames out by a callback; no socket, no timer of its own,
 * and no memory but what stream_open() takes. From one call to the next it keeps nothing of a guest but addresses.
 */
#ifndef FOLD_DNS_STREAM_H
#define FOLD_DNS_STREAM_H

#include "guest/guest.h"
#include "pkt/pkt.h"

#define STREAM_CONNECTIONS 16
#define STREAM_QUESTIONS 8 /* of one connection that are forwarded at a time; later ones wait */
#define STREAM_INPUT 1280  /* a longer question ends its connection; the free part is the window that fold offers */
#define STREAM_OUTPUT (17 * 4096) /* more than two octets of length and the longest message (RFC 1035 4.2.2) */
#define STREAM_SILENCE_MS 10000   /* RFC 7766 6.2.3: a connection may go so long without progress */

struct stream;

struct stream_setup {
	/*
	 * slot: where the next frame is to be made. keep: that frame is ready, in the slot's `frame`, to be sent to the
	 * guest.
	 */
	struct reply *(*slot)(void *arg);
	void (*keep)(void *arg);
	/*
	 * Takes a question for other servers, as dns_answer() leaves it with ANSWER_FORWARD. who: for stream_message()
	 * with the answer; there is exactly one, during this call or later. False if nobody can be asked: the client
	 * gets SERVFAIL.
	 */
	bool (*ask)(void *arg, const struct reply *question, uint64_t who);
	/* As in struct forward_setup, for answers from the guest's own records. May be NULL. */
	bool (*hand_out)(void *arg, const uint8_t *msg, size_t len);
	/*
	 * For the log: each question that was answered or refused, and each reset for a segment without a connection.
	 * what: a constant. May be NULL.
	 */
	void (*note)(void *arg, const char *what, bool refused);
	/* RFC 9293 3.4.1: fold's first sequence number for the connection of that SYN, which nobody can guess. */
	uint32_t (*first)(void *arg, const struct pkt *syn);
	void *arg;
};

/* 0 and *out, or -errno. */
int stream_open(const struct stream_setup *setup, struct stream **out);
void stream_close(struct stream *s); /* may be NULL; peers are not told */

/* f: a frame to which answer_frame() said ANSWER_STREAM. now: milliseconds of a monotonic clock, as in all of these. */
void stream_segment(struct stream *s, const struct guest *g, const struct frame *f, uint64_t now);

uint64_t stream_deadline(const struct stream *s); /* when stream_due() is to be called; 0: never */
void stream_due(struct stream *s, const struct guest *g, uint64_t now);

/*
 * Begins an answer for an asker: returns where to write its message, with the room that the connection has now,
 * DNS_TCP_MAX octets as a rule; NULL if the connection is gone. stream_message_done() must follow. If the message was
 * left `full`, the connection ends with a reset.
 */
struct wr *stream_message(struct stream *s, uint64_t who);
void stream_message_done(struct stream *s, const struct guest *g, uint64_t who, uint64_t now);

size_t stream_count(const struct stream *s); /* of connections */

#endif
