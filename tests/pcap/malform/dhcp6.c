/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCPv6 messages that are short, overrun, have wrong lengths, or ask for what is not theirs, and some
 * valid ones, in correct datagrams. RFC 8415, 3646, 4704. The guest is fde5:824d:d315:3bb1::1cd.
 */
#include "malform.h"

#include <string.h>

enum { SOLICIT = 1, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE, RECONFIGURE, INFORM };
enum { IA_NA = 3, IA_TA = 4, IA_PD = 25 };

#define CLIENT_ID "\x00\x01\x00\x0e\x00\x01\x00\x01\x2f\x10\x11\x12\x52\x54\x00\x12\x34\x56" /* option 1: DUID-LLT */
#define SERVER_ID "\x00\x02\x00\x0a\x00\x03\x00\x01\xfe\x54\x00\x12\x34\x56"                 /* option 2: fold's */
#define OTHER_ID "\x00\x02\x00\x0a\x00\x03\x00\x01\x52\x54\x00\xaa\x00\x01"                  /* another server's */
#define OWN "\xfd\xe5\x82\x4d\xd3\x15\x3b\xb1\x00\x00\x00\x00\x00\x00\x01\xcd"
#define OTHER "\xfd\xe5\x82\x4d\xd3\x15\x3b\xb1\x00\x00\x00\x00\x00\x00\x00\x77"
#define GUEST_LINK "\xfe\x80\x00\x00\x00\x00\x00\x00\x50\x54\x00\xff\xfe\x12\x34\x56"
#define FOLD_LINK "\xfe\x80\x00\x00\x00\x00\x00\x00\xfc\x54\x00\xff\xfe\x12\x34\x56"
#define SERVERS "\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02" /* ff02::1:2 */

/* A message, and the datagram that carries it. */
struct dhcp6 {
	const char *src, *dst;
	unsigned sport, hop_limit;
	struct bytes message;
};

static struct dhcp6 d;

/* These functions write the parts of a message, one after the other. */
static void begin(unsigned type)
{
	d.src = GUEST_LINK;
	d.dst = SERVERS;
	d.sport = 546;
	d.hop_limit = 1;
	d.message.len = 0;
	put32(&d.message, type << 24 | 0xabcdef);
}

#define TEXT(s) put(&d.message, s, sizeof(s) - 1)

static void option(unsigned code, const void *value, size_t len)
{
	put16(&d.message, code);
	put16(&d.message, (unsigned)len);
	put(&d.message, value, len);
}

/* Begins an option; close_option() fills in its length. */
static size_t open_option(unsigned code)
{
	put16(&d.message, code);
	put16(&d.message, 0);
	return d.message.len;
}

static void close_option(size_t from)
{
	d.message.b[from - 2] = (uint8_t)((d.message.len - from) >> 8);
	d.message.b[from - 1] = (uint8_t)(d.message.len - from);
}

static void address(const char *a)
{
	size_t o = open_option(5);

	put(&d.message, a, 16);
	put32(&d.message, 7200);
	put32(&d.message, 7500);
	close_option(o);
}

static size_t open_ia(unsigned code, uint32_t iaid)
{
	size_t o = open_option(code);

	put32(&d.message, iaid);
	if (code != IA_TA) {
		put32(&d.message, 0);
		put32(&d.message, 0);
	}
	return o;
}

static void ia(unsigned code, uint32_t iaid, const char *a)
{
	size_t o = open_ia(code, iaid);

	if (a)
		address(a);
	close_option(o);
}

/* Begins a message with the client and server identifiers that its type needs. */
static void message(unsigned type)
{
	begin(type);
	TEXT(CLIENT_ID);
	if (type == REQUEST || type == RENEW || type == RELEASE || type == DECLINE)
		TEXT(SERVER_ID);
}

static void emit6(struct family *f, const char *want, const char *name)
{
	static struct bytes frame;
	size_t len = 8 + d.message.len;
	uint32_t sum = (uint32_t)len + 17;

	frame.len = 0;
	put(&frame, d.dst[0] == '\xff' ? (const uint8_t *)"\x33\x33\x00\x01\x00\x02" : mac_service, 6);
	put(&frame, mac_guest, 6);
	put16(&frame, 0x86dd);
	put32(&frame, 0x60000000);
	put16(&frame, (unsigned)len);
	put8(&frame, 17);
	put8(&frame, d.hop_limit);
	put(&frame, d.src, 16);
	put(&frame, d.dst, 16);
	put16(&frame, d.sport);
	put16(&frame, 547);
	put16(&frame, (unsigned)len);
	put16(&frame, 0);
	put(&frame, d.message.b, d.message.len);
	for (size_t i = 22; i < frame.len; i++) { /* from the source address on: the pseudo-header's rest is above */
		sum += i & 1 ? frame.b[i] : (uint32_t)frame.b[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	sum = ~sum & 0xffff;
	frame.b[60] = (uint8_t)((sum ? sum : 0xffff) >> 8);
	frame.b[61] = (uint8_t)(sum ? sum : 0xff);
	emit(f, &frame, want, "%s", name);
}

/* What must be answered: otherwise a responder that refuses everything would pass. */
static void answered(struct family *f)
{
	message(SOLICIT);
	ia(IA_NA, 1, NULL);
	emit6(f, "reply DHCPv6 ADVERTISE", "solicit");
	option(14, "", 0);
	emit6(f, "reply DHCPv6 REPLY to SOLICIT", "solicit-rapid-commit");
	message(REQUEST);
	ia(IA_NA, 1, OWN);
	emit6(f, "reply DHCPv6 REPLY to REQUEST", "request");
	message(REQUEST);
	ia(IA_NA, 1, NULL);
	emit6(f, "reply DHCPv6 REPLY to REQUEST", "request-without-address");
	message(CONFIRM);
	ia(IA_NA, 1, OWN);
	emit6(f, "reply DHCPv6 REPLY to CONFIRM", "confirm");
	message(CONFIRM);
	ia(IA_NA, 1, OTHER);
	emit6(f, "reply DHCPv6 REPLY to CONFIRM, NotOnLink", "confirm-other-address");
	message(RENEW);
	ia(IA_NA, 1, OWN);
	emit6(f, "reply DHCPv6 REPLY to RENEW", "renew");
	message(RENEW);
	ia(IA_NA, 1, OTHER);
	emit6(f, "reply DHCPv6 REPLY to RENEW", "renew-other-address");
	message(REBIND);
	ia(IA_NA, 1, OWN);
	emit6(f, "reply DHCPv6 REPLY to REBIND", "rebind");
	message(RELEASE);
	ia(IA_NA, 1, OWN);
	ia(IA_NA, 2, OTHER);
	emit6(f, "reply DHCPv6 REPLY to RELEASE", "release");
	message(DECLINE);
	ia(IA_NA, 1, OWN);
	emit6(f, "reply DHCPv6 REPLY to DECLINE", "decline");
	begin(INFORM);
	emit6(f, "reply DHCPv6 REPLY to INFORMATION-REQUEST", "information-request-bare");
	message(INFORM);
	TEXT(SERVER_ID "\x00\x06\x00\x06\x00\x17\x00\x18\x00\x20");
	emit6(f, "reply DHCPv6 REPLY to INFORMATION-REQUEST", "information-request-to-us");
	message(SOLICIT);
	ia(IA_PD, 1, NULL);
	ia(IA_TA, 2, NULL);
	ia(IA_NA, 3, NULL);
	ia(IA_NA, 4, NULL);
	emit6(f, "reply DHCPv6 ADVERTISE", "solicit-all-kinds");
	message(SOLICIT);
	emit6(f, "reply DHCPv6 ADVERTISE", "solicit-without-ia");
}

static void short_messages(struct family *f)
{
	static struct bytes whole;
	char name[32];

	message(SOLICIT);
	ia(IA_NA, 1, OTHER);
	TEXT("\x00\x06\x00\x04\x00\x17\x00\x18");
	whole = d.message;
	for (size_t n = 0; n < whole.len; n++) {
		const char *want = "drop dhcp6-options";
		if (n < 4)
			want = "drop truncated";
		else if (n == 4) /* no client identifier */
			want = "drop dhcp6-form";
		else if (n == 22 || n == whole.len - 8) /* an option ends here */
			want = "reply DHCPv6 ADVERTISE";
		begin(SOLICIT);
		d.message = whole;
		d.message.len = n;
		snprintf(name, sizeof(name), "short-%zu", n);
		emit6(f, want, name);
	}
	for (size_t n = 1; n <= 3; n++) {
		begin(SOLICIT);
		d.message = whole;
		fill(&d.message, 0, n);
		snprintf(name, sizeof(name), "trailing-%zu", n);
		emit6(f, "drop dhcp6-options", name);
	}
}

static void message_types(struct family *f)
{
	char name[32];

	for (unsigned type = 0; type < 40; type++) {
		bool relay = type == 12 || type == 13;
		bool server = type == ADVERTISE || type == REPLY || type == RECONFIGURE || (type >= 15 && type <= 17) ||
			      type == 19 || type == 21;
		message(type);
		if (type && type <= INFORM && !server)
			continue;
		ia(IA_NA, 1, OWN);
		snprintf(name, sizeof(name), "type-%u", type);
		emit6(f, relay ? "drop dhcp6-relay" : server ? "drop dhcp6-server" : "drop dhcp6-form", name);
	}
	message(255);
	emit6(f, "drop dhcp6-form", "type-255");
}

/* RFC 8415 16: which messages must have which identifier. */
static void identifiers(struct family *f)
{
	static const unsigned types[] = {SOLICIT, REQUEST, CONFIRM, RENEW, REBIND, RELEASE, DECLINE};
	char name[40];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		bool named = types[i] == REQUEST || types[i] == RENEW || types[i] == RELEASE || types[i] == DECLINE;
		begin(types[i]);
		if (named)
			TEXT(SERVER_ID);
		ia(IA_NA, 1, OWN);
		snprintf(name, sizeof(name), "no-client-id-%u", types[i]);
		emit6(f, "drop dhcp6-form", name);
		begin(types[i]);
		TEXT(CLIENT_ID);
		if (!named)
			TEXT(SERVER_ID);
		ia(IA_NA, 1, OWN);
		snprintf(name, sizeof(name), named ? "no-server-id-%u" : "server-id-%u", types[i]);
		emit6(f, "drop dhcp6-form", name);
		begin(types[i]);
		TEXT(CLIENT_ID OTHER_ID);
		ia(IA_NA, 1, OWN);
		snprintf(name, sizeof(name), "other-server-id-%u", types[i]);
		emit6(f, named ? "drop dhcp6-other-server" : "drop dhcp6-form", name);
	}
	message(INFORM);
	TEXT(OTHER_ID);
	emit6(f, "drop dhcp6-other-server", "other-server-id-11");
	message(INFORM);
	ia(IA_NA, 1, NULL);
	emit6(f, "drop dhcp6-form", "information-request-with-ia");
	begin(SOLICIT);
	TEXT("\x00\x01\x00\x0a\x00\x03\x00\x01\xfe\x54\x00\x12\x34\x56");
	ia(IA_NA, 1, NULL);
	emit6(f, "drop dhcp6-form", "client-id-is-folds");
	message(SOLICIT);
	TEXT(CLIENT_ID);
	emit6(f, "drop dhcp6-options", "client-id-twice");
	message(REQUEST);
	TEXT(SERVER_ID);
	emit6(f, "drop dhcp6-options", "server-id-twice");
}

static void client_id_lengths(struct family *f)
{
	static const size_t lengths[] = {0, 1, 2, 3, 4, 127, 128, 129, 130, 131, 132, 255, 256, 1000, 1400, 60000};
	static uint8_t duid[60000];
	char name[32];

	memset(duid, 0xdd, sizeof(duid));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		begin(SOLICIT);
		option(1, duid, lengths[i]);
		ia(IA_NA, 1, NULL);
		snprintf(name, sizeof(name), "client-id-length-%zu", lengths[i]);
		emit6(f, lengths[i] >= 3 && lengths[i] <= 130 ? "reply DHCPv6 ADVERTISE" : "drop dhcp6-form", name);
	}
	begin(SOLICIT);
	TEXT("\x00\x01\xff\xff\x00\x01");
	emit6(f, "drop dhcp6-options", "client-id-length-65535");
}

static void ia_lengths(struct family *f)
{
	static const unsigned codes[] = {IA_NA, IA_TA, IA_PD, 5, 26};
	static const uint8_t zeros[40];
	char name[40];

	for (size_t i = 0; i < 3; i++) {
		size_t head = codes[i] == IA_TA ? 4 : 12;
		for (size_t n = 0; n < head + 4; n++) {
			message(SOLICIT);
			option(codes[i], zeros, n);
			snprintf(name, sizeof(name), "ia-%u-length-%zu", codes[i], n);
			emit6(f, n == head ? "reply DHCPv6 ADVERTISE" : "drop dhcp6-options", name);
		}
		message(SOLICIT);
		put16(&d.message, codes[i]);
		put16(&d.message, 65535);
		fill(&d.message, 0, 12);
		snprintf(name, sizeof(name), "ia-%u-length-65535", codes[i]);
		emit6(f, "drop dhcp6-options", name);
		for (size_t j = 0; j < 3; j++) {
			message(SOLICIT);
			size_t o = open_ia(codes[i], 1);
			ia(codes[j], 2, NULL);
			close_option(o);
			snprintf(name, sizeof(name), "ia-%u-in-ia-%u", codes[j], codes[i]);
			emit6(f, "drop dhcp6-options", name);
		}
	}
	for (size_t n = 0; n < 28; n++) {
		message(RENEW);
		size_t o = open_ia(IA_NA, 1);
		option(5, zeros, n);
		close_option(o);
		snprintf(name, sizeof(name), "address-length-%zu", n);
		emit6(f, n == 24 ? "reply DHCPv6 REPLY to RENEW" : "drop dhcp6-options", name);
		message(RENEW);
		o = open_ia(IA_PD, 1);
		option(26, zeros, n);
		close_option(o);
		snprintf(name, sizeof(name), "prefix-length-%zu", n);
		emit6(f, n == 25 ? "reply DHCPv6 REPLY to RENEW" : "drop dhcp6-options", name);
	}
}

static void nested(struct family *f)
{
	message(RENEW);
	size_t o = open_ia(IA_NA, 1);
	address(OWN);
	close_option(o);
	d.message.b[o - 1]--;
	option(8, "\0\0", 2);
	emit6(f, "drop dhcp6-options", "address-past-its-ia");
	message(RENEW);
	o = open_ia(IA_NA, 1);
	TEXT("\x00\x05\xff\xff");
	close_option(o);
	emit6(f, "drop dhcp6-options", "address-65535-in-ia");
	message(RENEW);
	o = open_ia(IA_NA, 1);
	TEXT("\x00\x0d\x00\x00");
	close_option(o);
	emit6(f, "reply DHCPv6 REPLY to RENEW", "status-empty-in-ia");
	message(RENEW);
	o = open_ia(IA_NA, 1);
	TEXT("\x00\x05\x00\x1d" OWN "\x00\x00\x00\x01\x00\x00\x00\x01\x00\x0d\x00\x09\x00");
	close_option(o);
	emit6(f, "drop dhcp6-options", "status-past-its-address");
	message(RENEW);
	address(OWN);
	emit6(f, "reply DHCPv6 REPLY to RENEW", "address-outside-ia");
	message(CONFIRM);
	ia(IA_NA, 1, NULL);
	emit6(f, "drop dhcp6-form|quiet", "confirm-without-address");
}

static void lists_and_names(struct family *f)
{
	static uint8_t codes[2000];

	message(INFORM);
	TEXT("\x00\x06\x00\x03\x00\x17\x00");
	emit6(f, "drop dhcp6-options", "list-odd");
	message(INFORM);
	TEXT("\x00\x06\x00\x00");
	emit6(f, "reply DHCPv6 REPLY to INFORMATION-REQUEST", "list-empty");
	message(INFORM);
	TEXT("\x00\x06\x00\x02\x00\x17\x00\x06\x00\x02\x00\x18");
	emit6(f, "drop dhcp6-options", "list-twice");
	for (size_t i = 0; i < sizeof(codes) / 2; i++)
		codes[2 * i + 1] = (uint8_t)i;
	message(INFORM);
	option(6, codes, sizeof(codes));
	emit6(f, "reply DHCPv6 REPLY to INFORMATION-REQUEST", "list-of-1000");
	message(INFORM);
	TEXT("\x00\x06\x00\x0c\x00\x01\x00\x02\x00\x03\x00\x0d\x00\x0e\x00\x07");
	emit6(f, "reply DHCPv6 REPLY to INFORMATION-REQUEST", "list-of-the-protocols-own");
	message(SOLICIT);
	ia(IA_NA, 1, NULL);
	TEXT("\x00\x06\x00\x02\x00\x27\x00\x27\x00\x05\x01\x3fvm1");
	emit6(f, "reply DHCPv6 ADVERTISE", "name-label-overruns");
	message(SOLICIT);
	ia(IA_NA, 1, NULL);
	TEXT("\x00\x06\x00\x02\x00\x27\x00\x27\x00\x03\x01\xc0\x00");
	emit6(f, "reply DHCPv6 ADVERTISE", "name-pointer");
	message(SOLICIT);
	ia(IA_NA, 1, NULL);
	TEXT("\x00\x06\x00\x02\x00\x27\x00\x27\x00\x00");
	emit6(f, "reply DHCPv6 ADVERTISE", "name-empty");
	message(SOLICIT);
	ia(IA_NA, 1, NULL);
	TEXT("\x00\x0e\x00\x01\x00");
	emit6(f, "reply DHCPv6 ADVERTISE", "rapid-commit-length-1");
	message(SOLICIT);
	TEXT(
	    "\x00\x0b\x00\x00\x00\x0d\x00\x00\x00\x0f\x00\x02\xff\xff\x00\x10\x00\x00\x00\x13\x00\x01\x05\xff\xff\x00\x00");
	ia(IA_NA, 1, NULL);
	emit6(f, "reply DHCPv6 ADVERTISE", "options-of-others");
}

/* Messages that made other servers write past the end of their replies. */
static void crowds(struct family *f)
{
	static const unsigned counts[] = {20, 50, 53, 54, 100, 500, 3000};
	char name[40];

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		message(SOLICIT);
		for (unsigned n = 0; n < counts[i]; n++)
			ia(IA_NA, n, NULL);
		snprintf(name, sizeof(name), "ias-%u", counts[i]);
		emit6(f, counts[i] <= 53 ? "reply DHCPv6 ADVERTISE" : "drop reply-full", name);
	}
	message(RENEW);
	size_t o = open_ia(IA_NA, 1);
	for (unsigned n = 0; n < 500; n++)
		address(OTHER);
	close_option(o);
	emit6(f, "drop reply-full", "addresses-500");
	message(RELEASE);
	for (unsigned n = 0; n < 500; n++)
		ia(IA_PD, n, NULL);
	emit6(f, "drop reply-full", "release-500");
	message(SOLICIT);
	for (unsigned n = 0; n < 10000; n++)
		TEXT("\xff\xff\x00\x00");
	ia(IA_NA, 1, NULL);
	emit6(f, "reply DHCPv6 ADVERTISE", "options-10000");
}

/* RFC 8415 9, 7.6: nested relay messages. */
static void relays(struct family *f)
{
	static const unsigned depths[] = {1, 8, 9, 32, 1000};
	char name[32];

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		d.src = GUEST_LINK;
		d.dst = SERVERS;
		d.message.len = 0;
		for (unsigned n = 0; n < depths[i]; n++) {
			put16(&d.message, 12u << 8 | (n & 31));
			fill(&d.message, 0, 32);
			put16(&d.message, 9);
			put16(&d.message, 38 * (depths[i] - n - 1) + 4);
		}
		put32(&d.message, (uint32_t)SOLICIT << 24);
		snprintf(name, sizeof(name), "relay-depth-%u", depths[i]);
		emit6(f, "drop dhcp6-relay", name);
	}
	begin(12);
	fill(&d.message, 0, 30);
	emit6(f, "drop dhcp6-relay", "relay-without-message");
	begin(12);
	emit6(f, "drop dhcp6-relay", "relay-4-octets");
}

static void addresses(struct family *f)
{
	static const struct {
		const char *name, *src, *dst, *want;
		unsigned type;
	} rows[] = {
	    {"from-own-address", OWN, SERVERS, "reply DHCPv6 REPLY to RENEW", RENEW},
	    {"from-own-address-unicast", OWN, FOLD_LINK, "reply DHCPv6 REPLY to REQUEST", REQUEST},
	    {"renew-unicast", GUEST_LINK, FOLD_LINK, "reply DHCPv6 REPLY to RENEW", RENEW},
	    {"release-unicast", OWN, FOLD_LINK, "reply DHCPv6 REPLY to RELEASE", RELEASE},
	    {"solicit-unicast", GUEST_LINK, FOLD_LINK, "drop dhcp6-unicast", SOLICIT},
	    {"confirm-unicast", GUEST_LINK, FOLD_LINK, "drop dhcp6-unicast", CONFIRM},
	    {"rebind-unicast", GUEST_LINK, FOLD_LINK, "drop dhcp6-unicast", REBIND},
	    {"request-to-another-host", GUEST_LINK, OTHER, "drop dhcp6-other-server", REQUEST},
	    {"request-to-all-nodes", GUEST_LINK, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", "drop dhcp6-other-server",
	     REQUEST},
	    {"request-to-all-servers-of-the-site", GUEST_LINK, "\xff\x05\0\0\0\0\0\0\0\0\0\0\0\x01\0\x03",
	     "drop dhcp6-other-server", REQUEST},
	    {"from-another-host", OTHER, SERVERS, "drop source-address", SOLICIT},
	    {"from-unspecified", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", SERVERS, "drop source-address", SOLICIT},
	    {"from-fold", FOLD_LINK, SERVERS, "drop source-address", SOLICIT},
	    {"from-loopback", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", SERVERS, "drop source-address", SOLICIT},
	    {"from-multicast", SERVERS, SERVERS, "drop source-address", SOLICIT},
	    {"from-fe80-1", "\xfe\x80\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01", SERVERS, "drop source-address", SOLICIT},
	    {"from-any-link-local", "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x07", SERVERS, "reply DHCPv6 ADVERTISE",
	     SOLICIT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message(rows[i].type);
		ia(IA_NA, 1, OWN);
		d.src = rows[i].src;
		d.dst = rows[i].dst;
		emit6(f, rows[i].want, rows[i].name);
	}
	message(SOLICIT);
	ia(IA_NA, 1, NULL);
	d.sport = 40000;
	d.hop_limit = 255;
	emit6(f, "reply DHCPv6 ADVERTISE", "from-port-40000");
}

/* A random generator of its own (Lehmer, 48271 mod 2^31-1), so that the frames are the same everywhere. */
static uint32_t random_next(uint32_t *state)
{
	*state = (uint32_t)((uint64_t)*state * 48271 % 2147483647);
	return *state;
}

static void mutants(struct family *f)
{
	static const unsigned types[] = {SOLICIT, REQUEST, CONFIRM, RENEW, REBIND, RELEASE, DECLINE, INFORM};
	uint32_t state = 20260101;
	char name[32];

	for (int n = 0; n < 96; n++) {
		message(types[n % 8]);
		if (types[n % 8] != INFORM) {
			ia(IA_NA, 1, OWN);
			ia(IA_PD, 2, NULL);
		}
		TEXT("\x00\x06\x00\x08\x00\x17\x00\x18\x00\x27\x00\x20\x00\x27\x00\x05\x01\x03vm1");
		for (uint32_t flips = 1 + random_next(&state) % 4; flips; flips--)
			d.message.b[random_next(&state) % d.message.len] = (uint8_t)random_next(&state);
		snprintf(name, sizeof(name), "mutant-%d", n);
		emit6(f, "any", name);
	}
}

void dhcp6_cases(struct family *f)
{
	answered(f);
	short_messages(f);
	message_types(f);
	identifiers(f);
	client_id_lengths(f);
	ia_lengths(f);
	nested(f);
	lists_and_names(f);
	crowds(f);
	relays(f);
	addresses(f);
	mutants(f);
}
