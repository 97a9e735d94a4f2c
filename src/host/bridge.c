/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/bridge.h"

#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

/* The kernel reports the port of another querier only while it has heard that querier recently. */
static int read_querier(const struct nlattr *a, void *arg)
{
	struct bridge_info *b = arg;

	if (mnl_attr_get_type(a) == BRIDGE_QUERIER_IP_PORT || mnl_attr_get_type(a) == BRIDGE_QUERIER_IPV6_PORT)
		b->querier_elsewhere = true;
	return MNL_CB_OK;
}

static int read_setting(const struct nlattr *a, void *arg)
{
	struct bridge_info *b = arg;

	switch (mnl_attr_get_type(a)) {
	case IFLA_BR_FORWARD_DELAY:
		b->forward_delay = mnl_attr_get_u32(a);
		break;
	case IFLA_BR_STP_STATE:
		b->stp = mnl_attr_get_u32(a);
		break;
	case IFLA_BR_VLAN_FILTERING:
		b->vlan_filtering = mnl_attr_get_u8(a);
		break;
	case IFLA_BR_VLAN_DEFAULT_PVID:
		b->default_pvid = mnl_attr_get_u16(a);
		break;
	case IFLA_BR_MCAST_SNOOPING:
		b->multicast_snooping = mnl_attr_get_u8(a);
		break;
	case IFLA_BR_MCAST_QUERIER:
		b->multicast_querier = mnl_attr_get_u8(a);
		break;
	case IFLA_BR_MCAST_MEMBERSHIP_INTVL:
		b->membership = (unsigned)mnl_attr_get_u64(a);
		break;
	case IFLA_BR_MCAST_QUERIER_STATE:
		mnl_attr_parse_nested(a, read_querier, b);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int read_linkinfo(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_INFO_DATA)
		mnl_attr_parse_nested(a, read_setting, arg);
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_LINKINFO)
		mnl_attr_parse_nested(a, read_linkinfo, arg);
	return MNL_CB_OK;
}

static int read_settings(const struct nlmsghdr *h, void *arg)
{
	mnl_attr_parse(h, sizeof(struct ifinfomsg), read_attribute, arg);
	return MNL_CB_OK;
}

int bridge_read(struct link *l, const char *name, struct bridge_info *out)
{
	memset(out, 0, sizeof(*out));
	int err = link_find(l, name, &out->link);
	/* Links of other kinds use the same attribute numbers for other settings. */
	return err || !out->link.is_bridge ? err : link_read(l, name, read_settings, out);
}
