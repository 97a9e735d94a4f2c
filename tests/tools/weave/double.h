/* SPDX-License-Identifier: GPL-2.0-or-later */
/* double: what the parts share of the test double of Weave Net's router; see ../weave_double.c. */
#ifndef FOLD_TESTS_WEAVE_DOUBLE_H
#define FOLD_TESTS_WEAVE_DOUBLE_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

struct request {
	struct client *c;
	char method[16], target[4096], *query;
	char seg[SEGMENTS][ID];
	int segs;
	bool json, has_host, is_10;
	bool is_json; /* the answer is JSON, and its Content-Type says so */
	char body[4096];
};

extern struct client clients[CLIENTS];
extern bool one_shot;     /* every connection is closed after its reply */
extern const char *where; /* host:port */
extern FILE *log_to;      /* or NULL */

void drop(struct client *c);
void put(const struct client *c, const char *data, size_t len);
void reply(struct request *q, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void no_page(struct request *q);

/* Addresses (ip.c). read_range() sets the range that they are allocated from; "-": no IPAM. */
void read_range(const char *word);
bool read_default(const char *word);
bool read_block(const char *word); /* A-B: addresses of another peer */
void no_quorum(void);
void load(const char *path); /* and save it there from now on */
void answer_ip(struct request *q);
void answer_default_subnet(struct request *q);

/* Names (name.c). NULL: weaveDNS is off. */
extern const char *domain;
void answer_name(struct request *q);

/* Odd ways to answer (odd.c). */
void answer_oddly(struct request *q, const char *mode);

#endif
