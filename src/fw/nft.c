/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transaction: a batch of nfnetlink messages, its objects, and how it is sent.
 * The expressions of rules are in nft_expr.c, sets in nft_set.c. Source: linux/netfilter/nfnetlink.h,
 * nf_tables.h; Documentation/userspace-api/netlink.
 */
#include "fw/nft_priv.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_bridge.h>
#include <sys/random.h>

/* One VM's rules take about 20 KiB; a message that ends past the limit would spill into the slack. */
#define BATCH_SIZE (256 * 1024)
#define BATCH_SLACK (32 * 1024)

#define ANSWER_MS 3000 /* a long time: the kernel has queued all answers before the request returns */

/* A transaction is one datagram, which the socket's usual buffer (wmem_default) need not take. */
static void make_room(struct nft *n)
{
	const int room = BATCH_SIZE + BATCH_SLACK;

	if (setsockopt(nft_fd(n), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(nft_fd(n), SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

/*
 * The hypervisor holds a copy of this socket, so that the rules stay as long as it runs. Locking the filter keeps it
 * from attaching one that would drop the kernel's answers to fold.
 */
static int lock_filter(const struct nft *n)
{
	const int on = 1;

	return setsockopt(nft_fd(n), SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on));
}

/*
 * A transaction's first sequence number. The hypervisor has the socket as well, so that the rules stay, and the kernel
 * refuses what it sends in answers with the number that it chose: it must not guess fold's.
 */
static uint32_t any_number(void)
{
	uint32_t number;

	/* Never fails for so few octets once the machine has started. */
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		abort();
	return number;
}

/* Makes an nft that owns the socket, which may be NULL. On failure returns NULL, with errno set. */
static struct nft *make(struct mnl_socket *socket)
{
	struct nft *n = socket ? calloc(1, sizeof(*n)) : NULL;

	if (!socket)
		return NULL;
	if (n)
		n->buffer = malloc(BATCH_SIZE + BATCH_SLACK);
	if (!n || !n->buffer) {
		mnl_socket_close(socket);
		free(n);
		errno = ENOMEM;
		return NULL;
	}
	n->socket = socket;
	n->seq = any_number();
	return n;
}

int nft_open(struct nft **out)
{
	struct nft *n = make(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));

	if (!n)
		return -errno;
	if (mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) < 0 || lock_filter(n) < 0) {
		int err = -errno;
		nft_close(n);
		return err;
	}
	make_room(n);
	*out = n;
	return 0;
}

int nft_adopt(int fd, struct nft **out)
{
	struct nft *n = make(mnl_socket_fdopen(fd));

	if (!n)
		return -errno;
	*out = n;
	return 0;
}

void nft_close(struct nft *n)
{
	if (!n)
		return;
	nft_end_rule(n);
	if (n->batch)
		mnl_nlmsg_batch_stop(n->batch);
	if (n->socket)
		mnl_socket_close(n->socket);
	free(n->buffer);
	free(n);
}

int nft_fd(const struct nft *n)
{
	return mnl_socket_get_fd(n->socket);
}

void nft_begin(struct nft *n)
{
	nft_end_rule(n);
	if (n->batch)
		mnl_nlmsg_batch_stop(n->batch);
	n->last = NULL;
	n->failed = false;
	n->first = n->seq = any_number();
	n->batch = mnl_nlmsg_batch_start(n->buffer, BATCH_SIZE);
	if (!n->batch) {
		n->failed = true;
		return;
	}
	nftnl_batch_begin(mnl_nlmsg_batch_current(n->batch), n->seq++);
	mnl_nlmsg_batch_next(n->batch);
}

struct nlmsghdr *nft_message(struct nft *n, uint16_t type, uint16_t flags)
{
	nft_end_rule(n);
	if (n->failed)
		return NULL;
	n->last = nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(n->batch), type, (uint16_t)n->family, flags, n->seq++);
	return n->last;
}

void nft_message_done(struct nft *n)
{
	if (!n->failed && !mnl_nlmsg_batch_next(n->batch))
		n->failed = true; /* past BATCH_SIZE */
}

const char *nft_error(int err)
{
	switch (err) {
	case NFT_NO_ANSWER:
		return "no answer came from the kernel";
	case -ENOBUFS:
	case -EMSGSIZE:
		return "more rules than one transaction can have; list fewer groups with -m, or blocks of them";
	default:
		return strerror(-err);
	}
}

/* Never blocks in recv(): another holder of the socket may have read the message that poll() reported. */
ssize_t nft_receive(const struct nft *n, void *buf, size_t size, uint64_t until)
{
	for (;;) {
		struct pollfd ready = {.fd = nft_fd(n), .events = POLLIN};
		uint64_t now = clock_ms();
		if (now >= until)
			return NFT_NO_ANSWER;
		ssize_t got = recv(ready.fd, buf, size, MSG_DONTWAIT | MSG_TRUNC);
		if (got >= 0)
			return got <= (ssize_t)size ? got : -EMSGSIZE;
		if (errno == EAGAIN)
			poll(&ready, 1, (int)(until - now));
		else if (errno != EINTR)
			return -errno;
	}
}

int nft_ask(struct nft *n, const struct nlmsghdr *h, uint64_t *until)
{
	if (mnl_socket_sendto(n->socket, h, h->nlmsg_len) < 0)
		return -errno;
	*until = clock_ms() + ANSWER_MS;
	return 0;
}

/*
 * Looks in the received messages for answers to messages from number `first` on, and returns the first error among
 * them. Other answers came too late for their own questions, and are skipped.
 */
static int take_answers(const struct nft *n, const void *buf, int left, uint32_t first, int result)
{
	for (const struct nlmsghdr *h = buf; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq - first >= n->seq - first)
			continue;
		int err = ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
		if (result == NFT_NO_ANSWER || !result)
			result = err;
	}
	return result;
}

/*
 * The kernel handles a batch within sendmsg() and has queued every answer by the time that returns, so all answers
 * are in the socket now. ENOBUFS means that there was no room for an answer, which may be one to another process.
 */
int nft_read_answers(struct nft *n, uint32_t first)
{
	char buf[8192];
	int result = NFT_NO_ANSWER; /* no answer at all cannot be taken for success */

	/* Limited in time, because another holder of the socket may fill it as fast as it is read. */
	for (uint64_t until = clock_ms() + ANSWER_MS; clock_ms() < until;) {
		ssize_t got = recv(nft_fd(n), buf, sizeof(buf), MSG_DONTWAIT);
		if (got > 0)
			result = take_answers(n, buf, (int)got, first, result);
		else if (got == 0 || (errno != EINTR && errno != ENOBUFS))
			break;
	}
	return result;
}

int nft_commit(struct nft *n)
{
	nft_end_rule(n);
	if (n->failed || !n->last)
		return -ENOBUFS;
	/* Only the last message asks for an answer; refusals are always answered. */
	n->last->nlmsg_flags |= NLM_F_ACK;
	nftnl_batch_end(mnl_nlmsg_batch_current(n->batch), n->seq++);
	/* Without the end, the kernel would do nothing and yet answer that it was done. */
	if (!mnl_nlmsg_batch_next(n->batch)) {
		n->failed = true;
		return -ENOBUFS;
	}
	ssize_t sent = mnl_socket_sendto(n->socket, mnl_nlmsg_batch_head(n->batch), mnl_nlmsg_batch_size(n->batch));
	int err = sent < 0 ? -errno : nft_read_answers(n, n->first);
	mnl_nlmsg_batch_stop(n->batch);
	n->batch = NULL;
	n->failed = true; /* until the next nft_begin */
	return err;
}

void nft_use_table(struct nft *n, int family, const char *name)
{
	nft_end_rule(n); /* an open rule belongs to the table so far */
	n->family = family;
	snprintf(n->table, sizeof(n->table), "%s", name);
}

static void table_message(struct nft *n, uint16_t type, uint16_t nlflags, uint32_t flags)
{
	struct nlmsghdr *h = nft_message(n, type, nlflags);
	struct nftnl_table *t = nftnl_table_alloc();

	if (!h || !t) {
		n->failed = true;
	} else {
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, n->table);
		if (flags)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, flags);
		nftnl_table_nlmsg_build_payload(h, t);
		nft_message_done(n);
	}
	if (t)
		nftnl_table_free(t);
}

void nft_table(struct nft *n, int family, const char *name, uint32_t flags)
{
	nft_use_table(n, family, name);
	table_message(n, NFT_MSG_NEWTABLE, NLM_F_CREATE, flags);
}

void nft_table_delete(struct nft *n, bool only_empty)
{
	table_message(n, NFT_MSG_DELTABLE, only_empty ? NLM_F_NONREC : 0, 0);
}

void nft_counter(struct nft *n, const char *name)
{
	struct nlmsghdr *h = nft_message(n, NFT_MSG_NEWOBJ, NLM_F_CREATE);
	struct nftnl_obj *o = nftnl_obj_alloc();

	if (!h || !o) {
		n->failed = true;
	} else {
		nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, n->table);
		nftnl_obj_set_str(o, NFTNL_OBJ_NAME, name);
		nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
		nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_PKTS, 0);
		nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_BYTES, 0);
		nftnl_obj_nlmsg_build_payload(h, o);
		nft_message_done(n);
	}
	if (o)
		nftnl_obj_free(o);
}

/* Sends a message about the chain and frees it, also on failure. */
static void chain_message(struct nft *n, struct nftnl_chain *c, const char *name, uint16_t type, uint16_t nlflags)
{
	struct nlmsghdr *h = nft_message(n, type, nlflags);

	if (!h || !c) {
		n->failed = true;
	} else {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, n->table);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
		nftnl_chain_nlmsg_build_payload(h, c);
		nft_message_done(n);
	}
	if (c)
		nftnl_chain_free(c);
}

static uint16_t create_flags(bool exclusive)
{
	return exclusive ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE;
}

void nft_chain(struct nft *n, const char *name, bool exclusive)
{
	chain_message(n, nftnl_chain_alloc(), name, NFT_MSG_NEWCHAIN, create_flags(exclusive));
}

void nft_base_chain(struct nft *n, const char *name, enum nft_hook hook, int32_t priority, bool drop,
		    const char *device, bool exclusive)
{
	static const uint32_t numbers[] = {
	    [NFT_HOOK_INGRESS] = NF_NETDEV_INGRESS,
	    [NFT_HOOK_EGRESS] = NF_NETDEV_EGRESS,
	    [NFT_HOOK_BRIDGE_PREROUTING] = NF_BR_PRE_ROUTING,
	    [NFT_HOOK_BRIDGE_POSTROUTING] = NF_BR_POST_ROUTING,
	};
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (c) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, numbers[hook]);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, drop ? NF_DROP : NF_ACCEPT);
		if (device)
			nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, device);
	}
	chain_message(n, c, name, NFT_MSG_NEWCHAIN, create_flags(exclusive));
}

void nft_chain_delete(struct nft *n, const char *name, bool only_unused)
{
	chain_message(n, nftnl_chain_alloc(), name, NFT_MSG_DELCHAIN, only_unused ? NLM_F_NONREC : 0);
}

/* chain: NULL for all of the table's. */
static void flush_message(struct nft *n, const char *chain)
{
	struct nlmsghdr *h = nft_message(n, NFT_MSG_DELRULE, 0);
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!h || !r) {
		n->failed = true;
	} else {
		nftnl_rule_set_str(r, NFTNL_RULE_TABLE, n->table);
		if (chain)
			nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
		nftnl_rule_nlmsg_build_payload(h, r);
		nft_message_done(n);
	}
	if (r)
		nftnl_rule_free(r);
}

void nft_chain_flush(struct nft *n, const char *name)
{
	flush_message(n, name);
}

void nft_rules_flush(struct nft *n)
{
	flush_message(n, NULL);
}
