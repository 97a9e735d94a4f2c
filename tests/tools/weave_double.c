/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * weave_double: a DOUBLE of the HTTP API of Weave Net's router, for tests of its client. It gives the statuses and bodies that a real
 * router (weaveworks/weave 2.8.1) was recorded with, and blocks where that one blocks. It is not the router and proves nothing
 * about one: it has no peers, no DNS server and no data path, and which free address it picks is its own choice.
 *
 *   weave_double [OPTION]... HOST:PORT
 *     -r RANGE    what it gives addresses out of (10.32.0.0/12); "-": IPAM is off
 *     -d SUBNET   the default subnet (the range)
 *     -o A-B      these addresses are another peer's; repeatable
 *     -n DOMAIN   weaveDNS's (weave.local.); "-": it is off
 *     -s FILE     keeps allocations over a restart; names are lost, as with the real one
 *     -l FILE     a line for each request: method, target, status; "cancel NAME" where a client left while it was blocked
 *     -q          there is no quorum: every allocation blocks
 *     -1          closes the connection after each reply
 *     -m MODE     answers everything in an odd way; -p MODE: POST alone; -w N: only after N requests
 *       silent, close, garbage, big (1 MiB without a length), biglen, headers, redirect, half, halfhead, nolength, drip,
 *       body=TEXT (status 200), status=N:TEXT
 */
#include "weave/double.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct client clients[CLIENTS];
bool one_shot;
const char *where;
FILE *log_to;
static const char *mode_all, *mode_post;
static unsigned odd_after, requests;

void drop(struct client *c)
{
	if (c->blocked && log_to)
		fprintf(log_to, "cancel %s\n", c->id);
	close(c->fd);
	*c = (struct client){.fd = -1};
}

void put(const struct client *c, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

void reply(struct request *q, int status, const char *fmt, ...)
{
	char body[65536], head[512];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n", status);
	if (status != 204)
		n += snprintf(head + n, sizeof(head) - (size_t)n, "Content-Length: %d\r\n", len);
	if (status != 204 && len)
		n += snprintf(head + n, sizeof(head) - (size_t)n, "Content-Type: %s\r\n",
			      q->is_json ? "application/json" : "text/plain; charset=utf-8");
	if (status == 301)
		n += snprintf(head + n, sizeof(head) - (size_t)n, "Location: http://%s/elsewhere\r\n", where);
	n += snprintf(head + n, sizeof(head) - (size_t)n, "%s\r\n", one_shot ? "Connection: close\r\n" : "");
	put(q->c, head, (size_t)n);
	put(q->c, body, status == 204 ? 0 : (size_t)len);
	if (log_to)
		fprintf(log_to, "%s %s %d\n", q->method, q->target, status);
	if (one_shot || q->is_10)
		shutdown(q->c->fd, SHUT_WR);
}

void no_page(struct request *q)
{
	reply(q, 404, "404 page not found\n");
}

static void answer_one(struct request *q, const char *text)
{
	strcmp(q->method, "GET") == 0 ? reply(q, 200, "%s", text) : reply(q, 405, "%s", "");
}

static void answer(struct request *q)
{
	const char *first = q->seg[0];

	if (!q->has_host && !q->is_10)
		reply(q, 400, "400 Bad Request: missing required Host header");
	else if (strstr(q->target, "//"))
		reply(q, 301, "%s", "");
	else if (strcasestr(q->target, "%2f"))
		reply(q, 405, "%s", "");
	else if (strcmp(first, "ip") == 0)
		answer_ip(q);
	else if (strcmp(first, "ipinfo") == 0 && q->segs == 2 && strcmp(q->seg[1], "defaultsubnet") == 0)
		answer_default_subnet(q);
	else if (strcmp(first, "name") == 0)
		answer_name(q);
	else if (strcmp(first, "domain") == 0 && q->segs == 1 && domain)
		answer_one(q, domain);
	else if (strcmp(first, "dns-address") == 0 && q->segs == 1 && domain)
		answer_one(q, "172.17.0.1");
	else if (strcmp(first, "dns-address-port") == 0 && q->segs == 1 && domain)
		answer_one(q, "172.17.0.1:53");
	else if (strcmp(first, "status") == 0 && q->segs == 1)
		answer_one(q, "        Version: git-8c8476381d48 (version check update disabled)\n");
	else
		no_page(q);
}

/* ---- HTTP ---- */

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (tolower(c) - 'a') + 10;
}

static void decode(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2])) {
			*to++ = (char)(hex(s[1]) * 16 + hex(s[2]));
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

static void split(struct request *q, char *path)
{
	char *word, *rest = path + (*path == '/');

	while ((word = strsep(&rest, "/"))) {
		if (q->segs == SEGMENTS)
			return;
		decode(word);
		snprintf(q->seg[q->segs++], ID, "%s", word);
	}
}

/* Takes one request out of the client's buffer; false if none is complete. */
static bool take(struct client *c)
{
	char *end = memmem(c->in, c->len, "\r\n\r\n", 4), path[4096], version[16];
	struct request q = {.c = c};
	size_t body = 0;

	if (!end)
		return false;
	*end = 0;
	for (const char *h = strstr(c->in, "\r\n"); h; h = strstr(h, "\r\n")) {
		h += 2;
		if (strncasecmp(h, "Content-Length:", 15) == 0)
			body = strtoul(h + 15, NULL, 10);
		q.has_host |= strncasecmp(h, "Host:", 5) == 0;
		q.json |= strncasecmp(h, "Accept: application/json", 24) == 0;
	}
	size_t head = (size_t)(end - c->in) + 4;
	if (c->len < head + body) {
		*end = '\r';
		return false;
	}
	if (sscanf(c->in, "%15s %4095s %15s", q.method, q.target, version) != 3) {
		drop(c);
		return false;
	}
	q.is_10 = strcmp(version, "HTTP/1.0") == 0;
	if (body < sizeof(q.body))
		memcpy(q.body, c->in + head, body);
	decode(q.body);
	memmove(c->in, c->in + head + body, c->len -= head + body);
	strcpy(path, q.target);
	q.query = strchr(path, '?');
	if (q.query)
		*q.query++ = 0;
	split(&q, path);
	if (q.query)
		decode(q.query);
	const char *mode = mode_all ? mode_all : strcmp(q.method, "POST") == 0 ? mode_post : NULL;
	if (mode && requests++ >= odd_after)
		answer_oddly(&q, mode);
	else
		answer(&q);
	if (log_to)
		fflush(log_to);
	return c->fd >= 0;
}

static void hear(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->len, sizeof(c->in) - 1 - c->len, 0);

	if (n <= 0) {
		drop(c);
		if (log_to)
			fflush(log_to);
		return;
	}
	c->len += (size_t)n;
	c->in[c->len] = 0;
	while (c->fd >= 0 && take(c))
		;
}

static void welcome(int listener)
{
	const struct timeval most = {.tv_sec = 5};
	int fd = accept(listener, NULL, NULL);

	for (size_t i = 0; fd >= 0 && i < CLIENTS; i++) {
		if (clients[i].fd >= 0)
			continue;
		clients[i].fd = fd;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
		return;
	}
	if (fd >= 0)
		close(fd);
}

static void die(const char *what)
{
	fprintf(stderr, "weave_double: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_at(const char *at)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	const char *colon = strchr(at, ':');
	char host[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - at) : 0, at);
	sa.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : ""));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (inet_pton(AF_INET, host, &sa.sin_addr) != 1 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 64) < 0)
		die(at);
	return fd;
}

static void read_options(int argc, char **argv)
{
	int c;

	read_range("10.32.0.0/12");
	while ((c = getopt(argc, argv, "r:d:o:n:s:l:q1m:p:w:")) != -1) {
		switch (c) {
		case 'r':
			read_range(optarg);
			break;
		case 'd':
			if (!read_default(optarg))
				die(optarg);
			break;
		case 'o':
			if (!read_block(optarg))
				die(optarg);
			break;
		case 'n':
			domain = strcmp(optarg, "-") == 0 ? NULL : optarg;
			break;
		case 's':
			load(optarg);
			break;
		case 'l':
			log_to = fopen(optarg, "a");
			break;
		case 'q':
			no_quorum();
			break;
		case '1':
			one_shot = true;
			break;
		case 'm':
			mode_all = optarg;
			break;
		case 'p':
			mode_post = optarg;
			break;
		case 'w':
			odd_after = (unsigned)atoi(optarg);
			break;
		default:
			exit(2);
		}
	}
	if (!argv[optind])
		exit(2);
	where = argv[optind];
}

int main(int argc, char **argv)
{
	struct pollfd fds[CLIENTS + 1];

	read_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	int listener = listen_at(where);
	puts("ready");
	fflush(stdout);
	for (;;) {
		fds[CLIENTS] = (struct pollfd){.fd = listener, .events = POLLIN};
		for (size_t i = 0; i < CLIENTS; i++)
			fds[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
		poll(fds, CLIENTS + 1, 500);
		for (size_t i = 0; i < CLIENTS; i++) {
			if (clients[i].fd >= 0 && clients[i].dripping)
				put(&clients[i], "1", 1);
			if (clients[i].fd >= 0 && fds[i].revents)
				hear(&clients[i]);
		}
		if (fds[CLIENTS].revents)
			welcome(listener);
	}
}
