/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: config_parse. The input is a global configuration file; a guest is built with every one that is
 * accepted.
 */
#include "guest/build.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *line)
{
	(void)arg;
	CHECK(strlen(line) > 0 && !strpbrk(line, "\n\r\x1b"));
}

static void check_names(const uint8_t *wire, size_t len)
{
	while (len > 0) {
		size_t n = value_name_len(wire, len);
		CHECK(n > 0);
		wire += n;
		len -= n;
	}
}

static void check_queue(struct queues q)
{
	CHECK(q.first >= -1 && q.first <= q.last && q.last <= 65535);
}

static void check_config(const struct config *c)
{
	CHECK(c->pidfile[0] == '/' && c->datapath[0] == '/' && c->logdir[0] == '/' && c->user[0] && c->domain);
	CHECK(c->lease_lifetime >= 4 && c->ra_period >= 1 && c->notify_period >= 1);
	CHECK(c->ipv6_mode <= IPV6_MODE_SLAAC_DHCPV6 && c->dns_ttl <= INT32_MAX);
	CHECK(c->nameservers.count <= LIST_MAX && c->nameservers6.count <= LIST_MAX);
	check_queue(c->dhcp_queue);
	check_queue(c->dhcp6_queue);
	check_queue(c->rs_queue);
	check_queue(c->ns_queue);
	check_queue(c->dns_queue);
	check_queue(c->dns6_queue);
	check_queue(c->notify_queue);
	check_queue(c->notify6_queue);
	check_names(c->domain_search.wire, c->domain_search.len);
	check_names(c->no_forward.wire, c->no_forward.len);
	for (size_t i = 0; i < c->records.count; i++)
		CHECK(value_name_len(c->records.at[i].bytes, c->records.at[i].name_len) == c->records.at[i].name_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char none[1];
	const struct identity id = {.iface = "tap0",
				    .mac = {0x52, 0x54, 0, 1, 2, 3},
				    .has4 = true,
				    .ip4 = {{htonl(0x0a000105)}, 24}};
	struct report r = {.warn = ignore};
	struct config c;
	struct guest g;
	int err = config_parse(size ? (const char *)data : none, size, "f", &c, &r);

	CHECK((err == 0) == (r.msg[0] == 0) && !strpbrk(r.msg, "\n\r\x1b"));
	if (err)
		return 0;
	check_config(&c);
	if (guest_build(&id, NULL, &c, GUEST_NEED_GATEWAY_MAC, &g, &r) == 0) {
		CHECK(g.dhcp_server4.s_addr && !guest_serves4(&g, id.ip4.addr));
		CHECK(g.lease_time == UINT32_MAX || (g.renew_time < g.rebind_time && g.rebind_time < g.lease_time));
		guest_free(&g);
	}
	config_free(&c);
	return 0;
}
