/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: notify_answer. The input is an octet of choices (family, whether an acknowledgement is awaited, whose
 * the addresses are), the destination port, the 16 octets that fold sent, and the guest's datagram. fold must take
 * the datagram for an acknowledgement if, and only if, all of it is right by the target's own checks, which share no
 * code with fold.
 */
#include "notify/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "notify: %s\n", what);
	abort();
}

enum {
	SIX = 1,
	WAITS = 2,
	OWN_SOURCE = 4,
	OWN_TARGET = 8,
	NO_ADDRESS = 16,
	TCP = 32,
	HEAD = 3 + NOTIFY_LEN,
	PORT = 0x1234
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply out;
	struct guest g = {.id = {.has4 = true, .has6 = true}, .notify.port = PORT};
	struct pkt in = {.kind = PKT_UDP4};

	if (size < HEAD)
		return 0;
	uint8_t how = data[0];
	memset(&g.id.ip4.addr, 1, 4), memset(&g.id.ip6.addr, 1, 16);
	if (!(how & NO_ADDRESS))
		memset(&g.notify.ip4, 2, 4), memset(&g.notify.ip6, 2, 16);
	g.notify.waiting = how & WAITS;
	memcpy(g.notify.token, data + 3, NOTIFY_LEN);
	if (how & SIX)
		in.kind = how & TCP ? PKT_TCP6 : PKT_UDP6;
	else if (how & TCP)
		in.kind = PKT_TCP4;
	in.src4 = how & OWN_SOURCE ? g.id.ip4.addr : g.notify.ip4;
	in.src6 = how & OWN_SOURCE ? g.id.ip6.addr : g.notify.ip6;
	in.dst4 = how & OWN_TARGET ? g.notify.ip4 : g.id.ip4.addr;
	in.dst6 = how & OWN_TARGET ? g.notify.ip6 : g.id.ip6.addr;
	in.dport = (uint16_t)(data[1] << 8 | data[2]);
	in.data = data + HEAD;
	in.len = size - HEAD;

	reply_init(&out);
	enum answer got = notify_answer(&g, &in, &out);
	if (how & (TCP | NO_ADDRESS) || !(how & OWN_TARGET) || in.dport != PORT)
		must(got == ANSWER_NOT_MINE, "took what is for somebody else");
	else if (how & WAITS && how & OWN_SOURCE && in.len == NOTIFY_LEN && !memcmp(in.data, data + 3, NOTIFY_LEN))
		must(got == ANSWER_NOTED, "did not take what was sent");
	else
		must(got == ANSWER_DROP && out.drop > DROP_NONE && out.drop < DROP_COUNT, "took what was not sent");
	must(wr_len(&out.w) == 0, "said something");
	must(!notify_build(&g, how & SIX, &out) || (how & WAITS && !(how & NO_ADDRESS) && wr_len(&out.w) == NOTIFY_LEN),
	     "tells without a reason");
	return 0;
}
