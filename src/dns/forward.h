/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forward: asks other servers on the guest's behalf, and never waits for them.
 *
 * Specifications: RFC 5452 (forged answers), 7766 (TCP where UDP cut), 6891 6.2.2 (servers without EDNS), 2308 (negative
 * answers), 8767 is not done: nothing is served past its time.
 *
 * Every question has a connected socket of its own with a random port, a random ID, and counts one server after the other,
 * two seconds each; a server that answered is asked first the next time. Questions that are under way already are
 * joined. What came back is kept for its TTL.
 *
 * Everything hangs on one descriptor, an epoll instance with the sockets, a timer and the watch over resolv.conf. After
 * privileges are given up it needs socket, bind, connect, send, recv, getsockopt, close, epoll_ctl, epoll_wait, timerfd_settime, getrandom,
 * inotify_add_watch, read and, for resolv.conf alone, open, fstat and readlink; no capability.
 *
 * Memory for a VM, at most: about 200 KiB for FORWARD_ASKS questions and FORWARD_WAITERS askers, the cache's CACHE_OCTETS, and
 * 64 KiB for each question whose answer comes by TCP. While one answer is read, ldns takes some MiB for the worst of them.
 */
#ifndef FOLD_DNS_FORWARD_H
#define FOLD_DNS_FORWARD_H

#include "base/report.h"
#include "guest/guest.h"
#include "pkt/pkt.h"

#define FORWARD_ASKS 64 /* questions under way at once */
#define FORWARD_RATE                                                                                                   \
	1000 /* questions a second that name servers are asked, and at once: names that are made up cost them and the host */
#define FORWARD_WAITERS 256 /* askers, several of whom may want to know the same */
#define FORWARD_SECONDS 2   /* for one server */

struct forward;
struct resolvers;

struct forward_setup {
	const char *resolv_conf; /* NULL: /etc/resolv.conf */
	/* The host's servers where somebody else follows them, for many forwarders; forward_follow() takes what is new. NULL: its own. */
	const struct resolvers *resolvers;
	size_t cache_octets; /* of answers that are kept; 0: CACHE_OCTETS */
	/* Called with a whole frame for the guest, in reply->frame; the reply is the forwarder's own. */
	void (*send)(void *arg, const struct reply *reply);
	/* For who asked by TCP (dns/stream.h): where the message is to be written, NULL where nobody is there any more; and it is. May be NULL. */
	struct wr *(*stream_message)(void *arg, uint64_t who);
	void (*stream_done)(void *arg, uint64_t who);
	/* A word for whoever keeps the log, for each question that was answered. May be NULL. */
	void (*note)(void *arg, const char *event);
	/* The whole message of an answer that is about to leave; where it is not to, SERVFAIL does in its place. May be NULL. */
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

/* What answers are read with, loaded before files can no longer be opened. 0, or -errno with a line in r and no server's answer is good. */
int forward_prepare(struct report *r);

/* 0 and *out, or -errno. */
int forward_open(const struct forward_setup *setup, struct forward **out);
void forward_close(struct forward *f); /* may be NULL; nobody who waits gets an answer any more */

/* Takes what it needs of the guest, in memory of its own: before the first question and after each change. */
void forward_follow(struct forward *f, const struct guest *g);

/*
 * q: what dns_answer() left with ANSWER_FORWARD. The answer comes by the callback, at once (from the cache, or where nothing
 * can be done) or later; there is one for each question, but for one that the same asker repeats while it waits.
 */
void forward_ask(struct forward *f, const struct reply *q);

/* The same for who asked by TCP; of q its message counts alone. There is an answer for each, repeated or not. */
void forward_ask_stream(struct forward *f, const struct reply *q, uint64_t who);

/*
 * Where no forwarder can be had: q becomes the answer to itself, SERVFAIL, whole and ready to send. False where there is
 * none to send.
 */
bool forward_decline(const struct guest *g, struct reply *q);

int forward_fd(const struct forward *f); /* readable where forward_run() has something to do */
void forward_run(struct forward *f);     /* does it; never blocks */
struct forward_counts forward_counts(const struct forward *f);
size_t forward_under_way(const struct forward *f);

#endif
