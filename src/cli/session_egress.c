/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ALLOW: an address may be reached before the guest learns of it, and because it did. */
#include "base/clock.h"
#include "cli/session_priv.h"
#include "dns/handed.h"
#include "guest/allow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int session_egress_change(struct session *s, const struct guest *to)
{
	if (!s->egress && to->dns.allow.count) {
		s->egress = calloc(1, sizeof(*s->egress));
		s->rules.egress = s->egress;
		if (!s->egress)
			return -ENOMEM;
	}
	if (s->egress)
		egress_forget(s->egress, &to->dns.allow);
	return 0;
}

/* Neighbours are reached anyway. */
static bool is_near(const struct identity *id, const struct handed *h)
{
	struct in_addr four;
	struct in6_addr six;

	memcpy(&four, h->address, sizeof(four));
	memcpy(&six, h->address, sizeof(six));
	return h->ip6 ? id->has6 && ip6_in(id->ip6, six) : id->has4 && ip4_in(id->ip4, four);
}

bool session_hand_out(void *session, const uint8_t *msg, size_t len)
{
	struct session *s = session;
	const struct allow_list *allow = &s->guest.dns.allow;
	uint8_t name[DNS_NAME_MAX];
	struct handed at[HANDED_MOST];
	struct egress_wish wishes[EGRESS_WISHES];
	size_t count = 0;

	if (!allow->count)
		return true;
	int handed = dns_handed(msg, len, name, at);
	for (size_t i = 0; i < allow->count && handed > 0; i++) {
		if (!allow_matches(&allow->at[i], name))
			continue;
		for (int j = 0; j < handed && count < EGRESS_WISHES; j++)
			if (!is_near(&s->id, &at[j]))
				wishes[count++] = (struct egress_wish){
				    .allow = &allow->at[i],
				    .ip6 = at[j].ip6,
				    .address = at[j].address,
				    .seconds = at[j].ttl,
				};
	}
	int err = count ? egress_put(s->egress, s->nft, s->info.iface, wishes, count, clock_ms()) : 0;
	if (err)
		log_err("%s: ALLOW: an answer is held back, for its addresses cannot be let through: %s", s->info.iface,
			strerror(-err));
	return err == 0;
}
