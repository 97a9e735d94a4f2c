/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ALLOW: an address may be reached before the guest learns of it, and because it did. */
#include "base/clock.h"
#include "cli/session_priv.h"
#include "dns/handed.h"
#include "guest/allow.h"

#include <string.h>

/* Neighbours are reached anyway. */
static bool is_near(const struct identity *id, const struct handed *h)
{
	struct in_addr four;
	struct in6_addr six;

	memcpy(&four, h->address, sizeof(four));
	memcpy(&six, h->address, sizeof(six));
	return h->ip6 ? id->has6 && ip6_in(id->ip6, six) : id->has4 && ip4_in(id->ip4, four);
}

/* What the names of the list that fit this one let in. */
static size_t make_wishes(const struct session *s, const uint8_t *name, const struct handed *at, size_t handed,
			  struct egress_wish to[static EGRESS_WISHES])
{
	const struct allow_list *allow = &s->guest.dns.allow;
	size_t count = 0;

	for (size_t i = 0; i < allow->count; i++) {
		if (!allow_matches(&allow->at[i], name))
			continue;
		for (size_t j = 0; j < handed && count < EGRESS_WISHES; j++) {
			if (is_near(&s->id, &at[j]))
				continue;
			to[count++] = (struct egress_wish){
			    .allow = &allow->at[i],
			    .ip6 = at[j].ip6,
			    .address = at[j].address,
			    .seconds = at[j].ttl,
			};
		}
	}
	return count;
}

static bool let_in(struct session *s, const uint8_t *msg, size_t len)
{
	uint8_t name[DNS_NAME_MAX];
	struct handed at[HANDED_MOST];
	struct egress_wish wishes[EGRESS_WISHES];
	uint64_t unsaid;
	int handed = dns_handed(msg, len, name, at);
	size_t count = handed > 0 ? make_wishes(s, name, at, (size_t)handed, wishes) : 0;
	int err = count ? egress_put(s->egress, s->nft, s->info.iface, wishes, count, clock_ms()) : 0;

	if (err && log_limit_pass(&s->refusals, clock_coarse_ms(), &unsaid))
		log_err("%s: ALLOW: an answer is held back, for its addresses cannot be let through: %s", s->info.iface,
			strerror(-err));
	return err == 0;
}

/* Most VMs have no such list: then this costs nothing, nor any of the stack. */
bool session_hand_out(void *session, const uint8_t *msg, size_t len)
{
	struct session *s = session;

	return !s->guest.dns.allow.count || let_in(s, msg, len);
}
