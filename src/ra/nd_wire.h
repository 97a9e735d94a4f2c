/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nd_wire: numbers of neighbour discovery on the wire. RFC 4861, 8106; each constant has its section. */
#ifndef FOLD_RA_ND_WIRE_H
#define FOLD_RA_ND_WIRE_H

#define ND_HOP_LIMIT 255 /* RFC 4861 6.1.1, 7.1.1: no router has forwarded it */

/* RFC 4861 4: ICMPv6 types. */
enum nd_type {
	ND_TYPE_ROUTER_SOLICIT = 133,    /* 4.1 */
	ND_TYPE_ROUTER_ADVERT = 134,     /* 4.2 */
	ND_TYPE_NEIGHBOUR_SOLICIT = 135, /* 4.3 */
	ND_TYPE_NEIGHBOUR_ADVERT = 136,  /* 4.4 */
	ND_TYPE_REDIRECT = 137,          /* 4.5 */
};

/* RFC 4861 4.6; RFC 8106 5. */
enum nd_option {
	ND_OPTION_SOURCE_LINK = 1, /* 4.6.1 */
	ND_OPTION_TARGET_LINK = 2, /* 4.6.1 */
	ND_OPTION_PREFIX = 3,      /* 4.6.2 */
	ND_OPTION_MTU = 5,         /* 4.6.4 */
	ND_OPTION_RDNSS = 25,      /* RFC 8106 5.1 */
	ND_OPTION_DNSSL = 31,      /* RFC 8106 5.2 */
};

#define ND_OPTION_UNIT 8 /* RFC 4861 4.6: option lengths count these many octets */

/* RFC 4861 4.4: flags of a neighbour advertisement, in its first octet. */
#define ND_ADVERT_ROUTER 0x80
#define ND_ADVERT_SOLICITED 0x40
#define ND_ADVERT_OVERRIDE 0x20

/* RFC 4861 4.2: flags of a router advertisement. RFC 4191 2.2: the preference between them stays 00, medium. */
#define RA_FLAG_MANAGED 0x80
#define RA_FLAG_OTHER 0x40

/* RFC 4861 4.6.2: flags of a prefix. */
#define RA_PREFIX_ON_LINK 0x80
#define RA_PREFIX_AUTONOMOUS 0x40

#endif
