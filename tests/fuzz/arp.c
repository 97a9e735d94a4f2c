/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: arp_answer. The input is the frame's source MAC address, followed by the ARP packet from its hardware
 * type on. fold may answer only requests from the guest for a service address. The target checks that with a parser
 * of its own, which shares no code with fold.
 */
#include "ra/arp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "arp: %s\n", what);
	abort();
}

static const uint8_t guest_mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t service_mac[] = {0xfe, 0x54, 0x00, 0x12, 0x34, 0x56};
static const uint8_t own[] = {10, 0, 1, 100}, none[4], served[] = {10, 0, 1, 50};

static bool may_be_answered(const uint8_t *frame_source, const uint8_t *p, size_t len)
{
	static const uint8_t start[] = {0, 1, 8, 0, 6, 4, 0, 1};

	return len >= 28 && !memcmp(p, start, 8) && !memcmp(frame_source, guest_mac, 6) &&
	       !memcmp(p + 8, guest_mac, 6) && (!memcmp(p + 14, own, 4) || !memcmp(p + 14, none, 4)) &&
	       !memcmp(p + 24, served, 4);
}

static void check_reply(const struct reply *out, const uint8_t *request)
{
	static const uint8_t start[] = {0, 1, 8, 0, 6, 4, 0, 2};
	const uint8_t *p = out->w.start;

	must(wr_len(&out->w) == 28 && !out->w.full, "not 28 octets");
	must(out->kind == PKT_ARP && !memcmp(out->dst_mac, guest_mac, 6), "not ARP to the guest alone");
	must(!memcmp(p, start, 8), "not a reply's form");
	must(!memcmp(p + 8, service_mac, 6) && !memcmp(p + 14, served, 4), "not about the service address");
	must(!memcmp(p + 18, guest_mac, 6) && !memcmp(p + 24, request + 14, 4), "not to the one who asked");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply out;
	struct in_addr services[2];
	struct guest g = {.id = {.has4 = true, .ip4 = {.len = 24}}, .service4 = {.at = services, .count = 2}};
	struct pkt in = {.kind = PKT_ARP};

	memcpy(g.id.mac, guest_mac, MAC_LEN);
	memcpy(g.service_mac, service_mac, MAC_LEN);
	memcpy(&g.id.ip4.addr, own, 4);
	memcpy(&services[0], served, 4);
	memcpy(&services[1], own, 4); /* the guest's own address is never served */
	if (size < MAC_LEN)
		return 0;
	memcpy(in.src_mac, data, MAC_LEN);
	in.data = data + MAC_LEN;
	in.len = size - MAC_LEN;

	for (size_t room = 64;; room = in.len % 28) {
		bool may = may_be_answered(data, in.data, in.len) && room >= 28;
		memset(&out, 0xa5, sizeof(out));
		out.w = wr_over(out.buf + REPLY_HEADROOM, room);
		enum answer got = arp_answer(&g, &in, &out);
		must(got == (may ? ANSWER_REPLY : ANSWER_DROP), "answered or not, against the rules");
		must(out.buf[REPLY_HEADROOM + room] == 0xa5, "written behind the buffer's end");
		if (may)
			check_reply(&out, in.data);
		else
			must(out.drop > DROP_NONE && out.drop < DROP_COUNT, "dropped without a reason");
		if (room < 28)
			return 0;
	}
}
