/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The double's allocations. It answers as the real router (ipam/http.go) did when it was recorded. */
#include "double.h"

#include <arpa/inet.h>
#include <string.h>

struct owned {
	char id[ID];
	struct cidr4 c;
};

struct block {
	uint32_t first, last;
};

static struct owned owned[1024];
static struct block others[16];
static size_t owned_count, other_count;
static struct cidr4 range, subnet_default;
static bool ipam = true, quorum = true;
static const char *state_file;

static void save(void)
{
	char text[CIDR4_TEXT];
	FILE *f = state_file ? fopen(state_file, "w") : NULL;

	for (size_t i = 0; f && i < owned_count; i++)
		fprintf(f, "%s %s\n", cidr4_format(&owned[i].c, text), owned[i].id);
	if (f)
		fclose(f);
}

void load(const char *path)
{
	char text[64];
	FILE *f = fopen(path, "r");

	state_file = path;
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

/* The address that the name has, or a new one; false if none can be allocated now. */
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
	for (uint32_t a = first; a <= last && quorum; a++) {
		out->addr.s_addr = htonl(a);
		if (owner_of(a) || is_others(a) || !ip4_in(range, out->addr))
			continue;
		char self[INET_ADDRSTRLEN];
		inet_ntop(AF_INET, &out->addr, self, sizeof(self));
		own(strcmp(id, "_") == 0 ? self : id, *out); /* anonymous: the address is its own name */
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

/* Reads a subnet from the path; answers a bad one with the router's own error text. */
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
	q->is_json = true;
	reply(q, 200, "%s]}", all);
}

void answer_ip(struct request *q)
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

void answer_default_subnet(struct request *q)
{
	char text[CIDR4_TEXT];

	if (!ipam)
		no_page(q);
	else if (strcmp(q->method, "GET") != 0)
		reply(q, 405, "%s", "");
	else
		reply(q, 200, "%s", cidr4_format(&subnet_default, text));
}

void no_quorum(void)
{
	quorum = false;
}

void read_range(const char *word)
{
	ipam = cidr4_parse(word, &range);
	subnet_default = range;
}

bool read_default(const char *word)
{
	return cidr4_parse(word, &subnet_default);
}

bool read_block(const char *word)
{
	char first[32] = "", last[32] = "";

	if (sscanf(word, "%31[^-]-%31s", first, last) != 2 || other_count == 16)
		return false;
	others[other_count++] = (struct block){ntohl(inet_addr(first)), ntohl(inet_addr(last))};
	return true;
}
