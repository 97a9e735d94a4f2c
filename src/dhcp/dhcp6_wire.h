/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6_wire: the numbers of DHCPv6, each with the section that gives it.
 * Only constants; the structs that code works with are in dhcp6_msg.h.
 */
#ifndef FOLD_DHCP_DHCP6_WIRE_H
#define FOLD_DHCP_DHCP6_WIRE_H

#define DHCP6_CLIENT_PORT 546 /* RFC 8415 7.2 */
#define DHCP6_SERVER_PORT 547 /* RFC 8415 7.2 */

#define DHCP6_XID_LEN 3          /* RFC 8415 8 */
#define DHCP6_DUID_MIN 3         /* RFC 8415 11.1: a type of two octets and one more at least */
#define DHCP6_DUID_MAX 130       /* RFC 8415 11.1: and 128 more at most */
#define DHCP6_DUID_LL 3          /* RFC 8415 11.4 */
#define DHCP6_DUID_LL_LEN 10     /* RFC 8415 11.4: type, hardware type, and a MAC address */
#define DHCP6_HTYPE_ETHERNET 1   /* RFC 8415 11.4, RFC 826 */
#define DHCP6_IA_HEAD 12         /* RFC 8415 21.4, 21.21: IAID, T1, T2 */
#define DHCP6_IA_TA_HEAD 4       /* RFC 8415 21.5: IAID alone */
#define DHCP6_IAADDR_HEAD 24     /* RFC 8415 21.6: address and two lifetimes */
#define DHCP6_IAPREFIX_HEAD 25   /* RFC 8415 21.22: two lifetimes, length, prefix */
#define DHCP6_PREFERENCE_MAX 255 /* RFC 8415 21.8: the client need not wait for other servers */
#define DHCP6_FOREVER 0xffffffffu
#define DHCP6_REFRESH_MIN 600 /* RFC 8415 7.6: IRT_MINIMUM, seconds */
#define DHCP6_NAME_MAX 255    /* RFC 1035 2.3.4: a whole name on the wire */
/* RFC 8200 5: 1280 octets pass every link whole; less the IPv6 and UDP headers. */
#define DHCP6_REPLY_MAX 1232

/* RFC 8415 7.3, and those after it that only servers send (RFC 5007, 5460, 6977, 7341). */
enum dhcp6_type {
	DHCP6_TYPE_SOLICIT = 1,
	DHCP6_TYPE_ADVERTISE = 2,
	DHCP6_TYPE_REQUEST = 3,
	DHCP6_TYPE_CONFIRM = 4,
	DHCP6_TYPE_RENEW = 5,
	DHCP6_TYPE_REBIND = 6,
	DHCP6_TYPE_REPLY = 7,
	DHCP6_TYPE_RELEASE = 8,
	DHCP6_TYPE_DECLINE = 9,
	DHCP6_TYPE_RECONFIGURE = 10,
	DHCP6_TYPE_INFORMATION_REQUEST = 11,
	DHCP6_TYPE_RELAY_FORW = 12,
	DHCP6_TYPE_RELAY_REPL = 13,
	DHCP6_TYPE_LEASEQUERY_REPLY = 15,
	DHCP6_TYPE_LEASEQUERY_DONE = 16,
	DHCP6_TYPE_LEASEQUERY_DATA = 17,
	DHCP6_TYPE_RECONFIGURE_REPLY = 19,
	DHCP6_TYPE_DHCPV4_RESPONSE = 21,
};

/* Option codes that fold reads or writes by itself; any other may come from the binding. */
enum dhcp6_code {
	DHCP6_CODE_CLIENT_ID = 1,     /* RFC 8415 21.2 */
	DHCP6_CODE_SERVER_ID = 2,     /* RFC 8415 21.3 */
	DHCP6_CODE_IA_NA = 3,         /* RFC 8415 21.4 */
	DHCP6_CODE_IA_TA = 4,         /* RFC 8415 21.5 */
	DHCP6_CODE_IAADDR = 5,        /* RFC 8415 21.6 */
	DHCP6_CODE_ORO = 6,           /* RFC 8415 21.7 */
	DHCP6_CODE_PREFERENCE = 7,    /* RFC 8415 21.8 */
	DHCP6_CODE_STATUS = 13,       /* RFC 8415 21.13 */
	DHCP6_CODE_RAPID_COMMIT = 14, /* RFC 8415 21.14 */
	DHCP6_CODE_VENDOR_CLASS = 16, /* RFC 8415 21.16 */
	DHCP6_CODE_VENDOR_OPTS = 17,  /* RFC 8415 21.17: the one below 21 that a binding may set */
	DHCP6_CODE_LAST_OWN = 20,     /* RFC 8415 21.20 */
	DHCP6_CODE_DNS = 23,          /* RFC 3646 3 */
	DHCP6_CODE_SEARCH = 24,       /* RFC 3646 4 */
	DHCP6_CODE_IA_PD = 25,        /* RFC 8415 21.21 */
	DHCP6_CODE_IAPREFIX = 26,     /* RFC 8415 21.22 */
	DHCP6_CODE_REFRESH_TIME = 32, /* RFC 8415 21.23 */
	DHCP6_CODE_FQDN = 39,         /* RFC 4704 4 */
	DHCP6_CODE_BOOT_URL = 59,     /* RFC 5970 3.1 */
};

/* RFC 8415 21.13. */
enum dhcp6_status {
	DHCP6_STATUS_SUCCESS = 0,
	DHCP6_STATUS_NO_ADDRS_AVAIL = 2,
	DHCP6_STATUS_NO_BINDING = 3,
	DHCP6_STATUS_NOT_ON_LINK = 4,
	DHCP6_STATUS_NO_PREFIX_AVAIL = 6,
};

/* RFC 4704 4.1: the flags of option 39. */
enum dhcp6_fqdn {
	DHCP6_FQDN_S = 1, /* the server does the AAAA record's update */
	DHCP6_FQDN_O = 2, /* the server overrode the client's S */
	DHCP6_FQDN_N = 4, /* the server does no update at all */
};

#endif
