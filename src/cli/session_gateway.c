/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way out of the subnet: the actions of -a and -A, and a host's firewall that stops what fold lets through. */
#include "base/log.h"
#include "cli/session_priv.h"
#include "host/forward_legacy.h"
#include "host/forward_policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

struct said {
	const char *flag, *word, *key;
	const struct gateway_action *action;
	bool has_gateway;
};

static void said(const struct session *s, struct said out[static 2])
{
	const struct options *o = s->o;

	out[0] = (struct said){"-a", o->action4_word, "GATEWAY", &o->action4, s->guest.has_gateway4};
	out[1] = (struct said){"-A", o->action6_word, "GATEWAY6", &o->action6, s->guest.has_gateway6};
}

static int check_chain(struct session *s, const struct said *a, struct report *r)
{
	const char *chain = a->action->chain;
	int kind = nft_chain_kind(s->nft, NFPROTO_BRIDGE, RULES_SHARED_TABLE, chain);

	if (kind < 0)
		return report_fail(r, -kind, "%s '%s': chain %s cannot be looked for: %s", a->flag, a->word, chain,
				   strerror(-kind));
	if (kind == NFT_KIND_NONE)
		return report_fail(r, ENOENT,
				   "%s '%s': there is no chain %s in `table bridge " RULES_SHARED_TABLE
				   "`; make it: nft add table bridge " RULES_SHARED_TABLE
				   "; nft add chain bridge " RULES_SHARED_TABLE " %s",
				   a->flag, a->word, chain, chain);
	if (kind == NFT_KIND_BASE)
		return report_fail(r, EINVAL,
				   "%s '%s': chain %s has a hook of its own, and nothing can go there from elsewhere; "
				   "make one without: nft add chain bridge " RULES_SHARED_TABLE " NAME",
				   a->flag, a->word, chain);
	return 0;
}

/* The watch is opened first, so that no removal of the rules that follow goes unseen. */
static int add_gate(struct session *s)
{
	int err = s->watch ? 0 : watch_open(&s->watch);

	if (!err)
		err = session_note(s, SESSION_NOTE_SHARED, 1);
	if (err < 0)
		return err;
	for (int i = 0; i < 2; i++) {
		const char *chain = i ? s->rules.action6.chain : s->rules.action4.chain;
		if (chain[0])
			watch_await(s->watch, chain);
	}
	return rules_gate_add(s->nft, &s->rules);
}

int session_gate(struct session *s, struct report *r)
{
	struct said all[2];
	int err = 0;

	s->rules.action4 = s->o->action4;
	s->rules.action6 = s->o->action6;
	said(s, all);
	for (int i = 0; i < 2 && !err; i++) {
		if (!all[i].word)
			continue;
		if (all[i].action->chain[0])
			err = check_chain(s, &all[i], r);
		if (!err && !all[i].has_gateway)
			log_warn("%s: %s '%s' has no effect: the VM has no %s, and reaches its own subnet alone",
				 s->info.iface, all[i].flag, all[i].word, all[i].key);
	}
	if (err || !rules_has_gate(&s->rules))
		return err;
	err = add_gate(s);
	if (err == -EOPNOTSUPP)
		return report_fail(r, EOPNOTSUPP,
				   "interface %s: the kernel refuses its way to the chain of -a or -A; `reject` cannot "
				   "stand in such a chain (drop can), nor a jump to a chain with a hook",
				   s->info.iface);
	return err ? report_fail(r, -err, "interface %s: its rules for the gateway cannot be made: %s", s->info.iface,
				 strerror(-err))
		   : 0;
}

void session_gate_mend(struct session *s)
{
	int err = rules_gate_restore(s->nft, &s->rules);

	if (err > 0)
		log_warn("%s: its way through the gateway in `table bridge " RULES_SHARED_TABLE
			 "` was removed by somebody; it is back",
			 s->info.iface);
	else if (err == -ENOENT && !s->gate_lost)
		log_err("%s: a chain of -a or -A is gone from `table bridge " RULES_SHARED_TABLE
			"`; nothing passes its gateway until the chain is back",
			s->info.iface);
	else if (err < 0 && !s->gate_lost)
		log_err("%s: its way through the gateway was removed and cannot be put back: %s; nothing passes there",
			s->info.iface, strerror(-err));
	s->gate_lost = err < 0;
}

static const char *const family_names[] = {[FORWARD_IP4] = "IPv4", [FORWARD_IP6] = "IPv6"};

/* iptables-legacy has tables of its own besides those of nftables, and they can drop packets too. */
static void look_into_legacy(const char *bridge, bool ip6, struct forward_family *f)
{
	const char *tool = ip6 ? "ip6tables-legacy" : "iptables-legacy";

	if (f->stops || !f->legacy || forward_legacy_drops(ip6 ? AF_INET6 : AF_INET, bridge) <= 0)
		return;
	f->stops = true;
	snprintf(f->where, sizeof(f->where), "FORWARD of %s", tool);
	snprintf(f->mend, sizeof(f->mend), "%s -I FORWARD -i %s -o %s -j ACCEPT", tool, bridge, bridge);
}

static void check_within(const struct session *s)
{
	struct forward_policy p = {.bridge = s->info.bridge};

	if (forward_policy_check(&p) < 0)
		return;
	for (int i = 0; i < FORWARD_FAMILIES; i++) {
		struct forward_family *f = &p.of[i];
		if (!(i == FORWARD_IP4 ? s->id.has4 : s->id.has6))
			continue;
		look_into_legacy(s->info.bridge, i == FORWARD_IP6, f);
		if (f->stops)
			log_warn("bridge %s: this host's firewall drops %s within it (chain %s, and br_netfilter is "
				 "on), also between the VM and its own subnet; let it pass: %s",
				 s->info.bridge, family_names[i], f->where, f->mend);
	}
}

/* Where the VM's gateway is this host, warns if the host does not forward or its firewall drops what it forwards. */
static void check_gateway(const struct session *s)
{
	const struct guest *g = &s->guest;
	const uint8_t *host = s->rules.bridge_mac;
	const bool is_host[] = {
	    [FORWARD_IP4] = g->has_gateway4 && memcmp(g->gateway4_mac, host, MAC_LEN) == 0,
	    [FORWARD_IP6] = g->has_gateway6 && memcmp(g->gateway6_mac, host, MAC_LEN) == 0,
	};
	struct forward_policy p = {.bridge = s->info.bridge, .leaves = true};

	if ((!is_host[FORWARD_IP4] && !is_host[FORWARD_IP6]) || forward_policy_check(&p) < 0)
		return;
	for (int i = 0; i < FORWARD_FAMILIES; i++)
		if (p.of[i].stops && is_host[i])
			log_warn(
			    "%s: its gateway is this host, which %s %s (%s%s): the VM reaches its own subnet alone; "
			    "let it pass: %s",
			    s->info.iface, p.of[i].off ? "does not forward" : "drops what it forwards of",
			    family_names[i], p.of[i].off ? "" : "chain ", p.of[i].where, p.of[i].mend);
}

void session_check_host(const struct session *s)
{
	check_within(s);
	check_gateway(s);
}
