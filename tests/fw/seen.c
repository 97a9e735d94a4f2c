/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records which frame was seen where and what fold answered, and sends fences, which tell when all before them has
 * been judged.
 */
#include "attack.h"

#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const port_names[PORTS] = {"A", "B", "C", "D", "E", "F", "S", "P", "G", "O", "host"};

/* clang-format off */
const struct vm vms[VMS] = {
    {.iface = "va", .table = "fold-va", .mac = MAC_A, .ip = IP_A, .len = 24, .service = IP_SERVICE,
     .groups = {IP_GROUP, IP4(239, 7, 0, 0)}, .group_len = {32, 16}, .peer = AT_P, .peer_mac = MAC_P, .peer_ip = IP_P,
     .ip6 = IP6_A, .local6 = IP6_LA, .fold6 = IP6_FOLD_A, .len6 = 64, .has_service6 = true, .service6 = IP6_SERVICE,
     .groups6 = {IP6_GROUP, IP6_BLOCK}, .group6_len = {128, 104}, .peer_ip6 = IP6_P},
    {.iface = "vb", .table = "fold-vb", .mac = MAC_B, .ip = IP_B, .len = 24, .gateway = true, .gateway_ip = IP_G, .service = IP_SERVICE,
     .groups = {IP_GROUP}, .group_len = {32}, .peer = AT_P, .peer_mac = MAC_P, .peer_ip = IP_P,
     .ip6 = IP6_B, .local6 = IP6_LB, .fold6 = IP6_FOLD_B, .len6 = 64, .gateway6 = true, .gateway_ip6 = IP6_G, .gateway_mac6 = MAC_G, .has_service6 = true,
     .service6 = IP6_SERVICE, .groups6 = {IP6_GROUP}, .group6_len = {128}, .peer_ip6 = IP6_P},
    {.iface = "vc", .table = "fold-vc", .mac = MAC_C, .ip = IP_C, .len = 24, .groups = {IP_GROUP}, .group_len = {32},
     .peer = AT_P, .peer_mac = MAC_P, .peer_ip = IP_P2,
     .ip6 = IP6_C, .local6 = IP6_LC, .fold6 = LOCAL6(0xfc54, 0xff, 0xfe00, 0x0c), .len6 = 64, .groups6 = {IP6_GROUP},
     .group6_len = {128}, .peer_ip6 = IP6_P2},
    {.iface = "vd", .table = "fold-vd", .mac = MAC_D, .ip = IP_D, .len = 32, .gateway = true, .gateway_ip = IP_G3,
     .peer = AT_G, .peer_mac = MAC_G, .peer_ip = IP_FAR,
     .ip6 = IP6_D, .local6 = IP6_LD, .fold6 = LOCAL6(0xfc54, 0xff, 0xfe00, 0x0d), .len6 = 128, .gateway6 = true,
     .gateway_ip6 = IP6_G3, .gateway_mac6 = MAC_G, .peer_ip6 = IP6_FAR},
    {.iface = "ve", .table = "fold-ve", .mac = MAC_E, .ip = IP_E, .len = 31, .peer = AT_P, .peer_mac = MAC_P, .peer_ip = IP_P4},
    {.iface = "vf", .table = "fold-vf", .mac = MAC_F, .ip = IP_F, .len = 16, .peer = AT_P, .peer_mac = MAC_P, .peer_ip = IP_P,
     .ip6 = IP6_F, .local6 = IP6_LF, .fold6 = LOCAL6(0xfc54, 0xff, 0xfe00, 0x0f), .len6 = 61, .peer_ip6 = IP6_P},
    {.iface = "vs", .table = "fold-vs", .mac = MAC_S, .peer = AT_P, .peer_mac = MAC_P,
     .ip6 = IP6_S, .local6 = IP6_LS, .fold6 = LOCAL6(0xfc54, 0xff, 0xfe00, 0x10), .len6 = 77, .gateway6 = true,
     .gateway_ip6 = IP6_LH, .gateway_mac6 = MAC_H, .groups6 = {IP6_BLOCK8},
     .group6_len = {64}, .peer_ip6 = IP6_P9},
};
/* clang-format on */

#define IDS 4096
#define UNMARKED 2048
#define ANSWERS 512
#define FENCE 0x40000000U /* in the ids of fences */

static struct seen *books;
static uint32_t next_id = 1;
static struct {
	uint32_t id;
	size_t len;
	uint64_t hash;
} unmarked[UNMARKED];
static size_t unmarked_count;
static uint32_t fence_seen[PORTS], fence_answered[VMS];
/* So far from all other ids that a mutated cookie cannot become a fence's. */
static uint32_t next_fence = FENCE | 0x00a5c300;
static struct answer answers[VMS][ANSWERS];
static size_t answer_count[VMS];
static uint32_t stray_count;
static char stray_text[512];

/* FNV-1a. */
static uint64_t hash(const uint8_t *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h;
}

uint32_t seen_new(void)
{
	if (!books)
		books = calloc(IDS, sizeof(*books));
	if (!books || next_id == IDS)
		die("more than %d cases", IDS);
	return next_id++;
}

struct seen *seen_of(uint32_t id)
{
	return &books[id];
}

unsigned seen_mask(uint32_t id)
{
	unsigned mask = 0;

	for (int p = 0; p < PORTS; p++)
		mask |= books[id].count[p] ? 1U << p : 0;
	return mask;
}

void seen_learn(uint32_t id, const uint8_t *frame, size_t len)
{
	uint64_t h = hash(frame, len);

	for (size_t i = 0; i < unmarked_count; i++)
		if (unmarked[i].len == len && unmarked[i].hash == h)
			return; /* frames of the same octets cannot be told apart: they count as one */
	if (unmarked_count == UNMARKED)
		die("more than %d frames without a cookie", UNMARKED);
	unmarked[unmarked_count].id = id;
	unmarked[unmarked_count].len = len;
	unmarked[unmarked_count++].hash = h;
}

static bool take_answer6(enum port at, const uint8_t *f, size_t len)
{
	struct answer spare, *a = answer_count[at] < ANSWERS ? &answers[at][answer_count[at]++] : &spare;

	*a = (struct answer){0};
	if (len < 70)
		return true;
	a->dst6 = frame_ip6(f + 38);
	if (f[20] == 58) {
		const size_t option = f[54] == 134 ? 70 : 78;
		a->nd = f[54];
		a->flags = frame_u32(f + 58);
		if (len >= option)
			a->target = frame_ip6(f + 62);
		a->lla = len >= option + 8 ? frame_mac(f + option + 2) : 0;
	} else if (frame_u16(f + 54) == 547) {
		a->dhcp6 = f[62];
		a->xid = frame_u32(f + 62) & 0xffffff;
		if (a->xid == (next_fence & 0xffffff))
			fence_answered[at] = next_fence;
	}
	return true;
}

/* Records a reply of fold's, which carries no cookie; false if it is none. */
static bool take_answer(enum port at, const uint8_t *f, size_t len)
{
	if (at >= VMS || len < 42 || frame_mac(f + 6) != SERVICE(vms[at].mac))
		return false;
	if (frame_u16(f + 12) == 0x86dd)
		return take_answer6(at, f, len);
	/* Of a flood's answers only the first ANSWERS are kept: no test looks at all of them. */
	struct answer spare, *a = answer_count[at] < ANSWERS ? &answers[at][answer_count[at]++] : &spare;
	*a = (struct answer){.arp = frame_u16(f + 12) == 0x0806};
	if (a->arp) {
		a->sha = frame_mac(f + 22);
		a->spa = frame_u32(f + 28);
		a->tpa = frame_u32(f + 38);
	} else if (len > 14 + 28 + 243) {
		a->xid = frame_u32(f + 46);
		a->yiaddr = frame_u32(f + 58);
		/* RFC 2131: the message type is the first option that fold writes. */
		a->msg = f[282] == 53 ? f[284] : 0;
		if (a->xid & FENCE)
			fence_answered[at] = a->xid;
	}
	return true;
}

const struct answer *answers_of(enum port vm, size_t *count)
{
	*count = answer_count[vm];
	return answers[vm];
}

void answers_forget(void)
{
	memset(answer_count, 0, sizeof(answer_count));
}

uint32_t strays(const char **text)
{
	*text = stray_text;
	return stray_count;
}

static bool known(const uint8_t *f, size_t len, uint32_t *id)
{
	if (frame_cookie(f, len, id))
		return true;
	uint64_t h = hash(f, len);
	for (size_t i = 0; i < unmarked_count; i++) {
		if (unmarked[i].len == len && unmarked[i].hash == h) {
			*id = unmarked[i].id;
			return true;
		}
	}
	return false;
}

void seen_on_frame(enum port at, const uint8_t *f, size_t len)
{
	uint32_t id = 0;

	/* A test's frame that imitates a reply of fold's carries a cookie; fold's own carry none. */
	if (!frame_cookie(f, len, &id) && take_answer(at, f, len))
		return;
	/* The host reports its own groups now and then (IGMP, MLD), because its bridge takes part in snooping. */
	if (frame_mac(f + 6) == MAC_H && len > 34 && frame_u16(f + 12) == 0x0800 && f[23] == 2)
		return;
	/*
	 * IPv6 of the host's: MLD reports (behind a hop-by-hop header), and neighbour advertisements when it is
	 * asked.
	 */
	if (frame_mac(f + 6) == MAC_H && len > 62 && frame_u16(f + 12) == 0x86dd && (f[20] == 0 || f[54] == 136) &&
	    !frame_cookie(f, len, &id))
		return;
	if (!known(f, len, &id) || (!(id & FENCE) && id >= next_id)) {
		if (stray_count++)
			return;
		int n = snprintf(stray_text, sizeof(stray_text), "at %s, %zu octets: ", port_names[at], len);
		for (size_t i = 0; i < len && i < 96; i++)
			n += snprintf(stray_text + n, sizeof(stray_text) - (size_t)n, "%02x", f[i]);
		return;
	}
	if (id & FENCE) {
		fence_seen[at] = id;
		return;
	}
	struct seen *s = &books[id];
	s->count[at]++;
	if (!s->len) {
		s->len = len;
		memcpy(s->first, f, len < sizeof(s->first) ? len : sizeof(s->first));
	}
}

static bool await(const uint32_t *where, uint32_t id)
{
	uint64_t end = now_ms() + patience_ms();

	while (*where != id) {
		ports_poll(100);
		if (*where != id && now_ms() > end)
			return false;
	}
	return true;
}

static struct shape honest(uint64_t smac, uint32_t src, uint64_t dmac, uint32_t dst)
{
	return (struct shape){.kind = K_UDP,
			      .proto = 17,
			      .sport = 5000,
			      .dport = 5001,
			      .smac = smac,
			      .src = src,
			      .dmac = dmac,
			      .dst = dst};
}

static struct shape honest6(uint64_t smac, struct ip6 src, uint64_t dmac, struct ip6 dst)
{
	return (struct shape){.kind = K_UDP6,
			      .next = 17,
			      .hop = 64,
			      .sport = 5000,
			      .dport = 5001,
			      .smac = smac,
			      .src6 = src,
			      .dmac = dmac,
			      .dst6 = dst};
}

static struct shape fence_shape(const struct vm *v, bool from)
{
	const uint64_t smac = from ? v->mac : v->peer_mac, dmac = from ? v->peer_mac : v->mac;

	if (v->ip)
		return honest(smac, from ? v->ip : v->peer_ip, dmac, from ? v->peer_ip : v->ip);
	return honest6(smac, from ? v->ip6 : v->peer_ip6, dmac, from ? v->peer_ip6 : v->ip6);
}

static bool fence(enum port from, enum port to, const struct shape *s)
{
	static uint8_t f[FRAME_MAX];
	uint32_t id = ++next_fence;

	return port_send(from, f, frame_build(s, id, f), NULL, 0) && await(&fence_seen[to], id);
}

bool fence_from(enum port p)
{
	const struct shape s = fence_shape(&vms[p], true);

	return fence(p, vms[p].peer, &s);
}

bool fence_to(enum port p)
{
	const struct shape s = fence_shape(&vms[p], false);

	return fence(vms[p].peer, p, &s);
}

void settle(enum port p)
{
	static uint8_t f[FRAME_MAX];
	const struct shape s = fence_shape(&vms[p], true);
	uint32_t first = next_fence + 1;

	for (uint64_t end = now_ms() + 3 * patience_ms(); now_ms() < end;) {
		port_send(p, f, frame_build(&s, ++next_fence, f), NULL, 0);
		for (uint64_t turn = now_ms() + 100; now_ms() < turn;) {
			ports_poll(20);
			if (fence_seen[vms[p].peer] >= first)
				return;
		}
	}
}

bool fence_responder(enum port p)
{
	static uint8_t f[FRAME_MAX];
	struct shape s = {DHCP(A, DISCOVER)};
	const struct shape s6 = {DHCP6(LS, INFORMATION)};
	uint32_t id = ++next_fence;

	if (!vms[p].ip) {
		s = s6;
		s.src6 = vms[p].local6;
	}
	s.smac = s.sha = vms[p].mac;
	size_t len = frame_build(&s, id, f);
	/* Asks again, as a client does: a flood may have filled the queue. */
	for (uint64_t over = now_ms() + patience_ms(); now_ms() < over;) {
		port_send(p, f, len, NULL, 0);
		for (uint64_t end = now_ms() + patience_ms() / 10; now_ms() < end;) {
			ports_poll(100);
			if (fence_answered[p] == id)
				return true;
		}
	}
	return false;
}

/* Broadcasts, which the bridge learns from and no VM takes: none has an address in 10.66.0.0/16. */
void hello(void)
{
	static uint8_t f[FRAME_MAX];
	static const uint64_t macs[] = {MAC_P, MAC_G};
	static const enum port ports[] = {AT_P, AT_G};

	for (int i = 0; i < 2; i++) {
		const struct shape s = honest(macs[i], IP4(10, 66, 0, 1), MAC_ALL, IP4(10, 66, 255, 255));
		uint32_t id = ++next_fence;
		port_send(ports[i], f, frame_build(&s, id, f), NULL, 0);
		if (!await(&fence_seen[AT_H], id))
			die("the bridge does not carry frames from %s to the host", port_names[ports[i]]);
	}
}
