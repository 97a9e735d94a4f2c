/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/service.h"

#include "guest/build.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES_MAX 3 /* DHCP, DNS, notify */

static bool is_own4(const struct guest *g, struct in_addr a)
{
	return ip4_same(a, g->id.ip4.addr);
}

/* The gateway's address belongs to another machine, also if the guest is not told of it (PRIVATE). */
static bool is_gateway4(const struct binding *b, struct in_addr a)
{
	return binding_has(b, BINDING_GATEWAY) && ip4_same(a, b->gateway);
}

/* The first name server, which counts as fold's own address; 0 if fold cannot have that address. */
static struct in_addr first_nameserver4(const struct guest *g, const struct config *c)
{
	struct in_addr none = {0};

	if (!c->enable_dns || !g->nameservers4.count)
		return none;
	struct in_addr a = g->nameservers4.at[0];
	return is_own4(g, a) || ntohl(a.s_addr) >> 24 == 127 || ip4_is_edge(g->id.ip4, a) ? none : a;
}

static bool is_nameserver4(const struct guest *g, struct in_addr a)
{
	for (size_t i = 0; i < g->nameservers4.count; i++) {
		if (ip4_same(a, g->nameservers4.at[i]))
			return true;
	}
	return false;
}

/* The highest address up to n that a host can have: a very wide subnet has whole ranges that no host can use. */
static uint32_t host_below(uint32_t n)
{
	if (n >= 0xe0000000)
		return 0xdfffffff;
	return n >> 24 == 127 ? 0x7effffff : n;
}

/*
 * The DHCP server's address if nobody named one: the address that ip4_spare() finds in the subnet, or the next below it
 * that fold does not know to be taken; else the gateway's, because fold sees packets to its port 67 as well.
 */
static struct in_addr derive_server4(const struct guest *g, const struct binding *b)
{
	uint32_t spare = ntohl(ip4_spare(g->id.ip4).s_addr), low = ntohl(ip4_network(g->id.ip4).s_addr);

	for (uint32_t n = host_below(spare); n > low; n = host_below(n - 1)) {
		struct in_addr a = {.s_addr = htonl(n)};
		if (!is_own4(g, a) && !is_gateway4(b, a) && !is_nameserver4(g, a))
			return a;
	}
	if (binding_has(b, BINDING_GATEWAY))
		return b->gateway;
	return (struct in_addr){.s_addr = htonl(0xa9fe0001)}; /* 169.254.0.1: RFC 3927 keeps it free */
}

/* nfdhcpd's server_on_link: the gateway's address, else the subnet's first. */
static struct in_addr on_link4(const struct guest *g, const struct binding *b)
{
	const struct in_addr none = {0};
	struct in_addr first = {.s_addr = htonl(ntohl(ip4_network(g->id.ip4).s_addr) + (g->id.ip4.len <= 30))};

	if (binding_has(b, BINDING_GATEWAY))
		return b->gateway;
	return is_own4(g, first) ? none : first;
}

static struct in_addr choose_server4(const struct guest *g, const struct binding *b, const struct config *c)
{
	struct in_addr a = {0};

	if (binding_has(b, BINDING_DHCP_SERVER_IP))
		return b->dhcp_server_ip;
	if (c->server_on_link)
		a = on_link4(g, b);
	if (!a.s_addr)
		a = c->dhcp_server_ip;
	if (!a.s_addr)
		a = first_nameserver4(g, c);
	return a.s_addr ? a : derive_server4(g, b);
}

/*
 * True if fold answers DNS questions that come by this queue. If not, the name servers are other machines, which
 * answer on the link for their addresses themselves.
 */
static bool serves_dns(const struct config *c, const struct queues *queue, unsigned flags)
{
	return c->enable_dns && (!(flags & GUEST_BY_QUEUES) || queue->first >= 0);
}

/* True if the DHCP server's address was only borrowed from the first name server, although that is another machine. */
static bool is_borrowed4(const struct guest *g, const struct binding *b, const struct config *c, unsigned flags)
{
	return !serves_dns(c, &c->dns_queue, flags) && !binding_has(b, BINDING_DHCP_SERVER_IP) &&
	       !ip4_same(g->dhcp_server4, c->dhcp_server_ip) && ip4_same(g->dhcp_server4, first_nameserver4(g, c));
}

static struct in_addr choose_dns4(const struct guest *g, const struct binding *b, const struct config *c,
				  unsigned flags)
{
	if (!serves_dns(c, &c->dns_queue, flags))
		return (struct in_addr){0};
	if (binding_has(b, BINDING_DNS_SERVER_IP))
		return b->dns_server_ip;
	return c->dns_server_ip.s_addr ? c->dns_server_ip : first_nameserver4(g, c);
}

static struct in6_addr choose_dns6(const struct guest *g, const struct binding *b, const struct config *c,
				   unsigned flags)
{
	if (!serves_dns(c, &c->dns6_queue, flags))
		return in6addr_any;
	if (binding_has(b, BINDING_DNS_SERVER_IP6))
		return b->dns_server_ip6;
	if (!IN6_IS_ADDR_UNSPECIFIED(&c->dns_server_ip6) || !g->nameservers6.count)
		return c->dns_server_ip6;
	const struct in6_addr *a = &g->nameservers6.at[0];
	return ip6_same(a, &g->id.ip6.addr) || IN6_IS_ADDR_LOOPBACK(a) ? in6addr_any : *a;
}

/*
 * Reports that an address for fold is the VM's own, or the network or broadcast address of its subnet. Two machines
 * with one address would take each other's packets, and an address of all hosts belongs to none.
 */
static int no_address(const struct guest *g, const struct binding *b, enum binding_key k, const char *what,
		      const char *whose, struct report *r)
{
	if (binding_has(b, k))
		return report_fail(r, EINVAL, "%s:%u: the address for %s is %s; name another", b->path, b->line[k],
				   what, whose);
	return report_fail(r, EINVAL, "%s: the global configuration's address for %s is %s; name another there",
			   g->id.iface, what, whose);
}

/*
 * True for a name server beyond the gateway that nobody named as fold's own address. fold answers the questions that
 * the guest sends there, but the address is another machine's, which may answer a ping or serve something else, and
 * nobody on this link resolves it. A guest whose subnet is its address alone may resolve any address.
 */
static bool is_beyond4(const struct guest *g, const struct binding *b, const struct config *c, struct in_addr a)
{
	const struct in_addr named[] = {b->dhcp_server_ip, b->dns_server_ip, b->notify_ip, c->dhcp_server_ip,
					c->dns_server_ip};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (ip4_same(a, named[i]))
			return false;
	}
	return g->has_gateway4 && g->id.ip4.len < 32 && !ip4_in(g->id.ip4, a) && ip4_same(a, first_nameserver4(g, c));
}

static bool is_beyond6(const struct guest *g, const struct binding *b, const struct config *c, const struct in6_addr *a)
{
	const struct in6_addr *const named[] = {&b->dns_server_ip6, &b->notify_ip6, &c->dns_server_ip6};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (ip6_same(a, named[i]))
			return false;
	}
	return g->has_gateway6 && g->id.ip6.len < 128 && !ip6_in(g->id.ip6, *a) && !IN6_IS_ADDR_LINKLOCAL(a);
}

static int build4(struct guest *g, const struct binding *b, const struct config *c, unsigned flags, struct report *r)
{
	static const struct {
		enum binding_key key;
		const char *what;
	} uses[SERVICES_MAX] = {{BINDING_DHCP_SERVER_IP, "the DHCP server"},
				{BINDING_DNS_SERVER_IP, "the DNS server"},
				{BINDING_NOTIFY_IP, "notifications"}};
	struct in_addr from[SERVICES_MAX] = {choose_server4(g, b, c), choose_dns4(g, b, c, flags)}, list[SERVICES_MAX];
	size_t count = 0;

	if (c->enable_notify && binding_has(b, BINDING_NOTIFY_IP))
		from[2] = b->notify_ip;
	for (size_t i = 0; i < SERVICES_MAX; i++) {
		if (is_own4(g, from[i]))
			return no_address(g, b, uses[i].key, uses[i].what, "the VM's own", r);
		if (from[i].s_addr && ip4_is_edge(g->id.ip4, from[i]))
			return no_address(g, b, uses[i].key, uses[i].what, "its subnet's network or broadcast address",
					  r);
	}
	g->dhcp_server4 = from[0];
	if (!g->dhcp4 || is_borrowed4(g, b, c, flags))
		from[0] = (struct in_addr){0};
	g->dns.server4 = from[1];
	g->notify.ip4 = from[2];
	for (size_t i = 0; i < SERVICES_MAX; i++) {
		bool again = !from[i].s_addr || is_gateway4(b, from[i]) || is_beyond4(g, b, c, from[i]);
		for (size_t j = 0; j < count && !again; j++)
			again = ip4_same(from[i], list[j]);
		if (!again)
			list[count++] = from[i];
	}
	g->service4.at = count ? malloc(count * sizeof(list[0])) : NULL;
	if (count && !g->service4.at)
		return report_fail(r, ENOMEM, "%s: out of memory", g->id.iface);
	if (count)
		memcpy(g->service4.at, list, count * sizeof(list[0]));
	g->service4.count = count;
	return 0;
}

static int build6(struct guest *g, const struct binding *b, const struct config *c, unsigned flags, struct report *r)
{
	struct in6_addr from[] = {choose_dns6(g, b, c, flags), in6addr_any}, list[2];
	size_t count = 0;

	if (ip6_same(&from[0], &g->id.ip6.addr))
		return no_address(g, b, BINDING_DNS_SERVER_IP6, "the DNS server", "the VM's own", r);
	g->dns.server6 = from[0];
	if (c->enable_notify && binding_has(b, BINDING_NOTIFY_IP6))
		from[1] = b->notify_ip6;
	if (ip6_same(&from[1], &g->id.ip6.addr))
		return no_address(g, b, BINDING_NOTIFY_IP6, "notifications", "the VM's own", r);
	g->notify.ip6 = from[1];
	for (size_t i = 0; i < 2; i++) {
		bool others = (binding_has(b, BINDING_GATEWAY6) && ip6_same(&from[i], &b->gateway6)) ||
			      is_beyond6(g, b, c, &from[i]);
		if (!IN6_IS_ADDR_UNSPECIFIED(&from[i]) && !others && !(count && ip6_same(&from[i], &list[0])))
			list[count++] = from[i];
	}
	g->service6.at = count ? malloc(count * sizeof(list[0])) : NULL;
	if (count && !g->service6.at)
		return report_fail(r, ENOMEM, "%s: out of memory", g->id.iface);
	if (count)
		memcpy(g->service6.at, list, count * sizeof(list[0]));
	g->service6.count = count;
	return 0;
}

/* fold takes every packet to the notifications' port, so it cannot be one that DNS or DHCP need. */
static int build_notify(struct guest *g, const struct binding *b, const struct config *c, struct report *r)
{
	static const uint16_t taken[] = {53, 67, 68, 546, 547};
	bool address = g->notify.ip4.s_addr || !IN6_IS_ADDR_UNSPECIFIED(&g->notify.ip6);

	if (!c->enable_notify || !binding_has(b, BINDING_NOTIFY_PORT))
		return 0;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (b->notify_port == taken[i])
			return report_fail(r, EINVAL, "%s:%u: NOTIFY_PORT=%u is the port of DNS or DHCP; name another",
					   b->path, b->line[BINDING_NOTIFY_PORT], taken[i]);
	}
	if (!address) {
		report_warn(r, "%s:%u: NOTIFY_PORT stands without a NOTIFY_IP or NOTIFY_IP6; the line has no effect",
			    b->path, b->line[BINDING_NOTIFY_PORT]);
		return 0;
	}
	g->notify.port = (uint16_t)b->notify_port;
	g->notify.period = c->notify_period;
	return 0;
}

int service_build(struct guest *g, const struct binding *b, const struct config *c, unsigned flags, struct report *r)
{
	int err = g->id.has4 ? build4(g, b, c, flags, r) : 0;

	if (!err && g->id.has6)
		err = build6(g, b, c, flags, r);
	return err ? err : build_notify(g, b, c, r);
}
