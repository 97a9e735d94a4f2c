/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `fold inspect`: what a running VM is, what it was told and refused, and what its rules dropped. */
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "fw/rules_counters.h"
#include "host/ask.h"
#include "host/claim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_SIZE 20480
#define NAME_TEXT 64

/* One line of the answer (session_seen.c). */
struct told {
	char what[16];
	uint64_t count;
	int64_t ago; /* milliseconds */
	char name[NAME_TEXT];
};

static bool next_line(char **rest, struct told *t)
{
	char *line = strsep(rest, "\n");

	if (!line)
		return false;
	*t = (struct told){.ago = -1};
	sscanf(line, "%15s %" SCNu64 " %" SCNd64 " %63[^\n]", t->what, &t->count, &t->ago, t->name);
	return true;
}

static uint64_t told_of(const char *answer, const char *what)
{
	char copy[ANSWER_SIZE], *rest = copy;
	struct told t;

	snprintf(copy, sizeof(copy), "%s", answer);
	while (next_line(&rest, &t))
		if (strcmp(t.what, what) == 0)
			return t.count;
	return 0;
}

/* The events, by their names, that begin a lease and that end it before its time. */
struct lease_events {
	const char *begin[4], *end[2];
};
static const struct lease_events lease4 = {{"DHCPACK"}, {"DHCPRELEASE", "DHCPDECLINE"}};
static const struct lease_events lease6 = {{"DHCPv6 REPLY to SOLICIT", "DHCPv6 REPLY to REQUEST",
					    "DHCPv6 REPLY to RENEW", "DHCPv6 REPLY to REBIND"},
					   {"DHCPv6 REPLY to RELEASE", "DHCPv6 REPLY to DECLINE"}};

static void earlier(const char *const names[], size_t count, const struct told *t, int64_t *ago)
{
	for (size_t i = 0; i < count && names[i]; i++)
		if (strcmp(t->name, names[i]) == 0 && t->ago < *ago)
			*ago = t->ago;
}

/* Seconds that the VM's lease is still valid, UINT32_MAX: for ever, -1: it never asked for one, or gave it back. */
static int64_t lease_left(const char *answer, const struct lease_events *e)
{
	char copy[ANSWER_SIZE], *rest = copy;
	int64_t acked = INT64_MAX, given_back = INT64_MAX, lease = (int64_t)told_of(answer, "lease");
	struct told t;

	snprintf(copy, sizeof(copy), "%s", answer);
	while (next_line(&rest, &t)) {
		if (strcmp(t.what, "did") != 0)
			continue;
		earlier(e->begin, sizeof(e->begin) / sizeof(e->begin[0]), &t, &acked);
		earlier(e->end, sizeof(e->end) / sizeof(e->end[0]), &t, &given_back);
	}
	if (acked == INT64_MAX || given_back <= acked)
		return -1;
	if (lease == UINT32_MAX)
		return lease; /* RFC 2131 3.3, RFC 8415 7.7: for ever */
	return lease > acked / 1000 ? lease - acked / 1000 : 0;
}

/* ---- in words ---- */

static void print_counter(void *arg, const char *name, uint64_t packets)
{
	(void)arg;
	if (packets)
		printf("  %-20s %8" PRIu64 "\n", name, packets);
}

static void print_told(const char *answer, const char *what)
{
	char copy[ANSWER_SIZE], *rest = copy;
	struct told t;

	snprintf(copy, sizeof(copy), "%s", answer);
	while (next_line(&rest, &t))
		if (strcmp(t.what, what) == 0)
			printf("  %-20s %8" PRIu64 "   last %" PRId64 " s ago\n", t.name, t.count, t.ago / 1000);
}

/* by_dhcp_alone: the guest can get this address in no other way than by DHCP. */
static void print_address(const char *family, const char *address, int64_t lease, bool by_dhcp_alone)
{
	printf("%-11s %s", family, address);
	if (lease == UINT32_MAX)
		printf(", leased for ever");
	else if (lease >= 0)
		printf(", leased for %" PRId64 " s more", lease);
	else if (by_dhcp_alone && strcmp(address, "-") != 0)
		printf(", not leased");
	printf("\n");
}

/* Null: not leased. */
static void json_lease(struct json *j, const char *key, int64_t left)
{
	if (left >= 0)
		json_number(j, key, left);
	else
		json_string(j, key, NULL);
}

static int print_text(const struct session_info *i, const char *answer)
{
	printf("interface   %s on bridge %s\nmac         %s\n", i->iface, i->bridge, i->mac);
	print_address("ipv4", i->ip4, lease_left(answer, &lease4), true);
	print_address("ipv6", i->ip6, lease_left(answer, &lease6), false);
	printf("hypervisor  %s, fold %d\n", i->hypervisor, i->pid);
	puts("answered");
	print_told(answer, "did");
	puts("refused by the responder");
	print_told(answer, "refused");
	puts("dropped by the rules (taken: handed to the responder)");
	int err = rules_counters(i->iface, print_counter, NULL);
	printf("not logged %" PRIu64 ", replies lost %" PRIu64 "\n", told_of(answer, "unsaid"),
	       told_of(answer, "lost"));
	return err;
}

/* ---- as JSON ---- */

static void json_counter(void *json, const char *name, uint64_t packets)
{
	json_number(json, name, (int64_t)packets);
}

static void json_told(struct json *j, const char *key, const char *answer, const char *what)
{
	char copy[ANSWER_SIZE], *rest = copy;
	struct told t;

	snprintf(copy, sizeof(copy), "%s", answer);
	json_array(j, key);
	while (next_line(&rest, &t)) {
		if (strcmp(t.what, what) != 0)
			continue;
		json_object(j, NULL);
		json_string(j, "name", t.name);
		json_number(j, "count", (int64_t)t.count);
		json_number(j, "seconds_ago", t.ago / 1000);
		json_end(j);
	}
	json_end(j);
}

static int print_json(const struct session_info *i, const char *answer)
{
	struct json j;

	json_start(&j, stdout);
	json_object(&j, NULL);
	json_string(&j, "interface", i->iface);
	json_string(&j, "bridge", i->bridge);
	json_string(&j, "mac", i->mac);
	json_string(&j, "ipv4", strcmp(i->ip4, "-") != 0 ? i->ip4 : NULL);
	json_string(&j, "ipv6", strcmp(i->ip6, "-") != 0 ? i->ip6 : NULL);
	json_lease(&j, "lease_seconds_left", lease_left(answer, &lease4));
	json_lease(&j, "lease6_seconds_left", lease_left(answer, &lease6));
	json_string(&j, "hypervisor", i->hypervisor);
	json_number(&j, "pid", i->pid);
	json_told(&j, "answered", answer, "did");
	json_told(&j, "refused", answer, "refused");
	json_object(&j, "counters");
	int err = rules_counters(i->iface, json_counter, &j);
	json_end(&j);
	json_number(&j, "not_logged", (int64_t)told_of(answer, "unsaid"));
	json_number(&j, "replies_lost", (int64_t)told_of(answer, "lost"));
	json_end(&j);
	return err;
}

static int fail(const char *iface, const char *what, int err)
{
	log_err("%s: %s: %s", iface, what, strerror(err));
	return FOLD_EXIT_FAILED;
}

int command_inspect(int argc, char **argv)
{
	bool as_json = argc == 4 && strcmp(argv[3], "--json") == 0;
	char path[ASK_PATH], answer[ANSWER_SIZE];

	if (argc < 3 || argv[2][0] == '-' || (argc > 3 && !as_json)) {
		log_err("`" FOLD_COMMAND " inspect <iface> [--json]` names a running VM's interface; `" FOLD_COMMAND
			" ls` lists them");
		return FOLD_EXIT_USAGE;
	}
	const char *iface = argv[2];
	struct session_info info;
	int status = command_find_vm(iface, &info);
	if (status)
		return status;
	ask_path(claim_folder(), iface, path);
	int got = ask(path, answer, sizeof(answer));
	if (got < 0)
		return fail(iface, "its fold does not answer; it may be starting or ending", -got);
	int err = as_json ? print_json(&info, answer) : print_text(&info, answer);
	if (err)
		return fail(iface, "the counters of its rules cannot be read", -err);
	return EXIT_SUCCESS;
}
