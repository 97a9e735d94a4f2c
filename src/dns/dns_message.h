/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_message: reads one message, decides about it and writes one message; the same for UDP and for TCP. */
#ifndef FOLD_DNS_MESSAGE_H
#define FOLD_DNS_MESSAGE_H

#include "dns/dns_decide.h"

struct dns_message {
	struct dns_query q; /* points into what was read */
	struct dns_reply a; /* the answer to it */
};

/*
 * by: the transport of the message and of its answer, which limits the answer's length. ANSWER_REPLY or ANSWER_FORWARD,
 * for dns_message_write(); ANSWER_DROP if the octets can have no answer. m points to g's zone.
 */
enum answer dns_message_read(const struct guest *g, enum dns_asker who, enum pkt_kind by, const uint8_t *data,
			     size_t len, struct dns_message *m);

/* Writes the answer or, to forward, the question for forward_ask(). Sets w->full if there is not enough room. */
void dns_message_write(const struct dns_message *m, bool forward, struct wr *w);

/* The log's name for an answer to that message. */
const char *dns_message_event(const struct dns_message *m);

#endif
