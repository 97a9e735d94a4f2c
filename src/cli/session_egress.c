/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ALLOW: lets the VM reach the addresses in a DNS answer, before that answer goes to the guest. */
#include "base/clock.h"
#include "cli/session_priv.h"
#include "dns/handed.h"
#include "fw/nft.h"
#include "guest/alias.h"
#include "guest/allow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The VM reaches addresses of its own subnet without ALLOW. */
static bool is_near(const struct identity *id, const struct handed *h)
{
	struct in_addr four;
	struct in6_addr six;

	memcpy(&four, h->address, sizeof(four));
	memcpy(&six, h->address, sizeof(six));
	return h->ip6 ? id->has6 && ip6_in(id->ip6, six) : id->has4 && ip4_in(id->ip4, four);
}

static size_t find_patterns(const struct dns_policy *d, const uint8_t *name, const struct allow *to[static ALLOW_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < d->allow.count; i++) {
		if (alias_matches(&d->allow.at[i], d->aliases, name))
			to[count++] = &d->allow.at[i];
	}
	return count;
}

static size_t find_far(const struct identity *id, const struct handed *at, size_t handed,
		       struct egress_given to[static HANDED_MOST])
{
	size_t count = 0;

	for (size_t i = 0; i < handed; i++) {
		if (is_near(id, &at[i]))
			continue;
		to[count++] = (struct egress_given){.ip6 = at[i].ip6, .address = at[i].address, .seconds = at[i].ttl};
	}
	return count;
}

/* Lets the VM reach all addresses in the answer. 0, or -errno: then the answer must not be sent, nor part of it. */
static int let_in(struct session *s, const uint8_t *msg, size_t len, uint64_t now)
{
	uint8_t name[DNS_NAME_MAX];
	struct handed at[HANDED_MOST];
	struct egress_given given[HANDED_MOST];
	const struct allow *by[ALLOW_MAX];
	int handed = dns_handed(msg, len, name, at);

	if (handed <= 0)
		return 0;
	struct egress_answer a = {.name = name, .by = by, .given = given};
	a.by_count = find_patterns(&s->guest.dns, name, by);
	if (!a.by_count)
		return 0;
	if (handed > HANDED_MOST)
		return -E2BIG;
	a.count = find_far(&s->id, at, (size_t)handed, given);
	return a.count ? egress_put(s->egress, s->nft, s->info.iface, &a, now) : 0;
}

/* Remembers the names that the answer says an allowed name is an alias of: a resolver in the VM may query them next. */
static void keep_aliases(struct session *s, const uint8_t *msg, size_t len, uint64_t now)
{
	uint8_t name[DNS_NAME_MAX];
	struct handed_alias to[HANDED_ALIASES];
	int count = dns_handed_aliases(msg, len, name, to);

	if (count <= 0)
		return;
	if (!s->aliases)
		s->guest.dns.aliases = s->aliases = calloc(1, sizeof(*s->aliases));
	for (int i = 0; s->aliases && i < count; i++)
		alias_follow(s->aliases, &s->guest.dns.allow, name, to[i].name, to[i].ttl, now);
}

static const char *reason(int err)
{
	switch (err) {
	case -E2BIG:
		return "there are too many of them";
	case -EAGAIN:
		return "the VM asks for too many names in too short a time";
	default:
		return nft_error(err);
	}
}

static bool hand_out(struct session *s, const uint8_t *msg, size_t len)
{
	uint64_t unsaid;
	uint64_t now = clock_ms();

	if (s->aliases)
		alias_expire(s->aliases, now);
	int err = let_in(s, msg, len, now);
	if (!err)
		keep_aliases(s, msg, len, now);
	if (err && log_limit_pass(&s->refusals, clock_coarse_ms(), &unsaid))
		log_err("%s: ALLOW: an answer is held back, for its addresses cannot be let through: %s", s->info.iface,
			reason(err));
	return err == 0;
}

/* Most VMs have no ALLOW list: for them this costs no time, nor the stack that let_in() needs. */
bool session_hand_out(void *session, const uint8_t *msg, size_t len)
{
	struct session *s = session;

	return !s->guest.dns.allow.count || hand_out(s, msg, len);
}

bool session_rules_unknown(int err)
{
	return err == NFT_NO_ANSWER || err == -EMSGSIZE;
}

/*
 * A change of the rules, such as a shorter ALLOW list, must not fail because the guest has had many addresses let in:
 * while the kernel has no room for all of them, the older half is given up.
 */
int session_update_rules(struct session *s, const struct rules *r)
{
	int err = rules_update(s->nft, r);

	for (; (err == -EMSGSIZE || err == -ENOBUFS) && s->egress->count; err = rules_update(s->nft, r)) {
		egress_halve(s->egress);
		log_warn("%s: ALLOW: beside its rules there is room for %zu addresses at most; what was let in before "
			 "them has to be asked for again",
			 s->info.iface, s->egress->count);
	}
	return err;
}
