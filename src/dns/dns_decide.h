/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns_decide: decides how a parsed question is answered, and which packets are questions at all. */
#ifndef FOLD_DNS_DECIDE_H
#define FOLD_DNS_DECIDE_H

#include "dns/dns_query.h"
#include "dns/dns_reply.h"
#include "guest/guest.h"
#include "pkt/pkt.h"

/* Who asks, as far as the answer depends on it. */
enum dns_asker { DNS_ASKER_GUEST, DNS_ASKER_NETWORK };

/* True if other servers are to be asked; else a is the answer. */
bool dns_decide(const struct dns_policy *d, const struct dns_query *q, enum dns_asker who, struct dns_reply *a);

/* True if a UDP or TCP packet's source is the guest's own address, given or formed on the link. */
bool dns_is_own_source(const struct guest *g, const struct pkt *in);

/* True if the packet was sent to one of fold's own addresses on the guest's link. */
bool dns_is_service(const struct guest *g, const struct pkt *in);

#endif
