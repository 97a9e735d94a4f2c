/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drop: every reason for which the responder refuses a packet, by name.
 * One list: the enum, the text for logs and counters, and the tests come from it.
 */
#ifndef FOLD_PKT_DROP_H
#define FOLD_PKT_DROP_H

/* clang-format off */
#define DROP_LIST(X) \
	X(NONE,             "none", "it is not") \
	X(TRUNCATED,        "truncated", "a header or field ends early") \
	X(ETHERTYPE,        "ethertype", "a tag, or neither IPv4, ARP nor IPv6") \
	X(SOURCE_MAC,       "source-mac", "a source MAC that is not the guest's") \
	X(IP_HEADER,        "ip-header", "a version, length or option of the IP header that is not answered") \
	X(FRAGMENT,         "fragment", "a fragment, which fold never reassembles") \
	X(IP_CHECKSUM,      "ip-checksum", "the IPv4 header's checksum is wrong") \
	X(L4_CHECKSUM,      "l4-checksum", "the checksum of UDP, TCP or ICMPv6 is wrong") \
	X(L4_HEADER,        "l4-header", "UDP or ICMPv6 lengths that lie") \
	X(EXTENSION,        "extension-header", "IPv6 headers before the transport") \
	X(HOP_LIMIT,        "hop-limit", "neighbour discovery with a limit other than 255") \
	X(SOURCE_ADDRESS,   "source-address", "a source address that is not the guest's own") \
	X(UNKNOWN,          "unknown-protocol", "no answerer owns it") \
	X(ARP_FORM,         "arp-form", "ARP of another hardware, protocol, length or operation") \
	X(ARP_SENDER,       "arp-sender", "an ARP sender that is not the guest") \
	X(ARP_TARGET,       "arp-target", "not an address that fold answers for") \
	X(DHCP4_FORM,       "dhcp4-form", "op, htype, hlen, cookie or message type of DHCP") \
	X(DHCP4_OPTIONS,    "dhcp4-options", "options that overrun or lie about their length") \
	X(DHCP4_CLIENT,     "dhcp4-client", "chaddr is not the interface's MAC") \
	X(DHCP4_RELAY,      "dhcp4-relay", "a guest that poses as a relay agent") \
	X(DHCP4_SERVER,     "dhcp4-server", "a message that only servers send") \
	X(DHCP4_OTHER,      "dhcp4-other-server", "meant for another server") \
	X(DHCP4_OFF,        "dhcp4-off", "DHCPv4 is not answered: no IPv4 for this guest, or enable_dhcp = no") \
	X(ND_FORM,          "nd-form", "type, code, lengths or options of neighbour discovery") \
	X(ND_SENDER,        "nd-sender", "a source or link-layer address that is not the guest's") \
	X(ND_TARGET,        "nd-target", "not an address that fold answers for") \
	X(ND_ROUTER,        "nd-router", "a message that only routers send") \
	X(DHCP6_FORM,       "dhcp6-form", "header, message type or client identifier of DHCPv6") \
	X(DHCP6_OPTIONS,    "dhcp6-options", "options that overrun or lie about their length") \
	X(DHCP6_RELAY,      "dhcp6-relay", "a guest that poses as a relay agent") \
	X(DHCP6_SERVER,     "dhcp6-server", "a message that only servers send") \
	X(DHCP6_OTHER,      "dhcp6-other-server", "meant for another server") \
	X(DHCP6_UNICAST,    "dhcp6-unicast", "sent to one address where the message must be multicast") \
	X(IP6_OFF,          "ip6-off", "no IPv6 for this guest") \
	X(DNS_FORM,         "dns-form", "not a question that can be answered at all") \
	X(NOTIFY_FORM,      "notify-form", "not what acknowledges a notification") \
	X(NOTIFY_OTHER,     "notify-other", "octets that were not sent, or are not waited for") \
	X(NO_ERROR,         "no-error-due", "refused at the gateway, and of a kind of which nobody is told") \
	X(REPLY_FULL,       "reply-full", "the answer does not fit its packet")
/* clang-format on */

enum drop {
#define X(name, text, meaning) DROP_##name,
	DROP_LIST(X)
#undef X
	    DROP_COUNT
};

const char *drop_name(enum drop d);
const char *drop_meaning(enum drop d); /* in words, for people */

#endif
