/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/watch.h"

#include "fw/watch_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

struct watch {
	struct mnl_socket *socket;
	const char *awaited[2];
	char buf[16384];
};

int watch_open(struct watch **out)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->socket || mnl_socket_bind(w->socket, 1U << (NFNLGRP_NFTABLES - 1), MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;
		watch_close(w);
		return err;
	}
	watch_filter(watch_fd(w));
	*out = w;
	return 0;
}

void watch_close(struct watch *w)
{
	if (!w)
		return;
	if (w->socket)
		mnl_socket_close(w->socket);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return mnl_socket_get_fd(w->socket);
}

void watch_await(struct watch *w, const char *chain)
{
	w->awaited[w->awaited[0] != NULL] = chain;
}

static bool is_awaited(const struct watch *w, const struct nlmsghdr *h)
{
	const struct nlattr *a = mnl_nlmsg_get_payload_offset(h, sizeof(struct nfgenmsg));

	for (; mnl_attr_ok(a, (int)((const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)a));
	     a = mnl_attr_next(a))
		for (size_t i = 0; i < 2; i++)
			if (mnl_attr_get_type(a) == NFTA_CHAIN_NAME && w->awaited[i] &&
			    strcmp(mnl_attr_get_str(a), w->awaited[i]) == 0)
				return true;
	return false;
}

static bool concerns(const struct watch *w, const struct nlmsghdr *h)
{
	if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || h->nlmsg_len < mnl_nlmsg_size(sizeof(struct nfgenmsg)))
		return false;
	if (((const struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family != NFPROTO_BRIDGE)
		return false;
	switch (h->nlmsg_type & 0xff) {
	case NFT_MSG_DELTABLE:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_DELRULE:
	case NFT_MSG_DELSET:
	case NFT_MSG_DELSETELEM:
		return true;
	case NFT_MSG_NEWCHAIN:
		return is_awaited(w, h);
	default:
		return false;
	}
}

bool watch_read(struct watch *w)
{
	bool removed = false;

	for (;;) {
		ssize_t got = mnl_socket_recvfrom(w->socket, w->buf, sizeof(w->buf));
		if (got < 0 && errno == ENOBUFS)
			removed = true;
		else if (got < 0 && errno != EINTR)
			return removed;
		int left = got < 0 ? 0 : (int)got;
		for (const struct nlmsghdr *h = (const void *)w->buf; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left))
			removed |= concerns(w, h);
	}
}
