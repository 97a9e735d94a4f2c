/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somebody flushes the ruleset, deletes tables, adds rules, while a VM forges without a pause: nothing forged passes at any moment. */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/wait.h>

/* Frames that no rule may ever let through; some of them are handed to the responder, or are refused just before that. */
static const struct shape forged[] = {
    {UDP(A, P, .smac = MAC_B)},
    {UDP(A, P, .src = IP_B)},
    {UDP(A, C)},
    {ARP_REPLY(A, P, .spa = IP_B)},
    {ARP_REQUEST(A, SERVICE, .spa = IP_B)},
    {ARP_REQUEST(A, SERVICE, .sha = MAC_B)},
    {UDP(A, P, .tag = {0x81000000})},
    {UDP(A, ALL, .sport = 68, .dport = 67, .src = IP_B)},
    {DHCP_SERVER(A, B)},
    {RA(LA)},
    {RA(LA, .ext = {X_HOPS})},
    {NA_ALL(A, .target = IP6_B)},
    {UDP6(A, P, .src6 = IP6_B)},
    {DHCP6_SERVER(A, B)},
    {UDP(A, P, .src = IP_B, .frag = 50)},
};
/* For the responder alone, with honest addresses: without a rule that hands them to it, they must go nowhere. */
static const struct shape taken[] = {{DHCP(A, DISCOVER)},  {ARP_REQUEST(A, SERVICE)}, {RS(LA)},
				     {DHCP6(LA, SOLICIT)}, {UDP(A, P, .dport = 53)},  {UDP(A, H2, .dport = 53)}};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct spate {
	uint32_t forged[COUNT(forged)], taken[COUNT(taken)], honest;
	uint32_t rounds;
};

static void spate_round(struct spate *s)
{
	static const struct shape honest = {UDP(A, P)};
	static uint8_t f[FRAME_MAX];

	for (size_t i = 0; i < COUNT(forged); i++)
		port_send(AT_A, f, frame_build(&forged[i], s->forged[i], f), NULL, 0);
	for (size_t i = 0; i < COUNT(taken); i++)
		port_send(AT_A, f, frame_build(&taken[i], s->taken[i], f), NULL, 0);
	port_send(AT_A, f, frame_build(&honest, s->honest, f), NULL, 0);
	ports_poll(0);
	answers_forget();
	s->rounds++;
}

/* Runs nft while the spate goes on. Returns its exit status. */
static int nft_meanwhile(struct spate *s, char *command)
{
	char *argv[] = {"nft", command, NULL};
	posix_spawn_file_actions_t acts;
	pid_t pid;
	int status = -1;

	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_addopen(&acts, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&acts, 2, "/dev/null", O_WRONLY, 0);
	int err = posix_spawnp(&pid, argv[0], &acts, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	if (err)
		die("nft: %s", strerror(err));
	while (waitpid(pid, &status, WNOHANG) == 0)
		spate_round(s);
	/* And for 150 ms more, within which fold has to put back what is missing. */
	for (uint64_t end = now_ms() + 150; now_ms() < end;)
		spate_round(s);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned anywhere(const uint32_t *ids, size_t n)
{
	unsigned mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= seen_mask(ids[i]);
	return mask;
}

struct blow {
	char *command;
	bool refused; /* nft must refuse it */
	const char *name;
	bool lasting; /* fold cannot repair it: DHCP stops for good, and nothing else may follow */
};

static void strike(const struct blow *b)
{
	struct spate s = {.honest = seen_new()};

	for (size_t i = 0; i < COUNT(forged); i++)
		s.forged[i] = seen_new();
	for (size_t i = 0; i < COUNT(taken); i++)
		s.taken[i] = seen_new();
	int status = nft_meanwhile(&s, b->command);
	bool through = fence_from(AT_A);
	bool refused = status != 0;
	if (!ok(refused == b->refused, "%s: %s", b->name, b->refused ? "refused" : "done"))
		detail("nft '%s' ended with %d", b->command, status);
	unsigned mask = anywhere(s.forged, COUNT(forged));
	if (!ok(mask == 0 && s.rounds > 10, "%s: nothing forged passes meanwhile (%u rounds)", b->name, s.rounds))
		for (size_t i = 0; i < COUNT(forged); i++)
			if (seen_mask(s.forged[i])) {
				detail_ports("seen at", seen_mask(s.forged[i]));
				detail_frame("forged", seen_of(s.forged[i])->first, seen_of(s.forged[i])->len);
			}
	/* The VM must work again as a whole: honest frames pass and, unless the blow is lasting, DHCP is answered. */
	bool answered = b->lasting || fence_responder(AT_A);
	if (!ok(through && answered, "%s: honest frames pass%s 150 ms later", b->name,
		b->lasting ? "" : " and DHCP is answered"))
		detail("honest frames %s, DISCOVER %s", through ? "pass" : "do not pass",
		       answered ? "is answered" : "is not");
	ok(seen_of(s.honest)->count[AT_P] > 0, "%s: honest frames passed meanwhile", b->name);
	mask = anywhere(s.taken, COUNT(taken));
	if (!ok(mask == 0, "%s: nothing that is for fold goes on to anybody else", b->name))
		detail_ports("seen at", mask);
}

static bool has_shared_table(void)
{
	return system("nft list table bridge fold >/dev/null 2>&1") == 0;
}

int run_flush(void)
{
	static const struct blow blows[] = {
	    {"flush ruleset", false, "nft flush ruleset", false},
	    {"flush ruleset", false, "nft flush ruleset once more", false},
	    {"delete table netdev fold-va", true, "the VM's table deleted", false},
	    {"flush table netdev fold-va", true, "the VM's table flushed", false},
	    {"insert rule netdev fold-va from accept", true, "a rule inserted into the VM's table", false},
	    {"add table netdev mine; add chain netdev mine in { type filter hook ingress device \"va\" priority -600; policy accept; }",
	     false, "a chain of the user's before fold's", false},
	};
	static const struct blow shared[] = {
	    {"delete table bridge fold", false, "the shared table deleted", false},
	    {"flush table bridge fold", false, "the shared table flushed", false},
	    {"flush chain bridge fold prerouting", false, "the shared chain flushed", false},
	    {"flush chain bridge fold take-va", false, "the VM's chain in the shared table flushed", false},
	    {"flush map bridge fold take", false, "the shared map emptied", false},
	};

	ok(fence_from(AT_A) && fence_responder(AT_A), "before all that: honest frames pass and DHCP is answered");
	bool queue = has_shared_table();
	for (size_t i = 0; i < COUNT(blows); i++)
		strike(&blows[i]);
	for (size_t i = 0; i < COUNT(shared); i++) {
		if (queue)
			strike(&shared[i]);
		else
			skip("NFLOG needs no shared table", "%s", shared[i].name);
	}
	if (system("nft delete table netdev mine") != 0)
		detail("the user's table could not be deleted");
	return finish();
}
