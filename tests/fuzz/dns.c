/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: dns_answer, dns_answer_network and dns_segment. The first octet says who asks and how; the rest is the
 * UDP data, or the TCP segment. Each answer is read back with ldns, which shares no code with the answerer, and must
 * hold no name or address that is not in the zone. A forwarded message must be exactly the question.
 */
#include "dns/dns.h"
#include "dns/dns_wire.h"
#include "guest/zone.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NETWORK = 1, SIX = 2, FORWARD = 4, TCP = 8, SMALL = 16, PRIVATE = 32, STREAMS = 64 };

static struct guest g;
static struct in_addr service4;
static struct in6_addr service6;
static uint8_t no_forward[] = "\6secret\7example";

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "dns: %s\n", what);
	abort();
}

static void start(void)
{
	struct record_list l = {0}, none = {0};
	const struct record_list *const sources[] = {&l, &none};
	struct report r = {0};
	static char text[3000];

	memset(text, 'T', sizeof(text) - 1);
	record_add(&l, RECORD_ADDRESS, "db.", "10.0.1.1,10.0.1.2,10.0.1.3");
	record_add(&l, RECORD_ADDRESS6, "db.", "fde5::1");
	record_add(&l, RECORD_TXT, "t.", "Users");
	record_add(&l, RECORD_TXT, "big.t.", text);
	record_add(&l, RECORD_ADDRESS, "a.b.c.", "10.0.1.9");
	must(zone_build(sources, 2, 10, &g.dns.zone, &r) == 0, "no zone");
	record_free(&l);
	g.id.has4 = g.id.has6 = true;
	g.id.ip4 = (struct cidr4){.len = 24};
	inet_pton(AF_INET, "10.0.1.100", &g.id.ip4.addr);
	inet_pton(AF_INET6, "fde5::100", &g.id.ip6.addr);
	inet_pton(AF_INET, "10.0.1.50", &service4);
	inet_pton(AF_INET6, "fde5::50", &service6);
	g.service4 = (struct ip4_list){.at = &service4, .count = 1};
	g.service6 = (struct ip6_list){.at = &service6, .count = 1};
	g.dns.on = g.dns.serve = g.dns.intercept_all = true;
	g.dns.ttl = 10;
	g.dns.no_forward = no_forward;
	g.dns.no_forward_len = sizeof(no_forward);
}

static void address(uint8_t how, struct pkt *in)
{
	static const uint8_t mac[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
	bool network = how & NETWORK;

	memcpy(in->src_mac, mac, sizeof(mac));
	in->sport = 40000;
	in->dport = 53;
	in->src4 = network ? service4 : g.id.ip4.addr;
	in->dst4 = network ? g.id.ip4.addr : service4;
	in->src6 = network ? service6 : g.id.ip6.addr;
	in->dst6 = network ? g.id.ip6.addr : service6;
}

/* Every address and text of an answer is one of the zone's, or the loopback address. */
static void check_record(const ldns_rr *rr)
{
	static const char *const known[] = {"10.0.1.1",  "10.0.1.2", "10.0.1.3", "10.0.1.9", "fde5::1",
					    "127.0.0.1", "::1",      "db.",      "a.b.c.",   "\"Users\""};
	char *text = ldns_rdf2str(ldns_rr_rdf(rr, 0));
	bool found = false;

	must(text && ldns_rr_rd_count(rr) == 1, "a record without data");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		found = found || strcmp(known[i], text) == 0;
	must(found, "an answer that nobody configured");
	must(ldns_rr_ttl(rr) == 10, "another TTL");
	free(text);
}

static void check_reply(uint8_t how, const uint8_t *q, size_t q_len, const struct reply *out)
{
	const uint8_t *p = out->w.start;
	size_t len = wr_len(&out->w);
	ldns_pkt *pkt = NULL;

	must(len >= 12 && len <= 1232 && !memcmp(p, q, 2) && p[2] & 0x80, "not an answer to this one");
	must((p[2] & 0x78) == (q[2] & 0x78) && (p[2] & 1) == (q[2] & 1), "opcode or RD is not the question's");
	must(!(how & NETWORK) || !(p[3] & 0x80), "the network is offered recursion");
	must(p[10] == 0 && p[11] <= 1 && (p[11] || len <= 512), "longer than 512 octets without EDNS");
	must(ldns_wire2pkt(&pkt, p, len) == LDNS_STATUS_OK, "ldns cannot read it");
	const ldns_rr_list *answer = ldns_pkt_answer(pkt);
	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++)
		check_record(ldns_rr_list_rr(answer, i));
	must(ldns_rr_list_rr_count(answer) == 0 || (p[3] & 15) == 0, "an answer with an error");
	must(ldns_rr_list_rr_count(answer) == 0 || ldns_rr_list_rr_count(ldns_pkt_authority(pkt)) == 0,
	     "an answer and a denial");
	if (ldns_pkt_qdcount(pkt))
		must(q_len >= 17 && !memcmp(p + 12, q + 12, 5), "another question");
	ldns_pkt_free(pkt);
}

static void check_forward(uint8_t how, const uint8_t *q, size_t q_len, const struct reply *out)
{
	const uint8_t *p = out->w.start;
	size_t len = wr_len(&out->w), at = 12;

	must(how & FORWARD && !(how & NETWORK), "forwarded against the policy");
	must(len >= 17 && len <= 12 + 259 + 11 && !memcmp(p, q, 2) && !(p[2] & 0x80) && p[2] & 1, "not the question");
	while (at < len && p[at])
		at += p[at] + 1U;
	must(at + 5 <= len && at + 5 <= q_len && !memcmp(p + 12, q + 12, at + 5 - 12), "another question");
	must(len == at + 5 + (p[11] ? 11 : 0), "more than the question");
	must(at < sizeof(no_forward) - 1 + 12 || strncasecmp((const char *)p + at - sizeof(no_forward) + 2,
							     (const char *)no_forward, sizeof(no_forward)) != 0,
	     "a name that must stay");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply out;
	struct pkt in = {0};

	if (!g.dns.zone)
		start();
	if (size < 1)
		return 0;
	uint8_t how = data[0];
	address(how, &in);
	in.data = data + 1;
	in.len = size - 1;
	g.dns.forward = how & FORWARD;
	g.dns.forward_private = how & PRIVATE;
	g.dns.streams = how & STREAMS;
	if (how & TCP)
		in.kind = how & SIX ? PKT_TCP6 : PKT_TCP4;
	else
		in.kind = how & SIX ? PKT_UDP6 : PKT_UDP4;
	size_t room = how & SMALL ? in.len % 64 : REPLY_DATA_MAX;
	memset(&out, 0xa5, sizeof(out));
	out.w = wr_over(out.buf + REPLY_HEADROOM, room);
	out.event = NULL;
	enum answer a = how & TCP       ? dns_segment(&g, &in, &out)
			: how & NETWORK ? dns_answer_network(&g, &in, &out)
					: dns_answer(&g, &in, &out);
	must(room == REPLY_DATA_MAX || out.buf[REPLY_HEADROOM + room] == 0xa5, "written behind the buffer's end");
	if (a == ANSWER_DROP)
		must(out.drop > DROP_NONE && out.drop < DROP_COUNT, "dropped without a reason");
	else if (a == ANSWER_STREAM)
		must(how & TCP && how & STREAMS, "a connection that nobody keeps");
	else if (a == ANSWER_REPLY && how & TCP && how & STREAMS)
		must(false, "refused, and somebody would have kept it");
	else if (a == ANSWER_REPLY && how & TCP)
		must(wr_len(&out.w) == 20 && out.w.start[13] & 4 && !(in.data[13] & 4), "not a reset");
	else if (a == ANSWER_REPLY)
		check_reply(how, in.data, in.len, &out);
	else if (a == ANSWER_FORWARD)
		check_forward(how, in.data, in.len, &out);
	else
		must(how & TCP, "a question that is nobody's");
	return 0;
}
