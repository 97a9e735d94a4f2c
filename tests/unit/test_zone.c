/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of a VM's DNS records: which records are found for a name, in which order, and from which source. */
#include "report_catch.h"

#include "base/cleanup.h"
#include "guest/address_list.h"
#include "guest/build.h"
#include "guest/zone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct catch c;
static struct zone *z;
static struct zone_set sets[ZONE_TYPES];

/* Builds the zone. Each text is a source, with lines "A name value", "6 name value", "T name value". */
static void build(const char *first, const char *second, const char *third)
{
	const char *const texts[] = {first, second, third};
	struct record_list lists[3] = {0};
	const struct record_list *const sources[] = {&lists[0], &lists[1], &lists[2]};

	zone_free(z);
	z = NULL;
	for (int i = 0; i < 3; i++) {
		char *copy = strdup(texts[i] ? texts[i] : ""), *rest = copy, *line;
		while ((line = strsep(&rest, "\n")) != NULL && *line) {
			char *value = strchr(line + 2, ' ');
			*value++ = 0;
			enum record_type t = *line == 'A'   ? RECORD_ADDRESS
					     : *line == '6' ? RECORD_ADDRESS6
							    : RECORD_TXT;
			const char *wrong = record_add(&lists[i], t, line + 2, value);
			if (wrong)
				fail_msg("%s: %s", line, wrong);
		}
		free(copy);
	}
	assert_int_equal(zone_build(sources, 3, 10, &z, catch_reset(&c)), 0);
	for (int i = 0; i < 3; i++)
		record_free(&lists[i]); /* the zone must not refer to the lists' memory */
}

static int teardown(void **state)
{
	(void)state;
	zone_free(z);
	z = NULL;
	return 0;
}

static enum zone_known find(const char *name)
{
	uint8_t wire[NAME_WIRE_MAX];
	size_t len;

	assert_null(value_name(name, wire, &len));
	memset(sets, 0x5a, sizeof(sets));
	return zone_find(z, wire, len, sets);
}

/* The set's data as text, separated by spaces. Also checks the other fields of each record. */
static const char *said(enum zone_type t, char text[static 400])
{
	static const uint16_t types[] = {1, 28, 16, 12};
	size_t at = 0;

	text[0] = 0;
	for (uint32_t i = 0; i < sets[t].count; i++) {
		size_t len;
		const uint8_t *rr = zone_records(z, sets[t].first + i, 1, &len);
		const uint8_t head[] = {0xc0, 0x0c, 0, (uint8_t)types[t], 0, 1, 0, 0, 0, 10};
		assert_memory_equal(rr, head, sizeof(head));
		assert_int_equal(rr[10] << 8 | rr[11], len - 12);
		if (i)
			text[at++] = ' ';
		if (t == ZONE_A || t == ZONE_AAAA) {
			inet_ntop(t == ZONE_A ? AF_INET : AF_INET6, rr + 12, text + at, INET6_ADDRSTRLEN);
			at += strlen(text + at);
			continue;
		}
		for (size_t j = 12; j < len; j++) /* length octets (below 32) as '0' plus their value */
			text[at++] = (char)(rr[j] < 32 ? '0' + rr[j] : rr[j]);
		text[at] = 0;
	}
	return text;
}

#define SAYS(name, type, what)                                                                                         \
	do {                                                                                                           \
		char text_[400];                                                                                       \
		assert_int_equal(find(name), ZONE_KNOWN);                                                              \
		assert_string_equal(said(type, text_), what);                                                          \
	} while (0)

static void names_and_types(void **state)
{
	(void)state;
	build(
	    "A db.example. 10.0.1.1\n6 db.example. fde5::1\nT db.example. hello\nT other. x\nA Upper.Example 10.0.1.9",
	    NULL, NULL);
	SAYS("db.example", ZONE_A, "10.0.1.1");
	SAYS("db.example", ZONE_AAAA, "fde5::1");
	SAYS("db.example", ZONE_TXT, "5hello");
	SAYS("upper.example", ZONE_A, "10.0.1.9");
	assert_int_equal(find("other"), ZONE_KNOWN);
	assert_int_equal(sets[ZONE_A].count + sets[ZONE_AAAA].count + sets[ZONE_PTR].count, 0);
	assert_int_equal(find("b.example"), ZONE_UNKNOWN);
	assert_int_equal(find("x.db.example"), ZONE_UNKNOWN);
	assert_int_equal(find("db"), ZONE_UNKNOWN);
}

static void names_above_exist_without_records(void **state)
{
	(void)state;
	build("A a.b.c.d. 10.0.1.1", NULL, NULL);
	assert_int_equal(find("b.c.d"), ZONE_EMPTY);
	assert_int_equal(find("c.d"), ZONE_EMPTY);
	assert_int_equal(find("d"), ZONE_EMPTY);
	assert_int_equal(find("."), ZONE_EMPTY);
	assert_int_equal(find("c"), ZONE_UNKNOWN);
	for (int t = 0; t < ZONE_TYPES; t++)
		assert_int_equal(sets[t].count, 0);
	/* A name with records may be an ancestor of another, in either order. */
	build("A a.b. 10.0.1.1\nA b. 10.0.1.2\nA x. 10.0.1.3\nA y.x. 10.0.1.4", NULL, NULL);
	SAYS("b", ZONE_A, "10.0.1.2");
	SAYS("a.b", ZONE_A, "10.0.1.1");
	SAYS("x", ZONE_A, "10.0.1.3");
	SAYS("y.x", ZONE_A, "10.0.1.4");
}

static void several_values_in_their_order_and_none_twice(void **state)
{
	(void)state;
	build("A db. 10.0.1.3,10.0.1.1\nT db. b\nA db. 10.0.1.2,10.0.1.3\nT db. a\nT db. b\n6 db. ::5,::6,::5", NULL,
	      NULL);
	SAYS("db", ZONE_A, "10.0.1.3 10.0.1.1 10.0.1.2");
	SAYS("db", ZONE_TXT, "1b 1a");
	SAYS("db", ZONE_AAAA, "::5 ::6");
}

static void earlier_sources_hide_names_of_later_ones(void **state)
{
	(void)state;
	build("A db. 10.0.1.1", "6 db. ::1\nA web. 10.0.2.1\nT web. list",
	      "A db. 10.0.3.1\nA web. 10.0.3.2\nA only. 10.0.3.3");
	SAYS("db", ZONE_A, "10.0.1.1");
	assert_int_equal(sets[ZONE_AAAA].count, 0);
	SAYS("web", ZONE_A, "10.0.2.1");
	SAYS("only", ZONE_A, "10.0.3.3");
	/* Records that another source hides have no reverse records either. */
	assert_int_equal(find("1.3.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	assert_int_equal(find("2.3.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	/* A name is not hidden by another source that only has names below it. */
	build("A a.b. 10.0.1.1", "A b. 10.0.1.2", NULL);
	SAYS("b", ZONE_A, "10.0.1.2");
}

static void addresses_lead_back(void **state)
{
	(void)state;
	build("A db. 10.0.1.1\nA web. 10.0.1.1,192.0.2.7\n6 db. fde5::1\nA none. 0.0.0.0\n6 none. ::",
	      "A later. 10.0.1.1", NULL);
	SAYS("1.1.0.10.in-addr.arpa", ZONE_PTR, "2db0 3web0");
	SAYS("7.2.0.192.IN-ADDR.ARPA", ZONE_PTR, "3web0");
	SAYS("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.e.d.f.ip6.arpa", ZONE_PTR, "2db0");
	assert_int_equal(sets[ZONE_A].count, 0);
	assert_int_equal(find("2.1.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	assert_int_equal(find("0.0.0.0.in-addr.arpa"), ZONE_UNKNOWN);
	/* The ancestors of reverse names exist (RFC 8020). */
	assert_int_equal(find("1.0.10.in-addr.arpa"), ZONE_EMPTY);
	assert_int_equal(find("10.in-addr.arpa"), ZONE_EMPTY);
	assert_int_equal(find("2.0.192.in-addr.arpa"), ZONE_EMPTY);
	assert_int_equal(find("in-addr.arpa"), ZONE_EMPTY);
	assert_int_equal(find("d.f.ip6.arpa"), ZONE_EMPTY);
	assert_int_equal(find("f.ip6.arpa"), ZONE_EMPTY);
	assert_int_equal(find("2.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	assert_int_equal(find("c.f.ip6.arpa"), ZONE_UNKNOWN);
	assert_int_equal(find("e.ip6.arpa"), ZONE_UNKNOWN);
	/* Names that only resemble reverse names. */
	assert_int_equal(find("01.1.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	assert_int_equal(find("257.1.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	assert_int_equal(find("x.1.1.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	assert_int_equal(find("1.1.0.10.in-addr.arpa.example"), ZONE_UNKNOWN);
}

static void text_under_a_reverse_name(void **state)
{
	(void)state;
	build("A db. 10.0.1.1\nT 1.1.0.10.in-addr.arpa. x\nT 0.10.in-addr.arpa. y", NULL, NULL);
	SAYS("1.1.0.10.in-addr.arpa", ZONE_PTR, "2db0");
	SAYS("1.1.0.10.in-addr.arpa", ZONE_TXT, "1x");
	SAYS("0.10.in-addr.arpa", ZONE_TXT, "1y");
}

static void long_texts_are_cut_into_strings(void **state)
{
	static const size_t lengths[] = {1, 254, 255, 256, 510, 511, 5000, 65000};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *line = malloc(lengths[i] + 8), *p = line + 5;
		size_t len, at = 12, sum = 0;
		memcpy(line, "T t. ", 5);
		for (size_t j = 0; j < lengths[i]; j++)
			*p++ = (char)('a' + j % 26);
		*p = 0;
		build(line, NULL, NULL);
		assert_int_equal(find("t"), ZONE_KNOWN);
		const uint8_t *rr = zone_records(z, sets[ZONE_TXT].first, 1, &len);
		assert_int_equal(rr[10] << 8 | rr[11], len - 12);
		while (at < len) {
			size_t n = rr[at++];
			assert_true(n == 255 || sum + n == lengths[i]);
			assert_memory_equal(rr + at, line + 5 + sum, n);
			at += n;
			sum += n;
		}
		assert_int_equal(sum, lengths[i]);
		assert_int_equal(at, len);
		free(line);
	}
}

/* Each name has the address; the reverse name has the first of these names, as many as fit into any answer. */
static void many_names_of_one_address(void **state)
{
	char *text = malloc(100000), *p = text;
	size_t len;

	(void)state;
	for (int i = 0; i < 1000; i++)
		p += sprintf(p, "A host%03d.example. 10.0.1.1\n", i);
	p[-1] = 0;
	build(text, NULL, NULL);
	free(text);
	SAYS("host999.example", ZONE_A, "10.0.1.1");
	assert_int_equal(find("1.1.0.10.in-addr.arpa"), ZONE_KNOWN);
	assert_true(sets[ZONE_PTR].count > 10);
	const uint8_t *rr = zone_records(z, sets[ZONE_PTR].first, sets[ZONE_PTR].count, &len);
	assert_true(12 + 78 + len + 11 <= 512);
	assert_memory_equal(rr + 12, "\7host000\7example", 16);
}

static void what_no_answer_holds_is_said(void **state)
{
	char text[2000] = "T t.example. ", *p = text + strlen(text);

	(void)state;
	memset(p, 'x', 1170);
	build(text, NULL, NULL);
	zone_warn_long(z, ZONE_PACKET_MAX, catch_reset(&c));
	assert_string_equal(c.warnings, "");
	memset(p, 'x', 1180);
	strcpy(p + 1180, "\nT u.example. x");
	build(text, NULL, NULL);
	zone_warn_long(z, ZONE_PACKET_MAX, catch_reset(&c));
	assert_has(c.warnings, "TXT:t.example. is more than the 1232 octets that an answer over UDP may have");
	/* Over TCP this answer fits. */
	zone_warn_long(z, ZONE_STREAM_MAX, catch_reset(&c));
	assert_string_equal(c.warnings, "");
	p = text;
	for (int i = 0; i < 75; i++)
		p += sprintf(p, "A a.example. 10.0.1.%d\n", i);
	p[-1] = 0;
	build(text, NULL, NULL);
	zone_warn_long(z, ZONE_PACKET_MAX, catch_reset(&c));
	assert_has(c.warnings, "ADDRESS:a.example. is");
	zone_warn_long(z, ZONE_STREAM_MAX, catch_reset(&c));
	assert_string_equal(c.warnings, "");
}

/* A text of the maximum length causes no warning; a second one of a single octet does. */
static void what_no_message_holds_is_said(void **state)
{
	static char text[65600];
	char *p = text + sprintf(text, "T t.example. ");
	size_t most = 65535 - 12 - 11 - 4 - 12 - strlen("_t_example_");

	(void)state;
	most -= (most + 255) / 256;
	memset(p, 'x', most);
	p[most] = 0;
	build(text, NULL, NULL);
	zone_warn_long(z, ZONE_STREAM_MAX, catch_reset(&c));
	assert_string_equal(c.warnings, "");
	strcpy(p + most, "\nT t.example. y");
	build(text, NULL, NULL);
	zone_warn_long(z, ZONE_STREAM_MAX, catch_reset(&c));
	assert_has(c.warnings,
		   "TXT:t.example. is more than the 65535 octets that an answer may have; nobody can read it");
}

static void a_zone_of_nothing(void **state)
{
	(void)state;
	build(NULL, NULL, NULL);
	assert_int_equal(find("."), ZONE_UNKNOWN);
	assert_int_equal(find("db"), ZONE_UNKNOWN);
	assert_int_equal(find("1.1.0.10.in-addr.arpa"), ZONE_UNKNOWN);
	zone_free(z);
	z = NULL;
	assert_int_equal(find("db"), ZONE_UNKNOWN);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * Ten thousand names with three records each: all of them are found, and no others. Sanitizers make this ten times
 * slower.
 */
static void ten_thousand_names(void **state)
{
	char *text = malloc(4 << 20), *p = text, name[40], want[40], got[400];

	(void)state;
	for (int i = 0; i < 10000; i++)
		p += sprintf(p, "A h%d.example. 10.1.%d.%d\n6 h%d.example. fde5::%x\nT h%d.example. t\n", i, i >> 8,
			     i & 255, i, i + 1, i);
	p[-1] = 0;
	double from = seconds();
	build(text, NULL, NULL);
	double took = seconds() - from;
	print_message("# 30000 records, read and indexed in %.0f ms\n", took * 1000);
	assert_true(took < 1);
	free(text);
	for (int i = 0; i < 10000; i++) {
		sprintf(name, "h%d.example", i);
		sprintf(want, "10.1.%d.%d", i >> 8, i & 255);
		SAYS(name, ZONE_A, want);
		sprintf(name, "%d.%d.1.10.in-addr.arpa", i & 255, i >> 8);
		assert_int_equal(find(name), ZONE_KNOWN);
		assert_int_equal(sets[ZONE_PTR].count, 1);
		assert_non_null(strstr(said(ZONE_PTR, got), "7example0"));
	}
	assert_int_equal(find("h10000.example"), ZONE_UNKNOWN);
}

/* Many more names above the records' own than there are records: the index grows several times while it is built. */
static void long_paths_of_names(void **state)
{
	char *text = malloc(1 << 20), *p = text, name[400];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		p += sprintf(p, "A a");
		for (int j = 0; j < 20; j++)
			p += sprintf(p, ".p%d-%d", i, j);
		p += sprintf(p, " 10.1.%d.%d\n", i >> 8, i & 255);
	}
	p[-1] = 0;
	build(text, NULL, NULL);
	free(text);
	for (int i = 0; i < 1000; i++) {
		char *at = name + sprintf(name, "a");
		for (int j = 0; j < 20; j++)
			at += sprintf(at, ".p%d-%d", i, j);
		assert_int_equal(find(name), ZONE_KNOWN);
		assert_int_equal(sets[ZONE_A].count, 1);
		for (const char *above = name; (above = strchr(above, '.')); above++)
			assert_int_equal(find(above + 1), ZONE_EMPTY);
	}
	assert_int_equal(find("p1000-19"), ZONE_UNKNOWN);
}

/* All addresses under one name: the search for duplicates must not take quadratic time. */
static void ten_thousand_addresses_of_one_name(void **state)
{
	char *text = malloc(4 << 20), *p = text;

	(void)state;
	for (int i = 0; i < 20000; i++)
		p += sprintf(p, "A db. 10.1.%d.%d\n", i % 10000 >> 8, i & 255);
	p[-1] = 0;
	double from = seconds();
	build(text, NULL, NULL);
	assert_true(seconds() - from < 1);
	free(text);
	assert_int_equal(find("db"), ZONE_KNOWN);
	assert_true(sets[ZONE_A].count > 9000 && sets[ZONE_A].count <= 20000);
}

static void longest_names(void **state)
{
	char line[300] = "A ", name[256] = "";

	(void)state;
	for (int i = 0; i < 126; i++)
		strcat(name, "a.");
	strcat(name, "b");
	strcat(strcat(line, name), " 10.0.1.1");
	build(line, NULL, NULL);
	SAYS(name, ZONE_A, "10.0.1.1");
	for (int i = 2; i < 253; i += 2)
		assert_int_equal(find(name + i), ZONE_EMPTY);
}

/* ---- the files ---- */

static char dir[] = "/tmp/fold-zone-XXXXXX";

static void write_list(const char *name, const char *text)
{
	_cleanup_(cleanup_free) char *path = address_list_path(dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void address_lists(void **state)
{
	const char text[] = "ADDRESS_LISTS=one,two,missing\nADDRESS:db.=10.0.1.1\nNO_FORWARD=own.example\nDNS_TTL=77\n";
	const char conf[] = "[dns]\nno_forward = conf.example\n[addresses]\ndb. = 10.3.0.1\nglobal. = 10.3.0.2\n";
	struct binding b;
	struct config cfg;
	struct guest g;
	struct identity id = {.iface = "tap0", .mac = {0x52, 0x54, 0, 1, 2, 3}, .has4 = true};

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_true(cidr4_parse("10.0.1.100/24", &id.ip4));
	write_list("one", "ADDRESS:db.=10.2.0.1\nADDRESS:web.=10.2.0.2\nNO_FORWARD=one.example\n");
	write_list("two", "# more\nADDRESS:web.=10.2.0.3\nADDRESS:global.=10.2.0.4\nNO_FORWARD=two.example\n");
	assert_int_equal(binding_parse(text, sizeof(text) - 1, "f", BINDING_VM, &b, catch_reset(&c)), 0);
	assert_int_equal(config_parse(conf, sizeof(conf) - 1, "conf", &cfg, &c.r), 0);
	assert_int_equal(address_lists_load(&b, dir, false, catch_reset(&c)), 0);
	assert_has(c.warnings, "address_list_missing: there is no such address list");
	assert_int_equal(guest_build(&id, &b, &cfg, 0, &g, catch_reset(&c)), 0);
	zone_free(z);
	z = g.dns.zone;
	assert_int_equal(g.dns.ttl, 77);
	assert_int_equal(g.dns.no_forward_len, 4 * 13 + 1); /* conf.example is one octet longer */
	size_t len;
	assert_int_equal(find("db"), ZONE_KNOWN);
	assert_int_equal(zone_records(z, sets[ZONE_A].first, 1, &len)[15], 1);
	assert_int_equal(zone_records(z, sets[ZONE_A].first, 1, &len)[13], 0);
	assert_int_equal(find("web"), ZONE_KNOWN);
	assert_int_equal(sets[ZONE_A].count, 2); /* all lists together are one source */
	assert_int_equal(find("global"), ZONE_KNOWN);
	assert_int_equal(zone_records(z, sets[ZONE_A].first, 1, &len)[13], 2);
	z = NULL;
	guest_free(&g);
	guest_free(&g);

	/* The error names the line of a bad list; the records from before stay. */
	write_list("two", "ADDRESS:web.=10.2.0.9\nADDRESS:bad.=10.2.0\n");
	size_t before = b.list_records.count;
	assert_int_equal(address_lists_load(&b, dir, false, catch_reset(&c)), -EINVAL);
	assert_has(c.r.msg, "address_list_two:2: ");
	assert_int_equal(b.list_records.count, before);
	/* A daemon, whose other VMs may use the lists too, continues with the good lists. */
	assert_int_equal(address_lists_load(&b, dir, true, catch_reset(&c)), 0);
	assert_has(c.warnings, "address_list_two:2: ");
	assert_int_equal(b.list_records.count, 2);
	write_list("two", "");
	assert_int_equal(address_lists_load(&b, dir, false, catch_reset(&c)), 0);
	assert_int_equal(b.list_records.count, 2);
	binding_free(&b);
	config_free(&cfg);
	char rm[64];
	snprintf(rm, sizeof(rm), "%s/address_list_one", dir);
	unlink(rm);
	snprintf(rm, sizeof(rm), "%s/address_list_two", dir);
	unlink(rm);
	rmdir(dir);
}

/* Whether fold forwards questions and to which servers, as follows from the binding and the configuration. */
static void forwarding_policy(void **state)
{
	static const struct {
		const char *binding, *config;
		bool forward, private;
		size_t four, six;
	} cases[] = {
	    {"", NULL, false, false, 0, 0},
	    {"DNS_NAMESERVERS=9.9.9.9\n", NULL, true, true, 1, 0},
	    {"DNS_NAMESERVERS6=fde5::9\n", NULL, true, true, 0, 1},
	    {"DNS_FORWARD=yes\n", NULL, true, false, 0, 0},
	    {"DNS_NAMESERVERS=9.9.9.9\nDNS_FORWARD=no\n", NULL, false, true, 1, 0},
	    {"", "[dns]\n", false, false, 0, 0},
	    {"", "[dns]\nforward = yes\n", true, false, 0, 0},
	    {"DNS_FORWARD=no\n", "[dns]\nforward = yes\n", false, false, 0, 0},
	    {"", "[dns]\nforward = yes\nnameservers = 9.9.9.9,8.8.8.8\nnameservers6 = fde5::9\n", true, true, 2, 1},
	    {"DNS_NAMESERVERS=1.1.1.1\n",
	     "[dns]\nforward = yes\nnameservers = 9.9.9.9,8.8.8.8\nnameservers6 = fde5::9\n", true, true, 1, 0},
	    {"DNS_NAMESERVERS=10.0.1.100\n", NULL, false, true, 0, 0}, /* the VM itself */
	    {"DNS_NAMESERVERS=10.0.1.100,9.9.9.9\n", NULL, true, true, 1, 0},
	    {"DNS_NAMESERVERS=9.9.9.9\n", "[dns]\nenable_dns = no\nforward = yes\n", false, true, 1, 0},
	};
	struct identity id = {.iface = "tap0", .mac = {0x52, 0x54, 0, 1, 2, 3}, .has4 = true};

	(void)state;
	assert_true(cidr4_parse("10.0.1.100/24", &id.ip4));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct binding b;
		struct config cfg;
		struct guest g;
		struct report *r = catch_reset(&c);
		print_message("# case %zu\n", i);
		assert_int_equal(binding_parse(cases[i].binding, strlen(cases[i].binding), "f", BINDING_VM, &b, r), 0);
		assert_int_equal(cases[i].config ? config_parse(cases[i].config, strlen(cases[i].config), "c", &cfg, r)
						 : config_defaults(&cfg, r),
				 0);
		assert_int_equal(guest_build(&id, &b, &cfg, 0, &g, r), 0);
		assert_int_equal(g.dns.forward, cases[i].forward);
		assert_int_equal(g.dns.forward_private, cases[i].private);
		assert_int_equal(g.dns.upstream4.count, cases[i].four);
		assert_int_equal(g.dns.upstream6.count, cases[i].six);
		guest_free(&g);
		binding_free(&b);
		config_free(&cfg);
	}
}

static void intercept_and_serve(void **state)
{
	const char text[] = "DNS_INTERCEPT=service\nDNS_SERVE=no\n";
	struct identity id = {.iface = "tap0", .mac = {0x52, 0x54, 0, 1, 2, 3}, .has4 = true};
	struct binding b;
	struct config cfg;
	struct guest g;

	(void)state;
	assert_true(cidr4_parse("10.0.1.100/24", &id.ip4));
	assert_int_equal(config_defaults(&cfg, catch_reset(&c)), 0);
	assert_int_equal(guest_build(&id, NULL, &cfg, 0, &g, &c.r), 0);
	assert_true(g.dns.on && g.dns.intercept_all && g.dns.serve);
	assert_int_equal(g.dns.ttl, 10);
	guest_free(&g);
	assert_int_equal(binding_parse(text, sizeof(text) - 1, "f", BINDING_VM, &b, &c.r), 0);
	assert_int_equal(guest_build(&id, &b, &cfg, 0, &g, &c.r), 0);
	assert_true(g.dns.on && !g.dns.intercept_all && !g.dns.serve);
	guest_free(&g);
	binding_free(&b);
	config_free(&cfg);
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(names_and_types),
	    T(names_above_exist_without_records),
	    T(several_values_in_their_order_and_none_twice),
	    T(earlier_sources_hide_names_of_later_ones),
	    T(addresses_lead_back),
	    T(text_under_a_reverse_name),
	    T(long_texts_are_cut_into_strings),
	    T(many_names_of_one_address),
	    T(what_no_answer_holds_is_said),
	    T(what_no_message_holds_is_said),
	    T(a_zone_of_nothing),
	    T(ten_thousand_names),
	    T(long_paths_of_names),
	    T(ten_thousand_addresses_of_one_name),
	    T(longest_names),
	    T(address_lists),
	    T(forwarding_policy),
	    T(intercept_and_serve),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
