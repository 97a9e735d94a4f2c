/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specifications: RFC 1034 4.3.1, 2308, 6761, 6891, 6895, 8020, 8482, 8906, 9824. */
#include "dns/dns_decide.h"

#include "dns/dns_special.h"
#include "guest/alias.h"

/* RFC 8482 4.1: answers ANY with one of the name's sets. */
static void decide_any(const struct zone_set sets[static ZONE_TYPES], struct dns_reply *a)
{
	for (int t = 0; t < ZONE_TYPES && !a->set.count; t++)
		a->set = sets[t];
}

/* Answers about a name that has records here. No other server is asked about it, whatever the type. */
static void decide_known(const struct dns_query *q, const struct zone_set sets[static ZONE_TYPES], struct dns_reply *a)
{
	switch (q->type) {
	case DNS_TYPE_A:
		a->set = sets[ZONE_A];
		break;
	case DNS_TYPE_AAAA:
		a->set = sets[ZONE_AAAA];
		break;
	case DNS_TYPE_TXT:
		a->set = sets[ZONE_TXT];
		break;
	case DNS_TYPE_PTR:
		a->set = sets[ZONE_PTR];
		break;
	case DNS_TYPE_ANY:
		decide_any(sets, a);
		break;
	default:
		break;
	}
	/* RFC 2308 2.2: the name exists, records of this type do not. Not NXDOMAIN, which would deny the others too. */
	a->soa = a->set.count == 0;
	a->authoritative = true;
}

static void decide_nothing(bool exists, struct dns_reply *a)
{
	a->rcode = exists ? DNS_RCODE_NOERROR : DNS_RCODE_NXDOMAIN;
	a->soa = true;
	a->authoritative = true;
}

/* RFC 6761 6.3: names below localhost have the asker's own loopback addresses. */
static void decide_localhost(const struct dns_query *q, struct dns_reply *a)
{
	static const uint8_t four[4] = {127, 0, 0, 1}, six[16] = {[15] = 1};
	bool is4 = q->type == DNS_TYPE_A || q->type == DNS_TYPE_ANY;

	a->authoritative = true;
	a->soa = !is4 && q->type != DNS_TYPE_AAAA;
	if (a->soa)
		return;
	a->loopback = is4 ? four : six;
	a->loopback_len = is4 ? sizeof(four) : sizeof(six);
}

static bool refuse(uint16_t rcode, struct dns_reply *a)
{
	a->rcode = rcode;
	return false;
}

/* Decides about a name without records here. True if other servers are to be asked. */
static bool decide_elsewhere(const struct dns_policy *d, const struct dns_query *q, enum dns_special special,
			     enum zone_known known, enum dns_asker who, struct dns_reply *a)
{
	/*
	 * ALLOW holds for the guest alone: fold asks nobody on behalf of the network's askers, and their names betray
	 * no secret of the VM.
	 */
	bool closed = who == DNS_ASKER_GUEST && d->allow.count && !alias_allowed(&d->allow, d->aliases, q->name);
	bool others = d->forward && !closed && !dns_is_below(q->name, q->name_len, d->no_forward, d->no_forward_len);
	bool bare = special == DNS_SPECIAL_BARE;

	if (closed && known != ZONE_EMPTY)
		return refuse(DNS_RCODE_REFUSED, a);
	if (!others || (special != DNS_SPECIAL_NONE && !d->forward_private)) {
		/*
		 * RFC 8020 2: a name above a known name exists. So do the root and, if fold asks others about names
		 * below it, a name of one label: NXDOMAIN to `com A` would make a resolver in the guest deny all of
		 * com.
		 */
		decide_nothing(known == ZONE_EMPTY || q->name_len == 1 || (others && bare), a);
		return false;
	}
	/* The network's askers have servers of their own, and ask the next one after REFUSED. */
	if (who == DNS_ASKER_NETWORK)
		return refuse(DNS_RCODE_REFUSED, a);
	/* RFC 1034 4.3.1: without RD nobody else may be asked on the asker's behalf. */
	if (!(q->flags & DNS_FLAG_RD))
		return refuse(DNS_RCODE_REFUSED, a);
	a->exists = known == ZONE_EMPTY;
	return true;
}

/* RFC 8906 3, RFC 6895 3.1: the code for a question that does not ask for data; NOERROR if it does. */
static uint16_t check_question(const struct dns_query *q)
{
	/* RFC 6891 6.1.3 */
	if (q->edns && q->version > 0)
		return DNS_RCODE_BADVERS;
	if (q->class != DNS_CLASS_IN)
		return DNS_RCODE_REFUSED;
	if (q->type == 0 || q->type == DNS_TYPE_OPT || q->type == DNS_TYPE_NXNAME)
		return DNS_RCODE_FORMERR;
	/* Zone transfers, transactions, mail groups. */
	if (q->type >= DNS_TYPE_META_FIRST && q->type < DNS_TYPE_ANY)
		return DNS_RCODE_REFUSED;
	return DNS_RCODE_NOERROR;
}

bool dns_decide(const struct dns_policy *d, const struct dns_query *q, enum dns_asker who, struct dns_reply *a)
{
	struct zone_set sets[ZONE_TYPES];

	a->rcode = check_question(q);
	if (a->rcode != DNS_RCODE_NOERROR)
		return false;
	enum zone_known known = zone_find(d->zone, q->name, q->name_len, sets);
	if (known == ZONE_KNOWN) {
		decide_known(q, sets, a);
		return false;
	}
	if (known == ZONE_UNKNOWN && dns_is_above_special(q->name, q->name_len))
		known = ZONE_EMPTY;
	enum dns_special special = dns_special(q->name, q->name_len, q->type);
	switch (special) {
	case DNS_SPECIAL_LOCALHOST:
		decide_localhost(q, a);
		return false;
	case DNS_SPECIAL_ABSENT:
	case DNS_SPECIAL_EMPTY:
		decide_nothing(special == DNS_SPECIAL_EMPTY || known == ZONE_EMPTY, a);
		return false;
	case DNS_SPECIAL_NONE:
	case DNS_SPECIAL_PRIVATE:
	case DNS_SPECIAL_BARE:
		break;
	}
	return decide_elsewhere(d, q, special, known, who, a);
}
