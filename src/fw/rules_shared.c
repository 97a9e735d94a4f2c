/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table that all VMs share, for what NFQUEUE delivers: the netdev family has no queue.
 *
 *   prerouting    what a VM's own table has marked, by the port it came in     -> take-<iface>
 *   postrouting   DNS questions, by the port they are about to leave by        -> serve-<iface>
 *
 * One map a direction, from port to chain: a frame costs the same however many VMs there are. Whatever is queued is
 * answered or dropped, never passed on, so nothing rests on these rules but that the VM gets its answers.
 */
#include "fw/rules_priv.h"

#include <errno.h>
#include <stdio.h>

#include <linux/if_ether.h>
#include <linux/netfilter.h>

/* Before everything else on the bridge, connection tracking included. */
#define PRIORITY_FIRST (-500)

enum way { WAY_TAKE, WAY_SERVE, WAYS };
static const struct {
	const char *base, *map;
	enum nft_hook hook;
} ways[WAYS] = {
    [WAY_TAKE] = {"prerouting", "take", NFT_HOOK_BRIDGE_PREROUTING},
    [WAY_SERVE] = {"postrouting", "serve", NFT_HOOK_BRIDGE_POSTROUTING},
};

static const char *own_chain(enum way w, const char *iface, char name[static RULES_TABLE_TEXT])
{
	snprintf(name, RULES_TABLE_TEXT, "%s-%s", ways[w].map, iface);
	return name;
}

static void dispatch(struct nft *n, enum way w)
{
	nft_rule(n, ways[w].base);
	if (w == WAY_TAKE) {
		nft_match_mark(n, NFT_IS, RULES_TAKE_MARK);
		nft_iifname_vmap(n, ways[w].map);
	} else {
		nft_match_l4proto(n, NFT_IS, IPPROTO_UDP), port(n, PORT_DST, NFT_IS, 53);
		nft_oifname_vmap(n, ways[w].map);
	}
}

/* Where there is a table already, nft_use_table(): what is made anew must not be there. */
static void make_base(struct nft *n)
{
	nft_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, 0);
	for (enum way w = 0; w < WAYS; w++) {
		nft_ifname_vmap(n, ways[w].map, true);
		nft_base_chain(n, ways[w].base, ways[w].hook, PRIORITY_FIRST, false, NULL, true);
		dispatch(n, w);
	}
}

/* The questions that the VM's own address is asked from the network. */
static void fill_serve(struct nft *n, const struct rules *r, const char *chain)
{
	const struct guest *g = r->guest;

	if (!serves_network(g))
		return;
	if (g->id.has4)
		nft_rule(n, chain), eth_dst_and_type(n, g->id.mac, ETH_P_IP), destination_is(n, false, &g->id.ip4.addr),
		    nft_queue(n, r->number);
	if (g->id.has6)
		nft_rule(n, chain), eth_dst_and_type(n, g->id.mac, ETH_P_IPV6),
		    destination_is(n, true, &g->id.ip6.addr), nft_queue(n, r->number);
}

static void make_part(struct nft *n, const struct rules *r)
{
	for (enum way w = 0; w < WAYS; w++) {
		char chain[RULES_TABLE_TEXT];
		nft_chain(n, own_chain(w, r->guest->id.iface, chain), true);
		if (w == WAY_TAKE)
			nft_rule(n, chain), nft_queue(n, r->number);
		else
			fill_serve(n, r, chain);
		nft_ifname_vmap_add(n, ways[w].map, r->guest->id.iface, chain);
	}
}

static int has_chain(struct nft *n, const char *chain)
{
	return nft_has_chain(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, chain);
}

static int has_base(struct nft *n)
{
	return has_chain(n, ways[WAY_TAKE].base);
}

static int has_part(struct nft *n, const char *iface)
{
	char chain[RULES_TABLE_TEXT];

	return has_chain(n, own_chain(WAY_TAKE, iface, chain));
}

/*
 * Making the shared table is exclusive, lest a dispatch rule stand twice: whoever loses that race, or finds it gone in
 * between with the last VM, looks again.
 */
int rules_shared_add(struct nft *n, const struct rules *r, bool own)
{
	int err = -EEXIST;

	/* What a killed fold of this name left; the claim on the name is ours now. */
	if (has_part(n, r->guest->id.iface) == 1)
		rules_remove_shared(n, r->guest->id.iface);
	for (int turn = 0; turn < 50 && (err == -EEXIST || err == -ENOENT); turn++) {
		int there = has_base(n);
		if (there < 0)
			return there;
		nft_begin(n);
		if (there)
			nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
		else
			make_base(n);
		make_part(n, r);
		if (own)
			rules_closed_table(n, r);
		err = nft_commit(n);
		if (err == -ENOENT && !there)
			break; /* not the table's absence: the kernel cannot queue from the bridge family */
	}
	return err;
}

int rules_shared_update(struct nft *n, const struct rules *r)
{
	char chain[RULES_TABLE_TEXT];

	nft_begin(n);
	nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
	nft_chain_flush(n, own_chain(WAY_SERVE, r->guest->id.iface, chain));
	fill_serve(n, r, chain);
	return nft_commit(n);
}

static int count_rules(struct nft *n, const char *chain)
{
	return nft_count_rules(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, chain);
}

static bool is_complete(struct nft *n, const struct rules *r)
{
	for (enum way w = 0; w < WAYS; w++) {
		const char *iface = r->guest->id.iface;
		char chain[RULES_TABLE_TEXT];
		bool filled = w == WAY_TAKE || serves_network(r->guest);
		if (count_rules(n, ways[w].base) <= 0 ||
		    nft_has_in_vmap(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, ways[w].map, iface) <= 0 ||
		    (filled && count_rules(n, own_chain(w, iface, chain)) <= 0))
			return false;
	}
	return true;
}

/* Emptied, not removed (`nft flush table`). Flushed and filled in one step, so that two VMs that mend it leave one rule. */
static int mend_base(struct nft *n)
{
	if (has_base(n) != 1 || (count_rules(n, ways[WAY_TAKE].base) > 0 && count_rules(n, ways[WAY_SERVE].base) > 0))
		return 0;
	nft_begin(n);
	nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
	for (enum way w = 0; w < WAYS; w++) {
		nft_chain_flush(n, ways[w].base);
		dispatch(n, w);
	}
	return nft_commit(n);
}

int rules_restore_shared(struct nft *n, const struct rules *r)
{
	if (r->transport != TRANSPORT_QUEUE || is_complete(n, r))
		return 0;
	int err = mend_base(n);
	if (!err)
		err = rules_shared_add(n, r, false);
	return err ? err : 1;
}

static int remove_part(struct nft *n, const char *iface)
{
	nft_begin(n);
	nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
	for (enum way w = 0; w < WAYS; w++) {
		char chain[RULES_TABLE_TEXT];
		nft_ifname_vmap_delete(n, ways[w].map, iface);
		nft_chain_flush(n, own_chain(w, iface, chain));
		nft_chain_delete(n, chain, false);
	}
	return nft_commit(n);
}

/* The last one out: refused by the kernel, as a whole, where another VM or a user's chain is in it. */
static void remove_base(struct nft *n)
{
	if (has_base(n) != 1)
		return;
	nft_begin(n);
	nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
	for (enum way w = 0; w < WAYS; w++) {
		nft_chain_flush(n, ways[w].base);
		nft_chain_delete(n, ways[w].base, true);
		nft_set_delete(n, ways[w].map, true);
	}
	nft_table_delete(n, true);
	nft_commit(n);
}

/* Somebody emptied a map: what is left of the VM's part goes one by one. */
static int remove_rest(struct nft *n, const char *iface)
{
	int err = 0;

	for (enum way w = 0; w < WAYS; w++) {
		char chain[RULES_TABLE_TEXT];
		own_chain(w, iface, chain);
		if (nft_has_in_vmap(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, ways[w].map, iface) == 1) {
			nft_begin(n);
			nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
			nft_ifname_vmap_delete(n, ways[w].map, iface);
			nft_commit(n);
		}
		if (has_chain(n, chain) != 1)
			continue;
		nft_begin(n);
		nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
		nft_chain_flush(n, chain);
		nft_chain_delete(n, chain, false);
		int e = nft_commit(n);
		err = err ? err : e;
	}
	return err;
}

int rules_remove_shared(struct nft *n, const char *iface)
{
	int err = 0;

	if (has_part(n, iface) == 1)
		err = remove_part(n, iface);
	if (err == -ENOENT)
		err = remove_rest(n, iface);
	remove_base(n);
	return err;
}
