/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/forward_policy.h"

#include "base/cleanup.h"
#include "host/forward_legacy.h"
#include "host/forward_priv.h"
#include "host/routes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define DEPTH_MOST 16 /* jumps, as in the kernel (NFT_JUMP_STACK_SIZE) */

/* A base chain at the forward hook. */
struct base_chain {
	uint8_t family;
	bool drops; /* its policy */
	struct forward_name table, chain;
};

struct look {
	struct mnl_socket *socket;
	const char *bridge;
	bool leaves;
	char out[IF_NAMESIZE]; /* the default route's interface */
	struct forward_way way;
	uint32_t seq;
	struct base_chain *bases;
	size_t base_count;
	bool full; /* there was no memory for all that the kernel has */
};

enum fate { FATE_GOES_ON, FATE_PASSES, FATE_STOPS };

struct steps {
	struct look *look;
	struct forward_step *at;
	size_t count;
};

static char read_flag(const char *path)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = 0;

	return fd >= 0 && read(fd, &c, 1) == 1 ? c : 0;
}

/* Whether br_netfilter passes this bridge's packets to the IP chains: it can be set for all bridges, or for one. */
static bool is_handed(const char *bridge, const char *knob)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/bridge/bridge-nf-call-%s", knob);
	char all = read_flag(path);
	if (!all || all == '1')
		return all;
	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge/nf_call_%s", bridge, knob);
	return read_flag(path) == '1';
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
				return l->full ? -ENOMEM : 0;
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
			forward_copy_name(&c.table, a);
		else if (mnl_attr_get_type(a) == NFTA_CHAIN_NAME)
			forward_copy_name(&c.chain, a);
		else if (mnl_attr_get_type(a) == NFTA_CHAIN_POLICY)
			c.drops = ntohl(mnl_attr_get_u32(a)) == NF_DROP;
		else if (mnl_attr_get_type(a) == NFTA_CHAIN_HOOK)
			hook = a;
	}
	if (!forward_inner(hook, NFTA_HOOK_HOOKNUM) || forward_inner_u32(hook, NFTA_HOOK_HOOKNUM) != NF_INET_FORWARD)
		return;
	struct base_chain *more = reallocarray(l->bases, l->base_count + 1, sizeof(*more));
	if (!more) {
		l->full = true;
		return;
	}
	more[l->base_count++] = c;
	l->bases = more;
}

static void on_rule(void *arg, const struct nlmsghdr *h)
{
	struct steps *all = arg;
	struct forward_step s;

	/*
	 * Users' own rules for routed packets often test addresses, which fold does not know here. One rule that may
	 * accept such packets is enough for fold not to warn.
	 */
	if (!forward_rule_read(h, &all->look->way, &s) || !(s.sure || (all->look->leaves && s.verdict != NF_DROP)))
		return;
	struct forward_step *more = reallocarray(all->at, all->count + 1, sizeof(*more));
	if (!more) {
		all->look->full = true;
		return;
	}
	more[all->count++] = s;
	all->at = more;
}

static int walk(struct look *l, const struct base_chain *b, const char *chain, int depth, enum fate *out);

static int take_steps(const struct steps *all, const struct base_chain *b, int depth, enum fate *out)
{
	int err = 0;

	for (size_t i = 0; i < all->count && !err; i++) {
		const struct forward_step *step = &all->at[i];
		if (step->verdict == NF_ACCEPT || step->verdict == NF_DROP) {
			*out = step->verdict == NF_ACCEPT ? FATE_PASSES : FATE_STOPS;
			return 0;
		}
		if ((step->verdict == NFT_JUMP || step->verdict == NFT_GOTO) && depth < DEPTH_MOST)
			err = walk(all->look, b, step->chain.text, depth + 1, out);
		if (!step->sure && *out != FATE_PASSES) {
			*out = FATE_GOES_ON;
			continue;
		}
		if (*out != FATE_GOES_ON || step->verdict == NFT_RETURN || step->verdict == NFT_GOTO)
			break;
	}
	return err;
}

static int walk(struct look *l, const struct base_chain *b, const char *chain, int depth, enum fate *out)
{
	struct steps all = {.look = l};
	char buf[512];
	struct nlmsghdr *h = ask(l, buf, NFT_MSG_GETRULE, b->family);

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, b->table.text);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	int err = dump(l, h, on_rule, &all);
	if (!err)
		err = take_steps(&all, b, depth, out);
	free(all.at);
	return err;
}

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

static bool is_iptables(const struct base_chain *b)
{
	return b->family != NFPROTO_INET && strcmp(b->table.text, "filter") == 0 &&
	       strcmp(b->chain.text, "FORWARD") == 0;
}

static void tell(const struct look *l, const struct base_chain *b, struct forward_family *f)
{
	const char *tool = b->family == NFPROTO_IPV4 ? "iptables" : "ip6tables", *bridge = l->bridge;

	f->stops = true;
	snprintf(f->where, sizeof(f->where), "%s %s %s", family_name(b->family), b->table.text, b->chain.text);
	if (!l->leaves && is_iptables(b))
		snprintf(f->mend, sizeof(f->mend), "%s -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT", tool);
	else if (!l->leaves)
		snprintf(f->mend, sizeof(f->mend), "nft insert rule %s iifname %s oifname %s accept", f->where, bridge,
			 bridge);
	else if (is_iptables(b))
		snprintf(f->mend, sizeof(f->mend),
			 "%s -I FORWARD -i %s ! -o %s -j ACCEPT && "
			 "%s -I FORWARD -o %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
			 tool, bridge, bridge, tool, bridge);
	else
		snprintf(f->mend, sizeof(f->mend),
			 "nft insert rule %s iifname %s oifname != %s accept && "
			 "nft insert rule %s oifname %s ct state established,related accept",
			 f->where, bridge, bridge, f->where, bridge);
}

/* Looks at all base chains of one nftables family, since any of them may stop a packet. */
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

static bool is_off(const struct look *l, uint8_t family, struct forward_family *f)
{
	static const char *const knobs[] = {"ipv4/ip_forward", "ipv6/conf/all/forwarding"};
	const char *knob = knobs[family == NFPROTO_IPV6];
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", knob);
	if (read_flag(path) != '0')
		return false;
	f->off = f->stops = true;
	snprintf(f->where, sizeof(f->where), "net/%s is 0", knob);
	snprintf(f->mend, sizeof(f->mend), "sysctl -w net/%s=1", knob);
	/*
	 * A host that forwards ignores router advertisements unless accept_ra is 2 (ip-sysctl,
	 * accept_ra): without that, the command would cost the host its own default route.
	 */
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", l->out);
	if (family == NFPROTO_IPV6 && l->out[0] && read_flag(path) == '1')
		snprintf(f->mend, sizeof(f->mend), "sysctl -w net/ipv6/conf/%s/accept_ra=2 net/%s=1", l->out, knob);
	return true;
}

/* Sets the interfaces in l->way. False if no chain matters: the host forwards nothing, or has no default route. */
static bool find_way(struct look *l, uint8_t family, struct forward_family *f)
{
	const bool routed = l->leaves && routes_out(family == NFPROTO_IPV4 ? AF_INET : AF_INET6, l->out) == 0;

	if (!routed)
		l->out[0] = 0;
	if (l->leaves && (is_off(l, family, f) || !routed))
		return false;
	l->way.in = l->bridge;
	l->way.out = l->leaves ? l->out : l->bridge;
	l->way.in_index = if_nametoindex(l->way.in);
	l->way.out_index = if_nametoindex(l->way.out);
	return true;
}

static int open_socket(struct look *l)
{
	if (!l->socket)
		l->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	return !l->socket || (!l->seq && mnl_socket_bind(l->socket, 0, MNL_SOCKET_AUTOPID) < 0) ? -errno : 0;
}

static int check_family(struct look *l, int which, struct forward_family *f)
{
	static const struct {
		const char *knob;
		uint8_t family;
		int af;
	} families[FORWARD_FAMILIES] = {
	    [FORWARD_IP4] = {"iptables", NFPROTO_IPV4, AF_INET},
	    [FORWARD_IP6] = {"ip6tables", NFPROTO_IPV6, AF_INET6},
	};

	f->handed = l->leaves || is_handed(l->bridge, families[which].knob);
	if (!f->handed || !find_way(l, families[which].family, f))
		return 0;
	f->legacy = forward_legacy_in_use(families[which].af);
	int err = open_socket(l);
	if (!err)
		err = look_at(l, families[which].family, f);
	if (!err && !f->stops)
		err = look_at(l, NFPROTO_INET, f);
	return err;
}

int forward_policy_check(struct forward_policy *out)
{
	struct look l = {.bridge = out->bridge, .leaves = out->leaves};
	int err = 0;

	memset(out->of, 0, sizeof(out->of));
	for (int i = 0; i < FORWARD_FAMILIES && !err; i++)
		err = check_family(&l, i, &out->of[i]);
	free(l.bases);
	if (l.socket)
		mnl_socket_close(l.socket);
	return err;
}
