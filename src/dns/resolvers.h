/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resolvers: the servers that the host itself asks, as resolv.conf(5) names them; read anew when it changes. */
#ifndef FOLD_DNS_RESOLVERS_H
#define FOLD_DNS_RESOLVERS_H

#include <stdbool.h>
#include <stddef.h>

#include <netinet/in.h>
#include <sys/socket.h>

#define RESOLVERS_MAX 8
#define RESOLV_CONF "/etc/resolv.conf"

union server {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static inline socklen_t server_len(const union server *s)
{
	return s->any.sa_family == AF_INET ? sizeof(s->four) : sizeof(s->six);
}

/* The addresses, ports and scopes; what lies behind the shorter member of the union may be anything. */
bool server_same(const union server *a, const union server *b);

union server server4(struct in_addr a);         /* with DNS's port */
union server server6(const struct in6_addr *a); /* the same */

/*
 * The servers of such a text, at most RESOLVERS_MAX; this host's loopback address where it names none (resolv.conf(5)).
 * Lines that are not understood have no effect. Their number.
 */
size_t resolvers_parse(const char *text, union server to[static RESOLVERS_MAX]);

struct resolvers {
	const char *path; /* the caller's */
	int watch;        /* an inotify descriptor, or -1 */
	char *target;     /* what the path leads to, where it is a link */
	union server at[RESOLVERS_MAX];
	size_t count;
};

/* Reads the file and begins to watch it. Without the file: the loopback address. 0 or -errno. */
int resolvers_open(struct resolvers *r, const char *path);
void resolvers_close(struct resolvers *r);

/* The watch is readable: true where the servers are others now. Never blocks. */
bool resolvers_update(struct resolvers *r);

#endif
