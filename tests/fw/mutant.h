/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutant: included before every rule file in the copy of fold that mutate.sh builds. It wraps the
 * functions of fw/nft.h, which then look in the environment whether they make the rule or the match that is to be
 * left out:
 *
 *   FOLD_MUTANT=rules_nd.c:120:to_nd:0   the rule of that chain that begins at that line has no match and no action
 *   FOLD_MUTANT=rules_nd.c:120:to_nd:2   its second match holds for every packet that has those octets
 *   FOLD_MUTANTS=FILE                    appends the names of all rules and matches to that file, one a line
 */
#ifndef FOLD_TESTS_FW_MUTANT_H
#define FOLD_TESTS_FW_MUTANT_H

#include "fw/nft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUTANT_MAX 64 /* octets in the longest match */

/* Shared by all rule files: the rule that is being written, and how many matches it has so far. */
__attribute__((weak)) struct {
	char rule[128];
	unsigned match;
	bool gone;
} mutant;

/* Whether this part of the rule (0: all of it; else a match) is to be left out. Appends its name to FOLD_MUTANTS. */
static inline bool mutant_is(unsigned part)
{
	const char *want = getenv("FOLD_MUTANT"), *list = getenv("FOLD_MUTANTS");
	char name[144];

	snprintf(name, sizeof(name), "%s:%u", mutant.rule, part);
	FILE *f = list ? fopen(list, "ae") : NULL;
	if (f) {
		fprintf(f, "%s\n", name);
		fclose(f);
	}
	return want && strcmp(want, name) == 0;
}

static inline void mutant_rule(struct nft *n, const char *chain, const char *file, int line)
{
	const char *slash = strrchr(file, '/');

	(nft_rule)(n, chain);
	snprintf(mutant.rule, sizeof(mutant.rule), "%s:%d:%s", slash ? slash + 1 : file, line, chain);
	mutant.match = 0;
	mutant.gone = mutant_is(0);
}

static inline bool mutant_match(void)
{
	return mutant_is(++mutant.match);
}

static const uint8_t mutant_low[MUTANT_MAX];

static inline void mutant_plain(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, enum nft_op op,
				const void *value)
{
	bool out = mutant_match();

	if (!mutant.gone)
		(nft_match)(n, base, offset, len, out ? NFT_AT_LEAST : op, out ? mutant_low : value);
}

static inline void mutant_masked(struct nft *n, enum nft_base base, uint32_t offset, uint32_t len, const void *mask,
				 enum nft_op op, const void *value)
{
	bool out = mutant_match();

	if (!mutant.gone)
		(nft_match_masked)(n, base, offset, len, mask, out ? NFT_AT_LEAST : op, out ? mutant_low : value);
}

static inline void mutant_l4proto(struct nft *n, enum nft_op op, uint8_t proto)
{
	bool out = mutant_match();

	/*
	 * "Protocol is not 0" only tests whether the kernel found a transport header, as "at least 0" would: left out
	 * altogether.
	 */
	if (!mutant.gone && !(out && op == NFT_IS_NOT && proto == 0))
		(nft_match_l4proto)(n, out ? NFT_AT_LEAST : op, out ? 0 : proto);
}

/* These matches load nothing that a later one compares, so they can be left out altogether, as actions can. */
#define MUTANT_MATCH(call) (mutant_match() || mutant.gone ? (void)0 : (call))
#define MUTANT_ACTION(call) (mutant.gone ? (void)0 : (call))

#define nft_rule(n, chain) mutant_rule(n, chain, __FILE__, __LINE__)
#define nft_match(...) mutant_plain(__VA_ARGS__)
#define nft_match_masked(...) mutant_masked(__VA_ARGS__)
#define nft_match_l4proto(...) mutant_l4proto(__VA_ARGS__)
#define nft_and(...) MUTANT_MATCH((nft_and)(__VA_ARGS__))
#define nft_and_masked(...) MUTANT_MATCH((nft_and_masked)(__VA_ARGS__))
#define nft_match_present(...) MUTANT_MATCH((nft_match_present)(__VA_ARGS__))
#define nft_match_for_host(...) MUTANT_MATCH((nft_match_for_host)(__VA_ARGS__))
#define nft_match_sender_group(...) MUTANT_MATCH((nft_match_sender_group)(__VA_ARGS__))
#define nft_match_root(...) MUTANT_MATCH((nft_match_root)(__VA_ARGS__))
#define nft_match_range(...) MUTANT_MATCH((nft_match_range)(__VA_ARGS__))
#define nft_and_outside(...) MUTANT_MATCH((nft_and_outside)(__VA_ARGS__))
#define nft_match_protocol(...) MUTANT_MATCH((nft_match_protocol)(__VA_ARGS__))
#define nft_match_elsewhere(...) MUTANT_MATCH((nft_match_elsewhere)(__VA_ARGS__))
#define nft_match_mark(...) MUTANT_MATCH((nft_match_mark)(__VA_ARGS__))
#define nft_match_mark_masked(...) MUTANT_MATCH((nft_match_mark_masked)(__VA_ARGS__))
#define nft_match_over_limit(...) MUTANT_MATCH((nft_match_over_limit)(__VA_ARGS__))
#define nft_count(...) MUTANT_ACTION((nft_count)(__VA_ARGS__))
#define nft_set_mark(...) MUTANT_ACTION((nft_set_mark)(__VA_ARGS__))
#define nft_set_eth_dst(...) MUTANT_ACTION((nft_set_eth_dst)(__VA_ARGS__))
#define nft_set_ip6_source(...) MUTANT_ACTION((nft_set_ip6_source)(__VA_ARGS__))
#define nft_set_for_host(...) MUTANT_ACTION((nft_set_for_host)(__VA_ARGS__))
#define nft_log(...) MUTANT_ACTION((nft_log)(__VA_ARGS__))
#define nft_queue(...) MUTANT_ACTION((nft_queue)(__VA_ARGS__))
#define nft_iifname_vmap(...) MUTANT_ACTION((nft_iifname_vmap)(__VA_ARGS__))
#define nft_oifname_vmap(...) MUTANT_ACTION((nft_oifname_vmap)(__VA_ARGS__))
#define nft_accept(...) MUTANT_ACTION((nft_accept)(__VA_ARGS__))
#define nft_drop(...) MUTANT_ACTION((nft_drop)(__VA_ARGS__))
#define nft_jump(...) MUTANT_ACTION((nft_jump)(__VA_ARGS__))
#define nft_goto(...) MUTANT_ACTION((nft_goto)(__VA_ARGS__))

#endif
