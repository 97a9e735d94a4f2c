/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -a and -A: an action in one word of the command line, as iptables or as nft would write it. The types of refusals and
 * their names are those of iptables-extensions(8), REJECT, and of nft(8), reject statement; the codes RFC 792, 1812 5.2.7.1 and 4443 3.1.
 */
#include "cli/options_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MOST 5
#define FORMS                                                                                                          \
	"it is one word: '-j RETURN', '-j ACCEPT', '-j DROP', '-j REJECT [--reject-with <type>]', '-j <chain>', "      \
	"'-g <chain>', or 'accept', 'drop', 'reject [with <type>]', 'jump <chain>', 'goto <chain>'"

struct action_words {
	char text[256];
	char *at[WORDS_MOST + 1]; /* NULL behind the last */
};

struct type {
	const char *name, *alias;
	uint8_t code;
};

static const struct type iptables4[] = {
    {"icmp-net-unreachable", "net-unreach", 0},     {"icmp-host-unreachable", "host-unreach", 1},
    {"icmp-proto-unreachable", "proto-unreach", 2}, {"icmp-port-unreachable", "port-unreach", 3},
    {"icmp-net-prohibited", "net-prohib", 9},       {"icmp-host-prohibited", "host-prohib", 10},
    {"icmp-admin-prohibited", "admin-prohib", 13},  {0},
};
static const struct type iptables6[] = {
    {"icmp6-no-route", "no-route", 0},
    {"icmp6-adm-prohibited", "adm-prohibited", 1},
    {"icmp6-addr-unreachable", "addr-unreach", 3},
    {"icmp6-port-unreachable", "port-unreach", 4},
    {"icmp6-policy-fail", "policy-fail", 5},
    {"icmp6-reject-route", "reject-route", 6},
    {0},
};
static const struct type nft4[] = {
    {"net-unreachable", NULL, 0},   {"host-unreachable", NULL, 1},
    {"prot-unreachable", NULL, 2},  {"port-unreachable", NULL, 3},
    {"net-prohibited", NULL, 9},    {"host-prohibited", NULL, 10},
    {"admin-prohibited", NULL, 13}, {0},
};
static const struct type nft6[] = {
    {"no-route", NULL, 0},
    {"admin-prohibited", NULL, 1},
    {"addr-unreachable", NULL, 3},
    {"port-unreachable", NULL, 4},
    {"policy-fail", NULL, 5},
    {"reject-route", NULL, 6},
    {0},
};
/* icmpx: one name for both families. */
static const struct type nftx4[] = {
    {"no-route", NULL, 0},
    {"host-unreachable", NULL, 1},
    {"port-unreachable", NULL, 3},
    {"admin-prohibited", NULL, 13},
    {0},
};
static const struct type nftx6[] = {
    {"no-route", NULL, 0},
    {"admin-prohibited", NULL, 1},
    {"host-unreachable", NULL, 3},
    {"port-unreachable", NULL, 4},
    {0},
};

enum { PORT_UNREACHABLE4 = 3, PORT_UNREACHABLE6 = 4 };

static bool split(const char *word, struct action_words *w)
{
	size_t count = 0;

	*w = (struct action_words){0};
	if (strlen(word) >= sizeof(w->text))
		return false;
	memcpy(w->text, word, strlen(word) + 1);
	for (char *rest = w->text, *at; (at = strsep(&rest, " \t"));) {
		/* getopt_long(3), by which iptables reads them: --flag=value is --flag value. */
		char *value = strncmp(at, "--", 2) == 0 ? strchr(at, '=') : NULL;
		if (!*at)
			continue;
		if (value)
			*value++ = 0;
		if (count + (value != NULL) >= WORDS_MOST)
			return false;
		w->at[count++] = at;
		if (value)
			w->at[count++] = value;
	}
	return count > 0;
}

static bool is(const char *word, const char *text)
{
	return word && strcmp(word, text) == 0;
}

static bool find_type(const struct type *t, const char *name, uint8_t *code)
{
	for (; name && t->name; t++)
		if (is(name, t->name) || (t->alias && is(name, t->alias))) {
			*code = t->code;
			return true;
		}
	return false;
}

/* What one flag says: the action, and how it refuses. */
struct said {
	char flag[3];
	bool six;
	const char *word;
	struct gateway_action action;
	struct refusal refusal;
	struct report *r;
};

static int unknown_type(const struct said *s, const struct type *t)
{
	char names[256] = "";
	size_t len = 0;

	for (; t->name && len < sizeof(names); t++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s, ", t->name);
	return report_fail(s->r, EINVAL, "%s '%s': this type of refusal is none of %s's; it is one of %stcp-reset",
			   s->flag, s->word, s->six ? "ICMPv6" : "ICMP", names);
}

static void set_reject(struct said *s)
{
	s->action.what = ACTION_REJECT;
	s->refusal.kind = REFUSAL_UNREACHABLE;
	s->refusal.code = s->six ? PORT_UNREACHABLE6 : PORT_UNREACHABLE4;
}

static int iptables_reject(struct said *s, char *const *rest)
{
	const struct type *types = s->six ? iptables6 : iptables4;

	set_reject(s);
	if (!rest[0])
		return 0;
	if (!is(rest[0], "--reject-with") || !rest[1] || rest[2])
		return report_fail(s->r, EINVAL, "%s '%s': after REJECT comes --reject-with <type> or nothing", s->flag,
				   s->word);
	if (is(rest[1], "tcp-reset") || is(rest[1], "tcp-rst"))
		s->refusal.kind = REFUSAL_RESET;
	else if (!find_type(types, rest[1], &s->refusal.code))
		return unknown_type(s, types);
	return 0;
}

static int nft_reject(struct said *s, char *const *rest)
{
	const struct type *types = s->six ? nft6 : nft4;

	set_reject(s);
	if (!rest[0])
		return 0;
	if (is(rest[0], "with") && is(rest[1], "tcp") && is(rest[2], "reset") && !rest[3]) {
		s->refusal.kind = REFUSAL_RESET;
		return 0;
	}
	if (!is(rest[0], "with") || !rest[1])
		return report_fail(s->r, EINVAL, "%s '%s': after reject comes `with <type>` or nothing", s->flag,
				   s->word);
	const char *name = is(rest[2], "type") ? rest[3] : rest[2], *end = is(rest[2], "type") ? rest[4] : rest[3];
	if (is(rest[1], "icmpx"))
		types = s->six ? nftx6 : nftx4;
	else if (!is(rest[1], s->six ? "icmpv6" : "icmp"))
		name = NULL;
	return !end && name && find_type(types, name, &s->refusal.code) ? 0 : unknown_type(s, types);
}

static int to_chain(struct said *s, enum action what, const char *chain, const char *more)
{
	if (!chain || more)
		return report_fail(s->r, EINVAL, "%s '%s': one chain has to follow, alone; " FORMS, s->flag, s->word);
	if (strlen(chain) >= sizeof(s->action.chain))
		return report_fail(s->r, EINVAL, "%s '%s': a chain's name has at most %zu octets", s->flag, s->word,
				   sizeof(s->action.chain) - 1);
	if (rules_owns_chain(chain))
		return report_fail(
		    s->r, EINVAL,
		    "%s '%s': this chain is fold's own; name one that you made in `table bridge " RULES_SHARED_TABLE
		    "`",
		    s->flag, s->word);
	s->action.what = what;
	memcpy(s->action.chain, chain, strlen(chain) + 1);
	return 0;
}

static int parse(struct said *s, char *const *w)
{
	static const struct {
		const char *target, *nft;
		enum action what;
	} plain[] = {
	    {"RETURN", "return", ACTION_GO_ON},
	    {"ACCEPT", "accept", ACTION_GO_ON},
	    {"DROP", "drop", ACTION_DROP},
	};
	bool jump = is(w[0], "-j") || is(w[0], "--jump");

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!(jump ? is(w[1], plain[i].target) && !w[2] : is(w[0], plain[i].nft) && !w[1]))
			continue;
		s->action.what = plain[i].what;
		return 0;
	}
	if (jump && is(w[1], "REJECT"))
		return iptables_reject(s, w + 2);
	if (is(w[0], "reject"))
		return nft_reject(s, w + 1);
	if (jump || is(w[0], "jump"))
		return to_chain(s, ACTION_JUMP, w[1], w[1] ? w[2] : NULL);
	if (is(w[0], "-g") || is(w[0], "--goto") || is(w[0], "goto"))
		return to_chain(s, ACTION_GOTO, w[1], w[1] ? w[2] : NULL);
	return report_fail(s->r, EINVAL, "%s '%s': unknown action; " FORMS, s->flag, s->word);
}

int options_action(struct options *o, int flag, const char *word, struct report *r)
{
	struct said s = {.flag = {'-', (char)flag}, .six = flag == 'A', .word = word, .r = r};
	struct action_words w;
	const char **given = s.six ? &o->action6_word : &o->action4_word;

	if (*given)
		return report_fail(r, EINVAL, "%s '%s': given twice; a family has one action", s.flag, word);
	if (!split(word, &w))
		return report_fail(r, EINVAL, "%s '%.100s': no action; " FORMS, s.flag, word);
	int err = parse(&s, w.at);
	if (err)
		return err;
	*given = word;
	*(s.six ? &o->action6 : &o->action4) = s.action;
	*(s.six ? &o->refusal6 : &o->refusal4) = s.refusal;
	return 0;
}
