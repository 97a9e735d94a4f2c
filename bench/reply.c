/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply: what the responder's own code takes to answer a request of each kind, without the kernel.
 *
 *   reply [-k KIND] [-n ROUNDS] [-b BINDING]
 *
 * The requests are those of load.c, handed to the function that the live path calls with each frame. Every answer is
 * checked. Prints the fastest of the rounds, in nanoseconds: whatever else the machine does only ever adds to it.
 */
#include "answer/answer.h"
#include "base/file.h"
#include "guest/binding.h"
#include "guest/build.h"
#include "guest/config.h"
#include "kinds.h"

#include <getopt.h>

#define REQUESTS 20000 /* a round */

static const char usual[] =
    "HOSTNAME=bench\nGATEWAY=10.0.250.1\nGATEWAY_MAC=52:54:00:ff:00:01\nNAMESERVERS=10.0.250.1\n"
    "GATEWAY6=fd00:250::1\nGATEWAY6_MAC=52:54:00:ff:00:01\nNAMESERVERS6=fd00:250::1\n"
    "ADDRESS:n00000.bench.=10.1.0.1\nADDRESS6:n00000.bench.=fd00:251::1\n"
    "TXT:n00000.bench.=role=web; region=eu; version=12; build=5f2c19e0; owner=team-a\n";

static void build(const char *file, struct guest *g, struct ask *ask)
{
	static struct config config;
	static struct binding binding;
	struct identity id = {.iface = "p0", .bridge = "br0", .mtu = 1500, .has4 = true, .has6 = true};
	struct report why = {0};
	char *text = NULL;
	size_t len = sizeof(usual) - 1;
	int e = config_load(CONFIG_PATH, false, &config, &why);

	id.mode6 = ADDRESS6_GIVEN;
	mac_parse("52:54:00:00:00:02", id.mac);
	cidr4_parse("10.0.250.2/16", &id.ip4);
	cidr6_parse("fd00:250::2/64", &id.ip6);
	if (!e && file)
		e = file_read(file, BINDING_SIZE_MAX, &text, &len, &why);
	if (!e)
		e = binding_parse(text ? text : usual, len, file ? file : "binding", BINDING_VM, &binding, &why);
	if (!e)
		e = guest_build(&id, &binding, &config, GUEST_NEED_GATEWAY_MAC, g, &why);
	if (e)
		errx(1, "%s", why.msg);
	free(text);

	*ask = (struct ask){.own4 = id.ip4.addr, .own6 = id.ip6.addr, .names = 1};
	memcpy(ask->mac, id.mac, MAC_LEN);
	memcpy(ask->server_mac, g->service_mac, MAC_LEN);
	inet_pton(AF_INET, "10.0.250.1", &ask->server4);
	inet_pton(AF_INET6, "fd00:250::1", &ask->server6);
	inet_pton(AF_INET, "10.1.0.1", &ask->answer4);
	inet_pton(AF_INET6, "fd00:251::1", &ask->answer6);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Answers requests. How many nanoseconds that took, without making the requests and reading the answers. */
static uint64_t answer_all(const struct guest *g, const struct kind *kind, const struct ask *ask)
{
	static struct reply reply;
	uint8_t frame[REQUEST_MAX];
	size_t len = kind->build(kind, ask, frame);
	const struct frame in = {.l2 = frame, .l2_len = ETH, .l3 = frame + ETH, .l3_len = len - ETH};
	uint64_t took = 0;
	uint32_t id;

	for (uint32_t i = 0; i < REQUESTS; i++) {
		kind->patch(kind, ask, frame, i);
		uint64_t before = now_ns();
		enum answer a = answer_frame(g, &in, &reply);
		took += now_ns() - before;
		if (a != ANSWER_REPLY || kind->match(kind, ask, reply.frame, reply.frame_len, &id) != MATCH_YES ||
		    ((id ^ i) & kind->id_mask))
			errx(1, "%s: request %u has no right answer", kind->name, i);
	}
	return took;
}

/* What two readings of the clock take, which is in each measurement. */
static uint64_t clock_all(void)
{
	uint64_t took = 0;

	for (uint32_t i = 0; i < REQUESTS; i++) {
		uint64_t before = now_ns();
		took += now_ns() - before;
	}
	return took;
}

int main(int argc, char **argv)
{
	static struct guest g;
	static struct ask ask;
	const char *only = NULL, *file = NULL;
	int c, rounds = 25;

	while ((c = getopt(argc, argv, "k:n:b:")) != -1) {
		if (c == 'k')
			only = optarg;
		else if (c == 'n')
			rounds = atoi(optarg);
		else if (c == 'b')
			file = optarg;
		else
			return 2;
	}
	build(file, &g, &ask);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		uint64_t best = UINT64_MAX, idle = UINT64_MAX;
		if (only && strcmp(only, kinds[k].name) != 0)
			continue;
		for (int i = 0; i < rounds; i++) {
			uint64_t took = answer_all(&g, &kinds[k], &ask), none = clock_all();
			best = took < best ? took : best;
			idle = none < idle ? none : idle;
		}
		printf("%-8s %6.0f ns\n", kinds[k].name, (double)(best - idle) / REQUESTS);
	}
	return 0;
}
