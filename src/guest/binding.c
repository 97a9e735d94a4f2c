/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/binding.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/list.h"
#include "guest/option.h"
#include "guest/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define F(name_, KEY, KIND, member, ...)                                                                               \
	{                                                                                                              \
		.name = name_, .kind = VALUE_##KIND, .offset = offsetof(struct binding, member), .key = BINDING_##KEY, \
		__VA_ARGS__                                                                                            \
	}
#define LINE_USUAL 256 /* octets for a line, and more than a longer one needs */

#define MANY .flags = BINDING_FIELD_MANY
#define WHO .flags = BINDING_FIELD_WHO

/* The file format, one key per row. parse_prefixed() has DHCP_OPTION:, DHCP6_OPTION:, ADDRESS:, ADDRESS6: and TXT:. */
/* clang-format off */
static const struct field fields[] = {
	F("MAC",           MAC,         MAC,    mac,    WHO),
	F("IP",            IP,          IP4,    ip,     WHO),
	F("IPADDR",        IP,          IP4,    ip,     WHO),
	F("SUBNET",        SUBNET,      NET4,   subnet, WHO),
	F("IP6",           IP6,         IP6,    ip6,    WHO),
	F("IP6ADDR",       IP6,         IP6,    ip6,    WHO),
	F("SUBNET6",       SUBNET6,     NET6,   subnet6, WHO),
	F("PREFIX",        SUBNET6,     NET6,   subnet6, WHO),
	F("BRIDGE",        BRIDGE,      IFNAME, bridge, WHO),
	/* RFC 791 3.1: every module must forward 68 octets. RFC 8200 5 wants 1280, see guest_build(). */
	F("MTU",           MTU,         NUMBER, mtu,    WHO, VALUE_RANGE(68, 65535)),
	F("EUI64",         EUI64,       IP6,    eui64),
	F("INDEV",         INDEV,       IFNAME, indev),
	F("LINK",          LINK,        TEXT,   link),
	F("PRIVATE",       PRIVATE,     FLAG,   private),
	F("MACSPOOF",      MACSPOOF,    FLAG,   macspoof),
	F("STABLE_KEY",    STABLE_KEY,  CHOICE, stable_key, VALUE_ONE_OF("full")),
	F("WEAVE_DNS",     WEAVE_DNS,   BOOL,   weave_dns),

	F("HOSTNAME",      HOSTNAME,    HOST,   hostname),
	F("DOMAIN",        DOMAIN,      HOST,   domain),
	F("DOMAIN_SEARCH", DOMAIN_SEARCH, NAMES, domain_search, MANY, VALUE_OCTETS(1024)),
	F("GATEWAY",       GATEWAY,     IP4,    gateway),
	F("GATEWAY_MAC",   GATEWAY_MAC, MAC,    gateway_mac),
	F("GATEWAY6",      GATEWAY6,    IP6,    gateway6),
	F("GATEWAY6_MAC",  GATEWAY6_MAC, MAC,   gateway6_mac),
	F("NAMESERVERS",   NAMESERVERS, IP4S,   nameservers, MANY),
	F("NAMESERVERS6",  NAMESERVERS6, IP6S,  nameservers6, MANY),
	F("DHCP_SERVER_IP", DHCP_SERVER_IP, IP4, dhcp_server_ip),
	F("DNS_SERVER_IP", DNS_SERVER_IP, IP4,  dns_server_ip),
	F("DNS_SERVER_IP6", DNS_SERVER_IP6, IP6, dns_server_ip6),

	F("ADDRESS_LISTS", ADDRESS_LISTS, WORDS, address_lists, MANY),
	F("DNS_TTL",       DNS_TTL,     NUMBER, dns_ttl, VALUE_RANGE(0, 2147483647)), /* RFC 2181 8 */
	F("DNS_FORWARD",   DNS_FORWARD, BOOL,   dns_forward),
	F("NO_FORWARD",    NO_FORWARD,  NAMES,  no_forward,
	  .flags = BINDING_FIELD_MANY | BINDING_FIELD_IN_LIST, VALUE_OCTETS(65536)),
	F("DNS_NAMESERVERS", DNS_NAMESERVERS, IP4S, dns_nameservers, MANY),
	F("DNS_NAMESERVERS6", DNS_NAMESERVERS6, ASKED6, dns_nameservers6, MANY),
	F("DNS_INTERCEPT", DNS_INTERCEPT, CHOICE, dns_intercept, VALUE_ONE_OF("all|service")),
	F("DNS_SERVE",     DNS_SERVE,   BOOL,   dns_serve),
	F("ALLOW",         ALLOW,       ALLOWS, allow, MANY),
	F("DHCP6_HOSTNAME_OPTCODE", DHCP6_HOSTNAME_OPTCODE, NUMBER, dhcp6_hostname_optcode, VALUE_RANGE(1, 65535)),
	F("DHCP6_DOMAINNAME_OPTCODE", DHCP6_DOMAINNAME_OPTCODE, NUMBER, dhcp6_domainname_optcode,
	  VALUE_RANGE(1, 65535)),
	F("NOTIFY_PORT",   NOTIFY_PORT, NUMBER, notify_port, VALUE_RANGE(1, 65535)),
	F("NOTIFY_IP",     NOTIFY_IP,   IP4,    notify_ip),
	F("NOTIFY_IP6",    NOTIFY_IP6,  IP6,    notify_ip6),
};
/* clang-format on */

const struct field *binding_field(const char *name)
{
	/* Keys with a colon are not in the table. Long files consist of such keys (records), so save the search. */
	if (strchr(name, ':'))
		return NULL;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

struct parser {
	struct binding b;
	enum binding_kind kind;
	unsigned line;
	struct report *r;
};

/*
 * The key if it looks like one, else a description: fold runs as root, and its messages must not show parts of files
 * that the user may not read.
 */
static const char *shown_key(const char *key)
{
	size_t n = strlen(key);
	bool plain = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:.-") == n;
	return plain && n <= 40 ? key : "what stands before the '='";
}

static int bad(struct parser *p, const char *key, const char *value, const char *wrong)
{
	if (wrong == list_no_memory)
		return report_fail(p->r, ENOMEM, "%s:%u: %s: out of memory", p->b.path, p->line, key);
	return report_fail(p->r, EINVAL, "%s:%u: %.60s=%.60s%s: %s", p->b.path, p->line, key, value,
			   strlen(value) > 60 ? "..." : "", wrong);
}

static const char *add_option(struct parser *p, const char *code, const char *value)
{
	struct dhcp_option opt;
	const char *wrong = option_parse(code, value, &opt);

	if (wrong)
		return wrong;
	for (size_t i = 0; i < p->b.option_count; i++) {
		if (p->b.options[i].code != opt.code)
			continue;
		report_warn(p->r, "%s:%u: DHCP_OPTION:%u stands a second time; the last one counts", p->b.path, p->line,
			    opt.code);
		free(p->b.options[i].bytes);
		p->b.options[i] = opt;
		return NULL;
	}
	struct dhcp_option *at = reallocarray(p->b.options, p->b.option_count + 1, sizeof(*at));
	if (!at) {
		free(opt.bytes);
		return list_no_memory;
	}
	at[p->b.option_count++] = opt;
	p->b.options = at;
	return NULL;
}

static const char *add_option6(struct parser *p, const char *code, const char *value)
{
	struct dhcp6_option opt;
	const char *wrong = option_parse6(code, value, &opt);

	if (wrong)
		return wrong;
	for (size_t i = 0; i < p->b.option6_count; i++) {
		if (p->b.options6[i].code != opt.code)
			continue;
		report_warn(p->r, "%s:%u: DHCP6_OPTION:%u stands a second time; the last one counts", p->b.path,
			    p->line, opt.code);
		free(p->b.options6[i].bytes);
		p->b.options6[i] = opt;
		return NULL;
	}
	if (p->b.option6_count == OPTION6_COUNT_MAX) {
		free(opt.bytes);
		return "is one DHCPv6 option more than the 64 that a file may set; drop some";
	}
	struct dhcp6_option *at = reallocarray(p->b.options6, p->b.option6_count + 1, sizeof(*at));
	if (!at) {
		free(opt.bytes);
		return list_no_memory;
	}
	at[p->b.option6_count++] = opt;
	p->b.options6 = at;
	return NULL;
}

/*
 * Handles the keys that go on after a ':'. 1 if the key is one of them and its value is good, 0 if it is another key,
 * else -errno.
 */
static int parse_prefixed(struct parser *p, const char *key, const char *value)
{
	static const char *const prefixes[] = {
	    [RECORD_ADDRESS] = "ADDRESS:",
	    [RECORD_ADDRESS6] = "ADDRESS6:",
	    [RECORD_TXT] = "TXT:",
	};
	const char option[] = "DHCP_OPTION:", option6[] = "DHCP6_OPTION:", *wrong = NULL;

	for (enum record_type type = RECORD_ADDRESS; type <= RECORD_TXT; type++) {
		size_t n = strlen(prefixes[type]);
		if (strncmp(key, prefixes[type], n) != 0)
			continue;
		if (*value)
			wrong = record_add(&p->b.records, type, key + n, value);
		return wrong ? bad(p, key, value, wrong) : 1;
	}
	bool is4 = strncmp(key, option, sizeof(option) - 1) == 0;
	if (p->kind != BINDING_VM || (!is4 && strncmp(key, option6, sizeof(option6) - 1) != 0))
		return 0;
	if (*value)
		wrong = is4 ? add_option(p, key + sizeof(option) - 1, value)
			    : add_option6(p, key + sizeof(option6) - 1, value);
	return wrong ? bad(p, key, value, wrong) : 1;
}

static int parse_pair(struct parser *p, const char *key, const char *value)
{
	const struct field *f = binding_field(key);
	int done = f ? 0 : parse_prefixed(p, key, value);

	if (done)
		return done < 0 ? done : 0;
	if (strcmp(key, "TAGS") == 0)
		return 0; /* Ganeti writes it into every file, for programs of its own */
	if (!f || (p->kind == BINDING_LIST && !(f->flags & BINDING_FIELD_IN_LIST))) {
		report_warn(p->r, "%s:%u: %s %s; the line has no effect", p->b.path, p->line, shown_key(key),
			    f ? "has no place in an address list" : "is no key that fold knows");
		return 0;
	}
	/*
	 * An empty ALLOW is an error and not ignored like other empty values: a script whose variable is unset would
	 * otherwise lift the restriction.
	 */
	if (!*value && f->key != BINDING_ALLOW)
		return 0; /* an ifup script that has nothing to say leaves the value empty */
	bool again = p->b.line[f->key] != 0, many = f->flags & BINDING_FIELD_MANY;
	if (again && !many)
		report_warn(p->r, "%s:%u: %s stands a second time (first in line %u); the last one counts", p->b.path,
			    p->line, key, p->b.line[f->key]);
	const char *wrong = value_store(f, &p->b, value, again);
	if (wrong)
		return bad(p, key, value, wrong);
	p->b.line[f->key] = p->line;
	return 0;
}

static int parse_line(struct parser *p, char *line)
{
	line = text_trim(line);
	if (!*line || *line == '#')
		return 0;
	char *equals = strchr(line, '=');
	if (!equals || equals == line)
		return report_fail(p->r, EINVAL, "%s:%u: is not KEY=VALUE; begin a comment with '#'", p->b.path,
				   p->line);
	*equals = 0;
	return parse_pair(p, text_trim(line), text_trim(equals + 1));
}

/* Each line is copied, as its parser writes to it: a copy of a long file would take as much memory again. */
static int parse_lines(struct parser *p, const char *text, size_t len)
{
	_cleanup_(cleanup_free) char *line = NULL;
	size_t room = 0, mark = text_mark(text, len);
	int err = 0;

	for (const char *at = text + mark, *end = text + len, *next; at < end && !err; at = next) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline ? newline : end) - at);
		next = newline ? newline + 1 : end;
		p->line++;
		if (n >= room) {
			room = n + LINE_USUAL;
			char *more = realloc(line, room);
			if (!more)
				return report_fail(p->r, ENOMEM, "%s: out of memory", p->b.path);
			line = more;
		}
		memcpy(line, at, n);
		line[n] = 0;
		err = parse_line(p, line);
	}
	return err;
}

int binding_parse(const char *text, size_t len, const char *path, enum binding_kind kind, struct binding *out,
		  struct report *r)
{
	int err = text_check(text, len, BINDING_SIZE_MAX, path, r);

	if (err)
		return err;
	struct parser p = {.kind = kind, .r = r, .b.path = strdup(path)};
	if (!p.b.path)
		err = report_fail(r, ENOMEM, "%s: out of memory", path);
	if (!err)
		err = parse_lines(&p, text, len);
	if (err) {
		binding_free(&p.b);
		return err;
	}
	record_trim(&p.b.records);
	*out = p.b;
	return 0;
}

int binding_load(const char *path, enum binding_kind kind, struct binding *out, struct report *r)
{
	_cleanup_(cleanup_free) char *text = NULL;
	size_t len;
	int err = file_read_plain(path, BINDING_SIZE_MAX, &text, &len, r);

	return err ? err : binding_parse(text, len, path, kind, out, r);
}

void binding_free(struct binding *b)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		value_clear(&fields[i], b);
	for (size_t i = 0; i < b->option_count; i++)
		free(b->options[i].bytes);
	free(b->options);
	for (size_t i = 0; i < b->option6_count; i++)
		free(b->options6[i].bytes);
	free(b->options6);
	record_free(&b->records);
	record_free(&b->list_records);
	free(b->list_no_forward.wire);
	free(b->path);
	*b = (struct binding){0};
}
