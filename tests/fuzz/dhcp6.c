/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: dhcp6_answer. The input is a whole DHCPv6 message, the data of a UDP packet.
 *
 * It is given to several guests: one with all settings, one with almost none, and one that has the first address in
 * the message; as it is, and with fold's server identifier inserted, so that most inputs pass that check; sent to the
 * multicast group, and to fold's own address. Every answer must pass dhcp6_check.h. It must not depend on the old
 * contents of its buffer or on earlier messages; with a shorter buffer there must be a good answer, or none.
 */
#include "../unit/dhcp6_check.h"
#include "dhcp/dhcp6.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "dhcp6: %s\n", what);
	abort();
}

static struct in6_addr ip6(const char *text)
{
	struct in6_addr a;
	must(inet_pton(AF_INET6, text, &a) == 1, "the target's own address");
	return a;
}

/* The guest of the captures, with the least configuration that a guest can have. */
static void make_bare(struct guest *g)
{
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

	memset(g, 0, sizeof(*g));
	memcpy(g->id.mac, mac, MAC_LEN);
	memcpy(g->service_mac, mac, MAC_LEN);
	g->service_mac[0] = 0xfe;
	g->id.has6 = g->dhcp6 = true;
	g->id.ip6 = (struct cidr6){.addr = ip6("fde5:824d:d315:3bb1::1cd"), .len = 64};
	g->link_local = ip6("fe80::fc54:ff:fe12:3456");
	g->hostname = g->domain = (char *)"";
	g->lease_time = g->renew_time = g->rebind_time = 0xffffffff;
}

static void make_full(struct guest *g)
{
	static struct in6_addr nameservers[3];
	static uint8_t search[280], long_value[600];
	static struct dhcp6_option options[] = {
	    {31, 16, long_value}, {56, 20, long_value},    {59, 40, long_value},
	    {17, 9, long_value},  {4000, 600, long_value}, {4001, 300, long_value},
	    {4002, 0, NULL},      {2, 10, long_value}, /* code 2 and those below must never be sent */
	    {3, 40, long_value},  {13, 2, long_value},     {65535, 3, long_value},
	};

	make_bare(g);
	for (size_t i = 0; i < sizeof(search); i += 7)
		memcpy(search + i, "\5label", 7);
	memset(long_value, 'v', sizeof(long_value));
	for (size_t i = 0; i < 3; i++)
		nameservers[i] = ip6("fde5:824d:d315:3bb1::50");
	g->hostname = (char *)"vm1";
	g->domain = (char *)"lab.test";
	g->search = search;
	g->search_len = sizeof(search);
	g->nameservers6 = (struct ip6_list){.at = nameservers, .count = 3};
	g->service6 = (struct ip6_list){.at = nameservers, .count = 1};
	g->hostname_code6 = 65001;
	g->domain_code6 = 65002;
	g->lease_time = 604800;
	g->renew_time = 600;
	g->rebind_time = 529200;
	g->options6 = options;
	g->option6_count = sizeof(options) / sizeof(options[0]);
}

/* Gives the guest the first address in an IA of the message, which the test's own parser reads. */
static void take_address(struct guest *g, const uint8_t *data, size_t size)
{
	static struct tlvs top, in;

	tlv_read(data + 4, size - 4, &top);
	for (size_t i = 0; i < top.count; i++) {
		if (!tlv_is_ia(&top.at[i]) || top.at[i].len < ia_head(&top.at[i]))
			continue;
		tlv_read(top.at[i].at + ia_head(&top.at[i]), top.at[i].len - ia_head(&top.at[i]), &in);
		const struct tlv *o = tlv_find(&in, 5);
		if (o && o->len >= 16) {
			memcpy(&g->id.ip6.addr, o->at, 16);
			return;
		}
	}
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
	o->answer = dhcp6_answer(g, in, &o->out);
	o->len = o->answer == ANSWER_REPLY ? wr_len(&o->out.w) : 0;
	for (size_t i = room; i < REPLY_DATA_MAX; i++)
		must(o->out.buf[REPLY_HEADROOM + i] == garbage, "written behind the buffer's end");
	if (o->answer == ANSWER_DROP)
		must(o->out.drop > DROP_NONE && o->out.drop < DROP_COUNT && !o->out.event, "dropped without a reason");
}

static void check(const struct guest *g, const struct pkt *in)
{
	static struct outcome first, again;
	static struct tlvs r;

	answer(g, in, 0xa5, REPLY_DATA_MAX, &first);
	must(first.answer == ANSWER_REPLY || first.answer == ANSWER_DROP, "a packet for port 547 is its own");
	if (first.answer == ANSWER_REPLY) {
		const char *wrong = dhcp6_check(g, in, &first.out, &r);
		must(!wrong, wrong);
		must(in->data[0] != 12 && in->data[0] != 13, "an answer to a relay");
		must(!tlv_find(&r, 39) || memchr(in->data, 39, in->len), "a client's name out of nowhere");
	}

	answer(g, in, 0x5a, REPLY_DATA_MAX, &again);
	must(again.answer == first.answer && again.len == first.len, "not the same twice");
	must(!first.len || !memcmp(again.out.w.start, first.out.w.start, first.len), "octets that nobody wrote");

	/* A reply buffer whose size the input chooses. */
	size_t room = in->len > 3 ? (size_t)(in->data[2] << 8 | in->data[3]) % (REPLY_DATA_MAX + 1) : 0;
	answer(g, in, 0xa5, room, &again);
	if (again.answer == ANSWER_REPLY) {
		const char *wrong = dhcp6_check(g, in, &again.out, &r);
		must(!wrong, wrong);
		must(again.len <= room, "more than there was room for");
	} else {
		must(again.answer == first.answer || again.out.drop == DROP_REPLY_FULL, "not for want of room");
		must(room < first.len || first.answer == ANSWER_DROP, "refused where there is room");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t ours[70000];
	static const uint8_t server_id[] = {0, 2, 0, 10, 0, 3, 0, 1, 0xfe, 0x54, 0, 0x12, 0x34, 0x56};
	struct guest full, bare, named;
	struct pkt in = {.kind = PKT_UDP6, .sport = 546, .dport = 547, .data = data, .len = size};

	make_full(&full);
	make_bare(&bare);
	make_full(&named);
	memcpy(in.src_mac, full.id.mac, MAC_LEN);
	in.src6 = ip6("fe80::5054:ff:fe12:3456");
	in.dst6 = ip6("ff02::1:2");
	if (size >= 4)
		take_address(&named, data, size);
	check(&full, &in);
	check(&bare, &in);
	check(&named, &in);
	if (size < 4 || size + sizeof(server_id) > sizeof(ours))
		return 0;
	memcpy(ours, data, 4);
	memcpy(ours + 4, server_id, sizeof(server_id));
	memcpy(ours + 4 + sizeof(server_id), data + 4, size - 4);
	in.data = ours;
	in.len = size + sizeof(server_id);
	check(&named, &in);
	in.src6 = named.id.ip6.addr;
	in.dst6 = named.link_local;
	check(&named, &in);
	check(&full, &in);
	return 0;
}
