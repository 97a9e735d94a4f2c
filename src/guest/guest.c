/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/guest.h"

#include "base/rd.h"
#include "guest/zone.h"

#include <stdlib.h>

bool ip6_list_has(const struct ip6_list *l, const struct in6_addr *a)
{
	for (size_t i = 0; l && i < l->count; i++) {
		if (ip6_same(&l->at[i], a))
			return true;
	}
	return false;
}

bool guest_serves4(const struct guest *g, struct in_addr a)
{
	for (size_t i = 0; i < g->service4.count; i++) {
		if (ip4_same(g->service4.at[i], a))
			return true;
	}
	return false;
}

bool guest_serves6(const struct guest *g, const struct in6_addr *a)
{
	return ip6_list_has(&g->service6, a);
}

size_t guest_dns4(const struct guest *g, struct in_addr out[static GUEST_DNS_MOST])
{
	struct in_addr told = g->dns.server4;
	size_t count = 0;

	for (size_t i = 0; i < g->service4.count && count < GUEST_DNS_MOST - 1; i++)
		out[count++] = g->service4.at[i];
	if (told.s_addr && !guest_serves4(g, told))
		out[count++] = told;
	return count;
}

size_t guest_dns6(const struct guest *g, struct in6_addr out[static GUEST_DNS_MOST])
{
	const struct in6_addr *told = &g->dns.server6;
	size_t count = 0;

	for (size_t i = 0; i < g->service6.count && count < GUEST_DNS_MOST - 2; i++)
		out[count++] = g->service6.at[i];
	if (!IN6_IS_ADDR_UNSPECIFIED(told) && !guest_serves6(g, told))
		out[count++] = *told;
	if (!IN6_IS_ADDR_UNSPECIFIED(&g->link_local) && !guest_serves6(g, &g->link_local))
		out[count++] = g->link_local;
	return count;
}

void guest_free(struct guest *g)
{
	for (size_t i = 0; i < g->option_count; i++)
		free(g->options[i].bytes);
	free(g->options);
	for (size_t i = 0; i < g->option6_count; i++)
		free(g->options6[i].bytes);
	free(g->options6);
	free(g->hostname);
	free(g->domain);
	free(g->search);
	free(g->search4);
	free(g->nameservers4.at);
	free(g->nameservers6.at);
	free(g->service4.at);
	free(g->service6.at);
	free(g->dns.no_forward);
	free(g->dns.allow.at);
	free(g->dns.upstream4.at);
	free(g->dns.upstream6.at);
	zone_free(g->dns.zone);
	*g = (struct guest){0};
}

const uint8_t *guest_next_name(struct rd *r, size_t *len)
{
	const uint8_t *start = r->p;
	uint8_t label;

	if (!rd_left(r))
		return NULL;
	do {
		label = rd_u8(r);
		rd_bytes(r, label);
	} while (label);
	*len = (size_t)(r->p - start);
	return r->bad ? NULL : start;
}
