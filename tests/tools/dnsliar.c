/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dnsliar: a DNS server that does what no server should, for tests of its clients.
 *
 *   dnsliar ADDRESS [LOG]
 *
 * UDP and TCP, port 53. The first label of the question's name, up to a digit, selects what the server does wrong.
 * The true answer is always A 192.0.2.N, where N counts the questions for that first label; a forged one is A
 * 6.6.6.6. For each UDP question LOG gets a line: the source port, the ID, the name.
 */
#include "base/rd.h"
#include "base/wr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define LATER_MAX 128
#define CONNECTIONS 64

struct question {
	uint16_t id;
	const uint8_t *wire; /* name, type, class */
	size_t len;
	bool edns;
	char label[64];
	unsigned n; /* how many questions had this label so far */
};

/* An answer that is to be sent at a later time. */
struct later {
	uint64_t at;
	struct sockaddr_storage to;
	uint8_t msg[512];
	size_t len;
};

static struct later later[LATER_MAX];
static int udp, stranger, tcp;
static FILE *log_to;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static unsigned count_label(const char *label)
{
	static struct {
		char label[64];
		unsigned n;
	} seen[512];

	for (size_t i = 0; i < 512; i++) {
		if (!seen[i].label[0])
			memcpy(seen[i].label, label, sizeof(seen[i].label));
		if (strcmp(seen[i].label, label) == 0)
			return ++seen[i].n;
	}
	return 0;
}

static bool read_question(const uint8_t *msg, size_t len, struct question *q)
{
	struct rd r = rd_over(msg, len);
	uint8_t n;

	memset(q, 0, sizeof(*q));
	q->id = rd_u16(&r);
	rd_bytes(&r, 8);
	q->edns = rd_u16(&r) != 0;
	q->wire = r.p;
	for (bool first = true; (n = rd_u8(&r)) != 0 && !r.bad; first = false) {
		const uint8_t *label = rd_bytes(&r, n);
		for (unsigned i = 0; label && first && i < n; i++)
			q->label[i] = (char)tolower(label[i]);
	}
	rd_bytes(&r, 4);
	q->len = (size_t)(r.p - q->wire);
	if (!r.bad)
		q->n = count_label(q->label);
	return !r.bad;
}

static void header(struct wr *w, const struct question *q, uint16_t flags, uint16_t answers, uint16_t authority)
{
	wr_u16(w, q->id);
	wr_u16(w, (uint16_t)(0x8180 | flags));
	wr_u16(w, 1);
	wr_u16(w, answers);
	wr_u16(w, authority);
	wr_u16(w, 0);
	wr_bytes(w, q->wire, q->len);
}

static void address(struct wr *w, uint32_t ttl, uint32_t a)
{
	wr_u16(w, 0xc00c);
	wr_u16(w, 1);
	wr_u16(w, 1);
	wr_u32(w, ttl);
	wr_u16(w, 4);
	wr_u32(w, a);
}

#define TRUTH(q) (0xc0000200U + (q)->n)
#define FORGERY 0x06060606U

static size_t simple(uint8_t *to, size_t room, const struct question *q, uint32_t ttl, uint32_t a)
{
	struct wr w = wr_over(to, room);

	header(&w, q, 0, 1, 0);
	address(&w, ttl, a);
	return wr_len(&w);
}

static void soa(struct wr *w, uint32_t ttl, uint32_t minimum)
{
	static const uint8_t names[] = "\2ns\7example\0\4root\7example";

	wr_u8(w, 0);
	wr_u16(w, 6);
	wr_u16(w, 1);
	wr_u32(w, ttl);
	wr_u16(w, sizeof(names) + 20);
	wr_bytes(w, names, sizeof(names));
	for (int i = 0; i < 4; i++)
		wr_u32(w, 1);
	wr_u32(w, minimum);
}

/* Writes forty NS records for the question's name: 760 octets. */
#define SERVERS 40
static void servers(struct wr *w)
{
	for (int i = 0; i < SERVERS; i++) {
		wr_u16(w, 0xc00c);
		wr_u16(w, 2);
		wr_u16(w, 1);
		wr_u32(w, 60);
		wr_u16(w, 7);
		wr_u8(w, 4);
		wr_bytes(w, "ns", 2);
		wr_u8(w, (uint8_t)('0' + i / 10));
		wr_u8(w, (uint8_t)('0' + i % 10));
		wr_u16(w, 0xc00c);
	}
}

static bool is(const struct question *q, const char *what)
{
	size_t n = strlen(what);

	/* A digit makes a name that nobody asked for before: "wrong-id7" does the same as "wrong-id". */
	return strncmp(q->label, what, n) == 0 && (!q->label[n] || isdigit((unsigned char)q->label[n]));
}

static void send_to(int fd, const void *msg, size_t len, const struct sockaddr_storage *to)
{
	sendto(fd, msg, len, 0, (const struct sockaddr *)to,
	       to->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
}

static void send_later(unsigned ms, const uint8_t *msg, size_t len, const struct sockaddr_storage *to)
{
	for (size_t i = 0; i < LATER_MAX; i++) {
		if (later[i].at)
			continue;
		later[i] = (struct later){.at = now_ms() + ms, .to = *to, .len = len};
		memcpy(later[i].msg, msg, len);
		return;
	}
}

/* Sends a forged answer, and 100 ms later the true one. */
static bool forge(const struct question *q, const struct sockaddr_storage *to)
{
	uint8_t forged[512], truth[512];
	size_t len = simple(forged, sizeof(forged), q, 60, FORGERY);
	int fd = udp;

	if (is(q, "wrong-id"))
		forged[0] ^= 0x5a;
	else if (is(q, "wrong-port"))
		fd = stranger;
	else if (is(q, "wrong-name"))
		forged[13] ^= 1;
	else if (is(q, "wrong-case"))
		forged[13] ^= 0x20;
	else if (is(q, "wrong-type"))
		forged[12 + q->len - 3] = 28;
	else if (is(q, "no-answer-bit"))
		forged[2] &= 0x7f;
	else if (is(q, "wrong-opcode"))
		forged[2] |= 0x10;
	else
		return false;
	for (int i = 0; i < 40; i++)
		send_to(fd, forged, len, to);
	send_later(100, truth, simple(truth, sizeof(truth), q, 60, TRUTH(q)), to);
	return true;
}

/* Writes a malformed answer, which a client must not follow. */
static bool malform(const struct question *q, struct wr *w)
{
	if (is(q, "loop")) {
		size_t at = 12 + q->len;
		header(w, q, 0, 1, 0);
		wr_u16(w, (uint16_t)(0xc000 | at));
		wr_u16(w, 1);
		wr_u16(w, 1);
		wr_u32(w, 60);
		wr_u16(w, 4);
		wr_u32(w, FORGERY);
	} else if (is(q, "long-name")) {
		header(w, q, 0, 1, 0);
		for (int i = 0; i < 6; i++) {
			wr_u8(w, 63);
			for (int j = 0; j < 63; j++)
				wr_u8(w, 'x');
		}
		wr_u8(w, 0);
		wr_u16(w, 1);
		wr_u16(w, 1);
		wr_u32(w, 60);
		wr_u16(w, 4);
		wr_u32(w, FORGERY);
	} else if (is(q, "rdlength")) {
		header(w, q, 0, 1, 0);
		address(w, 60, FORGERY);
		w->p[-6] = 0xff;
	} else if (is(q, "counts")) {
		header(w, q, 0, 65535, 65535);
		address(w, 60, FORGERY);
	} else if (is(q, "short-rdata")) {
		header(w, q, 0, 1, 0);
		address(w, 60, FORGERY);
		w->p[-5] = 3;
		w->p--;
	} else {
		return false;
	}
	return true;
}

/* Writes the answers that are the same by UDP and TCP. False for names that select what only one of them does. */
static bool answer(const struct question *q, struct wr *w)
{
	if (is(q, "servfail") || is(q, "refused")) {
		header(w, q, is(q, "refused") ? 5 : 2, 0, 0);
	} else if (is(q, "nxdomain")) {
		header(w, q, 3, 0, 1);
		soa(w, 600, 2);
	} else if (is(q, "crowd-nxdomain")) {
		header(w, q, 3, 0, 1 + SERVERS);
		soa(w, 600, 2);
		servers(w);
	} else if (is(q, "crowd-cname")) { /* to a name that has no such record */
		header(w, q, 0, 1, 1 + SERVERS);
		wr_bytes(w, "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\3\1x\0", 15);
		soa(w, 600, 2);
		servers(w);
	} else if (is(q, "crowd")) {
		header(w, q, 0, 1, SERVERS);
		address(w, 60, TRUTH(q));
		servers(w);
	} else if (is(q, "no-soa")) {
		header(w, q, 3, 0, 0);
	} else if (is(q, "no-edns") && q->edns) {
		wr_u16(w, q->id);
		wr_u16(w, 0x8181);
		wr_zero(w, 8);
	} else if (is(q, "short-lived")) {
		header(w, q, 0, 1, 0);
		address(w, 2, TRUTH(q));
	} else if (is(q, "ttl-sign")) {
		header(w, q, 0, 1, 0);
		address(w, 0x80000001U, TRUTH(q));
	} else if (!malform(q, w)) {
		header(w, q, 0, 1, 0);
		address(w, 60, TRUTH(q));
	}
	return true;
}

static void on_udp(void)
{
	uint8_t msg[65536], reply[8192];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(udp, msg, sizeof(msg), 0, (struct sockaddr *)&from, &from_len);
	struct question q;

	if (n < 0 || !read_question(msg, (size_t)n, &q))
		return;
	if (log_to) {
		fprintf(log_to, "%u %u %s %u\n", ntohs(((struct sockaddr_in *)&from)->sin_port), q.id, q.label, q.n);
		fflush(log_to);
	}
	/* Some forwarders answer in lower case, whatever they were asked in. Octets of length are below the letters. */
	for (size_t i = 0; is(&q, "lower") && i < q.len; i++)
		msg[12 + i] = (uint8_t)tolower(msg[12 + i]);
	struct wr w = wr_over(reply, sizeof(reply));
	if (is(&q, "never") || (is(&q, "lost") && q.n == 1) || forge(&q, &from))
		return;
	if (is(&q, "late")) {
		send_later(2500, reply, simple(reply, sizeof(reply), &q, 60, FORGERY), &from);
		return;
	}
	if (is(&q, "slow")) {
		send_later(500, reply, simple(reply, sizeof(reply), &q, 60, TRUTH(&q)), &from);
		return;
	}
	if (is(&q, "oversize")) {
		header(&w, &q, 0, 200, 0);
		for (int i = 0; i < 200; i++)
			address(&w, 60, FORGERY);
	} else if (strncmp(q.label, "tc", 2) == 0) {
		header(&w, &q, 0x0200, 0, 0);
	} else {
		answer(&q, &w);
	}
	send_to(udp, reply, wr_len(&w), &from);
}

static void write_all(int fd, const uint8_t *p, size_t len, bool slowly)
{
	while (len) {
		ssize_t n = send(fd, p, slowly ? 1 : len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
		if (slowly)
			usleep(1000);
	}
}

/*
 * Answers one question by TCP. False if the connection is to be closed now; true if it stays open, without an answer.
 */
static bool on_tcp(int fd)
{
	static uint8_t msg[65536], reply[65537];
	ssize_t n = recv(fd, msg, sizeof(msg), 0);
	struct question q;
	struct wr w = wr_over(reply + 2, sizeof(reply) - 2);

	if (n < 2 || !read_question(msg + 2, (size_t)n - 2, &q) || is(&q, "tc-close"))
		return false;
	if (is(&q, "tc-dead"))
		return true;
	if (is(&q, "tc-loop")) {
		header(&w, &q, 0x0200, 0, 0);
	} else if (is(&q, "tc-big")) {
		header(&w, &q, 0, 1000, 0);
		for (uint32_t i = 0; i < 1000; i++)
			address(&w, 60, 0x0a000000 + i);
	} else if (is(&q, "tc-chain")) {
		/*
		 * A record of 8,000 compression pointers, each to the one before it, and 2,000 records whose owner is
		 * the last one.
		 */
		header(&w, &q, 0, 2001, 0);
		wr_u16(&w, 0xc00c);
		wr_u16(&w, 65280);
		wr_u16(&w, 1);
		wr_u32(&w, 60);
		wr_u16(&w, 16000);
		uint16_t to = 12;
		for (int i = 0; i < 8000; i++) {
			uint16_t here = (uint16_t)wr_len(&w);
			wr_u16(&w, (uint16_t)(0xc000 | to));
			to = here;
		}
		for (int i = 0; i < 2000; i++) {
			address(&w, 60, FORGERY);
			w.p[-16] = (uint8_t)(0xc0 | to >> 8);
			w.p[-15] = (uint8_t)to;
		}
	} else {
		answer(&q, &w);
	}
	size_t len = wr_len(&w), said = is(&q, "tc-lie") ? len + 100 : is(&q, "tc-zero") ? 0 : len;
	if (is(&q, "tc-wrong-id"))
		reply[2] ^= 1;
	reply[0] = (uint8_t)(said >> 8);
	reply[1] = (uint8_t)said;
	write_all(fd, reply, len + 2, is(&q, "tc-split"));
	return false;
}

static int listen_on(const char *text, int type, uint16_t port)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool is4 = inet_pton(AF_INET, text, &four.sin_addr) == 1;
	int fd = socket(is4 ? AF_INET : AF_INET6, type, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if ((!is4 && inet_pton(AF_INET6, text, &six.sin6_addr) != 1) ||
	    (is4 ? bind(fd, (struct sockaddr *)&four, sizeof(four)) : bind(fd, (struct sockaddr *)&six, sizeof(six))) <
		0 ||
	    (type == SOCK_STREAM && listen(fd, 64) < 0)) {
		fprintf(stderr, "dnsliar: %s: %s\n", text, strerror(errno));
		exit(1);
	}
	return fd;
}

static void send_due(void)
{
	for (size_t i = 0; i < LATER_MAX; i++) {
		if (later[i].at && later[i].at <= now_ms()) {
			send_to(udp, later[i].msg, later[i].len, &later[i].to);
			later[i].at = 0;
		}
	}
}

int main(int argc, char **argv)
{
	struct pollfd fds[2 + CONNECTIONS];

	if (argc < 2) {
		fprintf(stderr, "usage: dnsliar ADDRESS [LOG]\n");
		return 2;
	}
	udp = listen_on(argv[1], SOCK_DGRAM, 53);
	stranger = listen_on(argv[1], SOCK_DGRAM, 5353);
	tcp = listen_on(argv[1], SOCK_STREAM, 53);
	log_to = argc > 2 ? fopen(argv[2], "a") : NULL;
	for (int i = 0; i < CONNECTIONS; i++)
		fds[2 + i] = (struct pollfd){.fd = -1, .events = POLLIN};
	fds[0] = (struct pollfd){.fd = udp, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = tcp, .events = POLLIN};
	puts("ready");
	fflush(stdout);
	for (;;) {
		poll(fds, 2 + CONNECTIONS, 20);
		send_due();
		if (fds[0].revents)
			on_udp();
		for (int i = 2; i < 2 + CONNECTIONS; i++) {
			if (fds[i].fd >= 0 && fds[i].revents && !on_tcp(fds[i].fd)) {
				close(fds[i].fd);
				fds[i].fd = -1;
			}
		}
		int free_one = 2;
		while (free_one < 2 + CONNECTIONS && fds[free_one].fd >= 0)
			free_one++;
		if (fds[1].revents && free_one < 2 + CONNECTIONS)
			fds[free_one].fd = accept(tcp, NULL, NULL);
	}
}
