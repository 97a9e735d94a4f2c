/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_message: one message in, what becomes of it, one message out; the same for UDP and for TCP. */
#ifndef FOLD_DNS_MESSAGE_H
#define FOLD_DNS_MESSAGE_H

#include "dns/dns_decide.h"

struct dns_message {
	struct dns_query q; /* points into what was read */
	struct dns_reply a; /* what is said to it */
};

/*
 * by: what it came by, and its answer goes back by: how long that may be. ANSWER_REPLY or ANSWER_FORWARD, for
 * dns_message_write();
 * ANSWER_DROP where the octets can have no answer. g's zone is pointed to.
 */
enum answer dns_message_read(const struct guest *g, enum dns_asker who, enum pkt_kind by, const uint8_t *data,
			     size_t len, struct dns_message *m);

/* The answer, or, to forward, the question for forward_ask(). w->full where it does not fit there. */
void dns_message_write(const struct dns_message *m, bool forward, struct wr *w);

/* What an answer to it is called in the log. */
const char *dns_message_event(const struct dns_message *m);

#endif
