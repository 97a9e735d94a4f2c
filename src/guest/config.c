/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/config.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/library.h"
#include "guest/list.h"
#include "guest/text.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define USED(X) \
	X(ini_parse_stream) X(ini_allow_multiline) X(ini_allow_inline_comments) X(ini_stop_on_first_error) \
	X(ini_use_stack) X(ini_max_line) X(ini_initial_alloc)
/* clang-format on */
static struct {
	USED(LIBRARY_POINTER)
} lib;

#define F(section_, name_, KIND, member, ...)                                                                          \
	{                                                                                                              \
		.section = section_, .name = name_, .kind = VALUE_##KIND, .offset = offsetof(struct config, member),   \
		__VA_ARGS__                                                                                            \
	}

enum { FIELD_MANY = 1 };
#define MANY .flags = FIELD_MANY

/* The file format, one key per row. The sections with DNS records are in record_sections. */
/* clang-format off */
static const struct field fields[] = {
	F("general", "pidfile",        PATH,   pidfile),
	F("general", "datapath",       PATH,   datapath),
	F("general", "logdir",         PATH,   logdir),
	F("general", "user",           TEXT,   user),
	F("general", "workers",        NUMBER, workers, VALUE_RANGE(1, 64)),

	F("dhcp",    "enable_dhcp",    BOOL,   enable_dhcp),
	F("dhcp",    "lease_lifetime", NUMBER, lease_lifetime, VALUE_RANGE(0, 4294967295), VALUE_COUNTS_AS(4, 4294967295)),
	F("dhcp",    "lease_renewal",  NUMBER, lease_renewal, VALUE_RANGE(0, 4294967295)),
	F("dhcp",    "server_ip",      IP4,    dhcp_server_ip),
	F("dhcp",    "server_on_link", BOOL,   server_on_link),
	F("dhcp",    "dhcp_queue",     QUEUE,  dhcp_queue),
	F("dhcp",    "dhcp6_queue",    QUEUE,  dhcp6_queue),
	F("dhcp",    "dhcpv6_queue",   QUEUE,  dhcp6_queue),
	F("dhcp",    "enable_dhcpv6",  BOOL,   enable_dhcpv6),
	F("dhcp",    "nameservers",    IP4S,   nameservers, MANY),
	F("dhcp",    "domain",         HOST,   domain),
	F("dhcp",    "domain_search",  NAMES,  domain_search, MANY, VALUE_OCTETS(1024)),
	F("dhcp",    "dhcp6_hostname_optcode", NUMBER, dhcp6_hostname_optcode, VALUE_RANGE(1, 65535)),
	F("dhcp",    "dhcp6_domainname_optcode", NUMBER, dhcp6_domainname_optcode, VALUE_RANGE(1, 65535)),

	F("ipv6",    "enable_ipv6",    BOOL,   enable_ipv6),
	F("ipv6",    "enable_dhcpv6",  BOOL,   enable_dhcpv6),
	F("ipv6",    "mode",           CHOICE, ipv6_mode, VALUE_ONE_OF("auto|slaac|dhcpv6|slaac+dhcpv6")),
	F("ipv6",    "ra_period",      NUMBER, ra_period, VALUE_RANGE(1, 4294967295), VALUE_COUNTS_AS(1, 65535)),
	F("ipv6",    "rs_queue",       QUEUE,  rs_queue),
	F("ipv6",    "ns_queue",       QUEUE,  ns_queue),
	F("ipv6",    "dhcpv6_queue",   QUEUE,  dhcp6_queue),
	F("ipv6",    "dhcp_queue",     QUEUE,  dhcp6_queue),
	F("ipv6",    "nameservers",    IP6S,   nameservers6, MANY),
	F("ipv6",    "domains",        NAMES,  domain_search, MANY, VALUE_OCTETS(1024)),

	F("dns",     "enable_dns",     BOOL,   enable_dns),
	F("dns",     "dns_queue",      QUEUE,  dns_queue),
	F("dns",     "dns6_queue",     QUEUE,  dns6_queue),
	F("dns",     "server_ip",      IP4,    dns_server_ip),
	F("dns",     "server_ip6",     IP6,    dns_server_ip6),
	F("dns",     "ttl",            NUMBER, dns_ttl, VALUE_RANGE(0, 2147483647)), /* RFC 2181 8 */
	F("dns",     "forward",        BOOL,   dns_forward),
	F("dns",     "no_forward",     NAMES,  no_forward, MANY, VALUE_OCTETS(65536)),
	F("dns",     "nameservers",    IP4S,   dns_nameservers, MANY),
	F("dns",     "nameservers6",   ASKED6, dns_nameservers6, MANY),

	F("notify",  "enable_notify",  BOOL,   enable_notify),
	F("notify",  "notify_period",  NUMBER, notify_period, VALUE_RANGE(1, 4294967295), VALUE_COUNTS_AS(1, 86400)),
	F("notify",  "notify_queue",   QUEUE,  notify_queue),
	F("notify",  "notify6_queue",  QUEUE,  notify6_queue),
};
/* clang-format on */

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const record_sections[] = {
    [RECORD_ADDRESS] = "addresses",
    [RECORD_ADDRESS6] = "addresses6",
    [RECORD_TXT] = "txts",
};

struct parser {
	struct config c;
	const char *path;
	char *rest;            /* of the text: what is still to be read */
	unsigned line;         /* the one that inih is reading */
	unsigned seen[FIELDS]; /* in which line the field is set; 0: not yet */
	struct report *r;
	int err;
};

int config_defaults(struct config *out, struct report *r)
{
	struct config c = {
	    .pidfile = strdup("/run/nfdhcpd/nfdhcpd.pid"),
	    .datapath = strdup("/var/lib/nfdhcpd"),
	    .logdir = strdup("/var/log/nfdhcpd"),
	    .user = strdup("nobody"),
	    .domain = strdup(""),
	    .workers = 1,
	    .enable_dhcp = true,
	    .lease_lifetime = 604800,
	    .lease_renewal = 600,
	    .enable_ipv6 = true,
	    .enable_dhcpv6 = true,
	    .ra_period = 300,
	    .enable_dns = true,
	    .dns_ttl = 10,
	    .enable_notify = true,
	    .notify_period = 60,
	    .dhcp_queue = {-1, -1},
	    .dhcp6_queue = {-1, -1},
	    .rs_queue = {-1, -1},
	    .ns_queue = {-1, -1},
	    .dns_queue = {-1, -1},
	    .dns6_queue = {-1, -1},
	    .notify_queue = {-1, -1},
	    .notify6_queue = {-1, -1},
	};

	if (!c.pidfile || !c.datapath || !c.logdir || !c.user || !c.domain) {
		config_free(&c);
		return report_fail(r, ENOMEM, "configuration: out of memory");
	}
	*out = c;
	return 0;
}

/*
 * Cuts a comment off the line: '#' and all behind it, unless it is inside quotes. A quote character opens quotes only
 * at the start of a value or of a list item, and only if the line also has a closing one.
 */
static void cut_comment(char *line)
{
	bool item = false; /* the next character begins a value or an item */

	for (char *c = line; *c; c++) {
		if (*c == '#') {
			*c = 0;
			return;
		}
		char *close = item && (*c == '"' || *c == '\'') ? strchr(c + 1, *c) : NULL;
		if (close)
			c = close;
		item = *c == '=' || *c == ',' || (item && (*c == ' ' || *c == '\t'));
	}
}

/* Gives inih the next line of the text, without its comment, and counts it. */
static char *next_line(char *to, int size, void *arg)
{
	struct parser *p = arg;

	if (!p->rest || size < 2)
		return NULL;
	p->line++;
	char *line = strsep(&p->rest, "\n");
	cut_comment(line);
	snprintf(to, (size_t)size, "%.*s\n", size - 2, line); /* whole: the buffer is as large as the text */
	return to;
}

/* Quotes around a value are dropped; in a list, around each item. */
static char *unquote(char *value, bool list)
{
	size_t n = strlen(value);

	if (list) {
		for (char *c = value; *c; c++) {
			if (*c == '"' || *c == '\'')
				*c = ' ';
		}
		return text_trim(value);
	}
	if (n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0]) {
		value[n - 1] = 0;
		value++;
	}
	return value;
}

static int bad(struct parser *p, const char *key, const char *value, const char *wrong)
{
	p->err = wrong == list_no_memory ? -ENOMEM : -EINVAL;
	report_set(p->r, "%s:%u: %.60s = %.60s%s: %s", p->path, p->line, key, value, strlen(value) > 60 ? "..." : "",
		   wrong);
	return 0;
}

static const struct field *find_field(const char *section, const char *name, bool *known_section)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (strcmp(fields[i].section, section) != 0)
			continue;
		*known_section = true;
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

/* The line that set the same member before; 0: none. */
static unsigned seen_before(const struct parser *p, const struct field *f)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (fields[i].offset == f->offset && p->seen[i])
			return p->seen[i];
	}
	return 0;
}

/*
 * Replaces a number that nfdhcpd accepts and that makes no sense here, such as an advertisement every year, by the
 * nearest one that does, so that files written for nfdhcpd remain usable.
 */
static void limit_number(struct parser *p, const struct field *f)
{
	if (f->kind != VALUE_NUMBER || !f->most)
		return;
	uint32_t *n = (uint32_t *)((char *)&p->c + f->offset), was = *n;
	*n = was < f->least ? f->least : was > f->most ? f->most : was;
	if (*n != was)
		report_warn(p->r, "%s:%u: %s = %u counts as %u; write a number from %u to %u", p->path, p->line,
			    f->name, was, *n, f->least, f->most);
}

static int take_field(struct parser *p, const struct field *f, char *value)
{
	bool many = f->flags & FIELD_MANY;
	unsigned before = seen_before(p, f);

	if (before && !many)
		report_warn(p->r, "%s:%u: %s stands a second time (first in line %u); the last one counts", p->path,
			    p->line, f->name, before);
	value = unquote(value, many);
	const char *wrong = *value ? value_store(f, &p->c, value, before != 0) : NULL;
	if (wrong)
		return bad(p, f->name, value, wrong);
	if (*value) {
		p->seen[f - fields] = p->line;
		limit_number(p, f);
	}
	return 1;
}

/* inih's handler: 1 to go on, 0 to stop. */
static int take_pair(void *arg, const char *section, const char *name, const char *text)
{
	struct parser *p = arg;
	bool known_section = false;
	_cleanup_(cleanup_free) char *value = strdup(text);

	if (!value)
		return bad(p, name, "", list_no_memory);
	for (enum record_type type = RECORD_ADDRESS; type <= RECORD_TXT; type++) {
		if (strcmp(section, record_sections[type]) != 0)
			continue;
		char *plain = unquote(value, type != RECORD_TXT);
		const char *wrong = *plain ? record_add(&p->c.records, type, name, plain) : NULL;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cleanup frees it, as `value` */
		return wrong ? bad(p, name, plain, wrong) : 1;
	}
	const struct field *f = find_field(section, name, &known_section);
	if (f)
		return take_field(p, f, value);
	if (known_section) /* NOLINT(clang-analyzer-unix.Malloc): the cleanup frees it */
		report_warn(p->r, "%s:%u: %.60s is no key of [%s]; the line has no effect", p->path, p->line, name,
			    section);
	else
		report_warn(p->r, "%s:%u: %.60s stands in [%s], which is no section; the line has no effect", p->path,
			    p->line, name, section);
	return 1;
}

/* Most VMs run without any file. */
static int load(struct report *r)
{
	static const char *const names[] = {"libinih.so.1", NULL};
	static bool loaded;
	void *library = loaded ? NULL : library_open(names);

	loaded = loaded || (library && true USED(LIBRARY_FIND));
	return loaded ? 0 : library_fail(library, names[0], "the configuration is read with it", "libinih1", r);
}

int config_parse(const char *text, size_t len, const char *path, struct config *out, struct report *r)
{
	struct parser p = {.path = path, .r = r};
	int err = text_check(text, len, CONFIG_SIZE_MAX, path, r);

	if (err || (err = load(r)))
		return err;
	_cleanup_(cleanup_free) char *copy = strndup(text, len);
	if (!copy)
		return report_fail(r, ENOMEM, "%s: out of memory", path);
	err = config_defaults(&p.c, r);
	if (err)
		return err; /* NOLINT(clang-analyzer-unix.Malloc): the cleanup frees it */

	/* A value takes one line, of any length; next_line() removes comments; ':' and ';' may be part of a value. */
	*lib.ini_allow_multiline = false;
	*lib.ini_allow_inline_comments = false;
	*lib.ini_stop_on_first_error = true;
	*lib.ini_use_stack = false;
	*lib.ini_initial_alloc = *lib.ini_max_line = (int)len + 3;
	p.rest = copy + text_mark(copy, len);
	int line = lib.ini_parse_stream(next_line, &p, take_pair, &p);
	if (line < 0)
		p.err = report_fail(r, ENOMEM, "%s: out of memory", path);
	else if (line > 0 && !p.err)
		p.err = report_fail(r, EINVAL, "%s:%u: is neither [section] nor key = value; begin a comment with '#'",
				    path, p.line);
	if (p.err) {
		config_free(&p.c);
		return p.err;
	}
	record_trim(&p.c.records);
	p.c.from_file = true;
	*out = p.c;
	return 0;
}

int config_load(const char *path, bool must_exist, struct config *out, struct report *r)
{
	_cleanup_(cleanup_free) char *text = NULL;
	size_t len;
	int err = file_read(path, CONFIG_SIZE_MAX, &text, &len, r);

	if (err == -ENOENT && !must_exist) {
		r->msg[0] = 0;
		return config_defaults(out, r);
	}
	return err ? err : config_parse(text, len, path, out, r);
}

const char *config_chosen(void)
{
	const char *file = getenv("NFDHCPD_CFG");

	return file && *file ? file : CONFIG_PATH;
}

int config_load_chosen(struct config *out, struct report *r)
{
	const char *file = config_chosen();
	int err = config_load(file, strcmp(file, CONFIG_PATH) != 0, out, r);

	/* Who named it has perhaps done so long ago, in a profile. */
	if (err == -ENOENT)
		report_set(r, "NFDHCPD_CFG=%s", r->msg);
	return err;
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < FIELDS; i++)
		value_clear(&fields[i], c);
	record_free(&c->records);
	*c = (struct config){0};
}
