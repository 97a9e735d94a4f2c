/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbour discovery that is forged or malformed, or must not be answered. RFC 4861, 4862, 6980, 7527, 8200. */
#include "malform6.h"

#include <string.h>

#define CHECKSUM_AT 2

/* A solicitation: its first 8 octets, a target if it has one, options. */
struct nd {
	struct ip6 ip;
	unsigned type, code;
	uint32_t reserved;
	bool has_target;
	struct ip6addr target;
	size_t options_len, padding; /* padding: octets behind the packet */
	size_t cut, icmp_cut;        /* octets of the frame, or of the ICMPv6 message, that are left; 0: all */
	uint8_t options[1400];
};

static struct nd router_solicitation(void)
{
	return (struct nd){.ip = ip6_default(), .type = 133};
}

static struct nd neighbour_solicitation(void)
{
	struct nd n = {.ip = ip6_default(), .type = 135, .has_target = true, .target = ip6_dns};

	n.ip.dst = ip6_node(&ip6_dns);
	return n;
}

/* Sets another target, and its solicited-node address as the destination. */
static void about(struct nd *n, struct ip6addr target)
{
	n->target = target;
	n->ip.dst = ip6_node(&target);
}

static void option(struct nd *n, const void *bytes, size_t len)
{
	memcpy(n->options + n->options_len, bytes, len);
	n->options_len += len;
}

static void link_option(struct nd *n, const uint8_t mac[6])
{
	option(n, "\1\1", 2);
	option(n, mac, 6);
}

static void nd_case(struct family *f, const struct nd *n, const char *want, const char *name)
{
	static struct bytes message, frame;

	message.len = 0;
	put8(&message, n->type);
	put8(&message, n->code);
	put16(&message, 0);
	put32(&message, n->reserved);
	if (n->has_target)
		put(&message, n->target.b, 16);
	put(&message, n->options, n->options_len);
	if (n->icmp_cut)
		message.len = n->icmp_cut;
	ip6_build(&n->ip, message.b, message.len, CHECKSUM_AT, &frame);
	fill(&frame, 0, n->padding);
	if (n->cut)
		frame.len = n->cut;
	if (n->cut || n->icmp_cut)
		emit(f, &frame, want, "%s-%zu", name, n->cut ? n->cut : n->icmp_cut);
	else
		emit(f, &frame, want, "%s", name);
}

#define RS(name, want, ...)                                                                                            \
	do {                                                                                                           \
		struct nd n = router_solicitation();                                                                   \
		__VA_ARGS__;                                                                                           \
		nd_case(f, &n, want, name);                                                                            \
	} while (0)

#define NS(name, want, ...)                                                                                            \
	do {                                                                                                           \
		struct nd n = neighbour_solicitation();                                                                \
		__VA_ARGS__;                                                                                           \
		nd_case(f, &n, want, name);                                                                            \
	} while (0)

/* What must be answered: otherwise a responder that refuses everything would pass. */
static void answered(struct family *f)
{
	RS("rs-bare", "reply RA", );
	RS("rs-with-link", "reply RA", link_option(&n, mac_guest));
	RS("rs-with-link-twice", "reply RA", link_option(&n, mac_guest); link_option(&n, mac_guest));
	RS("rs-from-own-address", "reply RA", n.ip.src = ip6_guest);
	RS("rs-from-nowhere", "reply RA", n.ip.src = ip6_none);
	RS("rs-to-fold", "reply RA", n.ip.dst = ip6_fold);
	RS("rs-reserved-set", "reply RA", n.reserved = 0xffffffff);
	RS("rs-padded-to-60", "reply RA", n.padding = 10);
	RS("rs-sum-partial", "reply RA", n.ip.sum = PARTIAL);
	RS("rs-mac-broadcast", "reply RA", n.ip.dst_mac = mac_broadcast);
	NS("ns-name-server", "reply", );
	NS("ns-with-link", "reply", link_option(&n, mac_guest));
	NS("ns-gateway", "reply", about(&n, ip6_gateway));
	NS("ns-fold", "reply", about(&n, ip6_fold));
	NS("ns-unicast", "reply", n.ip.dst = ip6_dns);
	NS("ns-unicast-fold", "reply", n.target = n.ip.dst = ip6_fold);
	NS("ns-from-own-address", "reply", n.ip.src = ip6_guest);
	NS("ns-nonce", "reply", option(&n, "\x0e\1\1\2\3\4\5\6", 8); link_option(&n, mac_guest));
	NS("dad-name-server", "reply", n.ip.src = ip6_none);
	NS("dad-gateway", "reply", n.ip.src = ip6_none; about(&n, ip6_gateway));
	NS("dad-fold-nonce", "reply", n.ip.src = ip6_none; about(&n, ip6_fold); option(&n, "\x0e\1\1\2\3\4\5\6", 8));
}

static void lengths(struct family *f)
{
	for (size_t i = 1; i < 70; i++)
		RS("rs-cut", "drop truncated", link_option(&n, mac_guest); n.cut = i);
	for (size_t i = 1; i < 86; i++)
		NS("ns-cut", "drop truncated", link_option(&n, mac_guest); n.cut = i);
	/* All lengths are consistent, but the message is too short. */
	for (size_t i = 1; i < 16; i++)
		RS("rs-short",
		   i < 8    ? "drop truncated"
		   : i == 8 ? "reply RA"
			    : "drop nd-form",
		   link_option(&n, mac_guest);
		   n.icmp_cut = i);
	for (size_t i = 1; i < 32; i++)
		NS("ns-short",
		   i < 8     ? "drop truncated"
		   : i == 24 ? "reply"
			     : "drop nd-form",
		   link_option(&n, mac_guest);
		   n.icmp_cut = i);
	RS("rs-payload-one-less", "drop", link_option(&n, mac_guest); n.ip.payload = 15);
	RS("rs-payload-one-more", "drop truncated", link_option(&n, mac_guest); n.ip.payload = 17);
	RS("rs-payload-0", "drop truncated", n.ip.payload = 0);
	RS("rs-payload-65535", "drop truncated", n.ip.payload = 65535);
	RS("rs-version-4", "drop ip-header", n.ip.version = 4);
	RS("rs-version-0", "drop ip-header", n.ip.version = 0);
}

static void headers(struct family *f)
{
	RS("rs-hop-limit-0", "drop hop-limit", n.ip.hop_limit = 0);
	RS("rs-hop-limit-1", "drop hop-limit", n.ip.hop_limit = 1);
	RS("rs-hop-limit-64", "drop hop-limit", n.ip.hop_limit = 64);
	RS("rs-hop-limit-254", "drop hop-limit", n.ip.hop_limit = 254);
	NS("ns-hop-limit-254", "drop hop-limit", n.ip.hop_limit = 254);
	NS("ns-hop-limit-0", "drop hop-limit", n.ip.hop_limit = 0);
	RS("rs-code-1", "drop nd-form", n.code = 1);
	RS("rs-code-255", "drop nd-form", n.code = 255);
	NS("ns-code-1", "drop nd-form", n.code = 1);
	RS("rs-sum-0", "drop l4-checksum", n.ip.sum = 0);
	RS("rs-sum-ffff", "drop l4-checksum", n.ip.sum = 0xffff);
	NS("ns-sum-wrong", "drop l4-checksum", n.ip.sum = 0x1234);
	RS("rs-vlan", "drop ethertype", n.ip.type = 0x8100);
	RS("rs-in-ipv4", "drop ip-header", n.ip.type = 0x0800);
}

/*
 * RFC 6980: neighbour discovery must not be fragmented. RFC 4861 says nothing of other extension headers; fold refuses
 * them, because they could hide the transport header from the rules.
 */
static void chains(struct family *f)
{
	static const uint8_t hop[8] = {58, 0, 5, 2, 0, 0, 1, 0}, options[8] = {58, 0, 1, 4}, routing[8] = {58};
	static const uint8_t atomic[8] = {58, [7] = 1}, first[8] = {58, 0, 0, 1, [7] = 1},
			     last[8] = {58, 0, 0, 8, [7] = 1};

	RS("rs-hop-by-hop", "drop extension-header", n.ip.next = 0; n.ip.head = hop; n.ip.head_len = 8);
	RS("rs-destination-options", "drop extension-header", n.ip.next = 60; n.ip.head = options; n.ip.head_len = 8);
	RS("rs-routing", "drop extension-header", n.ip.next = 43; n.ip.head = routing; n.ip.head_len = 8);
	RS("rs-atomic-fragment", "drop fragment", n.ip.next = 44; n.ip.head = atomic; n.ip.head_len = 8);
	NS("ns-destination-options", "drop extension-header", n.ip.next = 60; n.ip.head = options; n.ip.head_len = 8);
	NS("ns-atomic-fragment", "drop fragment", n.ip.next = 44; n.ip.head = atomic; n.ip.head_len = 8);
	NS("ns-first-fragment", "drop fragment", n.ip.next = 44; n.ip.head = first; n.ip.head_len = 8);
	NS("ns-last-fragment", "drop fragment", n.ip.next = 44; n.ip.head = last; n.ip.head_len = 8);
}

static void options(struct family *f)
{
	static const uint8_t zeros[8], one_unit[7] = {1};

	RS("rs-option-length-0", "drop nd-form", option(&n, zeros, 8));
	RS("rs-link-length-0", "drop nd-form", option(&n, "\1\0\x52\x54\0\x12\x34\x56", 8));
	RS("rs-length-0-behind-good", "drop nd-form", link_option(&n, mac_guest); option(&n, zeros, 8));
	RS("rs-link-length-2", "drop nd-form", link_option(&n, mac_guest); n.options[1] = 2; option(&n, zeros, 8));
	RS("rs-link-length-2-past-end", "drop nd-form", link_option(&n, mac_guest); n.options[1] = 2);
	RS("rs-link-length-255", "drop nd-form", link_option(&n, mac_guest); n.options[1] = 255);
	RS("rs-unknown-past-end", "drop nd-form", option(&n, "\xfd\2\0\0\0\0\0\0", 8));
	RS("rs-nothing-of-an-option", "drop nd-form", option(&n, one_unit, 1));
	RS("rs-seven-octets", "drop nd-form", option(&n, one_unit, 7));
	RS("rs-unknown", "reply RA", option(&n, "\xfd\1\0\0\0\0\0\0", 8));
	RS("rs-huge", "reply RA", for (int i = 0; i < 175; i++) option(&n, "\xfd\1\0\0\0\0\0\0", 8));
	RS("rs-huge-one", "reply RA", option(&n, "\xfd\xaf", 2); n.options_len = 1400);
	RS("rs-link-of-another", "drop nd-sender", link_option(&n, mac_other));
	RS("rs-link-of-another-second", "drop nd-sender", link_option(&n, mac_guest); link_option(&n, mac_other));
	RS("rs-link-zero", "drop nd-sender", link_option(&n, mac_zero));
	RS("rs-link-from-nowhere", "drop nd-form", n.ip.src = ip6_none; link_option(&n, mac_guest));
	NS("ns-option-length-0", "drop nd-form", option(&n, zeros, 8));
	NS("ns-nonce-length-0", "drop nd-form", option(&n, "\x0e\0\1\2\3\4\5\6", 8));
	NS("ns-link-length-2", "drop nd-form", link_option(&n, mac_guest); n.options[1] = 2; option(&n, zeros, 8));
	NS("ns-link-past-end", "drop nd-form", link_option(&n, mac_guest); n.options[1] = 3);
	NS("ns-link-of-another", "drop nd-sender", link_option(&n, mac_other));
	NS("ns-link-of-gateway", "drop nd-sender", link_option(&n, mac_service));
	NS("ns-link-of-another-first", "drop nd-sender", link_option(&n, mac_other); link_option(&n, mac_guest));
	NS("ns-target-link", "reply", option(&n, "\2\1\x52\x54\0\x99\x99\x99", 8));
	NS("dad-with-link", "drop nd-form", n.ip.src = ip6_none; link_option(&n, mac_guest));
}

static void destinations(struct family *f)
{
	RS("rs-to-all-nodes", "drop nd-target", n.ip.dst = ip6_all_nodes);
	RS("rs-to-gateway", "drop nd-target", n.ip.dst = ip6_gateway);
	RS("rs-to-other", "drop nd-target", n.ip.dst = ip6_other);
	RS("rs-to-nowhere", "drop nd-target", n.ip.dst = ip6_none);
	NS("ns-to-all-nodes", "drop nd-form", n.ip.dst = ip6_all_nodes);
	NS("ns-to-other", "drop nd-form", n.ip.dst = ip6_other);
	NS("ns-to-others-group", "drop nd-form", n.ip.dst = ip6_node(&ip6_other));
	NS("dad-to-target", "drop nd-form", n.ip.src = ip6_none; n.ip.dst = ip6_dns);
	NS("dad-to-all-nodes", "drop nd-form", n.ip.src = ip6_none; n.ip.dst = ip6_all_nodes);
}

static void targets(struct family *f)
{
	static const struct ip6addr loopback = {{[15] = 1}}, elsewhere = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	static const struct ip6addr link_other = {{0xfe, 0x80, [15] = 0x99}};

	NS("ns-own-address", "drop nd-target", about(&n, ip6_guest));
	NS("ns-own-link-local", "drop nd-target", about(&n, ip6_guest_link));
	NS("dad-own-address", "drop nd-target", n.ip.src = ip6_none; about(&n, ip6_guest));
	NS("dad-own-link-local", "drop nd-target", n.ip.src = ip6_none; about(&n, ip6_guest_link));
	NS("ns-other", "drop nd-target", about(&n, ip6_other));
	NS("ns-other-unicast", "drop nd-target", n.target = n.ip.dst = ip6_other);
	NS("ns-other-link-local", "drop nd-target", about(&n, link_other));
	NS("dad-other", "drop nd-target", n.ip.src = ip6_none; about(&n, ip6_other));
	NS("ns-prefix-anycast", "drop nd-target", about(&n, ip6_host(0)));
	NS("ns-elsewhere", "drop nd-target", about(&n, elsewhere));
	NS("ns-nowhere", "drop nd-target", about(&n, ip6_none));
	NS("ns-loopback", "drop nd-target", about(&n, loopback));
	NS("ns-multicast", "drop nd-form", about(&n, ip6_all_nodes));
	NS("ns-group-of-name-server", "drop nd-form", about(&n, ip6_node(&ip6_dns)));
}

static void sources(struct family *f)
{
	static const struct ip6addr loopback = {{[15] = 1}}, mapped = {{[10] = 0xff, 0xff, 10, 0, 1, 100}};
	static const struct ip6addr not_this_link = {
	    {0xfe, 0x80, [7] = 1, 0x50, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56}};
	static const struct ip6addr site_local = {{0xfe, 0xc0, [15] = 1}},
				    random_link = {{0xfe, 0x80, [8] = 7, [15] = 9}};

	RS("rs-from-stable-link-local", "reply RA", n.ip.src = random_link);
	RS("rs-from-other", "drop source-address", n.ip.src = ip6_other);
	RS("rs-from-fold", "drop source-address", n.ip.src = ip6_fold);
	RS("rs-from-name-server", "drop source-address", n.ip.src = ip6_dns);
	RS("rs-from-gateway", "drop source-address", n.ip.src = ip6_gateway);
	RS("rs-from-loopback", "drop source-address", n.ip.src = loopback);
	RS("rs-from-mapped-ipv4", "drop source-address", n.ip.src = mapped);
	RS("rs-from-multicast", "drop source-address", n.ip.src = ip6_all_nodes);
	RS("rs-from-another-link", "drop source-address", n.ip.src = not_this_link);
	RS("rs-from-site-local", "drop source-address", n.ip.src = site_local);
	NS("ns-from-other", "drop source-address", n.ip.src = ip6_other);
	NS("ns-from-gateway", "drop source-address", n.ip.src = ip6_gateway);
	NS("ns-from-multicast", "drop source-address", n.ip.src = ip6_all_routers);
	RS("rs-mac-from-other", "drop source-mac", n.ip.src_mac = mac_other);
	RS("rs-mac-from-service", "drop source-mac", n.ip.src_mac = mac_service);
	NS("ns-mac-from-multicast", "drop source-mac", n.ip.src_mac = mac_multicast);
}

/* Router and neighbour advertisements and redirects, as an attacker on the link would send them. */
static void rogue(struct family *f)
{
	static const uint8_t prefix[32] = {3, 4, 64,   0xc0, 0,           0,    0xff, 0xff,
					   0, 0, 0xff, 0xff, [16] = 0x20, 0x01, 0x0d, 0xb8};

	RS("ra", "drop nd-router", n.type = 134; n.reserved = 0x40000708; option(&n, "\0\0\0\0\0\0\0\0", 8);
	   option(&n, prefix, 32); n.ip.dst = ip6_all_nodes);
	RS("ra-lifetime-0", "drop nd-router", n.type = 134; option(&n, "\0\0\0\0\0\0\0\0", 8);
	   n.ip.dst = ip6_all_nodes);
	RS("ra-short", "drop nd-router", n.type = 134);
	RS("ra-from-fold", "drop source-address", n.type = 134; n.ip.src = ip6_fold; option(&n, "\0\0\0\0\0\0\0\0", 8));
	NS("redirect", "drop nd-router", n.type = 137; option(&n, ip6_other.b, 16); n.ip.dst = ip6_all_nodes);
	NS("redirect-short", "drop nd-router", n.type = 137; n.has_target = false);
	NS("na-gateway", "drop nd-form", n.type = 136; n.reserved = 0xa0000000; about(&n, ip6_gateway);
	   n.ip.dst = ip6_all_nodes; option(&n, "\2\1\x52\x54\0\x12\x34\x56", 8));
	NS("na-own", "drop nd-form", n.type = 136; n.reserved = 0x20000000; about(&n, ip6_guest);
	   n.ip.dst = ip6_all_nodes; option(&n, "\2\1\x52\x54\0\x12\x34\x56", 8));
	NS("na-short", "drop nd-form", n.type = 136; n.has_target = false);
	RS("echo-request", "drop unknown-protocol", n.type = 128; n.ip.dst = ip6_all_nodes);
	RS("mld-query", "drop unknown-protocol", n.type = 130; option(&n, ip6_none.b, 16));
	RS("mld-report-2", "drop unknown-protocol", n.type = 143);
	RS("node-information", "drop unknown-protocol", n.type = 139; option(&n, ip6_dns.b, 16));
	RS("inverse-nd", "drop unknown-protocol", n.type = 141);
	RS("certification-path", "drop unknown-protocol", n.type = 148);
	RS("too-big", "drop unknown-protocol", n.type = 2; n.reserved = 68);
	RS("type-0", "drop unknown-protocol", n.type = 0);
	RS("type-255", "drop unknown-protocol", n.type = 255);
}

void nd_cases(struct family *f)
{
	answered(f);
	lengths(f);
	headers(f);
	chains(f);
	options(f);
	destinations(f);
	targets(f);
	sources(f);
	rogue(f);
}
