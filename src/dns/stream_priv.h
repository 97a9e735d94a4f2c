/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the streams: stream.c has the table and the clock, stream_segment.c what a segment does to its
 * connection, stream_message.c questions and answers, stream_send.c what goes out.
 */
#ifndef FOLD_DNS_STREAM_PRIV_H
#define FOLD_DNS_STREAM_PRIV_H

#include "base/wr.h"
#include "dns/stream.h"
#include "pkt/tcp.h"

/* RFC 6298 2.1 says a second where nothing was measured; this link is inside of one machine. */
#define STREAM_RTO_MS 300
#define STREAM_RTO_DOUBLINGS 4  /* RFC 6298 5.5 */
#define STREAM_CHALLENGE_MS 200 /* RFC 5961 7: between two challenge ACKs of a connection */
#define STREAM_SEGMENTS 10      /* RFC 6928 2: the initial window */
#define STREAM_BURST 64         /* segments that one event sends of one connection, at most */

/* A connection. RFC 9293 3.3.1 has the names of its sequence numbers. */
struct conn {
	bool used;
	bool synced;     /* RFC 9293 3.3.2: SYN-RECEIVED is over */
	bool peer_fin;   /* the peer's FIN has come, and all before it */
	bool fin_wanted; /* fold sends a FIN behind what is in `out` */
	bool fin_acked;
	bool asked;   /* the peer has asked at least once */
	bool at_work; /* stream_questions() is running: it sends answers that come meanwhile when it ends */
	bool broken;  /* it ends with a reset */
	uint32_t generation;
	/* The key: kind, addresses and the peer's port. Addresses as in a reply: src is fold's. */
	enum pkt_kind kind;
	uint8_t mac[MAC_LEN];
	struct in_addr src4, dst4;
	struct in6_addr src6, dst6;
	uint16_t port;
	uint16_t peer_mss;
	/* What we send. una stands for out[head], once synced. */
	uint32_t una, nxt, max; /* the oldest not acknowledged, the next to send, the first never sent */
	uint32_t wnd, wnd_most; /* the peer's window, and the largest it had */
	uint32_t wl1, wl2;      /* SND.WL1, SND.WL2 */
	uint32_t cwnd, ssthresh, recover;
	uint8_t dups; /* duplicate acknowledgements (RFC 5681) */
	bool recovering;
	uint8_t backoff;
	size_t head, tail; /* in out: the first octet that is not acknowledged, and the end */
	bool long_output;  /* more than a page of it has been written to */
	/* What comes. */
	uint32_t rcv_nxt, rcv_edge; /* the next wanted; the end of the window that was offered last */
	size_t in_len;
	bool ack_now;
	unsigned under_way; /* questions that others were asked */
	struct wr message;  /* an answer that is being written */
	/* Milliseconds. */
	uint64_t born, progress; /* since when fold waits for the peer alone, or for nobody */
	uint64_t timer;          /* 0: nothing to repeat */
	uint64_t challenged;
	uint8_t in[STREAM_INPUT];
};

struct stream {
	struct stream_setup setup;
	size_t used; /* of conns only the first so many were ever used */
	uint32_t generation;
	struct reply question;
	struct conn conns[STREAM_CONNECTIONS];
	_Alignas(4096) uint8_t out[STREAM_CONNECTIONS][STREAM_OUTPUT];
};

static inline size_t conn_pending(const struct conn *c)
{
	return c->tail - c->head;
}

/* stream.c */
uint8_t *stream_out(struct stream *s, const struct conn *c); /* its output buffer */
uint64_t stream_handle(const struct stream *s, const struct conn *c);
void stream_free(struct stream *s, struct conn *c);
void stream_drained(struct stream *s, struct conn *c); /* all of `out` is acknowledged */

/* stream_segment.c: a segment of this connection, except a SYN that begins anew. */
void stream_take(struct stream *s, const struct guest *g, struct conn *c, const struct pkt *in,
		 const struct tcp_segment *seg, uint64_t now);

/*
 * stream_message.c: answers the questions that have come, as far as there is room, and wants a FIN if no more will
 * come.
 */
void stream_questions(struct stream *s, const struct guest *g, struct conn *c, uint64_t now);

/* stream_send.c */
void stream_send_syn(struct stream *s, const struct guest *g, struct conn *c);
void stream_send_ack(struct stream *s, const struct guest *g, struct conn *c);
void stream_send_reset(struct stream *s, const struct guest *g, struct conn *c); /* and frees it */
/* Sends the oldest segment that is not acknowledged once more. */
void stream_send_again(struct stream *s, const struct guest *g, struct conn *c);
/*
 * Sends what may be sent, at least an acknowledgement that is due, and sets the timer. force: sends something whatever
 * the window (RFC 9293 3.8.6.1).
 */
void stream_push(struct stream *s, const struct guest *g, struct conn *c, bool force, uint64_t now);
uint32_t stream_mss(const struct guest *g, const struct conn *c); /* octets of data in one segment to the peer */

#endif
