/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Router solicitations and advertisements: which solicitations fold answers, and every field of its answer. */
#include "guest/past.h"
#include "ra/ra.h"

#include "nd_fixture.h"

#include <stdio.h>

enum { CODE = 1, LEN = 8 };

#define FOR_EVER UINT32_MAX

/* An advertisement, parsed as by a host and without code of fold. */
static struct {
	uint8_t hop_limit, flags, link[6];
	unsigned links, prefixes, mtus, servers,
	    domains; /* number of options of each kind, for the last two without those with lifetime 0 */
	unsigned old_servers, old_domains;
	uint32_t lifetime, reachable, retrans, mtu;
	struct {
		uint8_t len, flags;
		uint32_t valid, preferred;
		struct in6_addr at;
	} prefix[2];
	uint32_t server_life, domain_life;
	struct in6_addr server[100], old_server[100];
	char domain[2048], old_domain[2048]; /* "lab.test. example.org." */
} ra;

static uint32_t get(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static void read_prefix(const uint8_t *o)
{
	assert_int_equal(o[1], 4);
	assert_in_range(ra.prefixes, 0, 1);
	ra.prefix[ra.prefixes].len = o[2];
	ra.prefix[ra.prefixes].flags = o[3];
	ra.prefix[ra.prefixes].valid = get(o + 4, 4);
	ra.prefix[ra.prefixes].preferred = get(o + 8, 4);
	assert_int_equal(get(o + 12, 4), 0);
	memcpy(&ra.prefix[ra.prefixes].at, o + 16, 16);
	/* RFC 4862 5.5.3 c: a host ignores a prefix whose preferred lifetime exceeds the valid lifetime. */
	assert_true(ra.prefix[ra.prefixes].preferred <= ra.prefix[ra.prefixes].valid);
	ra.prefixes++;
}

static void read_rdnss(const uint8_t *o)
{
	uint32_t life = get(o + 4, 4);
	struct in6_addr *to = life ? ra.server : ra.old_server;
	unsigned *count = life ? &ra.servers : &ra.old_servers;

	/* RFC 8106 5.3.1: the length is odd and at least 3. */
	assert_true(o[1] >= 3 && o[1] % 2 == 1);
	assert_int_equal(get(o + 2, 2), 0);
	assert_int_equal(*count, 0);
	for (const uint8_t *p = o + 8; p < o + 8 * o[1]; p += 16)
		memcpy(&to[(*count)++], p, 16);
	if (life)
		ra.server_life = life;
}

static void read_dnssl(const uint8_t *o)
{
	uint32_t life = get(o + 4, 4);
	char *to = life ? ra.domain : ra.old_domain;
	const uint8_t *p = o + 8, *end = o + 8 * o[1];

	assert_true(o[1] >= 2);
	assert_int_equal(get(o + 2, 2), 0);
	assert_int_equal(life ? ra.domains++ : ra.old_domains++, 0);
	while (p < end && *p) {
		if (*to)
			strcat(to, " ");
		for (; *p; p += 1 + *p) {
			assert_true(*p < 64 && p + *p < end); /* RFC 8106 5.2: no compression */
			strncat(to, (const char *)p + 1, *p);
			strcat(to, ".");
		}
		p++;
		assert_true(p <= end);
	}
	assert_true(end - p < 8); /* no more padding than needed */
	for (; p < end; p++)
		assert_int_equal(*p, 0);
	if (life)
		ra.domain_life = life;
}

static void read_options(const uint8_t *o, const uint8_t *end)
{
	for (; o < end; o += 8 * o[1]) {
		assert_true(o + 8 <= end && o[1] > 0 && o + 8 * o[1] <= end);
		switch (o[0]) {
		case 1:
			assert_int_equal(o[1], 1);
			memcpy(ra.link, o + 2, 6);
			ra.links++;
			break;
		case 3:
			read_prefix(o);
			break;
		case 5:
			assert_int_equal(get(o + 1, 3), 0x010000);
			ra.mtu = get(o + 4, 4);
			ra.mtus++;
			break;
		case 25:
			read_rdnss(o);
			break;
		case 31:
			read_dnssl(o);
			break;
		default:
			fail_msg("option %u", o[0]);
		}
	}
}

/* Parses the reply and checks what must be true of every advertisement. */
static void read_ra(enum answer got)
{
	assert_int_equal(got, ANSWER_REPLY);
	const uint8_t *p = t.out.w.start;
	size_t len = wr_len(&t.out.w);
	memset(&ra, 0, sizeof(ra));
	assert_int_equal(t.out.kind, PKT_ICMP6);
	assert_string_equal(t.out.event, "RA");
	assert_ip6(&t.out.src6, FOLD_LL);
	assert_true(len >= 16 && len + 40 <= (t.g.id.mtu ? t.g.id.mtu : 1280));
	assert_int_equal(get(p, 4), 134u << 24);
	ra.hop_limit = p[4];
	ra.flags = p[5];
	ra.lifetime = get(p + 6, 2);
	ra.reachable = get(p + 8, 4);
	ra.retrans = get(p + 12, 4);
	read_options(p + 16, p + len);
	assert_int_equal(ra.hop_limit, 64);
	assert_int_equal(ra.reachable, 0);
	assert_int_equal(ra.retrans, 0);
	assert_int_equal(ra.links, 1);
	/* RFC 4191 2.2: the preference is medium, the only one that is allowed with lifetime 0. */
	assert_int_equal(ra.flags & 0x3f, 0);
}

/* A valid solicitation from the guest's link-local address. */
static int fixture(void **state)
{
	(void)state;
	nd_fixture();
	ask_head(133);
	t.in.dst6 = ip6(ALL_ROUTERS);
	return 0;
}

static enum answer run(void)
{
	return nd_run(ra_answer);
}

static void solicit(void)
{
	read_ra(run());
}

/* Makes an unsolicited advertisement, which must go to all nodes. */
static enum answer advertise_raw(const struct guest *was, bool last)
{
	memset(&t.out, 0xa5, sizeof(t.out));
	t.out.w = wr_over(t.out.buf + REPLY_HEADROOM, t.room);
	enum answer a = ra_advertise(&t.g, was, last, &t.out);
	assert_int_equal(t.out.buf[REPLY_HEADROOM + t.room], 0xa5);
	return a;
}

static void advertise(const struct guest *was, bool last)
{
	read_ra(advertise_raw(was, last));
	assert_ip6(&t.out.dst6, ALL_NODES);
	assert_memory_equal(t.out.dst_mac, all_nodes_mac, 6);
}

static void expect_drop(enum drop why)
{
	assert_drop(run(), why);
	assert_int_equal(wr_len(&t.out.w), 0);
}

static void name_servers(size_t count)
{
	static struct in6_addr many[200];

	assert_true(count <= 200);
	for (size_t i = 0; i < count; i++) {
		many[i] = ip6("fde5::");
		many[i].s6_addr[14] = (uint8_t)i;
	}
	t.g.nameservers6 = (struct ip6_list){.at = many, .count = count};
}

/* Sets the guest's search list. names: separated, as text; `wire` stores them and must outlive the guest. */
static void search_list(struct guest *g, uint8_t *wire, const char *names)
{
	size_t at = 0;

	for (const char *p = names; *p;) {
		size_t n = strcspn(p, ". ");
		wire[at++] = (uint8_t)n;
		memcpy(wire + at, p, n);
		at += n;
		p += n;
		if (*p == '.')
			p++;
		if (*p == ' ' || !*p) {
			wire[at++] = 0;
			p += *p == ' ';
		}
	}
	g->search = wire;
	g->search_len = at;
}

static void the_answer_goes_to_the_one_who_asked(void **state)
{
	(void)state; /* RFC 4861 6.2.6, RFC 7772 5.1 */
	solicit();
	assert_ip6(&t.out.dst6, OWN_LL);
	assert_memory_equal(t.out.dst_mac, guest_mac, 6);
	t.in.src6 = ip6(OWN); /* rdisc6 asks so */
	solicit();
	assert_ip6(&t.out.dst6, OWN);
	ask_link(guest_mac);
	solicit();
	t.in.dst6 = ip6(FOLD_LL);
	solicit();
}

static void who_has_no_address_hears_it_with_all_nodes(void **state)
{
	(void)state;
	t.in.src6 = in6addr_any;
	solicit();
	assert_ip6(&t.out.dst6, ALL_NODES);
	assert_memory_equal(t.out.dst_mac, all_nodes_mac, 6);
}

static void the_gateway_makes_a_default_router(void **state)
{
	(void)state;
	solicit();
	assert_int_equal(ra.lifetime, 900);
	assert_memory_equal(ra.link, gateway_mac, 6);
	t.g.has_gateway6 = false;
	solicit();
	assert_int_equal(ra.lifetime, 0);
	assert_memory_equal(ra.link, service_mac, 6);
}

static void a_gateway_without_a_mac_is_reached_through_fold(void **state)
{
	(void)state;
	memset(t.g.gateway6_mac, 0, 6);
	solicit();
	assert_int_equal(ra.lifetime, 900);
	assert_memory_equal(ra.link, service_mac, 6);
}

static void lifetimes_outlive_three_periods(void **state)
{
	static const struct {
		uint32_t period, router, dns;
	} rows[] = {
	    {1, 3, 3},
	    {300, 900, 900},
	    {1800, 5400, 5400},
	    {3000, 9000, 9000},
	    {9000, 27000, 27000},
	    {21845, 65535, 65535},
	    {21846, 65535, 65538},
	    {65535, 65535, 196605},
	};
	uint8_t wire[64];

	(void)state; /* RFC 4861 6.2.1: 9000 s for all of its own periods; RFC 8319 4 beyond */
	name_servers(1);
	search_list(&t.g, wire, "lab.test");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.g.ra_period = rows[i].period;
		solicit();
		assert_int_equal(ra.lifetime, rows[i].router);
		assert_true(ra.lifetime >= t.g.ra_period);
		assert_int_equal(ra.server_life, rows[i].dns);
		assert_int_equal(ra.domain_life, rows[i].dns);
	}
}

static void a_router_lifetime_may_be_given(void **state)
{
	(void)state;
	t.g.router_lifetime = 14400;
	solicit();
	assert_int_equal(ra.lifetime, 14400);
	t.g.has_gateway6 = false;
	solicit();
	assert_int_equal(ra.lifetime, 0);
}

static void they_come_in_three_quarters_to_one_period(void **state)
{
	(void)state;
	assert_int_equal(ra_interval_ms(300, false, 0), 300000);
	assert_int_equal(ra_interval_ms(300, false, UINT16_MAX), 225000);
	assert_int_equal(ra_interval_ms(1, false, UINT16_MAX), 750);
	assert_int_equal(ra_interval_ms(65535, false, 0), 65535000);
	/* RFC 4861 6.2.4: the first advertisements are at most 16 s apart. */
	assert_int_equal(ra_interval_ms(300, true, 0), 16000);
	assert_int_equal(ra_interval_ms(10, true, 0), 10000);
}

static void flags_by_mode(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 8; n++) {
		t.g.ra_managed = n & 1;
		t.g.ra_other = n & 2;
		t.g.ra_autonomous = n & 4;
		solicit();
		assert_int_equal(ra.flags, (n & 1 ? 0x80 : 0) | (n & 2 ? 0x40 : 0));
		assert_int_equal(ra.prefixes, 1);
		assert_int_equal(ra.prefix[0].flags, n & 4 ? 0xc0 : 0x80);
	}
}

static void the_prefix_is_on_link(void **state)
{
	(void)state;
	solicit();
	assert_int_equal(ra.prefixes, 1);
	assert_int_equal(ra.prefix[0].len, 64);
	assert_ip6(&ra.prefix[0].at, "fde5:824d:d315:3bb1::"); /* RFC 4861 4.6.2: the bits after it are zero */
	t.g.id.ip6.len = 123;
	solicit();
	assert_int_equal(ra.prefix[0].len, 123);
	assert_ip6(&ra.prefix[0].at, "fde5:824d:d315:3bb1:5054:ff:fe12:3440");
	t.g.id.ip6.len = 127;
	solicit();
	assert_int_equal(ra.prefixes, 1);
	t.g.id.ip6.len = 128; /* a guest alone on its link */
	solicit();
	assert_int_equal(ra.prefixes, 0);
}

static void the_prefix_lasts_as_long_as_a_lease(void **state)
{
	(void)state;
	solicit();
	assert_int_equal(ra.prefix[0].valid, 604800);
	assert_int_equal(ra.prefix[0].preferred, 529200);
	t.g.lease_time = t.g.rebind_time = t.g.renew_time = FOR_EVER;
	solicit();
	assert_int_equal(ra.prefix[0].valid, FOR_EVER);
	assert_int_equal(ra.prefix[0].preferred, FOR_EVER);
	/*
	 * With the lifetimes of a lease shorter than the period, the address would expire between two advertisements.
	 */
	t.g.lease_time = 120;
	t.g.rebind_time = 105;
	solicit();
	assert_int_equal(ra.prefix[0].valid, 900);
	assert_int_equal(ra.prefix[0].preferred, 900);
}

static void the_mtu_is_told_where_it_is_known(void **state)
{
	(void)state;
	solicit();
	assert_int_equal(ra.mtus, 0);
	t.g.id.mtu = 1376;
	solicit();
	assert_int_equal(ra.mtus, 1);
	assert_int_equal(ra.mtu, 1376);
	t.g.id.mtu = 65535;
	solicit();
	assert_int_equal(ra.mtu, 65535);
}

static void name_servers_and_search_names(void **state)
{
	uint8_t wire[64];

	(void)state;
	solicit();
	assert_int_equal(ra.servers, 0);
	assert_int_equal(ra.domains, 0);
	name_servers(2);
	search_list(&t.g, wire, "lab.test deep.er.example.org");
	solicit();
	assert_int_equal(ra.servers, 2);
	assert_ip6(&ra.server[0], "fde5::");
	assert_ip6(&ra.server[1], "fde5::100");
	assert_string_equal(ra.domain, "lab.test. deep.er.example.org.");
}

static void search_names_are_padded_to_units(void **state)
{
	uint8_t wire[64];
	char name[32];

	(void)state;
	for (size_t n = 1; n < 24; n++) {
		memset(name, 'x', n);
		name[n] = 0;
		search_list(&t.g, wire, name);
		solicit();
		assert_int_equal(ra.domains, 1);
		assert_int_equal(strlen(ra.domain), n + 1);
		assert_int_equal(wr_len(&t.out.w) % 8, 0);
	}
}

static void the_root_is_no_search_name(void **state)
{
	static uint8_t wire[] = "\0\3lab\4test\0"; /* the root's single octet would be read as padding */

	(void)state;
	t.g.search = wire;
	t.g.search_len = sizeof(wire) - 1;
	solicit();
	assert_string_equal(ra.domain, "lab.test.");
	t.g.search_len = 1;
	solicit();
	assert_int_equal(ra.domains, 0);
}

static void what_changed_is_withdrawn(void **state)
{
	struct guest was;
	struct in6_addr before[3] = {ip6("fde5::1"), ip6("fde5::2"), ip6("fde5::3")};
	struct in6_addr after[2] = {ip6("fde5::2"), ip6("fde5::4")};
	uint8_t old_wire[64], wire[64];

	(void)state;
	was = t.g;
	was.nameservers6 = (struct ip6_list){.at = before, .count = 3};
	t.g.nameservers6 = (struct ip6_list){.at = after, .count = 2};
	search_list(&was, old_wire, "lab.test Example.ORG corp.example");
	search_list(&t.g, wire, "example.org test");
	advertise(&was, false);
	assert_int_equal(ra.servers, 2);
	assert_ip6(&ra.server[0], "fde5::2");
	assert_ip6(&ra.server[1], "fde5::4");
	assert_int_equal(ra.server_life, 900);
	assert_int_equal(ra.old_servers, 2);
	assert_ip6(&ra.old_server[0], "fde5::1");
	assert_ip6(&ra.old_server[1], "fde5::3");
	assert_string_equal(ra.domain, "example.org. test.");
	assert_string_equal(ra.old_domain, "lab.test. corp.example."); /* RFC 4343: case does not matter */
	assert_int_equal(ra.prefixes, 1);
	t.g.nameservers6.count = 0;
	t.g.search_len = 0;
	advertise(&was, false);
	assert_int_equal(ra.servers, 0);
	assert_int_equal(ra.old_servers, 3);
	assert_int_equal(ra.domains, 0);
	assert_string_equal(ra.old_domain, "lab.test. Example.ORG. corp.example.");
}

static void what_did_not_change_is_not_withdrawn(void **state)
{
	struct guest was;
	uint8_t wire[64];

	(void)state;
	name_servers(3);
	search_list(&t.g, wire, "lab.test");
	was = t.g;
	advertise(&was, false);
	assert_int_equal(ra.old_servers, 0);
	assert_int_equal(ra.old_domains, 0);
	assert_int_equal(ra.prefixes, 1);
	assert_int_equal(ra.servers, 3);
	was.id.has6 = false; /* it was told nothing */
	was.id.ip6 = (struct cidr6){0};
	advertise(&was, false);
	assert_int_equal(ra.prefixes, 1);
}

static void a_prefix_that_is_no_more_is_deprecated(void **state)
{
	struct guest was;

	(void)state; /* RFC 9096 3.5 */
	was = t.g;
	was.id.ip6.addr = ip6("fde5:824d:d315:aaaa:5054:ff:fe12:3456");
	was.ra_autonomous = true;
	advertise(&was, false);
	assert_int_equal(ra.prefixes, 2);
	assert_ip6(&ra.prefix[0].at, "fde5:824d:d315:3bb1::");
	assert_int_equal(ra.prefix[0].preferred, 529200);
	assert_ip6(&ra.prefix[1].at, "fde5:824d:d315:aaaa::");
	assert_int_equal(ra.prefix[1].flags, 0xc0);
	assert_int_equal(ra.prefix[1].preferred, 0);
	assert_int_equal(ra.prefix[1].valid, 0);
	was.id.ip6 = (struct cidr6){.addr = ip6(OWN), .len = 60};
	advertise(&was, false);
	assert_int_equal(ra.prefixes, 2);
	assert_int_equal(ra.prefix[1].len, 60);
	was.id.ip6.len = 65; /* the same first bits, and another length */
	advertise(&was, false);
	assert_int_equal(ra.prefixes, 2);
	assert_int_equal(ra.prefix[1].len, 65);
	was.id.ip6.len = 128;
	advertise(&was, false);
	assert_int_equal(ra.prefixes, 1);
}

/* A guest with this prefix, server and search list. A test may overwrite `wire` later. */
static struct guest told(const char *prefix, const char *server, const char *names, uint8_t *wire)
{
	static struct in6_addr servers[8];
	static size_t next;
	struct guest g = t.g;

	servers[next % 8] = ip6(server);
	g.nameservers6 = (struct ip6_list){.at = &servers[next++ % 8], .count = 1};
	g.id.ip6.addr = ip6(prefix);
	search_list(&g, wire, names);
	return g;
}

/* A second change before the first one's withdrawal has been repeated often enough. */
static void what_is_withdrawn_is_remembered(void **state)
{
	uint8_t one[64], two[64], three[64];
	struct guest *past = NULL;

	(void)state;
	struct guest first = told("fde5:1::1", "fde5::1", "a.test b.test", one);
	struct guest second = told("fde5:2::1", "fde5::2", "c.test b.test", two);
	struct guest third = told("fde5:2::1", "fde5::3", "d.test", three);
	past_add(&past, &first, &second);
	memset(one, 0, sizeof(one)); /* past must have made a copy */
	t.g = second;
	for (int i = 0; i < 2; i++) {
		advertise(past, false);
		assert_int_equal(ra.prefixes, 2);
		assert_ip6(&ra.prefix[1].at, "fde5:1::");
		assert_int_equal(ra.prefix[1].valid, 0);
		assert_int_equal(ra.old_servers, 1);
		assert_ip6(&ra.old_server[0], "fde5::1");
		assert_string_equal(ra.old_domain, "a.test.");
	}
	past_add(&past, &second, &third);
	t.g = third;
	advertise(past, false);
	assert_int_equal(ra.prefixes, 2);
	assert_ip6(&ra.prefix[1].at, "fde5:1::"); /* the third has the same prefix as the second */
	assert_int_equal(ra.old_servers, 2);
	assert_ip6(&ra.old_server[0], "fde5::2"); /* the newest first */
	assert_ip6(&ra.old_server[1], "fde5::1");
	assert_string_equal(ra.old_domain, "c.test. b.test. a.test.");
	/* Values that are in force again are not withdrawn. */
	past_add(&past, &third, &second);
	t.g = second;
	advertise(past, false);
	assert_int_equal(ra.old_servers, 2);
	assert_ip6(&ra.old_server[0], "fde5::3");
	assert_ip6(&ra.old_server[1], "fde5::1");
	assert_string_equal(ra.old_domain, "d.test. a.test.");
	past_free(&past);
	assert_null(past);
	second.id.has6 = false; /* it was told nothing */
	past_add(&past, &second, &third);
	assert_null(past);
	past_free(&past);
}

/* However often a file changes, fold remembers no more old values than one advertisement can hold. */
static void what_is_remembered_is_bounded(void **state)
{
	struct guest *past = NULL, was = t.g, now = t.g;
	struct in6_addr server = ip6("fde5::");
	uint8_t wire[64];
	char name[32];

	(void)state;
	was.nameservers6 = (struct ip6_list){.at = &server, .count = 1};
	now.nameservers6.count = 0;
	now.search_len = 0;
	for (unsigned i = 0; i < 3000; i++) {
		server.s6_addr[14] = (uint8_t)(i >> 8);
		server.s6_addr[15] = (uint8_t)i;
		snprintf(name, sizeof(name), "n%u.example", i);
		search_list(&was, wire, name);
		past_add(&past, &was, &now);
	}
	assert_int_equal(past->nameservers6.count, 127);
	assert_memory_equal(&past->nameservers6.at[0], &server, 16);
	assert_in_range(past->search_len, 2000, 2040);
	assert_memory_equal(past->search, "\5n2999", 6);
	t.g.id.mtu = 1280;
	advertise(past, false);
	past_free(&past);
}

static void a_gateway_that_goes_is_no_router_any_more(void **state)
{
	struct guest was;

	(void)state;
	was = t.g;
	t.g.has_gateway6 = false;
	advertise(&was, false);
	assert_int_equal(ra.lifetime, 0);
	assert_memory_equal(ra.link, service_mac, 6);
}

static void the_last_one_takes_the_router_and_the_name_servers_away(void **state)
{
	uint8_t wire[64];

	(void)state; /* RFC 4861 6.2.5 */
	name_servers(2);
	search_list(&t.g, wire, "lab.test");
	advertise(NULL, true);
	assert_int_equal(ra.lifetime, 0);
	assert_int_equal(ra.servers, 0);
	assert_int_equal(ra.old_servers, 2);
	assert_int_equal(ra.domains, 0);
	assert_string_equal(ra.old_domain, "lab.test.");
	/* The guest keeps its address. */
	assert_int_equal(ra.prefix[0].valid, 604800);
	assert_int_equal(ra.prefix[0].preferred, 529200);
	advertise(NULL, false);
	assert_int_equal(ra.lifetime, 900);
	assert_int_equal(ra.servers, 2);
}

/* The size of the IPv6 packet, which read_ra compares with the MTU. */
static size_t packet(void)
{
	return wr_len(&t.out.w) + 40;
}

static void name_servers_that_do_not_fit_are_left_out(void **state)
{
	(void)state; /* RFC 6980: a host ignores an advertisement in fragments, so it has to fit */
	name_servers(200);
	solicit(); /* no MTU known: 1280 less 40, 16, 8, 32 and 8, in units of 16 */
	assert_int_equal(ra.servers, 73);
	assert_int_equal(packet(), 40 + 16 + 8 + 32 + 8 + 73 * 16);
	for (size_t i = 0; i < ra.servers; i++)
		assert_int_equal(ra.server[i].s6_addr[14], i); /* the first ones */
	for (t.g.id.mtu = 1280; t.g.id.mtu < 1500; t.g.id.mtu++) {
		t.room = REPLY_DATA_MAX - 1;
		solicit();
		assert_int_equal(ra.servers, (t.g.id.mtu - 40 - 16 - 8 - 32 - 8 - 8) / 16);
	}
	t.g.id.mtu = 65535; /* now the buffer is the limit */
	solicit();
	assert_int_equal(ra.servers, (REPLY_DATA_MAX - 1 - 16 - 8 - 32 - 8 - 8) / 16);
}

/* `count` names of 20 octets on the wire. */
static void many_names(struct guest *g, uint8_t *wire, unsigned count)
{
	g->search = wire;
	g->search_len = 20u * count;
	for (unsigned i = 0; i < count; i++)
		snprintf((char *)wire + 20u * i, 20, "\x12name-%013u", i);
}

static unsigned words(const char *names)
{
	unsigned n = *names != 0;

	for (; *names; names++)
		n += *names == ' ';
	return n;
}

static void search_names_give_way_to_name_servers(void **state)
{
	static uint8_t wire[2048];
	char last[32];

	(void)state;
	many_names(&t.g, wire, 100);
	solicit(); /* 1280 - 40 - 56 - 8 = 1176 octets: 58 names of 20 octets are 1160, 16 are left */
	assert_int_equal(words(ra.domain), 58);
	assert_int_equal(packet(), 40 + 56 + 8 + 1160);
	snprintf(last, sizeof(last), "name-%013u.", 57);
	assert_string_equal(ra.domain + strlen(ra.domain) - strlen(last), last);
	name_servers(63); /* an option of 1016 octets */
	solicit();
	assert_int_equal(ra.servers, 63);
	assert_int_equal(words(ra.domain), 8); /* 160 of 160 octets that are left */
	assert_int_equal(packet(), 1280);
	name_servers(72);
	solicit();
	assert_int_equal(ra.servers, 72);
	assert_int_equal(ra.domains, 0); /* not even an empty option */
}

static void what_is_withdrawn_gives_way_to_what_is_told(void **state)
{
	static struct in6_addr old[100];
	static uint8_t old_wire[2048], wire[2048];
	struct guest was;

	(void)state;
	was = t.g;
	for (size_t i = 0; i < 100; i++) {
		old[i] = ip6("fde5:aaaa::1");
		old[i].s6_addr[14] = (uint8_t)i;
	}
	was.nameservers6 = (struct ip6_list){.at = old, .count = 60};
	was.id.ip6.addr = ip6("fde5:824d:d315:aaaa::1");
	many_names(&was, old_wire, 100);
	search_list(&t.g, wire, "lab.test");
	name_servers(10);
	advertise(&was, false);
	/* 40 + 56, 32 for the old prefix, 168 for 10 servers, 8 + 960 for 60 old servers; 16 octets are left. */
	assert_int_equal(ra.prefixes, 2);
	assert_int_equal(ra.servers, 10);
	assert_int_equal(ra.old_servers, 60);
	assert_int_equal(ra.domains, 0);
	assert_int_equal(ra.old_domains, 0);
	was.nameservers6.count = 40;
	advertise(&was,
		  false); /* 336 are left: 8 + 16 for ours, 8 + 300 and 4 of padding for 15 of the old names, are 336 */
	assert_string_equal(ra.domain, "lab.test.");
	assert_int_equal(words(ra.old_domain), 15);
	assert_int_equal(packet(), 1280);
	name_servers(72); /* nothing but the prefix and our own servers, 8 octets are left */
	advertise(&was, false);
	assert_int_equal(ra.servers, 71);
	assert_int_equal(ra.old_servers, 0);
	assert_int_equal(ra.domains, 0);
}

static void no_name_is_cut_in_two(void **state)
{
	static uint8_t wire[2048];
	struct guest before = t.g;

	(void)state; /* with 0 to 72 name servers, so that the room left for names has every possible size */
	many_names(&before, wire, 60);
	for (size_t n = 0; n <= 72; n++) {
		name_servers(n);
		t.g.search = before.search;
		t.g.search_len = before.search_len;
		solicit();
		size_t left = 1280 - 40 - 56 - (n ? 8 + 16 * n : 0), room = left < 8 ? 0 : (left - 8) / 8 * 8;
		assert_int_equal(ra.servers, n);
		assert_int_equal(words(ra.domain), room / 20 > 60 ? 60 : room / 20);
	}
}

static void a_reply_at_every_buffer_size(void **state)
{
	static uint8_t wire[2048];

	(void)state;
	t.g.id.mtu = 1500;
	name_servers(3);
	many_names(&t.g, wire, 3);
	for (t.room = 0; t.room < 64; t.room++) {
		assert_drop(run(), DROP_REPLY_FULL);
		assert_drop(advertise_raw(NULL, false), DROP_REPLY_FULL);
	}
	for (; t.room < 64 + 56 + 72; t.room++) {
		solicit();
		assert_int_equal(ra.prefixes, 1);
		assert_int_equal(ra.mtu, 1500);
		assert_int_equal(ra.servers, t.room < 64 + 24 ? 0 : t.room < 64 + 40 ? 1 : t.room < 64 + 56 ? 2 : 3);
		if (t.room < 64 + 56 + 32 && ra.servers == 3)
			assert_int_equal(ra.domains, 0);
	}
	solicit();
	assert_int_equal(words(ra.domain), 3);
	assert_int_equal(wr_len(&t.out.w), t.room);
}

static void an_old_prefix_at_every_buffer_size(void **state)
{
	struct guest was;

	(void)state;
	t.g.id.mtu = 1500;
	was = t.g;
	was.id.ip6.addr = ip6("fde5:824d:d315:aaaa::1");
	for (t.room = 64; t.room <= 64 + 32; t.room++) {
		advertise(&was, false);
		assert_int_equal(ra.prefixes, t.room < 64 + 32 ? 1 : 2);
	}
}

static void a_link_that_carries_no_ipv6_gets_none(void **state)
{
	(void)state; /* guest_build refuses such an MTU; if it did not, fold would send nothing */
	for (t.g.id.mtu = 1; t.g.id.mtu < 104; t.g.id.mtu++)
		assert_drop(run(), DROP_REPLY_FULL);
}

static void every_hop_limit_but_255_is_refused(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 255; n++) {
		t.in.hop_limit = (uint8_t)n;
		expect_drop(DROP_HOP_LIMIT);
	}
}

static void every_code_but_0_is_refused(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 256; n++) {
		t.ask[CODE] = (uint8_t)n;
		expect_drop(DROP_ND_FORM);
	}
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	ask_link(guest_mac);
	for (size_t whole = t.len, n = 1; n < whole; n++) {
		t.len = n;
		if (n == LEN)
			solicit();
		else
			expect_drop(DROP_ND_FORM);
	}
}

static void no_link_layer_address_without_a_source(void **state)
{
	(void)state; /* RFC 4861 6.1.1 */
	t.in.src6 = in6addr_any;
	ask_link(guest_mac);
	expect_drop(DROP_ND_FORM);
}

static void a_foreign_link_layer_address(void **state)
{
	(void)state;
	ask_link(gateway_mac);
	expect_drop(DROP_ND_SENDER);
	t.len = LEN;
	ask_link(guest_mac);
	ask_link(guest_mac);
	solicit();
	ask_link(gateway_mac);
	expect_drop(DROP_ND_SENDER);
	t.len = LEN;
	memcpy(t.in.src_mac, gateway_mac, 6);
	expect_drop(DROP_ND_SENDER);
	ask_link(gateway_mac);
	expect_drop(DROP_ND_SENDER);
}

static void options_that_lie_about_their_length(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		for (unsigned units = 0; units < 256; units++) {
			fixture(NULL);
			ask_option((uint8_t)type, 1);
			if (type == 1)
				memcpy(t.ask + LEN + 2, guest_mac, 6);
			t.ask[LEN + 1] = (uint8_t)units;
			if (units == 1)
				solicit();
			else
				expect_drop(DROP_ND_FORM);
		}
	}
}

static void a_huge_solicitation(void **state)
{
	(void)state; /* CVE-2017-14492: such an option overflowed a log line */
	ask_link(guest_mac);
	for (unsigned i = 0; i < 250; i++)
		ask_option(253, 1);
	solicit();
}

static void other_destinations_are_refused(void **state)
{
	static const char *const elsewhere[] = {ALL_NODES, "ff05::2",          OWN, GATEWAY, SERVICE, "::", OTHER,
						"fe80::1", "ff02::1:ff12:3456"};

	(void)state;
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		t.in.dst6 = ip6(elsewhere[i]);
		expect_drop(DROP_ND_TARGET);
	}
}

static void a_guest_without_ipv6(void **state)
{
	(void)state;
	t.g.id.has6 = false;
	expect_drop(DROP_IP6_OFF);
	assert_drop(advertise_raw(NULL, false), DROP_IP6_OFF);
	t.g.id.has6 = true;
	t.g.answers6 = false;
	expect_drop(DROP_IP6_OFF);
	assert_drop(advertise_raw(NULL, true), DROP_IP6_OFF);
}

static void other_messages_are_not_its_business(void **state)
{
	static const enum pkt_kind kinds[] = {PKT_UDP4, PKT_UDP6, PKT_ARP};

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		if (type == 133)
			continue;
		t.ask[0] = (uint8_t)type;
		assert_int_equal(run(), ANSWER_NOT_MINE);
	}
	t.ask[0] = 133;
	for (size_t i = 0; i < 3; i++) {
		t.in.kind = kinds[i];
		assert_int_equal(run(), ANSWER_NOT_MINE);
	}
	t.in.kind = PKT_ICMP6;
	t.len = 0;
	assert_int_equal(run(), ANSWER_NOT_MINE);
}

#define T(f) cmocka_unit_test_setup(f, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_answer_goes_to_the_one_who_asked),
	    T(who_has_no_address_hears_it_with_all_nodes),
	    T(the_gateway_makes_a_default_router),
	    T(a_gateway_without_a_mac_is_reached_through_fold),
	    T(lifetimes_outlive_three_periods),
	    T(a_router_lifetime_may_be_given),
	    T(they_come_in_three_quarters_to_one_period),
	    T(flags_by_mode),
	    T(the_prefix_is_on_link),
	    T(the_prefix_lasts_as_long_as_a_lease),
	    T(the_mtu_is_told_where_it_is_known),
	    T(name_servers_and_search_names),
	    T(search_names_are_padded_to_units),
	    T(the_root_is_no_search_name),
	    T(what_changed_is_withdrawn),
	    T(what_did_not_change_is_not_withdrawn),
	    T(a_prefix_that_is_no_more_is_deprecated),
	    T(what_is_withdrawn_is_remembered),
	    T(what_is_remembered_is_bounded),
	    T(a_gateway_that_goes_is_no_router_any_more),
	    T(the_last_one_takes_the_router_and_the_name_servers_away),
	    T(name_servers_that_do_not_fit_are_left_out),
	    T(search_names_give_way_to_name_servers),
	    T(what_is_withdrawn_gives_way_to_what_is_told),
	    T(no_name_is_cut_in_two),
	    T(a_reply_at_every_buffer_size),
	    T(an_old_prefix_at_every_buffer_size),
	    T(a_link_that_carries_no_ipv6_gets_none),
	    T(every_hop_limit_but_255_is_refused),
	    T(every_code_but_0_is_refused),
	    T(every_truncation_is_refused),
	    T(no_link_layer_address_without_a_source),
	    T(a_foreign_link_layer_address),
	    T(options_that_lie_about_their_length),
	    T(a_huge_solicitation),
	    T(other_destinations_are_refused),
	    T(a_guest_without_ipv6),
	    T(other_messages_are_not_its_business),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
