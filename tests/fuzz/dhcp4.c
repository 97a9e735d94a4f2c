/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: dhcp4_answer. The input is a whole BOOTP message, the data of a UDP packet.
 *
 * It is given to several guests: one with all settings, one with almost none, and one that has the message's chaddr
 * as its MAC (so that most inputs pass that check). Every answer must pass bootp_reply.h. It must not depend on the
 * old contents of its buffer, on where the buffer lies, or on earlier messages; with a shorter buffer there must be a
 * good answer, or none.
 */
#include "../unit/bootp_reply.h"
#include "dhcp/dhcp4.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "dhcp4: %s\n", what);
	abort();
}

static struct in_addr ip(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct in_addr){.s_addr = htonl((uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d)};
}

/* The guest of the captures, 10.0.1.100, with the least configuration that a guest can have. */
static void make_bare(struct guest *g)
{
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

	memset(g, 0, sizeof(*g));
	memcpy(g->id.mac, mac, MAC_LEN);
	g->id.has4 = true;
	g->id.ip4 = (struct cidr4){.addr = ip(10, 0, 1, 100), .len = 24};
	g->hostname = g->domain = (char *)"";
	g->dhcp_server4 = ip(10, 0, 1, 1);
	g->lease_time = g->renew_time = g->rebind_time = 0xffffffff;
}

static void make_full(struct guest *g)
{
	static struct in_addr nameservers[3];
	static uint8_t search[280], long_value[600];
	static struct dhcp_option options[] = {
	    {66, 8, (uint8_t *)"10.0.1.7"},
	    {67, 10, (uint8_t *)"pxelinux.0"},
	    {108, 4, (uint8_t *)"\0\0\0\1"},
	    {42, 4, (uint8_t *)"\12\0\1\6"},
	    {17, 9, (uint8_t *)"/srv/root"},
	    {224, 600, long_value},
	    {225, 90, long_value},
	    {226, 0, NULL},
	    {43, 50, long_value},
	    {53, 1, (uint8_t *)"\6"},
	    {255, 3, long_value},
	    {252, 20, long_value},
	};

	make_bare(g);
	for (size_t i = 0; i < sizeof(search); i += 7)
		memcpy(search + i, "\5label", 7);
	memset(long_value, 'v', sizeof(long_value));
	for (uint8_t i = 0; i < 3; i++)
		nameservers[i] = ip(10, 0, 1, (uint8_t)(50 + i));
	g->id.mtu = 1376;
	g->hostname = (char *)"vm1";
	g->domain = (char *)"lab.test";
	g->search = search;
	g->search_len = sizeof(search);
	g->has_gateway4 = true;
	g->gateway4 = ip(192, 0, 2, 1); /* outside the subnet: option 121 */
	g->nameservers4 = (struct ip4_list){.at = nameservers, .count = 3};
	g->lease_time = 604800;
	g->renew_time = 600;
	g->rebind_time = 529200;
	g->options = options;
	g->option_count = sizeof(options) / sizeof(options[0]);
}

struct outcome {
	enum answer answer;
	size_t len;
	struct reply out;
};

static void answer(const struct guest *g, const struct pkt *in, uint8_t garbage, size_t room, struct outcome *o)
{
	memset(&o->out, garbage, sizeof(o->out));
	o->out.w = wr_over(o->out.buf + REPLY_HEADROOM, room);
	o->answer = dhcp4_answer(g, in, &o->out);
	o->len = o->answer == ANSWER_REPLY ? wr_len(&o->out.w) : 0;
	for (size_t i = room; i < REPLY_DATA_MAX; i++)
		must(o->out.buf[REPLY_HEADROOM + i] == garbage, "written behind the buffer's end");
	if (o->answer == ANSWER_DROP)
		must(o->out.drop > DROP_NONE && o->out.drop < DROP_COUNT, "dropped without a reason");
}

/* Whether this octet occurs anywhere in the options. If not, the client cannot have sent the option of that code. */
static bool mentions(const uint8_t *data, size_t size, uint8_t code)
{
	for (size_t i = 44; i < size; i++)
		if (data[i] == code)
			return true;
	return false;
}

static void check(const struct guest *g, const struct pkt *in)
{
	static struct outcome first, again;
	struct bootp_reply r;

	answer(g, in, 0xa5, REPLY_DATA_MAX, &first);
	must(first.answer != ANSWER_NOT_MINE, "a packet for port 67 is its own");
	if (first.answer == ANSWER_REPLY) {
		const char *wrong = bootp_check(g, in->data, &first.out, &r);
		must(!wrong, wrong);
		must(in->data[0] == 1, "an answer to an answer");
		must(!memcmp(in->data + 24, "\0\0\0\0", 4), "an answer to a relay");
		must(!bootp_find(&r, 80) || mentions(in->data, in->len, 80), "rapid commit unasked");
		must(!bootp_find(&r, 108) || mentions(in->data, in->len, 108), "IPv6-only unasked");
		must(!bootp_find(&r, 61) || mentions(in->data, in->len, 61), "a client identifier out of nowhere");
		must(!bootp_find(&r, 82) || r.at[r.count - 1].code == 82 || r.overload, "82 is not the last");
	}

	answer(g, in, 0x5a, REPLY_DATA_MAX, &again);
	must(again.answer == first.answer && again.len == first.len, "not the same twice");
	must(!memcmp(again.out.w.start, first.out.w.start, first.len), "octets that nobody wrote");

	/* A reply buffer whose size the input chooses. */
	size_t room = in->len > 7 ? (size_t)(in->data[4] << 8 | in->data[5]) % (REPLY_DATA_MAX + 1) : 0;
	answer(g, in, 0xa5, room, &again);
	if (again.answer == ANSWER_REPLY) {
		const char *wrong = bootp_check(g, in->data, &again.out, &r);
		must(!wrong, wrong);
		must(again.len <= room, "more than there was room for");
	} else {
		must(again.answer == first.answer || (room < REPLY_DATA_MAX && again.out.drop == DROP_REPLY_FULL),
		     "not what it was, and not for want of room");
		must(room < 300 || room < first.len || again.answer == first.answer, "refused where there is room");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest full, bare, named;
	struct pkt in = {.kind = PKT_UDP4, .sport = 68, .dport = 67, .data = data, .len = size};

	make_full(&full);
	make_bare(&bare);
	make_full(&named);
	in.dst4.s_addr = INADDR_BROADCAST;
	if (size >= 34)
		memcpy(named.id.mac, data + 28, MAC_LEN);
	if (size >= 20) {
		memcpy(&in.src4, data + 16, 4); /* fold ignores yiaddr, which gives the source address here */
		named.id.ip4.len = data[3] % 33;
		named.id.mtu = (uint32_t)(data[8] << 8 | data[9]);
	}
	memcpy(in.src_mac, full.id.mac, MAC_LEN);
	check(&full, &in);
	check(&bare, &in);
	check(&named, &in);
	check(&full, &in);
	return 0;
}
