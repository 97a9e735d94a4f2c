/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The claims on what only one running VM may have, the record of the VM in them, and taking down what it had. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/session_priv.h"
#include "fw/nft.h"
#include "host/link.h"
#include "host/link_hub.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/netfilter.h>

#define KEY_SIZE 96
#define DYING_MS 2000
#define DYING_STEP_MS 5

/*
 * The record that stands in the claim's file, which the caller frees; NULL if out of memory. Its first line is words
 * separated by blanks, of which only the last may contain blanks. Paths, which may contain blanks too, and what was
 * added later have lines of their own, which older versions leave unread and newer ones can do without.
 */
static char *info_text(const struct session_info *i)
{
	char hypervisor[sizeof(i->hypervisor)], *text = NULL;
	_cleanup_(cleanup_free) char *image = NULL;

	memcpy(hypervisor, i->hypervisor, sizeof(hypervisor));
	for (char *c = hypervisor; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	if (i->image[0] && asprintf(&image, "IMAGE=%u %s\n", i->inode, i->image) < 0)
		return NULL;
	int len = asprintf(&text, "%s %s %s %s %d - %s\nIP6=%s\n%s%s%s%s", i->iface, i->mac, i->ip4, i->bridge, i->pid,
			   hypervisor, i->ip6, i->copy[0] ? "COPY=" : "", i->copy, i->copy[0] ? "\n" : "",
			   image ? image : "");
	return len < 0 ? NULL : text;
}

static void info_line(struct session_info *out, const char *line, size_t len)
{
	char text[PATH_MAX + 32];

	if (len >= sizeof(text))
		return;
	memcpy(text, line, len);
	text[len] = 0;
	if (sscanf(text, "IP6=%50s", out->ip6) == 1 || sscanf(text, "COPY=%4095[^\n]", out->copy) == 1)
		return;
	sscanf(text, "IMAGE=%u %4095[^\n]", &out->inode, out->image);
}

bool session_info_parse(const char *text, struct session_info *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->ip6, "-");
	if (sscanf(text, "%15s %17s %19s %15s %d %4095s %255[^\n]", out->iface, out->mac, out->ip4, out->bridge,
		   &out->pid, out->copy, out->hypervisor) != 7)
		return false;
	if (strcmp(out->copy, "-") == 0)
		out->copy[0] = 0;
	for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
		line++;
		info_line(out, line, strcspn(line, "\n"));
	}
	return true;
}

void session_record(const struct session *s)
{
	_cleanup_(cleanup_free) char *text = info_text(&s->info);
	struct report r = {0};
	int err = text ? claim_write(&s->claims[SESSION_CLAIM_IFACE], text, &r) : -ENOMEM;

	if (err)
		log_warn("%s: its record: %s", s->info.iface, report_line(&r, err));
}

/*
 * Key of each claim, and what it is on in words; false where the VM has no such thing. The record that ls and gc read
 * is the one in the interface's claim.
 */
static bool claim_key(const struct session *s, int which, char *key, char *what)
{
	const struct session_info *i = &s->info;
	char ip[INET6_ADDRSTRLEN];

	switch ((enum session_claims)which) {
	case SESSION_CLAIM_IFACE:
		snprintf(key, KEY_SIZE, SESSION_CLAIM "%s", i->iface);
		snprintf(what, KEY_SIZE, "interface %s", i->iface);
		return true;
	case SESSION_CLAIM_MAC:
		snprintf(key, KEY_SIZE, "mac-%s-%s", i->bridge, i->mac);
		snprintf(what, KEY_SIZE, "MAC %s on bridge %s", i->mac, i->bridge);
		return true;
	case SESSION_CLAIM_IP4:
		inet_ntop(AF_INET, &s->id.ip4.addr, ip, sizeof(ip));
		snprintf(key, KEY_SIZE, "ip4-%s-%s", i->bridge, ip);
		snprintf(what, KEY_SIZE, "address %s on bridge %s", ip, i->bridge);
		return s->id.has4;
	case SESSION_CLAIM_IP6:
		inet_ntop(AF_INET6, &s->id.ip6.addr, ip, sizeof(ip));
		snprintf(key, KEY_SIZE, "ip6-%s-%s", i->bridge, ip);
		snprintf(what, KEY_SIZE, "address %s on bridge %s", ip, i->bridge);
		return s->id.has6;
	case SESSION_CLAIMS:
		break;
	}
	return false;
}

/*
 * Waits, DYING_MS at most, until tap and rules of a killed fold are gone. Its keeper was killed too, so processes that
 * the hypervisor started may still be dying, and until the last of them is gone they keep the tap and the socket that
 * owns the rules. Where something else has that name, waiting does not help, and making the tap or the rules fails
 * later with an error.
 */
static void await_death(const struct session_info *left)
{
	const struct timespec moment = {.tv_nsec = DYING_STEP_MS * 1000000};
	const uint64_t until = clock_ms() + DYING_MS;
	char table[RULES_TABLE_TEXT];
	struct link_info info;
	struct nft *nft = NULL;
	struct link *l = NULL;

	if (nft_open(&nft) == 0 && link_open(&l) == 0) {
		rules_table(left->iface, table);
		while (clock_ms() < until &&
		       (link_find(l, left->iface, &info) == 0 || nft_has_chain(nft, NFPROTO_NETDEV, table, "from") > 0))
			nanosleep(&moment, NULL);
	}
	link_close(l);
	nft_close(nft);
}

/* Kept apart, as clean_after() below, for its large variable: each page of the stack is touched as a frame is made. */
static int __attribute__((noinline)) fail_claimed(const char *what, const char *text, struct report *r)
{
	struct session_info other;

	if (text && session_info_parse(text, &other))
		return report_fail(r, EBUSY, "%s: in use by a running fold (pid %d, interface %s); choose another",
				   what, other.pid, other.iface);
	return report_fail(r, EBUSY, "%s: in use by a running fold; choose another", what);
}

/* A fold with that interface, and that record, was killed together with its keeper. Its remains would be in the way. */
static void __attribute__((noinline)) clean_after(const char *left)
{
	struct session_info other;

	if (!session_info_parse(left, &other))
		return;
	session_clean(&other);
	await_death(&other);
}

/* Takes one claim, which the keeper then holds, too, and writes the record into it. 0, or -errno with a line in r. */
static int claim_one(struct session *s, int which, const char *record, struct report *r)
{
	_cleanup_(cleanup_free) char *left = NULL;
	char key[KEY_SIZE], what[KEY_SIZE];
	struct claim *c = &s->claims[which];

	if (!claim_key(s, which, key, what))
		return 0;
	int err = claim_take(key, c, &left, r);
	if (err)
		return err == -EBUSY ? fail_claimed(what, left, r) : err;
	if (which == SESSION_CLAIM_IFACE && left)
		clean_after(left);
	if (left)
		err = claim_write(c, "", r);
	if (!err)
		err = claim_write(c, record, r);
	/*
	 * Only a claim with this VM's record may be the keeper's, which removes it in the end. If this process is
	 * killed before, the keeper finds that record, or what it tells of is still there for others to clean up.
	 */
	if (!err && (err = keeper_hold(&s->keeper, (unsigned)which, c->fd)))
		report_set(r, "the keeper process: %s", strerror(-err));
	if (err)
		claim_release(c);
	return err;
}

int session_claim(struct session *s, struct report *r)
{
	_cleanup_(cleanup_free) char *record = info_text(&s->info);
	int err = record ? 0 : report_fail(r, ENOMEM, "out of memory");

	for (int i = 0; i < SESSION_CLAIMS && !err; i++)
		err = claim_one(s, i, record, r);
	return err;
}

/*
 * Has the claims in this process: those that it took or that the keeper was given; then those that the first process
 * may have taken in the moment in which it was killed, before the keeper was given them. These have this VM's record,
 * or none yet. A claim that others hold, or left, stays as it is, as does one that the keeper had released already when
 * it was killed.
 */
static void have_claims(struct session *s, const int held[static SESSION_CLAIMS])
{
	_cleanup_(cleanup_free) char *record = info_text(&s->info);
	char key[KEY_SIZE], what[KEY_SIZE];

	for (int i = 0; i < SESSION_CLAIMS; i++) {
		claim_check(&s->claims[i]);
		if (s->claims[i].fd >= 0 || !claim_key(s, i, key, what))
			continue;
		if (held[i] >= 0)
			claim_adopt(key, held[i], &s->claims[i]);
		else if (record)
			claim_retake(key, record, &s->claims[i]);
	}
}

void session_close_claims(struct session *s)
{
	for (int i = 0; i < SESSION_CLAIMS; i++)
		claim_close(&s->claims[i]);
}

/* leave: the record stays for `fold gc`, which has something left to do. */
static void unclaim(struct session *s, bool leave)
{
	struct claim *iface = &s->claims[SESSION_CLAIM_IFACE];

	/* The interface's claim last: others take it first, so no fold starts while only some of these are free. */
	for (int i = SESSION_CLAIMS - 1; i > SESSION_CLAIM_IFACE; i--)
		claim_release(&s->claims[i]);
	if (leave && iface->fd >= 0) {
		session_record(s);
		claim_close(iface);
	}
	claim_release(iface);
}

/* The tap goes before the rules, so that a process with its descriptor is never left with a port without rules. */
void session_unplug(void *session, const struct keeper_known *known)
{
	struct session *s = session;
	struct link *l;

	if (s->unplugged || !known->notes[SESSION_NOTE_TAP] || link_open(&l) < 0)
		return;
	int err = link_delete_tap(l, known->notes[SESSION_NOTE_TAP], s->info.iface);
	if (err)
		log_warn("%s: could not be removed: %s", s->info.iface, strerror(-err));
	s->unplugged = !err;
	link_close(l);
}

/*
 * Removes the VM's own rules by rules_fd, a copy of their socket, where another process that has the socket does not
 * end: otherwise the rules would stay, and occupy their table's name, as long as that process lives. Never while there
 * is a tap.
 */
static void remove_own(const struct session *s, int rules_fd)
{
	char table[RULES_TABLE_TEXT];
	struct nft *nft;

	if (rules_fd < 0 || nft_adopt(rules_fd, &nft) < 0)
		return;
	nft_begin(nft);
	nft_use_table(nft, NFPROTO_NETDEV, rules_table(s->info.iface, table));
	nft_table_delete(nft, false);
	int err = s->unplugged ? nft_commit(nft) : 0;
	if (err && err != -ENOENT)
		log_warn("%s: its rules could not be removed: %s", s->info.iface, nft_error(err));
	nft_close(nft);
}

static int remove_shared_of(const char *iface)
{
	struct nft *nft;
	int err = nft_open(&nft);

	if (err)
		return err;
	err = rules_remove_shared(nft, iface);
	nft_close(nft);
	return err;
}

static int remove_shared(const struct session *s)
{
	int err = remove_shared_of(s->info.iface);

	if (err)
		log_warn("%s: its rules could not be removed: %s; `" FOLD_COMMAND " gc` tries again", s->info.iface,
			 strerror(-err));
	return err;
}

void session_takedown(void *session, const struct keeper_known *known)
{
	struct session *s = session;
	const int32_t *notes = known->notes;

	have_claims(s, known->held);
	session_unplug(s, known);
	remove_own(s, known->rules);
	bool is_left = notes[SESSION_NOTE_SHARED] && remove_shared(s) < 0;
	int err = notes[SESSION_NOTE_COPY] ? session_remove_copy(s) : 0;
	if (err)
		log_warn("%s: could not be removed: %s", s->info.copy, strerror(-err));
	s->info.inode = (uint32_t)notes[SESSION_NOTE_INODE];
	err = notes[SESSION_NOTE_IMAGE] ? session_remove_image(claim_folder(), s->info.image, s->info.inode) : 0;
	if (err)
		log_warn("%s: could not be removed: %s; `" FOLD_COMMAND " gc` tries again", s->info.image,
			 strerror(-err));
	is_left = is_left || err;
	/* Without the claim, another fold has that interface name now, and the socket of `fold inspect` is its own. */
	if (s->claims[SESSION_CLAIM_IFACE].fd >= 0)
		session_seen_remove(claim_folder(), s->info.iface);
	link_hub_clean(claim_folder());
	unclaim(s, is_left);
}

/*
 * A tap outlives its fold only where the hypervisor made it persistent, and then it has no rules. An interface of that
 * name is that tap if it has the MAC that fold gave it.
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

static bool has_image(const struct session_info *running, const void *path)
{
	return strcmp(running->image, path) == 0;
}

bool session_clean_files(const struct session_info *left, unsigned long folder)
{
	session_seen_remove(folder, left->iface);
	link_hub_clean(folder);
	session_clean_copy(left, folder);
	if (!left->image[0] || session_is_held(left->iface, folder, has_image, left->image))
		return true;
	int err = session_remove_image(folder, left->image, left->inode);
	if (err)
		log_err("%s: could not be removed: %s", left->image, strerror(-err));
	return !err;
}

bool session_clean(const struct session_info *left)
{
	uint8_t mac[MAC_LEN];

	if (!mac_parse(left->mac, mac))
		return true;
	delete_left_tap(left, mac);
	int err = remove_shared_of(left->iface);
	if (err)
		log_err("%s: its rules could not be removed: %s", left->iface, strerror(-err));
	return session_clean_files(left, claim_folder()) && !err;
}
