/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address allocation by Weave Net's router, and requests to it in general. RFC 3986 (paths), RFC 9110 (statuses). */
#include "host/weave_priv.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT "6784"

#define ALLOCATE_MS 10000 /* the router waits for its peers, which may be far away */
#define ASK_MS 5000
#define TAKE_BACK_MS 3000

#define IPAM_OFF "gives out no addresses: its IPAM is off; start it with --ipalloc-range"

static bool is_host(const char *at, size_t len)
{
	bool bracket = len > 2 && at[0] == '[' && at[len - 1] == ']';

	for (size_t i = bracket; i < len - bracket; i++)
		if (!isalnum((unsigned char)at[i]) && !strchr(bracket ? ":." : ".-_", at[i]))
			return false;
	return len < WEAVE_WHERE_SIZE - sizeof("[]:65535");
}

static bool is_port(const char *at)
{
	char *end;
	size_t digits = strspn(at, "0123456789");
	unsigned long port = strtoul(at, &end, 10);

	return digits > 0 && digits <= 5 && !at[digits] && port >= 1 && port <= 65535;
}

int weave_where(const char *text, char out[static WEAVE_WHERE_SIZE], struct report *r)
{
	const char *at = text ? text : "", *bracket = strrchr(at, ']'), *colon = strrchr(bracket ? bracket : at, ':');
	const char *port = colon && colon[1] ? colon + 1 : DEFAULT_PORT;
	size_t len = colon ? (size_t)(colon - at) : strlen(at);

	if (!is_host(at, len) || !is_port(port))
		return report_fail(r, EINVAL,
				   WEAVE_ENV "=%.80s: is not <host>:<port>, such as " DEFAULT_HOST ":" DEFAULT_PORT,
				   at);
	if (!len)
		snprintf(out, WEAVE_WHERE_SIZE, DEFAULT_HOST ":%s", port);
	else
		snprintf(out, WEAVE_WHERE_SIZE, "%.*s:%s", (int)len, at, port);
	return 0;
}

int weave_open(const char *where, int wake, struct weave **out, struct report *r)
{
	struct weave *w = calloc(1, sizeof(*w));

	if (!w)
		return report_fail(r, ENOMEM, "out of memory");
	w->wake = wake;
	int err = weave_where(where ? where : getenv(WEAVE_ENV), w->where, r);
	if (!err)
		err = http_open(&w->http, r);
	if (err) {
		free(w);
		return err;
	}
	*out = w;
	return 0;
}

void weave_close(struct weave *w)
{
	if (!w)
		return;
	http_close(w->http);
	free(w);
}

const char *weave_at(const struct weave *w)
{
	return w->where;
}

const char *weave_escape(const char *text, char *out, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c && n + 4 <= size; c++) {
		if (isalnum(*c) || strchr("-._~", *c)) {
			out[n++] = (char)*c;
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[*c >> 4];
		out[n++] = hex[*c & 15];
	}
	out[n] = 0;
	return out;
}

int weave_fail(const struct weave *w, struct report *r, int err, const char *fmt, ...)
{
	char text[sizeof(r->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return report_fail(r, err, "Weave Net's router at %s %s", w->where, text);
}

int weave_ask(struct weave *w, const char *method, unsigned ms, struct http_reply *out, struct report *r,
	      const char *fmt, ...)
{
	char url[WEAVE_WHERE_SIZE + WEAVE_PATH_SIZE + 8];
	struct http_request q = {.method = method, .url = url, .total_ms = ms, .wake = w->wake};
	struct report why = {0};
	va_list ap;

	int len = snprintf(url, sizeof(url), "http://%s", w->where);
	va_start(ap, fmt);
	int more = vsnprintf(url + len, WEAVE_PATH_SIZE, fmt, ap);
	va_end(ap);
	if (more >= WEAVE_PATH_SIZE)
		return weave_fail(w, r, ENAMETOOLONG, "takes no name as long as this; choose a shorter one");
	int err = http_ask(w->http, &q, out, &why);
	return err ? weave_fail(w, r, -err, "%s", why.msg) : 0;
}

/* The router's own text on one line, escaped, and cut to fit. */
static const char *quote(const struct http_reply *reply, char *out, size_t size)
{
	size_t len = reply->len, n = 0;

	while (len && isspace((unsigned char)reply->body[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)reply->body[i];
		if (n + sizeof("\\xNN...") > size) {
			memcpy(out + n, "...", sizeof("..."));
			return out;
		}
		n += (size_t)sprintf(out + n, isprint(c) && c != '\\' ? "%c" : "\\x%02x", c);
	}
	out[n] = 0;
	return out;
}

int weave_check(const struct weave *w, const struct http_reply *reply, int want, const char *off, struct report *r)
{
	char words[256];

	if (reply->status == want)
		return 0;
	if (reply->status == 404)
		return weave_fail(w, r, ENOTSUP, "%s", off);
	if (reply->status / 100 == 3)
		return weave_fail(w, r, EPROTO,
				  "answers with a redirect (status %d), which is not followed; see " WEAVE_ENV,
				  reply->status);
	if (!*quote(reply, words, sizeof(words)))
		return weave_fail(w, r, EPROTO, "answers with status %d and nothing else; see " WEAVE_ENV,
				  reply->status);
	if (reply->status == 400)
		return weave_fail(w, r, EINVAL, "says: %s", words);
	return weave_fail(w, r, EPROTO, "answers with status %d: %s", reply->status, words);
}

/* Reads an address. The body must be that and nothing else. */
static bool read_cidr(const struct http_reply *reply, struct cidr4 *out)
{
	return reply->len == strlen(reply->body) && cidr4_parse(reply->body, out) && out->len > 0;
}

static int not_an_address(const struct weave *w, const struct http_reply *reply, struct report *r)
{
	char words[64];

	return weave_fail(w, r, EPROTO, "answers with \"%s\" where an address is due; see " WEAVE_ENV,
			  quote(reply, words, sizeof(words)));
}

/* If the router cannot be reached, adds to the line what a user who needs an address can do. */
static int hint(int err, struct report *r)
{
	struct report was = *r;

	if (err == -ECONNREFUSED)
		return report_fail(r, ECONNREFUSED,
				   "%s; start it, set " WEAVE_ENV
				   ", or use --local for addresses of this machine alone",
				   was.msg);
	return err;
}

int weave_default_subnet(struct weave *w, struct cidr4 *out, struct report *r)
{
	struct http_reply reply;
	int err = weave_ask(w, "GET", ASK_MS, &reply, r, "/ipinfo/defaultsubnet");

	if (!err)
		err = weave_check(w, &reply, 200, IPAM_OFF, r);
	if (!err && (!read_cidr(&reply, out) || ip4_network(*out).s_addr != out->addr.s_addr))
		err = not_an_address(w, &reply, r);
	return hint(err, r);
}

/*
 * Whether the router's JSON lists that name, as in {"owned":[{"containerid":"vm1","addrs":["10.32.0.1/12"]}]}.
 * Go's encoder escapes these five characters; no interface's name has any of the others that JSON escapes.
 */
static bool is_listed(const struct http_reply *reply, const char *name)
{
	char item[6 * IFNAMSIZ + 32];
	size_t n = (size_t)snprintf(item, sizeof(item), "\"containerid\":\"");

	for (const char *c = name; *c; c++) {
		if (strchr("<>&", *c))
			n += (size_t)snprintf(item + n, sizeof(item) - n, "\\u%04x", (unsigned char)*c);
		else
			n += (size_t)snprintf(item + n, sizeof(item) - n, "%s%c", strchr("\"\\", *c) ? "\\" : "", *c);
	}
	item[n++] = '"';
	return memmem(reply->body, reply->len, item, n) != NULL;
}

/* Finds out what the name has before fold requests an address, so that weave_undo() leaves that alone. */
static int look(struct weave *w, const char *name, struct weave_want *want, struct report *r)
{
	struct http_reply reply;
	int err = weave_ask(w, "GET", ASK_MS, &reply, r, "/ip");

	if (!err)
		err = weave_check(w, &reply, 200, IPAM_OFF, r);
	if (err)
		return hint(err, r);
	want->owns = is_listed(&reply, name);
	if (!want->owns)
		return 0;
	err = weave_ask(w, "GET", ASK_MS, &reply, r, "%s", want->path);
	if (!err)
		err = weave_check(w, &reply, 200, IPAM_OFF, r);
	want->owns_here = !err && reply.len > 0;
	return err;
}

/* Releases the addresses in the subnet of a name that had none there before, but some elsewhere. */
static int free_new(struct weave *w, const struct weave_want *want, struct report *r)
{
	struct http_reply reply;
	char text[1024], *rest = text, *word, ip[INET_ADDRSTRLEN];
	struct cidr4 c;
	int err = weave_ask(w, "GET", TAKE_BACK_MS, &reply, r, "%s", want->path);

	if (err || reply.status != 200)
		return err;
	snprintf(text, sizeof(text), "%s", reply.body);
	while (!err && (word = strsep(&rest, " "))) {
		if (!cidr4_parse(word, &c))
			continue;
		inet_ntop(AF_INET, &c.addr, ip, sizeof(ip));
		err = weave_ask(w, "DELETE", TAKE_BACK_MS, &reply, r, "/ip/%s/%s", want->name, ip);
	}
	return err;
}

/*
 * When a connection closes, the router cancels an allocation that it has not finished. This releases an address
 * that it has allocated although fold got no answer. An address that the name had before stays its own.
 */
int weave_undo(struct weave *w)
{
	const struct weave_want *want = &w->want;
	struct report unused = {0};
	struct http_reply reply;
	int wake = w->wake, err = 0;

	w->wake = -1; /* nothing may interrupt this */
	if (!want->owns)
		err = weave_ask(w, "DELETE", TAKE_BACK_MS, &reply, &unused, "/ip/%s", want->name);
	else if (!want->owns_here)
		err = free_new(w, want, &unused);
	w->wake = wake;
	return err;
}

static bool is_usable(const struct weave_want *want, const struct cidr4 *got)
{
	return got->len == want->subnet.len && ip4_in(want->subnet, got->addr) && !ip4_is_multicast(got->addr) &&
	       !ip4_is_edge(*got, got->addr);
}

/* Requests the address. *given: the router may have allocated one. */
static int post(struct weave *w, const struct weave_want *want, struct cidr4 *out, bool *given, struct report *r)
{
	struct http_reply reply;
	int err = weave_ask(w, "POST", ALLOCATE_MS, &reply, r, "%s", want->path);

	*given = err && err != -ECONNREFUSED;
	if (err == -ETIMEDOUT)
		return weave_fail(
		    w, r, ETIMEDOUT,
		    "gives no address within %d s: it waits for a quorum of its peers, the subnet is full, or the "
		    "peer that has the rest of it is out of reach; `weave status ipam` tells which",
		    ALLOCATE_MS / 1000);
	if (err)
		return hint(err, r);
	*given = reply.status / 100 != 4;
	err = weave_check(w, &reply, 200, IPAM_OFF, r);
	if (!err && (!read_cidr(&reply, out) || !is_usable(want, out)))
		err = not_an_address(w, &reply, r);
	return err;
}

static int describe(struct weave *w, const char *name, const struct cidr4 *subnet, struct weave_want *want,
		    struct report *r)
{
	char text[CIDR4_TEXT] = "", slash[] = "/";
	int err = 0;

	/* The router books every address of that name as its own, so that nobody could ever release it. */
	if (strcmp(name, "_") == 0)
		return report_fail(r, EINVAL, "-i %s: has another meaning to Weave Net; choose another name", name);
	weave_escape(name, want->name, sizeof(want->name));
	if (subnet) {
		want->subnet = *subnet;
		cidr4_format(subnet, text);
	} else {
		err = weave_default_subnet(w, &want->subnet, r);
		slash[0] = 0;
	}
	snprintf(want->path, sizeof(want->path), "/ip/%s%s%s", want->name, slash, text);
	return err;
}

int weave_allocate(struct weave *w, const char *name, const struct cidr4 *subnet, struct cidr4 *out, struct report *r)
{
	struct weave_want *want = &w->want;
	struct cidr4 got = {0};
	bool given = false;

	*want = (struct weave_want){0};
	int err = describe(w, name, subnet, want, r);
	if (!err)
		err = look(w, name, want, r);
	if (!err)
		err = post(w, want, &got, &given, r);
	if (!err) {
		*out = got;
		return 0;
	}
	if (given && weave_undo(w) < 0) {
		struct report was = *r;
		report_set(r, "%.340s; it may have kept an address: `" FOLD_COMMAND " -i %s -4 release` gives it back",
			   was.msg, name);
	}
	return err;
}

int weave_release(struct weave *w, const char *name, struct report *r)
{
	char escaped[3 * IFNAMSIZ];
	struct http_reply reply;
	int err = weave_ask(w, "DELETE", ASK_MS, &reply, r, "/ip/%s", weave_escape(name, escaped, sizeof(escaped)));

	if (err)
		return hint(err, r);
	return weave_check(w, &reply, 204, IPAM_OFF, r);
}
