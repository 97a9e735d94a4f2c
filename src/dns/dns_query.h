/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_query: a question taken apart. Specifications: RFC 1035 4.1, 6891 6.1, 9619. */
#ifndef FOLD_DNS_QUERY_H
#define FOLD_DNS_QUERY_H

#include "dns/dns_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_query {
	uint16_t id, flags;
	uint8_t opcode;
	/* The question as it came, its case kept, with type and class; NULL where there is none that could be read. */
	const uint8_t *question;
	size_t question_len;
	uint8_t name[DNS_NAME_MAX]; /* in lower case */
	size_t name_len;
	uint16_t type, class;
	bool edns; /* it has an OPT record */
	uint8_t version;
	uint16_t size; /* octets of UDP data that the asker takes; never below 512 */
	bool dnssec_ok;
};

/*
 * -1 if the octets can have no answer at all; else the response code for them, NOERROR if all is good. Fields that were
 * not reached are 0.
 */
int dns_query_parse(const uint8_t *data, size_t len, struct dns_query *q);

#endif
