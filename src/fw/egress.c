/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/egress.h"

#include "fw/rules.h"

#include <string.h>

#include <linux/netfilter.h>

/* Timeout of elements that the same transaction deletes again. */
#define MOMENT_MS 30000

enum { SETS = 4 };

static const char *set_name(bool ip6, bool with_port)
{
	static const char *const names[2][2] = {{"allow4", "allow4_port"}, {"allow6", "allow6_port"}};

	return names[ip6][with_port];
}

static int set_of(const struct egress_key *k)
{
	return k->ip6 << 1 | (k->proto != 0);
}

/* Writes the element's key in the form that nft_address_set() wants. Returns its length. */
static uint32_t write_key(const struct egress_key *k, uint8_t key[static NFT_ADDRESS_KEY_MAX])
{
	uint32_t len = k->ip6 ? 16 : 4;

	memset(key, 0, NFT_ADDRESS_KEY_MAX);
	memcpy(key, k->address, len);
	if (!k->proto)
		return len;
	key[len] = k->proto;
	key[len + 4] = (uint8_t)(k->port >> 8);
	key[len + 5] = (uint8_t)k->port;
	return len + 8;
}

static void put_in(struct nft *n, const struct egress_key *k, uint64_t ms)
{
	uint8_t key[NFT_ADDRESS_KEY_MAX];
	uint32_t len = write_key(k, key);

	nft_address_set_add(n, set_name(k->ip6, k->proto), key, len, ms);
}

static void take_out(struct nft *n, const struct egress_key *k)
{
	uint8_t key[NFT_ADDRESS_KEY_MAX];
	uint32_t len = write_key(k, key);

	nft_address_set_delete(n, set_name(k->ip6, k->proto), key, len);
}

/*
 * Before Linux 6.12, adding an element that is in the set already does not change its timeout; and deleting an
 * element that is not in the set fails. So an element to be put in force is added, deleted and added; one to be
 * removed is added and deleted. Additions to a set follow each other, and so do deletions, because elements of one
 * set and one verb share messages.
 */
static void tell(struct nft *n, const struct egress *e, int which, uint64_t now)
{
	for (int step = 0; step < 3; step++) {
		for (size_t i = 0; i < e->gone_count && step < 2; i++) {
			if (set_of(&e->gone[i]) != which)
				continue;
			if (step == 0)
				put_in(n, &e->gone[i], MOMENT_MS);
			else
				take_out(n, &e->gone[i]);
		}
		for (size_t i = 0; i < e->count; i++) {
			const struct egress_entry *one = &e->at[i];
			if (one->put != e->turn || set_of(&one->key) != which)
				continue;
			if (step == 1)
				take_out(n, &one->key);
			else
				put_in(n, &one->key, one->until - now);
		}
	}
}

int egress_put(struct egress *e, struct nft *n, const char *iface, const struct egress_answer *a, uint64_t now)
{
	char table[RULES_TABLE_TEXT];
	int err = egress_keep(e, a, now);

	if (err <= 0)
		return err;
	nft_begin(n);
	nft_use_table(n, NFPROTO_NETDEV, rules_table(iface, table));
	for (int i = 0; i < SETS; i++)
		tell(n, e, i, now);
	err = nft_commit(n);
	if (err)
		egress_lost(e);
	return err;
}

void egress_fill(struct nft *n, const struct egress *e, const struct allow_list *allow, uint64_t now)
{
	struct egress_by listed = e ? egress_listed(e, allow) : (struct egress_by){0};

	for (int which = 0; which < SETS; which++) {
		bool ip6 = which & 2, with_port = which & 1;
		nft_address_set(n, set_name(ip6, with_port), ip6, with_port);
		nft_address_set_flush(n, set_name(ip6, with_port));
		for (size_t i = 0; e && i < e->count; i++) {
			const struct egress_entry *one = &e->at[i];
			if (set_of(&one->key) == which && one->until > now && egress_is_by(one, &listed))
				put_in(n, &one->key, one->until - now);
		}
	}
}

void egress_match(struct nft *n, bool ip6, bool with_port)
{
	enum { IP4_DST = 16, IP6_DST = 24 };

	nft_match_in_address_set(n, set_name(ip6, with_port), ip6 ? IP6_DST : IP4_DST, ip6, with_port);
}
