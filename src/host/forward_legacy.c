/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x_tables are read by getsockopt() on a raw socket. Source: linux/netfilter_ipv4/ip_tables.h,
 * linux/netfilter_ipv6/ip6_tables.h and their kernel sides.
 */
#include "host/forward_legacy.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

bool forward_legacy_in_use(int family)
{
	_cleanup_(cleanup_fclose) FILE *f =
	    fopen(family == AF_INET ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names", "re");
	char line[64];

	while (f && fgets(line, sizeof(line), f))
		if (strcmp(line, "filter\n") == 0)
			return true;
	return false;
}

/* Whether an interface name of x_tables matches the bridge. It counts as far as the octets of the mask are not 0. */
static bool names_bridge(const char *name, const unsigned char *mask, const char *bridge)
{
	for (size_t i = 0; i < IFNAMSIZ && mask[i]; i++) {
		if (name[i] != bridge[i])
			return false;
		if (!name[i])
			return true;
	}
	return true;
}

static bool plain4(const struct ipt_entry *e, const char *bridge)
{
	static const struct ipt_ip any;
	struct ipt_ip ip = e->ip;

	if (ip.invflags || !names_bridge(ip.iniface, ip.iniface_mask, bridge) ||
	    !names_bridge(ip.outiface, ip.outiface_mask, bridge))
		return false;
	return memcmp(&ip.src, &any.src, offsetof(struct ipt_ip, iniface)) == 0 && !ip.proto &&
	       e->target_offset == sizeof(*e);
}

static bool plain6(const struct ip6t_entry *e, const char *bridge)
{
	static const struct ip6t_ip6 any;
	struct ip6t_ip6 ip = e->ipv6;

	if (ip.invflags || !names_bridge(ip.iniface, ip.iniface_mask, bridge) ||
	    !names_bridge(ip.outiface, ip.outiface_mask, bridge))
		return false;
	return memcmp(&ip.src, &any.src, offsetof(struct ip6t_ip6, iniface)) == 0 && !ip.proto &&
	       e->target_offset == sizeof(*e);
}

static bool target_is(const void *entry, uint16_t offset, int verdict)
{
	const struct xt_standard_target *t = (const void *)((const char *)entry + offset);

	return t->target.u.user.name[0] == 0 && t->verdict == -verdict - 1;
}

/* A table of either family, as offsets into entries: where the rules of the hook begin, and where its policy is. */
struct legacy_table {
	const char *entries;
	unsigned size, first, policy;
};

static bool legacy_drops(const struct legacy_table *t, int family, const char *bridge)
{
	bool dropped = false;

	for (unsigned at = t->first; at < t->size && at <= t->policy;) {
		const char *entry = t->entries + at;
		const struct ipt_entry *e4 = (const void *)entry;
		const struct ip6t_entry *e6 = (const void *)entry;
		bool four = family == AF_INET;
		uint16_t target = four ? e4->target_offset : e6->target_offset;
		if (at == t->policy)
			dropped = target_is(entry, target, NF_DROP);
		else if (target_is(entry, target, NF_ACCEPT) && (four ? plain4(e4, bridge) : plain6(e6, bridge)))
			return false;
		uint16_t next = four ? e4->next_offset : e6->next_offset;
		if (!next)
			return false;
		at += next;
	}
	return dropped;
}

int forward_legacy_drops(int family, const char *bridge)
{
	const bool four = family == AF_INET;
	const int level = four ? IPPROTO_IP : IPPROTO_IPV6;
	/* The two families' structures have the same shape up to the entries (x_tables). */
	struct ipt_getinfo info = {.name = "filter"};
	socklen_t len = sizeof(info);

	_Static_assert(IPT_SO_GET_INFO == IP6T_SO_GET_INFO && IPT_SO_GET_ENTRIES == IP6T_SO_GET_ENTRIES, "one number");
	_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one shape");
	_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "one shape");
	/* Reading a table that does not exist would create it. */
	if (!forward_legacy_in_use(family))
		return 0;
	_cleanup_(cleanup_close) int fd = socket(four ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0 || getsockopt(fd, level, IPT_SO_GET_INFO, &info, &len) < 0)
		return -errno;
	len = (socklen_t)(sizeof(struct ipt_get_entries) + info.size);
	_cleanup_(cleanup_free) struct ipt_get_entries *all = calloc(1, len);
	if (!all)
		return -ENOMEM;
	strcpy(all->name, "filter");
	all->size = info.size;
	if (getsockopt(fd, level, IPT_SO_GET_ENTRIES, all, &len) < 0)
		return -errno;
	const struct legacy_table t = {.entries = (const char *)all->entrytable,
				       .size = info.size,
				       .first = info.hook_entry[NF_INET_FORWARD],
				       .policy = info.underflow[NF_INET_FORWARD]};
	return legacy_drops(&t, family, bridge);
}
