/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in weaveDNS. This finds out which names the router would accept
 * silently but never answer for. RFC 1035 2.3, RFC 4343 (no case).
 */
#include "host/weave_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ASK_MS 3000
#define DNS_OFF "has no weaveDNS: it is off; start it without --no-dns"

int weave_domain(struct weave *w, char out[static WEAVE_NAME_SIZE], bool *fresh, int *kept_fd, struct report *r)
{
	struct http_reply reply;
	int err = weave_ask(w, "GET", ASK_MS, &reply, r, "/domain");

	if (err)
		return err;
	*fresh = reply.fresh;
	*kept_fd = reply.kept_fd;
	err = weave_check(w, &reply, 200, DNS_OFF, r);
	if (err)
		return err;
	size_t len = reply.len;
	if (len && reply.body[len - 1] == '.')
		len--;
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	if (!len || len >= WEAVE_NAME_SIZE || strspn(reply.body, plain) != reply.len)
		return weave_fail(w, r, EPROTO, "answers with no domain; see " WEAVE_ENV);
	memcpy(out, reply.body, len);
	out[len] = 0;
	return 0;
}

int weave_full_name(const char *host, const char *domain, char out[static WEAVE_NAME_SIZE])
{
	size_t h = strlen(host), d = strlen(domain);

	if (!strchr(host, '.'))
		return snprintf(out, WEAVE_NAME_SIZE, "%s.%s", host, domain) < WEAVE_NAME_SIZE ? 0 : -ENAMETOOLONG;
	if (h >= WEAVE_NAME_SIZE)
		return -ENAMETOOLONG;
	if (h <= d + 1 || host[h - d - 1] != '.' || strcasecmp(host + h - d, domain) != 0)
		return -EINVAL;
	memcpy(out, host, h + 1);
	return 0;
}

/* Enters or withdraws a name. fqdn must be in the query: otherwise DELETE removes every name of that address. */
static int change(struct weave *w, const char *method, const char *id, struct in_addr ip, const char *name,
		  struct report *r)
{
	char escaped[3 * IFNAMSIZ], fqdn[3 * WEAVE_NAME_SIZE], text[INET_ADDRSTRLEN];
	struct http_reply reply;

	inet_ntop(AF_INET, &ip, text, sizeof(text));
	weave_escape(id, escaped, sizeof(escaped));
	weave_escape(name, fqdn, sizeof(fqdn));
	int wake = w->wake;
	w->wake = -1; /* an interrupted request may still arrive, after the one that undoes it */
	int err = weave_ask(w, method, ASK_MS, &reply, r, "/name/%s/%s?fqdn=%s", escaped, text, fqdn);
	w->wake = wake;
	return err ? err : weave_check(w, &reply, 204, DNS_OFF, r);
}

int weave_enter(struct weave *w, const char *id, struct in_addr ip, const char *name, struct report *r)
{
	return change(w, "PUT", id, ip, name, r);
}

int weave_withdraw(struct weave *w, const char *id, struct in_addr ip, const char *name, struct report *r)
{
	return change(w, "DELETE", id, ip, name, r);
}
