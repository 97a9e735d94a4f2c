/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward_priv: what the two halves of forward_policy share: going through chains (forward_policy.c), and what a rule asks (forward_rule.c). */
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

/* What a rule does to a new connection's packet that meets all it asks. */
struct forward_step {
	int32_t verdict;
	bool sure; /* it does meet it; else the rule asks what is not known */
	struct forward_name chain;
};

/* The attribute of that type within, or NULL; its number, or 0. */
const struct nlattr *forward_inner(const struct nlattr *nest, uint16_t type);
uint32_t forward_inner_u32(const struct nlattr *nest, uint16_t type);
void forward_copy_name(struct forward_name *to, const struct nlattr *a);

/* A rule, as the kernel tells of it. False where it does not hold, or gives no verdict. */
bool forward_rule_read(const struct nlmsghdr *h, const struct forward_way *w, struct forward_step *out);

#endif
