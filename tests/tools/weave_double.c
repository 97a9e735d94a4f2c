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
#include "base/addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CLIENTS 64
#define SEGMENTS 5
#define ID 256

struct client {
	int fd;
	char in[16384];
	size_t len;
	bool blocked; /* a POST that waits for an address */
	bool dripping;
	char id[ID];
	struct cidr4 subnet;
};

struct owned {
	char id[ID];
	struct cidr4 c;
};

struct name {
	char id[ID], fqdn[256];
	struct in_addr ip;
	bool dead; /* a tombstone */
};

struct block {
	uint32_t first, last;
};

struct request {
	struct client *c;
	char method[16], target[4096], *query;
	char seg[SEGMENTS][ID];
	int segs;
	bool json, has_host, is_10;
	char body[4096];
};

static struct client clients[CLIENTS];
static struct owned owned[1024];
static struct name names[256];
static struct block others[16];
static size_t owned_count, name_count, other_count;
static struct cidr4 range, subnet_default;
static bool ipam = true, no_quorum, one_shot;
static const char *domain = "weave.local.", *state_file, *mode_all, *mode_post, *where;
static FILE *log_to;
static unsigned odd_after, requests;

static void drop(struct client *c)
{
	if (c->blocked && log_to)
		fprintf(log_to, "cancel %s\n", c->id);
	close(c->fd);
	*c = (struct client){.fd = -1};
}

static void put(const struct client *c, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

__attribute__((format(printf, 3, 4))) static void reply(struct request *q, int status, const char *fmt, ...)
{
	char body[65536], head[512];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n", status);
	if (status != 204)
		n += snprintf(head + n, sizeof(head) - (size_t)n,
			      "Content-Length: %d\r\nContent-Type: text/plain; charset=utf-8\r\n", len);
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

static void no_page(struct request *q)
{
	reply(q, 404, "404 page not found\n");
}

/* ---- allocation ---- */

static void save(void)
{
	char text[CIDR4_TEXT];
	FILE *f = state_file ? fopen(state_file, "w") : NULL;

	for (size_t i = 0; f && i < owned_count; i++)
		fprintf(f, "%s %s\n", cidr4_format(&owned[i].c, text), owned[i].id);
	if (f)
		fclose(f);
}

static void load(void)
{
	char text[64];
	FILE *f = state_file ? fopen(state_file, "r") : NULL;

	while (f && fscanf(f, "%63s %255s", text, owned[owned_count].id) == 2)
		if (cidr4_parse(text, &owned[owned_count].c))
			owned_count++;
	if (f)
		fclose(f);
}

static const struct owned *owner_of(uint32_t a)
{
	for (size_t i = 0; i < owned_count; i++)
		if (owned[i].c.addr.s_addr == htonl(a))
			return &owned[i];
	return NULL;
}

static bool is_others(uint32_t a)
{
	for (size_t i = 0; i < other_count; i++)
		if (a >= others[i].first && a <= others[i].last)
			return true;
	return false;
}

static void own(const char *id, struct cidr4 c)
{
	snprintf(owned[owned_count].id, ID, "%s", id);
	owned[owned_count++].c = c;
	save();
}

/* The address the name has or gets; false where there is none to be had now. */
static bool allocate(const char *id, struct cidr4 subnet, struct cidr4 *out)
{
	*out = subnet;
	for (size_t i = 0; i < owned_count; i++) {
		if (strcmp(owned[i].id, id) == 0 && ip4_in(subnet, owned[i].c.addr)) {
			out->addr = owned[i].c.addr;
			return true;
		}
	}
	uint32_t first = ntohl(ip4_network(subnet).s_addr) + 1, last = ntohl(ip4_broadcast(subnet).s_addr) - 1;
	for (uint32_t a = first; a <= last && !no_quorum; a++) {
		out->addr.s_addr = htonl(a);
		if (owner_of(a) || is_others(a) || !ip4_in(range, out->addr))
			continue;
		char self[INET_ADDRSTRLEN];
		inet_ntop(AF_INET, &out->addr, self, sizeof(self));
		own(strcmp(id, "_") == 0 ? self : id, *out); /* anonymous: filed under itself */
		return true;
	}
	return false;
}

static void serve_blocked(void)
{
	char text[CIDR4_TEXT];
	struct cidr4 got;

	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];
		if (c->fd < 0 || !c->blocked || !allocate(c->id, c->subnet, &got))
			continue;
		struct request q = {.c = c, .method = "POST", .target = "(blocked)"};
		c->blocked = false;
		reply(&q, 200, "%s", cidr4_format(&got, text));
	}
}

/* A subnet in the path, with the words that the router has for a bad one. */
static bool read_subnet(struct request *q, struct cidr4 *out)
{
	char text[2 * ID + 2], own_range[CIDR4_TEXT];

	snprintf(text, sizeof(text), "%s/%s", q->seg[2], q->seg[3]);
	if (!cidr4_parse(text, out))
		reply(q, 400, "invalid CIDR address: %s\n", text);
	else if (ip4_network(*out).s_addr != out->addr.s_addr)
		reply(q, 400, "invalid subnet - bits after network prefix are not all zero: %s\n", text);
	else if (out->len > 30)
		reply(q, 400, "invalid subnet - smaller than minimum size 4: %s\n", text);
	else if (!ip4_in(range, out->addr) && !ip4_in(*out, range.addr))
		reply(q, 400, "range %s out of bounds: %s\n", text, cidr4_format(&range, own_range));
	else
		return true;
	return false;
}

static void post_ip(struct request *q, struct cidr4 subnet)
{
	struct client *c = q->c;
	char text[CIDR4_TEXT];
	struct cidr4 got;

	if (allocate(q->seg[1], subnet, &got)) {
		reply(q, 200, "%s", cidr4_format(&got, text));
		return;
	}
	c->blocked = true;
	c->subnet = subnet;
	snprintf(c->id, sizeof(c->id), "%s", q->seg[1]);
	if (log_to)
		fprintf(log_to, "%s %s blocked\n", q->method, q->target);
}

static void get_ip(struct request *q, struct cidr4 subnet)
{
	char all[4096] = "", text[CIDR4_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < owned_count; i++)
		if (strcmp(owned[i].id, q->seg[1]) == 0 && ip4_in(subnet, owned[i].c.addr))
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n ? " " : "",
					      cidr4_format(&owned[i].c, text));
	reply(q, 200, "%s", all);
}

static void put_ip(struct request *q)
{
	char text[2 * ID + 2];
	struct cidr4 c;

	snprintf(text, sizeof(text), "%s/%s", q->seg[2], q->seg[3]);
	if (!cidr4_parse(text, &c)) {
		reply(q, 400, "invalid CIDR address: %s\n", text);
		return;
	}
	const struct owned *o = owner_of(ntohl(c.addr.s_addr));
	if (o && strcmp(o->id, q->seg[1]) != 0) {
		reply(q, 400, "Unable to claim: address %s is already owned by %s\n", text, o->id);
	} else if (is_others(ntohl(c.addr.s_addr))) {
		reply(q, 400, "Unable to claim: address %s is owned by other peer 7a:00:00:00:00:0b (wB)\n", text);
	} else {
		if (!o)
			own(q->seg[1], c);
		reply(q, 204, "%s", "");
	}
}

static void delete_ip(struct request *q)
{
	struct in_addr ip = {0};
	bool found = false, one = q->segs == 3;

	if (one && inet_pton(AF_INET, q->seg[2], &ip) != 1) {
		reply(q, 400, "invalid IP Address: %s\n", q->seg[2]);
		return;
	}
	for (size_t i = 0; i < owned_count;) {
		if (strcmp(owned[i].id, q->seg[1]) != 0 || (one && owned[i].c.addr.s_addr != ip.s_addr)) {
			i++;
			continue;
		}
		memmove(&owned[i], &owned[i + 1], (--owned_count - i) * sizeof(owned[0]));
		found = true;
	}
	save();
	if (found)
		reply(q, 204, "%s", "");
	else if (one)
		reply(q, 400, "Unable to free: Free: address %s not found for %s\n", q->seg[2], q->seg[1]);
	else
		reply(q, 400, "Delete: no addresses for %s\n", q->seg[1]);
	serve_blocked();
}

static void list_ip(struct request *q)
{
	char all[60000], text[CIDR4_TEXT];
	size_t n = (size_t)snprintf(all, sizeof(all), "{\"owned\":[");

	for (size_t i = 0, written = 0; i < owned_count && n < sizeof(all) - 1024; i++) {
		bool seen = false;
		for (size_t j = 0; j < i; j++)
			seen |= strcmp(owned[j].id, owned[i].id) == 0;
		if (seen)
			continue;
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s{\"containerid\":\"", written++ ? "," : "");
		for (const char *c = owned[i].id; *c; c++)
			n += (size_t)snprintf(all + n, sizeof(all) - n,
					      strchr("<>&", *c)    ? "\\u%04x"
					      : strchr("\"\\", *c) ? "\\%c"
								   : "%c",
					      *c);
		n += (size_t)snprintf(all + n, sizeof(all) - n, "\",\"addrs\":[");
		for (size_t j = i, first = 1; j < owned_count; j++)
			if (strcmp(owned[j].id, owned[i].id) == 0) {
				n += (size_t)snprintf(all + n, sizeof(all) - n, "%s\"%s\"", first ? "" : ",",
						      cidr4_format(&owned[j].c, text));
				first = 0;
			}
		n += (size_t)snprintf(all + n, sizeof(all) - n, "]}");
	}
	reply(q, 200, "%s]}", all);
}

static void answer_ip(struct request *q)
{
	const char *m = q->method;
	struct cidr4 subnet = subnet_default;

	if (!ipam || (q->segs == 2 && !q->seg[1][0]))
		no_page(q);
	else if (q->segs == 1)
		strcmp(m, "GET") == 0 ? list_ip(q) : reply(q, 405, "%s", "");
	else if (strcmp(m, "DELETE") == 0 && (q->segs == 2 || q->segs == 3))
		delete_ip(q);
	else if (strcmp(m, "PUT") == 0 && q->segs == 4)
		put_ip(q);
	else if ((strcmp(m, "GET") != 0 && strcmp(m, "POST") != 0) || (q->segs != 2 && q->segs != 4))
		reply(q, 405, "%s", "");
	else if (q->segs == 4 && !read_subnet(q, &subnet))
		;
	else
		strcmp(m, "GET") == 0 ? get_ip(q, subnet) : post_ip(q, subnet);
}

/* ---- names ---- */

/* The value of fqdn, decoded already, with a last dot; NULL where there is none. */
static const char *read_fqdn(const char *from, char out[static 256])
{
	const char *at = from ? strstr(from, "fqdn=") : NULL;

	if (!at)
		return NULL;
	size_t len = strcspn(at + 5, "&");
	snprintf(out, 256, "%.*s%s", (int)len, at + 5, len && at[5 + len - 1] == '.' ? "" : ".");
	return out;
}

static void put_name(struct request *q)
{
	char text[256];
	struct in_addr ip;
	const char *fqdn = read_fqdn(q->query, text);

	if (!fqdn)
		fqdn = read_fqdn(q->body, text);
	if (strchr(q->seg[2], ':')) {
		ip.s_addr = 0; /* IPv6: taken, and stored as that */
	} else if (inet_pton(AF_INET, q->seg[2], &ip) != 1) {
		reply(q, 400, "invalid IP Address: %s\n", q->seg[2]);
		return;
	}
	/* Outside the domain: no word of it, and no entry. */
	size_t d = strlen(domain), f = fqdn ? strlen(fqdn) : 0;
	bool inside = f > d && strcasecmp(fqdn + f - d, domain) == 0 && fqdn[f - d - 1] == '.', known = false;
	for (size_t i = 0; inside && i < name_count; i++) {
		if (strcmp(names[i].id, q->seg[1]) != 0 || strcmp(names[i].fqdn, fqdn) != 0 ||
		    names[i].ip.s_addr != ip.s_addr)
			continue;
		names[i].dead = false;
		known = true;
	}
	if (inside && !known) {
		struct name *n = &names[name_count++];
		snprintf(n->id, sizeof(n->id), "%s", q->seg[1]);
		snprintf(n->fqdn, sizeof(n->fqdn), "%s", fqdn);
		n->ip = ip;
	}
	reply(q, 204, "%s", "");
}

static void delete_name(struct request *q)
{
	char text[256];
	struct in_addr ip = {0};
	const char *fqdn = read_fqdn(q->query, text);

	if (q->segs == 3 && inet_pton(AF_INET, q->seg[2], &ip) != 1) {
		reply(q, 400, "invalid IP Address: %s\n", q->seg[2]);
		return;
	}
	for (size_t i = 0; i < name_count; i++)
		if ((q->segs < 2 || strcmp(names[i].id, q->seg[1]) == 0) &&
		    (q->segs < 3 || names[i].ip.s_addr == ip.s_addr) && (!fqdn || strcasecmp(names[i].fqdn, fqdn) == 0))
			names[i].dead = true;
	reply(q, 204, "%s", "");
}

static void list_names(struct request *q)
{
	char all[60000], ip[INET_ADDRSTRLEN];
	size_t n = (size_t)snprintf(all, sizeof(all), "[");

	for (size_t i = 0; i < name_count && n < sizeof(all) - 1024; i++)
		n += (size_t)
		    snprintf(all + n, sizeof(all) - n,
			     "%s{\"ContainerID\":\"%s\",\"Origin\":134140418588682,\"Addr\":\"%s\",\"Hostname\":\"%s\","
			     "\"Version\":%d,\"Tombstone\":%d}",
			     i ? "," : "", names[i].id, inet_ntop(AF_INET, &names[i].ip, ip, sizeof(ip)), names[i].fqdn,
			     names[i].dead, names[i].dead ? 1460000000 : 0);
	reply(q, 200, "%s]", all);
}

static void answer_name(struct request *q)
{
	if (!domain)
		no_page(q);
	else if (strcmp(q->method, "PUT") == 0 && q->segs == 3)
		put_name(q);
	else if (strcmp(q->method, "DELETE") == 0 && q->segs <= 3)
		delete_name(q);
	else if (strcmp(q->method, "GET") == 0 && q->segs == 1 && q->json)
		list_names(q);
	else
		reply(q, 405, "%s", "");
}

static void answer_one(struct request *q, const char *text)
{
	strcmp(q->method, "GET") == 0 ? reply(q, 200, "%s", text) : reply(q, 405, "%s", "");
}

static void answer(struct request *q)
{
	char text[CIDR4_TEXT];
	const char *first = q->seg[0];

	if (!q->has_host && !q->is_10)
		reply(q, 400, "400 Bad Request: missing required Host header");
	else if (strstr(q->target, "//"))
		reply(q, 301, "%s", "");
	else if (strcasestr(q->target, "%2f"))
		reply(q, 405, "%s", "");
	else if (strcmp(first, "ip") == 0)
		answer_ip(q);
	else if (strcmp(first, "ipinfo") == 0 && q->segs == 2 && strcmp(q->seg[1], "defaultsubnet") == 0 && ipam)
		answer_one(q, cidr4_format(&subnet_default, text));
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

/* ---- odd ways to answer ---- */

static void put_many(const struct client *c, const char *piece, size_t octets)
{
	for (size_t done = 0; done < octets; done += strlen(piece))
		if (send(c->fd, piece, strlen(piece), MSG_NOSIGNAL) <= 0)
			return;
}

static void answer_oddly(struct request *q, const char *mode)
{
	static const char good[] = "HTTP/1.1 200 OK\r\n",
			  line[] = "X-Filler: 0123456789012345678901234567890123456789\r\n";
	struct client *c = q->c;
	int status = 200;

	if (log_to)
		fprintf(log_to, "%s %s %s\n", q->method, q->target, mode);
	if (strcmp(mode, "silent") == 0)
		return;
	if (strncmp(mode, "body=", 5) == 0) {
		reply(q, 200, "%s", mode + 5);
		return;
	}
	if (sscanf(mode, "status=%d:", &status) == 1) {
		reply(q, status, "%s", strchr(mode, ':') + 1);
		return;
	}
	if (strcmp(mode, "redirect") == 0) {
		reply(q, 301, "%s", "");
		return;
	}
	if (strcmp(mode, "drip") == 0) {
		put(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 41);
		c->dripping = true;
		return;
	}
	if (strcmp(mode, "garbage") == 0)
		put(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x1b[2Jnothing that anybody speaks\r\n\r\n", 46);
	else if (strcmp(mode, "halfhead") == 0)
		put(c, good, 11);
	else if (strcmp(mode, "close") != 0)
		put(c, good, strlen(good));
	if (strcmp(mode, "big") == 0) {
		put(c, "\r\n", 2);
		put_many(c, line, 1048576);
	} else if (strcmp(mode, "biglen") == 0) {
		put(c, "Content-Length: 1048576\r\n\r\n", 27);
		put_many(c, line, 1048576);
	} else if (strcmp(mode, "headers") == 0) {
		put_many(c, line, 1048576);
	} else if (strcmp(mode, "half") == 0) {
		put(c, "Content-Length: 100\r\n\r\n10.32", 28);
	} else if (strcmp(mode, "nolength") == 0) {
		put(c, "Connection: close\r\n\r\n10.32.0.9/12", 33);
	}
	drop(c);
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

/* One request out of the client's buffer; false where there is none whole. */
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

static void read_range(const char *word)
{
	ipam = strcmp(word, "-") != 0;
	if (ipam && !cidr4_parse(word, &range))
		die(word);
	subnet_default = range;
}

static void read_block(const char *word)
{
	char first[32] = "", last[32] = "";

	if (sscanf(word, "%31[^-]-%31s", first, last) != 2 || other_count == 16)
		die(word);
	others[other_count++] = (struct block){ntohl(inet_addr(first)), ntohl(inet_addr(last))};
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
			if (!cidr4_parse(optarg, &subnet_default))
				die(optarg);
			break;
		case 'o':
			read_block(optarg);
			break;
		case 'n':
			domain = strcmp(optarg, "-") == 0 ? NULL : optarg;
			break;
		case 's':
			state_file = optarg;
			break;
		case 'l':
			log_to = fopen(optarg, "a");
			break;
		case 'q':
			no_quorum = true;
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
	load();
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
