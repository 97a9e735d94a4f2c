/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP messages that are forged or malformed, and those that must not be answered. RFC 826, 903, 5227. */
#include "malform.h"

#include <string.h>

struct arp {
	const uint8_t *dst_mac, *src_mac, *sender_mac, *target_mac;
	unsigned type, hardware, protocol, hardware_len, protocol_len, op;
	uint32_t sender, target;
	size_t padding; /* octets after the message */
	size_t cut;     /* octets of the frame that are left; 0: all */
};

static struct arp request(void)
{
	return (struct arp){
	    .dst_mac = mac_broadcast,
	    .src_mac = mac_guest,
	    .sender_mac = mac_guest,
	    .target_mac = mac_zero,
	    .type = 0x0806,
	    .hardware = 1,
	    .protocol = 0x0800,
	    .hardware_len = 6,
	    .protocol_len = 4,
	    .op = 1,
	    .sender = GUEST_IP,
	    .target = SERVER_IP,
	};
}

static void arp_case(struct family *f, const struct arp *a, const char *want, const char *name)
{
	static struct bytes frame;

	frame.len = 0;
	put(&frame, a->dst_mac, 6);
	put(&frame, a->src_mac, 6);
	put16(&frame, a->type);
	put16(&frame, a->hardware);
	put16(&frame, a->protocol);
	put8(&frame, a->hardware_len);
	put8(&frame, a->protocol_len);
	put16(&frame, a->op);
	put(&frame, a->sender_mac, 6);
	put32(&frame, a->sender);
	put(&frame, a->target_mac, 6);
	put32(&frame, a->target);
	fill(&frame, 0, a->padding);
	if (a->cut) {
		frame.len = a->cut;
		emit(f, &frame, want, "%s-%zu", name, a->cut);
	} else {
		emit(f, &frame, want, "%s", name);
	}
}

#define CASE(name, want, ...)                                                                                          \
	do {                                                                                                           \
		struct arp a = request();                                                                              \
		__VA_ARGS__;                                                                                           \
		arp_case(f, &a, want, name);                                                                           \
	} while (0)

/* What must be answered: otherwise a responder that refuses everything would pass. */
static void answered(struct family *f)
{
	CASE("request-dhcp-server", "reply", );
	CASE("request-nameserver", "reply", a.target = DNS_IP);
	CASE("padded-to-60", "reply", a.padding = 18);
	CASE("padded-to-1514", "reply", a.padding = 1472);
	/* RFC 1122 2.3.2.1: a unicast poll refreshes the cache. */
	CASE("unicast-to-service-mac", "reply", a.dst_mac = mac_service; a.target_mac = mac_service);
	/* RFC 826: the target's hardware address means nothing in a request. */
	CASE("target-mac-broadcast", "reply", a.target_mac = mac_broadcast);
	CASE("target-mac-garbage", "reply", a.target_mac = mac_multicast);
}

static void lengths(struct family *f)
{
	for (size_t n = 1; n < 42; n++)
		CASE("cut", "drop truncated", a.cut = n);
	CASE("hardware-0", "drop arp-form", a.hardware = 0);
	CASE("hardware-6-ieee802", "drop arp-form", a.hardware = 6);
	CASE("hardware-65535", "drop arp-form", a.hardware = 65535);
	CASE("protocol-arp", "drop arp-form", a.protocol = 0x0806);
	CASE("protocol-ipv6", "drop arp-form", a.protocol = 0x86dd);
	CASE("protocol-0", "drop arp-form", a.protocol = 0);
	CASE("hardware-length-0", "drop arp-form", a.hardware_len = 0);
	CASE("hardware-length-5", "drop arp-form", a.hardware_len = 5);
	CASE("hardware-length-8", "drop arp-form", a.hardware_len = 8);
	CASE("hardware-length-255", "drop arp-form", a.hardware_len = 255);
	CASE("protocol-length-0", "drop arp-form", a.protocol_len = 0);
	CASE("protocol-length-3", "drop arp-form", a.protocol_len = 3);
	CASE("protocol-length-16", "drop arp-form", a.protocol_len = 16);
	CASE("protocol-length-255", "drop arp-form", a.protocol_len = 255);
}

static void operations(struct family *f)
{
	CASE("operation-0", "drop arp-form", a.op = 0);
	CASE("reply-unasked", "drop|quiet", a.op = 2; a.sender = SERVER_IP);
	CASE("reply-to-service", "drop|quiet", a.op = 2; a.dst_mac = mac_service; a.target_mac = mac_service);
	CASE("gratuitous-reply", "drop|quiet", a.op = 2; a.target = GUEST_IP; a.target_mac = mac_guest);
	CASE("gratuitous-reply-for-gateway", "drop", a.op = 2; a.sender = GATEWAY_IP; a.target = GATEWAY_IP);
	CASE("rarp-request-in-arp", "drop arp-form", a.op = 3; a.sender = 0; a.target = 0; a.target_mac = mac_guest);
	CASE("rarp-reply-in-arp", "drop arp-form", a.op = 4);
	CASE("rarp-ethertype", "drop ethertype", a.type = 0x8035; a.op = 3; a.sender = 0; a.target = 0);
	CASE("inarp-request", "drop arp-form", a.op = 8);
	CASE("inarp-reply", "drop arp-form", a.op = 9);
	CASE("operation-256", "drop arp-form", a.op = 256);
	CASE("operation-65535", "drop arp-form", a.op = 65535);
}

static void senders(struct family *f)
{
	CASE("sender-gateway", "drop arp-sender", a.sender = GATEWAY_IP);
	CASE("sender-server", "drop arp-sender", a.sender = SERVER_IP);
	CASE("sender-other-guest", "reply", a.sender = OTHER_IP);
	CASE("sender-other-subnet", "reply", a.sender = IP(10, 0, 2, 100));
	CASE("sender-broadcast", "drop arp-sender", a.sender = BROADCAST_IP);
	CASE("sender-subnet-broadcast", "drop arp-sender", a.sender = IP(10, 0, 1, 255));
	CASE("sender-loopback", "drop arp-sender", a.sender = IP(127, 0, 0, 1));
	CASE("sender-multicast", "drop arp-sender", a.sender = IP(224, 0, 0, 1));
	CASE("sender-mac-other", "drop arp-sender", a.sender_mac = mac_other);
	CASE("sender-mac-service", "drop arp-sender", a.sender_mac = mac_service);
	CASE("sender-mac-broadcast", "drop arp-sender", a.sender_mac = mac_broadcast);
	CASE("sender-mac-multicast", "drop arp-sender", a.sender_mac = mac_multicast);
	CASE("sender-mac-zero", "drop arp-sender", a.sender_mac = mac_zero);
	CASE("frame-from-other", "drop source-mac", a.src_mac = mac_other);
	CASE("frame-and-sender-from-other", "drop source-mac", a.src_mac = mac_other; a.sender_mac = mac_other);
	CASE("frame-from-multicast", "drop source-mac", a.src_mac = mac_multicast);
	CASE("frame-from-service-mac", "drop source-mac", a.src_mac = mac_service; a.sender_mac = mac_service);
	/* RFC 5227 2.1.1: a probe has no sender address. A guest that probes for a service address
	 * would take it; an answer tells it that the address is in use. */
	CASE("probe-service-address", "reply|drop arp-sender", a.sender = 0);
	CASE("probe-own-address", "drop|quiet", a.sender = 0; a.target = GUEST_IP);
	CASE("probe-other-address", "drop", a.sender = 0; a.target = OTHER_IP);
	CASE("announce-own-address", "drop|quiet", a.target = GUEST_IP);
	CASE("announce-gateway", "drop", a.sender = GATEWAY_IP; a.target = GATEWAY_IP);
	CASE("announce-server", "drop", a.sender = SERVER_IP);
}

static void targets(struct family *f)
{
	CASE("target-gateway", "drop arp-target", a.target = GATEWAY_IP);
	CASE("target-other-guest", "drop arp-target", a.target = OTHER_IP);
	CASE("target-other-subnet", "drop arp-target", a.target = IP(10, 0, 2, 1));
	CASE("target-zero", "drop arp-target", a.target = 0);
	CASE("target-broadcast", "drop arp-target", a.target = BROADCAST_IP);
	CASE("target-subnet-broadcast", "drop arp-target", a.target = IP(10, 0, 1, 255));
	CASE("target-network", "drop arp-target", a.target = IP(10, 0, 1, 0));
	CASE("target-multicast", "drop arp-target", a.target = IP(224, 0, 0, 251));
	CASE("target-byte-swapped", "drop arp-target", a.target = IP(1, 1, 0, 10));
	CASE("to-other-mac", "any", a.dst_mac = mac_other);
	CASE("to-multicast-mac", "any", a.dst_mac = mac_multicast);
}

/* Frames with a tag between the addresses and the EtherType. The rules drop them, and so must the responder. */
static void tagged(struct family *f)
{
	static const unsigned tags[] = {0x8100, 0x88a8, 0x9100};
	static struct bytes frame;

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		frame.len = 0;
		put(&frame, mac_broadcast, 6);
		put(&frame, mac_guest, 6);
		put16(&frame, tags[i]);
		put16(&frame, 0);
		put(&frame, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10);
		put(&frame, mac_guest, 6);
		put32(&frame, GUEST_IP);
		put(&frame, mac_zero, 6);
		put32(&frame, SERVER_IP);
		emit(f, &frame, "drop ethertype", "tagged-%04x", tags[i]);
	}
}

void arp_cases(struct family *f)
{
	answered(f);
	lengths(f);
	operations(f);
	senders(f);
	targets(f);
	tagged(f);
}
