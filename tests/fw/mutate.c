/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 82: mutated honest frames. The oracle (oracle.c) must permit every frame that is seen anywhere, by the octets that
 * were seen; and the frames that it permits must all arrive (owed.c), and the honest ones sent in between. The same
 * seed gives the same frames.
 */
#include "cases.h"

#include "base/csum.h"

#include <string.h>

#define HEADERS 88 /* octets in which all fields of interest lie */

static uint64_t state;

/* A pseudo-random number below n (xorshift64*). */
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
    {IP(A, B, .proto = 17, .frag = 9)}, {UDP(A, B, .dport = 53)}, {UDP(A, P, .sport = 67, .frag = 9)}, {ICMP(A, P, .itype = 5, .frag = MF | 9)},
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
    {DHCP_SERVER(P, A)},     {UDP(P, A, .data = 40, .frag = MF)}, {IP(P, A, .proto = 17, .frag = 9)}, {DHCP_SERVER(P, A, .frag = 9)},
};
static const struct shape to_b[] = {
    {UDP(FAR, B)},	     {TCP(FAR, B)},		{ICMP(G, B)},		  {UDP(G, ALL1)},
    {UDP(FAR, GROUP)},	     {ARP_REQUEST(G, B)},	{ARP_REPLY(G, B)},	  {DHCP_SERVER(FAR, B)},
    {UDP(FAR, B, .data = 40, .frag = MF)}, {IP(FAR, B, .proto = 6, .frag = 9)},
};
/* IPv6 */
static const struct shape of_a6[] = {
    {UDP6(A, P)}, {TCP6(A, P)}, {ICMP6(A, B)}, {ICMP6(A, P, .itype = 1)}, {UDP6(A, GROUP, .dmac = MAC_GROUP6)},
    {UDP6(A, BLOCK, .dmac = 0x333307000000ULL)}, {UDP6(A, B)}, {NS(A, P)}, {NS(A, B)}, {NS(LA, P)}, {NS_ONE(A, P)}, {NS(A, P, .src6 = IP6_ELSE)},
    {DAD(A)}, {DAD(A, .opt = {14})}, {DAD(LA)}, {NA(A, P)}, {NA_ALL(A)}, {NA(LA, B)}, {NA(A, LP)}, {RS(LA)}, {NS(A, SERVICE)}, {NS(LA, FOLD_A)},
    {DHCP6(LA, SOLICIT)}, {DHCP6(A, SOLICIT)}, {UDP6(A, P, .ext = {X_HOPS})}, {NS(A, P, .ext = {X_FRAG})}, {NA(A, P, .ext = {X_DEST24})}, {RA(LA)},
};
static const struct shape of_b6[] = {
    {UDP6(B, A)}, {UDP6(B, FAR)}, {TCP6(B, FAR)}, {ICMP6(B, FAR)}, {UDP6(B, G)}, {UDP6(B, GROUP, .dmac = MAC_GROUP6)}, {NS(B, G)}, {NS(B, A)},
    {NA(B, G)}, {NA(B, LG)}, {NA_ALL(B)}, {DAD(B)}, {NS_ONE(B, G)}, {DHCP6(LB, SOLICIT)}, {RS(LB)}, {REDIRECT(LB, A)},
};
static const struct shape of_c6[] = {
    {UDP6(C, P2)}, {UDP6(C, H2)}, {ICMP6(C, P2)}, {TCP6(C, P2)}, {NS(C, H2)}, {NS_ONE(C, H2)}, {NA(C, H2)}, {NS(LC, P2)}, {NA(C, LP)}, {NA_ALL(C)}, {DAD(C)},
};
static const struct shape of_f6[] = {
    {UDP6(F, P)}, {UDP6(F, C)}, {ICMP6(F, D)}, {TCP6(F, A)}, {UDP6(F, B)}, {NS(F, A)}, {NS(F, C)}, {NA(F, A)}, {NA_ALL(F)}, {UDP6(F, H2)}, {NS_ONE(F, H2)},
};
static const struct shape of_s[] = {
    {UDP6(S, P9)}, {TCP6(S, P9)}, {ICMP6(S, P9)}, {UDP6(S, BLOCK8, .dmac = 0x333300000000ULL)}, {NS(S, P9)}, {NA(S, P9)}, {NA_ALL(S)}, {DAD(S)},
    {UDP(S, P, .src = IP_A)}, {ARP_REQUEST(S, P, .spa = IP_A)}, {DHCP6(LS, SOLICIT)},
};
static const struct shape to_a6[] = {
    {UDP6(P, A)}, {TCP6(P, A)}, {ICMP6(P, A)}, {UDP6(P, GROUP, .dmac = MAC_GROUP6)}, {UDP6(P, BLOCK, .dmac = 0x333307000000ULL)}, {NS(P, A)},
    {NS(LP, A)}, {NS(P, LA)}, {NS_ONE(P, A)}, {NA(P, A)}, {NA(P, LA)}, {NA_ALL(P)}, {DAD(A, .smac = MAC_P)}, {DAD(A, .smac = MAC_P, .opt = {14})},
    {RA(LP)}, {DHCP6_SERVER(LP, LA)}, {UDP6(P, A, .ext = {X_DEST})}, {NA(P, A, .ext = {X_FRAG})},
};
static const struct shape to_b6[] = {
    {UDP6(FAR, B)}, {TCP6(FAR, B)}, {ICMP6(G, B)}, {ICMP6(FAR, B, .itype = 3)}, {UDP6(FAR, GROUP, .dmac = MAC_GROUP6)}, {NS(G, B)}, {NS(LG, B)},
    {NS_ONE(G, B)}, {NA(G, B, .target = IP6_P)}, {DHCP6_SERVER(FAR, B)}, {RA(LG)}, {REDIRECT(LG, B)}, {DAD(B, .smac = MAC_G)},
};
static const struct shape to_d6[] = {
    {UDP6(FAR, D)}, {UDP6(G3, D)}, {NS(G3, D)}, {NS(LG, D)}, {NS_ONE(G3, D)}, {NA(G3, D)}, {ICMP6(FAR, D)}, {TCP6(FAR, D)},
};
/* clang-format on */

static const struct run {
	const char *name;
	const struct shape *list;
	uint32_t n;
	enum port from, vm; /* vm: the VM that sends, or that is sent to */
	uint32_t share;     /* of all frames, in percent */
} runs[] = {
    {"from a VM without a gateway", of_a, COUNT(of_a), AT_A, AT_A, 15},
    {"from a VM with a gateway", of_b, COUNT(of_b), AT_B, AT_B, 10},
    {"from a VM whose subnet holds others'", of_f, COUNT(of_f), AT_F, AT_F, 5},
    {"to a VM without a gateway", to_a, COUNT(to_a), AT_P, AT_A, 10},
    {"to a VM with a gateway", to_b, COUNT(to_b), AT_G, AT_B, 5},
    {"from a VM without a gateway, IPv6", of_a6, COUNT(of_a6), AT_A, AT_A, 18},
    {"from a VM with a gateway, IPv6", of_b6, COUNT(of_b6), AT_B, AT_B, 9},
    {"from a VM with the host in its prefix", of_c6, COUNT(of_c6), AT_C, AT_C, 4},
    {"from a VM whose prefix holds others'", of_f6, COUNT(of_f6), AT_F, AT_F, 4},
    {"from a VM with IPv6 alone", of_s, COUNT(of_s), AT_S, AT_S, 4},
    {"to a VM without a gateway, IPv6", to_a6, COUNT(to_a6), AT_P, AT_A, 9},
    {"to a VM with a gateway, IPv6", to_b6, COUNT(to_b6), AT_G, AT_B, 5},
    {"to a VM whose gateway is outside of its prefix", to_d6, COUNT(to_d6), AT_G, AT_D, 2},
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
				MAC_NONE,
				MAC_GROUP6,
				MAC_F,
				MAC_S,
				0x333300000002ULL,
				0x333300010002ULL,
				0x333307010203ULL,
				SOLICITED_MAC(LOW_A),
				SOLICITED_MAC(LOW_B),
				SOLICITED_MAC(LOW_P)};
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
/* clang-format off */
static const struct ip6 ips6[] = {
    IP6_A, IP6_B, IP6_C, IP6_D, IP6_F, IP6_S, IP6_P, IP6_P2, IP6_P9, IP6_G, IP6_G3, IP6_H, IP6_H2, IP6_FAR, IP6_GROUP, IP6_BLOCK, IP6_BLOCK8,
    IP6_NODES, IP6_ROUTERS, IP6_SERVERS, IP6_ANY, IP6_LA, IP6_LB, IP6_LC, IP6_LP, IP6_LG, IP6_LH, IP6_FOLD_A, IP6_FOLD_B, IP6_ELSE,
    SOLICITED6(LOW_A), SOLICITED6(LOW_B), SOLICITED6(LOW_P), SOLICITED6(LOW_G), IP6(0, 0, 0, 0, 0, 0, 0, 1), IP6(0xfec0, 0, 0, 0, 0, 0, 0, 1),
    IP6(0, 0, 0, 0, 0, 0xffff, 0x0a00, 0x0101), IP6(0x64, 0xff9b, 0, 0, 0, 0, 0xa00, 1), IP6(0xfe80, 0, 0, 1, EUI6(0x0a)),
};
/* clang-format on */
static const uint16_t words[] = {0,      1,      2,      3,      4,      8,      20,     21,     28,     36,
				 40,     53,     67,     68,     137,    138,    0x0800, 0x0806, 0x86dd, 0x8100,
				 0x88a8, 0x88cc, 0x2000, 0x2001, 0x2002, 0x4000, 0x3fff, 0xffff, 0x0604, 0x0101,
				 1500,   7,      24,     32,     546,    547,    16};
static const uint8_t octets[] = {0,   1,    2,    4,    5,    6,    9,    17,   41,   47,  58, 89,
				 112, 0x40, 0x44, 0x45, 0x46, 0x4f, 0x60, 0x65, 0xff, 43,  44, 51,
				 59,  60,   14,   128,  133,  134,  135,  136,  137,  143, 254};

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

static void put_field6(uint8_t *f, size_t len)
{
	static const uint8_t mac_at[] = {0, 6, 80, 64}, ip_at[] = {22, 38, 62},
			     word_at[] = {12, 14, 18, 54, 56, 78, 62}, octet_at[] = {14, 19, 20, 21, 54, 55, 78, 79};

	switch (below(4)) {
	case 0:
		put(f, len, mac_at[below(COUNT(mac_at))], macs[below(COUNT(macs))], 6);
		break;
	case 1: {
		struct ip6 a = ips6[below(COUNT(ips6))];
		size_t at = ip_at[below(COUNT(ip_at))];
		for (size_t i = 0; i < 8; i++)
			put(f, len, at + 2 * i, a.w[i], 2);
		break;
	}
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
	case 3: /* insert a VLAN tag */
		memmove(f + 16, f + 12, len - 12);
		put(f, len + 4, 12, (uint64_t)tags[below(3)] << 16 | below(3), 4);
		return len + 4;
	case 4:
		return 14 + below((uint32_t)len - 13);
	case 5: /* append zeros */
		memset(f + len, 0, 32);
		return len + below(32);
	case 6: /* remove an octet */
		if (len < 40)
			return len;
		memmove(f + at, f + at + 1, len - at - 1);
		return len - 1;
	default:
		if (len > 14 && frame_u16(f + 12) == 0x86dd)
			put_field6(f, len);
		else
			put_field(f, len);
		return len;
	}
}

/* Corrects the checksum of an IPv4 header, so that no router on the way drops the frame just for that. */
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

/*
 * Whether the host forwarded, as that VM's router, a frame that the VM may send: undoes the router's changes and asks
 * the oracle.
 */
static bool was_routed(const struct vm *v, const uint8_t *f, size_t len)
{
	static uint8_t before[FRAME_MAX];

	if (v->gateway_mac6 != MAC_H || len < 54 || len > sizeof(before) || frame_u16(f + 12) != 0x86dd)
		return false;
	memcpy(before, f, len);
	put(before, len, 0, MAC_H, 6);
	put(before, len, 6, v->mac, 6);
	before[21]++; /* the hop limit */
	return oracle_from(v, before, len);
}

static bool permitted(enum port at, const uint8_t *f, size_t len)
{
	static const struct ip6 near_host = IP6_H2;
	const struct vm *v = &vms[running->vm];
	uint32_t id;

	/*
	 * Permitted: fold's own replies, which carry no cookie, and the host's, at a VM only if that VM may get them.
	 */
	if (at < VMS && frame_mac(f + 6) == SERVICE(vms[at].mac) && !frame_cookie(f, len, &id))
		return true;
	if (frame_mac(f + 6) == MAC_H)
		return at >= VMS || oracle_to(&vms[at], f, len);
	/*
	 * Permitted at O, where the host's default route leads: its answers to addresses that only a VM's wider
	 * subnet has.
	 */
	if (at == AT_O && len >= 34 && frame_u32(f + 26) == IP_H2)
		return true;
	if (at == AT_O && len >= 54 && ip6_same(frame_ip6(f + 22), near_host))
		return true;
	if (running->from == running->vm) {
		if (at == AT_O && was_routed(v, f, len))
			return true;
		if (at == AT_O || at == running->from || !oracle_from(v, f, len))
			return false;
	}
	return at >= VMS || oracle_to(&vms[at], f, len);
}

static void on_mutant(enum port at, const uint8_t *f, size_t len)
{
	uint32_t id;

	passed++;
	owed_arrived(at, f, len);
	if (!permitted(at, f, len) && !wrong++) {
		first_wrong.at = at;
		first_wrong.len = len;
		memcpy(first_wrong.frame, f, len < sizeof(first_wrong.frame) ? len : sizeof(first_wrong.frame));
	}
	if (frame_cookie(f, len, &id))
		seen_on_frame(at, f, len);
}

static void tell_wrong(bool alive, uint32_t arrived, uint32_t sent, bool some)
{
	if (wrong) {
		detail("%u forbidden arrivals; the first at %s:", wrong, port_names[first_wrong.at]);
		detail_frame("seen", first_wrong.frame, first_wrong.len);
	}
	if (!alive || arrived < sent || !some)
		detail("of %u honest frames %u arrived; of the mutated %s", sent, arrived, some ? "some" : "none");
}

static void run_one(const struct run *r, uint32_t frames)
{
	static uint8_t f[FRAME_MAX];
	const struct vm *v = &vms[r->vm];
	const bool from = r->from == r->vm;
	const enum port peer = v->peer;
	struct shape s = {UDP(A, P)};

	if (!v->ip) {
		const struct shape s6 = {UDP6(S, P9)};
		s = s6;
		s.src6 = from ? v->ip6 : v->peer_ip6;
		s.dst6 = from ? v->peer_ip6 : v->ip6;
	}
	s.smac = from ? v->mac : v->peer_mac;
	s.dmac = from ? v->peer_mac : v->mac;
	s.src = from ? v->ip : v->peer_ip;
	s.dst = from ? v->peer_ip : v->ip;
	uint32_t honest = seen_new(), id = seen_new(), sent = 0;

	running = r;
	passed = wrong = 0;
	owed_forget();
	for (uint32_t i = 0; i < frames; i++) {
		if (i % 64 == 0) {
			/* The bridge may have learned the containers' MACs elsewhere, from a forged source. */
			if (!from)
				hello();
			sent += port_send(from ? r->vm : peer, f, frame_build(&s, honest, f), NULL, 0);
			/* Waits for its arrival, so that no queue on the way overflows. */
			for (int turn = 0; turn < 20 && seen_of(honest)->count[from ? peer : r->vm] < sent; turn++)
				ports_poll(10);
		}
		size_t len = mutant(r, id, f);
		owed_add(r->from, f, len);
		port_send(r->from, f, len, NULL, 0);
	}
	if (!from)
		hello();
	bool alive = from ? fence_from(r->vm) : fence_to(r->vm);
	/* More may arrive than were sent: a mutated cookie may have become the honest frame's. */
	uint32_t arrived = seen_of(honest)->count[from ? peer : r->vm];
	arrived = arrived > sent ? sent : arrived;
	/* One to three changes leave some frames permitted: if none came through, nothing was tested. */
	bool some = seen_mask(id) != 0;
	if (ok(alive && !wrong && some && arrived == sent,
	       "82 %u mutated frames %s: nothing passes that the oracle forbids", frames, r->name))
		detail("%u arrivals, all permitted; %u of %u honest frames among them", passed, arrived, sent);
	else
		tell_wrong(alive, arrived, sent, some);
	if (!ok(owed_count() && !owed_left(), "82 the %u of them that the oracle permits to one machine arrive",
		owed_count()))
		owed_tell();
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
