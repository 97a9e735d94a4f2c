/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/foreign.h"

#include "fw/foreign_priv.h"
#include "fw/nft_priv.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>

struct search {
	struct nft *nft;
	const char *bridge;
	int family; /* of the table that is being looked through */
	char *where;
	char table[NFT_TABLE_MAXNAMELEN], chain[NFT_CHAIN_MAXNAMELEN];
	bool found;
	bool accepted; /* by a rule of the chain that was found */
};

/* A load, a comparison and a verdict: the only words of a rule that says "from this interface to that, accept". */
struct sentence {
	const char *bridge;
	uint32_t loaded; /* the meta key in the register, or UINT32_MAX */
	bool other;      /* it has a condition that is none of these */
	bool accepts;
};

static int read_word(struct nftnl_expr *e, void *arg)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
	struct sentence *s = arg;

	if (strcmp(name, "meta") == 0 && nftnl_expr_is_set(e, NFTNL_EXPR_META_DREG)) {
		s->loaded = nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY);
	} else if (strcmp(name, "cmp") == 0) {
		uint32_t len;
		const char *value = nftnl_expr_get(e, NFTNL_EXPR_CMP_DATA, &len);
		bool by_name = s->loaded == NFT_META_IIFNAME || s->loaded == NFT_META_OIFNAME;
		/* Without its NUL the value is a beginning: any name that goes on from there. */
		if (!by_name || nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_OP) != NFT_CMP_EQ ||
		    strncmp(value, s->bridge, len) != 0)
			s->other = true;
	} else if (strcmp(name, "immediate") == 0 && nftnl_expr_is_set(e, NFTNL_EXPR_IMM_VERDICT)) {
		s->accepts = nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT) == NF_ACCEPT;
	} else if (strcmp(name, "counter") != 0) {
		s->other = true;
	}
	return 0;
}

static int each_rule(const struct nlmsghdr *h, void *arg)
{
	struct search *s = arg;
	struct sentence words = {.bridge = s->bridge, .loaded = UINT32_MAX};
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (r && nftnl_rule_nlmsg_parse(h, r) == 0) {
		nftnl_expr_foreach(r, read_word, &words);
		s->accepted |= words.accepts && !words.other;
	}
	if (r)
		nftnl_rule_free(r);
	return MNL_CB_OK;
}

static int each_chain(const struct nlmsghdr *h, void *arg)
{
	struct search *s = arg;
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (c && nftnl_chain_nlmsg_parse(h, c) == 0 && !s->found && nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM) &&
	    nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM) == NF_INET_FORWARD &&
	    nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP) {
		s->found = true;
		snprintf(s->table, sizeof(s->table), "%s", nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE));
		snprintf(s->chain, sizeof(s->chain), "%s", nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
	}
	if (c)
		nftnl_chain_free(c);
	return MNL_CB_OK;
}

static int ask_rules(struct search *s)
{
	struct nft *n = s->nft;
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r)
		return -ENOMEM;
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, s->table);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, s->chain);
	struct nlmsghdr *h =
	    nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETRULE, (uint16_t)s->family, NLM_F_DUMP, n->seq++);
	nftnl_rule_nlmsg_build_payload(h, r);
	nftnl_rule_free(r);
	return nft_dump(n, h, each_rule, s);
}

/* One family's chains: every one at the hook must let a packet pass, so the first that does not decides. */
static int search_family(struct search *s, int family)
{
	struct nft *n = s->nft;

	s->family = family;
	s->found = s->accepted = false;
	int err =
	    nft_dump(n, nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETCHAIN, (uint16_t)family, NLM_F_DUMP, n->seq++),
		     each_chain, s);
	if (!err && s->found)
		err = ask_rules(s);
	if (err || !s->found || s->accepted)
		return err;
	snprintf(s->where, FOREIGN_TEXT, "%s %.64s %.64s",
		 family == NFPROTO_INET   ? "inet"
		 : family == NFPROTO_IPV4 ? "ip"
					  : "ip6",
		 s->table, s->chain);
	return 1;
}

int foreign_forward_drops(int family, const char *bridge, char where[static FOREIGN_TEXT])
{
	struct search s = {.bridge = bridge, .where = where};
	int result = nft_open(&s.nft);

	if (result)
		return result;
	result = search_family(&s, family);
	if (result == 0)
		result = search_family(&s, NFPROTO_INET);
	nft_close(s.nft);
	return result ? result : foreign_legacy(family, bridge, where);
}
