/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forward: asks other servers on the guest's behalf, and never waits for them.
 *
 * Specifications: RFC 5452 (forged answers), 7766 (TCP where UDP cut), 6891 6.2.2 (servers without EDNS), 2308
 * (negative answers), 9520 (failures), 8767 is not done: nothing is served past its time.
 *
 * Every question has a connected socket of its own with a random port and a random ID, and goes to one server after
 * the other, for two seconds each. Within these it is sent twice, because a packet may be lost. The server that
 * answered is asked first the next time. If a question is under way already, further askers wait for the same answer.
 * Answers are kept for their TTL, failures for a second at least.
 *
 * The caller polls one descriptor, an epoll instance with the sockets, a timer and the watch over resolv.conf. After
 * privileges are given up it needs socket, bind, connect, send, recv, getsockopt, close, epoll_ctl, epoll_wait,
 * timerfd_settime, getrandom, inotify_add_watch, read and, for resolv.conf alone, open, fstat and readlink; no
 * capability.
 *
 * Memory for a VM, at most: about 200 KiB for FORWARD_ASKS questions and FORWARD_WAITERS askers, the cache's
 * CACHE_OCTETS, and 64 KiB for each question whose answer comes by TCP. While one answer is read, ldns takes some MiB
 * for the worst of them.
 */
#ifndef FOLD_DNS_FORWARD_H
#define FOLD_DNS_FORWARD_H

#include "base/report.h"
#include "guest/guest.h"
#include "pkt/pkt.h"

#define FORWARD_ASKS 64 /* questions under way at once */
/* Questions a second that name servers are asked, and at once: names that are made up cost them and the host. */
#define FORWARD_RATE 1000
#define FORWARD_WAITERS 256      /* askers that wait; several may wait for the same answer */
#define FORWARD_SECONDS 2        /* how long one server may take */
#define FORWARD_AGAIN_MS 700     /* after so long without an answer a server is asked once more */
#define FORWARD_FAILED_SECONDS 2 /* how long a failure is cached, at most: the clock has whole seconds */

struct forward;
struct resolvers;

struct forward_setup {
	const char *resolv_conf; /* NULL: /etc/resolv.conf */
	/*
	 * The host's servers, if the caller follows them for many forwarders; forward_follow() takes changes over.
	 * NULL: the forwarder's own.
	 */
	const struct resolvers *resolvers;
	size_t cache_octets; /* of answers that are kept; 0: CACHE_OCTETS */
	/* Called with a whole frame for the guest, in reply->frame; the forwarder owns the reply. */
	void (*send)(void *arg, const struct reply *reply);
	/*
	 * For askers by TCP (dns/stream.h). stream_message: where to write the answer, NULL if the asker is gone.
	 * stream_done: it is written. May be NULL.
	 */
	struct wr *(*stream_message)(void *arg, uint64_t who);
	void (*stream_done)(void *arg, uint64_t who);
	/* Called with a text for the log, for each question that was answered. May be NULL. */
	void (*note)(void *arg, const char *event);
	/*
	 * Called with the whole message of an answer that is about to leave. False: SERVFAIL goes out in its place. May
	 * be NULL.
	 */
	bool (*hand_out)(void *arg, const uint8_t *msg, size_t len);
	void *arg;
};

struct forward_counts {
	uint64_t asked;    /* questions that came */
	uint64_t cached;   /* answered from the cache */
	uint64_t joined;   /* waited for an answer that was on its way */
	uint64_t answered; /* by a server's answer */
	uint64_t failed;   /* SERVFAIL: no server answered */
	uint64_t refused;  /* SERVFAIL: too many were under way, or asked for in a second */
	uint64_t ignored;  /* packets on a socket that were no answer to its question */
};

/*
 * Loads what answers are read with, while files can still be opened. 0, or -errno with a line in r and no server's
 * answer can be used.
 */
int forward_prepare(struct report *r);

/* 0 and *out, or -errno. */
int forward_open(const struct forward_setup *setup, struct forward **out);
void forward_close(struct forward *f); /* may be NULL; askers that wait get no answer any more */

/* Copies what it needs of the guest: to be called before the first question and after each change. */
void forward_follow(struct forward *f, const struct guest *g);

/*
 * q: what dns_answer() left with ANSWER_FORWARD. The answer comes by the callback, at once (from the cache, or if
 * nothing can be done) or later. Every question gets one, except repetitions by an asker that waits already.
 */
void forward_ask(struct forward *f, const struct reply *q);

/* The same for an asker by TCP; of q only the message is used. Every question gets an answer, repeated or not. */
void forward_ask_stream(struct forward *f, const struct reply *q, uint64_t who);

/*
 * For a caller without a forwarder: turns q into the answer to itself, SERVFAIL, whole and ready to send. False if
 * there is none to send.
 */
bool forward_decline(const struct guest *g, struct reply *q);

/* The same for an answer that must not be sent: turns it into SERVFAIL for its question. */
bool forward_hold_back(const struct guest *g, struct reply *answer);

int forward_fd(const struct forward *f); /* readable where forward_run() has something to do */
void forward_run(struct forward *f);     /* does it; never blocks */
struct forward_counts forward_counts(const struct forward *f);
size_t forward_under_way(const struct forward *f);

#endif
