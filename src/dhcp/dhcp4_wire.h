/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4_wire: the numbers of DHCPv4 and BOOTP, each with the section that gives it.
 * Only constants; the structs that code works with are in dhcp4_msg.h.
 */
#ifndef FOLD_DHCP_DHCP4_WIRE_H
#define FOLD_DHCP_DHCP4_WIRE_H

#define DHCP4_SERVER_PORT 67 /* RFC 2131 4.1 */
#define DHCP4_CLIENT_PORT 68 /* RFC 2131 4.1 */

#define DHCP4_HEADER_LEN 236     /* RFC 2131 2, figure 1: all before the options field */
#define DHCP4_CHADDR_LEN 16      /* RFC 2131 2 */
#define DHCP4_SNAME_LEN 64       /* RFC 2131 2 */
#define DHCP4_FILE_LEN 128       /* RFC 2131 2 */
#define DHCP4_COOKIE 0x63825363u /* RFC 2131 3: 99.130.83.99 */
#define DHCP4_COOKIE_LEN 4
#define DHCP4_OPTION_MAX 255 /* RFC 2132 2: the length is one octet */

#define DHCP4_BOOTP_MIN 300    /* RFC 951 3, RFC 1542 2.1: no shorter message on the wire */
#define DHCP4_DATAGRAM_MIN 576 /* RFC 2131 2, RFC 2132 9.10: every client takes as much */
#define DHCP4_OVERHEAD 28      /* IPv4 header without options, and UDP */

#define DHCP4_HTYPE_ETHERNET 1      /* RFC 2131 2, RFC 826 */
#define DHCP4_FLAG_BROADCAST 0x8000 /* RFC 2131 2, figure 2 */
#define DHCP4_FOREVER 0xffffffffu   /* RFC 2131 3.3 */
#define DHCP4_V6ONLY_MIN 300        /* RFC 8925 3.4: MIN_V6ONLY_WAIT, seconds */
#define DHCP4_MTU_MIN 68            /* RFC 2132 5.1 */
#define DHCP4_UUID_LEN 17           /* RFC 4578 2.3: type 0 and 16 octets */

/* RFC 2131 2: the op field. */
enum dhcp4_op {
	DHCP4_OP_REQUEST = 1,
	DHCP4_OP_REPLY = 2,
};

/* RFC 2132 9.6, and those after it that only servers send (RFC 3203 4, RFC 4388 6.1). */
enum dhcp4_type {
	DHCP4_TYPE_DISCOVER = 1,
	DHCP4_TYPE_OFFER = 2,
	DHCP4_TYPE_REQUEST = 3,
	DHCP4_TYPE_DECLINE = 4,
	DHCP4_TYPE_ACK = 5,
	DHCP4_TYPE_NAK = 6,
	DHCP4_TYPE_RELEASE = 7,
	DHCP4_TYPE_INFORM = 8,
	DHCP4_TYPE_FORCERENEW = 9,
	DHCP4_TYPE_LEASEUNASSIGNED = 11,
	DHCP4_TYPE_LEASEUNKNOWN = 12,
	DHCP4_TYPE_LEASEACTIVE = 13,
};

/* Option codes that fold reads or writes by itself; any other may come from the binding. */
enum dhcp4_code {
	DHCP4_CODE_PAD = 0,             /* RFC 2132 3.1 */
	DHCP4_CODE_SUBNET_MASK = 1,     /* RFC 2132 3.3 */
	DHCP4_CODE_ROUTER = 3,          /* RFC 2132 3.5 */
	DHCP4_CODE_DNS = 6,             /* RFC 2132 3.8 */
	DHCP4_CODE_HOSTNAME = 12,       /* RFC 2132 3.14 */
	DHCP4_CODE_DOMAIN = 15,         /* RFC 2132 3.17 */
	DHCP4_CODE_ROOT_PATH = 17,      /* RFC 2132 3.19 */
	DHCP4_CODE_MTU = 26,            /* RFC 2132 5.1 */
	DHCP4_CODE_BROADCAST = 28,      /* RFC 2132 5.3 */
	DHCP4_CODE_VENDOR = 43,         /* RFC 2132 8.4 */
	DHCP4_CODE_REQUESTED_IP = 50,   /* RFC 2132 9.1 */
	DHCP4_CODE_LEASE_TIME = 51,     /* RFC 2132 9.2 */
	DHCP4_CODE_OVERLOAD = 52,       /* RFC 2132 9.3 */
	DHCP4_CODE_TYPE = 53,           /* RFC 2132 9.6 */
	DHCP4_CODE_SERVER_ID = 54,      /* RFC 2132 9.7 */
	DHCP4_CODE_PARAMETER_LIST = 55, /* RFC 2132 9.8 */
	DHCP4_CODE_MESSAGE = 56,        /* RFC 2132 9.9 */
	DHCP4_CODE_MAX_SIZE = 57,       /* RFC 2132 9.10 */
	DHCP4_CODE_T1 = 58,             /* RFC 2132 9.11 */
	DHCP4_CODE_T2 = 59,             /* RFC 2132 9.12 */
	DHCP4_CODE_CLASS = 60,          /* RFC 2132 9.13 */
	DHCP4_CODE_CLIENT_ID = 61,      /* RFC 2132 9.14, RFC 6842 */
	DHCP4_CODE_BOOT_SERVER = 66,    /* RFC 2132 9.4 */
	DHCP4_CODE_BOOT_FILE = 67,      /* RFC 2132 9.5 */
	DHCP4_CODE_RAPID_COMMIT = 80,   /* RFC 4039 4 */
	DHCP4_CODE_FQDN = 81,           /* RFC 4702 2 */
	DHCP4_CODE_RELAY_INFO = 82,     /* RFC 3046 2.0 */
	DHCP4_CODE_ARCHITECTURE = 93,   /* RFC 4578 2.1 */
	DHCP4_CODE_NIC = 94,            /* RFC 4578 2.2: the revision of the boot loader's network interface */
	DHCP4_CODE_UUID = 97,           /* RFC 4578 2.3 */
	DHCP4_CODE_V6ONLY = 108,        /* RFC 8925 3.1 */
	DHCP4_CODE_SEARCH = 119,        /* RFC 3397 2 */
	DHCP4_CODE_ROUTES = 121,        /* RFC 3442 */
	DHCP4_CODE_IPXE = 175,          /* Etherboot's own, unassigned by IANA (RFC 3942) */
	DHCP4_CODE_ROUTES_OLD = 249,    /* 121 as Windows asked for it before RFC 3442 */
	DHCP4_CODE_END = 255,           /* RFC 2132 3.2 */
};

/* RFC 2132 9.3: which fields the overload option lends to options. */
enum dhcp4_overload {
	DHCP4_OVERLOAD_FILE = 1,
	DHCP4_OVERLOAD_SNAME = 2,
};

/* RFC 4702 2.1: the flags of option 81. */
enum dhcp4_fqdn {
	DHCP4_FQDN_S = 1, /* the server does the A record's update */
	DHCP4_FQDN_O = 2, /* the server overrode the client's S */
	DHCP4_FQDN_E = 4, /* the name is in DNS wire form */
	DHCP4_FQDN_N = 8, /* the server does no update at all */
};

#endif
