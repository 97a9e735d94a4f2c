/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of DNS. Specifications: RFC 1035 4.1, RFC 6891, RFC 6895. */
#ifndef FOLD_DNS_WIRE_H
#define FOLD_DNS_WIRE_H

#define DNS_PORT 53
#define DNS_NAME_MAX 255  /* RFC 1035 2.3.4 */
#define DNS_LABEL_MAX 63  /* RFC 1035 2.3.4 */
#define DNS_HEADER 12     /* RFC 1035 4.1.1 */
#define DNS_UDP_MIN 512   /* RFC 1035 4.2.1: what everybody can take */
#define DNS_UDP_MAX 1232  /* what no link with IPv6 cuts: 1280 - 40 - 8 (RFC 6891 6.2.3 leaves the number to us) */
#define DNS_TCP_MAX 65535 /* RFC 1035 4.2.2: what two octets of length say */
#define DNS_OPT_LEN 11    /* an OPT record without options */
#define DNS_RR_FIXED 10   /* type, class, TTL, length of a record */
#define DNS_OWNER_QUESTION 0xc00c /* RFC 1035 4.1.4: a pointer to the question's name */

enum dns_flag { /* RFC 1035 4.1.1, RFC 4035 3.1.6, 3.2.2 */
		DNS_FLAG_QR = 0x8000,
		DNS_FLAG_OPCODE = 0x7800,
		DNS_FLAG_AA = 0x0400,
		DNS_FLAG_TC = 0x0200,
		DNS_FLAG_RD = 0x0100,
		DNS_FLAG_RA = 0x0080,
		DNS_FLAG_CD = 0x0010,
		DNS_FLAG_RCODE = 0x000f,
};

enum dns_rcode { /* RFC 1035 4.1.1, RFC 6891 9 */
		 DNS_RCODE_NOERROR = 0,
		 DNS_RCODE_FORMERR = 1,
		 DNS_RCODE_SERVFAIL = 2,
		 DNS_RCODE_NXDOMAIN = 3,
		 DNS_RCODE_NOTIMP = 4,
		 DNS_RCODE_REFUSED = 5,
		 DNS_RCODE_BADVERS = 16,
};

enum dns_type { /* RFC 6895 3.1 and the registry it began */
		DNS_TYPE_A = 1,
		DNS_TYPE_CNAME = 5,
		DNS_TYPE_SOA = 6,
		DNS_TYPE_PTR = 12,
		DNS_TYPE_TXT = 16,
		DNS_TYPE_AAAA = 28,
		DNS_TYPE_OPT = 41,
		DNS_TYPE_DS = 43,
		DNS_TYPE_NSEC = 47,
		DNS_TYPE_NSEC3 = 50,
		DNS_TYPE_SVCB = 64,
		DNS_TYPE_HTTPS = 65,
		DNS_TYPE_NXNAME = 128,     /* RFC 9824: stands in a proof, and is no question */
		DNS_TYPE_META_FIRST = 128, /* to 255: questions and transactions, no data */
		DNS_TYPE_ANY = 255,
};

enum { DNS_CLASS_IN = 1 };

#define DNS_EDNS_DO 0x8000 /* RFC 3225 3: in the low half of OPT's TTL */

#endif
