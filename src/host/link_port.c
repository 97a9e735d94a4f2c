/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tap as a port of its bridge. */
#include "host/link_priv.h"

#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

/* linux/if_link.h of Linux 5.18; older kernels ignore this attribute. */
#define BRPORT_LOCKED 39

#define TAP_MTU_MOST 65521 /* drivers/net/tun.c: 65535 without an Ethernet header */

/* ip6: also turn IPv6 off. A kernel without IPv6 refuses the whole message for that, before it changes anything. */
static int set_identity_once(struct link *l, const struct link_port *p, bool ip6)
{
	struct nlmsghdr *h = link_start_on(l, RTM_NEWLINK, 0, AF_UNSPEC, p->ifindex);

	mnl_attr_put(h, IFLA_ADDRESS, MAC_LEN, p->own_mac);
	mnl_attr_put_u32(h, IFLA_MTU, p->bridge_mtu < TAP_MTU_MOST ? p->bridge_mtu : TAP_MTU_MOST);
	if (ip6)
		link_put_no_ipv6(h);
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
	struct nlmsghdr *h = link_start_on(l, RTM_NEWLINK, 0, AF_UNSPEC, now.ifindex);

	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	return link_talk(l, h, NULL, NULL);
}

static int set_master(struct link *l, int ifindex, int bridge)
{
	struct nlmsghdr *h = link_start_on(l, RTM_NEWLINK, 0, AF_UNSPEC, ifindex);

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
	struct nlmsghdr *h = link_start_on(l, RTM_NEWLINK, 0, AF_UNSPEC, p->bridge);
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
	struct nlmsghdr *h = link_start_on(l, RTM_SETLINK, 0, AF_BRIDGE, ifindex);
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
