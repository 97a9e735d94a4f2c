/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward_priv: shared by forward_policy.c, which follows chains, and forward_rule.c, which evaluates one rule. */
#ifndef FOLD_HOST_FORWARD_PRIV_H
#define FOLD_HOST_FORWARD_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

/* libmnl's own loops do not survive -Wconversion. */
#define each_attr(a, h)                                                                                                \
	(a) = mnl_nlmsg_get_payload_offset(h, sizeof(struct nfgenmsg));                                                \
	mnl_attr_ok(a, (int)((const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)(a)));                        \
	(a) = mnl_attr_next(a)
#define each_inner(a, nest)                                                                                            \
	(a) = mnl_attr_get_payload(nest);                                                                              \
	mnl_attr_ok(a, (int)((const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest) -               \
			     (const char *)(a)));                                                                      \
	(a) = mnl_attr_next(a)

struct forward_name {
	char text[80];
};

/* The interfaces that a packet comes in by and leaves by. Within a bridge both are the bridge. */
struct forward_way {
	const char *in, *out;
	uint32_t in_index, out_index;
};

/* What a rule does to the first packet of a new connection that matches. chain: the target of a jump or goto. */
struct forward_step {
	int32_t verdict;
	bool sure; /* the packet does match; else the rule tests something that is not known */
	struct forward_name chain;
};

/* The attribute of that type within nest, or NULL; its value in host order, or 0. */
const struct nlattr *forward_inner(const struct nlattr *nest, uint16_t type);
uint32_t forward_inner_u32(const struct nlattr *nest, uint16_t type);
void forward_copy_name(struct forward_name *to, const struct nlattr *a);

/* Evaluates a rule as the kernel dumps it. False if the packet cannot match, or the rule gives no verdict. */
bool forward_rule_read(const struct nlmsghdr *h, const struct forward_way *w, struct forward_step *out);

#endif
