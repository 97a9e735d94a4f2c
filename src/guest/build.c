/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/build.h"

#include "guest/option.h"
#include "guest/dns_policy.h"
#include "guest/search.h"
#include "guest/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ONE_OPTION 255 /* RFC 2132 2: the most octets of a DHCPv4 option */

/* The state of one guest_build(). b is never NULL: without a binding file it points to an all-zero one. */
struct build {
	const struct identity *id;
	const struct binding *b;
	const struct config *c;
	struct guest g;
	struct report *r;
};

static bool has(const struct build *w, enum binding_key k)
{
	return binding_has(w->b, k);
}

/* Reports an error about a key, with the line in which it stands. */
static int wrong_key(struct build *w, enum binding_key k, const char *name, const char *wrong)
{
	return report_fail(w->r, EINVAL, "%s:%u: %s %s", w->b->path, w->b->line[k], name, wrong);
}

static int check_identity(struct build *w, unsigned flags)
{
	const struct identity *id = w->id;
	char mac[MAC_TEXT], cidr[CIDR4_TEXT];

	if (!id->has4 && !id->has6 && !(flags & GUEST_MAY_LACK_ADDRESS))
		return report_fail(w->r, EINVAL, "%s: the VM has neither an IPv4 nor an IPv6 address; give it one",
				   id->iface);
	if (mac_is_zero(id->mac) || mac_is_multicast(id->mac))
		return report_fail(w->r, EINVAL, "%s: %s is no unicast MAC address; give the VM another", id->iface,
				   mac_format(id->mac, mac));
	if (id->has4 && ip4_is_edge(id->ip4, id->ip4.addr))
		return report_fail(w->r, EINVAL,
				   "%s: %s is the network's or the broadcast address of its subnet; use another",
				   id->iface, cidr4_format(&id->ip4, cidr));
	return 0;
}

/* The VM's identity was settled before guest_build(); warn of binding lines that contradict it. */
static void warn_identity(struct build *w)
{
	const struct identity *id = w->id;
	const struct binding *b = w->b;
	struct in6_addr prefix = ip6_network(id->ip6);
	const struct {
		enum binding_key key;
		const char *name;
		bool same;
	} keys[] = {
	    {BINDING_MAC, "MAC", memcmp(b->mac, id->mac, MAC_LEN) == 0},
	    {BINDING_IP, "IP", id->has4 && ip4_same(b->ip, id->ip4.addr)},
	    {BINDING_SUBNET, "SUBNET",
	     id->has4 && b->subnet.len == id->ip4.len && ip4_same(b->subnet.addr, ip4_network(id->ip4))},
	    {BINDING_IP6, "IP6", id->has6 && ip6_same(&b->ip6, &id->ip6.addr)},
	    {BINDING_SUBNET6, "SUBNET6",
	     id->has6 && b->subnet6.len == id->ip6.len && ip6_same(&b->subnet6.addr, &prefix)},
	    {BINDING_BRIDGE, "BRIDGE", strcmp(b->bridge, id->bridge) == 0},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (has(w, keys[i].key) && !keys[i].same)
			report_warn(w->r, "%s:%u: %s is not what the VM was started with; the line has no effect",
				    b->path, b->line[keys[i].key], keys[i].name);
	}
}

/*
 * Warns of keys by which only fold-dhcpd identifies the VM behind an interface; fold's command line gives the VM's
 * identity.
 */
static void warn_daemon_keys(struct build *w)
{
	static const struct {
		enum binding_key key;
		const char *name;
	} keys[] = {{BINDING_LINK, "LINK"},
		    {BINDING_EUI64, "EUI64"},
		    {BINDING_MACSPOOF, "MACSPOOF"},
		    {BINDING_INDEV, "INDEV"}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (has(w, keys[i].key))
			report_warn(w->r, "%s:%u: %s is fold-dhcpd's; the line has no effect", w->b->path,
				    w->b->line[keys[i].key], keys[i].name);
	}
}

static int build_mtu(struct build *w)
{
	if (has(w, BINDING_MTU)) {
		w->g.id.mtu = w->b->mtu;
		w->g.id.own_mtu = true;
	}
	/* RFC 8200 5: every link that carries IPv6 has an MTU of 1280 or more. */
	if (!w->id->has6 || !w->g.id.mtu || w->g.id.mtu >= 1280)
		return 0;
	if (has(w, BINDING_MTU))
		return wrong_key(w, BINDING_MTU, "MTU", "is below 1280, which IPv6 needs; raise it");
	return report_fail(w->r, EINVAL, "%s: an MTU of %u is below 1280, which IPv6 needs; raise it, or the bridge's",
			   w->id->iface, w->g.id.mtu);
}

static int build_gateway4(struct build *w, unsigned flags)
{
	struct in_addr gw = w->b->gateway;

	if (!w->id->has4 || !has(w, BINDING_GATEWAY))
		return 0;
	if (ip4_same(gw, w->id->ip4.addr))
		return wrong_key(w, BINDING_GATEWAY, "GATEWAY", "is the VM's own address; name the router's");
	/* A VM with a /32 reaches its gateway by a route of its own (RFC 3442). */
	if (!(flags & GUEST_GATEWAY_ANYWHERE) && w->id->ip4.len < 32 && !ip4_in(w->id->ip4, gw))
		return wrong_key(w, BINDING_GATEWAY, "GATEWAY", "is outside the VM's subnet; name an address inside");
	if (ip4_is_edge(w->id->ip4, gw))
		return wrong_key(w, BINDING_GATEWAY, "GATEWAY", "is the subnet's network or broadcast address");
	w->g.has_gateway4 = !has(w, BINDING_PRIVATE);
	w->g.gateway4 = gw;
	memcpy(w->g.gateway4_mac, w->b->gateway_mac, MAC_LEN);
	return 0;
}

static int build_gateway6(struct build *w, unsigned flags)
{
	const struct in6_addr *gw = &w->b->gateway6;

	if (!w->id->has6 || !has(w, BINDING_GATEWAY6))
		return 0;
	if (ip6_same(gw, &w->id->ip6.addr))
		return wrong_key(w, BINDING_GATEWAY6, "GATEWAY6", "is the VM's own address; name the router's");
	if (!(flags & GUEST_GATEWAY_ANYWHERE) && w->id->ip6.len < 128 && !IN6_IS_ADDR_LINKLOCAL(gw) &&
	    !ip6_in(w->id->ip6, *gw))
		return wrong_key(w, BINDING_GATEWAY6, "GATEWAY6",
				 "is neither link-local nor in the VM's prefix; name such an address");
	w->g.has_gateway6 = !has(w, BINDING_PRIVATE);
	w->g.gateway6 = *gw;
	memcpy(w->g.gateway6_mac, w->b->gateway6_mac, MAC_LEN);
	return 0;
}

/*
 * Checks the gateways' MACs, also for a family that the VM does not have. Frames to the VM's own or to fold's MAC would
 * never reach a router.
 */
static int check_gateway_macs(struct build *w, unsigned flags)
{
	const struct {
		enum binding_key gateway, key;
		const char *name;
		const uint8_t *mac;
	} macs[] = {
	    {BINDING_GATEWAY, BINDING_GATEWAY_MAC, "GATEWAY_MAC", w->b->gateway_mac},
	    {BINDING_GATEWAY6, BINDING_GATEWAY6_MAC, "GATEWAY6_MAC", w->b->gateway6_mac},
	};

	for (size_t i = 0; i < 2; i++) {
		bool given = has(w, macs[i].key);
		if (!given && flags & GUEST_NEED_GATEWAY_MAC && has(w, macs[i].gateway))
			return report_fail(w->r, EINVAL, "%s:%u: %.*s stands without %s; add the router's MAC address",
					   w->b->path, w->b->line[macs[i].gateway], (int)strcspn(macs[i].name, "_"),
					   macs[i].name, macs[i].name);
		if (!given)
			continue;
		if (memcmp(macs[i].mac, w->id->mac, MAC_LEN) == 0)
			return wrong_key(w, macs[i].key, macs[i].name,
					 "is the VM's own MAC address; name the router's");
		if (memcmp(macs[i].mac, w->g.service_mac, MAC_LEN) == 0)
			return wrong_key(w, macs[i].key, macs[i].name, "is fold's own on this link; name the router's");
	}
	return 0;
}

static bool copy_bytes(uint8_t **to, const void *from, size_t len)
{
	*to = len ? malloc(len) : NULL;
	if (*to)
		memcpy(*to, from, len);
	return *to || !len;
}

static bool copy_ip4s(struct ip4_list *to, const struct ip4_list *from)
{
	to->at = from->count ? malloc(from->count * sizeof(*to->at)) : NULL;
	if (!to->at)
		return from->count == 0;
	memcpy(to->at, from->at, from->count * sizeof(*to->at));
	to->count = from->count;
	return true;
}

static bool copy_ip6s(struct ip6_list *to, const struct ip6_list *from)
{
	to->at = from->count ? malloc(from->count * sizeof(*to->at)) : NULL;
	if (!to->at)
		return from->count == 0;
	memcpy(to->at, from->at, from->count * sizeof(*to->at));
	to->count = from->count;
	return true;
}

/*
 * Compresses the search list if it would need more than one option: few clients join options (RFC 3396), and for
 * clients with little room a long list is left out. A list that fits stays uncompressed, because more clients can read
 * that.
 */
static bool build_search4(struct guest *g)
{
	if (g->search_len <= ONE_OPTION)
		return true;
	g->search4 = malloc(g->search_len);
	if (g->search4)
		g->search4_len = search_compress(g->search, g->search_len, g->search4);
	return g->search4;
}

/* Sets the names that the guest is told; false without memory. */
static bool build_names(struct build *w)
{
	const struct binding *b = w->b;
	struct guest *g = &w->g;
	uint8_t wire[NAME_WIRE_MAX];
	size_t len = 0;

	g->weave_dns = has(w, BINDING_WEAVE_DNS) && b->weave_dns;
	g->hostname = strdup(has(w, BINDING_HOSTNAME) ? b->hostname : "");
	if (!g->hostname)
		return false;
	const char *domain = has(w, BINDING_DOMAIN) ? b->domain : w->c->domain, *dot = strchr(g->hostname, '.');
	/* A host name with a domain also sets the domain, as nfdhcpd's users expect. */
	if (!*domain && dot)
		domain = dot + 1;
	g->domain = strdup(domain);
	if (!g->domain)
		return false;
	const struct name_list *search = has(w, BINDING_DOMAIN_SEARCH) ? &b->domain_search : &w->c->domain_search;
	struct name_list alone = {.wire = wire};
	if (!search->len && *domain && !value_name(domain, wire, &len)) {
		alone.len = len;
		search = &alone;
	}
	g->search_len = search->len;
	return copy_bytes(&g->search, search->wire, search->len) && build_search4(g);
}

static bool build_options(struct build *w)
{
	const struct binding *b = w->b;

	if (!b->option_count)
		return true;
	w->g.options = calloc(b->option_count, sizeof(*w->g.options));
	if (!w->g.options)
		return false;
	for (size_t i = 0; i < b->option_count; i++) {
		struct dhcp_option *to = &w->g.options[w->g.option_count++];
		*to = b->options[i];
		if (!copy_bytes(&to->bytes, b->options[i].bytes, b->options[i].len))
			return false;
	}
	return true;
}

static bool build_options6(struct build *w)
{
	const struct binding *b = w->b;

	if (!b->option6_count)
		return true;
	w->g.options6 = calloc(b->option6_count, sizeof(*w->g.options6));
	if (!w->g.options6)
		return false;
	for (size_t i = 0; i < b->option6_count; i++) {
		struct dhcp6_option *to = &w->g.options6[w->g.option6_count++];
		*to = b->options6[i];
		if (!copy_bytes(&to->bytes, b->options6[i].bytes, b->options6[i].len))
			return false;
	}
	return true;
}

static void build_times(struct build *w)
{
	uint32_t lease = w->c->lease_lifetime < 4 ? 4 : w->c->lease_lifetime;
	uint32_t renew = w->c->lease_renewal;

	w->g.lease_time = w->g.rebind_time = w->g.renew_time = lease;
	if (lease == UINT32_MAX)
		return; /* RFC 2131 3.3: for ever */
	/* RFC 2131 4.4.5: T1 before T2 before the end of the lease. A client may insist on this order. */
	w->g.rebind_time = (uint32_t)((uint64_t)lease * 7 / 8);
	w->g.renew_time = renew && renew < w->g.rebind_time ? renew : lease / 2;
}

/*
 * The code of the DHCPv6 option that carries a name; 0: none. Codes that fold fills in itself or that belong to the
 * protocol are ignored with a warning and are no error, so that old files still work.
 */
static uint16_t name_code6(struct build *w, enum binding_key k, const char *name, uint32_t in_binding,
			   uint32_t in_config)
{
	uint32_t code = has(w, k) ? in_binding : in_config;
	const char *owned = code ? option_owned6((uint16_t)code) : NULL;

	if (owned && has(w, k))
		report_warn(w->r, "%s:%u: %s: code %u %s", w->b->path, w->b->line[k], name, code, owned);
	else if (owned)
		report_warn(w->r, "%s: the global configuration's option code %u for a name %s", w->id->iface, code,
			    owned);
	return owned ? 0 : (uint16_t)code;
}

static void build_codes6(struct build *w)
{
	w->g.hostname_code6 = name_code6(w, BINDING_DHCP6_HOSTNAME_OPTCODE, "DHCP6_HOSTNAME_OPTCODE",
					 w->b->dhcp6_hostname_optcode, w->c->dhcp6_hostname_optcode);
	w->g.domain_code6 = name_code6(w, BINDING_DHCP6_DOMAINNAME_OPTCODE, "DHCP6_DOMAINNAME_OPTCODE",
				       w->b->dhcp6_domainname_optcode, w->c->dhcp6_domainname_optcode);
}

/*
 * Sets how router advertisements tell the guest to get its address (RFC 4861 4.2, 4.6.2). Only a /64 can be autonomous
 * (RFC 4862 5.5.3).
 */
static void build_mode6(struct build *w)
{
	struct guest *g = &w->g;
	const struct config *c = w->c;
	uint32_t mode = c->ipv6_mode;

	if (!w->id->has6)
		return;
	bool by_itself = mode == IPV6_MODE_SLAAC || mode == IPV6_MODE_SLAAC_DHCPV6 ||
			 (mode == IPV6_MODE_AUTO && w->id->mode6 != ADDRESS6_GIVEN);
	/* RFC 4862 5.5.3 d: a guest forms no address if the prefix does not leave exactly its identifier's 64 bits. */
	bool can_form = w->id->mode6 == ADDRESS6_EUI64 && w->id->ip6.len == 64;
	bool by_server = mode == IPV6_MODE_DHCPV6 || (mode != IPV6_MODE_SLAAC && !can_form);
	g->answers6 = c->enable_ipv6;
	g->dhcp6 = c->enable_ipv6 && c->enable_dhcpv6;
	g->link_local = ip6_link_local(g->service_mac);
	g->ra_period = c->ra_period;
	g->ra_autonomous = by_itself && w->id->ip6.len == 64;
	g->ra_managed = g->dhcp6 && by_server;
	g->ra_other = g->dhcp6 && (g->nameservers6.count || g->search_len || g->hostname_code6 || g->domain_code6 ||
				   g->option6_count);
}

int guest_build(const struct identity *id, const struct binding *b, const struct config *c, unsigned flags,
		struct guest *out, struct report *r)
{
	static const struct binding none;
	struct build w = {.id = id, .b = b ? b : &none, .c = c, .g.id = *id, .r = r};
	const struct ip4_list *ns4 = binding_has(w.b, BINDING_NAMESERVERS) ? &w.b->nameservers : &c->nameservers;
	const struct ip6_list *ns6 = binding_has(w.b, BINDING_NAMESERVERS6) ? &w.b->nameservers6 : &c->nameservers6;
	int err = check_identity(&w, flags);

	mac_service(id->mac, w.g.service_mac);
	w.g.dhcp4 = id->has4 && c->enable_dhcp;
	build_times(&w);
	if (!err)
		err = build_mtu(&w);
	if (!err)
		err = build_gateway4(&w, flags);
	if (!err)
		err = build_gateway6(&w, flags);
	if (!err)
		err = check_gateway_macs(&w, flags);
	if (!err &&
	    !(build_names(&w) && build_options(&w) && build_options6(&w) &&
	      (!id->has4 || copy_ip4s(&w.g.nameservers4, ns4)) && (!id->has6 || copy_ip6s(&w.g.nameservers6, ns6))))
		err = report_fail(r, ENOMEM, "%s: out of memory", id->iface);
	build_codes6(&w);
	build_mode6(&w);
	if (!err)
		err = service_build(&w.g, w.b, c, flags, r);
	if (!err)
		err = dns_policy_build(&w.g, w.b, c, flags, r);
	if (err) {
		guest_free(&w.g);
		return err;
	}
	warn_identity(&w);
	w.g.has_rules = flags & GUEST_HAS_RULES;
	if (w.g.has_rules)
		warn_daemon_keys(&w);
	*out = w.g;
	return 0;
}
