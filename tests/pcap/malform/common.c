/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames with errors below DHCP: in Ethernet, IPv4, IPv6 or UDP. RFC 894, 791, 768, 6864, 8200, 7112, 6946. */
#include "malform.h"

#include <string.h>

/* A case with a DISCOVER in the datagram `u`, which has the error. */
static void udp_case(struct family *f, const struct udp4 *u, const char *want, const char *name)
{
	static struct bytes message, frame;
	struct dhcp4 d = dhcp4_discover();

	dhcp4_message(&d, &message);
	udp4_build(u, message.b, message.len, &frame);
	emit(f, &frame, want, "%s", name);
}

#define CASE(name, want, ...)                                                                                          \
	do {                                                                                                           \
		struct udp4 u = udp4_default();                                                                        \
		__VA_ARGS__;                                                                                           \
		udp_case(f, &u, want, name);                                                                           \
	} while (0)

static void discover_frame(struct bytes *frame)
{
	static struct bytes message;
	struct dhcp4 d = dhcp4_discover();

	dhcp4_message(&d, &message);
	udp4_build(&d.udp, message.b, message.len, frame);
}

/* A frame cut to every length from 0 on, with headers that still have the whole length. */
static void cuts(struct family *f)
{
	static struct bytes frame;

	discover_frame(&frame);
	size_t whole = frame.len;
	emit(f, &frame, "reply DHCPOFFER", "whole");
	for (size_t n = 0; n < whole; n++) {
		frame.len = n;
		emit(f, &frame, "drop truncated", "cut-%zu", n);
	}
}

/* Octets after the end of the IP packet are Ethernet padding, whatever their values are. */
static void padding(struct family *f)
{
	static struct bytes frame;

	discover_frame(&frame);
	fill(&frame, 0, 18);
	emit(f, &frame, "reply DHCPOFFER", "padding-zeros");
	discover_frame(&frame);
	fill(&frame, 0x35, 200);
	emit(f, &frame, "reply DHCPOFFER", "padding-that-looks-like-options");
}

static void ip_headers(struct family *f)
{
	/* The packet has 295 octets: 20 + 8 + 267. */
	CASE("ihl-0", "drop ip-header", u.version_ihl = 0x40);
	CASE("ihl-1", "drop ip-header", u.version_ihl = 0x41);
	CASE("ihl-2", "drop ip-header", u.version_ihl = 0x42);
	CASE("ihl-3", "drop ip-header", u.version_ihl = 0x43);
	CASE("ihl-4", "drop ip-header", u.version_ihl = 0x44);
	CASE("ihl-6", "drop ip-header", u.version_ihl = 0x46);
	CASE("ihl-15", "drop ip-header", u.version_ihl = 0x4f);
	CASE("version-0", "drop ip-header", u.version_ihl = 0x05);
	CASE("version-5", "drop ip-header", u.version_ihl = 0x55);
	CASE("version-6", "drop ip-header", u.version_ihl = 0x65);
	CASE("total-0", "drop ip-header|drop truncated", u.total = 0);
	CASE("total-19", "drop ip-header", u.total = 19);
	CASE("total-20", "drop truncated", u.total = 20);
	CASE("total-27", "drop truncated", u.total = 27);
	CASE("total-28", "drop l4-header", u.total = 28);
	CASE("total-one-less", "drop l4-header", u.total = 294);
	CASE("total-one-more", "drop truncated", u.total = 296);
	CASE("total-65535", "drop truncated", u.total = 65535);
	CASE("header-sum-0", "drop ip-checksum", u.ip_sum = 0);
	CASE("header-sum-ffff", "drop ip-checksum", u.ip_sum = 0xffff);
	CASE("tos-and-ttl-odd", "reply DHCPOFFER", u.tos = 0xff; u.ttl = 255);
	CASE("ttl-1", "reply DHCPOFFER", u.ttl = 1);
	CASE("ttl-0", "any", u.ttl = 0);
	CASE("id-ffff", "reply DHCPOFFER", u.id = 0xffff);
}

static void fragments(struct family *f)
{
	CASE("dont-fragment", "reply DHCPOFFER", u.fragment = 0x4000);
	CASE("fragment-first", "drop fragment", u.fragment = 0x2000);
	CASE("fragment-middle", "drop fragment", u.fragment = 0x2001);
	CASE("fragment-last", "drop fragment", u.fragment = 0x0002);
	CASE("fragment-offset-1", "drop fragment", u.fragment = 0x0001);
	CASE("fragment-offset-top", "drop fragment", u.fragment = 0x1fff);
	CASE("fragment-overlap-1", "drop fragment", u.fragment = 0x2000; u.id = 7);
	CASE("fragment-overlap-2", "drop fragment", u.fragment = 0x0001; u.id = 7);
	CASE("fragment-df-and-more", "drop fragment", u.fragment = 0x6000);
	/* RFC 791: the first flag is reserved. */
	CASE("reserved-flag", "any", u.fragment = 0x8000);
}

static void udp_headers(struct family *f)
{
	CASE("udp-length-0", "drop l4-header", u.udp_len = 0);
	CASE("udp-length-7", "drop l4-header", u.udp_len = 7);
	CASE("udp-length-8", "drop l4-header", u.udp_len = 8);
	CASE("udp-length-one-less", "drop l4-header", u.udp_len = 274);
	CASE("udp-length-one-more", "drop l4-header", u.udp_len = 276);
	CASE("udp-length-65535", "drop l4-header", u.udp_len = 65535);
	/* RFC 768: no checksum, as Linux's ip=dhcp and others send it. */
	CASE("udp-sum-0", "reply DHCPOFFER", u.udp_sum = 0);
	CASE("udp-sum-partial", "reply DHCPOFFER", u.udp_sum = PARTIAL);
	CASE("udp-sum-wrong", "drop l4-checksum", u.udp_sum = 0x1234);
	CASE("udp-sum-ffff", "drop l4-checksum", u.udp_sum = 0xffff);
	CASE("port-67-to-68", "drop", u.sport = 67; u.dport = 68);
	CASE("port-67-to-67", "any", u.sport = 67);
	CASE("port-0-to-67", "any", u.sport = 0);
	CASE("port-40000-to-67", "any", u.sport = 40000);
	CASE("port-68-to-68", "drop unknown-protocol", u.dport = 68);
	CASE("port-68-to-69", "drop unknown-protocol", u.dport = 69);
	CASE("port-68-to-0", "drop unknown-protocol", u.dport = 0);
	CASE("port-swapped", "drop unknown-protocol", u.dport = 0x4300);
}

/* RFC 768: a checksum of 0 is sent as ffff. One of the 65,536 values of secs gives that checksum. */
static void sum_that_is_zero(struct family *f)
{
	static struct bytes message, frame;
	struct dhcp4 d = dhcp4_discover();

	for (d.secs = 0; d.secs < 0x10000; d.secs++) {
		dhcp4_message(&d, &message);
		udp4_build(&d.udp, message.b, message.len, &frame);
		if (frame.b[40] == 0xff && frame.b[41] == 0xff)
			break;
	}
	emit(f, &frame, "reply DHCPOFFER", "udp-sum-that-is-zero");
}

static void protocols(struct family *f)
{
	CASE("tcp", "drop unknown-protocol|drop l4-header", u.proto = 6);
	CASE("icmp", "drop l4-checksum", u.proto = 1);
	CASE("igmp", "drop unknown-protocol", u.proto = 2);
	CASE("ipv6-in-ipv4", "drop unknown-protocol", u.proto = 41);
	CASE("udp-lite", "drop unknown-protocol", u.proto = 136);
	CASE("protocol-255", "drop unknown-protocol", u.proto = 255);
}

static void addresses(struct family *f)
{
	CASE("from-own-address", "reply DHCPOFFER", u.src = GUEST_IP);
	/* RFC 1122 3.2.1.3: these addresses are never a source. */
	CASE("from-broadcast", "drop", u.src = BROADCAST_IP);
	CASE("from-subnet-broadcast", "drop", u.src = IP(10, 0, 1, 255));
	CASE("from-multicast", "drop", u.src = IP(224, 0, 0, 1));
	CASE("from-loopback", "drop", u.src = IP(127, 0, 0, 1));
	CASE("from-the-server", "drop", u.src = SERVER_IP);
	/* An address that the guest may have had before, or never had. The answer may be a DHCPNAK. */
	CASE("from-other-guest", "any", u.src = OTHER_IP);
	CASE("from-other-subnet", "any", u.src = IP(192, 168, 77, 5));
	CASE("to-the-server", "reply DHCPOFFER", u.dst = SERVER_IP; u.dst_mac = mac_service);
	CASE("to-subnet-broadcast", "any", u.dst = IP(10, 0, 1, 255));
	CASE("to-other-host", "any", u.dst = OTHER_IP);
	CASE("to-multicast", "any", u.dst = IP(224, 0, 0, 1));
	CASE("to-zero", "any", u.dst = 0);
	CASE("mac-from-other", "drop source-mac", u.src_mac = mac_other);
	CASE("mac-from-multicast", "drop source-mac", u.src_mac = mac_multicast);
	CASE("mac-from-broadcast", "drop source-mac", u.src_mac = mac_broadcast);
	CASE("mac-from-zero", "drop source-mac", u.src_mac = mac_zero);
	CASE("mac-from-service", "drop source-mac", u.src_mac = mac_service);
	CASE("mac-to-other", "any", u.dst_mac = mac_other);
	CASE("mac-to-self", "any", u.dst_mac = mac_guest);
}

/* Tags, encapsulations and the types of other protocols, each with a DISCOVER inside. */
static void ethertypes(struct family *f)
{
	static const struct {
		const char *name, *header;
		size_t len;
	} headers[] = {
	    {"vlan-0", "\x81\x00\x00\x00\x08\x00", 6},
	    {"vlan-5", "\x81\x00\x00\x05\x08\x00", 6},
	    {"vlan-priority", "\x81\x00\xe0\x00\x08\x00", 6},
	    {"qinq", "\x88\xa8\x00\x00\x81\x00\x00\x00\x08\x00", 10},
	    {"vlan-three-times", "\x81\x00\x00\x00\x81\x00\x00\x00\x81\x00\x00\x00\x08\x00", 14},
	    {"vlan-9100", "\x91\x00\x00\x05\x08\x00", 6},
	    {"snap", "\x01\x3d\xaa\xaa\x03\x00\x00\x00\x08\x00", 10},
	    {"llc-length-lies", "\x05\xdc\x42\x42\x03", 5},
	    {"mpls", "\x88\x47\x00\x00\x01\x40", 6},
	    {"pppoe-session", "\x88\x64\x11\x00\x00\x01\x01\x37\x00\x21", 10},
	    {"macsec", "\x88\xe5\x00\x00", 4},
	    {"eapol", "\x88\x8e\x01\x01\x00\x00", 6},
	    {"lldp", "\x88\xcc\x02\x07", 4},
	    {"ethertype-0", "\x00\x00", 2},
	    {"ethertype-ffff", "\xff\xff", 2},
	    {"ethertype-swapped", "\x00\x08", 2},
	};
	static struct bytes plain, frame;

	discover_frame(&plain);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		frame.len = 0;
		put(&frame, plain.b, 12);
		put(&frame, headers[i].header, headers[i].len);
		put(&frame, plain.b + 14, plain.len - 14);
		emit(f, &frame, "drop ethertype", "%s", headers[i].name);
	}
}

/* chain: the octets between the IPv6 header and a DHCPv6 datagram. claim: the payload length, RIGHT or a wrong one. */
static void ip6_case(struct family *f, unsigned next, const void *chain, size_t len, int claim, const char *want,
		     const char *name)
{
	static const uint8_t from[16] = {0xfe, 0x80, [8] = 0x50, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56};
	static const uint8_t to[16] = {0xff, 0x02, [13] = 1, 0, 2};
	static const uint8_t udp[12] = {0x02, 0x22, 0x02, 0x23, 0, 12, 0x12, 0x34, 11, 1, 2, 3};
	static struct bytes frame;

	frame.len = 0;
	put(&frame, "\x33\x33\x00\x01\x00\x02", 6);
	put(&frame, mac_guest, 6);
	put16(&frame, 0x86dd);
	put32(&frame, 0x60000000);
	put16(&frame, claim == RIGHT ? (unsigned)(len + sizeof(udp)) : (unsigned)claim);
	put8(&frame, next);
	put8(&frame, 255);
	put(&frame, from, sizeof(from));
	put(&frame, to, sizeof(to));
	put(&frame, chain, len);
	put(&frame, udp, sizeof(udp));
	emit(f, &frame, want, "%s", name);
}

static void ip6_chains(struct family *f)
{
	static uint8_t many[160];

	ip6_case(f, 0, "\x11\x00\x05\x02\x00\x00\x01\x00", 8, RIGHT, "drop extension-header", "ip6-hop-by-hop");
	ip6_case(f, 60, "\x11\x00\x01\x04\x00\x00\x00\x00", 8, RIGHT, "drop extension-header",
		 "ip6-destination-options");
	ip6_case(f, 43, "\x11\x00\x00\x00\x00\x00\x00\x00", 8, RIGHT, "drop extension-header", "ip6-routing-0");
	ip6_case(f, 51, "\x11\x00\x00\x00\x00\x00\x00\x00", 8, RIGHT, "drop extension-header", "ip6-authentication");
	/* RFC 6946: an atomic fragment, which contains the whole packet. */
	ip6_case(f, 44, "\x11\x00\x00\x00\x00\x00\x00\x01", 8, RIGHT, "drop fragment", "ip6-atomic-fragment");
	ip6_case(f, 44, "\x11\x00\x00\x01\x00\x00\x00\x01", 8, RIGHT, "drop fragment", "ip6-first-fragment");
	ip6_case(f, 44, "\x11\x00\x00\x08\x00\x00\x00\x01", 8, RIGHT, "drop fragment", "ip6-last-fragment");
	for (size_t i = 0; i < sizeof(many); i += 8)
		memcpy(many + i, "\x3c\x00\x01\x04\x00\x00\x00\x00", 8);
	many[sizeof(many) - 8] = 17;
	ip6_case(f, 60, many, sizeof(many), RIGHT, "drop extension-header", "ip6-twenty-destination-options");
	/* RFC 7112: the chain of headers continues past the end of the packet. */
	ip6_case(f, 0, "\x3c\xff\x01\x04\x00\x00\x00\x00", 8, RIGHT, "drop extension-header", "ip6-chain-past-end");
	ip6_case(f, 253, "", 0, RIGHT, "drop unknown-protocol", "ip6-next-header-253");
	ip6_case(f, 59, "", 0, RIGHT, "drop unknown-protocol", "ip6-no-next-header");
	ip6_case(f, 50, "", 0, RIGHT, "drop unknown-protocol|drop extension-header", "ip6-esp");
	ip6_case(f, 17, "", 0, RIGHT, "drop l4-checksum", "ip6-udp-sum-wrong");
	ip6_case(f, 17, "", 0, 11, "drop l4-header", "ip6-length-one-less");
	ip6_case(f, 17, "", 0, 13, "drop truncated", "ip6-length-one-more");
	ip6_case(f, 17, "", 0, 0, "drop truncated", "ip6-length-0");
	ip6_case(f, 17, "", 0, 65535, "drop truncated", "ip6-length-65535");
}

/* Packets of IPv4's maximum size, which a guest with segmentation offload may send in one piece. */
static void giants(struct family *f)
{
	static struct bytes message, frame;
	struct dhcp4 d = dhcp4_discover();

	dhcp4_message(&d, &message);
	fill(&message, 0, 65507 - message.len);
	udp4_build(&d.udp, message.b, message.len, &frame);
	emit(f, &frame, "reply DHCPOFFER|drop", "giant-padded-behind-end");
}

void common_cases(struct family *f)
{
	cuts(f);
	padding(f);
	ip_headers(f);
	fragments(f);
	udp_headers(f);
	sum_that_is_zero(f);
	protocols(f);
	addresses(f);
	ethertypes(f);
	ip6_chains(f);
	giants(f);
}
