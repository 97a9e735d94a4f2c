/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config: the global configuration, nfdhcpd.conf; the table in config.c is the format. */
#ifndef FOLD_GUEST_CONFIG_H
#define FOLD_GUEST_CONFIG_H

#include "base/report.h"
#include "guest/guest.h"
#include "guest/record.h"
#include "guest/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_PATH "/etc/nfdhcpd/nfdhcpd.conf"
#define CONFIG_SIZE_MAX (1024 * 1024)

enum ipv6_mode { IPV6_MODE_AUTO, IPV6_MODE_SLAAC, IPV6_MODE_DHCPV6, IPV6_MODE_SLAAC_DHCPV6 };

/*
 * config_defaults() gives every member a value. Strings are never NULL, "" is absent; addresses are 0, lists empty and
 * queues -1 (off) unless the file sets them.
 */
struct config {
	bool from_file; /* a file was read and its `forward` counts; without one only a binding turns forwarding on */

	char *pidfile, *datapath, *logdir, *user;
	uint32_t workers; /* threads of fold-dhcpd */

	bool enable_dhcp;
	uint32_t lease_lifetime, lease_renewal; /* seconds */
	struct in_addr dhcp_server_ip;
	bool server_on_link;
	struct queues dhcp_queue, dhcp6_queue;
	struct ip4_list nameservers;
	char *domain;
	struct name_list domain_search;
	uint32_t dhcp6_hostname_optcode, dhcp6_domainname_optcode; /* 0: off */

	bool enable_ipv6, enable_dhcpv6;
	uint32_t ipv6_mode; /* enum ipv6_mode */
	uint32_t ra_period; /* seconds */
	struct queues rs_queue, ns_queue;
	struct ip6_list nameservers6;

	bool enable_dns;
	struct queues dns_queue, dns6_queue;
	struct in_addr dns_server_ip;
	struct in6_addr dns_server_ip6;
	uint32_t dns_ttl; /* seconds */
	bool dns_forward;
	struct name_list no_forward;
	struct ip4_list dns_nameservers;
	struct ip6_list dns_nameservers6;

	bool enable_notify;
	uint32_t notify_period; /* seconds */
	struct queues notify_queue, notify6_queue;

	struct record_list records; /* of [addresses], [addresses6], [txts] */
};

/* 0 and *out is to be freed, or -ENOMEM. */
int config_defaults(struct config *out, struct report *r);

/*
 * Reads text of len octets, which `path` names in messages; what it does not say keeps
 * its default. Unknown keys and sections are warned of. Pure, but not for two threads at
 * once (inih keeps its settings in globals). 0 and *out is to be freed, or -errno with
 * "path:line: ..." in r and *out untouched.
 */
int config_parse(const char *text, size_t len, const char *path, struct config *out, struct report *r);

/* The same from a file. If there is none: the defaults or, with `must_exist`, -ENOENT. */
int config_load(const char *path, bool must_exist, struct config *out, struct report *r);

/* The file that NFDHCPD_CFG names in the environment, else CONFIG_PATH. */
const char *config_chosen(void);
/* config_load() of that file, which must exist if NFDHCPD_CFG names it. */
int config_load_chosen(struct config *out, struct report *r);

void config_free(struct config *c); /* frees what it points to; may be called twice */

#endif
