/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value: parses one value of a binding file or of the global configuration and stores it in a struct. A table of
 * `struct field` describes a file format.
 *
 * Specifications: RFC 1035 2.3.1, 3.1 (names), RFC 952 and 1123 2.1 (host names).
 */
#ifndef FOLD_GUEST_VALUE_H
#define FOLD_GUEST_VALUE_H

#include "guest/guest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_WIRE_MAX 255 /* RFC 1035 2.3.4, with length octets and root */
#define LIST_MAX 63       /* addresses in a list: what fits one DHCP option 6 */

/* What kind of text the value is, and the type that it fills at its offset. */
enum value_kind {
	VALUE_MAC,    /* uint8_t[MAC_LEN]; unicast, not zero */
	VALUE_IP4,    /* struct in_addr; one host's address */
	VALUE_IP6,    /* struct in6_addr; one host's address */
	VALUE_NET4,   /* struct cidr4; no host bits */
	VALUE_NET6,   /* struct cidr6; no host bits */
	VALUE_IFNAME, /* char[IFNAMSIZ] */
	VALUE_NUMBER, /* uint32_t, min..max */
	VALUE_QUEUE,  /* struct queues: one, or the first and the last of several */
	VALUE_BOOL,   /* bool: yes, no, true, false, on, off, 1, 0 */
	VALUE_FLAG,   /* bool: true where there is any value */
	VALUE_CHOICE, /* uint32_t: which word of `choices`, from 0 */
	VALUE_TEXT,   /* char * */
	VALUE_PATH,   /* char *; absolute */
	VALUE_HOST,   /* char *; a host name, with or without a domain, as it was written but for a last dot */
	VALUE_NAMES,  /* struct name_list */
	VALUE_WORDS,  /* struct word_list; each fit to be part of a file name */
	VALUE_IP4S,   /* struct ip4_list */
	VALUE_IP6S,   /* struct ip6_list */
	VALUE_ASKED6, /* struct ip6_list; none of them link-local */
	VALUE_ALLOWS, /* struct allow_list */
};

/* RFC 1035 names in lower case, uncompressed, one after the other. */
struct name_list {
	uint8_t *wire;
	size_t len;
};

/* A range of netfilter queues, 0..65535, as in iptables' --queue-balance; -1 and -1: none. */
struct queues {
	int32_t first, last;
};

struct word_list {
	char **at;
	size_t count;
};

struct field {
	const char *section; /* of the configuration; NULL in a binding */
	const char *name;
	enum value_kind kind;
	size_t offset;
	uint32_t min, max;    /* VALUE_NUMBER; VALUE_NAMES: octets of the whole list at most */
	uint32_t least, most; /* VALUE_NUMBER: the format raises or lowers it to these limits; 0 and 0: none */
	const char *choices;  /* VALUE_CHOICE: "word|word" */
	const char *wrong;    /* message for a value outside the limits or choices */
	unsigned key;         /* the format's own number of the key; aliases share one */
	unsigned flags;       /* the format's own */
};

/* The limits of a row, and the message for values outside them. Write plain numbers, because the message shows them. */
#define VALUE_RANGE(lo, hi) .min = (lo), .max = (hi), .wrong = "is not a number from " #lo " to " #hi
#define VALUE_COUNTS_AS(lo, hi) .least = (lo), .most = (hi)
#define VALUE_OCTETS(n) .max = (n), .wrong = "makes the list longer than " #n " octets; name fewer"
#define VALUE_ONE_OF(words) .choices = (words), .wrong = "is not one of " words

/*
 * Parses text, which is not empty, into base + f->offset. With `more` a list is added to; otherwise the value replaces
 * the old one. NULL if it is good, else what is wrong and what to write, as a text to follow `KEY=VALUE: `; then
 * nothing has changed.
 */
const char *value_store(const struct field *f, void *base, const char *text, bool more);

/* Frees what the field holds, if it holds anything. */
void value_clear(const struct field *f, void *base);

/*
 * Converts one name to lower-case wire form; a last dot is not needed, "." alone is the root. NULL and *len, or what is
 * wrong.
 */
const char *value_name(const char *text, uint8_t wire[static NAME_WIRE_MAX], size_t *len);
/* Whether two names in RFC 1035 form, in lower case and without pointers, are the same. */
bool value_same_name(const uint8_t *a, const uint8_t *b);

/* The octets of the name at wire, with its root octet, of which `left` are readable. 0 if there is no valid name. */
size_t value_name_len(const uint8_t *wire, size_t left);

/* The next item of a comma-separated list, trimmed: *len octets at *item. False at the end. Skips empty items. */
bool value_next(const char **list, const char **item, size_t *len);

#endif
