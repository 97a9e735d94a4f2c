/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table that all VMs share. Two of its ways are for NFQUEUE, which the netdev family does not have:
 *
 *   prerouting    frames that a VM's own table has marked, by the port they came in by      -> take-<iface>
 *   postrouting   DNS questions, by the port they are about to leave by                     -> serve-<iface>
 *
 * Two are for packets through the gateway of a VM with an action (rules_gate.c), made with the first such VM:
 *
 *   leaving       packets that a VM's own table has marked, by the port they came in by     -> leave-<iface>
 *   entering      packets by the port they are about to leave by                            -> enter-<iface>
 *
 * Each direction has one map from port to chain, so a frame costs the same however many VMs there are. Queued frames
 * are answered or dropped, never passed on. So missing rules only mean that the VM gets no answers and that nothing
 * passes its gateway; they never let a packet pass.
 *
 * Chains of the user's are in the same table. fold asks whether they exist, and never changes them.
 */
#include "fw/rules_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/netfilter.h>

/* Before everything else on the bridge, connection tracking included. */
#define PRIORITY_FIRST (-500)
/* After the bridge's connection tracking (-200), before br_netfilter (0): a user's chain may ask for `ct state`. */
#define PRIORITY_GATE (-150)

enum way { WAY_TAKE, WAY_SERVE, WAY_LEAVE, WAY_ENTER, WAYS };
static const struct {
	const char *base, *map;
	enum nft_hook hook;
	int32_t priority;
} ways[WAYS] = {
    [WAY_TAKE] = {"prerouting", "take", NFT_HOOK_BRIDGE_PREROUTING, PRIORITY_FIRST},
    [WAY_SERVE] = {"postrouting", "serve", NFT_HOOK_BRIDGE_POSTROUTING, PRIORITY_FIRST},
    [WAY_LEAVE] = {"leaving", "leave", NFT_HOOK_BRIDGE_PREROUTING, PRIORITY_GATE},
    [WAY_ENTER] = {"entering", "enter", NFT_HOOK_BRIDGE_POSTROUTING, PRIORITY_GATE},
};

/* Ways that are made and removed together: two each. */
enum group { GROUP_QUEUE, GROUP_GATE, GROUPS };
static const struct {
	enum way first, end;
} groups[GROUPS] = {[GROUP_QUEUE] = {WAY_TAKE, WAY_LEAVE}, [GROUP_GATE] = {WAY_LEAVE, WAYS}};

static enum group group_of(enum way w)
{
	return w < WAY_LEAVE ? GROUP_QUEUE : GROUP_GATE;
}

static const char *own_chain(enum way w, const char *iface, char name[static RULES_TABLE_TEXT])
{
	snprintf(name, RULES_TABLE_TEXT, "%s-%s", ways[w].map, iface);
	return name;
}

bool rules_owns_chain(const char *name)
{
	for (enum way w = 0; w < WAYS; w++) {
		size_t len = strlen(ways[w].map);
		if (strcmp(name, ways[w].base) == 0 || (strncmp(name, ways[w].map, len) == 0 && name[len] == '-'))
			return true;
	}
	return false;
}

static void dispatch(struct nft *n, enum way w)
{
	nft_rule(n, ways[w].base);
	if (w == WAY_SERVE)
		nft_match_l4proto(n, NFT_IS, IPPROTO_UDP), port(n, false, PORT_DST, NFT_IS, 53);
	else if (w != WAY_ENTER)
		nft_match_mark(n, NFT_IS, w == WAY_TAKE ? RULES_TAKE_MARK : RULES_GATE_MARK);
	if (ways[w].hook == NFT_HOOK_BRIDGE_PREROUTING)
		nft_iifname_vmap(n, ways[w].map);
	else
		nft_oifname_vmap(n, ways[w].map);
}

/* Makes the table and the base chains of a group, for a transaction that fails if these chains exist already. */
static void make_base(struct nft *n, enum group g)
{
	nft_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, 0);
	for (enum way w = groups[g].first; w < groups[g].end; w++) {
		nft_ifname_vmap(n, ways[w].map, true);
		nft_base_chain(n, ways[w].base, ways[w].hook, ways[w].priority, false, NULL, true);
		dispatch(n, w);
	}
}

/* The questions that the VM's own address is asked from the network. */
static void fill_serve(struct nft *n, const struct rules *r, const char *chain)
{
	const struct guest *g = r->guest;

	if (!serves_network(g))
		return;
	if (g->id.has4) {
		nft_rule(n, chain), eth_dst_and_type(n, g->id.mac, ETH_P_IP), destination_is(n, false, &g->id.ip4.addr);
		ip4_has_transport(n), gate_is_open(n, r, false), nft_queue(n, r->number);
	}
	if (g->id.has6) {
		nft_rule(n, chain), eth_dst_and_type(n, g->id.mac, ETH_P_IPV6);
		destination_is(n, true, &g->id.ip6.addr), gate_is_open(n, r, true), nft_queue(n, r->number);
	}
}

static void fill(struct nft *n, const struct rules *r, enum way w, const char *chain)
{
	if (w == WAY_TAKE)
		nft_rule(n, chain), nft_queue(n, r->number);
	else if (w == WAY_SERVE)
		fill_serve(n, r, chain);
	else if (w == WAY_LEAVE)
		gate_fill_leave(n, r, chain);
	else
		gate_fill_enter(n, r, chain);
}

/* The least number of rules in a VM's chain after fill(). */
static int filled(const struct rules *r, enum way w)
{
	if (group_of(w) == GROUP_QUEUE)
		return w == WAY_TAKE || serves_network(r->guest);
	return w == WAY_LEAVE ? gate_leave_rules(r) : gate_enter_rules(r);
}

static void make_part(struct nft *n, const struct rules *r, enum group g)
{
	for (enum way w = groups[g].first; w < groups[g].end; w++) {
		char chain[RULES_TABLE_TEXT];
		nft_chain(n, own_chain(w, r->guest->id.iface, chain), true);
		fill(n, r, w, chain);
		nft_ifname_vmap_add(n, ways[w].map, r->guest->id.iface, chain);
	}
}

static int has_chain(struct nft *n, const char *chain)
{
	return nft_has_chain(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, chain);
}

static int has_base(struct nft *n, enum group g)
{
	return has_chain(n, ways[groups[g].first].base);
}

static int has_part(struct nft *n, enum group g, const char *iface)
{
	char chain[RULES_TABLE_TEXT];

	return has_chain(n, own_chain(groups[g].first, iface, chain));
}

static int remove_part(struct nft *n, enum group g, const char *iface)
{
	nft_begin(n);
	nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
	for (enum way w = groups[g].first; w < groups[g].end; w++) {
		char chain[RULES_TABLE_TEXT];
		nft_ifname_vmap_delete(n, ways[w].map, iface);
		nft_chain_flush(n, own_chain(w, iface, chain));
		nft_chain_delete(n, chain, false);
	}
	return nft_commit(n);
}

/* Removes the VM's part piece by piece, after another process has removed some of it. */
static int remove_rest(struct nft *n, enum group g, const char *iface)
{
	int err = 0;

	for (enum way w = groups[g].first; w < groups[g].end; w++) {
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

static int remove_parts(struct nft *n, enum group g, const char *iface)
{
	int err = has_part(n, g, iface) == 1 ? remove_part(n, g, iface) : 0;

	return err == -ENOENT ? remove_rest(n, g, iface) : err;
}

/* Whether no VM uses the group. True also if that cannot be told: the kernel refuses to remove what is in use. */
static bool is_unused(struct nft *n, enum group g)
{
	for (enum way w = groups[g].first; w < groups[g].end; w++)
		if (nft_vmap_is_empty(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, ways[w].map) == 0)
			return false;
	return true;
}

static int delete_bases(struct nft *n, const bool which[static GROUPS], bool table)
{
	nft_begin(n);
	nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
	for (enum way w = 0; w < WAYS; w++) {
		if (!which[group_of(w)])
			continue;
		nft_chain_flush(n, ways[w].base);
		nft_chain_delete(n, ways[w].base, true);
		nft_set_delete(n, ways[w].map, true);
	}
	if (table)
		nft_table_delete(n, true);
	return nft_commit(n);
}

/*
 * Removes the groups that no VM uses any more. The kernel refuses the transaction as a whole if a VM has come in
 * between, and refuses to remove the table if a user's chain is in it.
 */
static void remove_base(struct nft *n)
{
	bool unused[GROUPS], any = false, all = true;

	for (enum group g = 0; g < GROUPS; g++) {
		bool there = has_base(n, g) == 1;
		unused[g] = there && is_unused(n, g);
		any |= unused[g];
		all &= !there || unused[g];
	}
	if (any && !(all && delete_bases(n, unused, true) == 0))
		delete_bases(n, unused, false);
}

int rules_remove_shared(struct nft *n, const char *iface)
{
	int err = 0;

	for (enum group g = 0; g < GROUPS; g++) {
		int e = remove_parts(n, g, iface);
		err = err ? err : e;
	}
	remove_base(n);
	return err;
}

/*
 * Base chains are made exclusively, so that no dispatch rule is there twice. If another VM has made them first
 * (-EEXIST), or the last VM has removed them in between (-ENOENT), this one tries again.
 */
static int add(struct nft *n, const struct rules *r, enum group g, bool own)
{
	int err = -EEXIST;

	/* Left by a killed fold with an interface of that name; this fold holds the claim on the name now. */
	if (has_part(n, g, r->guest->id.iface) == 1)
		remove_parts(n, g, r->guest->id.iface);
	for (int turn = 0; turn < 50 && (err == -EEXIST || err == -ENOENT); turn++) {
		int there = has_base(n, g);
		if (there < 0)
			return there;
		nft_begin(n);
		if (there)
			nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
		else
			make_base(n, g);
		make_part(n, r, g);
		if (own)
			rules_closed_table(n, r);
		err = nft_commit(n);
		if (err == -ENOENT && !there)
			break; /* another reason: no `queue` in the bridge family, or a user's chain is gone */
	}
	return err;
}

int rules_shared_add(struct nft *n, const struct rules *r)
{
	return add(n, r, GROUP_QUEUE, true);
}

/* Whether the user's chains are there: 0, -ENOENT or -errno. */
static int find_chains(struct nft *n, const struct rules *r)
{
	const struct gateway_action *const actions[] = {&r->action4, &r->action6};

	for (size_t i = 0; i < 2; i++) {
		if (!actions[i]->chain[0])
			continue;
		int there = has_chain(n, actions[i]->chain);
		if (there <= 0)
			return there ? there : -ENOENT;
	}
	return 0;
}

int rules_gate_add(struct nft *n, const struct rules *r)
{
	if (!rules_has_gate(r))
		return 0;
	int err = find_chains(n, r);
	return err ? err : add(n, r, GROUP_GATE, false);
}

void rules_shared_change(struct nft *n, const struct rules *r, bool gate)
{
	const bool change[WAYS] = {
	    [WAY_SERVE] = r->transport == TRANSPORT_QUEUE,
	    [WAY_LEAVE] = gate,
	    [WAY_ENTER] = gate,
	};

	for (enum way w = 0; w < WAYS; w++) {
		char chain[RULES_TABLE_TEXT];
		if (!change[w])
			continue;
		nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
		nft_chain_flush(n, own_chain(w, r->guest->id.iface, chain));
		fill(n, r, w, chain);
	}
}

static int count_rules(struct nft *n, const char *chain)
{
	return nft_count_rules(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, chain);
}

static bool is_complete(struct nft *n, const struct rules *r, enum group g)
{
	for (enum way w = groups[g].first; w < groups[g].end; w++) {
		const char *iface = r->guest->id.iface;
		char chain[RULES_TABLE_TEXT];
		if (count_rules(n, ways[w].base) <= 0 ||
		    nft_has_in_vmap(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE, ways[w].map, iface) <= 0 ||
		    (filled(r, w) && count_rules(n, own_chain(w, iface, chain)) < filled(r, w)))
			return false;
	}
	return true;
}

/*
 * Fills the base chains again after another process has emptied them without removing them (`nft flush table`). They
 * are flushed and filled in one transaction, so that there is one rule even if two VMs do this at once.
 */
static int mend_base(struct nft *n, enum group g)
{
	bool empty = false;

	if (has_base(n, g) != 1)
		return 0;
	for (enum way w = groups[g].first; w < groups[g].end; w++)
		empty |= count_rules(n, ways[w].base) <= 0;
	if (!empty)
		return 0;
	nft_begin(n);
	nft_use_table(n, NFPROTO_BRIDGE, RULES_SHARED_TABLE);
	for (enum way w = groups[g].first; w < groups[g].end; w++) {
		nft_chain_flush(n, ways[w].base);
		dispatch(n, w);
	}
	return nft_commit(n);
}

static int restore(struct nft *n, const struct rules *r, enum group g)
{
	if (is_complete(n, r, g))
		return 0;
	int err = g == GROUP_GATE ? find_chains(n, r) : 0;
	if (!err)
		err = mend_base(n, g);
	if (!err)
		err = add(n, r, g, false);
	return err ? err : 1;
}

int rules_restore_shared(struct nft *n, const struct rules *r)
{
	return r->transport == TRANSPORT_QUEUE ? restore(n, r, GROUP_QUEUE) : 0;
}

int rules_gate_restore(struct nft *n, const struct rules *r)
{
	return rules_has_gate(r) ? restore(n, r, GROUP_GATE) : 0;
}
