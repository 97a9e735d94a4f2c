/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: ra_answer and ra_advertise. The input is eight octets of choices, which make the guest, and the
 * solicitation. fold may answer only a solicitation that is valid by RFC 4861 6.1.1, and every advertisement must be
 * one that a host accepts (6.1.2) and no larger than the link's MTU. The target checks that with a parser of its own,
 * which shares no code with fold.
 */
#include "ra/ra.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "ra: %s\n", what);
	abort();
}

#define CHOICES 8
#define SERVERS 90

static const uint8_t guest_mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t other_mac[] = {0x52, 0x54, 0x00, 0x99, 0x99, 0x99};
static const uint8_t own[16] = {0xfd, 0xe5, [15] = 0x56};
static const uint8_t fold[16] = {0xfe, 0x80, [8] = 0xfc, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56};
static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
static const uint8_t all_routers[16] = {0xff, 2, [15] = 2};

/* The solicitation's sender and destination. All other choices are about the guest's configuration. */
struct choice {
	bool unspecified, other_mac;
	const uint8_t *to;
	uint8_t hop_limit;
};

static struct choice choose(const uint8_t *d)
{
	const uint8_t *const to[] = {all_routers, fold, all_nodes, own};

	return (struct choice){
	    .unspecified = d[0] & 1,
	    .other_mac = (d[0] & 0xf0) == 0xf0,
	    .to = to[d[0] >> 1 & 3],
	    .hop_limit = d[0] & 8 ? d[1] : 255,
	};
}

/*
 * Fills in a guest from the choices. twist 1 gives the guest as it was before its binding changed: with other values.
 */
static void set_guest(struct guest *g, const uint8_t *d, unsigned twist, struct in6_addr *servers, uint8_t *names)
{
	*g = (struct guest){.id = {.has6 = true}, .answers6 = true, .link_local = {{{0}}}};
	memcpy(g->id.mac, guest_mac, 6);
	g->service_mac[0] = 0xfe;
	memcpy(&g->link_local, fold, 16);
	memcpy(&g->id.ip6.addr, own, 16);
	g->id.ip6.addr.s6_addr[4] = (uint8_t)(d[2] & twist & 1);
	g->id.ip6.len = d[2] > 128 ? 128 : d[2];
	g->id.mtu = d[3] < 16 ? 0 : 1280u + 2u * d[3];
	g->has_gateway6 = d[4] & 1;
	g->ra_managed = d[4] & 2;
	g->ra_other = d[4] & 4;
	g->ra_autonomous = d[4] & 8;
	g->ra_period = 1u + d[5] * 256u + d[6];
	g->lease_time = g->rebind_time = d[4] & 16 ? UINT32_MAX : d[5];
	g->nameservers6 = (struct ip6_list){.at = servers, .count = (d[7] + twist * 7) % SERVERS};
	for (size_t i = 0; i < SERVERS; i++) {
		memset(&servers[i], 0, 16);
		servers[i].s6_addr[0] = 0xfd;
		servers[i].s6_addr[15] = (uint8_t)(i + twist * (d[6] & 3));
	}
	/* Names of 3 to 66 octets, as many as the last choice says. */
	g->search = names;
	for (unsigned i = 0; i < (d[7] ^ twist) % 23u; i++) {
		unsigned n = 1 + (d[6] + i * 7) % 63;
		names[g->search_len++] = (uint8_t)n;
		memset(names + g->search_len, 'a' + (int)((i + twist) % 26), n);
		g->search_len += n;
		names[g->search_len++] = 0;
	}
}

static bool options_good(const struct choice *c, const uint8_t *p, size_t len)
{
	size_t at = 8;

	while (at < len) {
		if (len - at < 8 || p[at + 1] == 0 || (size_t)p[at + 1] * 8 > len - at)
			return false;
		if (p[at] == 1 && (c->unspecified || p[at + 1] != 1 || memcmp(p + at + 2, guest_mac, 6) != 0))
			return false;
		at += (size_t)p[at + 1] * 8;
	}
	return true;
}

static bool may_be_answered(const struct choice *c, const uint8_t *p, size_t len)
{
	return len >= 8 && p[0] == 133 && p[1] == 0 && c->hop_limit == 255 && !c->other_mac &&
	       (c->to == all_routers || c->to == fold) && options_good(c, p, len);
}

/* A search list: whole names, then fewer than 8 zeros. */
static void check_names(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p) {
		while (p < end && *p) {
			must(*p < 64 && end - p > *p, "a label that overruns its option");
			p += 1 + *p;
		}
		must(p < end, "a name without an end");
		p++;
	}
	must(end - p < 8, "too much padding");
	for (; p < end; p++)
		must(*p == 0, "something in the padding");
}

static void check_options(const struct guest *g, const struct guest *was, bool last, const uint8_t *p,
			  const uint8_t *end)
{
	unsigned seen[256] = {0};

	for (; p < end; p += 8 * p[1]) {
		bool of_dns = p[0] == 25 || p[0] == 31;
		must(end - p >= 8 && p[1] > 0 && end - p >= 8 * p[1], "an option that overruns");
		seen[p[0]]++;
		must(!of_dns || !last || !memcmp(p + 4, "\0\0\0\0", 4), "a name server of a router that goes");
		must(!of_dns || last || was || memcmp(p + 4, "\0\0\0\0", 4), "withdrawn, and never told");
		if (p[0] == 3)
			must(p[1] == 4 && memcmp(p + 8, p + 4, 4) <= 0, "a prefix that is preferred longer than valid");
		else if (p[0] == 25)
			must(p[1] >= 3 && p[1] % 2 == 1, "half a name server");
		else if (p[0] == 31)
			check_names(p + 8, p + 8 * p[1]);
		else
			must((p[0] == 1 || p[0] == 5) && p[1] == 1, "an unknown option");
	}
	must(seen[1] == 1 && seen[5] == (g->id.mtu != 0), "not one link-layer address, or MTU");
	must(seen[3] >= (g->id.ip6.len < 128) && seen[3] <= (g->id.ip6.len < 128) * (1u + (was != NULL)),
	     "no prefix, or too many");
	must(seen[25] <= 2 && seen[31] <= 2, "options that are there three times");
}

static void check_reply(const struct guest *g, const struct guest *was, bool last, const struct reply *out)
{
	const uint8_t *p = out->w.start;
	size_t len = wr_len(&out->w);

	must(len >= 16 && len + 40 <= (g->id.mtu ? g->id.mtu : 1280), "larger than the link carries");
	must(out->kind == PKT_ICMP6 && !memcmp(&out->src6, fold, 16), "not from fold's link-local address");
	must(!memcmp(p, "\x86\0\0\0", 4) && p[4] == 64 && !(p[5] & 0x3f), "not an advertisement of medium preference");
	must((p[6] || p[7]) == (g->has_gateway6 && !last), "a router where there is none, or none where there is");
	check_options(g, was, last, p + 16, p + len);
}

static void check_destination(const struct reply *out, const uint8_t *to)
{
	static const uint8_t all_mac[6] = {0x33, 0x33, [5] = 1};

	must(!memcmp(&out->dst6, to, 16), "to another address");
	must(!memcmp(out->dst_mac, to == all_nodes ? all_mac : guest_mac, 6), "to another MAC");
}

static struct reply *fresh(size_t room)
{
	static struct reply out;

	memset(&out, 0xa5, sizeof(out));
	out.w = wr_over(out.buf + REPLY_HEADROOM, room);
	return &out;
}

static void one_answer(const struct guest *g, const struct choice *c, const struct pkt *in, size_t room)
{
	struct reply *out = fresh(room);
	enum answer got = ra_answer(g, in, out);
	bool may = may_be_answered(c, in->data, in->len);

	must(out->buf[REPLY_HEADROOM + room] == 0xa5, "written behind the buffer's end");
	must((got == ANSWER_NOT_MINE) == (!in->len || in->data[0] != 133), "not mine, or mine, against the rules");
	if (got == ANSWER_REPLY) {
		must(may, "answered against the rules");
		check_reply(g, NULL, false, out);
		check_destination(out, c->unspecified ? all_nodes : own);
	} else if (got == ANSWER_DROP) {
		must(!may || (out->drop == DROP_REPLY_FULL && room < 64), "not answered, against the rules");
		must(out->drop > DROP_NONE && out->drop < DROP_COUNT, "dropped without a reason");
	}
}

static void one_advertisement(const struct guest *g, const struct guest *was, bool last, size_t room)
{
	struct reply *out = fresh(room);
	enum answer got = ra_advertise(g, was, last, out);

	must(out->buf[REPLY_HEADROOM + room] == 0xa5, "written behind the buffer's end");
	must(got == ANSWER_REPLY || (got == ANSWER_DROP && out->drop == DROP_REPLY_FULL && room < 64), "not sent");
	if (got != ANSWER_REPLY)
		return;
	check_reply(g, was, last, out);
	check_destination(out, all_nodes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct in6_addr servers[SERVERS], old_servers[SERVERS];
	uint8_t names[2048], old_names[2048];
	struct pkt in = {.kind = PKT_ICMP6};
	struct guest g, was;

	if (size < CHOICES)
		return 0;
	struct choice c = choose(data);
	set_guest(&g, data, 0, servers, names);
	set_guest(&was, data, 1, old_servers, old_names);
	memcpy(in.src_mac, c.other_mac ? other_mac : guest_mac, 6);
	memcpy(&in.dst6, c.to, 16);
	if (!c.unspecified)
		memcpy(&in.src6, own, 16);
	in.hop_limit = c.hop_limit;
	in.data = data + CHOICES;
	in.len = size - CHOICES;

	for (unsigned n = 0; n < 2; n++) {
		size_t room = n ? (size_t)data[3] * 5 : REPLY_DATA_MAX - 1;
		one_answer(&g, &c, &in, room);
		one_advertisement(&g, NULL, data[0] & 1, room);
		one_advertisement(&g, &was, data[0] & 2, room);
	}
	return 0;
}
