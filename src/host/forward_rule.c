/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluates one rule at the forward hook, as far as interfaces, physdev and the state of a connection decide. */
#include "host/forward_priv.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_physdev.h> /* and linux/if.h, which net/if.h does not go with */

/* Whether the packet meets a condition of the rule. Expressions that test nothing, such as `counter`, HOLD. */
enum holds { HOLDS, HOLDS_NOT, UNKNOWN };

/* What has been loaded into the register for the next comparison. */
enum loaded { LOADED_OTHER, LOADED_IN, LOADED_OUT, LOADED_IN_INDEX, LOADED_OUT_INDEX, LOADED_STATE };

struct weighing {
	const struct forward_way *way;
	enum loaded loaded;
	uint32_t states; /* the connection states that the rule asks for, as bits */
	struct forward_step *step;
};

void forward_copy_name(struct forward_name *to, const struct nlattr *a)
{
	snprintf(to->text, sizeof(to->text), "%s", mnl_attr_get_str(a));
}

const struct nlattr *forward_inner(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	if (nest)
		for (each_inner(a, nest))
			if (mnl_attr_get_type(a) == type)
				return a;
	return NULL;
}

uint32_t forward_inner_u32(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a = forward_inner(nest, type);

	return a && mnl_attr_get_payload_len(a) == 4 ? ntohl(mnl_attr_get_u32(a)) : 0;
}

static enum holds holds(bool yes)
{
	return yes ? HOLDS : HOLDS_NOT;
}

static enum loaded load_meta(const struct nlattr *e)
{
	if (!forward_inner(e, NFTA_META_DREG))
		return LOADED_OTHER;
	switch (forward_inner_u32(e, NFTA_META_KEY)) {
	case NFT_META_IIFNAME:
		return LOADED_IN;
	case NFT_META_OIFNAME:
		return LOADED_OUT;
	case NFT_META_IIF:
		return LOADED_IN_INDEX;
	case NFT_META_OIF:
		return LOADED_OUT_INDEX;
	default:
		return LOADED_OTHER;
	}
}

/* nft compares whole interface names with their NUL; of a wildcard, only the part before it. The length tells. */
static enum holds compare_name(const char *of, const struct nlattr *value, bool equal)
{
	char name[IFNAMSIZ] = "";

	if (mnl_attr_get_payload_len(value) > sizeof(name))
		return UNKNOWN;
	memcpy(name, of, strnlen(of, sizeof(name) - 1));
	return holds((memcmp(name, mnl_attr_get_payload(value), mnl_attr_get_payload_len(value)) == 0) == equal);
}

static enum holds compare(const struct weighing *g, const struct nlattr *e)
{
	const struct nlattr *value = forward_inner(forward_inner(e, NFTA_CMP_DATA), NFTA_DATA_VALUE);
	uint32_t op = forward_inner_u32(e, NFTA_CMP_OP);
	const bool equal = op == NFT_CMP_EQ, four = value && mnl_attr_get_payload_len(value) == 4;

	if (!value || (!equal && op != NFT_CMP_NEQ))
		return UNKNOWN;
	switch (g->loaded) {
	case LOADED_IN:
		return compare_name(g->way->in, value, equal);
	case LOADED_OUT:
		return compare_name(g->way->out, value, equal);
	case LOADED_IN_INDEX:
		return four ? holds((mnl_attr_get_u32(value) == g->way->in_index) == equal) : UNKNOWN;
	case LOADED_OUT_INDEX:
		return four ? holds((mnl_attr_get_u32(value) == g->way->out_index) == equal) : UNKNOWN;
	case LOADED_STATE: /* nft compiles `ct state a,b` to: state & (a | b) != 0 */
		return !equal && four && !mnl_attr_get_u32(value) ? holds(g->states & NF_CT_STATE_BIT(IP_CT_NEW))
								  : UNKNOWN;
	case LOADED_OTHER:
		break;
	}
	return UNKNOWN;
}

/* iptables -m physdev: `--physdev-is-bridged` alone is true of all that a bridge forwards, and of nothing that is routed. */
static enum holds match_physdev(const struct weighing *g, const struct nlattr *info)
{
	struct xt_physdev_info p;

	if (mnl_attr_get_payload_len(info) < sizeof(p))
		return UNKNOWN;
	memcpy(&p, mnl_attr_get_payload(info), sizeof(p));
	if (p.bitmask != XT_PHYSDEV_OP_BRIDGED)
		return UNKNOWN;
	return holds((g->way->in_index == g->way->out_index) == !(p.invert & XT_PHYSDEV_OP_BRIDGED));
}

/* iptables -m conntrack --ctstate, alone, and -m state. */
static enum holds match_state(const struct nlattr *info)
{
	struct xt_conntrack_mtinfo3 c;

	if (mnl_attr_get_payload_len(info) < sizeof(c))
		return UNKNOWN;
	memcpy(&c, mnl_attr_get_payload(info), sizeof(c));
	if (c.match_flags != XT_CONNTRACK_STATE)
		return UNKNOWN;
	return holds(!(c.state_mask & XT_CONNTRACK_STATE_BIT(IP_CT_NEW)) == !!(c.invert_flags & XT_CONNTRACK_STATE));
}

static enum holds match(const struct weighing *g, const struct nlattr *e)
{
	const struct nlattr *a = forward_inner(e, NFTA_MATCH_NAME), *info = forward_inner(e, NFTA_MATCH_INFO);
	const char *name = a ? mnl_attr_get_str(a) : "";

	if (strcmp(name, "comment") == 0)
		return HOLDS;
	if (info && strcmp(name, "physdev") == 0)
		return match_physdev(g, info);
	if (info && strcmp(name, "conntrack") == 0)
		return match_state(info);
	return UNKNOWN;
}

/* The expressions before a comparison of `ct state`: one loads the state, one masks it. Neither tests anything yet. */
static enum holds weigh_state(struct weighing *g, const char *name, const struct nlattr *e)
{
	const bool ct = strcmp(name, "ct") == 0;

	if (ct && forward_inner(e, NFTA_CT_DREG) && forward_inner_u32(e, NFTA_CT_KEY) == NFT_CT_STATE) {
		g->loaded = LOADED_STATE;
		g->states = UINT32_MAX;
		return HOLDS;
	}
	const struct nlattr *mask = forward_inner(forward_inner(e, NFTA_BITWISE_MASK), NFTA_DATA_VALUE);
	if (!ct && g->loaded == LOADED_STATE && mask && mnl_attr_get_payload_len(mask) == 4) {
		g->states = mnl_attr_get_u32(mask);
		return HOLDS;
	}
	g->loaded = LOADED_OTHER;
	return UNKNOWN;
}

static enum holds weigh_verdict(struct weighing *g, const char *name, const struct nlattr *e)
{
	const struct nlattr *a = forward_inner(e, NFTA_TARGET_NAME);

	if (strcmp(name, "reject") == 0 ||
	    (strcmp(name, "target") == 0 && a && strcmp(mnl_attr_get_str(a), "REJECT") == 0)) {
		g->step->verdict = NF_DROP;
		return HOLDS;
	}
	const struct nlattr *verdict = forward_inner(forward_inner(e, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
	if (strcmp(name, "immediate") != 0 || !verdict) {
		g->loaded = LOADED_OTHER;
		return UNKNOWN;
	}
	g->step->verdict = (int32_t)forward_inner_u32(verdict, NFTA_VERDICT_CODE);
	if ((a = forward_inner(verdict, NFTA_VERDICT_CHAIN)))
		forward_copy_name(&g->step->chain, a);
	return HOLDS;
}

/* Evaluates one expression of a rule. If it gives a verdict, that goes to g->step. */
static enum holds weigh(struct weighing *g, const struct nlattr *expr)
{
	static const char *const idle[] = {"counter", "log", "objref"};
	const struct nlattr *e = forward_inner(expr, NFTA_EXPR_DATA), *a = forward_inner(expr, NFTA_EXPR_NAME);
	const char *name = a ? mnl_attr_get_str(a) : "";

	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (strcmp(name, idle[i]) == 0)
			return HOLDS;
	if (strcmp(name, "meta") == 0) {
		g->loaded = load_meta(e);
		return HOLDS;
	}
	if (strcmp(name, "cmp") == 0)
		return compare(g, e);
	if (strcmp(name, "match") == 0)
		return match(g, e);
	if (strcmp(name, "ct") == 0 || strcmp(name, "bitwise") == 0)
		return weigh_state(g, name, e);
	return weigh_verdict(g, name, e);
}

bool forward_rule_read(const struct nlmsghdr *h, const struct forward_way *w, struct forward_step *out)
{
	const struct nlattr *a, *e;
	struct weighing g = {.way = w, .step = out};

	*out = (struct forward_step){.verdict = NFT_CONTINUE, .sure = true};
	for (each_attr (a, h)) {
		if (mnl_attr_get_type(a) != NFTA_RULE_EXPRESSIONS)
			continue;
		for (each_inner(e, a)) {
			enum holds it = weigh(&g, e);
			if (it == HOLDS_NOT)
				return false;
			out->sure &= it == HOLDS;
		}
	}
	return out->verdict != NFT_CONTINUE;
}
