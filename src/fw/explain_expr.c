/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions of which fold makes its rules, as the kernel evaluates them (net/netfilter/nft_*.c). */
#include "fw/explain_priv.h"

#include <string.h>

#include <linux/netfilter.h>

static const struct explain_verdict go_on = {.code = EXPLAIN_GO_ON}, no_match = {.code = NFT_BREAK};

/*
 * The place of a register of len octets, or NULL if it would not fit. The kernel names the same octets in two ways:
 * NFT_REG_1 and its like have 16 each, NFT_REG32_00 and its like have 4.
 */
static uint8_t *reg(struct explain_packet *p, uint32_t number, uint32_t len)
{
	uint32_t at = number >= NFT_REG32_00 ? (number - NFT_REG32_00) * 4 : (number - NFT_REG_1) * 16;

	if (number < NFT_REG_1 || at >= EXPLAIN_REGISTERS || len > EXPLAIN_REGISTERS - at)
		return NULL;
	return p->registers + at;
}

/*
 * Whether the kernel loads this field by its fast path (nft_payload_fast_eval()), which it does for one, two or four
 * aligned octets. That path does not check for fragments: of a later fragment it loads the octets where a transport
 * header would be.
 */
static bool is_short_way(uint32_t offset, uint32_t len)
{
	return (len == 1 || len == 2 || len == 4) && offset % len == 0;
}

static bool base_of(const struct explain_packet *p, uint32_t base, bool short_way, size_t *out)
{
	switch (base) {
	case NFT_PAYLOAD_LL_HEADER:
		*out = 0;
		return true;
	case NFT_PAYLOAD_NETWORK_HEADER:
		*out = p->network;
		return true;
	case NFT_PAYLOAD_TRANSPORT_HEADER:
		*out = p->transport;
		return p->sound && (!p->fragment || short_way);
	default:
		return false;
	}
}

static bool write_octets(struct explain_packet *p, size_t at, const uint8_t *from, size_t len)
{
	if (p->written_count == EXPLAIN_WRITTEN || len > sizeof(p->written[0].bytes))
		return false;
	struct explain_written *w = &p->written[p->written_count++];

	w->at = at;
	w->len = len;
	memcpy(w->bytes, from, len);
	return true;
}

/* The frame's octets as the rules before have left them. */
static void read_octets(const struct explain_packet *p, size_t at, uint8_t *to, size_t len)
{
	memcpy(to, p->frame + at, len);
	for (size_t i = 0; i < p->written_count; i++) {
		const struct explain_written *w = &p->written[i];
		for (size_t k = 0; k < len; k++)
			if (at + k >= w->at && at + k < w->at + w->len)
				to[k] = w->bytes[at + k - w->at];
	}
}

static struct explain_verdict payload(const struct nftnl_expr *x, struct explain_packet *p)
{
	uint32_t len = nftnl_expr_get_u32(x, NFTNL_EXPR_PAYLOAD_LEN);
	uint32_t offset = nftnl_expr_get_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET);
	size_t at;

	/* Without a register to load into, it writes into the packet: a MAC, or the source of a solicitation. */
	const bool writes = nftnl_expr_is_set(x, NFTNL_EXPR_PAYLOAD_SREG);
	uint8_t *with = reg(p, nftnl_expr_get_u32(x, writes ? NFTNL_EXPR_PAYLOAD_SREG : NFTNL_EXPR_PAYLOAD_DREG), len);
	if (!with || !base_of(p, nftnl_expr_get_u32(x, NFTNL_EXPR_PAYLOAD_BASE), is_short_way(offset, len), &at))
		return no_match;
	at += offset;
	if (at > p->len || len > p->len - at)
		return no_match;
	if (writes)
		return write_octets(p, at, with, len) ? go_on : no_match;
	memset(with, 0, (len + 3) / 4 * 4); /* to the end of the last small register */
	read_octets(p, at, with, len);
	return go_on;
}

static struct explain_verdict meta(const struct nftnl_expr *x, struct explain_packet *p)
{
	bool sets = nftnl_expr_is_set(x, NFTNL_EXPR_META_SREG);
	uint32_t key = nftnl_expr_get_u32(x, NFTNL_EXPR_META_KEY);
	uint8_t *r = reg(p, nftnl_expr_get_u32(x, sets ? NFTNL_EXPR_META_SREG : NFTNL_EXPR_META_DREG), 4);

	if (!r)
		return no_match;
	if (key == NFT_META_MARK && sets)
		memcpy(&p->mark, r, sizeof(p->mark));
	else if (key == NFT_META_MARK)
		memcpy(r, &p->mark, sizeof(p->mark));
	else if (key == NFT_META_PKTTYPE && !sets)
		*r = p->kind;
	else if ((key == NFT_META_SKUID || key == NFT_META_SKGID) && !sets && p->own)
		p->of_sender = true;
	else if (key == NFT_META_L4PROTO && !sets && p->sound)
		memcpy(r, (uint8_t[4]){p->proto}, 4);
	else
		return no_match;
	return go_on;
}

static struct explain_verdict cmp(const struct nftnl_expr *x, struct explain_packet *p)
{
	uint32_t len = 0;
	const void *value = nftnl_expr_get(x, NFTNL_EXPR_CMP_DATA, &len);
	const uint8_t *r = reg(p, nftnl_expr_get_u32(x, NFTNL_EXPR_CMP_SREG), len);

	if (!value || !r)
		return no_match;
	if (p->of_sender) {
		p->of_sender = false;
		return go_on;
	}
	int d = memcmp(r, value, len);
	switch (nftnl_expr_get_u32(x, NFTNL_EXPR_CMP_OP)) {
	case NFT_CMP_EQ:
		return d == 0 ? go_on : no_match;
	case NFT_CMP_NEQ:
		return d != 0 ? go_on : no_match;
	case NFT_CMP_LT:
		return d < 0 ? go_on : no_match;
	case NFT_CMP_LTE:
		return d <= 0 ? go_on : no_match;
	case NFT_CMP_GT:
		return d > 0 ? go_on : no_match;
	case NFT_CMP_GTE:
		return d >= 0 ? go_on : no_match;
	default:
		return no_match;
	}
}

static struct explain_verdict range(const struct nftnl_expr *x, struct explain_packet *p)
{
	uint32_t len = 0;
	const void *low = nftnl_expr_get(x, NFTNL_EXPR_RANGE_FROM_DATA, &len);
	const void *high = nftnl_expr_get(x, NFTNL_EXPR_RANGE_TO_DATA, &len);
	const uint8_t *r = reg(p, nftnl_expr_get_u32(x, NFTNL_EXPR_RANGE_SREG), len);

	if (!low || !high || !r)
		return no_match;
	bool inside = memcmp(r, low, len) >= 0 && memcmp(r, high, len) <= 0;
	return inside == (nftnl_expr_get_u32(x, NFTNL_EXPR_RANGE_OP) == NFT_RANGE_EQ) ? go_on : no_match;
}

static struct explain_verdict bitwise(const struct nftnl_expr *x, struct explain_packet *p)
{
	uint32_t len = nftnl_expr_get_u32(x, NFTNL_EXPR_BITWISE_LEN), mask_len = 0, xor_len = 0;
	const uint8_t *mask = nftnl_expr_get(x, NFTNL_EXPR_BITWISE_MASK, &mask_len);
	const uint8_t *flip = nftnl_expr_get(x, NFTNL_EXPR_BITWISE_XOR, &xor_len);
	const uint8_t *from = reg(p, nftnl_expr_get_u32(x, NFTNL_EXPR_BITWISE_SREG), len);
	uint8_t *to = reg(p, nftnl_expr_get_u32(x, NFTNL_EXPR_BITWISE_DREG), len);

	if (!mask || !flip || mask_len < len || xor_len < len || !from || !to)
		return no_match;
	for (uint32_t i = 0; i < len; i++)
		to[i] = (uint8_t)((from[i] & mask[i]) ^ flip[i]);
	return go_on;
}

static struct explain_verdict immediate(const struct nftnl_expr *x, struct explain_packet *p)
{
	uint32_t len = 0, number = nftnl_expr_get_u32(x, NFTNL_EXPR_IMM_DREG);

	if (number == NFT_REG_VERDICT)
		return (struct explain_verdict){.code = (int)nftnl_expr_get_u32(x, NFTNL_EXPR_IMM_VERDICT),
						.chain = nftnl_expr_get_str(x, NFTNL_EXPR_IMM_CHAIN)};
	const void *value = nftnl_expr_get(x, NFTNL_EXPR_IMM_DATA, &len);
	uint8_t *to = value ? reg(p, number, len) : NULL;
	if (!to)
		return no_match;
	memcpy(to, value, len);
	return go_on;
}

/* Whether the registers from there on hold one of the set's keys. */
static struct explain_verdict lookup(const struct nftnl_expr *x, struct explain_packet *p)
{
	const char *name = nftnl_expr_get_str(x, NFTNL_EXPR_LOOKUP_SET);
	const struct nftnl_set *set = NULL;

	for (size_t i = 0; name && i < p->set_count && !set; i++)
		if (strcmp(nftnl_set_get_str(p->sets[i], NFTNL_SET_NAME), name) == 0)
			set = p->sets[i];
	struct nftnl_set_elems_iter *i = set ? nftnl_set_elems_iter_create(set) : NULL;
	if (!i)
		return no_match;
	bool found = false;
	for (struct nftnl_set_elem *e; !found && (e = nftnl_set_elems_iter_next(i));) {
		uint32_t len = 0;
		const void *key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &len);
		const uint8_t *r = reg(p, nftnl_expr_get_u32(x, NFTNL_EXPR_LOOKUP_SREG), len);
		found = key && r && memcmp(r, key, len) == 0;
	}
	nftnl_set_elems_iter_destroy(i);
	return found ? go_on : no_match;
}

/*
 * Every packet is taken to be within the rate. It matches if the rule is for packets within the rate, and does not if
 * the rule is for those above it (NFT_LIMIT_F_INV).
 */
static struct explain_verdict limit(const struct nftnl_expr *x, struct explain_packet *p)
{
	(void)p;
	return nftnl_expr_get_u32(x, NFTNL_EXPR_LIMIT_FLAGS) & NFT_LIMIT_F_INV ? no_match : go_on;
}

static struct explain_verdict count(const struct nftnl_expr *x, struct explain_packet *p)
{
	p->counter = nftnl_expr_get_str(x, NFTNL_EXPR_OBJREF_IMM_NAME);
	return go_on;
}

static struct explain_verdict hand_over(const struct nftnl_expr *x, struct explain_packet *p)
{
	(void)x;
	p->logged = true;
	return go_on;
}

struct explain_verdict explain_expression(const struct nftnl_expr *x, struct explain_packet *p)
{
	static const struct {
		const char *name;
		struct explain_verdict (*run)(const struct nftnl_expr *, struct explain_packet *);
	} expressions[] = {
	    {"payload", payload},     {"cmp", cmp},     {"meta", meta},    {"bitwise", bitwise}, {"range", range},
	    {"immediate", immediate}, {"limit", limit}, {"objref", count}, {"log", hand_over},   {"lookup", lookup},
	};
	const char *name = nftnl_expr_get_str(x, NFTNL_EXPR_NAME);

	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		if (strcmp(expressions[i].name, name) == 0)
			return expressions[i].run(x, p);
	return no_match;
}
