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

/* Compares addresses, ports and scopes, and not what lies behind the shorter member of the union. */
bool server_same(const union server *a, const union server *b);

union server server4(struct in_addr a);         /* with DNS's port */
union server server6(const struct in6_addr *a); /* the same */

/*
 * Parses the servers of a resolv.conf(5), at most RESOLVERS_MAX; if it names none, this host's loopback address. Lines
 * that are not understood have no effect. Returns the number of servers.
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

/* For when the watch is readable: true if the servers changed. Never blocks. */
bool resolvers_update(struct resolvers *r);

#endif
