/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS questions: fold's answers, whom it answers, and which questions it forwards. Replies are parsed with ldns. */
#include "report_catch.h"

#include "dns/dns.h"
#include "dns/forward.h"
#include "guest/zone.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <ldns/ldns.h>

enum { A = 1, NS = 2, SOA = 6, PTR = 12, MX = 15, TXT = 16, AAAA = 28, DS = 43, SVCB = 64, HTTPS = 65, ANY = 255 };

static struct {
	struct guest g;
	struct in_addr service4;
	struct in6_addr service6;
	struct pkt in;
	struct reply out;
	uint8_t ask[1500];
	size_t len;
	char said[2000];
} t;

static struct in_addr ip4(const char *text)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, text, &a), 1);
	return a;
}

static struct in6_addr ip6(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

static void make_zone(void)
{
	struct record_list l = {0};
	const struct record_list *const sources[] = {&l};
	struct report r = {0};
	char big[3001];

	memset(big, 'x', 3000);
	big[3000] = 0;
	record_add(&l, RECORD_ADDRESS, "db.", "10.0.1.1");
	record_add(&l, RECORD_ADDRESS6, "db.", "fde5::1");
	record_add(&l, RECORD_TXT, "table.", "Users");
	record_add(&l, RECORD_ADDRESS, "many.", "10.0.2.1,10.0.2.2,10.0.2.3");
	record_add(&l, RECORD_TXT, "big.", big);
	record_add(&l, RECORD_ADDRESS, "a.b.example.", "10.0.3.1");
	record_add(&l, RECORD_ADDRESS, "x.invalid.", "10.0.4.1");
	record_add(&l, RECORD_ADDRESS, "x.local.", "10.0.4.2");
	for (int i = 1; i <= 28; i++) {
		char text[20];
		snprintf(text, sizeof(text), "10.9.0.%d", i);
		record_add(&l, RECORD_ADDRESS, "wide.", text);
	}
	assert_int_equal(zone_build(sources, 1, 10, &t.g.dns.zone, &r), 0);
	record_free(&l);
}

static int fixture(void **state)
{
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
	static uint8_t no_forward[] = "\6secret\7example";

	(void)state;
	memset(&t, 0, sizeof(t));
	memcpy(t.g.id.mac, mac, MAC_LEN);
	mac_service(mac, t.g.service_mac);
	t.g.id.has4 = t.g.id.has6 = true;
	t.g.id.ip4 = (struct cidr4){.addr = ip4("10.0.1.100"), .len = 24};
	t.g.id.ip6 = (struct cidr6){.addr = ip6("fde5::100"), .len = 64};
	t.g.link_local = ip6("fe80::fc54:ff:fe12:3456");
	t.service4 = ip4("10.0.1.50");
	t.service6 = ip6("fde5::50");
	t.g.service4 = (struct ip4_list){.at = &t.service4, .count = 1};
	t.g.service6 = (struct ip6_list){.at = &t.service6, .count = 1};
	t.g.dns.on = t.g.dns.intercept_all = t.g.dns.serve = true;
	t.g.dns.ttl = 10;
	t.g.dns.no_forward = no_forward;
	t.g.dns.no_forward_len = sizeof(no_forward);
	make_zone();
	t.in.kind = PKT_UDP4;
	memcpy(t.in.src_mac, mac, MAC_LEN);
	t.in.src4 = t.g.id.ip4.addr;
	t.in.dst4 = t.service4;
	t.in.src6 = t.g.id.ip6.addr;
	t.in.dst6 = t.service6;
	t.in.sport = 40000;
	t.in.dport = 53;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zone_free(t.g.dns.zone);
	return 0;
}

static void question(const char *name, uint16_t type)
{
	static const uint8_t head[] = {0x12, 0x30, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
	struct wr w = wr_over(t.ask, sizeof(t.ask));

	wr_bytes(&w, head, sizeof(head));
	while (*name && *name != '.') {
		size_t n = strcspn(name, ".");
		wr_u8(&w, (uint8_t)n);
		wr_bytes(&w, name, n);
		name += n + (name[n] == '.');
	}
	wr_u8(&w, 0);
	wr_u16(&w, type);
	wr_u16(&w, 1);
	t.len = wr_len(&w);
}

static void add_opt(uint16_t size, uint32_t ttl)
{
	struct wr w = wr_over(t.ask + t.len, sizeof(t.ask) - t.len);

	wr_u8(&w, 0);
	wr_u16(&w, 41);
	wr_u16(&w, size);
	wr_u32(&w, ttl);
	wr_u16(&w, 0);
	t.len += wr_len(&w);
	t.ask[11]++;
}

static enum answer run_as(enum answer (*answer)(const struct guest *, const struct pkt *, struct reply *))
{
	uint8_t *copy = malloc(t.len ? t.len : 1); /* of the exact size, so that ASan detects a read past the end */

	memcpy(copy, t.ask, t.len);
	t.in.data = copy;
	t.in.len = t.len;
	reply_init(&t.out);
	enum answer a = answer(&t.g, &t.in, &t.out);
	free(copy);
	return a;
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	size_t at = strlen(t.said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t.said + at, sizeof(t.said) - at, fmt, ap);
	va_end(ap);
}

/*
 * The owner of the SOA record as text: `here` if it is the name that was asked for, `above` if it is the name without
 * its first label. Anything else would deny more names than the one that was asked for.
 */
static const char *soa_owner(const ldns_rdf *owner)
{
	static char text[256];
	size_t name = 12, above = 12U + (t.ask[12] ? t.ask[12] + 1U : 0);
	const uint8_t *wire = ldns_rdf_data(owner);

	if (memcmp(wire, t.ask + name, ldns_rdf_size(owner)) == 0)
		return "here";
	if (memcmp(wire, t.ask + above, ldns_rdf_size(owner)) == 0)
		return "above";
	char *other = ldns_rdf2str(owner);
	snprintf(text, sizeof(text), "%s", other);
	free(other);
	return text;
}

static void say_list(const char *what, const ldns_rr_list *l)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(l); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(l, i);
		char *type = ldns_rr_type2str(ldns_rr_get_type(rr)), *data = ldns_rdf2str(ldns_rr_rdf(rr, 0));
		char *owner = ldns_rdf2str(ldns_rr_owner(rr));
		say("; %s%s %s %u %s", what, *what ? soa_owner(ldns_rr_owner(rr)) : owner, type, ldns_rr_ttl(rr), data);
		free(type);
		free(data);
		free(owner);
	}
}

/* The reply as one line of text. Its ID must be that of the question. */
static const char *reading(void)
{
	ldns_pkt *p = NULL;

	t.said[0] = 0;
	assert_false(t.out.w.full);
	assert_int_equal(ldns_wire2pkt(&p, t.out.w.start, wr_len(&t.out.w)), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_id(p), t.ask[0] << 8 | t.ask[1]);
	char *code = ldns_pkt_rcode2str(ldns_pkt_get_rcode(p));
	say("%s%s%s%s%s%s%s", code, ldns_pkt_qr(p) ? "" : " query", ldns_pkt_aa(p) ? " aa" : "",
	    ldns_pkt_tc(p) ? " tc" : "", ldns_pkt_rd(p) ? " rd" : "", ldns_pkt_ra(p) ? " ra" : "",
	    ldns_pkt_cd(p) ? " cd" : "");
	free(code);
	if (ldns_pkt_edns(p))
		say(" edns%s%u/%u%s", ldns_pkt_edns_version(p) ? "!" : "", ldns_pkt_edns_extended_rcode(p),
		    ldns_pkt_edns_udp_size(p), ldns_pkt_edns_do(p) ? "/do" : "");
	if (!ldns_pkt_qdcount(p))
		say(" no-question");
	say_list("", ldns_pkt_answer(p));
	say_list("-", ldns_pkt_authority(p));
	ldns_pkt_free(p);
	return t.said;
}

static const char *asked(const char *name, uint16_t type)
{
	question(name, type);
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
	/* The reply repeats the question octet by octet. */
	assert_memory_equal(t.out.w.start + 12, t.ask + 12, t.len - 12);
	return reading();
}

static const char *rerun(void)
{
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
	return reading();
}

#define SAYS(name, type, what) assert_string_equal(asked(name, type), what)
#define NOTHING "; -here SOA 10 fold.invalid."
#define DENIED "; -above SOA 10 fold.invalid."

static void records_of_all_types(void **state)
{
	(void)state;
	SAYS("db.", A, "NOERROR aa rd; db. A 10 10.0.1.1");
	SAYS("db.", AAAA, "NOERROR aa rd; db. AAAA 10 fde5::1");
	SAYS("table.", TXT, "NOERROR aa rd; table. TXT 10 \"Users\"");
	SAYS("1.1.0.10.in-addr.arpa.", PTR, "NOERROR aa rd; 1.1.0.10.in-addr.arpa. PTR 10 db.");
	SAYS("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.e.d.f.ip6.arpa.", PTR,
	     "NOERROR aa rd; 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.e.d.f.ip6.arpa. PTR 10 db.");
	assert_int_equal(t.out.kind, PKT_UDP4);
	assert_int_equal(t.out.src4.s_addr, t.service4.s_addr);
	assert_int_equal(t.out.dst4.s_addr, t.g.id.ip4.addr.s_addr);
	assert_int_equal(t.out.sport, 53);
	assert_int_equal(t.out.dport, 40000);
	assert_memory_equal(t.out.dst_mac, t.g.id.mac, MAC_LEN);
}

static void case_does_not_count_and_is_kept(void **state)
{
	(void)state;
	SAYS("dB.", A, "NOERROR aa rd; dB. A 10 10.0.1.1");
	SAYS("1.1.0.10.IN-addr.ARPA.", PTR, "NOERROR aa rd; 1.1.0.10.IN-addr.ARPA. PTR 10 db.");
	SAYS("NoPe.", MX, "NXDOMAIN aa rd" DENIED);
}

static void known_names_of_another_type_are_never_nxdomain(void **state)
{
	static const uint16_t types[] = {MX, HTTPS, SOA, NS, 33, 64, 65400, TXT, PTR};

	(void)state;
	for (int forward = 0; forward < 2; forward++) {
		t.g.dns.forward = t.g.dns.forward_private = forward;
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			SAYS("db.", types[i], forward ? "NOERROR aa rd ra" NOTHING : "NOERROR aa rd" NOTHING);
	}
	t.g.dns.forward = false;
	SAYS("table.", A, "NOERROR aa rd" NOTHING);
	SAYS("many.", AAAA, "NOERROR aa rd" NOTHING);
	SAYS("1.1.0.10.in-addr.arpa.", A, "NOERROR aa rd" NOTHING);
}

static void unknown_names(void **state)
{
	(void)state;
	SAYS("nope.", A, "NXDOMAIN aa rd" DENIED);
	SAYS("x.db.", A, "NXDOMAIN aa rd" DENIED);
	SAYS("does-not-exist.example.com.", A, "NXDOMAIN aa rd" DENIED);
	SAYS("2.1.0.10.in-addr.arpa.", PTR, "NXDOMAIN aa rd" DENIED);
	/* RFC 8020: an ancestor of a known name exists. */
	SAYS("b.example.", A, "NOERROR aa rd" NOTHING);
	SAYS("example.", A, "NOERROR aa rd" NOTHING);
	SAYS("0.10.in-addr.arpa.", PTR, "NOERROR aa rd" NOTHING);
	SAYS("arpa.", A, "NOERROR aa rd" NOTHING);
	SAYS("in-addr.arpa.", A, "NOERROR aa rd" NOTHING);
	SAYS("x.arpa.", A, "NXDOMAIN aa rd" DENIED);
	SAYS(".", NS, "NOERROR aa rd" NOTHING);
	zone_free(t.g.dns.zone);
	t.g.dns.zone = NULL; /* a VM without records */
	SAYS(".", NS, "NOERROR aa rd" NOTHING);
	SAYS("db.", A, "NXDOMAIN aa rd" DENIED);
	SAYS("arpa.", A, "NOERROR aa rd" NOTHING); /* exists, because resolver.arpa does */
	SAYS("in-addr.arpa.", A, "NXDOMAIN aa rd" DENIED);
}

static void any_is_one_set(void **state)
{
	(void)state;
	SAYS("db.", ANY, "NOERROR aa rd; db. A 10 10.0.1.1");
	SAYS("table.", ANY, "NOERROR aa rd; table. TXT 10 \"Users\"");
	SAYS("1.1.0.10.in-addr.arpa.", ANY, "NOERROR aa rd; 1.1.0.10.in-addr.arpa. PTR 10 db.");
	SAYS("b.example.", ANY, "NOERROR aa rd" NOTHING);
}

static void several_values_rotate(void **state)
{
	static const char *const orders[] = {
	    "NOERROR aa rd; many. A 10 10.0.2.1; many. A 10 10.0.2.2; many. A 10 10.0.2.3",
	    "NOERROR aa rd; many. A 10 10.0.2.2; many. A 10 10.0.2.3; many. A 10 10.0.2.1",
	    "NOERROR aa rd; many. A 10 10.0.2.3; many. A 10 10.0.2.1; many. A 10 10.0.2.2",
	};

	(void)state;
	question("many.", A);
	for (unsigned id = 0; id < 12; id++) {
		t.ask[0] = 0;
		t.ask[1] = (uint8_t)id;
		assert_string_equal(rerun(), orders[id % 3]);
	}
}

static void recursion_available_and_flags(void **state)
{
	(void)state;
	t.g.dns.forward = true;
	SAYS("db.", A, "NOERROR aa rd ra; db. A 10 10.0.1.1");
	question("db.", A);
	t.ask[2] = 0; /* no RD */
	assert_string_equal(rerun(), "NOERROR aa ra; db. A 10 10.0.1.1");
	t.ask[3] = 0xf0; /* RA and Z, which mean nothing here, AD, and CD, which is copied (RFC 4035 3.2.2) */
	assert_string_equal(rerun(), "NOERROR aa ra cd; db. A 10 10.0.1.1");
	assert_int_equal(t.out.w.start[3] & 0x60, 0);
}

static void edns(void **state)
{
	(void)state;
	question("db.", A);
	add_opt(4096, 0);
	assert_string_equal(rerun(), "NOERROR aa rd edns0/1232; db. A 10 10.0.1.1");
	question("db.", A);
	add_opt(1232, 0xffff); /* DO, and flags that nobody knows */
	assert_string_equal(rerun(), "NOERROR aa rd edns0/1232/do; db. A 10 10.0.1.1");
	assert_int_equal(t.out.w.p[-3], 0);
	question("nope.", A);
	add_opt(0, 0);
	assert_string_equal(rerun(), "NXDOMAIN aa rd edns0/1232" DENIED);
	for (unsigned version = 1; version < 256; version += 127) {
		question("db.", A);
		add_opt(1232, version << 16);
		assert_string_equal(rerun(), "NOERROR rd edns1/1232"); /* 1 above the header's 0: BADVERS, 16 */
	}
	question("db.", A);
	add_opt(1232, 0);
	add_opt(1232, 0);
	run_as(dns_answer);
	assert_int_equal(t.out.w.start[3] & 15, 1);
}

static void bad_opt_records(void **state)
{
	(void)state;
	question("db.", A);
	add_opt(1232, 0);
	memmove(t.ask + t.len - 9, t.ask + t.len - 11, 11); /* its owner is not the root */
	memcpy(t.ask + t.len - 11, "\1x", 2);
	t.len += 2;
	assert_string_equal(rerun(), "FORMERR rd");
	question("db.", A);
	add_opt(1232, 0);
	t.ask[t.len - 1] = 5; /* data that is not there */
	assert_string_equal(rerun(), "FORMERR rd");
	question("db.", A);
	add_opt(1232, 0);
	memcpy(t.ask + t.len, "\0\3\0\2a", 5); /* an option longer than the record */
	t.ask[t.len - 1] = 5;
	t.len += 5;
	assert_string_equal(rerun(), "FORMERR rd");
	t.ask[t.len - 2] = 1;
	assert_string_equal(rerun(), "NOERROR aa rd edns0/1232; db. A 10 10.0.1.1");
	question("db.", A); /* in the answer section */
	add_opt(1232, 0);
	t.ask[11] = 0;
	t.ask[7] = 1;
	assert_string_equal(rerun(), "FORMERR rd");
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
	(void)state;
	SAYS("big.", TXT, "NOERROR aa tc rd");
	question("big.", TXT);
	add_opt(65535, 0);
	assert_string_equal(rerun(), "NOERROR aa tc rd edns0/1232");
	/* 12 + 10 + 28 * 16 = 470 octets; with OPT 481. */
	question("wide.", A);
	assert_null(strstr(rerun(), " tc"));
	assert_int_equal(wr_len(&t.out.w), 470);
	t.g.id.mtu = 470 + 28;
	assert_null(strstr(rerun(), " tc"));
	t.g.id.mtu--; /* now the link's MTU is one octet too small */
	assert_string_equal(rerun(), "NOERROR aa tc rd");
	t.in.kind = PKT_UDP6;
	t.g.id.mtu = 470 + 48;
	assert_null(strstr(rerun(), " tc"));
	t.g.id.mtu--;
	assert_string_equal(rerun(), "NOERROR aa tc rd");
}

static void errors_of_form(void **state)
{
	(void)state;
	question("db.", A);
	for (uint8_t opcode = 1; opcode < 16; opcode++) {
		t.ask[2] = (uint8_t)(opcode << 3 | 1);
		assert_string_equal(rerun(), "NOTIMPL rd no-question");
		assert_int_equal(t.out.w.start[2] >> 3 & 15, opcode);
	}
	question("db.", A);
	t.ask[5] = 0;
	assert_string_equal(rerun(), "FORMERR rd no-question");
	t.ask[5] = 2;
	assert_string_equal(rerun(), "FORMERR rd no-question");
	t.ask[4] = 1;
	t.ask[5] = 1;
	assert_string_equal(rerun(), "FORMERR rd no-question");
	question("db.", A);
	t.ask[2] |= 0x80; /* an answer */
	assert_int_equal(run_as(dns_answer), ANSWER_DROP);
	assert_int_equal(t.out.drop, DROP_DNS_FORM);
	question("db.", A);
	t.in.sport = 0;
	assert_int_equal(run_as(dns_answer), ANSWER_DROP);
	t.in.sport = 53;
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
}

static void classes_and_question_types(void **state)
{
	static const uint16_t refused[] = {129, 249, 250, 251, 252, 253, 254};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		SAYS("db.", refused[i], "REFUSED rd");
	SAYS("db.", 41, "FORMERR rd");
	SAYS("db.", 0, "FORMERR rd");
	SAYS("db.", 128, "FORMERR rd");
	for (unsigned class = 0; class < 256; class ++) {
		question("db.", A);
		t.ask[t.len - 1] = (uint8_t) class;
		assert_string_equal(rerun(), class == 1 ? "NOERROR aa rd; db. A 10 10.0.1.1" : "REFUSED rd");
	}
}

static void every_truncation(void **state)
{
	(void)state;
	question("a.b.example.", A);
	add_opt(1232, 0);
	size_t whole = t.len, bare = whole - 11;
	for (t.len = 0; t.len < whole; t.len++) {
		enum answer a = run_as(dns_answer);
		assert_int_equal(a, t.len < 12 ? ANSWER_DROP : ANSWER_REPLY);
		if (t.len >= 12)
			assert_string_equal(reading(), t.len < bare ? "FORMERR rd no-question" : "FORMERR rd");
	}
	memset(t.ask + whole, 0xee, 40); /* octets after the message do not matter */
	t.len = whole + 40;
	assert_string_equal(rerun(), "NOERROR aa rd edns0/1232; a.b.example. A 10 10.0.3.1");
}

static void names_that_lie(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		bool good;
	} names[] = {
	    {"\xc0\x0c", 2, false},    /* to itself */
	    {"\xc0\x00", 2, false},    /* into the header */
	    {"\xc0\x20", 2, false},    /* forward */
	    {"\1a\xc0\x0c", 4, false}, /* a loop with a label */
	    {"\x40\0", 2, false},      /* label types that are not in use */
	    {"\x80\0", 2, false},      {"\x41xx\0", 4, false},
	    {"\4a.b\0\0", 6, true}, /* a dot and a NUL in a label are characters like others */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		question(".", A);
		memmove(t.ask + 12 + names[i].len, t.ask + 13, 4);
		memcpy(t.ask + 12, names[i].octets, names[i].len);
		t.len = 16 + names[i].len;
		assert_string_equal(rerun(), names[i].good ? "NXDOMAIN aa rd" DENIED : "FORMERR rd no-question");
	}
	for (uint8_t n = 63; n < 70; n++) {
		question(".", A);
		t.ask[12] = n;
		memset(t.ask + 13, 'a', n);
		memcpy(t.ask + 13 + n, "\0\0\1\0\1", 5);
		t.len = 18U + n;
		assert_string_equal(rerun(), n == 63 ? "NXDOMAIN aa rd" DENIED : "FORMERR rd no-question");
	}
	/* A name may have 255 octets, not 256; a label may have 63. */
	for (uint8_t last = 60; last <= 62; last++) {
		struct wr w = wr_over(t.ask + 12, sizeof(t.ask) - 12);
		question(".", A);
		for (int i = 0; i < 4; i++) {
			uint8_t n = i == 3 ? last : 63;
			wr_u8(&w, n);
			memset(wr_room(&w, n), 'a', n);
		}
		wr_u8(&w, 0);
		wr_u32(&w, 0x00010001);
		t.len = 12 + wr_len(&w);
		assert_string_equal(rerun(), last <= 61 ? "NXDOMAIN aa rd" DENIED : "FORMERR rd no-question");
	}
	question("db.", A); /* a record after the question whose owner is a pointer forward */
	t.ask[7] = 1;
	memcpy(t.ask + t.len, "\xc0\xff\0\1\0\1\0\0\0\0\0\0", 12);
	t.len += 12;
	assert_string_equal(rerun(), "FORMERR rd");
	t.ask[t.len - 11] = 12; /* a pointer to the question is valid */
	assert_string_equal(rerun(), "NOERROR aa rd; db. A 10 10.0.1.1");
	memset(t.ask + 6, 0xff, 6); /* more records than octets */
	assert_string_equal(rerun(), "FORMERR rd");
}

static bool above_known(const char *name)
{
	static const char *const names[] = {"b.example.", "example.", "in-addr.arpa.",    "ip6.arpa.",
					    "arpa.",      ".",        "10.in-addr.arpa.", "d.f.ip6.arpa."};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void forwarded(const char *name, uint16_t type, bool want)
{
	question(name, type);
	enum answer a = run_as(dns_answer);

	if (a != (want ? ANSWER_FORWARD : ANSWER_REPLY))
		fail_msg("%s %u: %s", name, type, want ? "was not forwarded" : "was forwarded");
	if (!want)
		return;
	/*
	 * The unchanged question, addressed to the asker. AA in it means that names below it exist here: it may not be
	 * denied.
	 */
	bool exists = t.out.w.start[2] & 4;
	assert_int_equal(exists, above_known(name));
	t.out.w.start[2] &= (uint8_t)~4;
	assert_int_equal(wr_len(&t.out.w), t.len);
	assert_memory_equal(t.out.w.start, t.ask, t.len);
	assert_int_equal(t.out.src4.s_addr, t.in.dst4.s_addr);
	assert_int_equal(t.out.dport, t.in.sport);
}

static void what_is_forwarded(void **state)
{
	(void)state;
	forwarded("www.example.com.", A, false);
	t.g.dns.forward = true;
	forwarded("wWw.example.com.", A, true);
	forwarded("www.example.com.", 65400, true);
	forwarded("b.example.", A, true); /* it exists here, but may have records elsewhere */
	forwarded("example.", MX, true);
	forwarded(".", NS, true);
	forwarded("com.", NS, true);
	forwarded("arpa.", NS, true);
	forwarded("8.8.8.8.in-addr.arpa.", PTR, true);
	/* Known names are never forwarded, whatever the type; nor are names that must not leave the host. */
	forwarded("db.", MX, false);
	forwarded("a.b.example.", AAAA, false);
	forwarded("secret.example.", A, false);
	forwarded("x.y.SECRET.example.", A, false);
	forwarded("notsecret.example.", A, true); /* ends in the suffix, but not at a label boundary */
	forwarded("secret.example.com.", A, true);
	forwarded("a\6secret.example.", A, true); /* octets that look like a label boundary, inside a label */
	SAYS("secret.example.", A, "NXDOMAIN aa rd ra" DENIED);
	question("www.example.com.", A);
	t.ask[2] = 0;
	assert_string_equal(rerun(), "REFUSED ra");
	question("www.example.com.", A); /* EDNS options are not forwarded; the size and DO are */
	add_opt(4096, 0x8000);
	memcpy(t.ask + t.len, "\0\10\0\1x", 5);
	t.ask[t.len - 1] = 5;
	t.len += 5;
	assert_int_equal(run_as(dns_answer), ANSWER_FORWARD);
	assert_int_equal(wr_len(&t.out.w), t.len - 5);
	assert_memory_equal(t.out.w.p - 8, "\4\xd0\0\0\x80\0\0", 8);
}

/* Without a forwarder, the question is turned into a SERVFAIL frame for the asker. */
static void what_nobody_can_be_asked_for(void **state)
{
	(void)state;
	t.g.dns.forward = true;
	forwarded("wWw.example.com.", A, true);
	assert_true(forward_decline(&t.g, &t.out));
	assert_string_equal(reading(), "SERVFAIL rd ra");
	assert_int_equal(wr_len(&t.out.w), t.len);
	assert_memory_equal(t.out.w.start + 12, t.ask + 12, t.len - 12);
	assert_int_equal(t.out.frame_len, 14 + 20 + 8 + t.len);
	assert_int_equal(t.out.src4.s_addr, t.service4.s_addr);
	question("www.example.com.", A);
	add_opt(4096, 0x8000);
	assert_int_equal(run_as(dns_answer), ANSWER_FORWARD);
	assert_true(forward_decline(&t.g, &t.out));
	assert_string_equal(reading(), "SERVFAIL rd ra edns0/1232/do");
}

/* An answer that must not be sent is turned into a SERVFAIL frame for the same question. */
static void what_is_held_back(void **state)
{
	static const char *const names[] = {"mAny.", "nope.", "localhost."};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (int opt = 0; opt < 2; opt++) {
			question(names[i], A);
			if (opt)
				add_opt(4096, 0x8000);
			assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
			assert_true(forward_hold_back(&t.g, &t.out));
			assert_string_equal(reading(), opt ? "SERVFAIL rd ra edns0/1232/do" : "SERVFAIL rd ra");
			assert_int_equal(wr_len(&t.out.w), t.len);
			assert_memory_equal(t.out.w.start + 12, t.ask + 12, t.len - 12 - (opt ? 11 : 0));
			assert_int_equal(t.out.frame_len, 14 + 20 + 8 + t.len);
			assert_int_equal(t.out.src4.s_addr, t.service4.s_addr);
			assert_int_equal(t.out.dst4.s_addr, t.g.id.ip4.addr.s_addr);
			assert_int_equal(t.out.dport, 40000);
		}
	}
}

static void names_with_a_meaning(void **state)
{
	static const char *const never[] = {"x.onion.", "onion.", "y.invalid.", "use-application-dns.net."};
	static const char *const private[] = {"printer.local.",
					      "x.test.",
					      "x.home.arpa.",
					      "x.internal.",
					      "3.2.1.10.in-addr.arpa.",
					      "1.16.172.in-addr.arpa.",
					      "5.31.172.in-addr.arpa.",
					      "168.192.in-addr.arpa.",
					      "1.254.169.in-addr.arpa.",
					      "1.0.0.127.in-addr.arpa.",
					      "x.9.9.10.in-addr.arpa.",
					      "8.e.f.ip6.arpa."};
	/* RFC 9460 7.3: SVCB and HTTPS records may contain addresses too. */
	static const uint16_t of_addresses[] = {A, AAAA, SVCB, HTTPS};
	static uint8_t lan[] = "\3lan";

	(void)state;
	for (int forward = 0; forward < 3; forward++) {
		t.g.dns.forward = forward > 0;
		t.g.dns.forward_private = forward > 1;
		const char *ra = forward ? " ra" : "";
		char want[100];
		snprintf(want, sizeof(want), "NXDOMAIN aa rd%s" DENIED, ra);
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			SAYS(never[i], A, want);
		for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
			forwarded(private[i], i < 4 ? A : PTR, forward == 2);
		/* RFC 8020: NXDOMAIN for `com` would deny all names below it, which fold forwards. */
		snprintf(want, sizeof(want), forward ? "NOERROR aa rd%s" NOTHING : "NXDOMAIN aa rd%s" DENIED, ra);
		for (size_t i = 0; i < sizeof(of_addresses) / sizeof(of_addresses[0]); i++) {
			forwarded("wpad.", of_addresses[i], forward == 2);
			if (forward < 2)
				SAYS("cOm.", of_addresses[i], want);
		}
		forwarded("com.", NS, forward > 0);
		snprintf(want, sizeof(want), "NXDOMAIN aa rd%s" DENIED, ra);
		if (forward < 2)
			SAYS("x.internal.", A, want);
		t.g.dns.no_forward = lan; /* names below it are not forwarded */
		t.g.dns.no_forward_len = sizeof(lan);
		SAYS("lan.", A, want);
		forwarded("0.0.d.f.ip6.arpa.", PTR, forward == 2);
		forwarded("0.0.c.2.ip6.arpa.", PTR, forward > 0);
		forwarded("1.32.172.in-addr.arpa.", PTR, forward > 0);
		forwarded("172.in-addr.arpa.", PTR, forward > 0);
		forwarded("in-addr.arpa.", NS, forward > 0);
		/* Whether these zones are signed, those above them know. */
		forwarded("home.arpa.", DS, forward > 0);
		forwarded("10.in-addr.arpa.", DS, forward > 0);
		forwarded("20.172.in-addr.arpa.", DS, forward > 0);
		forwarded("d.f.ip6.arpa.", DS, forward > 0);
		forwarded("x.home.arpa.", DS, forward == 2);
		forwarded("home.arpa.", NS, forward == 2);
		forwarded("1.10.in-addr.arpa.", DS, forward == 2);
		forwarded("ip6.arpa.", NS, forward > 0);
		snprintf(want, sizeof(want), "NOERROR aa rd%s" NOTHING, ra);
		SAYS("_dns.resolver.arpa.", 64, want);
		SAYS("localhost.", MX, want);
		snprintf(want, sizeof(want), "NOERROR aa rd%s; x.LOCALHOST. A 10 127.0.0.1", ra);
		SAYS("x.LOCALHOST.", A, want);
		snprintf(want, sizeof(want), "NOERROR aa rd%s; localhost. AAAA 10 ::1", ra);
		SAYS("localhost.", AAAA, want);
		/* The VM's own records take precedence. */
		snprintf(want, sizeof(want), "NOERROR aa rd%s; x.invalid. A 10 10.0.4.1", ra);
		SAYS("x.invalid.", A, want);
		snprintf(want, sizeof(want), "NOERROR aa rd%s; x.local. A 10 10.0.4.2", ra);
		SAYS("x.local.", A, want);
	}
}

static void over_ipv6(void **state)
{
	(void)state;
	t.in.kind = PKT_UDP6;
	SAYS("db.", A, "NOERROR aa rd; db. A 10 10.0.1.1");
	assert_int_equal(t.out.kind, PKT_UDP6);
	assert_memory_equal(&t.out.src6, &t.service6, 16);
	assert_memory_equal(&t.out.dst6, &t.g.id.ip6.addr, 16);
	t.in.src6 = ip6("fe80::1234"); /* any link-local address, however the guest formed it */
	t.in.dst6 = t.g.link_local;
	SAYS("db.", A, "NOERROR aa rd; db. A 10 10.0.1.1");
	assert_memory_equal(&t.out.dst6, &t.in.src6, 16);
}

static void whose_questions(void **state)
{
	(void)state;
	question("db.", A);
	t.in.src4 = ip4("10.0.1.101");
	assert_int_equal(run_as(dns_answer), ANSWER_DROP);
	assert_int_equal(t.out.drop, DROP_SOURCE_ADDRESS);
	zone_free(t.g.dns.zone);
	fixture(NULL);
	question("db.", A);
	t.in.kind = PKT_UDP6;
	t.in.src6 = ip6("fde5::101");
	assert_int_equal(run_as(dns_answer), ANSWER_DROP);
	t.in.src6 = ip6("::");
	assert_int_equal(run_as(dns_answer), ANSWER_DROP);
	t.in.src6 = ip6("fe80:0:0:1::1");
	assert_int_equal(run_as(dns_answer), ANSWER_DROP);
	/* With any_source6, a temporary address (RFC 8981) in the guest's prefix, and none outside it. */
	t.g.any_source6 = true;
	assert_int_equal(run_as(dns_answer), ANSWER_DROP);
	t.in.src6 = ip6("fde5::101");
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
	zone_free(t.g.dns.zone);
	fixture(NULL);
	question("db.", A);
	t.in.dport = 54;
	assert_int_equal(run_as(dns_answer), ANSWER_NOT_MINE);
	t.in.dport = 53;
	t.g.dns.on = false;
	assert_int_equal(run_as(dns_answer), ANSWER_NOT_MINE);
	t.g.dns.on = true;
	t.in.kind = PKT_TCP4;
	assert_int_equal(run_as(dns_answer), ANSWER_NOT_MINE);
}

static void interception(void **state)
{
	static const char *const groups[] = {"224.0.0.251", "255.255.255.255", "10.0.1.255", "0.0.0.0"};

	(void)state;
	question("db.", A);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		t.in.dst4 = ip4(groups[i]);
		assert_int_equal(run_as(dns_answer), ANSWER_NOT_MINE);
	}
	t.in.dst4 = ip4("8.8.8.8");
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
	assert_int_equal(t.out.src4.s_addr, ip4("8.8.8.8").s_addr);
	t.g.dns.intercept_all = false;
	assert_int_equal(run_as(dns_answer), ANSWER_NOT_MINE);
	t.g.dns.server4 = ip4("8.8.8.8"); /* where the guest was told to ask, although fold does not have the address */
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
	t.in.dst4 = t.service4;
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
	t.in.kind = PKT_UDP6;
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
	t.in.dst6 = ip6("ff02::fb");
	assert_int_equal(run_as(dns_answer), ANSWER_NOT_MINE);
	t.in.dst6 = ip6("2001:4860::1");
	assert_int_equal(run_as(dns_answer), ANSWER_NOT_MINE);
	t.g.dns.server6 = t.in.dst6;
	assert_int_equal(run_as(dns_answer), ANSWER_REPLY);
}

static void from_the_network(void **state)
{
	static const char *const bad[] = {"10.0.1.100", "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"};

	(void)state;
	t.in.src4 = ip4("10.0.1.7");
	t.in.dst4 = t.g.id.ip4.addr;
	memcpy(t.in.src_mac, "\2\0\0\0\0\7", 6);
	question("db.", A);
	assert_int_equal(run_as(dns_answer_network), ANSWER_REPLY);
	assert_string_equal(reading(), "NOERROR aa rd; db. A 10 10.0.1.1");
	assert_int_equal(t.out.src4.s_addr, t.g.id.ip4.addr.s_addr);
	assert_int_equal(t.out.dst4.s_addr, ip4("10.0.1.7").s_addr);
	assert_memory_equal(t.out.dst_mac, "\2\0\0\0\0\7", 6);
	question("www.example.com.", A);
	assert_int_equal(run_as(dns_answer_network), ANSWER_REPLY);
	assert_string_equal(reading(), "NXDOMAIN aa rd" DENIED);
	t.g.dns.forward = true; /* no forwarding for the network, and RA is not set */
	assert_int_equal(run_as(dns_answer_network), ANSWER_REPLY);
	assert_string_equal(reading(), "REFUSED rd");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t.in.src4 = ip4(bad[i]);
		assert_int_equal(run_as(dns_answer_network), ANSWER_DROP);
	}
	t.in.src4 = ip4("10.0.1.7");
	t.in.src_mac[0] |= 1;
	assert_int_equal(run_as(dns_answer_network), ANSWER_DROP);
	t.in.src_mac[0] &= 0xfe;
	t.in.dst4 = t.service4;
	assert_int_equal(run_as(dns_answer_network), ANSWER_NOT_MINE);
	t.in.kind = PKT_UDP6;
	t.in.src6 = ip6("fe80::7");
	t.in.dst6 = t.g.id.ip6.addr;
	assert_int_equal(run_as(dns_answer_network), ANSWER_REPLY);
	t.in.src6 = t.in.dst6;
	assert_int_equal(run_as(dns_answer_network), ANSWER_DROP);
	t.in.src6 = ip6("fe80::7");
	t.g.dns.serve = false;
	assert_int_equal(run_as(dns_answer_network), ANSWER_NOT_MINE);
}

static void every_buffer_size(void **state)
{
	(void)state;
	question("many.", A);
	add_opt(1232, 0);
	t.in.data = t.ask;
	t.in.len = t.len;
	for (size_t room = 0; room < 200; room++) {
		memset(&t.out, 0xa5, sizeof(t.out));
		t.out.w = wr_over(t.out.buf + REPLY_HEADROOM, room);
		enum answer a = dns_answer(&t.g, &t.in, &t.out);
		assert_int_equal(t.out.buf[REPLY_HEADROOM + room], 0xa5);
		assert_int_equal(a, room < t.len ? ANSWER_DROP : ANSWER_REPLY);
		if (a == ANSWER_REPLY)
			assert_int_equal(!!strstr(reading(), " tc"), room < t.len + 3 * 16);
		else
			assert_int_equal(t.out.drop, DROP_REPLY_FULL);
	}
}

static void segment(uint8_t flags, uint32_t seq, uint32_t ack, size_t data)
{
	struct wr w = wr_over(t.ask, sizeof(t.ask));

	wr_u16(&w, 40000);
	wr_u16(&w, 53);
	wr_u32(&w, seq);
	wr_u32(&w, ack);
	wr_u8(&w, 0x60); /* with four octets of options */
	wr_u8(&w, flags);
	wr_zero(&w, 6 + 4 + data);
	t.len = wr_len(&w);
	t.in.kind = PKT_TCP4;
}

static void reset(uint8_t flags, uint32_t seq, uint32_t ack)
{
	const struct wr *w = &t.out.w;
	struct wr want;
	uint8_t octets[20];

	assert_int_equal(run_as(dns_segment), ANSWER_REPLY);
	want = wr_over(octets, sizeof(octets));
	wr_u16(&want, 53);
	wr_u16(&want, 40000);
	wr_u32(&want, seq);
	wr_u32(&want, ack);
	wr_u8(&want, 0x50);
	wr_u8(&want, flags);
	wr_zero(&want, 6);
	assert_int_equal(wr_len(w), 20);
	assert_memory_equal(w->start, octets, 20);
	assert_int_equal(t.out.kind, t.in.kind);
	assert_int_equal(t.out.src4.s_addr, t.in.dst4.s_addr);
	assert_true(pkt_wrap(&t.out, t.g.service_mac));
}

static void tcp_is_reset(void **state)
{
	(void)state; /* RFC 9293 3.10.7.1 */
	segment(0x02, 1000, 0, 0);
	reset(0x14, 0, 1001);
	segment(0x02, 0xffffffff, 0, 0);
	reset(0x14, 0, 0);
	segment(0x10, 1000, 77, 5);
	reset(0x04, 77, 0);
	segment(0x01, 1000, 77, 5);
	reset(0x14, 0, 1006);
	segment(0x12, 1000, 77, 0);
	reset(0x04, 77, 0);
	segment(0x04, 1000, 77, 0);
	assert_int_equal(run_as(dns_segment), ANSWER_QUIET);
	segment(0x02, 1000, 0, 0);
	t.in.kind = PKT_TCP6;
	reset(0x14, 0, 1001);
	t.in.src6 = ip6("fde5::101");
	assert_int_equal(run_as(dns_segment), ANSWER_DROP);
	segment(0x02, 1000, 0, 0);
	t.in.src4 = ip4("10.0.1.101");
	assert_int_equal(run_as(dns_segment), ANSWER_DROP);
	t.in.src4 = t.g.id.ip4.addr;
	t.in.dst4 = ip4("8.8.8.8"); /* a public server: TCP to it is not intercepted */
	assert_int_equal(run_as(dns_segment), ANSWER_NOT_MINE);
	t.in.dst4 = t.service4;
	t.in.dport = 80;
	assert_int_equal(run_as(dns_segment), ANSWER_NOT_MINE);
	t.in.dport = 53;
	for (t.len = 0; t.len < 24; t.len++)
		assert_int_equal(run_as(dns_segment), ANSWER_DROP);
	assert_int_equal(run_as(dns_segment), ANSWER_REPLY);
}

/* If the caller keeps connections, it gets exactly the segments that would be refused otherwise. */
static void tcp_is_for_who_keeps_connections(void **state)
{
	(void)state;
	t.g.dns.streams = true;
	segment(0x02, 1000, 0, 0);
	assert_int_equal(run_as(dns_segment), ANSWER_STREAM);
	t.in.kind = PKT_TCP6;
	assert_int_equal(run_as(dns_segment), ANSWER_STREAM);
	t.in.src6 = ip6("fe80::5");
	t.in.dst6 = t.g.link_local;
	assert_int_equal(run_as(dns_segment), ANSWER_STREAM);
	t.in.src6 = ip6("fde5::101");
	assert_int_equal(run_as(dns_segment), ANSWER_DROP);
	t.in.src6 = t.g.id.ip6.addr;
	t.in.dst6 = ip6("2001:4860:4860::8888");
	assert_int_equal(run_as(dns_segment), ANSWER_NOT_MINE);
	t.in.kind = PKT_TCP4;
	t.in.dport = 80;
	assert_int_equal(run_as(dns_segment), ANSWER_NOT_MINE);
	t.in.dport = 53;
	/* With DNS off, a connection to fold is refused at once; one to another address is not for fold. */
	t.g.dns.on = false;
	assert_int_equal(run_as(dns_segment), ANSWER_REPLY);
	t.in.dst4 = ip4("192.0.2.99");
	assert_int_equal(run_as(dns_segment), ANSWER_NOT_MINE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(records_of_all_types),
	    T(case_does_not_count_and_is_kept),
	    T(known_names_of_another_type_are_never_nxdomain),
	    T(unknown_names),
	    T(any_is_one_set),
	    T(several_values_rotate),
	    T(recursion_available_and_flags),
	    T(edns),
	    T(bad_opt_records),
	    T(what_does_not_fit_is_left_out_whole),
	    T(errors_of_form),
	    T(classes_and_question_types),
	    T(every_truncation),
	    T(names_that_lie),
	    T(what_is_forwarded),
	    T(what_nobody_can_be_asked_for),
	    T(what_is_held_back),
	    T(names_with_a_meaning),
	    T(over_ipv6),
	    T(whose_questions),
	    T(interception),
	    T(from_the_network),
	    T(every_buffer_size),
	    T(tcp_is_reset),
	    T(tcp_is_for_who_keeps_connections),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
