/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/egress.h"

#include "fw/rules.h"
#include "guest/allow.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>

/* More than was asked for, so that a name that is asked for again and again costs a transaction now and then, not each time. */
#define SLACK_MS 30000

static const char *set_name(bool ip6, bool with_port)
{
	static const char *const names[2][2] = {{"allow4", "allow4_port"}, {"allow6", "allow6_port"}};

	return names[ip6][with_port];
}

/* As nft_address_set() has it; the key's length. */
static uint32_t make_key(const struct egress_entry *e, uint8_t key[static NFT_ADDRESS_KEY_MAX])
{
	uint32_t len = e->ip6 ? 16 : 4;

	memset(key, 0, NFT_ADDRESS_KEY_MAX);
	memcpy(key, e->address, len);
	if (!e->proto)
		return len;
	key[len] = e->proto;
	key[len + 4] = (uint8_t)(e->port >> 8);
	key[len + 5] = (uint8_t)e->port;
	return len + 8;
}

static void put(struct nft *n, const struct egress_entry *e, uint64_t now)
{
	uint8_t key[NFT_ADDRESS_KEY_MAX];
	uint32_t len = make_key(e, key);

	nft_address_set_put(n, set_name(e->ip6, e->proto), key, len, e->until - now);
}

static bool is_same(const struct egress_entry *e, const struct egress_wish *w)
{
	return e->ip6 == w->ip6 && e->proto == w->allow->proto && e->port == w->allow->port &&
	       memcmp(e->address, w->address, w->ip6 ? 16 : 4) == 0;
}

static struct egress_entry *find(struct egress *e, const struct egress_wish *w)
{
	for (size_t i = 0; i < e->count; i++) {
		if (is_same(&e->at[i], w))
			return &e->at[i];
	}
	return NULL;
}

/* What is over is no longer in the kernel either. */
static void drop_old(struct egress *e, uint64_t now)
{
	for (size_t i = 0; i < e->count;) {
		if (e->at[i].until <= now)
			e->at[i] = e->at[--e->count];
		else
			i++;
	}
}

/* The place of the one that would end first; it may have ended by now, or in a moment: deleting needs it to be there. */
static struct egress_entry *make_room(struct egress *e, struct nft *n, uint64_t now)
{
	struct egress_entry *first = &e->at[0];
	uint8_t key[NFT_ADDRESS_KEY_MAX];

	for (size_t i = 1; i < e->count; i++) {
		if (e->at[i].until < first->until)
			first = &e->at[i];
	}
	uint32_t len = make_key(first, key);
	first->until = now + SLACK_MS;
	put(n, first, now);
	nft_address_set_delete(n, set_name(first->ip6, first->proto), key, len);
	return first;
}

static void take(struct egress *e, struct nft *n, const struct egress_wish *w, uint64_t now)
{
	struct egress_entry *to = find(e, w);

	if (!to)
		to = e->count < EGRESS_MOST ? &e->at[e->count++] : make_room(e, n, now);
	uint64_t seconds = w->seconds < EGRESS_SECONDS_LEAST ? EGRESS_SECONDS_LEAST : w->seconds;
	*to = (struct egress_entry){
	    .ip6 = w->ip6,
	    .proto = w->allow->proto,
	    .port = w->allow->port,
	    .until = now + seconds * 1000 + SLACK_MS,
	    .allow = *w->allow,
	};
	memcpy(to->address, w->address, w->ip6 ? 16 : 4);
	put(n, to, now);
}

static bool holds(struct egress *e, const struct egress_wish *w, uint64_t now)
{
	const struct egress_entry *have = find(e, w);
	uint64_t seconds = w->seconds < EGRESS_SECONDS_LEAST ? EGRESS_SECONDS_LEAST : w->seconds;

	return have && have->until >= now + seconds * 1000;
}

int egress_put(struct egress *e, struct nft *n, const char *iface, const struct egress_wish *wishes, size_t count,
	       uint64_t now)
{
	char table[RULES_TABLE_TEXT];
	bool any = false;

	drop_old(e, now);
	nft_begin(n);
	nft_use_table(n, NFPROTO_NETDEV, rules_table(iface, table));
	for (size_t i = 0; i < count; i++) {
		if (holds(e, &wishes[i], now))
			continue;
		take(e, n, &wishes[i], now);
		any = true;
	}
	int err = any ? nft_commit(n) : 0;
	/* Whatever the kernel has of it now: the next answer puts it there again. */
	for (size_t i = 0; i < count && err; i++) {
		struct egress_entry *lost = find(e, &wishes[i]);
		if (lost)
			lost->until = now;
	}
	return err;
}

static bool is_listed(const struct egress_entry *e, const struct allow_list *allow)
{
	for (size_t i = 0; i < allow->count; i++) {
		if (allow_same(&e->allow, &allow->at[i]))
			return true;
	}
	return false;
}

void egress_forget(struct egress *e, const struct allow_list *allow)
{
	for (size_t i = 0; i < e->count;) {
		if (is_listed(&e->at[i], allow))
			i++;
		else
			e->at[i] = e->at[--e->count];
	}
}

void egress_fill(struct nft *n, const struct egress *e, const struct allow_list *allow, uint64_t now)
{
	for (int i = 0; i < 4; i++) {
		nft_address_set(n, set_name(i & 2, i & 1), i & 2, i & 1);
		nft_address_set_flush(n, set_name(i & 2, i & 1));
	}
	for (size_t i = 0; e && i < e->count; i++) {
		const struct egress_entry *one = &e->at[i];
		uint8_t key[NFT_ADDRESS_KEY_MAX];
		uint32_t len = make_key(one, key);
		if (one->until > now && is_listed(one, allow))
			nft_address_set_add(n, set_name(one->ip6, one->proto), key, len, one->until - now);
	}
}

void egress_match(struct nft *n, bool ip6, bool with_port)
{
	enum { IP4_DST = 16, IP6_DST = 24 };

	nft_match_in_address_set(n, set_name(ip6, with_port), ip6 ? IP6_DST : IP4_DST, ip6, with_port);
}
