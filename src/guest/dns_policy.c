/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/dns_policy.h"

#include "guest/allow.h"
#include "guest/build.h"
#include "guest/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool binding_names_upstreams(const struct binding *b)
{
	return binding_has(b, BINDING_DNS_NAMESERVERS) || binding_has(b, BINDING_DNS_NAMESERVERS6);
}

/* Without a configuration file fold forwards nothing unless the binding asks for it or names servers. */
static bool may_forward(const struct binding *b, const struct config *c)
{
	if (binding_has(b, BINDING_DNS_FORWARD))
		return b->dns_forward;
	return c->from_file ? c->dns_forward : binding_names_upstreams(b);
}

/* Collects the suffixes of all three sources: what one of them forbids, no other allows. */
static bool copy_no_forward(struct dns_policy *d, const struct binding *b, const struct config *c)
{
	const struct name_list *const from[] = {&b->no_forward, &b->list_no_forward, &c->no_forward};
	size_t len = 0;

	for (size_t i = 0; i < 3; i++)
		len += from[i]->len;
	d->no_forward = len ? malloc(len) : NULL;
	if (!d->no_forward)
		return len == 0;
	for (size_t i = 0; i < 3; i++) {
		if (from[i]->len)
			memcpy(d->no_forward + d->no_forward_len, from[i]->wire, from[i]->len);
		d->no_forward_len += from[i]->len;
	}
	return true;
}

/* Copies the servers to ask, without the VM's own address: its questions would come back to it. */
static bool copy_upstreams(struct guest *g, const struct binding *b, const struct config *c)
{
	bool own = binding_names_upstreams(b);
	const struct ip4_list *four = own ? &b->dns_nameservers : &c->dns_nameservers;
	const struct ip6_list *six = own ? &b->dns_nameservers6 : &c->dns_nameservers6;
	struct dns_policy *d = &g->dns;

	d->forward_private = four->count || six->count;
	d->upstream4.at = four->count ? calloc(four->count, sizeof(*four->at)) : NULL;
	d->upstream6.at = six->count ? calloc(six->count, sizeof(*six->at)) : NULL;
	if ((four->count && !d->upstream4.at) || (six->count && !d->upstream6.at))
		return false;
	for (size_t i = 0; i < four->count; i++) {
		if (!g->id.has4 || four->at[i].s_addr != g->id.ip4.addr.s_addr)
			d->upstream4.at[d->upstream4.count++] = four->at[i];
	}
	for (size_t i = 0; i < six->count; i++) {
		if (!g->id.has6 || !IN6_ARE_ADDR_EQUAL(&six->at[i], &g->id.ip6.addr))
			d->upstream6.at[d->upstream6.count++] = six->at[i];
	}
	return true;
}

/*
 * Warns if the binding names servers but the configuration does not forward. Whoever names servers wants them asked,
 * and easily overlooks that setting.
 */
static void warn_of_unused(const struct binding *b, const struct config *c, struct report *r)
{
	enum binding_key k =
	    binding_has(b, BINDING_DNS_NAMESERVERS) ? BINDING_DNS_NAMESERVERS : BINDING_DNS_NAMESERVERS6;

	if (c->enable_dns && binding_has(b, k) && !binding_has(b, BINDING_DNS_FORWARD) && !may_forward(b, c))
		report_warn(r,
			    "%s:%u: nobody is asked, for the configuration's forward is not yes; add DNS_FORWARD=yes",
			    b->path, b->line[k]);
}

static bool copy_allow(struct dns_policy *d, const struct allow_list *from)
{
	d->allow.at = from->count ? calloc(from->count, sizeof(*from->at)) : NULL;
	if (!d->allow.at)
		return from->count == 0;
	memcpy(d->allow.at, from->at, from->count * sizeof(*from->at));
	d->allow.count = from->count;
	return true;
}

/* Warns if the ALLOW list restricts less than it seems to, or shuts out everything. */
static void warn_of_allow(const struct guest *g, const struct binding *b, unsigned flags, struct report *r)
{
	const char *why = NULL;

	if (!g->dns.allow.count)
		return;
	if (!(flags & GUEST_HAS_RULES))
		why =
		    "other names are refused, but nothing here keeps packets from other addresses: fold has rules for that";
	else if (!g->dns.on)
		why = "DNS is off, so no name has an address, and nothing leaves the subnet; set enable_dns = yes";
	else if (!g->dns.forward && !b->records.count && !b->list_records.count)
		why =
		    "nobody is asked for names, so none has an address, and nothing leaves the subnet; add DNS_FORWARD=yes";
	if (why)
		report_warn(r, "%s:%u: ALLOW: %s", b->path, b->line[BINDING_ALLOW], why);
}

int dns_policy_build(struct guest *g, const struct binding *b, const struct config *c, unsigned flags, struct report *r)
{
	const bool streams = flags & GUEST_DNS_STREAMS;
	const struct record_list *const sources[] = {&b->records, &b->list_records, &c->records};
	struct dns_policy *d = &g->dns;

	d->on = c->enable_dns;
	d->streams = streams;
	d->intercept_all = !binding_has(b, BINDING_DNS_INTERCEPT) || b->dns_intercept == DNS_INTERCEPT_ALL;
	d->serve = c->enable_dns && (!binding_has(b, BINDING_DNS_SERVE) || b->dns_serve);
	d->forward = c->enable_dns && may_forward(b, c);
	warn_of_unused(b, c, r);
	d->ttl = binding_has(b, BINDING_DNS_TTL) ? b->dns_ttl : c->dns_ttl;
	if (b->allow.count && d->ttl > ALLOW_SECONDS_MAX)
		d->ttl = ALLOW_SECONDS_MAX;
	if (!copy_no_forward(d, b, c) || !copy_upstreams(g, b, c) || !copy_allow(d, &b->allow))
		return report_fail(r, ENOMEM, "%s: out of memory", g->id.iface);
	/*
	 * All named servers were the VM itself, so nobody is left to ask. An empty list would mean the host's
	 * resolvers, which were not meant.
	 */
	if (d->forward_private && !d->upstream4.count && !d->upstream6.count)
		d->forward = false;
	warn_of_allow(g, b, flags, r);
	/* Ten thousand VMs without records do not need ten thousand empty zones. */
	if (!b->records.count && !b->list_records.count && !c->records.count)
		return 0;
	int err = zone_build(sources, sizeof(sources) / sizeof(sources[0]), d->ttl, &d->zone, r);
	if (!err)
		zone_warn_long(d->zone, streams ? ZONE_STREAM_MAX : ZONE_PACKET_MAX, r);
	return err;
}
