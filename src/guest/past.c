/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/past.h"

#include "base/rd.h"

#include <stdlib.h>
#include <string.h>

/* No more than one advertisement can withdraw, so that a file that changes all the time cannot use up memory. */
#define SERVERS_MOST 127
#define NAMES_MOST 2040

static void add_servers(struct ip6_list *to, const struct ip6_list *from, const struct ip6_list *now)
{
	for (size_t i = 0; i < from->count && to->count < SERVERS_MOST; i++) {
		if (!ip6_list_has(now, &from->at[i]) && !ip6_list_has(to, &from->at[i]))
			to->at[to->count++] = from->at[i];
	}
}

/* The servers that were dropped last come first, because most guests still use them. */
static void keep_servers(struct guest *past, const struct guest *was, const struct guest *now)
{
	struct ip6_list all = {.at = calloc(SERVERS_MOST, sizeof(*all.at))};

	if (!all.at)
		return;
	add_servers(&all, &was->nameservers6, &now->nameservers6);
	add_servers(&all, &past->nameservers6, &now->nameservers6);
	free(past->nameservers6.at);
	past->nameservers6 = all;
}

/*
 * Compares octet by octet. The code that writes advertisements knows better which names are the same, and leaves those
 * out.
 */
static bool has_name(const struct guest *g, const uint8_t *name, size_t len)
{
	struct rd r = rd_over(g->search, g->search_len);
	const uint8_t *one;
	size_t n;

	while ((one = guest_next_name(&r, &n))) {
		if (n == len && memcmp(one, name, len) == 0)
			return true;
	}
	return false;
}

/* Needs room for NAMES_MOST octets in to->search. */
static void add_names(struct guest *to, const struct guest *from, const struct guest *now)
{
	struct rd r = rd_over(from->search, from->search_len);
	const uint8_t *name;
	size_t len;

	while ((name = guest_next_name(&r, &len)) && to->search_len + len <= NAMES_MOST) {
		if (has_name(now, name, len) || has_name(to, name, len))
			continue;
		memcpy(to->search + to->search_len, name, len);
		to->search_len += len;
	}
}

static void keep_names(struct guest *past, const struct guest *was, const struct guest *now)
{
	struct guest all = {.search = malloc(NAMES_MOST)};

	if (!all.search)
		return;
	add_names(&all, was, now);
	add_names(&all, past, now);
	free(past->search);
	past->search = all.search;
	past->search_len = all.search_len;
}

/* Keeps only the prefix before the current one: the guest has heard the withdrawal of an older one at least once. */
static void keep_prefix(struct guest *past, const struct guest *was, const struct guest *now)
{
	struct in6_addr before = ip6_network(was->id.ip6), current = ip6_network(now->id.ip6);

	if (was->id.ip6.len == now->id.ip6.len && IN6_ARE_ADDR_EQUAL(&before, &current))
		return;
	past->id.has6 = true;
	past->id.ip6 = was->id.ip6;
	past->ra_autonomous = was->ra_autonomous;
}

void past_add(struct guest **past, const struct guest *was, const struct guest *now)
{
	if (!was->id.has6)
		return;
	if (!*past)
		*past = calloc(1, sizeof(**past));
	if (!*past)
		return;
	keep_servers(*past, was, now);
	keep_names(*past, was, now);
	keep_prefix(*past, was, now);
}

void past_free(struct guest **past)
{
	if (*past)
		guest_free(*past);
	free(*past);
	*past = NULL;
}
