/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -a and -A: every form of an action, and every kind of word that is refused. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct options o;
static struct report r;

static int parse(const char *flag, const char *word)
{
	char *argv[] = {"fold",       (char *)flag, (char *)word,        "-4",  "10.0.1.1/24", "-6",
			"fd5e::1/64", "-s",         "52:54:00:12:34:56", "kvm", NULL};

	memset(&r, 0, sizeof(r));
	options_free(&o);
	return options_parse(sizeof(argv) / sizeof(argv[0]) - 1, argv, &o, &r);
}

struct form {
	const char *word;
	enum action what;
	const char *chain;
};

static void what_is_no_refusal(void **state)
{
	static const struct form forms[] = {
	    {"-j RETURN", ACTION_GO_ON, ""},      {"-j ACCEPT", ACTION_GO_ON, ""},
	    {"accept", ACTION_GO_ON, ""},         {"return", ACTION_GO_ON, ""},
	    {" \t-j  DROP ", ACTION_DROP, ""},    {"--jump DROP", ACTION_DROP, ""},
	    {"--jump=DROP", ACTION_DROP, ""},     {"drop", ACTION_DROP, ""},
	    {"-j up", ACTION_JUMP, "up"},         {"jump up", ACTION_JUMP, "up"},
	    {"-g up", ACTION_GOTO, "up"},         {"--goto up", ACTION_GOTO, "up"},
	    {"--goto=up", ACTION_GOTO, "up"},     {"goto up", ACTION_GOTO, "up"},
	    {"-j drop", ACTION_JUMP, "drop"}, /* iptables' targets are in capitals */
	    {"-g ACCEPT", ACTION_GOTO, "ACCEPT"}, {"-j leaver", ACTION_JUMP, "leaver"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *f = &forms[i / 2];
		bool six = i % 2;
		assert_int_equal(parse(six ? "-A" : "-a", f->word), 0);
		const struct gateway_action *a = six ? &o.action6 : &o.action4;
		assert_int_equal(a->what, f->what);
		assert_string_equal(a->chain, f->chain);
		assert_int_equal((six ? &o.action4 : &o.action6)->what, ACTION_GO_ON);
		assert_int_equal(o.refusal4.kind, REFUSAL_NONE);
		assert_int_equal(o.refusal6.kind, REFUSAL_NONE);
		assert_ptr_equal(six ? o.action6_word : o.action4_word, f->word);
		assert_null(six ? o.action4_word : o.action6_word);
	}
}

/* Codes as in RFC 792, 1812 5.2.7.1 and RFC 4443 3.1; -1: a TCP reset. */
static void refusals(void **state)
{
	static const struct {
		const char *flag, *word;
		int code;
	} forms[] = {
	    {"-a", "-j REJECT", 3},
	    {"-a", "-j REJECT --reject-with icmp-net-unreachable", 0},
	    {"-a", "--jump=REJECT --reject-with=icmp-host-unreachable", 1},
	    {"-A", "-j REJECT --reject-with=icmp6-no-route", 0},
	    {"-a", "-j REJECT --reject-with icmp-host-unreachable", 1},
	    {"-a", "-j REJECT --reject-with icmp-proto-unreachable", 2},
	    {"-a", "-j REJECT --reject-with icmp-port-unreachable", 3},
	    {"-a", "-j REJECT --reject-with icmp-net-prohibited", 9},
	    {"-a", "-j REJECT --reject-with icmp-host-prohibited", 10},
	    {"-a", "-j REJECT --reject-with icmp-admin-prohibited", 13},
	    {"-a", "-j REJECT --reject-with net-unreach", 0},
	    {"-a", "-j REJECT --reject-with host-unreach", 1},
	    {"-a", "-j REJECT --reject-with proto-unreach", 2},
	    {"-a", "-j REJECT --reject-with port-unreach", 3},
	    {"-a", "-j REJECT --reject-with net-prohib", 9},
	    {"-a", "-j REJECT --reject-with host-prohib", 10},
	    {"-a", "-j REJECT --reject-with admin-prohib", 13},
	    {"-a", "-j REJECT --reject-with tcp-reset", -1},
	    {"-a", "-j REJECT --reject-with tcp-rst", -1},
	    {"-a", "reject", 3},
	    {"-a", "reject with icmp type net-unreachable", 0},
	    {"-a", "reject with icmp host-unreachable", 1},
	    {"-a", "reject with icmp prot-unreachable", 2},
	    {"-a", "reject with icmp port-unreachable", 3},
	    {"-a", "reject with icmp net-prohibited", 9},
	    {"-a", "reject with icmp type host-prohibited", 10},
	    {"-a", "reject with icmp admin-prohibited", 13},
	    {"-a", "reject with icmpx type no-route", 0},
	    {"-a", "reject with icmpx host-unreachable", 1},
	    {"-a", "reject with icmpx port-unreachable", 3},
	    {"-a", "reject with icmpx admin-prohibited", 13},
	    {"-a", "reject with tcp reset", -1},
	    {"-A", "-j REJECT", 4},
	    {"-A", "-j REJECT --reject-with icmp6-no-route", 0},
	    {"-A", "-j REJECT --reject-with no-route", 0},
	    {"-A", "-j REJECT --reject-with icmp6-adm-prohibited", 1},
	    {"-A", "-j REJECT --reject-with adm-prohibited", 1},
	    {"-A", "-j REJECT --reject-with icmp6-addr-unreachable", 3},
	    {"-A", "-j REJECT --reject-with addr-unreach", 3},
	    {"-A", "-j REJECT --reject-with icmp6-port-unreachable", 4},
	    {"-A", "-j REJECT --reject-with icmp6-policy-fail", 5},
	    {"-A", "-j REJECT --reject-with icmp6-reject-route", 6},
	    {"-A", "-j REJECT --reject-with tcp-reset", -1},
	    {"-A", "reject", 4},
	    {"-A", "reject with icmpv6 type no-route", 0},
	    {"-A", "reject with icmpv6 admin-prohibited", 1},
	    {"-A", "reject with icmpv6 addr-unreachable", 3},
	    {"-A", "reject with icmpv6 port-unreachable", 4},
	    {"-A", "reject with icmpv6 policy-fail", 5},
	    {"-A", "reject with icmpv6 reject-route", 6},
	    {"-A", "reject with icmpx no-route", 0},
	    {"-A", "reject with icmpx admin-prohibited", 1},
	    {"-A", "reject with icmpx host-unreachable", 3},
	    {"-A", "reject with icmpx type port-unreachable", 4},
	    {"-A", "reject with tcp reset", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		bool six = forms[i].flag[1] == 'A';
		assert_int_equal(parse(forms[i].flag, forms[i].word), 0);
		const struct refusal *how = six ? &o.refusal6 : &o.refusal4;
		assert_int_equal((six ? &o.action6 : &o.action4)->what, ACTION_REJECT);
		assert_int_equal(how->kind, forms[i].code < 0 ? REFUSAL_RESET : REFUSAL_UNREACHABLE);
		/* With tcp-reset, packets other than TCP are answered with the default code for "unreachable". */
		assert_int_equal(how->code, forms[i].code >= 0 ? forms[i].code : six ? 4 : 3);
	}
}

static void what_is_none(void **state)
{
	static const struct {
		const char *flag, *word, *said;
	} forms[] = {
	    {"-a", "", "no action"},
	    {"-a", " \t ", "no action"},
	    {"-a", "a b c d e f", "no action"},
	    {"-a", "permit", "unknown action; it is one word: '-j RETURN'"},
	    {"-A", "-x DROP", "-A '-x DROP': unknown action"},
	    {"-a", "DROP", "unknown action"},
	    {"-a", "drop now", "unknown action"},
	    {"-a", "-j", "one chain has to follow"},
	    {"-a", "-g", "one chain has to follow"},
	    {"-a", "jump", "one chain has to follow"},
	    {"-a", "-j DROP now", "one chain has to follow"},
	    {"-a", "goto a b", "one chain has to follow"},
	    {"-a", "-g take-vm1", "fold's own"},
	    {"-a", "-j serve-vm1", "fold's own"},
	    {"-a", "-j leave-", "fold's own"},
	    {"-a", "-j enter-x", "fold's own"},
	    {"-a", "-j entering", "fold's own"},
	    {"-a", "-j prerouting", "fold's own"},
	    {"-a", "-j REJECT icmp-net-unreachable", "after REJECT comes --reject-with"},
	    {"-a", "-j REJECT --reject-with", "after REJECT comes --reject-with"},
	    {"-a", "-j REJECT --reject-with tcp-reset now", "after REJECT comes --reject-with"},
	    {"-a", "-j REJECT --reject-with no-route", "none of ICMP's; it is one of icmp-net-unreachable, "},
	    {"-A", "-j REJECT --reject-with net-unreach", "none of ICMPv6's; it is one of icmp6-no-route, "},
	    {"-a", "reject now", "after reject comes"},
	    {"-a", "reject with", "after reject comes"},
	    {"-a", "reject with icmpv6 type no-route", "none of ICMP's"},
	    {"-A", "reject with icmp port-unreachable", "none of ICMPv6's"},
	    {"-a", "reject with icmp type", "none of ICMP's"},
	    {"-a", "reject with icmp type port-unreachable now", "no action"},
	    {"-a", "reject with icmp port-unreachable now", "none of ICMP's"},
	    {"-a", "reject with tcp", "none of ICMP's"},
	    {"-a", "reject with tcp reset now", "none of ICMP's"},
	};
	char word[300] = "-j ";

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		assert_true(parse(forms[i].flag, forms[i].word) < 0);
		if (!strstr(r.msg, forms[i].said) || strncmp(r.msg, forms[i].flag, 2) != 0)
			fail_msg("'%s': said: %s", forms[i].word, r.msg);
	}
	memset(word + 3, 'x', 127);
	assert_int_equal(parse("-a", word), 0);
	word[130] = 'x';
	assert_true(parse("-a", word) < 0);
	assert_non_null(strstr(r.msg, "at most 127 octets"));
	memset(word + 3, 'x', sizeof(word) - 4);
	assert_true(parse("-A", word) < 0);
	assert_non_null(strstr(r.msg, "no action"));
}

static void once_for_a_family(void **state)
{
	char *twice[] = {"fold", "-a", "drop", "-a", "drop", "-4", "10.0.1.1/24", "52:54:00:12:34:56", "kvm", NULL};
	char *both[] = {"fold", "-a", "drop", "-A", "reject", "-4", "10.0.1.1/24", "52:54:00:12:34:56", "kvm", NULL};

	(void)state;
	options_free(&o);
	assert_true(options_parse(9, twice, &o, &r) < 0);
	assert_non_null(strstr(r.msg, "given twice"));
	options_free(&o);
	assert_int_equal(options_parse(9, both, &o, &r), 0);
	assert_int_equal(o.action4.what, ACTION_DROP);
	assert_int_equal(o.action6.what, ACTION_REJECT);
}

static int forget(void **state)
{
	(void)state;
	options_free(&o);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_refusal),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(what_is_none),
	    cmocka_unit_test(once_for_a_family),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("action", tests, NULL, forget);
}
