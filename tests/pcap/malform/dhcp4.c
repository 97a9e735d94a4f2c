/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCPv4 and BOOTP messages that are short, overrun, have wrong lengths, or ask for what is not
 * theirs, in correct datagrams. RFC 951, 1542, 2131, 2132, 3046, 3396, 4039, 6842.
 */
#include "malform.h"

#include <stdlib.h>
#include <string.h>

/* Option bytes by their meaning. */
#define DISCOVER "\x35\x01\x01"
#define REQUEST "\x35\x01\x03"
#define DECLINE "\x35\x01\x04"
#define RELEASE "\x35\x01\x07"
#define INFORM "\x35\x01\x08"
#define ASK(d) "\x32\x04" IP_TEXT(d)    /* option 50 */
#define SERVER(d) "\x36\x04" IP_TEXT(d) /* option 54 */
#define END "\xff"

static void message_case(struct family *f, const struct dhcp4 *d, const char *want, const char *name)
{
	static struct bytes message, frame;

	dhcp4_message(d, &message);
	udp4_build(&d->udp, message.b, message.len, &frame);
	emit(f, &frame, want, "%s", name);
}

/* A case with these options; the further arguments are assignments that make the message wrong. */
#define CASE(name, want, options, ...)                                                                                 \
	do {                                                                                                           \
		struct dhcp4 d = dhcp4_default();                                                                      \
		dhcp4_options(&d, options, sizeof(options) - 1);                                                       \
		__VA_ARGS__;                                                                                           \
		message_case(f, &d, want, name);                                                                       \
	} while (0)

/* Sends from the guest's own address, as a client with a lease does. */
#define BOUND(to_ip)                                                                                                   \
	d.udp.src = GUEST_IP;                                                                                          \
	d.udp.dst = to_ip;                                                                                             \
	d.udp.dst_mac = mac_service;                                                                                   \
	d.ciaddr = GUEST_IP

/* A DISCOVER cut to every length, in headers that fit that length. */
static void short_messages(struct family *f)
{
	static struct bytes message, frame;
	struct dhcp4 d = dhcp4_discover();

	dhcp4_message(&d, &message);
	for (size_t n = 0; n < message.len; n++) {
		const char *want = "drop";
		/*
		 * RFC 951: a request is complete with 236 octets, because reading the vendor area is optional. From 240
		 * on the cookie is complete, from 243 on the message type. A responder may accept a missing END or not.
		 */
		if (n == 236 || n == 240)
			want = "reply BOOTP";
		else if (n > 236)
			want = "drop|reply";
		udp4_build(&d.udp, message.b, n, &frame);
		emit(f, &frame, want, "short-%zu", n);
	}
}

static void headers(struct family *f)
{
	static const unsigned hardware_lengths[] = {0, 1, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 128, 255};
	char name[32];

	for (size_t i = 0; i < sizeof(hardware_lengths) / sizeof(hardware_lengths[0]); i++) {
		snprintf(name, sizeof(name), "hlen-%u", hardware_lengths[i]);
		CASE(name, "drop dhcp4-form", DISCOVER END, d.hlen = hardware_lengths[i]);
	}
	CASE("htype-0", "drop dhcp4-form", DISCOVER END, d.htype = 0);
	CASE("htype-6", "drop dhcp4-form", DISCOVER END, d.htype = 6);
	CASE("htype-255", "drop dhcp4-form", DISCOVER END, d.htype = 255);
	CASE("op-0", "drop dhcp4-form", DISCOVER END, d.op = 0);
	CASE("op-2", "drop dhcp4-form|drop dhcp4-server", DISCOVER END, d.op = 2);
	CASE("op-255", "drop dhcp4-form", DISCOVER END, d.op = 255);
	/* RFC 2131 2: clients set hops to zero, relays increment it. Without giaddr there was no relay. */
	CASE("hops-255", "any", DISCOVER END, d.hops = 255);
	CASE("chaddr-other", "drop dhcp4-client", DISCOVER END, memcpy(d.chaddr, mac_other, 6));
	CASE("chaddr-zero", "drop dhcp4-client", DISCOVER END, memset(d.chaddr, 0, 16));
	CASE("chaddr-broadcast", "drop dhcp4-client", DISCOVER END, memset(d.chaddr, 0xff, 16));
	CASE("chaddr-service", "drop dhcp4-client", DISCOVER END, memcpy(d.chaddr, mac_service, 6));
	CASE("chaddr-padding-set", "reply DHCPOFFER", DISCOVER END, memset(d.chaddr + 6, 0xee, 10));
	CASE("giaddr-server", "drop dhcp4-relay", DISCOVER END, d.giaddr = SERVER_IP; d.hops = 1);
	CASE("giaddr-own", "drop dhcp4-relay", DISCOVER END, d.giaddr = GUEST_IP);
	CASE("giaddr-foreign", "drop dhcp4-relay", REQUEST ASK("\x64") END, d.giaddr = IP(192, 0, 2, 1));
	CASE("giaddr-bootp", "drop dhcp4-relay", END, d.giaddr = GUEST_IP);
	CASE("flags-reserved", "reply DHCPOFFER", DISCOVER END, d.flags = 0x7fff);
	CASE("flags-all", "reply DHCPOFFER", DISCOVER END, d.flags = 0xffff);
	CASE("secs-all", "reply DHCPOFFER", DISCOVER END, d.secs = 0xffff);
	CASE("xid-0", "reply DHCPOFFER", DISCOVER END, d.xid = 0);
	CASE("xid-all", "reply DHCPOFFER", DISCOVER END, d.xid = 0xffffffff);
	CASE("yiaddr-siaddr-set", "reply DHCPOFFER", DISCOVER END, d.yiaddr = OTHER_IP; d.siaddr = OTHER_IP);
	/* Buggy clients leave their old address in ciaddr. */
	CASE("discover-ciaddr", "reply DHCPOFFER", DISCOVER END, d.ciaddr = OTHER_IP);
}

/* RFC 1534, 951: no cookie or no message type is BOOTP; the reply has neither type nor lease. */
static void bootp(struct family *f)
{
	static const uint8_t zeros[64];

	CASE("bootp-cookie-end", "reply BOOTP", END);
	CASE("bootp-zero-vendor-area", "reply BOOTP", "", d.cookie = 0; dhcp4_options(&d, zeros, sizeof(zeros) - 4));
	CASE("bootp-only-pads", "reply BOOTP", "", dhcp4_options(&d, zeros, sizeof(zeros)));
	CASE("bootp-foreign-cookie", "reply BOOTP|drop dhcp4-form", DISCOVER END, d.cookie = 0xdeadbeef);
	CASE("cookie-swapped", "reply BOOTP|drop dhcp4-form", DISCOVER END, d.cookie = 0x53638263);
	CASE("cookie-one-bit", "reply BOOTP|drop dhcp4-form", DISCOVER END, d.cookie = 0x63825362);
	CASE("bootp-312-ff", "reply BOOTP", "", memset(d.options, 0xff, 312); d.options_len = 312);
	CASE("bootp-other-chaddr", "drop dhcp4-client", END, memcpy(d.chaddr, mac_other, 6));
	CASE("bootp-op-2", "drop", END, d.op = 2);
}

static void message_types(struct family *f)
{
	CASE("type-length-0", "drop", "\x35\x00" END);
	CASE("type-length-2", "drop", "\x35\x02\x01\x01" END);
	CASE("type-length-past-end", "drop dhcp4-options", "\x35\xff\x01");
	CASE("type-0", "drop dhcp4-form", "\x35\x01\x00" END);
	CASE("type-offer", "drop dhcp4-server", "\x35\x01\x02" END);
	CASE("type-ack", "drop dhcp4-server", "\x35\x01\x05" END);
	CASE("type-nak", "drop dhcp4-server", "\x35\x01\x06" END);
	CASE("type-forcerenew", "drop", "\x35\x01\x09" END);
	CASE("type-leasequery", "drop", "\x35\x01\x0a" END);
	CASE("type-18", "drop dhcp4-form", "\x35\x01\x12" END);
	CASE("type-255", "drop dhcp4-form", "\x35\x01\xff" END);
	CASE("type-twice-same", "drop|reply DHCPOFFER", DISCOVER DISCOVER END);
	CASE("type-twice-other", "drop|reply DHCPOFFER", DISCOVER REQUEST ASK("\x64") END);
	CASE("type-behind-end", "reply BOOTP", END DISCOVER);
	CASE("type-last", "reply DHCPOFFER", "\x37\x02\x01\x03" DISCOVER END);
}

static void overruns(struct family *f)
{
	CASE("length-missing", "drop dhcp4-options", DISCOVER "\x0c");
	CASE("length-past-end", "drop dhcp4-options", DISCOVER "\x0c\x10vm");
	CASE("length-past-end-255", "drop dhcp4-options", DISCOVER "\x3d\xff\x01");
	CASE("length-swallows-end", "drop dhcp4-options|reply DHCPOFFER", DISCOVER "\x0c\x04vm1" END);
	CASE("no-end", "drop dhcp4-options|reply DHCPOFFER", DISCOVER);
	CASE("no-end-but-pads", "drop dhcp4-options|reply DHCPOFFER", DISCOVER "\0\0\0\0\0\0\0\0");
	CASE("pads-between", "reply DHCPOFFER", "\0" DISCOVER "\0\0\0\x0c\x03vm1\0" END);
	CASE("pads-1000", "reply DHCPOFFER", DISCOVER, memset(d.options + 3, 0, 1000); d.options[1003] = 255;
	     d.options_len = 1004);
	CASE("junk-behind-end", "reply DHCPOFFER", DISCOVER END "\x35\x01\x05\x36\x04\x01\x02\x03\x04\x0c\xff");
	CASE("end-only-then-junk", "reply BOOTP", END "\x35\x01\x03\x32\xff");
	CASE("option-0-with-length", "reply DHCPOFFER|drop dhcp4-options", DISCOVER "\0\x02\x0c\x01" END);
}

/* RFC 2132 gives each of these one length. */
static void fixed_lengths(struct family *f)
{
	CASE("requested-length-0", "drop|reply", DISCOVER "\x32\x00" END);
	CASE("requested-length-2", "drop|reply", REQUEST "\x32\x02\x0a\x00" SERVER("\x01") END);
	CASE("requested-length-5", "drop|reply", REQUEST "\x32\x05" IP_TEXT("\x64\x00") SERVER("\x01") END);
	CASE("server-length-0", "drop", REQUEST ASK("\x64") "\x36\x00" END);
	CASE("server-length-2", "drop", REQUEST ASK("\x64") "\x36\x02\x0a\x00" END);
	CASE("server-length-8", "drop", REQUEST ASK("\x64") "\x36\x08" IP_TEXT("\x01") IP_TEXT("\x02") END);
	CASE("max-size-length-0", "drop|reply", DISCOVER "\x39\x00" END);
	CASE("max-size-length-1", "drop|reply", DISCOVER "\x39\x01\x02" END);
	CASE("max-size-length-4", "drop|reply", DISCOVER "\x39\x04\x05\xdc\x05\xdc" END);
	CASE("max-size-0", "reply DHCPOFFER", DISCOVER "\x39\x02\x00\x00" END);
	CASE("max-size-27", "reply DHCPOFFER", DISCOVER "\x39\x02\x00\x1b" END);
	CASE("max-size-575", "reply DHCPOFFER", DISCOVER "\x39\x02\x02\x3f" END);
	CASE("max-size-576", "reply DHCPOFFER", DISCOVER "\x39\x02\x02\x40" END);
	CASE("max-size-65535", "reply DHCPOFFER", DISCOVER "\x39\x02\xff\xff" END);
	CASE("max-size-swapped-1500", "reply DHCPOFFER", DISCOVER "\x39\x02\xdc\x05" END);
	CASE("lease-time-length-0", "drop|reply", DISCOVER "\x33\x00" END);
	CASE("lease-time-0", "reply DHCPOFFER", DISCOVER "\x33\x04\x00\x00\x00\x00" END);
	CASE("lease-time-for-ever", "reply DHCPOFFER", DISCOVER "\x33\x04\xff\xff\xff\xff" END);
	CASE("v6-only-length-0", "any", DISCOVER "\x6c\x00" END);
	CASE("v6-only-length-5", "any", DISCOVER "\x6c\x05\x00\x00\x00\x00\x00" END);
	CASE("rapid-commit-length-1", "drop|reply", DISCOVER "\x50\x01\x01" END);
}

static void parameter_lists(struct family *f)
{
	char all[260] = "\x35\x01\x01\x37\xff";

	CASE("list-length-0", "reply DHCPOFFER", DISCOVER "\x37\x00" END);
	CASE("list-same-code", "reply DHCPOFFER", DISCOVER "\x37\x08\x01\x01\x01\x01\x03\x03\x03\x03" END);
	CASE("list-0-255-53", "reply DHCPOFFER", DISCOVER "\x37\x06\x00\xff\x35\x36\x33\x01" END);
	CASE("list-52-55-61-80", "reply DHCPOFFER", DISCOVER "\x37\x05\x34\x37\x3d\x50\x52" END);
	for (int i = 0; i < 255; i++)
		all[5 + i] = (char)i;
	CASE("list-of-255", "reply DHCPOFFER", "", dhcp4_options(&d, all, 260); d.options[260] = 255;
	     d.options_len = 261);
	memset(all + 5, 6, 255);
	CASE("list-of-255-same", "reply DHCPOFFER", "", dhcp4_options(&d, all, 260); d.options[260] = 255;
	     d.options_len = 261);
	CASE("list-twice", "reply DHCPOFFER", DISCOVER "\x37\x02\x01\x03\x37\x02\x06\x0f" END);
}

/* RFC 6842: the reply repeats the client identifier, whatever it contains. */
static void client_ids(struct family *f)
{
	CASE("client-id-length-0", "any", DISCOVER "\x3d\x00" END);
	CASE("client-id-length-1", "reply DHCPOFFER", DISCOVER "\x3d\x01\x00" END);
	CASE("client-id-other-mac", "reply DHCPOFFER", DISCOVER "\x3d\x07\x01\x52\x54\x00\x99\x99\x99" END);
	CASE("client-id-control-bytes", "reply DHCPOFFER", DISCOVER "\x3d\x06\x00\x0a\x0d\x1b\x5b\x41" END);
	CASE("client-id-255", "reply DHCPOFFER", DISCOVER "\x3d\xff", memset(d.options + 5, 0xab, 255);
	     d.options[260] = 255; d.options_len = 261);
	CASE("client-id-255-nak", "reply DHCPNAK", REQUEST "\x32\x04" IP_TEXT("\x07") "\x3d\xff",
	     memset(d.options + 11, 0xab, 255);
	     d.options[266] = 255; d.options_len = 267);
	/* RFC 3396: the same option again is its continuation. */
	CASE("client-id-twice", "reply DHCPOFFER", DISCOVER "\x3d\x03\x01\x02\x03\x3d\x02\x04\x05" END);
	CASE("client-id-twice-255", "reply DHCPOFFER|drop", DISCOVER "\x3d\xff", memset(d.options + 5, 0xab, 255);
	     memcpy(d.options + 260, "\x3d\xff", 2); memset(d.options + 262, 0xcd, 255); d.options[517] = 255;
	     d.options_len = 518);
	/* The reply may not contain the identifier of an earlier message. */
	CASE("client-id-absent", "reply DHCPOFFER", DISCOVER END);
}

static void strings(struct family *f)
{
	CASE("host-name-length-0", "reply DHCPOFFER", DISCOVER "\x0c\x00" END);
	CASE("host-name-nul", "reply DHCPOFFER", DISCOVER "\x0c\x04vm1\0" END);
	CASE("host-name-nul-inside", "reply DHCPOFFER", DISCOVER "\x0c\x05vm\0xy" END);
	CASE("host-name-control-bytes", "reply DHCPOFFER", DISCOVER "\x0c\x09\x1b[2J\r\n\x7f%s" END);
	CASE("host-name-high-bytes", "reply DHCPOFFER", DISCOVER "\x0c\x04\x80\xff\xc3\x28" END);
	CASE("host-name-255", "reply DHCPOFFER", DISCOVER "\x0c\xff", memset(d.options + 5, 'a', 255);
	     d.options[260] = 255; d.options_len = 261);
	CASE("fqdn-length-0", "reply DHCPOFFER", DISCOVER "\x51\x00" END);
	CASE("fqdn-length-2", "reply DHCPOFFER", DISCOVER "\x51\x02\x04\x00" END);
	CASE("fqdn-label-overrun", "reply DHCPOFFER", DISCOVER "\x51\x06\x04\x00\x00\x3fvm" END);
	CASE("fqdn-pointer", "reply DHCPOFFER", DISCOVER "\x51\x05\x04\x00\x00\xc0\x03" END);
	/* RFC 3046 2.0: only a relay agent adds option 82. */
	CASE("relay-option", "any", DISCOVER "\x52\x04\x01\x02vm" END);
	CASE("relay-suboption-lies", "any", DISCOVER "\x52\x04\x01\x20vm" END);
	CASE("vendor-class-255", "reply DHCPOFFER", DISCOVER "\x3c\xff", memset(d.options + 5, 0x0a, 255);
	     d.options[260] = 255; d.options_len = 261);
	CASE("user-class-lies", "reply DHCPOFFER", DISCOVER "\x4d\x03\xff\x61\x62" END);
}

/* RFC 2132 9.3 and RFC 3396 5: options, then file, then sname. */
static void overloads(struct family *f)
{
	CASE("overload-0", "drop|reply", DISCOVER "\x34\x01\x00" END);
	CASE("overload-4", "drop|reply", DISCOVER "\x34\x01\x04" END);
	CASE("overload-255", "drop|reply", DISCOVER "\x34\x01\xff" END);
	CASE("overload-length-0", "drop|reply", DISCOVER "\x34\x00" END);
	CASE("overload-length-2", "drop|reply", DISCOVER "\x34\x02\x01\x01" END);
	CASE("overload-both-empty", "reply DHCPOFFER", DISCOVER "\x34\x01\x03" END, d.file[0] = 255; d.sname[0] = 255);
	CASE("overload-both-pads", "reply DHCPOFFER|drop dhcp4-options", DISCOVER "\x34\x01\x03" END, );
	CASE("overload-type-in-file", "reply DHCPOFFER", "\x34\x01\x01" END, memcpy(d.file, DISCOVER END, 4));
	CASE("overload-type-in-sname", "reply DHCPOFFER", "\x34\x01\x02" END, memcpy(d.sname, DISCOVER END, 4));
	CASE("overload-file-no-end", "reply DHCPOFFER|drop dhcp4-options", DISCOVER "\x34\x01\x01" END,
	     memcpy(d.file, "\x0c\x7evm1", 5));
	CASE("overload-file-overrun", "drop dhcp4-options", DISCOVER "\x34\x01\x01" END,
	     memcpy(d.file, "\x0c\x7fvm1", 5));
	CASE("overload-sname-overrun", "drop dhcp4-options", DISCOVER "\x34\x01\x02" END,
	     memcpy(d.sname, "\x0c\x3fvm1", 5));
	CASE("overload-in-file", "reply DHCPOFFER|drop dhcp4-options", DISCOVER "\x34\x01\x01" END,
	     memcpy(d.file, "\x34\x01\x03\xff", 4);
	     memcpy(d.sname, "\x3d\xff", 2));
	CASE("overload-split-client-id", "reply DHCPOFFER", DISCOVER "\x34\x01\x03\x3d\x02\x01\x02" END,
	     memcpy(d.sname, "\x3d\x02\x05\x06\xff", 5);
	     memcpy(d.file, "\x3d\x02\x03\x04\xff", 5));
	CASE("overload-split-type", "drop|reply DHCPOFFER", DISCOVER "\x34\x01\x01" END,
	     memcpy(d.file, REQUEST END, 4));
	CASE("overload-not-said", "reply BOOTP", END, memcpy(d.file, DISCOVER END, 4));
	CASE("file-and-sname-full", "reply DHCPOFFER", DISCOVER END, memset(d.file, 'f', 128);
	     memset(d.sname, 's', 64));
}

/* RFC 2131 4.3.2: a REQUEST of each client state, correct and wrong. */
static void requests(struct family *f)
{
	CASE("selecting", "reply DHCPACK", REQUEST SERVER("\x01") ASK("\x64") END);
	CASE("selecting-other-server", "drop dhcp4-other-server", REQUEST SERVER("\x02") ASK("\x64") END);
	CASE("selecting-server-0", "drop dhcp4-other-server", REQUEST "\x36\x04\0\0\0\0" ASK("\x64") END);
	CASE("selecting-server-broadcast", "drop dhcp4-other-server",
	     REQUEST "\x36\x04\xff\xff\xff\xff" ASK("\x64") END);
	CASE("selecting-other-address", "reply DHCPNAK", REQUEST SERVER("\x01") ASK("\x65") END);
	/* RFC 2131 4.3.2: option 50 is mandatory. A responder may accept its lack, since it offers only one address. */
	CASE("selecting-no-address", "reply|drop", REQUEST SERVER("\x01") END);
	CASE("init-reboot", "reply DHCPACK", REQUEST ASK("\x64") END);
	CASE("init-reboot-other-address", "reply DHCPNAK", REQUEST ASK("\x65") END);
	CASE("init-reboot-other-subnet", "reply DHCPNAK", REQUEST "\x32\x04\xc0\xa8\x4d\x05" END);
	CASE("init-reboot-zero", "reply DHCPNAK", REQUEST "\x32\x04\0\0\0\0" END);
	CASE("init-reboot-broadcast", "reply DHCPNAK", REQUEST "\x32\x04\xff\xff\xff\xff" END);
	CASE("init-reboot-server-address", "reply DHCPNAK", REQUEST ASK("\x01") END);
	CASE("request-nothing", "reply DHCPNAK|drop", REQUEST END);
	CASE("renewing", "reply DHCPACK", REQUEST END, BOUND(SERVER_IP));
	CASE("rebinding", "reply DHCPACK", REQUEST END, BOUND(BROADCAST_IP); d.udp.dst_mac = mac_broadcast);
	CASE("rebinding-from-zero", "reply DHCPACK", REQUEST END, d.ciaddr = GUEST_IP);
	CASE("rebinding-other-address", "reply DHCPNAK", REQUEST END, d.ciaddr = OTHER_IP);
	CASE("renewing-other-address", "reply DHCPNAK|drop", REQUEST END, BOUND(SERVER_IP); d.ciaddr = OTHER_IP;
	     d.udp.src = OTHER_IP);
	CASE("renewing-broadcast-ciaddr", "reply DHCPNAK|drop", REQUEST END, d.ciaddr = BROADCAST_IP);
	CASE("renewing-with-server-id", "reply DHCPACK", REQUEST SERVER("\x01") END, BOUND(SERVER_IP));
	CASE("renewing-other-server-id", "drop dhcp4-other-server", REQUEST SERVER("\x02") END, BOUND(SERVER_IP));
	CASE("ciaddr-and-asked-agree", "reply DHCPACK", REQUEST ASK("\x64") END, BOUND(SERVER_IP));
	CASE("ciaddr-right-asked-wrong", "reply DHCPNAK|drop", REQUEST ASK("\x65") END, BOUND(SERVER_IP));
	CASE("ciaddr-wrong-asked-right", "any", REQUEST ASK("\x64") END, d.ciaddr = OTHER_IP);
	CASE("nak-broadcast-flag-clear", "reply DHCPNAK", REQUEST ASK("\x65") END, d.flags = 0);
	CASE("discover-rapid-commit", "reply DHCPACK", DISCOVER "\x50\x00" END);
	CASE("discover-asks-other", "reply DHCPOFFER", DISCOVER ASK("\x65") END);
	CASE("discover-for-other-server", "any", DISCOVER SERVER("\x02") END);
}

static void other_messages(struct family *f)
{
	CASE("inform", "reply DHCPINFORM ACK", INFORM END, BOUND(SERVER_IP));
	CASE("inform-ciaddr-0", "reply DHCPINFORM ACK", INFORM END, BOUND(SERVER_IP); d.ciaddr = 0);
	CASE("inform-nothing", "any", INFORM END);
	CASE("inform-ciaddr-other", "any", INFORM END, BOUND(SERVER_IP); d.ciaddr = OTHER_IP);
	CASE("inform-ciaddr-multicast", "any", INFORM END, BOUND(SERVER_IP); d.ciaddr = IP(224, 0, 0, 1));
	CASE("inform-other-server", "any", INFORM SERVER("\x02") END, BOUND(SERVER_IP));
	CASE("decline", "quiet", DECLINE SERVER("\x01") ASK("\x64") END);
	CASE("decline-other-address", "quiet|drop", DECLINE SERVER("\x01") ASK("\x65") END);
	CASE("decline-other-server", "quiet|drop", DECLINE SERVER("\x02") ASK("\x64") END);
	CASE("decline-nothing", "quiet|drop", DECLINE END);
	CASE("release", "quiet", RELEASE SERVER("\x01") END, BOUND(SERVER_IP));
	CASE("release-no-server", "quiet", RELEASE END, BOUND(SERVER_IP));
	CASE("release-broadcast-from-zero", "quiet", RELEASE SERVER("\x01") END, d.ciaddr = GUEST_IP);
	CASE("release-other-address", "quiet|drop", RELEASE SERVER("\x01") END, d.ciaddr = OTHER_IP);
	CASE("release-other-server", "quiet|drop", RELEASE SERVER("\x02") END, BOUND(SERVER_IP));
}

/* More data of one option than a 16-bit length can count, in a datagram of the maximum size. */
static void giants(struct family *f)
{
	static struct bytes message, frame;
	struct dhcp4 d = dhcp4_default();

	dhcp4_options(&d, DISCOVER, 3);
	dhcp4_message(&d, &message);
	while (message.len + 257 + 1 <= 65507) {
		put(&message, "\x3d\xff", 2);
		fill(&message, 0x61, 255);
	}
	put8(&message, 255);
	udp4_build(&d.udp, message.b, message.len, &frame);
	emit(f, &frame, "reply DHCPOFFER|drop", "client-id-64-kib");
	d = dhcp4_default();
	dhcp4_message(&d, &message);
	while (message.len + 3 + 4 <= 65507)
		put(&message, "\x37\x01\x03", 3);
	put(&message, DISCOVER END, 4);
	udp4_build(&d.udp, message.b, message.len, &frame);
	emit(f, &frame, "reply DHCPOFFER|drop", "parameter-list-in-21000-pieces");
	dhcp4_message(&d, &message);
	fill(&message, 0, 65507 - message.len);
	udp4_build(&d.udp, message.b, message.len, &frame);
	emit(f, &frame, "any", "pads-64-kib");
}

/* A random generator of its own (Lehmer, 48271 mod 2^31-1), so that the frames are the same everywhere. */
static uint32_t random_next(uint32_t *state)
{
	*state = (uint32_t)((uint64_t)*state * 48271 % 2147483647);
	return *state;
}

static void mutants(struct family *f)
{
	static struct bytes message, frame;
	uint32_t state = 20260101;

	for (int n = 0; n < 96; n++) {
		struct dhcp4 d = dhcp4_discover();
		dhcp4_message(&d, &message);
		for (uint32_t flips = 1 + random_next(&state) % 4; flips; flips--) {
			/* Changes mostly options, because the parser does most of its work there. */
			size_t from = random_next(&state) % 4 ? 236 : 0;
			size_t at = from + random_next(&state) % (message.len - from);
			message.b[at] = (uint8_t)random_next(&state);
		}
		udp4_build(&d.udp, message.b, message.len, &frame);
		emit(f, &frame, "any", "mutant-%d", n);
	}
}

void dhcp4_cases(struct family *f)
{
	short_messages(f);
	headers(f);
	bootp(f);
	message_types(f);
	overruns(f);
	fixed_lengths(f);
	parameter_lists(f);
	client_ids(f);
	strings(f);
	overloads(f);
	requests(f);
	other_messages(f);
	giants(f);
	mutants(f);
}
