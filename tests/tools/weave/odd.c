/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to answer that no router has; see ../weave_double.c for their names. */
#include "double.h"

#include <string.h>
#include <sys/socket.h>

static void put_many(const struct client *c, const char *piece, size_t octets)
{
	for (size_t done = 0; done < octets; done += strlen(piece))
		if (send(c->fd, piece, strlen(piece), MSG_NOSIGNAL) <= 0)
			return;
}

void answer_oddly(struct request *q, const char *mode)
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
