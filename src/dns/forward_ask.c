/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question and its socket: UDP, and TCP where UDP was cut; one server after the other. */
#include "base/clock.h"
#include "dns/forward_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/random.h>

#define PORT_FIRST 16384U /* the ports below are those of services */
#define PORT_TRIES 8
#define READS_MAX 16 /* packets taken from one socket before the others' turn */

static uint16_t random16(void)
{
	uint16_t v = 0;

	/*
	 * Never fails for so few octets once the machine has started; without randomness nothing may be asked (RFC 5452
	 * 9.2).
	 */
	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		abort();
	return v;
}

void ask_close(struct forward *f, struct ask *a)
{
	if (a->fd >= 0)
		close(a->fd);
	(void)f; /* closing takes it out of the epoll instance */
	a->fd = -1;
	free(a->answer);
	a->answer = NULL;
	a->want = a->have = 0;
}

static bool listen_for(struct forward *f, struct ask *a, uint32_t events, int op)
{
	struct epoll_event e = {.events = events, .data.u64 = (uint64_t)a->generation << 16 | (uint64_t)(a - f->asks)};

	return epoll_ctl(f->epoll, op, a->fd, &e) == 0;
}

/* RFC 5452 4.5, 9.2: binds to a port that nobody can guess. If all that were tried are taken, the kernel picks one. */
static void bind_random(int fd, sa_family_t family)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		union server any = {0};
		uint16_t port = htons((uint16_t)(PORT_FIRST + random16() % (65536U - PORT_FIRST)));

		any.any.sa_family = family;
		if (family == AF_INET)
			any.four.sin_port = port;
		else
			any.six.sin6_port = port;
		if (bind(fd, &any.any, server_len(&any)) == 0)
			return;
	}
}

static struct upstream_question question_of(const struct ask *a)
{
	return (struct upstream_question){
	    .id = a->id,
	    .question = a->question,
	    .len = a->question_len,
	    .edns = a->edns,
	    .dnssec_ok = a->dnssec_ok,
	    .checking_disabled = a->checking_disabled,
	};
}

/* Opens a socket of that type, connected to the ask's server, so that the kernel drops packets from elsewhere. */
static bool open_socket(struct forward *f, struct ask *a, int type, uint32_t events)
{
	const union server *s = &f->servers[a->server];

	ask_close(f, a);
	a->generation = ++f->generation;
	a->fd = socket(s->any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return false;
	if (type == SOCK_DGRAM)
		bind_random(a->fd, s->any.sa_family);
	if (connect(a->fd, &s->any, server_len(s)) < 0 && errno != EINPROGRESS)
		return false;
	a->id = random16();
	a->deadline = clock_ms() + FORWARD_SECONDS * 1000;
	a->again = 0;
	return listen_for(f, a, events, EPOLL_CTL_ADD);
}

static bool send_udp(const struct ask *a)
{
	uint8_t query[UPSTREAM_QUERY_MAX];
	struct upstream_question q = question_of(a);
	size_t len = upstream_write(&q, query);

	return send(a->fd, query, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool ask_udp(struct forward *f, struct ask *a)
{
	a->stage = ASK_UDP;
	if (!open_socket(f, a, SOCK_DGRAM, EPOLLIN) || !send_udp(a))
		return false;
	a->again = a->deadline - FORWARD_SECONDS * 1000 + FORWARD_AGAIN_MS;
	return true;
}

static bool ask_tcp(struct forward *f, struct ask *a)
{
	a->stage = ASK_CONNECTING;
	return open_socket(f, a, SOCK_STREAM, EPOLLOUT);
}

/* Asks the next server, if the one before gave no answer of use; after the last one, gives up. */
void ask_next(struct forward *f, struct ask *a)
{
	for (; a->tried < f->server_count; a->tried++) {
		a->server = (uint16_t)((a->first + a->tried) % f->server_count);
		a->edns = true;
		if (ask_udp(f, a)) {
			a->tried++;
			forward_arm(f);
			return;
		}
	}
	forward_done(f, a, NULL);
}

uint64_t ask_due(const struct ask *a)
{
	return a->again ? a->again : a->deadline;
}

/*
 * Sends the question to the same server once more, and then goes on to the next server. Without the repetition, one
 * lost packet would make the asker wait for all of the server's time, and get SERVFAIL if there is no other server.
 * The repetition has the same ID and port, so it makes forged answers no easier (RFC 5452 5).
 */
void ask_timeout(struct forward *f, struct ask *a, uint64_t now)
{
	bool again = a->again && now < a->deadline;

	a->again = 0;
	if (!again || !send_udp(a))
		ask_next(f, a);
}

/* Judges what came. False if it settles nothing and more may come. */
static bool take(struct forward *f, struct ask *a, const uint8_t *msg, size_t len)
{
	struct upstream_question q = question_of(a);
	struct upstream_answer answer;
	bool tcp = a->stage == ASK_TCP;

	switch (upstream_read(msg, len, &q, tcp, &answer)) {
	case UPSTREAM_IGNORED:
		f->counts.ignored++;
		return false;
	case UPSTREAM_TRUNCATED:
		if (!ask_tcp(f, a))
			ask_next(f, a);
		else
			forward_arm(f);
		return true;
	case UPSTREAM_NO_EDNS: /* RFC 6891 6.2.2: the same server once more, without */
		a->edns = false;
		if (!(tcp ? ask_tcp(f, a) : ask_udp(f, a)))
			ask_next(f, a);
		else
			forward_arm(f);
		return true;
	case UPSTREAM_FAILED:
		ask_next(f, a);
		return true;
	case UPSTREAM_GOOD:
		break;
	}
	f->best = a->server;
	forward_done(f, a, &answer);
	free(answer.wire);
	return true;
}

static void read_udp(struct forward *f, struct ask *a)
{
	static uint8_t msg[65536];

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = recv(a->fd, msg, sizeof(msg), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* ICMP said that nobody is there (RFC 8085 5.2): no need to wait. */
		if (n < 0) {
			ask_next(f, a);
			return;
		}
		if (take(f, a, msg, (size_t)n))
			return;
	}
}

/* The connection is made, or has failed. The query goes out with its length before it (RFC 7766 8), in one piece. */
static void send_tcp(struct forward *f, struct ask *a)
{
	uint8_t query[2 + UPSTREAM_QUERY_MAX];
	struct upstream_question q = question_of(a);
	size_t len = upstream_write(&q, query + 2);
	int err = 0;
	socklen_t err_len = sizeof(err);

	query[0] = (uint8_t)(len >> 8);
	query[1] = (uint8_t)len;
	a->stage = ASK_TCP;
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &err, &err_len) < 0 || err ||
	    send(a->fd, query, len + 2, MSG_NOSIGNAL) != (ssize_t)len + 2 || !listen_for(f, a, EPOLLIN, EPOLL_CTL_MOD))
		ask_next(f, a);
}

/* Reads once into what is still missing. 1: all is there, 0: more must come, -1: no more will come. */
static int read_part(struct ask *a, uint8_t *to, size_t want)
{
	ssize_t n = recv(a->fd, to + a->have, want - a->have, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	a->have += (size_t)n;
	return a->have == want;
}

static void read_tcp(struct forward *f, struct ask *a)
{
	if (!a->answer) {
		int all = read_part(a, a->prefix, sizeof(a->prefix));
		if (all > 0) {
			a->want = (size_t)a->prefix[0] << 8 | a->prefix[1];
			a->have = 0;
			a->answer = a->want >= DNS_HEADER ? malloc(a->want) : NULL;
		}
		if (all < 0 || (all > 0 && !a->answer))
			ask_next(f, a);
		if (all <= 0 || !a->answer)
			return;
	}
	int all = read_part(a, a->answer, a->want);
	if (all < 0) {
		ask_next(f, a);
	} else if (all > 0) {
		uint8_t *msg = a->answer;
		size_t len = a->want;
		a->answer = NULL;
		/* A connection brings one answer. If it is the answer to another question, nothing else will come. */
		if (!take(f, a, msg, len))
			ask_next(f, a);
		free(msg);
	}
}

void ask_event(struct forward *f, struct ask *a, uint32_t events)
{
	(void)events; /* errors are seen by the call that meets them */
	if (a->stage == ASK_UDP)
		read_udp(f, a);
	else if (a->stage == ASK_CONNECTING)
		send_tcp(f, a);
	else if (a->stage == ASK_TCP)
		read_tcp(f, a);
}
