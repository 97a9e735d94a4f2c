/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * getaddrinfo NAME [4|6]: prints the addresses that the C library's resolver finds for a name, sorted, one a line, or
 * its error code if it finds none. dns.sh builds this program with each C library that it tests.
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
