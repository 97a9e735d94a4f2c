/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of packets that leave or enter the subnet through the gateway.
 *
 * A chain of the user's is in `table bridge fold`, which anybody may flush, and the VM's own table cannot jump to it.
 * So nothing may pass just because rules of the shared table are missing:
 *
 *   out   the own table sends the packet to the guest's own MAC; the bridge knows that MAC only behind this port,
 *         and drops the packet; the shared table gives it the gateway's MAC and hands it to the chain
 *   in    the shared table marks the packet and hands it to the chain; the own table drops packets without the mark
 *
 * The responder answers refused packets (reject/reject.h). The rules limit the rate at which it gets them: RFC 1812
 * 4.3.2.8, RFC 4443 2.4 (f).
 */
#include "fw/egress.h"
#include "fw/rules_priv.h"

#include <string.h>

#include <linux/if_ether.h>

/* Refused packets that are answered, in each direction. */
#define REFUSALS_PER_SECOND 100
#define REFUSALS_BURST 50

static const struct gateway_action *action(const struct rules *r, bool ip6)
{
	static const struct gateway_action none;

	if (ip6 ? !r->guest->id.has6 : !r->guest->id.has4)
		return &none;
	return ip6 ? &r->action6 : &r->action4;
}

static bool uses_chain(const struct gateway_action *a)
{
	return a->what == ACTION_JUMP || a->what == ACTION_GOTO;
}

static bool has_gateway(const struct guest *g, bool ip6)
{
	return ip6 ? g->has_gateway6 : g->has_gateway4;
}

static const uint8_t *gateway_mac(const struct guest *g, bool ip6)
{
	return ip6 ? g->gateway6_mac : g->gateway4_mac;
}

bool gate_rejects(const struct rules *r)
{
	return action(r, false)->what == ACTION_REJECT || action(r, true)->what == ACTION_REJECT;
}

bool rules_has_gate(const struct rules *r)
{
	return uses_chain(action(r, false)) || uses_chain(action(r, true)) ||
	       (r->transport == TRANSPORT_QUEUE && gate_rejects(r));
}

bool gate_counts(const struct rules *r)
{
	return action(r, false)->what != ACTION_GO_ON || action(r, true)->what != ACTION_GO_ON;
}

static void source_in_subnet(struct nft *n, const struct guest *g, bool ip6, enum nft_op op)
{
	if (ip6)
		ip6_is_in(n, IP6_SRC, op, &g->id.ip6);
	else
		ip4_is_in(n, IP4_SRC, op, g->id.ip4);
}

void gate_is_open(struct nft *n, const struct rules *r, bool ip6)
{
	if (action(r, ip6)->what != ACTION_GO_ON)
		source_in_subnet(n, r->guest, ip6, NFT_IS);
}

/* Ends the rule that is open, which matches those that may leave. */
static void act(struct nft *n, const struct rules *r, bool ip6)
{
	switch (action(r, ip6)->what) {
	case ACTION_GO_ON:
		nft_accept(n);
		break;
	case ACTION_DROP:
		drop(n, FROM_GATEWAY);
		break;
	case ACTION_REJECT:
		nft_goto(n, "from_refused");
		break;
	case ACTION_JUMP:
	case ACTION_GOTO:
		nft_set_eth_dst(n, r->guest->id.mac);
		nft_set_mark(n, RULES_GATE_MARK);
		nft_accept(n);
		break;
	}
}

/* The first fragment of an IPv4 packet, or a whole packet: later fragments have no ports. */
static void is_first(struct nft *n)
{
	static const uint8_t offset[2] = {0x1f, 0xff}, zero[2] = {0};
	const uint32_t ip4_fragment = 6; /* RFC 791 */

	nft_match_masked(n, NFT_NETWORK, ip4_fragment, sizeof(offset), offset, NFT_IS, zero);
}

/*
 * With ALLOW, packets leave only to addresses that its names have; the action applies after that. A match that
 * succeeds lets a packet out, so a packet whose ports cannot be seen stays inside.
 */
void gate_leave(struct nft *n, const struct rules *r, bool ip6, void (*leaves)(struct nft *n, const struct rules *r))
{
	leaves(n, r);
	if (!r->guest->dns.allow.count) {
		act(n, r, ip6);
		return;
	}
	egress_match(n, ip6, false), act(n, r, ip6);
	leaves(n, r);
	if (!ip6)
		is_first(n);
	egress_match(n, ip6, true), act(n, r, ip6);
	leaves(n, r), drop(n, FROM_ALLOW);
}

void gate_enter(struct nft *n, const char *chain, const struct rules *r, bool ip6)
{
	const struct gateway_action *a = action(r, ip6);

	if (a->what == ACTION_GO_ON)
		return;
	nft_rule(n, chain), source_in_subnet(n, r->guest, ip6, NFT_IS_NOT);
	if (a->what == ACTION_REJECT && r->transport == TRANSPORT_LOG) {
		nft_goto(n, "to_refused");
		return;
	}
	/* With NFQUEUE, the shared table has already queued the refused packets that are to be answered. */
	if (uses_chain(a))
		nft_match_mark_masked(n, RULES_MARK_BITS, NFT_IS_NOT, RULES_PASSED_MARK);
	drop(n, TO_GATEWAY);
}

const char *const gate_chain_names[] = {"from_refused", "to_refused", NULL};

void gate_chains(struct nft *n, const struct rules *r)
{
	if (!gate_rejects(r))
		return;
	nft_rule(n, "from_refused"), nft_match_over_limit(n, REFUSALS_PER_SECOND, REFUSALS_BURST),
	    drop(n, FROM_GATEWAY);
	nft_rule(n, "from_refused"), nft_goto(n, "take");
	if (r->transport != TRANSPORT_LOG)
		return;
	nft_rule(n, "to_refused"), nft_match_over_limit(n, REFUSALS_PER_SECOND, REFUSALS_BURST), drop(n, TO_GATEWAY);
	nft_rule(n, "to_refused"), nft_count(n, rules_counter(TAKEN)), nft_log(n, r->number), nft_drop(n);
}

/*
 * For the shared table: matches packets that enter through the gateway. It must not match the gateway's neighbour
 * discovery, which comes from link-local addresses, too, or from the unspecified address; hence the range, which is
 * that of check_far() in rules_ip6.c.
 */
static void enters(struct nft *n, const struct guest *g, bool ip6)
{
	static const struct in6_addr first = {.s6_addr = {0, 0x64, 0xff, 0x9b}};
	struct in6_addr last = link_local6.addr;

	last.s6_addr[1] = 0x7f;
	memset(last.s6_addr + 2, 0xff, sizeof(last) - 2);
	eth_src_and_type(n, gateway_mac(g, ip6), ip6 ? ETH_P_IPV6 : ETH_P_IP);
	if (ip6)
		nft_match_range(n, NFT_NETWORK, IP6_SRC, sizeof(first), &first, &last);
	source_in_subnet(n, g, ip6, NFT_IS_NOT);
}

static void to_user(struct nft *n, const struct gateway_action *a)
{
	if (a->what == ACTION_JUMP)
		nft_jump(n, a->chain);
	else
		nft_goto(n, a->chain);
}

/* Whether what the gateway passes on goes to a chain of the user's. */
static bool has_user_chain(const struct rules *r, bool ip6)
{
	return has_gateway(r->guest, ip6) && uses_chain(action(r, ip6));
}

void gate_fill_leave(struct nft *n, const struct rules *r, const char *chain)
{
	for (int ip6 = 0; ip6 < 2; ip6++) {
		if (!has_user_chain(r, ip6))
			continue;
		const uint8_t *mac = gateway_mac(r->guest, ip6);
		nft_rule(n, chain), eth_type(n, NFT_IS, ip6 ? ETH_P_IPV6 : ETH_P_IP), nft_set_eth_dst(n, mac);
		/* The bridge has already decided by the old MAC whether the frame is for the host. */
		if (memcmp(mac, r->bridge_mac, MAC_LEN) == 0)
			nft_set_for_host(n);
		nft_set_mark(n, 0);
		to_user(n, action(r, ip6));
	}
}

/* Refusals by NFQUEUE: queues packets for the guest alone, which are answered; the own table drops the rest. */
static void queue_refused(struct nft *n, const struct rules *r, const char *chain, bool ip6)
{
	const struct guest *g = r->guest;

	for (int within_rate = 0; within_rate < 2; within_rate++) {
		nft_rule(n, chain), enters(n, g, ip6), eth_dst(n, NFT_IS, g->id.mac);
		destination_is(n, ip6, ip6 ? (const void *)&g->id.ip6.addr : &g->id.ip4.addr);
		if (within_rate) {
			nft_queue(n, r->number);
		} else {
			nft_match_over_limit(n, REFUSALS_PER_SECOND, REFUSALS_BURST);
			nft_drop(n);
		}
	}
}

void gate_fill_enter(struct nft *n, const struct rules *r, const char *chain)
{
	for (int ip6 = 0; ip6 < 2; ip6++) {
		const struct gateway_action *a = action(r, ip6);
		if (has_user_chain(r, ip6)) {
			nft_rule(n, chain), enters(n, r->guest, ip6), nft_set_mark(n, RULES_PASSED_MARK), to_user(n, a);
		} else if (has_gateway(r->guest, ip6) && a->what == ACTION_REJECT && r->transport == TRANSPORT_QUEUE) {
			queue_refused(n, r, chain, ip6);
		}
	}
}

int gate_leave_rules(const struct rules *r)
{
	return has_user_chain(r, false) + has_user_chain(r, true);
}

int gate_enter_rules(const struct rules *r)
{
	int count = gate_leave_rules(r);

	for (int ip6 = 0; ip6 < 2 && r->transport == TRANSPORT_QUEUE; ip6++)
		if (has_gateway(r->guest, ip6) && action(r, ip6)->what == ACTION_REJECT)
			count += 2;
	return count;
}
