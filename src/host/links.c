/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/links.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#define RECEIVE_BYTES (4 * 1024 * 1024) /* enough for a thousand taps made at once */
#define BUFFER 32768
#define TRIES 5 /* to get a listing that no change of interfaces interrupts */

struct links {
	struct links_events on;
	struct mnl_socket *events;
	char buf[BUFFER];
};

struct link {
	const char *name;
	uint8_t mac[MAC_LEN];
};

static int read_attribute(const struct nlattr *a, void *arg)
{
	struct link *l = arg;

	if (mnl_attr_get_type(a) == IFLA_IFNAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
		l->name = mnl_attr_get_str(a);
	else if (mnl_attr_get_type(a) == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == MAC_LEN)
		memcpy(l->mac, mnl_attr_get_payload(a), MAC_LEN);
	return MNL_CB_OK;
}

static int read_message(const struct nlmsghdr *h, void *arg)
{
	const struct links *l = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);
	struct link link = {0};

	/* AF_BRIDGE: a bridge's messages about its ports. RTM_DELLINK then only means that a port left the bridge. */
	if (h->nlmsg_len < mnl_nlmsg_size(sizeof(*ifi)) || ifi->ifi_family != AF_UNSPEC)
		return MNL_CB_OK;
	if (h->nlmsg_type == RTM_DELLINK) {
		l->on.gone(l->on.arg, ifi->ifi_index);
	} else if (h->nlmsg_type == RTM_NEWLINK) {
		mnl_attr_parse(h, sizeof(*ifi), read_attribute, &link);
		if (link.name && link.name[0] && strlen(link.name) < IFNAMSIZ)
			l->on.here(l->on.arg, ifi->ifi_index, link.name, link.mac);
	}
	return MNL_CB_OK;
}

static int list_once(struct links *l, struct mnl_socket *s, uint32_t seq)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = seq;
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	/* Without the interfaces' counters, which would be most of the reply. */
	mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(s, l->buf, sizeof(l->buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		int more = mnl_cb_run(l->buf, (size_t)got, seq, mnl_socket_get_portid(s), read_message, l);
		if (more == MNL_CB_STOP)
			return 0;
		if (more < 0)
			return -errno;
	}
}

/* Lists on a socket of its own, so that events stay queued on the other. -EINTR: interfaces came or went meanwhile. */
static int list_all(struct links *l)
{
	int err = -EINTR;

	l->on.begin(l->on.arg);
	for (uint32_t i = 1; err == -EINTR && i <= TRIES; i++) {
		struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
		if (!s)
			return -errno;
		err = mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : list_once(l, s, i);
		mnl_socket_close(s);
	}
	/* After interrupted tries the queued events tell the rest; but end() must not take unlisted ones for gone. */
	if (err == 0)
		l->on.end(l->on.arg);
	return err == -EINTR ? 0 : err;
}

int links_open(const struct links_events *e, struct links **out)
{
	struct links *l = calloc(1, sizeof(*l));
	int bytes = RECEIVE_BYTES;

	if (!l)
		return -ENOMEM;
	l->on = *e;
	l->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int err = !l->events || mnl_socket_bind(l->events, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
	if (!err) {
		setsockopt(links_fd(l), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
		err = list_all(l);
	}
	if (err) {
		links_close(l);
		return err;
	}
	*out = l;
	return 0;
}

void links_close(struct links *l)
{
	if (l && l->events)
		mnl_socket_close(l->events);
	free(l);
}

int links_fd(const struct links *l)
{
	return mnl_socket_get_fd(l->events);
}

int links_read(struct links *l, unsigned most)
{
	while (most--) {
		ssize_t got = mnl_socket_recvfrom(l->events, l->buf, sizeof(l->buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return 0;
		if (got < 0)
			return errno == ENOBUFS ? list_all(l) : -errno;
		mnl_cb_run(l->buf, (size_t)got, 0, 0, read_message, l);
	}
	return 0;
}
