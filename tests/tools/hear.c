/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hear: a guest's program that is told when its binding changes (NOTIFY_PORT, NOTIFY_IP, NOTIFY_IP6).
 *
 *   hear PORT [quiet|ack|wrong|short]
 *     Prints every datagram that comes to that UDP port, over IPv4 or IPv6, as "MS SENDER PORT HEX": when, in
 *     milliseconds since the machine began, and from whom. The first line, "# ready", says that from now on none is missed.
 *     ack sends the same octets back, wrong sends them with the last bit turned over, short without the last one; quiet,
 *     the default, sends nothing. It ends by SIGTERM.
 *
 *   hear say SENDER-PORT ADDRESS PORT HEX
 *     Sends one datagram.
 */
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "hear: ");
	perror(what);
	exit(1);
}

static int socket_at(int family, uint16_t port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	int off = 0, fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	int err = family == AF_INET6 ? bind(fd, (struct sockaddr *)&six, sizeof(six))
				     : bind(fd, (struct sockaddr *)&four, sizeof(four));
	if (err < 0)
		die("bind");
	return fd;
}

static void print(const struct sockaddr_in6 *from, const uint8_t *data, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	inet_ntop(AF_INET6, &from->sin6_addr, text, sizeof(text));
	printf("%lld %s %u ", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000,
	       strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text, ntohs(from->sin6_port));
	for (size_t i = 0; i < len; i++)
		printf("%02x", data[i]);
	puts("");
}

static int hear(uint16_t port, const char *how)
{
	int fd = socket_at(AF_INET6, port);

	puts("# ready");
	for (;;) {
		struct sockaddr_in6 from;
		socklen_t from_len = sizeof(from);
		uint8_t data[2048];
		ssize_t len = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_len);
		if (len < 0)
			die("recvfrom");
		print(&from, data, (size_t)len);
		if (strcmp(how, "quiet") == 0 || len == 0)
			continue;
		if (strcmp(how, "wrong") == 0)
			data[len - 1] ^= 1;
		if (strcmp(how, "short") == 0)
			len--;
		if (sendto(fd, data, (size_t)len, 0, (struct sockaddr *)&from, from_len) < 0)
			perror("hear: sendto");
	}
}

static int say(char **argv)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *to;
	uint8_t data[1024];
	size_t len = 0;

	if (getaddrinfo(argv[1], argv[2], &hints, &to) != 0) {
		fprintf(stderr, "hear: %s %s: no address and port\n", argv[1], argv[2]);
		return 1;
	}
	for (unsigned octet; len < sizeof(data) && sscanf(argv[3] + 2 * len, "%2x", &octet) == 1;)
		data[len++] = (uint8_t)octet;
	int fd = socket_at(to->ai_family, (uint16_t)atoi(argv[0]));
	bool sent = sendto(fd, data, len, 0, to->ai_addr, to->ai_addrlen) == (ssize_t)len;
	if (!sent)
		perror("hear: sendto");
	close(fd);
	freeaddrinfo(to);
	return sent ? 0 : 1;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 6 && strcmp(argv[1], "say") == 0)
		return say(argv + 2);
	if (argc == 2 || argc == 3)
		return hear((uint16_t)atoi(argv[1]), argc == 3 ? argv[2] : "quiet");
	fprintf(stderr, "usage: hear PORT [quiet|ack|wrong|short]\n"
			"       hear say SENDER-PORT ADDRESS PORT HEX\n");
	return 2;
}
