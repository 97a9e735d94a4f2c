/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the answers to packets that may not pass the gateway. The input is an octet of choices (ethertype,
 * direction, kind of refusal, whose MAC), followed by the packet from the network header on; its checksums count as
 * pending. fold may answer only a packet between the guest and the world that is not an error itself. The target
 * checks that with a parser of its own, which shares no code with fold.
 */
#include "answer/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "reject: %s\n", what);
	abort();
}

enum { SIX = 1, TO_GUEST = 2, RESET = 4, STRANGER = 8, GROUP = 16, NO_GATEWAY = 32 };

static const uint8_t guest_mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56}, gateway_mac[] = {2, 0, 0, 0, 0, 0x90};
static const uint8_t own4[] = {10, 0, 1, 1}, own6[16] = {0xfd, 0x5e, [15] = 1};

static bool about_the_world(uint8_t how, const uint8_t *p)
{
	const uint8_t *near = how & TO_GUEST ? p + 16 : p + 12, *far = how & TO_GUEST ? p + 12 : p + 16;

	if (how & SIX) {
		near = how & TO_GUEST ? p + 24 : p + 8, far = how & TO_GUEST ? p + 8 : p + 24;
		return !memcmp(near, own6, 16) && memcmp(far, own6, 8) != 0 && far[0] != 0xff &&
		       !(far[0] == 0xfe && far[1] >= 0x80);
	}
	return !memcmp(near, own4, 4) && memcmp(far, own4, 3) != 0 && far[0] != 127 && far[0] && far[0] < 224;
}

static bool is_error(uint8_t how, const uint8_t *p)
{
	if (how & SIX)
		return p[6] == 58 && (p[40] < 128 || p[40] == 137);
	return p[9] == 1 && (p[20] == 3 || p[20] == 4 || p[20] == 5 || p[20] == 11 || p[20] == 12);
}

static void check(uint8_t how, const uint8_t *p, size_t size, const struct reply *out)
{
	const uint8_t *r = out->frame + 14;
	size_t len = out->frame_len - 14;

	must(!(how & (GROUP | NO_GATEWAY)), "answered what was for a group, or without a gateway");
	must(!(how & STRANGER) && about_the_world(how, p), "answered what did not pass the gateway");
	must(!is_error(how, p), "an error about an error");
	must(!memcmp(out->frame, how & TO_GUEST ? gateway_mac : guest_mac, 6), "not to whom it came from");
	if (how & SIX) {
		must(len <= 1280 && !memcmp(r + 8, p + 24, 16) && !memcmp(r + 24, p + 8, 16), "not back, or too long");
		must(how & RESET && p[6] == 6 ? r[6] == 6 : r[6] == 58 && r[40] == 1, "not the answer asked for");
		must(r[6] == 6 || !memcmp(r + 48, p, len - 48 < size ? len - 48 : size), "quotes another");
	} else {
		must(len <= 576 && !memcmp(r + 12, p + 16, 4) && !memcmp(r + 16, p + 12, 4), "not back, or too long");
		must(how & RESET && p[9] == 6 ? r[9] == 6 : r[9] == 1 && r[20] == 3, "not the answer asked for");
		size_t quoted = (size_t)(r[2] << 8 | r[3]) - 28;
		must(r[9] == 6 || (quoted <= size && !memcmp(r + 28, p, quoted)), "quotes another");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply out;
	struct guest g = {.id = {.has4 = true, .has6 = true, .ip4.len = 24, .ip6.len = 64}};
	uint8_t l2[14] = {0};

	if (size < 1)
		return 0;
	uint8_t how = data[0];
	memcpy(g.id.mac, guest_mac, 6), memcpy(g.gateway4_mac, gateway_mac, 6), memcpy(g.gateway6_mac, gateway_mac, 6);
	memcpy(&g.id.ip4.addr, own4, 4), memcpy(&g.id.ip6.addr, own6, 16);
	g.has_gateway4 = g.has_gateway6 = !(how & NO_GATEWAY);
	g.id.refusal4.kind = g.id.refusal6.kind = how & RESET ? REFUSAL_RESET : REFUSAL_UNREACHABLE;
	memcpy(l2, how & TO_GUEST ? guest_mac : gateway_mac, 6);
	memcpy(l2 + 6, how & TO_GUEST ? gateway_mac : guest_mac, 6);
	if (how & STRANGER)
		l2[11] ^= 1;
	if (how & GROUP)
		l2[0] |= 1;
	l2[12] = how & SIX ? 0x86 : 8, l2[13] = how & SIX ? 0xdd : 0;
	const struct frame f = {.l2 = l2,
				.l2_len = 14,
				.l3 = data + 1,
				.l3_len = size - 1,
				.to_guest = how & TO_GUEST,
				.csum_pending = true};
	if (answer_frame(&g, &f, &out) == ANSWER_REPLY)
		check(how, data + 1, size - 1, &out);
	return 0;
}
