/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only one running VM may have, the record of it, and taking down what it had. */
#include "base/log.h"
#include "cli/session_priv.h"
#include "fw/nft.h"
#include "host/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_SIZE 96

/* The record in the claim's file: one line, words apart by blanks, so none of them may hold one but the last. */
static void info_format(const struct session_info *i, char *text, size_t size)
{
	snprintf(text, size, "%s %s %s %s %d %s %s\n", i->iface, i->mac, i->ip4[0] ? i->ip4 : "-", i->bridge, i->pid,
		 i->copy[0] ? i->copy : "-", i->hypervisor);
}

bool session_info_parse(const char *text, struct session_info *out)
{
	memset(out, 0, sizeof(*out));
	if (sscanf(text, "%15s %17s %19s %15s %d %255s %255[^\n]", out->iface, out->mac, out->ip4, out->bridge,
		   &out->pid, out->copy, out->hypervisor) != 7)
		return false;
	if (strcmp(out->copy, "-") == 0)
		out->copy[0] = 0;
	return true;
}

/* Key and words of each claim. The interface's carries the record; it is the one that ls and gc look at. */
static void claim_key(const struct session *s, int which, char *key, char *what)
{
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &s->o->ip4.addr, ip, sizeof(ip));
	switch (which) {
	case 0:
		snprintf(key, KEY_SIZE, SESSION_CLAIM "%s", s->info.iface);
		snprintf(what, KEY_SIZE, "interface %s", s->info.iface);
		break;
	case 1:
		snprintf(key, KEY_SIZE, "mac-%s-%s", s->info.bridge, s->info.mac);
		snprintf(what, KEY_SIZE, "MAC %s on bridge %s", s->info.mac, s->info.bridge);
		break;
	default:
		snprintf(key, KEY_SIZE, "ip4-%s-%s", s->info.bridge, ip);
		snprintf(what, KEY_SIZE, "address %s on bridge %s", ip, s->info.bridge);
	}
}

static int claim_one(struct session *s, int which, struct report *r)
{
	char text[1024], key[KEY_SIZE], what[KEY_SIZE], holder[1024] = "";
	struct session_info other;

	info_format(&s->info, text, sizeof(text));
	claim_key(s, which, key, what);
	int err = claim_take(key, text, &s->claims[which], holder, sizeof(holder), r);
	if (err == -EBUSY && session_info_parse(holder, &other))
		return report_fail(r, EBUSY, "%s: in use by a running fold (pid %d, interface %s); choose another",
				   what, other.pid, other.iface);
	if (err == -EBUSY)
		return report_fail(r, EBUSY, "%s: in use by a running fold; choose another", what);
	/* A killed fold of that name, with its keeper: what it left would be in the way. */
	if (err == 0 && which == 0 && session_info_parse(holder, &other))
		session_clean(&other);
	return err;
}

int session_claim(void *session, struct report *r)
{
	struct session *s = session;

	for (int i = 0; i < SESSION_CLAIMS; i++) {
		int err = claim_one(s, i, r);
		if (err)
			return err;
	}
	return 0;
}

void session_reclaim(struct session *s)
{
	struct report unused = {0};

	/* The locks died with the keeper. What another fold has taken since is no longer ours to remove. */
	for (int i = 0; i < SESSION_CLAIMS; i++)
		if (s->claims[i].fd < 0)
			claim_one(s, i, &unused);
}

void session_unclaim(struct session *s)
{
	/* The interface's last: while it stands, nobody takes the others' places half made. */
	for (int i = SESSION_CLAIMS - 1; i >= 0; i--)
		claim_release(&s->claims[i]);
}

/* Whoever got a copy of the descriptor keeps no port without rules: the tap goes before they do. */
static void delete_tap(const struct session *s, int ifindex)
{
	struct link *l;
	int err = link_open(&l);

	if (err)
		return;
	err = link_delete(l, ifindex);
	if (err)
		log_warn("%s: could not be removed: %s", s->info.iface, strerror(-err));
	link_close(l);
}

static void remove_shared(const struct session *s)
{
	struct nft *nft;

	if (nft_open(&nft) < 0)
		return;
	int err = rules_remove_shared(nft, s->info.iface);
	if (err)
		log_warn("%s: its rules could not be removed: %s; `fold gc` tries again", s->info.iface,
			 strerror(-err));
	nft_close(nft);
}

void session_takedown(void *session, const int32_t notes[static KEEPER_NOTES])
{
	struct session *s = session;

	if (notes[SESSION_NOTE_TAP])
		delete_tap(s, notes[SESSION_NOTE_TAP]);
	if (notes[SESSION_NOTE_SHARED])
		remove_shared(s);
	int err = notes[SESSION_NOTE_COPY] ? binding_remove_copy(s->info.copy) : 0;
	if (err)
		log_warn("%s: could not be removed: %s", s->info.copy, strerror(-err));
	session_unclaim(s);
}

/*
 * A tap outlives its fold only where the hypervisor made it persist, and then it has no rules. It is that one if it has the
 * MAC that fold gave it.
 */
static void delete_left_tap(const struct session_info *left, const uint8_t mac[static MAC_LEN])
{
	uint8_t service[MAC_LEN];
	struct link_info info;
	struct link *l;

	if (link_open(&l) < 0)
		return;
	mac_service(mac, service);
	if (link_find(l, left->iface, &info) == 0 && memcmp(info.mac, service, MAC_LEN) == 0)
		link_delete(l, info.ifindex);
	link_close(l);
}

void session_clean(const struct session_info *left)
{
	struct nft *nft;
	struct binding b;
	struct report r = {0};
	uint8_t mac[MAC_LEN];

	if (!mac_parse(left->mac, mac))
		return;
	delete_left_tap(left, mac);
	if (nft_open(&nft) == 0) {
		rules_remove_shared(nft, left->iface);
		nft_close(nft);
	}
	/* Only the copy that this very VM had: somebody else's binding may stand there by now. */
	if (!left->copy[0] || binding_load(left->copy, BINDING_VM, &b, &r) < 0)
		return;
	if (binding_has(&b, BINDING_MAC) && memcmp(b.mac, mac, MAC_LEN) == 0)
		binding_remove_copy(left->copy);
	binding_free(&b);
}
