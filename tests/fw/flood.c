/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 73, 74, 76: a VM that sends as fast as it can. Its broadcasts are limited, and only its own answers may suffer, not
 * those of other VMs.
 */
#include "cases.h"

#include <time.h>

/*
 * The policy's limits for each kind of frame (ARP; IPv4; IPv6; neighbour discovery): the rate a second, and the
 * burst.
 */
#define CAP 1000
#define BURST 500
static uint64_t us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Sends n frames, `rate` a second (0: as fast as possible). Returns how many microseconds that took. */
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
	/* A machine that cannot send faster than the limit would test nothing: then this check fails. */
	if (!ok(n > 2 * most, "76 %s: %u were sent fast enough to be a storm", what, n))
		detail("%llu ms for %u", (unsigned long long)took / 1000, n);
	if (!ok(alive && arrived && arrived <= most && arrived + capped == n,
		"76 a storm of %s: at most %u a second leave", what, CAP))
		detail("%u of %u arrived in %llu ms; from_storm +%llu; at most %llu were expected", arrived, n,
		       (unsigned long long)took / 1000, (unsigned long long)capped, (unsigned long long)most);
	/* The limit's bucket is empty; it is full again within a second. */
	for (uint64_t end = now_ms() + 700; now_ms() < end;)
		ports_poll(10);
	id = seen_new();
	send_many(s, id, 200, 400);
	fence_from(AT_A);
	if (!ok(seen_of(id)->count[AT_P] == 200, "76 %s at 400 a second: every one leaves", what))
		detail("%u of 200", seen_of(id)->count[AT_P]);
}

/* Frames to one machine are not limited. */
static void run_free(const char *what, const struct shape *s)
{
	uint32_t id = seen_new(), n = 4000;

	send_many(s, id, n, 0);
	bool alive = fence_from(AT_A);
	if (!ok(alive && seen_of(id)->count[AT_P] == n, "76 %s to one machine, as fast as it goes: every one leaves",
		what))
		detail("%u of %u", seen_of(id)->count[AT_P], n);
}

/* One VM sends requests to its responder as fast as it can; another on the same host must still get its answers. */
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
	/*
	 * Both folds may share one of two cores, so B is slower. The limit shows that it never waits for A's whole
	 * queue.
	 */
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
