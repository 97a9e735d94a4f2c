/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: nd_answer. The input is two octets of choices, the frame's source MAC address and the ICMPv6 message.
 * fold may answer only a solicitation that is valid by RFC 4861 7.1.1, for an address of its own or the gateway's.
 * The target checks that with a parser of its own, which shares no code with fold.
 */
#include "ra/nd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "nd: %s\n", what);
	abort();
}

static const uint8_t guest_mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t service_mac[] = {0xfe, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t gateway_mac[] = {0x7e, 0xb7, 0x70, 0x3b, 0x81, 0x77};

enum { OWN, FOLD, SERVICE, GATEWAY, OTHER, ADDRESSES };
static const uint8_t address[ADDRESSES][16] = {
    [OWN] = {0xfd, 0xe5, [15] = 0x56},     [FOLD] = {0xfe, 0x80, [8] = 0xfc, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56},
    [SERVICE] = {0xfd, 0xe5, [15] = 0x50}, [GATEWAY] = {0xfd, 0xe5, [15] = 0x91},
    [OTHER] = {0xfe, 0x80, [15] = 0x99},
};

/* What the input's two octets of choices say. */
struct choice {
	bool probe;   /* from :: */
	unsigned to;  /* 0: the solicited-node group of the message's target, 1: the target, 2: all nodes */
	bool gateway; /* the guest has one */
	uint8_t hop_limit;
};

static struct choice choose(const uint8_t *d)
{
	return (struct choice){
	    .probe = d[0] & 1,
	    .to = d[0] >> 1 & 3,
	    .gateway = d[0] & 8,
	    .hop_limit = d[1],
	};
}

/* The index in `address` of the message's target; ADDRESSES if fold does not answer for that. */
static unsigned about(const struct choice *c, const uint8_t *p)
{
	for (unsigned i = FOLD; i <= GATEWAY; i++) {
		if (!memcmp(p + 8, address[i], 16))
			return i == GATEWAY && !c->gateway ? ADDRESSES : i;
	}
	return ADDRESSES;
}

static bool options_good(const struct choice *c, const uint8_t *mac, const uint8_t *p, size_t len)
{
	size_t at = 24;

	while (at < len) {
		if (len - at < 8 || p[at + 1] == 0 || (size_t)p[at + 1] * 8 > len - at)
			return false;
		if (p[at] == 1 && (c->probe || p[at + 1] != 1 || memcmp(p + at + 2, mac, 6) != 0))
			return false;
		at += (size_t)p[at + 1] * 8;
	}
	return true;
}

static bool may_be_answered(const struct choice *c, const uint8_t *mac, const uint8_t *p, size_t len)
{
	return len >= 24 && p[0] == 135 && p[1] == 0 && c->hop_limit == 255 && !memcmp(mac, guest_mac, 6) &&
	       (c->to == 0 || (c->to == 1 && !c->probe)) && about(c, p) < ADDRESSES && options_good(c, mac, p, len);
}

static void check_reply(const struct choice *c, const struct reply *out, const struct pkt *in, const uint8_t *ask)
{
	static const uint8_t all[16] = {0xff, 2, [15] = 1}, all_mac[6] = {0x33, 0x33, [5] = 1};
	unsigned who = about(c, ask);
	bool router = c->gateway && who != SERVICE;
	const uint8_t *p = out->w.start;

	must(wr_len(&out->w) == 32 && !out->w.full && out->kind == PKT_ICMP6, "not 32 octets of ICMPv6");
	must(p[0] == 136 && !memcmp(p + 1, "\0\0\0", 3), "not an advertisement");
	must(p[4] == (0x20 | (c->probe ? 0 : 0x40) | (router ? 0x80 : 0)), "wrong flags");
	must(!memcmp(&out->src6, ask + 8, 16) && !memcmp(p + 8, ask + 8, 16), "not about the target");
	must(!memcmp(p + 24, "\2\1", 2) && !memcmp(p + 26, router ? gateway_mac : service_mac, 6), "another's MAC");
	must(!memcmp(&out->dst6, c->probe ? all : in->src6.s6_addr, 16), "to another address");
	must(!memcmp(out->dst_mac, c->probe ? all_mac : guest_mac, 6), "to another MAC");
}

static void set_guest(struct guest *g, const struct choice *c, struct in6_addr services[2])
{
	*g = (struct guest){.id = {.has6 = true}, .answers6 = true, .has_gateway6 = c->gateway};
	memcpy(g->id.mac, guest_mac, 6);
	memcpy(g->service_mac, service_mac, 6);
	memcpy(g->gateway6_mac, gateway_mac, 6);
	g->id.ip6.len = 64;
	memcpy(&g->id.ip6.addr, address[OWN], 16);
	memcpy(&g->link_local, address[FOLD], 16);
	memcpy(&g->gateway6, address[GATEWAY], 16);
	memcpy(&services[0], address[SERVICE], 16);
	memcpy(&services[1], address[OWN], 16); /* the guest's own address is never served */
	g->service6 = (struct ip6_list){.at = services, .count = 2};
}

static void set_addresses(struct pkt *in, const struct choice *c)
{
	static const uint8_t group[16] = {0xff, 2, [11] = 1, 0xff}, all[16] = {0xff, 2, [15] = 1};
	uint8_t to[16];

	memcpy(to, all, 16);
	if (c->to == 0) {
		memcpy(to, group, 16);
		if (in->len >= 24)
			memcpy(to + 13, in->data + 21, 3);
	} else if (c->to == 1 && in->len >= 24) {
		memcpy(to, in->data + 8, 16);
	}
	memcpy(&in->dst6, to, 16);
	if (!c->probe)
		memcpy(&in->src6, address[OWN], 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply out;
	struct in6_addr services[2];
	struct pkt in = {.kind = PKT_ICMP6};
	struct guest g;

	if (size < 2 + MAC_LEN)
		return 0;
	struct choice c = choose(data);
	set_guest(&g, &c, services);
	memcpy(in.src_mac, data + 2, MAC_LEN);
	in.data = data + 2 + MAC_LEN;
	in.len = size - 2 - MAC_LEN;
	in.hop_limit = c.hop_limit;
	set_addresses(&in, &c);

	for (size_t room = 64;; room = in.len % 32) {
		bool may = may_be_answered(&c, in.src_mac, in.data, in.len) && room >= 32;
		memset(&out, 0xa5, sizeof(out));
		out.w = wr_over(out.buf + REPLY_HEADROOM, room);
		enum answer got = nd_answer(&g, &in, &out);
		must((got == ANSWER_REPLY) == may, "answered or not, against the rules");
		must(got != ANSWER_QUIET && (got != ANSWER_NOT_MINE || !in.len || in.data[0] < 134 || in.data[0] > 137),
		     "neither answered nor refused");
		must(out.buf[REPLY_HEADROOM + room] == 0xa5, "written behind the buffer's end");
		if (may)
			check_reply(&c, &out, &in, in.data);
		else if (got == ANSWER_DROP)
			must(out.drop > DROP_NONE && out.drop < DROP_COUNT, "dropped without a reason");
		if (room < 32)
			return 0;
	}
}
