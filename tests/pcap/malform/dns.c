/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages over IPv4 and IPv6 that are short, have wrong lengths or counts, loop or ask for something meaningless;
 * some valid ones; and TCP segments to port 53. RFC 1035, 2181, 6891, 8482, 8906, 9267, 9293, 9619. The guest is
 * 10.0.1.100 and ...:5054:ff:fe12:3456; the binding has host.lab.test (A, AAAA, TXT) and host.corp.example (A).
 */
#include "malform6.h"

#include <string.h>

enum { A = 1, SOA = 6, TXT = 16, AAAA = 28, OPT = 41, TSIG = 250, SIG = 24, ANY = 255 };
enum { QR = 0x8000, AA = 0x0400, TC = 0x0200, RD = 0x0100, RA = 0x0080 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

#define HOST "\4host\3lab\4test"
#define ANSWERED "reply DNS: answered"
#define NOTHING "reply DNS: no such record"
#define NO_NAME "reply DNS: no such name"
#define FORMERR "reply DNS: not understood"
#define REFUSED "reply DNS: refused"
#define SILENT "drop dns-form"

static struct bytes m; /* the message that is being made */

#define TEXT(s) put(&m, s, sizeof(s) - 1)

static void head(unsigned flags, unsigned questions, unsigned answers, unsigned authorities, unsigned additionals)
{
	m.len = 0;
	put16(&m, 0x1234);
	put16(&m, flags);
	put16(&m, questions);
	put16(&m, answers);
	put16(&m, authorities);
	put16(&m, additionals);
}

static void kind(unsigned type, unsigned class)
{
	put16(&m, type);
	put16(&m, class);
}

/* Begins a message with one question for host.lab.test. additionals: the header's count of additional records. */
static void query(unsigned type, unsigned additionals)
{
	head(RD, 1, 0, 0, additionals);
	TEXT(HOST "\0");
	kind(type, 1);
}

/* Adds an OPT record. claimed: its length field, which may be wrong. */
static void opt(unsigned size, uint32_t ttl, unsigned claimed, const void *data, size_t len)
{
	put8(&m, 0);
	put16(&m, OPT);
	put16(&m, size);
	put32(&m, ttl);
	put16(&m, claimed);
	put(&m, data, len);
}

static void record(const char *name, size_t name_len, unsigned type, unsigned data_len)
{
	put(&m, name, name_len);
	kind(type, 1);
	put32(&m, 60);
	put16(&m, data_len);
	fill(&m, 0, data_len);
}

/* ---- around the message ---- */

static const struct udp4 *around; /* the fields of an unusual IPv4 datagram, else NULL */

static struct udp4 datagram(void)
{
	struct udp4 u = udp4_default();

	u.dst_mac = mac_service;
	u.src = GUEST_IP;
	u.dst = DNS_IP;
	u.sport = 40000;
	u.dport = 53;
	return u;
}

static void emit4(struct family *f, const char *want, const char *name)
{
	static struct bytes frame;
	struct udp4 u = around ? *around : datagram();

	udp4_build(&u, m.b, m.len, &frame);
	emit(f, &frame, want, "%s", name);
}

static struct ip6 packet(unsigned proto)
{
	struct ip6 p = ip6_default();

	p.src = ip6_guest;
	p.dst = ip6_dns;
	p.hop_limit = 64;
	p.next = p.transport = proto;
	return p;
}

static void emit_ip6(struct family *f, const struct ip6 *p, unsigned sport, const char *want, const char *name)
{
	static struct bytes l4, frame;

	l4.len = 0;
	put16(&l4, sport);
	put16(&l4, 53);
	put16(&l4, (unsigned)(8 + m.len));
	put16(&l4, 0);
	put(&l4, m.b, m.len);
	ip6_build(p, l4.b, l4.len, 6, &frame);
	emit(f, &frame, want, "%s-over-ip6", name);
}

/* Adds the message as a case over IPv4 and over IPv6. */
static void both(struct family *f, const char *want, const char *name)
{
	struct ip6 p = packet(17);

	emit4(f, want, name);
	emit_ip6(f, &p, 40000, want, name);
}

/* ---- what must be answered: otherwise a responder that refuses everything would pass ---- */

static void answered(struct family *f)
{
	query(A, 0);
	both(f, ANSWERED, "a");
	query(AAAA, 0);
	both(f, ANSWERED, "aaaa");
	query(TXT, 0);
	both(f, ANSWERED, "txt");
	query(ANY, 0);
	both(f, ANSWERED, "any");
	query(SOA, 0);
	both(f, NOTHING, "soa");
	query(A, 1);
	opt(1232, 0, 0, "", 0);
	both(f, ANSWERED, "edns");
	head(RD, 1, 0, 0, 0);
	TEXT("\4HoST\3LaB\4tEST\0");
	kind(A, 1);
	both(f, ANSWERED, "mixed-case");
	head(RD, 1, 0, 0, 0);
	TEXT("\4none" HOST "\0");
	kind(A, 1);
	both(f, NO_NAME, "unknown");
	head(RD, 1, 0, 0, 0);
	TEXT("\3lab\4test\0");
	kind(A, 1);
	both(f, NOTHING, "above-a-name");
	head(RD, 1, 0, 0, 0);
	TEXT("\0");
	kind(A, 1);
	both(f, NOTHING, "root");
}

static void short_messages(struct family *f)
{
	static struct bytes whole;
	char name[32];

	query(A, 1);
	opt(1232, 0, 8, "\x00\x0a\x00\x04\x01\x02\x03\x04", 8);
	whole = m;
	for (size_t n = 0; n < whole.len; n++) {
		m = whole;
		m.len = n;
		snprintf(name, sizeof(name), "short-%zu", n);
		emit4(f, n < 12 ? SILENT : FORMERR, name);
	}
	m = whole;
	emit4(f, ANSWERED, "whole");
	TEXT("and more octets behind");
	emit4(f, ANSWERED, "trailing-octets");
	fill(&m, 0xff, 1200);
	emit4(f, ANSWERED, "trailing-1200-octets");
}

static void counts(struct family *f)
{
	query(A, 65535);
	emit4(f, FORMERR, "additionals-65535");
	query(A, 1);
	emit4(f, FORMERR, "additionals-1-of-none");
	query(A, 0);
	m.b[6] = m.b[7] = 0xff;
	emit4(f, FORMERR, "answers-65535");
	query(A, 0);
	m.b[8] = m.b[9] = 0xff;
	emit4(f, FORMERR, "authorities-65535");
	query(A, 0);
	memset(m.b + 4, 0xff, 8);
	emit4(f, FORMERR, "all-counts-65535");
	query(A, 0);
	m.b[5] = 0;
	emit4(f, FORMERR, "questions-0");
	head(RD, 0, 0, 0, 0);
	emit4(f, FORMERR, "header-alone");
	head(RD, 2, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		TEXT(HOST "\0");
		kind(i ? AAAA : A, 1);
	}
	emit4(f, FORMERR, "questions-2");
	query(A, 0);
	m.b[4] = m.b[5] = 0xff;
	emit4(f, FORMERR, "questions-65535");
	head(RD, 1, 1, 1, 1);
	TEXT(HOST "\0");
	kind(A, 1);
	record("\xc0\x0c", 2, A, 4);
	record("\xc0\x0c", 2, SOA, 22);
	record("\xc0\x0c", 2, TXT, 0);
	emit4(f, ANSWERED, "records-that-nobody-needs");
}

/* A question whose name is these octets. */
static void name_case(struct family *f, const void *octets, size_t len, const char *want, const char *name)
{
	head(RD, 1, 0, 0, 0);
	put(&m, octets, len);
	kind(A, 1);
	both(f, want, name);
}

#define NAME(octets, want, name) name_case(f, octets, sizeof(octets) - 1, want, name)

/* A name of labels of `label` octets each, `whole` octets long with its end. */
static void long_name(struct family *f, size_t label, size_t whole, const char *want, const char *name)
{
	static struct bytes n;

	n.len = 0;
	while (n.len + 1 < whole) {
		size_t left = whole - n.len - 2;
		size_t take = left < label ? left : label;
		put8(&n, (unsigned)take);
		fill(&n, 'a', take);
		if (take == 0)
			break;
	}
	put8(&n, 0);
	name_case(f, n.b, n.len, want, name);
}

static void names(struct family *f)
{
	NAME("\xc0\x0c", FORMERR, "pointer-to-itself");
	NAME("\xc0\x00", FORMERR, "pointer-into-the-header");
	NAME("\xc0\x40", FORMERR, "pointer-forward");
	NAME("\xff\xff", FORMERR, "pointer-to-16383");
	NAME("\4host\xc0\x0c", FORMERR, "pointer-behind-a-label");
	NAME("\4host\xc0", FORMERR, "half-a-pointer");
	NAME("\x40host\0", FORMERR, "label-type-01");
	NAME("\x41\x01\x80\0", FORMERR, "label-type-bit-string");
	NAME("\x80host\0", FORMERR, "label-type-10");
	NAME("\4host\3lab\4test", FORMERR, "unterminated");
	NAME("\077host\0", FORMERR, "label-past-the-end");
	NAME("\4ho\0t\3lab\4test\0", NO_NAME, "nul-in-a-label");
	NAME("\10host.lab\4test\0", NO_NAME, "dot-in-a-label");
	NAME("\4\xff\xfe\x00\x80\3lab\4test\0", NO_NAME, "octets-in-a-label");
	NAME("\1*\3lab\4test\0", NO_NAME, "asterisk");
	NAME("\5host\\\3lab\4test\0", NO_NAME, "backslash");
	NAME("\6ho\nst\r\3lab\4test\0", NO_NAME, "new-lines-in-a-label");
	long_name(f, 63, 255, NO_NAME, "name-of-255");
	long_name(f, 63, 256, FORMERR, "name-of-256");
	long_name(f, 63, 1000, FORMERR, "name-of-1000");
	long_name(f, 1, 255, NO_NAME, "127-labels");
	long_name(f, 1, 257, FORMERR, "128-labels");
	long_name(f, 63, 65, NO_NAME, "label-of-63");
	long_name(f, 64, 66, FORMERR, "label-of-64");
	/* RFC 9267 2: a chain of pointers, each to the one before, in an owner that is only skipped. */
	query(A, 127);
	for (unsigned i = 0; i < 127; i++) {
		unsigned to = i ? (unsigned)m.len - 12 : 12;
		put16(&m, 0xc000 | to);
		kind(A, 1);
		put32(&m, 0);
		put16(&m, 0);
	}
	both(f, ANSWERED, "chain-of-127-pointers");
}

static void owners(struct family *f)
{
	static const struct {
		const char *name, *octets, *want;
		size_t len;
	} bad[] = {
	    {"owner-pointer-to-itself", "\xc0\x1f", FORMERR, 2},
	    {"owner-pointer-forward", "\xc0\x80", FORMERR, 2},
	    {"owner-pointer-into-the-header", "\xc0\x05", FORMERR, 2},
	    {"owner-label-type-01", "\x41\x01\x80\x00", FORMERR, 4},
	    {"owner-label-type-10", "\x80\x00", FORMERR, 2},
	    {"owner-label-past-the-end",
	     "\x3f"
	     "a",
	     FORMERR, 2},
	    {"owner-pointer-to-the-question", "\xc0\x0c", ANSWERED, 2},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		query(A, 1);
		record(bad[i].octets, bad[i].len, A, 4);
		both(f, bad[i].want, bad[i].name);
	}
}

/* One OPT record behind a question for an A record. */
static void opt_case(struct family *f, uint32_t ttl, unsigned claimed, const void *data, size_t len, const char *want,
		     const char *name)
{
	query(A, 1);
	opt(1232, ttl, claimed, data, len);
	both(f, want, name);
}

static void edns(struct family *f)
{
	static const unsigned sizes[] = {0, 1, 511, 512, 1232, 4096, 65535};
	char name[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		query(TXT, 1);
		opt(sizes[i], 0, 0, "", 0);
		snprintf(name, sizeof(name), "edns-size-%u", sizes[i]);
		both(f, ANSWERED, name);
	}
	opt_case(f, 0x00010000, 0, "", 0, FORMERR, "edns-version-1");
	opt_case(f, 0x00ff0000, 0, "", 0, FORMERR, "edns-version-255");
	opt_case(f, 0x00008000, 0, "", 0, ANSWERED, "edns-do");
	opt_case(f, 0x00007fff, 0, "", 0, ANSWERED, "edns-all-flags-but-do");
	opt_case(f, 0xff000000, 0, "", 0, ANSWERED, "edns-upper-code-in-a-question");
	opt_case(f, 0, 4, "", 0, FORMERR, "edns-rdlength-past-the-end");
	opt_case(f, 0, 65535, "", 0, FORMERR, "edns-rdlength-65535");
	opt_case(f, 0, 3, "\x00\x0a\x00", 3, FORMERR, "edns-half-an-option");
	opt_case(f, 0, 4, "\x00\x0a\x00\x08", 4, FORMERR, "edns-option-past-the-record");
	opt_case(f, 0, 4, "\x00\x0a\xff\xff", 4, FORMERR, "edns-option-65535");
	opt_case(f, 0, 4, "\xfd\xe9\x00\x00", 4, ANSWERED, "edns-unknown-option");
	opt_case(f, 0, 2, "\x00\x0a\x00\x08", 4, FORMERR, "edns-rdlength-too-small");
	query(A, 2);
	opt(1232, 0, 0, "", 0);
	opt(1232, 0, 0, "", 0);
	both(f, FORMERR, "edns-twice");
	query(A, 1);
	record("\3opt", 5, OPT, 0);
	both(f, FORMERR, "edns-not-at-the-root");
	query(A, 1);
	record("\xc0\x0c", 2, OPT, 0);
	both(f, FORMERR, "edns-by-a-pointer");
	query(A, 0);
	m.b[7] = 1;
	opt(1232, 0, 0, "", 0);
	both(f, FORMERR, "edns-in-the-answer");
	query(A, 0);
	m.b[9] = 1;
	opt(1232, 0, 0, "", 0);
	both(f, FORMERR, "edns-in-the-authority");
	query(OPT, 0);
	both(f, FORMERR, "edns-asked-for");
	query(A, 300);
	for (int i = 0; i < 100; i++)
		record("", 1, TXT, 1);
	both(f, FORMERR, "300-additionals-of-100");
}

static void kinds(struct family *f)
{
	static const unsigned refused[] = {249, 250, 251, 252, 253, 254};
	char name[32];

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		query(refused[i], 0);
		snprintf(name, sizeof(name), "type-%u", refused[i]);
		both(f, REFUSED, name);
	}
	query(0, 0);
	both(f, FORMERR, "type-0");
	query(65535, 0);
	both(f, NOTHING, "type-65535");
	for (unsigned class = 0; class < 7; class ++) {
		head(RD, 1, 0, 0, 0);
		TEXT(HOST "\0");
		kind(A, class == 5 ? 255 : class == 6 ? 65535 : class);
		snprintf(name, sizeof(name), "class-%u", class == 5 ? 255 : class == 6 ? 65535 : class);
		both(f, class == 1 ? ANSWERED : REFUSED, name);
	}
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		query(A, 0);
		m.b[2] = (uint8_t)(opcode << 3 | 1);
		snprintf(name, sizeof(name), "opcode-%u", opcode);
		both(f, FORMERR, name);
	}
	query(A, 1);
	record("", 1, TSIG, 60);
	both(f, ANSWERED, "tsig");
	query(A, 1);
	record("", 1, SIG, 40);
	both(f, ANSWERED, "sig0");
	query(A, 0);
	m.b[2] |= QR >> 8;
	both(f, SILENT, "an-answer");
	head(QR | AA | RA, 0, 0, 0, 0);
	both(f, SILENT, "an-answer-without-anything");
	query(A, 0);
	m.b[2] = (AA | TC | RD) >> 8;
	m.b[3] = 0xff;
	both(f, ANSWERED, "a-question-with-an-answers-flags");
	query(A, 0);
	m.b[0] = m.b[1] = 0;
	both(f, ANSWERED, "id-0");
	memset(m.b, 0, m.len);
	both(f, FORMERR, "zeros");
	memset(m.b, 0xff, m.len);
	both(f, SILENT, "ones");
}

/* ---- datagrams that are for fold, and others ---- */

#define DATAGRAM(want, name, ...)                                                                                      \
	do {                                                                                                           \
		struct udp4 u = datagram();                                                                            \
		__VA_ARGS__;                                                                                           \
		around = &u;                                                                                           \
		emit4(f, want, name);                                                                                  \
		around = NULL;                                                                                         \
	} while (0)

static void addresses(struct family *f)
{
	struct ip6 p;

	query(A, 0);
	DATAGRAM(SILENT, "from-port-0", u.sport = 0);
	DATAGRAM(ANSWERED, "from-port-53", u.sport = 53);
	DATAGRAM("drop source-address", "from-another-address", u.src = OTHER_IP);
	DATAGRAM("drop source-address", "from-no-address", u.src = 0);
	DATAGRAM("drop source-address", "from-the-server", u.src = DNS_IP);
	DATAGRAM("drop source-mac", "from-another-mac", u.src_mac = mac_other);
	DATAGRAM("drop source-mac", "from-the-service-mac", u.src_mac = mac_service);
	DATAGRAM("drop unknown-protocol", "to-everybody", u.dst = BROADCAST_IP; u.dst_mac = mac_broadcast);
	DATAGRAM("drop unknown-protocol", "to-the-subnet", u.dst = IP(10, 0, 1, 255); u.dst_mac = mac_broadcast);
	DATAGRAM("drop unknown-protocol", "to-a-group", u.dst = IP(224, 0, 0, 251));
	DATAGRAM("drop unknown-protocol", "to-no-address", u.dst = 0);
	DATAGRAM(ANSWERED, "to-any-server", u.dst = IP(9, 9, 9, 9));
	DATAGRAM("drop l4-checksum", "with-a-wrong-checksum", u.udp_sum = 0x1234);
	DATAGRAM(ANSWERED, "without-a-checksum", u.udp_sum = 0);
	DATAGRAM("drop fragment", "first-fragment", u.fragment = 0x2000);
	DATAGRAM("drop fragment", "last-fragment", u.fragment = 100);
	p = packet(17);
	p.src = ip6_guest_link;
	emit_ip6(f, &p, 40000, ANSWERED, "from-the-link-local-address");
	emit_ip6(f, &p, 0, SILENT, "from-port-0");
	p.src = ip6_other;
	emit_ip6(f, &p, 40000, "drop source-address", "from-another-address");
	p.src = ip6_none;
	emit_ip6(f, &p, 40000, "drop source-address", "from-no-address");
	p.src = ip6_fold;
	emit_ip6(f, &p, 40000, "drop source-address", "from-folds-own-address");
	p = packet(17);
	p.dst = ip6_all_nodes;
	emit_ip6(f, &p, 40000, "drop unknown-protocol", "to-all-nodes");
	p.dst = ip6_fold;
	emit_ip6(f, &p, 40000, ANSWERED, "to-folds-link-local-address");
	p = packet(17);
	p.sum = 0;
	emit_ip6(f, &p, 40000, "drop l4-checksum", "without-a-checksum");
}

/* ---- TCP ---- */

struct tcp {
	unsigned flags, words; /* the header's length in words; 0 stands for 5, the correct one, 16 for 0 */
	size_t options, data;
	const void *octets;
	unsigned port; /* the guest's; 0: one that no other case uses */
	unsigned on;   /* offset from the first sequence number, which is about to wrap */
};

/* The replay's server takes its first sequence number from the first acknowledgement of a connection. */
static void tcp_case(struct family *f, const struct tcp *t, unsigned dport, const char *want, const char *name)
{
	static struct bytes l4, frame;
	static unsigned port = 41000;
	struct ip6 p = packet(6);

	l4.len = 0;
	put16(&l4, t->port ? t->port : port++);
	put16(&l4, dport);
	put32(&l4, 0xfffffff0 + t->on);
	put32(&l4, 0x01020304);
	put8(&l4, (t->words ? t->words & 15 : 5) << 4);
	put8(&l4, t->flags);
	put16(&l4, 64240);
	put32(&l4, 0);
	fill(&l4, 1, t->options);
	if (t->data)
		put(&l4, t->octets, t->data);
	ip6_build(&p, l4.b, l4.len, 16, &frame);
	emit(f, &frame, want, "tcp-%s-over-ip6", name);
}

#define SEGMENT(want, name, ...) tcp_case(f, &(struct tcp){__VA_ARGS__}, 53, want, name)
#define RESET "stream DNS: no such connection: TCP RST"
#define BEGUN "stream: TCP SYN ACK"

static void segments(struct family *f)
{
	SEGMENT(BEGUN, "syn", .flags = SYN);
	SEGMENT(BEGUN, "syn-with-options", .flags = SYN, .words = 15, .options = 40);
	SEGMENT(BEGUN, "syn-with-data", .flags = SYN,
		.octets = "\x00\x01"
			  "a",
		.data = 3);
	SEGMENT(RESET, "syn-ack", .flags = SYN | ACK);
	SEGMENT(RESET, "syn-fin", .flags = SYN | FIN);
	SEGMENT(RESET, "ack", .flags = ACK);
	SEGMENT(RESET, "fin", .flags = FIN | ACK);
	SEGMENT(RESET, "nothing", .flags = 0);
	SEGMENT("stream", "reset", .flags = RST);
	SEGMENT("stream", "reset-with-all", .flags = 0xff);
	SEGMENT(RESET, "all-but-reset", .flags = 0xff & ~RST);
	SEGMENT("drop l4-header", "offset-0", .flags = SYN, .words = 16);
	SEGMENT("drop l4-header", "offset-4", .flags = SYN, .words = 4);
	SEGMENT("drop l4-header", "offset-past-the-end", .flags = SYN, .words = 6);
	SEGMENT("drop l4-header", "offset-15-of-5", .flags = ACK, .words = 15);
	tcp_case(f, &(struct tcp){.flags = SYN}, 853, "reply refused: nothing at that port: TCP", "to-another-port");
	tcp_case(f, &(struct tcp){.flags = RST}, 853, "quiet", "reset-to-another-port");
	tcp_case(f, &(struct tcp){.flags = SYN, .words = 4}, 853, "drop l4-header", "offset-4-to-another-port");
}

/* Opens a connection of its own and sends these octets on it. */
static void says(struct family *f, const char *name, const void *octets, size_t len, const char *want)
{
	static unsigned port = 42000;
	char what[60];

	port++;
	snprintf(what, sizeof(what), "%s-begins", name);
	SEGMENT(BEGUN, what, .flags = SYN, .port = port);
	snprintf(what, sizeof(what), "%s-is-open", name);
	SEGMENT("stream", what, .flags = ACK, .port = port, .on = 1);
	SEGMENT(want, name, .flags = PSH | ACK, .port = port, .on = 1, .octets = octets, .data = len);
}

#define SAYS(name, octets, want) says(f, name, octets, sizeof(octets) - 1, want)
#define ENDED "stream dns-form: TCP RST ACK"
#define HEAD "\x12\x34\1\0\0\1\0\0\0\0\0\0"
#define TAIL "\0\1\0\1"

static void conversations(struct family *f)
{
	SAYS("an-honest-question", "\0\x1f" HEAD "\4host\3lab\4test\0" TAIL, "stream DNS: answered: TCP PSH ACK");
	SAYS("two-of-them", "\0\x1f" HEAD "\4host\3lab\4test\0" TAIL "\0\x1f" HEAD "\4HOST\3lab\4test\0" TAIL,
	     "stream DNS: answered: TCP PSH ACK");
	SAYS("length-0", "\0\0", ENDED);
	SAYS("length-that-lies",
	     "\xff\xff"
	     "abc",
	     ENDED);
	SAYS("half-a-length", "\0", "stream: TCP ACK");
	SAYS("half-a-question", "\0\x1f" HEAD "\4ho", "stream: TCP ACK");
	SAYS("shorter-than-a-header", "\0\x0b\x12\x34\1\0\0\1\0\0\0\0\0", ENDED);
	SAYS("an-answer", "\0\x0c\x12\x34\x81\0\0\0\0\0\0\0\0\0", ENDED);
	SAYS("no-question", "\0\x0c\x12\x34\1\0\0\0\0\0\0\0\0\0", "stream DNS: not understood: TCP PSH ACK");
	SAYS("a-pointer-to-itself", "\0\x12" HEAD "\xc0\x0c" TAIL, "stream DNS: not understood: TCP PSH ACK");
	SAYS("a-name-past-its-message",
	     "\0\x12" HEAD "\x3f"
	     "a" TAIL,
	     "stream DNS: not understood: TCP PSH ACK");
	SAYS("a-zone-transfer", "\0\x1f" HEAD "\4host\3lab\4test\0\0\xfc\0\1", "stream DNS: refused: TCP PSH ACK");
}

void dns_cases(struct family *f)
{
	answered(f);
	short_messages(f);
	counts(f);
	names(f);
	owners(f);
	edns(f);
	kinds(f);
	addresses(f);
	segments(f);
	conversations(f);
}

/* ---- queries from the network to the VM's own address ---- */

static struct udp4 from_network(void)
{
	struct udp4 u = datagram();

	u.src_mac = mac_other;
	u.dst_mac = mac_guest;
	u.src = OTHER_IP;
	u.dst = GUEST_IP;
	return u;
}

#define NETWORK(want, name, ...)                                                                                       \
	do {                                                                                                           \
		struct udp4 u = from_network();                                                                        \
		__VA_ARGS__;                                                                                           \
		around = &u;                                                                                           \
		emit4(f, want, name);                                                                                  \
		around = NULL;                                                                                         \
	} while (0)

static void network6(struct family *f)
{
	struct ip6 p = packet(17);

	p.src_mac = mac_other;
	p.dst_mac = mac_guest;
	p.src = ip6_other;
	p.dst = ip6_guest;
	emit_ip6(f, &p, 40000, ANSWERED, "network-a");
	emit_ip6(f, &p, 0, SILENT, "network-from-port-0");
	p.src = ip6_none;
	emit_ip6(f, &p, 40000, "drop source-address", "network-from-no-address");
	p.src = ip6_guest;
	emit_ip6(f, &p, 40000, "drop source-address", "network-from-the-guest");
	p.src = ip6_all_nodes;
	emit_ip6(f, &p, 40000, "drop source-address", "network-from-a-group");
	p.src = (struct ip6addr){{0xfd, 0xe5, 0x99, [15] = 1}};
	emit_ip6(f, &p, 40000, "drop source-address", "network-from-another-prefix");
	p.src = ip6_other;
	p.dst = ip6_guest_link;
	emit_ip6(f, &p, 40000, "drop unknown-protocol|drop source-address", "network-to-the-link-local-address");
}

void dns_network_cases(struct family *f)
{
	query(A, 0);
	NETWORK(ANSWERED, "network-a", (void)0);
	NETWORK(ANSWERED, "network-from-the-gateway", u.src = IP(192, 0, 2, 1);
		u.src_mac = (const uint8_t *)"\x52\x54\x00\xaa\x00\x01");
	NETWORK("drop source-address", "network-from-another-subnet", u.src = IP(10, 0, 2, 1));
	NETWORK("drop source-address", "network-from-no-address", u.src = 0);
	NETWORK("drop source-address", "network-from-loopback", u.src = IP(127, 0, 0, 1));
	NETWORK("drop source-address", "network-from-the-guests-address", u.src = GUEST_IP);
	NETWORK("drop source-address", "network-from-everybody", u.src = BROADCAST_IP);
	NETWORK("drop source-mac", "network-from-the-guest", u.src_mac = mac_guest);
	NETWORK("drop source-mac", "network-from-fold", u.src_mac = mac_service);
	NETWORK("drop source-address", "network-from-a-multicast-mac", u.src_mac = mac_multicast);
	NETWORK("drop unknown-protocol", "network-to-another-address", u.dst = OTHER_IP);
	NETWORK("drop unknown-protocol", "network-to-the-service-address", u.dst = DNS_IP);
	NETWORK("drop unknown-protocol", "network-to-everybody", u.dst = BROADCAST_IP);
	NETWORK(SILENT, "network-from-port-0", u.sport = 0);
	network6(f);
	query(A, 0);
	m.b[2] |= QR >> 8;
	NETWORK(SILENT, "network-an-answer", (void)0);
	m.len = 11;
	NETWORK(SILENT, "network-short", (void)0);
	query(0, 0);
	NETWORK(FORMERR, "network-type-0", (void)0);
	head(RD, 1, 0, 0, 0);
	TEXT("\4none" HOST "\0");
	kind(A, 1);
	NETWORK(NO_NAME, "network-unknown", (void)0);
}
