/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the rules from the kernel, and walks a frame through them. */
#include "fw/explain_priv.h"

#include "fw/rules.h"
#include "fw/rules_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>

#define JUMPS_MOST 16 /* NFT_JUMP_STACK_SIZE */
#define EXPLAIN_SETS 8

struct explain {
	struct nftnl_rule **at; /* in the kernel's order: those of one chain follow each other */
	size_t count, room;
	struct nftnl_set *sets[EXPLAIN_SETS]; /* the sets in which rules look addresses up, with their elements */
	size_t set_count;
};

/* Where the walk is, and where it goes on when a chain ends. */
struct place {
	const char *chain;
	size_t next; /* index in `at` of the next rule */
};

static int keep_rule(const struct nlmsghdr *h, void *arg)
{
	struct explain *e = arg;
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (e->count == e->room) {
		size_t room = e->room ? 2 * e->room : 128;
		struct nftnl_rule **at = reallocarray(e->at, room, sizeof(struct nftnl_rule *));
		if (at)
			e->at = at, e->room = room;
	}
	if (!r || e->count == e->room || nftnl_rule_nlmsg_parse(h, r) < 0) {
		if (r)
			nftnl_rule_free(r);
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	e->at[e->count++] = r;
	return MNL_CB_OK;
}

static int read_rules(struct nft *n, const char *iface, struct explain *e)
{
	char table[RULES_TABLE_TEXT];
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r)
		return -ENOMEM;
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, rules_table(iface, table));
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETRULE, NFPROTO_NETDEV, NLM_F_DUMP, n->seq++);
	nftnl_rule_nlmsg_build_payload(h, r);
	nftnl_rule_free(r);
	int err = nft_dump(n, h, keep_rule, e);
	return err ? err : e->count ? 0 : -ENOENT;
}

static int keep_elements(const struct nlmsghdr *h, void *arg)
{
	return nftnl_set_elems_nlmsg_parse(h, arg) < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int read_set(struct nft *n, const char *table, const char *name, struct explain *e)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s)
		return -ENOMEM;
	e->sets[e->set_count++] = s;
	nftnl_set_set_str(s, NFTNL_SET_TABLE, table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, name);
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETSETELEM, NFPROTO_NETDEV, NLM_F_DUMP, n->seq++);
	nftnl_set_elems_nlmsg_build_payload(h, s);
	return nft_dump(n, h, keep_elements, s);
}

/* The name of the set that a lookup expression uses, if that set has not been read yet; else NULL. */
static const char *new_set(const struct explain *e, const struct nftnl_expr *x)
{
	if (strcmp(nftnl_expr_get_str(x, NFTNL_EXPR_NAME), "lookup") != 0)
		return NULL;
	const char *name = nftnl_expr_get_str(x, NFTNL_EXPR_LOOKUP_SET);
	for (size_t i = 0; i < e->set_count; i++)
		if (strcmp(nftnl_set_get_str(e->sets[i], NFTNL_SET_NAME), name) == 0)
			return NULL;
	return e->set_count < EXPLAIN_SETS ? name : NULL;
}

static int read_sets(struct nft *n, const char *iface, struct explain *e)
{
	char table[RULES_TABLE_TEXT];
	int err = 0;

	rules_table(iface, table);
	for (size_t i = 0; i < e->count && !err; i++) {
		struct nftnl_expr_iter *it = nftnl_expr_iter_create(e->at[i]);
		if (!it)
			return -ENOMEM;
		for (struct nftnl_expr *x; !err && (x = nftnl_expr_iter_next(it));) {
			const char *name = new_set(e, x);
			if (name)
				err = read_set(n, table, name, e);
		}
		nftnl_expr_iter_destroy(it);
	}
	return err;
}

int explain_open(const char *iface, struct explain **out)
{
	struct explain *e = calloc(1, sizeof(*e));
	struct nft *n = NULL;
	int err = e ? nft_open(&n) : -ENOMEM;

	if (!err)
		err = read_rules(n, iface, e);
	if (!err)
		err = read_sets(n, iface, e);
	nft_close(n);
	if (err)
		explain_close(e);
	else
		*out = e;
	return err;
}

void explain_close(struct explain *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->count; i++)
		nftnl_rule_free(e->at[i]);
	free(e->at);
	for (size_t i = 0; i < e->set_count; i++)
		nftnl_set_free(e->sets[i]);
	free(e);
}

static const char *chain_of(const struct nftnl_rule *r)
{
	return nftnl_rule_get_str(r, NFTNL_RULE_CHAIN);
}

static struct place beginning(const struct explain *e, const char *chain)
{
	struct place p = {.chain = chain};

	while (p.next < e->count && strcmp(chain_of(e->at[p.next]), chain) != 0)
		p.next++;
	return p;
}

/* The next rule of the chain, or NULL at its end. */
static const struct nftnl_rule *step(const struct explain *e, struct place *p)
{
	if (p->next == e->count || strcmp(chain_of(e->at[p->next]), p->chain) != 0)
		return NULL;
	return e->at[p->next++];
}

/* Evaluates the expressions of one rule until one does not match or gives a verdict. */
static struct explain_verdict run_rule(const struct nftnl_rule *r, struct explain_packet *p)
{
	struct explain_verdict v = {.code = EXPLAIN_GO_ON};
	struct nftnl_expr_iter *i = nftnl_expr_iter_create(r);

	if (!i)
		return v;
	for (struct nftnl_expr *x; v.code == EXPLAIN_GO_ON && (x = nftnl_expr_iter_next(i));)
		v = explain_expression(x, p);
	nftnl_expr_iter_destroy(i);
	return v;
}

static const char *meaning_of(const char *counter)
{
	static const struct {
		const char *name, *meaning;
	} meanings[] = {
#define X(id, text, means) {text, means},
	    RULES_COUNTERS(X)
#undef X
	};

	for (size_t i = 0; counter && i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strcmp(meanings[i].name, counter) == 0)
			return meanings[i].meaning;
	return NULL;
}

static enum explain_end end_of(uint32_t code, const struct explain_packet *p)
{
	/*
	 * With NFLOG the rule that logs a frame for the responder also drops it. With NFQUEUE the rule marks it for
	 * the shared table, or counts it as taken because that table has queued it before.
	 */
	if (p->logged || p->mark == RULES_TAKE_MARK || (p->counter && strcmp(p->counter, rules_counter(TAKEN)) == 0))
		return EXPLAIN_TAKEN;
	if (code != NF_ACCEPT)
		return EXPLAIN_DROPPED;
	return p->mark == RULES_GATE_MARK ? EXPLAIN_GATE : EXPLAIN_PASSES;
}

/* Ends at the first verdict; a packet that comes to the end of the base chain meets its policy, which is to drop. */
static void walk(const struct explain *e, const char *chain, struct explain_packet *p, struct explanation *out)
{
	struct place here = beginning(e, chain), back[JUMPS_MOST];
	size_t depth = 0;

	for (;;) {
		const struct nftnl_rule *r = step(e, &here);
		struct explain_verdict v = {.code = NFT_RETURN};
		if (r)
			v = run_rule(r, p);
		if (v.code == EXPLAIN_GO_ON || v.code == NFT_BREAK || v.code == NFT_CONTINUE)
			continue;
		if ((v.code == NFT_JUMP && depth < JUMPS_MOST) || v.code == NFT_GOTO) {
			if (v.code == NFT_JUMP)
				back[depth++] = here;
			here = beginning(e, v.chain);
			continue;
		}
		if (v.code == NFT_RETURN && depth) {
			here = back[--depth];
			continue;
		}
		bool policy = v.code == NFT_RETURN;
		*out = (struct explanation){
		    .end = end_of(policy ? NF_DROP : (uint32_t)v.code, p),
		    .chain = policy ? chain : here.chain,
		    .handle = policy ? 0 : nftnl_rule_get_u64(r, NFTNL_RULE_HANDLE),
		    .counter = p->counter,
		    .meaning = meaning_of(p->counter),
		};
		return;
	}
}

void explain_frame(const struct explain *e, bool from, bool own, const uint8_t *tap_mac, const uint8_t *frame,
		   size_t len, struct explanation *out)
{
	struct explain_packet p;

	explain_look(frame, len, tap_mac, &p);
	p.own = own;
	p.sets = e->sets;
	p.set_count = e->set_count;
	p.mark = own ? RULES_REPLY_MARK : 0;
	walk(e, from ? "from" : "to", &p, out);
}
