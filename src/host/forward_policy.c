/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/forward_policy.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_physdev.h> /* and linux/if.h, which net/if.h does not go with */

#define DEPTH_MOST 16 /* jumps, as in the kernel (NFT_JUMP_STACK_SIZE) */
#define CHAINS_MOST 32
#define STEPS_MOST 64

struct name {
	char text[80];
};

/* A base chain at the forward hook. */
struct base_chain {
	uint8_t family;
	bool drops; /* its policy */
	struct name table, chain;
};

struct look {
	struct mnl_socket *socket;
	const char *bridge;
	uint32_t seq;
	struct base_chain bases[CHAINS_MOST];
	size_t base_count;
};

enum fate { FATE_GOES_ON, FATE_PASSES, FATE_STOPS };

/* What a rule does to a packet that meets all it asks. */
struct step {
	int32_t verdict;
	struct name chain;
};

struct steps {
	const struct look *look;
	struct step at[STEPS_MOST];
	size_t count;
};

static char read_flag(const char *path)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = 0;

	return fd >= 0 && read(fd, &c, 1) == 1 ? c : 0;
}

/* For all bridges, or for this one. */
static bool is_handed(const char *bridge, const char *knob)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/bridge/bridge-nf-call-%s", knob);
	char all = read_flag(path);
	if (!all || all == '1')
		return all;
	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge/nf_call_%s", bridge ? bridge : "", knob);
	return bridge && read_flag(path) == '1';
}

static bool has_legacy(const char *path)
{
	_cleanup_(cleanup_fclose) FILE *f = fopen(path, "re");
	char line[64];

	while (f && fgets(line, sizeof(line), f))
		if (strcmp(line, "filter\n") == 0)
			return true;
	return false;
}

static void copy_name(struct name *to, const struct nlattr *a)
{
	snprintf(to->text, sizeof(to->text), "%s", mnl_attr_get_str(a));
}

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

/* The attribute of that type within, or NULL. */
static const struct nlattr *inner(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a;

	if (nest)
		for (each_inner(a, nest))
			if (mnl_attr_get_type(a) == type)
				return a;
	return NULL;
}

static uint32_t inner_u32(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *a = inner(nest, type);

	return a && mnl_attr_get_payload_len(a) == 4 ? ntohl(mnl_attr_get_u32(a)) : 0;
}

static struct nlmsghdr *ask(struct look *l, void *buf, uint16_t type, uint8_t family)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++l->seq;
	struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));
	nf->nfgen_family = family;
	nf->version = NFNETLINK_V0;
	return h;
}

/* Sends the question and hands each part of the answer to `each`. */
static int dump(struct look *l, const struct nlmsghdr *question, void (*each)(void *, const struct nlmsghdr *),
		void *arg)
{
	char buf[16384];

	if (mnl_socket_sendto(l->socket, question, question->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(l->socket, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		int left = (int)got;
		for (const struct nlmsghdr *h = (const void *)buf; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			if (h->nlmsg_seq != l->seq)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
			each(arg, h);
		}
	}
}

static void on_chain(void *arg, const struct nlmsghdr *h)
{
	struct look *l = arg;
	const struct nlattr *a, *hook = NULL;
	struct base_chain c = {.family = ((const struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family};

	for (each_attr (a, h)) {
		if (mnl_attr_get_type(a) == NFTA_CHAIN_TABLE)
			copy_name(&c.table, a);
		else if (mnl_attr_get_type(a) == NFTA_CHAIN_NAME)
			copy_name(&c.chain, a);
		else if (mnl_attr_get_type(a) == NFTA_CHAIN_POLICY)
			c.drops = ntohl(mnl_attr_get_u32(a)) == NF_DROP;
		else if (mnl_attr_get_type(a) == NFTA_CHAIN_HOOK)
			hook = a;
	}
	if (inner(hook, NFTA_HOOK_HOOKNUM) && inner_u32(hook, NFTA_HOOK_HOOKNUM) == NF_INET_FORWARD &&
	    l->base_count < CHAINS_MOST)
		l->bases[l->base_count++] = c;
}

/* What is known of a rule's condition; `counter` and its like ask nothing. */
enum holds { HOLDS, HOLDS_NOT, UNKNOWN };

/* Interface names are compared whole, with their NUL, or as far as a wildcard leaves. */
static enum holds compare_name(const struct look *l, const struct nlattr *e)
{
	char name[IFNAMSIZ] = "";
	const struct nlattr *value = inner(inner(e, NFTA_CMP_DATA), NFTA_DATA_VALUE);
	uint32_t op = inner_u32(e, NFTA_CMP_OP);

	if (!l->bridge || !value || mnl_attr_get_payload_len(value) > sizeof(name) ||
	    (op != NFT_CMP_EQ && op != NFT_CMP_NEQ))
		return UNKNOWN;
	memcpy(name, l->bridge, strnlen(l->bridge, sizeof(name) - 1));
	bool same = memcmp(name, mnl_attr_get_payload(value), mnl_attr_get_payload_len(value)) == 0;
	return same == (op == NFT_CMP_EQ) ? HOLDS : HOLDS_NOT;
}

/* iptables -m physdev: `--physdev-is-bridged` alone is true of all that a bridge forwards. */
static enum holds match(const struct nlattr *e)
{
	const struct nlattr *name = inner(e, NFTA_MATCH_NAME), *info = inner(e, NFTA_MATCH_INFO);
	struct xt_physdev_info p;

	if (name && strcmp(mnl_attr_get_str(name), "comment") == 0)
		return HOLDS;
	if (!name || !info || strcmp(mnl_attr_get_str(name), "physdev") != 0 ||
	    mnl_attr_get_payload_len(info) < sizeof(p))
		return UNKNOWN;
	memcpy(&p, mnl_attr_get_payload(info), sizeof(p));
	if (p.bitmask != XT_PHYSDEV_OP_BRIDGED)
		return UNKNOWN;
	return p.invert & XT_PHYSDEV_OP_BRIDGED ? HOLDS_NOT : HOLDS;
}

/* One expression of a rule: whether it lets go on, and the verdict that it gives. */
static enum holds weigh(const struct look *l, const struct nlattr *expr, uint32_t *loaded, struct step *s)
{
	static const char *const idle[] = {"counter", "log", "objref"};
	const struct nlattr *e = inner(expr, NFTA_EXPR_DATA), *a = inner(expr, NFTA_EXPR_NAME);
	const char *name = a ? mnl_attr_get_str(a) : "";

	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (strcmp(name, idle[i]) == 0)
			return HOLDS;
	if (strcmp(name, "meta") == 0) {
		*loaded = inner(e, NFTA_META_DREG) ? inner_u32(e, NFTA_META_KEY) : UINT32_MAX;
		return HOLDS;
	}
	if (strcmp(name, "cmp") == 0)
		return *loaded == NFT_META_IIFNAME || *loaded == NFT_META_OIFNAME ? compare_name(l, e) : UNKNOWN;
	if (strcmp(name, "match") == 0)
		return match(e);
	a = inner(e, NFTA_TARGET_NAME);
	if (strcmp(name, "reject") == 0 ||
	    (strcmp(name, "target") == 0 && a && strcmp(mnl_attr_get_str(a), "REJECT") == 0)) {
		s->verdict = NF_DROP;
		return HOLDS;
	}
	const struct nlattr *verdict = inner(inner(e, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
	if (strcmp(name, "immediate") != 0 || !verdict)
		return UNKNOWN;
	s->verdict = (int32_t)inner_u32(verdict, NFTA_VERDICT_CODE);
	if ((a = inner(verdict, NFTA_VERDICT_CHAIN)))
		copy_name(&s->chain, a);
	return HOLDS;
}

static void on_rule(void *arg, const struct nlmsghdr *h)
{
	struct steps *all = arg;
	struct step s = {.verdict = NFT_CONTINUE};
	const struct nlattr *a, *e;
	uint32_t loaded = UINT32_MAX;

	for (each_attr (a, h)) {
		if (mnl_attr_get_type(a) != NFTA_RULE_EXPRESSIONS)
			continue;
		for (each_inner(e, a))
			if (weigh(all->look, e, &loaded, &s) != HOLDS)
				return;
	}
	if (s.verdict != NFT_CONTINUE && all->count < STEPS_MOST)
		all->at[all->count++] = s;
}

static int walk(struct look *l, const struct base_chain *b, const char *chain, int depth, enum fate *out)
{
	struct steps all = {.look = l};
	char buf[512];
	struct nlmsghdr *h = ask(l, buf, NFT_MSG_GETRULE, b->family);

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, b->table.text);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	int err = dump(l, h, on_rule, &all);
	for (size_t i = 0; i < all.count && !err; i++) {
		const struct step *s = &all.at[i];
		if (s->verdict == NF_ACCEPT || s->verdict == NF_DROP) {
			*out = s->verdict == NF_ACCEPT ? FATE_PASSES : FATE_STOPS;
			return 0;
		}
		if ((s->verdict == NFT_JUMP || s->verdict == NFT_GOTO) && depth < DEPTH_MOST)
			err = walk(l, b, s->chain.text, depth + 1, out);
		if (*out != FATE_GOES_ON || s->verdict == NFT_RETURN || s->verdict == NFT_GOTO)
			break;
	}
	return err;
}

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

static void tell(const struct look *l, const struct base_chain *b, struct forward_family *f)
{
	const char *bridge = l->bridge ? l->bridge : "BRIDGE";

	f->stops = true;
	snprintf(f->where, sizeof(f->where), "%s %s %s", family_name(b->family), b->table.text, b->chain.text);
	if (b->family != NFPROTO_INET && strcmp(b->table.text, "filter") == 0 && strcmp(b->chain.text, "FORWARD") == 0)
		snprintf(f->mend, sizeof(f->mend), "%s -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
			 b->family == NFPROTO_IPV4 ? "iptables" : "ip6tables");
	else
		snprintf(f->mend, sizeof(f->mend), "nft insert rule %s iifname %s oifname %s accept", f->where, bridge,
			 bridge);
}

/* The chains of one of nftables' families, each of which may stop a packet. */
static int look_at(struct look *l, uint8_t family, struct forward_family *f)
{
	char buf[512];

	l->base_count = 0;
	int err = dump(l, ask(l, buf, NFT_MSG_GETCHAIN, family), on_chain, l);
	for (size_t i = 0; i < l->base_count && !err && !f->stops; i++) {
		enum fate fate = FATE_GOES_ON;
		err = walk(l, &l->bases[i], l->bases[i].chain.text, 0, &fate);
		if (!err && (fate == FATE_STOPS || (fate == FATE_GOES_ON && l->bases[i].drops)))
			tell(l, &l->bases[i], f);
	}
	return err;
}

static void close_socket(struct mnl_socket **s)
{
	if (*s)
		mnl_socket_close(*s);
}

int forward_policy_check(struct forward_policy *out)
{
	static const struct {
		const char *knob, *legacy;
		uint8_t family;
	} families[FORWARD_FAMILIES] = {
	    [FORWARD_IP4] = {"iptables", "/proc/net/ip_tables_names", NFPROTO_IPV4},
	    [FORWARD_IP6] = {"ip6tables", "/proc/net/ip6_tables_names", NFPROTO_IPV6},
	};
	struct look l = {.bridge = out->bridge};
	_cleanup_(close_socket) struct mnl_socket *socket = NULL;

	memset(out->of, 0, sizeof(out->of));
	for (int i = 0; i < FORWARD_FAMILIES; i++) {
		struct forward_family *f = &out->of[i];
		f->handed = is_handed(out->bridge, families[i].knob);
		if (!f->handed)
			continue;
		f->legacy = has_legacy(families[i].legacy);
		if (!socket)
			l.socket = socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
		if (!socket || (!l.seq && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0))
			return -errno;
		int err = look_at(&l, families[i].family, f);
		if (!err && !f->stops)
			err = look_at(&l, NFPROTO_INET, f);
		if (err)
			return err;
	}
	return 0;
}
