/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of one interface. */
#include "host/link_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

struct address_list {
	int family;
	int ifindex;
	size_t size; /* of one address, in octets */
	uint8_t *at;
	size_t most;
	size_t count;
};

static int read_local(const struct nlattr *a, void *arg)
{
	const uint8_t **found = arg;
	uint16_t type = mnl_attr_get_type(a);

	/* IPv6 has IFA_LOCAL only on a link with a peer address; then IFA_ADDRESS is the peer's. */
	if (type == IFA_LOCAL || (type == IFA_ADDRESS && !*found))
		*found = mnl_attr_get_payload(a);
	return MNL_CB_OK;
}

static int read_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(h);
	struct address_list *list = arg;
	const uint8_t *found = NULL;

	/* Without the strict check, a kernel sends every interface's addresses; without IPv6, it sends IPv4's. */
	if ((int)ifa->ifa_index != list->ifindex || ifa->ifa_family != list->family)
		return MNL_CB_OK;
	mnl_attr_parse(h, sizeof(*ifa), read_local, &found);
	if (found && list->count < list->most)
		memcpy(list->at + list->count++ * list->size, found, list->size);
	return MNL_CB_OK;
}

static int order4(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in_addr));
}

static int order6(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

static int read_addresses(struct link *l, struct address_list *list)
{
	int err = -EINTR;

	/* If interfaces come or go during the dump, the list may be inconsistent: read it again. */
	for (int turn = 0; err == -EINTR && turn < 100; turn++) {
		struct nlmsghdr *h = link_start(l, RTM_GETADDR, NLM_F_DUMP);
		struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(h, sizeof(*ifa));
		ifa->ifa_family = (uint8_t)list->family;
		ifa->ifa_index = (unsigned)list->ifindex;
		list->count = 0;
		err = link_talk(l, h, read_address, list);
	}
	if (err)
		return err;
	/* The kernel's order is that of its hash table; sorted, equal sets of addresses compare equal. */
	qsort(list->at, list->count, list->size, list->family == AF_INET ? order4 : order6);
	return (int)list->count;
}

int link_addresses4(struct link *l, int ifindex, struct in_addr *at, size_t most)
{
	return read_addresses(l, &(struct address_list){.family = AF_INET,
							.ifindex = ifindex,
							.size = sizeof(*at),
							.at = (uint8_t *)at,
							.most = most});
}

int link_addresses6(struct link *l, int ifindex, struct in6_addr *at, size_t most)
{
	return read_addresses(l, &(struct address_list){.family = AF_INET6,
							.ifindex = ifindex,
							.size = sizeof(*at),
							.at = (uint8_t *)at,
							.most = most});
}
