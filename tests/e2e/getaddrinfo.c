/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * getaddrinfo NAME [4|6]: what the C library's resolver makes of a name, an address a line, sorted; its code where it makes nothing.
 * dns.sh builds it with each library that it asks.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRESSES 64

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int main(int argc, char **argv)
{
	static char lines[ADDRESSES][NI_MAXHOST];
	struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *found;
	size_t n = 0;

	if (argc < 2)
		return 2;
	if (argc > 2)
		want.ai_family = argv[2][0] == '6' ? AF_INET6 : AF_INET;
	int err = getaddrinfo(argv[1], NULL, &want, &found);
	if (err) {
		puts(err == EAI_NONAME ? "no name" : err == EAI_AGAIN ? "try again" : gai_strerror(err));
		return 1;
	}
	for (const struct addrinfo *a = found; a && n < ADDRESSES; a = a->ai_next)
		getnameinfo(a->ai_addr, a->ai_addrlen, lines[n++], NI_MAXHOST, NULL, 0, NI_NUMERICHOST);
	qsort(lines, n, NI_MAXHOST, compare);
	for (size_t i = 0; i < n; i++)
		puts(lines[i]);
	freeaddrinfo(found);
	return 0;
}
