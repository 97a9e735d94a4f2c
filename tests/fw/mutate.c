/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 82: honest frames, mutated. Whatever of it is seen anywhere must be permitted by the oracle (oracle.c), judged by the octets that were
 * seen; and the honest frames among them must all arrive. The same seed gives the same frames.
 */
#include "cases.h"

#include "base/csum.h"

#include <string.h>

#define HEADERS 64 /* octets in which all fields of interest lie */

static uint64_t state;

/* xorshift64*: below n. */
static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof((list)[0])))

/* clang-format off */
static const struct shape of_a[] = {
    {UDP(A, P)},	     {TCP(A, P)},		{ICMP(A, B)},		  {UDP(A, ALL1)},
    {UDP(A, GROUP)},	     {ARP_REQUEST(A, P)},	{ARP_REPLY(A, B)},	  {ARP_PROBE(A, A)},
    {ARP_REQUEST(A, SERVICE)}, {DHCP(A, DISCOVER)},	{UDP(A, B, .data = 40, .frag = MF)},
    {IP(A, B, .proto = 17, .frag = 9)}, {UDP(A, B, .dport = 53)},
};
static const struct shape of_b[] = {
    {UDP(B, A)},	     {TCP(B, FAR)},		{ICMP(B, FAR)},		  {UDP(B, ALL1)},
    {UDP(B, GROUP)},	     {ARP_REQUEST(B, G)},	{ARP_REPLY(B, G)},	  {UDP(B, FAR)},
    {ARP_REQUEST(B, SERVICE)}, {DHCP(B, DISCOVER)},	{TCP(B, FAR, .data = 40, .frag = MF)},
    {IP(B, FAR, .proto = 6, .frag = 9)},
};
static const struct shape of_f[] = {
    {UDP(F, P)}, {UDP(F, C)}, {ICMP(F, E)}, {TCP(F, A)}, {UDP(F, B)}, {ARP_REQUEST(F, C)}, {ARP_REPLY(F, A)}, {UDP(F, H2)},
    {UDP(F, ALL1, .dst = IP4(10, 0, 255, 255))}, {IP(F, C, .proto = 6, .frag = 9)},
};
static const struct shape to_a[] = {
    {UDP(P, A)},	     {TCP(P, A)},		{ICMP(P, A)},		  {UDP(P, ALL1)},
    {UDP(P, GROUP)},	     {ARP_REQUEST(P, A)},	{ARP_REPLY(P, A)},	  {ARP_PROBE(P, A)},
    {DHCP_SERVER(P, A)},     {UDP(P, A, .data = 40, .frag = MF)}, {IP(P, A, .proto = 17, .frag = 9)},
};
static const struct shape to_b[] = {
    {UDP(FAR, B)},	     {TCP(FAR, B)},		{ICMP(G, B)},		  {UDP(G, ALL1)},
    {UDP(FAR, GROUP)},	     {ARP_REQUEST(G, B)},	{ARP_REPLY(G, B)},	  {DHCP_SERVER(FAR, B)},
    {UDP(FAR, B, .data = 40, .frag = MF)}, {IP(FAR, B, .proto = 6, .frag = 9)},
};
/* clang-format on */

static const struct run {
	const char *name;
	const struct shape *list;
	uint32_t n;
	enum port from, vm; /* vm: the one that sends, or that is sent to */
	uint32_t share;     /* of all frames, in percent */
} runs[] = {
    {"from a VM without a gateway", of_a, COUNT(of_a), AT_A, AT_A, 30},
    {"from a VM with a gateway", of_b, COUNT(of_b), AT_B, AT_B, 25},
    {"from a VM whose subnet holds others'", of_f, COUNT(of_f), AT_F, AT_F, 10},
    {"to a VM without a gateway", to_a, COUNT(to_a), AT_P, AT_A, 20},
    {"to a VM with a gateway", to_b, COUNT(to_b), AT_G, AT_B, 15},
};

/* ---- mutation ---- */

static const uint64_t macs[] = {MAC_A,
				MAC_B,
				MAC_C,
				MAC_P,
				MAC_G,
				MAC_H,
				MAC_ALL,
				MAC_GROUP,
				0,
				SERVICE(MAC_A),
				SERVICE(MAC_B),
				0x0180c2000000ULL,
				0x0180c200000eULL,
				0x333300000001ULL,
				0x01005e000001ULL,
				MAC_NONE};
static const uint32_t ips[] = {IP_A,
			       IP_B,
			       IP_C,
			       IP_P,
			       IP_P2,
			       IP_G,
			       IP_SERVICE,
			       IP_ALL1,
			       IP4(10, 0, 1, 0),
			       IP_H,
			       IP_H2,
			       IP_FAR,
			       0,
			       IP_ALL,
			       IP_GROUP,
			       IP4(239, 7, 1, 1),
			       IP4(224, 0, 0, 1),
			       IP4(127, 0, 0, 1),
			       IP4(169, 254, 1, 1),
			       IP4(10, 0, 2, 255),
			       IP4(240, 0, 0, 1)};
static const uint16_t words[] = {0,      1,      2,      3,      4,      8,      20,     21,     28,     36,     40,
				 53,     67,     68,     137,    138,    0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x88cc,
				 0x2000, 0x2001, 0x2002, 0x4000, 0x3fff, 0xffff, 0x0604, 0x0101, 1500};
static const uint8_t octets[] = {0,  1,   2,    4,    5,    6,    9,    17,   41,   47,  58,
				 89, 112, 0x40, 0x44, 0x45, 0x46, 0x4f, 0x60, 0x65, 0xff};

static void put(uint8_t *f, size_t len, size_t at, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at + i < len)
			f[at + i] = (uint8_t)(v >> 8 * (size - 1 - i));
}

static void put_field(uint8_t *f, size_t len)
{
	static const uint8_t mac_at[] = {0, 6, 22, 32}, ip_at[] = {26, 30, 28, 38},
			     word_at[] = {12, 14, 16, 18, 20, 34, 36}, octet_at[] = {14, 18, 19, 22, 23, 34, 35};

	switch (below(4)) {
	case 0:
		put(f, len, mac_at[below(COUNT(mac_at))], macs[below(COUNT(macs))], 6);
		break;
	case 1:
		put(f, len, ip_at[below(COUNT(ip_at))], ips[below(COUNT(ips))], 4);
		break;
	case 2:
		put(f, len, word_at[below(COUNT(word_at))], words[below(COUNT(words))], 2);
		break;
	default:
		put(f, len, octet_at[below(COUNT(octet_at))], octets[below(COUNT(octets))], 1);
	}
}

static size_t mutate_once(uint8_t *f, size_t len)
{
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100};
	size_t at = below(HEADERS < len ? HEADERS : (uint32_t)len);

	switch (below(12)) {
	case 0:
		f[at] = (uint8_t)below(256);
		return len;
	case 1:
		f[at] ^= (uint8_t)(1 << below(8));
		return len;
	case 2:
		f[at] = octets[below(COUNT(octets))];
		return len;
	case 3: /* a tag */
		memmove(f + 16, f + 12, len - 12);
		put(f, len + 4, 12, (uint64_t)tags[below(3)] << 16 | below(3), 4);
		return len + 4;
	case 4:
		return 14 + below((uint32_t)len - 13);
	case 5: /* zeros behind it */
		memset(f + len, 0, 32);
		return len + below(32);
	case 6: /* an octet more or less somewhere */
		if (len < 40)
			return len;
		memmove(f + at, f + at + 1, len - at - 1);
		return len - 1;
	default:
		put_field(f, len);
		return len;
	}
}

/* Where the header still looks like one: its checksum made right, so that no router on the way throws it away for that. */
static void mend(uint8_t *f, size_t len)
{
	if (len < 34 || frame_u16(f + 12) != 0x0800)
		return;
	put(f, len, 24, 0, 2);
	put(f, len, 24, (uint16_t)~csum_fold(csum_add(0, f + 14, 20)), 2);
}

static size_t mutant(const struct run *r, uint32_t id, uint8_t *f)
{
	size_t len = frame_build(&r->list[below(r->n)], id, f);

	for (uint32_t turns = 1 + below(3); turns-- && len > 14;)
		len = mutate_once(f, len);
	if (below(8))
		mend(f, len);
	return len;
}

/* ---- judging ---- */

static const struct run *running;
static uint32_t passed, wrong;
static struct {
	enum port at;
	size_t len;
	uint8_t frame[128];
} first_wrong;

static bool permitted(enum port at, const uint8_t *f, size_t len)
{
	const struct vm *v = &vms[running->vm];
	uint32_t id;

	/* fold's own replies, which carry no cookie, and the host's to those who may ask it. */
	if (at < VMS && frame_mac(f + 6) == SERVICE(vms[at].mac) && !frame_cookie(f, len, &id))
		return true;
	if (frame_mac(f + 6) == MAC_H)
		return at >= VMS || oracle_to(&vms[at], f, len);
	/* The host's default route is there: its own answers to a VM's wider subnet leave by it. */
	if (at == AT_O && len >= 34 && frame_u32(f + 26) == IP_H2)
		return true;
	if (running->from == running->vm) {
		if (at == AT_O || at == running->from || !oracle_from(v, f, len))
			return false;
	}
	return at >= VMS || oracle_to(&vms[at], f, len);
}

static void on_mutant(enum port at, const uint8_t *f, size_t len)
{
	uint32_t id;

	passed++;
	if (!permitted(at, f, len) && !wrong++) {
		first_wrong.at = at;
		first_wrong.len = len;
		memcpy(first_wrong.frame, f, len < sizeof(first_wrong.frame) ? len : sizeof(first_wrong.frame));
	}
	if (frame_cookie(f, len, &id))
		seen_on_frame(at, f, len);
}

static void run_one(const struct run *r, uint32_t frames)
{
	static uint8_t f[FRAME_MAX];
	const struct vm *v = &vms[r->vm];
	const bool from = r->from == r->vm;
	const struct shape s = {UDP(A, P, .smac = from ? v->mac : MAC_P, .src = from ? v->ip : IP_P,
				    .dmac = from ? MAC_P : v->mac, .dst = from ? IP_P : v->ip)};
	uint32_t honest = seen_new(), id = seen_new(), sent = 0;

	running = r;
	passed = wrong = 0;
	for (uint32_t i = 0; i < frames; i++) {
		if (i % 64 == 0) {
			/* A forged source may have moved the containers on the bridge. */
			if (!from)
				hello();
			sent += port_send(from ? r->vm : AT_P, f, frame_build(&s, honest, f), NULL, 0);
			/* Its arrival sets the pace: no queue on the way overflows. */
			for (int turn = 0; turn < 20 && seen_of(honest)->count[from ? AT_P : r->vm] < sent; turn++)
				ports_poll(10);
		}
		port_send(r->from, f, mutant(r, id, f), NULL, 0);
	}
	if (!from)
		hello();
	bool alive = from ? fence_from(r->vm) : fence_to(r->vm);
	/* A mutation within a cookie may make it this one's. */
	uint32_t arrived = seen_of(honest)->count[from ? AT_P : r->vm];
	arrived = arrived > sent ? sent : arrived;
	/* Of frames changed in one to three places some are still fine: where none came through, nothing was tested. */
	bool some = seen_mask(id) != 0;
	if (ok(alive && !wrong && some && arrived == sent,
	       "82 %u mutated frames %s: nothing passes that the oracle forbids", frames, r->name)) {
		detail("%u arrivals, all permitted; %u of %u honest frames among them", passed, arrived, sent);
		return;
	}
	if (wrong) {
		detail("%u forbidden arrivals; the first at %s:", wrong, port_names[first_wrong.at]);
		detail_frame("seen", first_wrong.frame, first_wrong.len);
	}
	if (!alive || arrived < sent || !some)
		detail("of %u honest frames %u arrived; of the mutated %s", sent, arrived, some ? "some" : "none");
}

int run_mutate(uint32_t seed, uint32_t count)
{
	on_frame = on_mutant;
	for (size_t i = 0; i < COUNT(runs); i++) {
		state = 0x9e3779b97f4a7c15ULL * (seed + 1) + i;
		run_one(&runs[i], count / 100 * runs[i].share);
	}
	on_frame = seen_on_frame;
	hello();
	answers_forget();
	ok(fence_responder(AT_A) && fence_responder(AT_B), "82 both responders still answer");
	return finish();
}
