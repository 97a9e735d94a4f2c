/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names_dns: DNS messages as people read them. Texts are printable and cut to size. */
#ifndef FOLD_SHOW_NAMES_DNS_H
#define FOLD_SHOW_NAMES_DNS_H

#include "base/rd.h"
#include "show/text.h"

#include <stddef.h>
#include <stdint.h>

#define DNS_PORT_NUMBER 53

/*
 * The number of octets that the name at `at` takes in the message, pointers not followed; 0 if it runs past the end.
 */
size_t names_dns_skip(const uint8_t *message, size_t len, size_t at);

/* The name at `at`, pointers followed: "host.lab.test."; what is wrong with it in angle brackets. */
void names_dns_name(struct text *t, const uint8_t *message, size_t len, size_t at);

/* "A IN", "TYPE65534 CLASS7" */
void names_dns_type(struct text *t, uint16_t type);
void names_dns_class(struct text *t, uint16_t class);

/* "NOERROR qr aa rd ra" */
void names_dns_flags(struct text *t, uint16_t flags);

/*
 * Adds the data of a record of that type, `data_len` octets at `at`; in hex for types that have no form here, and for
 * addresses of a wrong length.
 */
void names_dns_data(struct text *t, uint16_t type, const uint8_t *message, size_t len, size_t at, size_t data_len);

/* The OPT record's fields, which lie where others have class and TTL. RFC 6891 6.1.3. */
void names_dns_opt(struct text *t, uint16_t size, uint32_t ttl);

/* One line about a message: the question, and of an answer its code and what it says. */
void names_dns_message(struct text *t, struct rd r);

#endif
