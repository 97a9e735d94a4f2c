/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large frames, and the virtio header (virtio 1.1 5.1.6), if the tap has one: with it a guest asks the host to
 * complete a frame after all rules have seen it.
 */
#include "cases.h"

#include <string.h>

#include <linux/if_ether.h>

/* Sends one frame; true if it was seen at exactly the ports of `reach`, and honest frames still pass. */
static bool send_one(const struct shape *s, const struct virtio_net_hdr *vnet, unsigned reach, const char *name)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t id = seen_new();
	size_t len = frame_build(s, id, frame);

	/* A frame that the tap itself refuses is dropped as well. */
	bool sent = port_send(AT_A, frame, len, vnet, 0);
	bool alive = fence_from(AT_A) && fence_to(AT_B) && fence_to(AT_A);
	if (ok(alive && seen_mask(id) == reach && (sent || !reach), "%s", name))
		return true;
	detail("%zu octets, %s", len, sent ? "sent" : "refused by the tap");
	detail_ports("expected at", reach);
	detail_ports("seen at", seen_mask(id));
	return false;
}

/*
 * csum_start and csum_offset say where the host writes the checksum, which it does after the rules have let the frame
 * pass, if the port wants it complete. If the host believes them, the guest overwrites 16 bits of its choice: here of
 * ARP's sender address, IPv4's source or UDP's ports.
 */
static void run_pen(void)
{
	static uint8_t frame[FRAME_MAX];
	static const struct shape claim = {ARP_REQUEST(A, P)}, udp = {UDP(A, B)};
	const struct {
		const struct shape *s;
		uint16_t at;
		const char *name;
	} pens[] = {{&claim, 30, "77 the host's checksum does not write into ARP's sender"},
		    {&udp, 28, "77 the host's checksum does not write into IPv4's source"},
		    {&udp, 34, "77 the host's checksum does not write into UDP's ports"}};

	for (size_t i = 0; i < sizeof(pens) / sizeof(pens[0]); i++) {
		const struct virtio_net_hdr pen = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = pens[i].at};
		uint32_t id = seen_new();
		size_t len = frame_build(pens[i].s, id, frame);
		port_send(AT_A, frame, len, &pen, 0);
		fence_from(AT_A);
		fence_to(AT_B);
		const struct seen *seen = seen_of(id);
		if (!ok(!seen->len || memcmp(seen->first, frame, 38) == 0, "%s", pens[i].name)) {
			detail_frame("sent", frame, len);
			detail_frame("seen", seen->first, seen->len);
		}
	}
}

static void run_vnet(void)
{
	static const struct shape udp = {UDP(A, P)}, udp_b = {UDP(A, B)}, large = {TCP(A, P, .data = 60000)},
				  forged = {UDP(A, P, .src = IP_B)};
	const struct virtio_net_hdr partial = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					       .csum_start = 34,
					       .csum_offset = 6};
	const struct virtio_net_hdr tso = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					   .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
					   .hdr_len = 54,
					   .gso_size = 1448,
					   .csum_start = 34,
					   .csum_offset = 16};

	send_one(&udp, &partial, ON(P), "72 a partial checksum, to a container");
	send_one(&udp_b, &partial, ON(B), "72 a partial checksum, to another VM");
	send_one(&forged, &partial, 0, "27 a partial checksum and another VM's address");
	send_one(&large, &tso, ON(P), "77 a segment of 60,000 octets for the host to cut");
	run_pen();
}

void run_offload(void)
{
	static const struct shape jumbo = {UDP(A, P, .data = 9000)}, largest = {UDP(A, P, .data = 65400)},
				  all = {UDP(A, ALL1, .data = 65400)}, over = {UDP(A, P, .data = 1473)},
				  forged = {UDP(A, P, .src = IP_B, .data = 65400)},
				  dhcp = {UDP(A, P, .dport = 67, .data = 65400)}, cookie = {ARP_REQUEST(A, P)};

	send_one(&over, NULL, 0, "77 nine octets more than the MTU");
	send_one(&jumbo, NULL, 0, "77 9,000 octets");
	send_one(&largest, NULL, 0, "77 65,450 octets");
	/* The ports of the bridge have an MTU; the host's own end of the bridge takes any length. */
	send_one(&all, NULL, ON(H), "77 65,450 octets to everybody");
	send_one(&forged, NULL, 0, "77 65,450 octets from another VM's address");
	send_one(&dhcp, NULL, 0, "77 65,450 octets for the responder");
	send_one(&cookie, NULL, ON(P) | ON(G) | ON(B) | ON(F) | ON(H), "77 after that an honest request");
	answers_forget();
	ok(fence_responder(AT_A), "77 after that an OFFER");
	if (port_has_vnet(AT_A))
		run_vnet();
	else
		ok(true,
		   "77 the tap takes no virtio header: the host never finishes a guest's frame after the rules have seen it");
}
