/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/text.h"

#include "base/addr.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	size_t used = n < 0 ? 0 : (size_t)n < t->left ? (size_t)n : t->left - 1;
	t->at += used;
	t->left -= used;
}

void text_hex(struct text *t, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len && t->left > 1; i++)
		text_add(t, "%02x", b[i]);
}

void text_mac(struct text *t, const uint8_t b[static 6])
{
	char mac[MAC_TEXT];

	text_add(t, "%s", mac_format(b, mac));
}

void text_ip4(struct text *t, const uint8_t b[static 4])
{
	text_add(t, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

void text_ip6(struct text *t, const uint8_t b[static 16])
{
	char ip[INET6_ADDRSTRLEN];

	text_add(t, "%s", inet_ntop(AF_INET6, b, ip, sizeof(ip)));
}

void text_quoted(struct text *t, const uint8_t *b, size_t len)
{
	char escaped[1024];

	text_add(t, "\"%s\"", log_escape(b, len, escaped, sizeof(escaped)));
}
