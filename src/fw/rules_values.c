/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of values without a set: each would be two more messages of a transaction. The values are sorted, and a field
 * is one of them if it is between the first and the last and in none of the gaps.
 */
#include "fw/rules_priv.h"

#include <assert.h>
#include <string.h>

void values_add(struct values *v, const void *value, uint32_t len)
{
	size_t i = 0;

	while (i < v->count && memcmp(v->at[i], value, len) < 0)
		i++;
	if (i < v->count && memcmp(v->at[i], value, len) == 0)
		return;
	assert(v->count < VALUES_MOST);
	memmove(v->at[i + 1], v->at[i], (v->count - i) * sizeof(v->at[0]));
	memcpy(v->at[i], value, len);
	v->count++;
}

void values_add_services(struct values *v, const struct guest *g, bool ip6)
{
	for (size_t i = 0; ip6 && i < g->service6.count; i++)
		values_add(v, &g->service6.at[i], sizeof(g->service6.at[i]));
	for (size_t i = 0; !ip6 && i < g->service4.count; i++)
		values_add(v, &g->service4.at[i], sizeof(g->service4.at[i]));
}

/* The value before or after another; it must have one. */
static void step(uint8_t *out, const uint8_t *value, uint32_t len, bool up)
{
	const uint8_t carry = up ? 0xff : 0;

	memcpy(out, value, len);
	while (len && out[len - 1] == carry)
		out[--len] = (uint8_t)~carry;
	assert(len);
	out[len - 1] = (uint8_t)(out[len - 1] + (up ? 1 : -1));
}

void is_one_of(struct nft *n, uint32_t offset, uint32_t len, const struct values *v)
{
	assert(v->count);
	if (v->count == 1) {
		nft_match(n, NFT_NETWORK, offset, len, NFT_IS, v->at[0]);
		return;
	}
	nft_match_range(n, NFT_NETWORK, offset, len, v->at[0], v->at[v->count - 1]);
	for (size_t i = 1; i < v->count; i++) {
		uint8_t low[16], high[16];
		step(low, v->at[i - 1], len, true);
		step(high, v->at[i], len, false);
		if (memcmp(low, high, len) <= 0)
			nft_and_outside(n, low, high, len);
	}
}
