/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel reports nftables events only within their network namespace: processes that watch the host's rules do
 * not hear of these.
 */
#include "fw/probe.h"

#include "base/cleanup.h"
#include "fw/delivery.h"
#include "fw/nft_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <sys/wait.h>

#define TABLE "probe"
#define CHAIN "chain"
#define DEVICE "lo" /* which every network namespace has */

/*
 * Tries one transaction, which `build` fills. What it makes goes with the socket that owns it, or with the namespace.
 */
static int try_rules(void (*build)(struct nft *n))
{
	struct nft *n;
	int err = nft_open(&n);

	if (err)
		return err;
	nft_begin(n);
	build(n);
	err = nft_commit(n);
	nft_close(n);
	return err;
}

static void owned_table(struct nft *n)
{
	nft_table(n, NFPROTO_NETDEV, TABLE, NFT_TABLE_F_OWNER);
}

static void ingress_chain(struct nft *n)
{
	nft_table(n, NFPROTO_NETDEV, TABLE "-in", 0);
	nft_base_chain(n, CHAIN, NFT_HOOK_INGRESS, 0, false, DEVICE, false);
}

static void egress_chain(struct nft *n)
{
	nft_table(n, NFPROTO_NETDEV, TABLE "-out", 0);
	nft_base_chain(n, CHAIN, NFT_HOOK_EGRESS, 0, false, DEVICE, false);
}

static void log_rule(struct nft *n)
{
	nft_table(n, NFPROTO_NETDEV, TABLE "-log", 0);
	nft_chain(n, CHAIN, false);
	nft_rule(n, CHAIN);
	nft_log(n, 1);
}

static void queue_rule(struct nft *n)
{
	nft_table(n, NFPROTO_BRIDGE, TABLE "-queue", 0);
	nft_base_chain(n, CHAIN, NFT_HOOK_BRIDGE_PREROUTING, 0, false, NULL, false);
	nft_rule(n, CHAIN);
	nft_queue(n, 1);
}

static void reject_rule(struct nft *n)
{
	nft_table(n, NFPROTO_BRIDGE, TABLE "-reject", 0);
	nft_base_chain(n, CHAIN, NFT_HOOK_BRIDGE_PREROUTING, 0, false, NULL, false);
	nft_rule(n, CHAIN);
	struct nftnl_expr *e = nftnl_expr_alloc("reject");
	if (!e || !n->rule) {
		n->failed = true;
		return;
	}
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
	nftnl_rule_add_expr(n->rule, e);
}

/* Tries the rule, then a listener for what it delivers. */
static int try_delivery(enum transport t, void (*build)(struct nft *n))
{
	struct delivery *d;
	int err = try_rules(build);

	if (err || (err = delivery_open(t, 1, &d)))
		return err;
	delivery_close(d);
	return 0;
}

/* In the child: its answers into the pipe. */
static int ask(int to)
{
	if (unshare(CLONE_NEWNET) < 0)
		return errno;
	const struct probe p = {
	    .owner = try_rules(owned_table),
	    .ingress = try_rules(ingress_chain),
	    .egress = try_rules(egress_chain),
	    .log = try_delivery(TRANSPORT_LOG, log_rule),
	    .bridge_queue = try_delivery(TRANSPORT_QUEUE, queue_rule),
	    .bridge_reject = try_rules(reject_rule),
	};
	return write(to, &p, sizeof(p)) == sizeof(p) ? 0 : EIO;
}

int probe_run(struct probe *out)
{
	int ends[2], status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	_cleanup_(cleanup_close) int from = ends[0];
	_cleanup_(cleanup_close) int to = ends[1];
	pid_t child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		_exit(ask(to));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -EIO;
	if (WEXITSTATUS(status))
		return -WEXITSTATUS(status);
	return read(from, out, sizeof(*out)) == sizeof(*out) ? 0 : -EIO;
}
