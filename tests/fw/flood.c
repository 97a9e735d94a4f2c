/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 73, 74, 76: a VM that sends as fast as it can: its broadcasts are capped, its own answers suffer, and nobody else's do. */
#include "cases.h"

#include <time.h>

/* What the policy promises: this many a second, and this many at once, per kind (ARP; IPv4; IPv6; neighbour discovery). */
#define CAP 1000
#define BURST 500
static uint64_t us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* At `rate` a second (0: as fast as it goes). Returns the microseconds that it took. */
static uint64_t send_many(const struct shape *s, uint32_t id, uint32_t n, uint32_t rate)
{
	static uint8_t f[FRAME_MAX];
	size_t len = frame_build(s, id, f);
	uint64_t start = us();

	for (uint32_t i = 0; i < n; i++) {
		while (rate && us() - start < (uint64_t)i * 1000000 / rate)
			ports_poll(0);
		port_send(AT_A, f, len, NULL, 0);
		if (i % 64 == 0)
			ports_poll(0);
	}
	return us() - start;
}

static void run_storm(const char *what, const struct shape *s)
{
	struct tally before, after;
	uint32_t id = seen_new(), n = 20000;

	tally_read(vms[AT_A].table, &before);
	uint64_t took = send_many(s, id, n, 0);
	bool alive = fence_from(AT_A);
	tally_read(vms[AT_A].table, &after);
	uint32_t arrived = seen_of(id)->count[AT_P];
	uint64_t most = BURST + CAP * took / 1000000 + CAP / 10,
		 capped = tally_of(&after, "from_storm") - tally_of(&before, "from_storm");
	/* A machine that cannot send faster than the cap tests nothing here: then the first line fails. */
	if (!ok(n > 2 * most, "76 %s: %u were sent fast enough to be a storm", what, n))
		detail("%llu ms for %u", (unsigned long long)took / 1000, n);
	if (!ok(alive && arrived && arrived <= most && arrived + capped == n,
		"76 a storm of %s: at most %u a second leave", what, CAP))
		detail("%u of %u arrived in %llu ms; from_storm +%llu; at most %llu were expected", arrived, n,
		       (unsigned long long)took / 1000, (unsigned long long)capped, (unsigned long long)most);
	/* The bucket has run empty; it fills within a second. */
	for (uint64_t end = now_ms() + 700; now_ms() < end;)
		ports_poll(10);
	id = seen_new();
	send_many(s, id, 200, 400);
	fence_from(AT_A);
	if (!ok(seen_of(id)->count[AT_P] == 200, "76 %s at 400 a second: every one leaves", what))
		detail("%u of 200", seen_of(id)->count[AT_P]);
}

/* What goes to one machine is nobody's storm. */
static void run_free(const char *what, const struct shape *s)
{
	uint32_t id = seen_new(), n = 4000;

	send_many(s, id, n, 0);
	bool alive = fence_from(AT_A);
	if (!ok(alive && seen_of(id)->count[AT_P] == n, "76 %s to one machine, as fast as it goes: every one leaves",
		what))
		detail("%u of %u", seen_of(id)->count[AT_P], n);
}

/* One VM asks for leases as fast as it can; the other, on the same host, must not notice. */
static void run_beside(const char *what, const struct shape *s)
{
	uint64_t worst = 0;
	bool all = true;
	uint32_t id = seen_new();

	for (int round = 0; round < 20; round++) {
		send_many(s, id, 1000, 0);
		uint64_t start = now_ms();
		answers_forget();
		all &= fence_responder(AT_B);
		worst = now_ms() - start > worst ? now_ms() - start : worst;
	}
	/* On one of two cores both folds answer: what is bounded is that B waits for A's whole queue never. */
	if (!ok(all && worst < 1000, "73 a flood of %s: another VM's DISCOVER is answered meanwhile", what))
		detail("%s; the slowest took %llu ms", all ? "all answered" : "some were not",
		       (unsigned long long)worst);
	answers_forget();
	ok(fence_responder(AT_A) && fence_from(AT_A), "74 after a flood of %s the VM itself is served again", what);
	ok(seen_mask(id) == 0, "74 nothing of a flood of %s was seen by anybody", what);
}

int run_flood(void)
{
	static const struct {
		const char *what;
		struct shape s;
	} storms[] =
	    {
		{"broadcasts", {UDP(A, ALL1)}},          {"multicasts", {UDP(A, GROUP)}},
		{"ARP requests", {ARP_REQUEST(A, P)}},   {"IPv6 multicasts", {UDP6(A, GROUP, .dmac = MAC_GROUP6)}},
		{"neighbour solicitations", {NS(A, P)}}, {"duplicate address detection", {DAD(A)}},
	    },
	  to_one[] =
	      {
		  {"ARP replies", {ARP_REPLY(A, P)}},
		  {"UDP", {UDP(A, P)}},
		  {"TCP to the DNS port", {TCP(A, P, .dport = 53)}},
		  {"TCP over IPv6 to the DNS port", {TCP6(A, P, .dport = 53)}},
		  {"neighbour advertisements", {NA(A, P)}},
	      },
	  beside[] = {
	      {"DISCOVER", {DHCP(A, DISCOVER)}},
	      {"ARP for fold's address", {ARP_REQUEST(A, SERVICE)}},
	      {"forged frames", {UDP(A, P, .src = IP_B)}},
	      {"router solicitations", {RS(LA)}},
	      {"solicitations for fold's address", {NS(A, SERVICE)}},
	      {"DHCPv6 SOLICIT", {DHCP6(LA, SOLICIT)}},
	      {"DNS", {UDP6(A, SERVICE, .dport = 53)}},
	  };

	for (size_t i = 0; i < sizeof(storms) / sizeof(storms[0]); i++)
		run_storm(storms[i].what, &storms[i].s);
	for (size_t i = 0; i < sizeof(to_one) / sizeof(to_one[0]); i++)
		run_free(to_one[i].what, &to_one[i].s);
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		run_beside(beside[i].what, &beside[i].s);
	return finish();
}
