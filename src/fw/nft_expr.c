/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as sequences of expressions. The sets they look up are in nft_set.c.
 * Every match loads into register 1 and compares there, as nft itself does it.
 */
#include "fw/nft_priv.h"

#include <errno.h>
#include <string.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <net/if.h>

void nft_rule(struct nft *n, const char *chain)
{
	nft_end_rule(n);
	n->rule = nftnl_rule_alloc();
	if (!n->rule) {
		n->failed = true;
		return;
	}
	nftnl_rule_set_u32(n->rule, NFTNL_RULE_FAMILY, (uint32_t)n->family);
	nftnl_rule_set_str(n->rule, NFTNL_RULE_TABLE, n->table);
	nftnl_rule_set_str(n->rule, NFTNL_RULE_CHAIN, chain);
}

void nft_end_rule(struct nft *n)
{
	struct nftnl_rule *r = n->rule;

	nft_end_elements(n);
	if (!r)
		return;
	n->rule = NULL; /* nft_message would come back here */
	struct nlmsghdr *h = nft_message(n, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	if (h) {
		nftnl_rule_nlmsg_build_payload(h, r);
		nft_message_done(n);
	}
	nftnl_rule_free(r);
}

/* A new expression at the end of the open rule, which owns it; NULL with `failed` set. */
static struct nftnl_expr *append(struct nft *n, const char *name)
{
	struct nftnl_expr *e = n->rule ? nftnl_expr_alloc(name) : NULL;

	if (!e) {
		n->failed = true;
		return NULL;
	}
	nftnl_rule_add_expr(n->rule, e);
	return e;
}

static void compare(struct nft *n, enum nft_op op, const void *value, uint32_t len)
{
	static const uint32_t ops[] = {
	    [NFT_IS] = NFT_CMP_EQ,
	    [NFT_IS_NOT] = NFT_CMP_NEQ,
	    [NFT_LESS] = NFT_CMP_LT,
	    [NFT_AT_LEAST] = NFT_CMP_GTE,
	};
	struct nftnl_expr *e = append(n, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, ops[op]);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len);
}

static void load_to(struct nft *n, uint32_t reg, enum nft_base base, uint32_t offset, uint32_t len)
{
	static const uint32_t bases[] = {
	    [NFT_LINK] = NFT_PAYLOAD_LL_HEADER,
	    [NFT_NETWORK] = NFT_PAYLOAD_NETWORK_HEADER,
	    [NFT_TRANSPORT] = NFT_PAYLOAD_TRANSPORT_HEADER,
	};
	struct nftnl_expr *e = append(n, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, bases[base]);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
}

void nft_load(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len)
{
	load_to(n, NFT_REG_1, base, offset, len);
}

static void load_meta_to(struct nft *n, uint32_t reg, uint32_t key)
{
	struct nftnl_expr *e = append(n, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
}

static void load_meta(struct nft *n, uint32_t key)
{
	load_meta_to(n, NFT_REG_1, key);
}

void nft_match(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, enum nft_op op, const void *value)
{
	nft_load(n, base, offset, len);
	compare(n, op, value, len);
}

/* The kernel leaves a rule at a load of octets that are not there. */
void nft_match_present(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len)
{
	nft_load(n, base, offset, len);
}

static void apply_mask(struct nft *n, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = append(n, "bitwise");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

void nft_match_masked(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, const void *mask,
		      enum nft_op op, const void *value)
{
	nft_load(n, base, offset, len);
	nft_and_masked(n, mask, op, value, len);
}

void nft_and_masked(struct nft *n, const void *mask, enum nft_op op, const void *value, uint32_t len)
{
	apply_mask(n, mask, len);
	compare(n, op, value, len);
}

void nft_and(struct nft *n, enum nft_op op, const void *value, uint32_t len)
{
	compare(n, op, value, len);
}

static void range(struct nft *n, uint32_t op, const void *low, const void *high, uint32_t len)
{
	struct nftnl_expr *e = append(n, "range");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_RANGE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_RANGE_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_RANGE_FROM_DATA, low, len);
	nftnl_expr_set(e, NFTNL_EXPR_RANGE_TO_DATA, high, len);
}

void nft_match_range(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, const void *low,
		     const void *high)
{
	nft_load(n, base, offset, len);
	range(n, NFT_RANGE_EQ, low, high, len);
}

void nft_and_outside(struct nft *n, const void *low, const void *high, uint32_t len)
{
	range(n, NFT_RANGE_NEQ, low, high, len);
}

/*
 * The kernel knows the transport protocol only of a packet whose network header is valid: version, header length, and
 * a total length that does not exceed the frame. For any other packet this match fails, whatever the operator.
 */
void nft_match_l4proto(struct nft *n, enum nft_op op, uint8_t proto)
{
	load_meta(n, NFT_META_L4PROTO);
	compare(n, op, &proto, sizeof(proto));
}

/* The parts of a key are in consecutive 4-octet registers, the first of which is the start of register 1. */
void nft_match_in_address_set(struct nft *n, const char *set, uint32_t offset, bool ip6, bool with_port)
{
	const uint32_t len = ip6 ? 16 : 4, behind = NFT_REG32_00 + len / 4, port_dst = 2;

	load_to(n, NFT_REG32_00, NFT_NETWORK, offset, len);
	if (with_port) {
		load_meta_to(n, behind, NFT_META_L4PROTO);
		load_to(n, behind + 1, NFT_TRANSPORT, port_dst, 2);
	}
	struct nftnl_expr *e = append(n, "lookup");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG32_00);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
}

static void packet_type_is(struct nft *n, uint8_t type)
{
	load_meta(n, NFT_META_PKTTYPE);
	compare(n, NFT_IS, &type, sizeof(type));
}

void nft_match_elsewhere(struct nft *n)
{
	packet_type_is(n, PACKET_OTHERHOST);
}

void nft_match_for_host(struct nft *n)
{
	packet_type_is(n, PACKET_HOST);
}

void nft_match_mark(struct nft *n, enum nft_op op, uint32_t mark)
{
	load_meta(n, NFT_META_MARK);
	compare(n, op, &mark, sizeof(mark));
}

void nft_match_mark_masked(struct nft *n, uint32_t mask, enum nft_op op, uint32_t mark)
{
	load_meta(n, NFT_META_MARK);
	apply_mask(n, &mask, sizeof(mask));
	compare(n, op, &mark, sizeof(mark));
}

/*
 * The match fails if the frame no longer has its sending socket, or if the socket belongs to another network
 * namespace (Linux 4.20).
 */
static void sender_is(struct nft *n, uint32_t key, uint32_t id)
{
	load_meta(n, key);
	compare(n, NFT_IS, &id, sizeof(id));
}

void nft_match_root(struct nft *n)
{
	sender_is(n, NFT_META_SKUID, 0);
}

void nft_match_sender_group(struct nft *n, uint32_t gid)
{
	sender_is(n, NFT_META_SKGID, gid);
}

void nft_match_over_limit(struct nft *n, uint64_t per_second, uint32_t burst)
{
	struct nftnl_expr *e = append(n, "limit");

	if (!e)
		return;
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, per_second);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
}

void nft_count(struct nft *n, const char *counter)
{
	struct nftnl_expr *e = append(n, "objref");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, counter);
}

static void load_value(struct nft *n, const void *value, uint32_t len)
{
	struct nftnl_expr *e = append(n, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, value, len);
}

static void set_meta(struct nft *n, uint32_t key, const void *value, uint32_t len)
{
	load_value(n, value, len);
	struct nftnl_expr *e = append(n, "meta");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

void nft_set_mark(struct nft *n, uint32_t mark)
{
	set_meta(n, NFT_META_MARK, &mark, sizeof(mark));
}

void nft_set_for_host(struct nft *n)
{
	static const uint8_t host = PACKET_HOST;

	set_meta(n, NFT_META_PKTTYPE, &host, sizeof(host));
}

static struct nftnl_expr *write_payload(struct nft *n, uint32_t base, uint32_t offset, const void *value, uint32_t len)
{
	load_value(n, value, len);
	struct nftnl_expr *e = append(n, "payload");
	if (!e)
		return NULL;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	return e;
}

void nft_set_eth_dst(struct nft *n, const uint8_t *mac)
{
	write_payload(n, NFT_PAYLOAD_LL_HEADER, 0, mac, ETH_ALEN);
}

/* The transport checksum covers the addresses (RFC 8200 8.1), so the kernel is told to correct it. */
void nft_set_ip6_source(struct nft *n, const struct in6_addr *a)
{
	const uint32_t source = 8;
	struct nftnl_expr *e = write_payload(n, NFT_PAYLOAD_NETWORK_HEADER, source, a, sizeof(*a));

	if (e)
		nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_FLAGS, NFT_PAYLOAD_L4CSUM_PSEUDOHDR);
}

void nft_log(struct nft *n, uint16_t group)
{
	struct nftnl_expr *e = append(n, "log");

	if (e)
		nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, group);
}

void nft_queue(struct nft *n, uint16_t number)
{
	struct nftnl_expr *e = append(n, "queue");

	if (!e)
		return;
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_NUM, number);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_TOTAL, 1);
}

static void verdict(struct nft *n, int code, const char *chain)
{
	struct nftnl_expr *e = append(n, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)code);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

void nft_accept(struct nft *n)
{
	verdict(n, NF_ACCEPT, NULL);
}

void nft_drop(struct nft *n)
{
	verdict(n, NF_DROP, NULL);
}

void nft_jump(struct nft *n, const char *chain)
{
	verdict(n, NFT_JUMP, chain);
}

void nft_goto(struct nft *n, const char *chain)
{
	verdict(n, NFT_GOTO, chain);
}

static void ifname_vmap(struct nft *n, uint32_t key, const char *map)
{
	load_meta(n, key);
	struct nftnl_expr *e = append(n, "lookup");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, map);
}

void nft_iifname_vmap(struct nft *n, const char *map)
{
	ifname_vmap(n, NFT_META_IIFNAME, map);
}

void nft_oifname_vmap(struct nft *n, const char *map)
{
	ifname_vmap(n, NFT_META_OIFNAME, map);
}
