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

/* linux/if_link.h of Linux 5.18; older kernels ignore this attribute. */
#define BRPORT_LOCKED 39

#define TAP_MTU_MOST 65521 /* drivers/net/tun.c: 65535 without an Ethernet header */

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

static struct nlmsghdr *start_link(struct link *l, uint16_t type, uint16_t flags, uint8_t family, int ifindex)
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
	struct nlmsghdr *h = start_link(l, RTM_GETLINK, 0, AF_UNSPEC, 0);

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

/* Asks for no link-local address, so that the host has no IPv6 on this interface. */
static void put_no_ipv6(struct nlmsghdr *h)
{
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
}

static int no_ipv6_of_our_own(struct link *l, int ifindex)
{
	struct nlmsghdr *h = start_link(l, RTM_NEWLINK, 0, AF_UNSPEC, ifindex);

	put_no_ipv6(h);
	int err = link_talk(l, h, NULL, NULL);
	return err == -EAFNOSUPPORT ? 0 : err;
}

static int create_bridge(struct link *l, const char *name)
{
	struct nlmsghdr *h = start_link(l, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, AF_UNSPEC, 0);
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

/* ip6: also turn IPv6 off. A kernel without IPv6 refuses the whole message for that, before it changes anything. */
static int set_identity_once(struct link *l, const struct link_port *p, bool ip6)
{
	struct nlmsghdr *h = start_link(l, RTM_NEWLINK, 0, AF_UNSPEC, p->ifindex);

	mnl_attr_put(h, IFLA_ADDRESS, MAC_LEN, p->own_mac);
	mnl_attr_put_u32(h, IFLA_MTU, p->bridge_mtu < TAP_MTU_MOST ? p->bridge_mtu : TAP_MTU_MOST);
	if (ip6)
		put_no_ipv6(h);
	return link_talk(l, h, NULL, NULL);
}

static int set_identity(struct link *l, const struct link_port *p)
{
	int err = set_identity_once(l, p, true);

	return err == -EAFNOSUPPORT ? set_identity_once(l, p, false) : err;
}

int link_raise_mtu(struct link *l, const char *name, uint32_t mtu)
{
	struct link_info now;
	int err = link_find(l, name, &now);

	if (mtu > TAP_MTU_MOST)
		mtu = TAP_MTU_MOST;
	if (err || now.mtu >= mtu)
		return err;
	struct nlmsghdr *h = start_link(l, RTM_NEWLINK, 0, AF_UNSPEC, now.ifindex);

	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	return link_talk(l, h, NULL, NULL);
}

static int set_master(struct link *l, int ifindex, int bridge)
{
	struct nlmsghdr *h = start_link(l, RTM_NEWLINK, 0, AF_UNSPEC, ifindex);

	mnl_attr_put_u32(h, IFLA_MASTER, (uint32_t)bridge);
	return link_talk(l, h, NULL, NULL);
}

int link_leave_bridge(struct link *l, int ifindex)
{
	return set_master(l, ifindex, 0);
}

/*
 * Restores the bridge's MAC and MTU after the tap has become a port. A bridge whose MAC was never set takes the
 * lowest of its ports'. If the tap is the only port, that is the MAC which fold uses on the guest's link: the guest
 * could not tell the host from fold, and the host's neighbours would lose the host. A bridge whose MTU was never set
 * takes the lowest of its ports', and no tap can have Weave Net's 65535: the containers would have less from then on.
 */
static int keep_bridge(struct link *l, const struct link_port *p)
{
	struct link_info now;
	int err = link_find(l, p->bridge_name, &now);
	bool mac = memcmp(now.mac, p->own_mac, MAC_LEN) == 0, mtu = now.mtu < p->bridge_mtu;

	if (err || (!mac && !mtu))
		return err;
	struct nlmsghdr *h = start_link(l, RTM_NEWLINK, 0, AF_UNSPEC, p->bridge);
	if (mac)
		mnl_attr_put(h, IFLA_ADDRESS, MAC_LEN, p->bridge_mac);
	if (mtu)
		mnl_attr_put_u32(h, IFLA_MTU, p->bridge_mtu);
	return link_talk(l, h, NULL, NULL);
}

/*
 * The bridge learns no address from the guest's frames, refuses those whose source MAC is not the one in its
 * forwarding entry, and floods no unknown unicast to the port. The port gets all multicast whatever snooping
 * decides, hence "router port": the VM's rules choose. And spanning tree never takes it as the way to the root.
 */
static int set_port_flags(struct link *l, int ifindex)
{
	struct nlmsghdr *h = start_link(l, RTM_SETLINK, 0, AF_BRIDGE, ifindex);
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_PROTINFO);

	mnl_attr_put_u8(h, IFLA_BRPORT_LEARNING, 0);
	mnl_attr_put_u8(h, IFLA_BRPORT_UNICAST_FLOOD, 0);
	mnl_attr_put_u8(h, IFLA_BRPORT_MCAST_FLOOD, 1);
	mnl_attr_put_u8(h, IFLA_BRPORT_MULTICAST_ROUTER, MDB_RTR_TYPE_PERM);
	mnl_attr_put_u8(h, IFLA_BRPORT_PROTECT, 1);
	mnl_attr_put_u8(h, BRPORT_LOCKED, 1);
	mnl_attr_nest_end(h, info);
	return link_talk(l, h, NULL, NULL);
}

static int read_entry(const struct nlmsghdr *h, void *arg)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(h);
	struct ndmsg *out = arg;

	*out = *nd;
	return MNL_CB_OK;
}

/*
 * Asks a bridge for its forwarding table's entry of a MAC: by one of its ports (flags: NTF_MASTER) or by itself
 * (NTF_SELF). -ENOENT where there is none, or -errno.
 */
static int ask_entry(struct link *l, int ifindex, uint8_t flags, const uint8_t mac[static MAC_LEN], struct ndmsg *found)
{
	struct nlmsghdr *h = link_start(l, RTM_GETNEIGH, 0);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(h, sizeof(*nd));

	nd->ndm_family = AF_BRIDGE;
	nd->ndm_ifindex = ifindex;
	nd->ndm_flags = flags;
	mnl_attr_put(h, NDA_LLADDR, MAC_LEN, mac);
	*found = (struct ndmsg){0};
	return link_talk(l, h, read_entry, found);
}

/*
 * Whether a MAC is the bridge's own or that of one of its ports' devices: the bridge hands frames to it to the host,
 * and a VM's entry would take that one's place for good.
 */
static bool is_bridges_own(struct link *l, int bridge, const uint8_t mac[static MAC_LEN])
{
	struct ndmsg found;

	return ask_entry(l, bridge, NTF_SELF, mac, &found) == 0 && found.ndm_state & NUD_PERMANENT;
}

static int add_forwarding_entry(struct link *l, int ifindex, const uint8_t guest_mac[static MAC_LEN])
{
	struct nlmsghdr *h = link_start(l, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(h, sizeof(*nd));

	nd->ndm_family = AF_BRIDGE;
	nd->ndm_ifindex = ifindex;
	/* Sticky (Linux 4.20): a forged frame on another port must not move the entry there. */
	nd->ndm_flags = NTF_MASTER | NTF_STICKY;
	nd->ndm_state = NUD_NOARP | NUD_REACHABLE; /* static */
	mnl_attr_put(h, NDA_LLADDR, MAC_LEN, guest_mac);
	return link_talk(l, h, NULL, NULL);
}

/*
 * A tap has a ring of its own and drops the frames that do not fit, so a queueing discipline
 * before it is always empty and only costs time. Replacing it while the port is down avoids
 * a wait for a grace period in the kernel. If it fails, all works, a little slower.
 */
static void no_queue(struct link *l, const struct link_port *p)
{
	struct nlmsghdr *h = link_start(l, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(h, sizeof(*tc));

	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = p->ifindex;
	tc->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(h, TCA_KIND, "noqueue");
	link_talk(l, h, NULL, NULL);
}

int link_delete(struct link *l, int ifindex)
{
	int err = link_talk(l, start_link(l, RTM_DELLINK, 0, AF_UNSPEC, ifindex), NULL, NULL);
	return err == -ENODEV ? 0 : err;
}

/* If link_is() finds the name unchanged, that is enough, and unlike rtnetlink it waits for no lock. */
int link_delete_tap(struct link *l, int ifindex, const char *name)
{
	struct link_info now = {0};
	int err = 0;

	if (link_is(l, ifindex, name, NULL) != 1)
		err = link_talk(l, start_link(l, RTM_GETLINK, 0, AF_UNSPEC, ifindex), read_info, &now);
	else
		now.is_tap = true;
	if (err)
		return err == -ENODEV ? 0 : err;
	return now.is_tap ? link_delete(l, ifindex) : 0;
}

int link_set_up(struct link *l, int ifindex, bool up)
{
	struct nlmsghdr *h = start_link(l, RTM_NEWLINK, 0, AF_UNSPEC, ifindex);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(h);

	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	return link_talk(l, h, NULL, NULL);
}

int link_attach(struct link *l, const struct link_port *p, const char **step)
{
	const char *unused = "";
	const char **at = step ? step : &unused;
	int err;

	if (is_bridges_own(l, p->bridge, p->guest_mac))
		return -EADDRINUSE;
	*at = "set its MAC address and MTU";
	if ((err = set_identity(l, p)) < 0)
		return err;
	*at = "make it a port of the bridge";
	if ((err = set_master(l, p->ifindex, p->bridge)) < 0)
		return err;
	*at = "keep the bridge's MAC address and MTU";
	if ((err = keep_bridge(l, p)) < 0)
		return err;
	*at = "turn learning off on its port";
	if ((err = set_port_flags(l, p->ifindex)) < 0)
		return err;
	*at = "enter the VM's MAC in the bridge's forwarding table";
	if ((err = add_forwarding_entry(l, p->ifindex, p->guest_mac)) < 0)
		return err;
	no_queue(l, p);
	*at = "bring it up";
	return link_set_up(l, p->ifindex, true);
}

int link_is_known(struct link *l, int ifindex, const uint8_t guest_mac[static MAC_LEN])
{
	struct ndmsg found;
	int err = ask_entry(l, ifindex, NTF_MASTER, guest_mac, &found);

	if (err && err != -ENOENT)
		return err;
	return !err && found.ndm_ifindex == ifindex && found.ndm_state & NUD_NOARP;
}

int link_settle(struct link *l, int ifindex, const uint8_t guest_mac[static MAC_LEN])
{
	int err = set_port_flags(l, ifindex);

	return err ? err : add_forwarding_entry(l, ifindex, guest_mac);
}
