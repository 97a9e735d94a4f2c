/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/random.h>

int link_open(struct link **out)
{
	struct link *l = calloc(1, sizeof(*l));
	int on = 1;

	if (!l)
		return -ENOMEM;
	l->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!l->socket || mnl_socket_bind(l->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;
		link_close(l);
		return err;
	}
	/* Since Linux 4.20 the kernel then lists the addresses of one interface without walking over all interfaces. */
	mnl_socket_setsockopt(l->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	l->seq = (uint32_t)time(NULL);
	*out = l;
	return 0;
}

void link_close(struct link *l)
{
	if (!l)
		return;
	if (l->socket)
		mnl_socket_close(l->socket);
	free(l);
}

struct nlmsghdr *link_start(struct link *l, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(l->buf);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	h->nlmsg_seq = ++l->seq;
	return h;
}

struct nlmsghdr *link_start_on(struct link *l, uint16_t type, uint16_t flags, uint8_t family, int ifindex)
{
	struct nlmsghdr *h = link_start(l, type, flags);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(h, sizeof(*ifi));
	ifi->ifi_family = family;
	ifi->ifi_index = ifindex;
	return h;
}

/*
 * libmnl stops at the first part of a dump with NLM_F_DUMP_INTR (the dump is not consistent), although
 * more parts follow. This clears the flag, so that everything is read, and returns whether it was set.
 */
static bool take_interrupted(char *buf, int len)
{
	bool found = false;

	for (struct nlmsghdr *h = (struct nlmsghdr *)buf; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
		found |= h->nlmsg_flags & NLM_F_DUMP_INTR;
		h->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
	return found;
}

int link_talk(struct link *l, const struct nlmsghdr *h, mnl_cb_t cb, void *arg)
{
	bool interrupted = false;
	uint32_t seq = h->nlmsg_seq, port = mnl_socket_get_portid(l->socket);

	if (mnl_socket_sendto(l->socket, h, h->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(l->socket, l->buf, sizeof(l->buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		interrupted |= take_interrupted(l->buf, (int)got);
		int r = mnl_cb_run(l->buf, (size_t)got, seq, port, cb, arg);
		if (r < 0)
			return -errno;
		if (r == MNL_CB_STOP)
			return interrupted ? -EINTR : 0;
	}
}

static int read_port(const struct nlattr *a, void *arg)
{
	struct link_info *out = arg;

	if (mnl_attr_get_type(a) == IFLA_BRPORT_LEARNING)
		out->learns = mnl_attr_get_u8(a);
	return MNL_CB_OK;
}

static int read_kind(const struct nlattr *a, void *arg)
{
	struct link_info *out = arg;

	if (mnl_attr_get_type(a) == IFLA_INFO_KIND) {
		out->is_bridge = strcmp(mnl_attr_get_str(a), "bridge") == 0;
		out->is_tap = strcmp(mnl_attr_get_str(a), "tun") == 0;
	} else if (mnl_attr_get_type(a) == IFLA_INFO_SLAVE_DATA) {
		mnl_attr_parse_nested(a, read_port, out);
	}
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *a, void *arg)
{
	struct link_info *out = arg;

	if (mnl_attr_get_type(a) == IFLA_MTU)
		out->mtu = mnl_attr_get_u32(a);
	else if (mnl_attr_get_type(a) == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == MAC_LEN)
		memcpy(out->mac, mnl_attr_get_payload(a), MAC_LEN);
	else if (mnl_attr_get_type(a) == IFLA_MASTER)
		out->master = (int)mnl_attr_get_u32(a);
	else if (mnl_attr_get_type(a) == IFLA_LINKINFO)
		mnl_attr_parse_nested(a, read_kind, out);
	return MNL_CB_OK;
}

static int read_info(const struct nlmsghdr *h, void *arg)
{
	struct link_info *out = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);

	out->ifindex = ifi->ifi_index;
	out->up = ifi->ifi_flags & IFF_UP;
	mnl_attr_parse(h, sizeof(*ifi), read_attribute, out);
	return MNL_CB_OK; /* go on: talk() ends at the acknowledgement */
}

int link_read(struct link *l, const char *name, int (*each)(const struct nlmsghdr *h, void *arg), void *arg)
{
	struct nlmsghdr *h = link_start_on(l, RTM_GETLINK, 0, AF_UNSPEC, 0);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	/* Without the interface's counters, which are most of the reply and of the kernel's work. */
	mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return link_talk(l, h, each, arg);
}

int link_find(struct link *l, const char *name, struct link_info *out)
{
	memset(out, 0, sizeof(*out));
	return link_read(l, name, read_info, out);
}

/* By ioctl and not by rtnetlink, where each request waits for a lock that every change of any interface takes. */
int link_is(const struct link *l, int ifindex, const char *name, const uint8_t *mac)
{
	struct ifreq q = {.ifr_ifindex = ifindex};
	int fd = mnl_socket_get_fd(l->socket);

	if (ioctl(fd, SIOCGIFNAME, &q) < 0)
		return errno == ENODEV ? 0 : -errno;
	if (strcmp(q.ifr_name, name) != 0)
		return 0;
	if (!mac)
		return 1;
	if (ioctl(fd, SIOCGIFHWADDR, &q) < 0)
		return errno == ENODEV ? 0 : -errno;
	return memcmp(q.ifr_hwaddr.sa_data, mac, MAC_LEN) == 0;
}

void link_put_no_ipv6(struct nlmsghdr *h)
{
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
}

static int no_ipv6_of_our_own(struct link *l, int ifindex)
{
	struct nlmsghdr *h = link_start_on(l, RTM_NEWLINK, 0, AF_UNSPEC, ifindex);

	link_put_no_ipv6(h);
	int err = link_talk(l, h, NULL, NULL);
	return err == -EAFNOSUPPORT ? 0 : err;
}

static int create_bridge(struct link *l, const char *name)
{
	struct nlmsghdr *h = link_start_on(l, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, AF_UNSPEC, 0);
	uint8_t mac[MAC_LEN];

	/* A MAC of its own: otherwise the bridge takes the lowest of its ports', which changes as VMs come and go. */
	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
		return -EIO;
	mac[0] = 2; /* locally administered, unicast, lower than any tap's */
	mnl_attr_put(h, IFLA_ADDRESS, sizeof(mac), mac);
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(h, info);
	return link_talk(l, h, NULL, NULL);
}

int link_make_bridge(struct link *l, const char *name)
{
	struct link_info made;
	int err = create_bridge(l, name);

	/* If another process made it at the same moment, both do the rest, with the same result. */
	if ((err && err != -EEXIST) || (err = link_find(l, name, &made)) || (err = no_ipv6_of_our_own(l, made.ifindex)))
		return err;
	return link_set_up(l, made.ifindex, true);
}

int link_delete(struct link *l, int ifindex)
{
	int err = link_talk(l, link_start_on(l, RTM_DELLINK, 0, AF_UNSPEC, ifindex), NULL, NULL);
	return err == -ENODEV ? 0 : err;
}

/* If link_is() finds the name unchanged, that is enough, and unlike rtnetlink it waits for no lock. */
int link_delete_tap(struct link *l, int ifindex, const char *name)
{
	struct link_info now = {0};
	int err = 0;

	if (link_is(l, ifindex, name, NULL) != 1)
		err = link_talk(l, link_start_on(l, RTM_GETLINK, 0, AF_UNSPEC, ifindex), read_info, &now);
	else
		now.is_tap = true;
	if (err)
		return err == -ENODEV ? 0 : err;
	return now.is_tap ? link_delete(l, ifindex) : 0;
}

int link_set_up(struct link *l, int ifindex, bool up)
{
	struct nlmsghdr *h = link_start_on(l, RTM_NEWLINK, 0, AF_UNSPEC, ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);

	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	return link_talk(l, h, NULL, NULL);
}
