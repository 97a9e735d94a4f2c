/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_parse(): every flag and word of fold's command line, valid and invalid. An error must be named in one line.
 */
#include "cli/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAC "52:54:00:12:34:56"
#define WORDS_MAX 32

/* The command line and the result of the last parse. argv is kept, because the options point into it. */
static struct {
	char *argv[WORDS_MAX + 1];
	int argc;
	struct options o;
	struct report r;
	int err;
} t;

static void parse_words(const char *first, va_list words)
{
	options_free(&t.o);
	for (int i = 0; i < t.argc; i++)
		free(t.argv[i]);
	memset(&t, 0, sizeof(t));
	t.argv[t.argc++] = strdup("fold");
	for (const char *w = first; w; w = va_arg(words, const char *)) {
		assert_true(t.argc < WORDS_MAX);
		t.argv[t.argc++] = strdup(w);
	}
	t.err = options_parse(t.argc, t.argv, &t.o, &t.r);
}

static void __attribute__((sentinel)) good(const char *first, ...)
{
	va_list words;

	va_start(words, first);
	parse_words(first, words);
	va_end(words);
	if (t.err)
		print_error("refused: %s\n", t.r.msg);
	assert_int_equal(t.err, 0);
}

/* what: a part of the expected error line. */
static void __attribute__((sentinel)) bad(const char *what, const char *first, ...)
{
	va_list words;

	va_start(words, first);
	parse_words(first, words);
	va_end(words);
	assert_int_equal(t.err, -EINVAL);
	if (!strstr(t.r.msg, what))
		print_error("\"%s\" is not in \"%s\"\n", what, t.r.msg);
	assert_non_null(strstr(t.r.msg, what));
	assert_null(strchr(t.r.msg, '\n'));
}

static void bad_address(const char *word)
{
	char what[128];

	snprintf(what, sizeof(what), "-4 %s: ", word);
	bad(what, "-4", word, MAC, "kvm", NULL);
}

static void bad_iface(const char *word)
{
	char what[128];

	snprintf(what, sizeof(what), "-i %s: ", word);
	bad(what, "-i", word, "-4", "10.0.1.1/24", MAC, "kvm", NULL);
}

static void bad_mac(const char *word)
{
	char what[128];

	snprintf(what, sizeof(what), "%s: ", word);
	bad(what, "-4", "10.0.1.1/24", word, "kvm", NULL);
}

static void bad_group(const char *word)
{
	char what[128];

	snprintf(what, sizeof(what), "-m %s: ", word);
	bad(what, "-4", "10.0.1.1/24", "-m", word, MAC, "kvm", NULL);
}

static void assert_cidr(const struct cidr4 *have, const char *want)
{
	char text[CIDR4_TEXT];

	assert_string_equal(cidr4_format(have, text), want);
}

static int clean_environment(void **state)
{
	(void)state;
	unsetenv("FOLD_BRIDGE");
	return 0;
}

static void a_flag_that_is_wrong_is_named(void **state)
{
	(void)state;
	bad("-x: unknown flag", "-x", NULL);
	bad("-x: unknown flag", "-sx", NULL);
	bad("-x: unknown flag", "--local", "-xy", NULL);
	bad("-x: unknown flag", "--bridge", "--br0", "-xy", NULL);
	bad("-\xc3\xa4: unknown flag", "-v", "-\xc3\xa4", NULL);
	bad("--strange: unknown flag", "-v", "--strange", NULL);
	bad("--local=yes: takes no value", "-v", "--local=yes", NULL);
	bad("--verbose=yes: takes no value", "--verbose=yes", NULL);
	bad("-i: needs a value", "-vi", NULL);
	bad("--bridge: needs a value", "-v", "--bridge", NULL);
}

static void the_usual_line(void **state)
{
	const uint8_t mac[MAC_LEN] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

	(void)state;
	good("-i", "tap0", "-4", "10.0.1.1/24", "-b", "/etc/binding", MAC, "qemu-system-x86_64", "-m", "64", NULL);
	assert_int_equal(t.o.mode, OPTIONS_RUN);
	assert_string_equal(t.o.iface, "tap0");
	assert_true(t.o.has4);
	assert_cidr(&t.o.ip4, "10.0.1.1/24");
	assert_string_equal(t.o.binding, "/etc/binding");
	assert_memory_equal(t.o.mac, mac, MAC_LEN);
	assert_string_equal(t.o.bridge, "weave");
	assert_false(t.o.local);
	assert_false(t.o.verbose);
	assert_int_equal(t.o.group4_count, 0);
	assert_int_equal(t.o.transport, TRANSPORT_AUTO);
	assert_string_equal(t.o.hypervisor[0], "qemu-system-x86_64");
	assert_string_equal(t.o.hypervisor[1], "-m");
	assert_string_equal(t.o.hypervisor[2], "64");
	assert_null(t.o.hypervisor[3]);
}

static void what_follows_the_hypervisor_is_not_folds(void **state)
{
	(void)state;
	good("-4", "10.0.1.1/24", MAC, "kvm", "-i", "tap9", "-4", "nonsense", "--help", "--", "", "-m", "1,,2", NULL);
	assert_string_not_equal(t.o.iface, "tap9");
	assert_cidr(&t.o.ip4, "10.0.1.1/24");
	assert_int_equal(t.o.group4_count, 0);
	for (int i = 0; i < 10; i++)
		assert_ptr_equal(t.o.hypervisor[i], t.argv[4 + i]);
	assert_null(t.o.hypervisor[10]);
}

static void two_hyphens_end_the_flags(void **state)
{
	(void)state;
	good("-4", "10.0.1.1/24", "--", MAC, "kvm", NULL);
	assert_string_equal(t.o.hypervisor[0], "kvm");
	assert_ptr_equal(t.o.hypervisor, t.argv + 5);
}

static void an_interface_name_is_made_up(void **state)
{
	char want[32];

	(void)state;
	good("-4", "10.0.1.1/24", MAC, "kvm", NULL);
	snprintf(want, sizeof(want), "vethfotp%u", (unsigned)getpid() % 10000000U);
	assert_string_equal(t.o.iface, want);
	assert_true(options_iface_ok(t.o.iface, &t.r));
}

static void interface_names(void **state)
{
	(void)state;
	good("-i", "fifteen-octets-", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.iface, "fifteen-octets-");
	good("-i", "a", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	good("-i", "...", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad_iface("");
	bad_iface("sixteen-octets--");
	bad_iface("a-name-that-is-far-too-long-for-any-interface-of-any-kernel");
	bad_iface(".");
	bad_iface("..");
	bad_iface("a/b");
	bad_iface("/");
	bad_iface("a:b");
	bad_iface("a%d");
	bad_iface("a b");
	/* Control characters are not printed: a terminal could interpret them. */
	bad("-i a?b: ", "-i", "a\tb", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("-i a?[1m: ", "-i", "a\x1b[1m", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("-i ", "-i", "\xc3\xbc", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
}

static void addresses(void **state)
{
	static const char *const right[] = {
	    "10.0.1.1/24", "10.0.1.254/24", "10.0.1.0/31", "10.0.1.1/31", "10.0.1.0/32",   "10.0.1.255/32",
	    "10.0.1.5/30", "10.1.0.0/8",    "1.0.0.1/8",   "223.0.0.1/8", "192.168.0.1/1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		good("-4", right[i], MAC, "kvm", NULL);
		assert_cidr(&t.o.ip4, right[i]);
	}
}

static void addresses_that_are_none(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "/",
	    "/24",
	    "10.0.1.1",
	    "10.0.1.1/",
	    "10.0.1.1/33",
	    "10.0.1.1/-1",
	    "10.0.1.1/+1",
	    "10.0.1.1/1 ",
	    "10.0.1.1/24/24",
	    "10.0.1.1/4294967297",
	    "10.0.1.256/24",
	    "10.0.1/24",
	    "10.0.1.1.1/24",
	    "0x0a.0.1.1/24",
	    "010.0.1.1/24",
	    " 10.0.1.1/24",
	    "4294967297/24",
	    "fde5::1/64",
	    "auto ",
	    "AUTO",
	    "a very long word that is no address, far longer than any that could ever be one, to see that nothing is cut short",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		bad_address(wrong[i]);
}

static void addresses_that_no_host_can_have(void **state)
{
	static const char *const wrong[] = {
	    "10.0.1.1/0",   "10.0.1.0/24",  "10.0.1.255/24", "10.0.1.4/30", "10.0.1.7/30",
	    "10.0.0.0/8",   "0.0.0.0/0",    "0.0.0.1/8",     "0.0.0.0/32",  "127.0.0.1/8",
	    "127.1.2.3/32", "224.0.0.1/24", "239.1.2.3/8",   "240.0.0.1/8", "255.255.255.255/32",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		bad_address(wrong[i]);
}

static void an_address_is_needed_once(void **state)
{
	(void)state;
	bad("-4", "-i", "tap0", MAC, "kvm", NULL);
	bad("-4 10.0.1.2/24: given twice", "-4", "10.0.1.1/24", "-4", "10.0.1.2/24", MAC, "kvm", NULL);
	bad("given twice", "-4", "10.0.1.1/24", "-4", "auto", MAC, "kvm", NULL);
	bad("given twice", "-4", "auto", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
}

static void macs(void **state)
{
	const uint8_t mac[MAC_LEN] = {0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54};

	(void)state;
	good("-4", "10.0.1.1/24", "FE:dc:BA:98:76:54", "kvm", NULL);
	assert_memory_equal(t.o.mac, mac, MAC_LEN);
	bad_mac("01:00:5e:00:00:01");
	assert_non_null(strstr(t.r.msg, "multicast"));
	bad_mac("ff:ff:ff:ff:ff:ff");
	bad_mac("00:00:00:00:00:00");
	assert_non_null(strstr(t.r.msg, "zero"));
	bad_mac("52:54:00:12:34");
	bad_mac("52:54:00:12:34:56:78");
	bad_mac("52:54:00:12:34:5g");
	bad_mac("52:54:00:12:34:");
	bad_mac("52:54:00:12:34:5");
	bad_mac("52:54:00:12:34:567");
	bad_mac("52.54.00.12.34.56");
	bad_mac("525400123456");
	bad_mac(" 52:54:00:12:34:56");
	bad_mac("52:54:00:12:34:56 ");
	bad_mac("tap0");
	bad_mac("");
	bad("MAC", "-4", "10.0.1.1/24", NULL);
}

static void hypervisors(void **state)
{
	static const char *const known[] = {"kvm", "/usr/bin/kvm", "qemu-system-x86_64", "./qemu-system-i386",
					    "qemu-system-x"};
	static const char *const unknown[] = {"qemu-system-", "qemu", "qemu-img", "kvmtool", "akvm",
					      "/bin/sh",      "",     "KVM",      "kvm/",    "kvm/sh"};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		good("-4", "10.0.1.1/24", MAC, known[i], NULL);
		assert_string_equal(t.o.hypervisor[0], known[i]);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		bad("unknown hypervisor", "-4", "10.0.1.1/24", MAC, unknown[i], NULL);
	bad("hypervisor is missing", "-4", "10.0.1.1/24", MAC, NULL);
}

static void groups(void **state)
{
	(void)state;
	good("-4", "10.0.1.1/24", "-m", "224.0.0.251", "-m", "239.1.0.0/16", "-m", "224.0.0.0/4", MAC, "kvm", NULL);
	assert_int_equal(t.o.group4_count, 3);
	assert_cidr(&t.o.groups4[0].block, "224.0.0.251/32");
	assert_cidr(&t.o.groups4[1].block, "239.1.0.0/16");
	assert_cidr(&t.o.groups4[2].block, "224.0.0.0/4");
	bad_group("10.0.1.1");
	bad_group("223.255.255.255");
	bad_group("240.0.0.0");
	bad_group("224.0.0.0/3");
	bad_group("224.0.0.0/0");
	bad_group("239.1.2.3/24");
	bad_group("239.1.2.0/33");
	bad_group("239.1.2");
	bad_group("");
	bad_group("/8");
	bad_group("239.1.2.0/24/8");
}

static void bridges(void **state)
{
	(void)state;
	good("--bridge", "br0", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.bridge, "br0");
	good("--bridge=docker0", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.bridge, "docker0");
	good("--local", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.bridge, "fold0");
	assert_true(t.o.local);
	bad("--bridge a/b: ", "--bridge", "a/b", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("--bridge sixteen-octets--: ", "--bridge", "sixteen-octets--", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("--bridge : ", "--bridge", "", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("--local", "--local", "--bridge", "br0", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
}

static void the_bridge_of_the_environment(void **state)
{
	(void)state;
	setenv("FOLD_BRIDGE", "virbr0", 1);
	good("-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.bridge, "virbr0");
	good("--bridge", "br0", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.bridge, "br0");
	good("--local", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.bridge, "fold0");
	setenv("FOLD_BRIDGE", "a/b", 1);
	bad("a/b", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	setenv("FOLD_BRIDGE", "", 1);
	good("-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.bridge, "weave");
}

static void transports(void **state)
{
	(void)state;
	good("--transport", "queue", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_int_equal(t.o.transport, TRANSPORT_QUEUE);
	good("--transport", "log", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_int_equal(t.o.transport, TRANSPORT_LOG);
	good("--transport", "auto", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_int_equal(t.o.transport, TRANSPORT_AUTO);
	bad("--transport pigeon: ", "--transport", "pigeon", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("--transport : ", "--transport", "", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
}

static void allocation(void **state)
{
	(void)state;
	good("--local", "-i", "vm1", "-4", "auto", NULL);
	assert_int_equal(t.o.mode, OPTIONS_ALLOCATE);
	assert_string_equal(t.o.iface, "vm1");
	assert_null(t.o.net);
	assert_true(t.o.local);
	assert_false(t.o.has4);
	good("-4", "auto", "-i", "vm1", "net:10.0.0.0/8", NULL);
	assert_string_equal(t.o.net, "net:10.0.0.0/8");
	good("-i", "vm1", "-4", "auto", "net:default", NULL);
	assert_string_equal(t.o.net, "net:default");
	good("-i", "vm1", "-4", "release", NULL);
	assert_int_equal(t.o.mode, OPTIONS_RELEASE);
	bad("-i", "-4", "auto", NULL);
	bad("-i", "-4", "release", NULL);
	bad("10.0.0.0/8", "-i", "vm1", "-4", "auto", "10.0.0.0/8", NULL);
	bad("default", "-i", "vm1", "-4", "auto", "default", NULL);
	bad(MAC, "-i", "vm1", "-4", "auto", MAC, "kvm", NULL);
	bad(MAC, "-i", "vm1", "-4", "auto", "net:default", MAC, "kvm", NULL);
	bad("net:default", "-i", "vm1", "-4", "release", "net:default", NULL);
	bad("given twice", "-i", "vm1", "-4", "release", "-4", "auto", NULL);
	/* -4 auto with flags that only a VM has: the error says that MAC and hypervisor are missing. */
	bad("-4 auto: runs no VM, which -b", "-i", "vm1", "-b", "/nonexistent", "-4", "auto", NULL);
	bad("give -4 <ip>/<len> <mac> kvm", "-i", "vm1", "-b", "/nonexistent", "-4", "auto", MAC, "kvm", NULL);
	bad("-4 auto: runs no VM, which -m", "-i", "vm1", "-m", "239.1.2.3", "-4", "auto", NULL);
	bad("-4 release: runs no VM, which -a", "-i", "vm1", "-a", "drop", "-4", "release", NULL);
	bad("-4 release: runs no VM, which -A", "-i", "vm1", "-4", "release", "-A", "drop", NULL);
}

static void help_and_version(void **state)
{
	(void)state;
	good("--help", NULL);
	assert_int_equal(t.o.mode, OPTIONS_HELP);
	good("-h", NULL);
	assert_int_equal(t.o.mode, OPTIONS_HELP);
	good("--version", NULL);
	assert_int_equal(t.o.mode, OPTIONS_VERSION);
	/* --help works whatever follows it: a user who needs help may not know the rest. */
	good("-i", "tap0", "--help", "-4", "nonsense", NULL);
	assert_int_equal(t.o.mode, OPTIONS_HELP);
	assert_non_null(strstr(options_usage, "--bridge"));
}

static void verbose(void **state)
{
	(void)state;
	good("-v", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_true(t.o.verbose);
	good("--verbose", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_true(t.o.verbose);
	good("-vi", "tap0", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_true(t.o.verbose);
	assert_string_equal(t.o.iface, "tap0");
	good("-itap1", "-410.0.1.1/24", MAC, "kvm", NULL);
	assert_string_equal(t.o.iface, "tap1");
	assert_cidr(&t.o.ip4, "10.0.1.1/24");
}

static void flags_that_are_none(void **state)
{
	(void)state;
	bad("-Z", "-Z", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("--no-such-flag", "-i", "tap0", "--no-such-flag", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("--local=yes", "--local=yes", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("-i: ", "-4", "10.0.1.1/24", "-i", NULL);
	bad("-4: ", "-i", "tap0", "-4", NULL);
	bad("--bridge: ", "-4", "10.0.1.1/24", "--bridge", NULL);
}

/* Within a cluster of short flags, getopt's optind still points at the word itself. */
static void a_wrong_flag_in_a_cluster_is_named(void **state)
{
	(void)state;
	bad("Z", "-i", "tap0", "-vZ", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	bad("Z", "-i", "tap0", "-Zv", "-4", "10.0.1.1/24", MAC, "kvm", NULL);
	assert_null(strstr(t.r.msg, "tap0"));
}

static void nothing_at_all(void **state)
{
	(void)state;
	bad("MAC", NULL, NULL);
}

static int forget(void **state)
{
	(void)state;
	options_free(&t.o);
	for (int i = 0; i < t.argc; i++)
		free(t.argv[i]);
	t.argc = 0;
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_flag_that_is_wrong_is_named),
	    cmocka_unit_test(the_usual_line),
	    cmocka_unit_test(what_follows_the_hypervisor_is_not_folds),
	    cmocka_unit_test(two_hyphens_end_the_flags),
	    cmocka_unit_test(an_interface_name_is_made_up),
	    cmocka_unit_test(interface_names),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(addresses_that_are_none),
	    cmocka_unit_test(addresses_that_no_host_can_have),
	    cmocka_unit_test(an_address_is_needed_once),
	    cmocka_unit_test(macs),
	    cmocka_unit_test(hypervisors),
	    cmocka_unit_test(groups),
	    cmocka_unit_test(bridges),
	    cmocka_unit_test_setup_teardown(the_bridge_of_the_environment, clean_environment, clean_environment),
	    cmocka_unit_test(transports),
	    cmocka_unit_test(allocation),
	    cmocka_unit_test(help_and_version),
	    cmocka_unit_test(verbose),
	    cmocka_unit_test(flags_that_are_none),
	    cmocka_unit_test(nothing_at_all),
	    cmocka_unit_test(a_wrong_flag_in_a_cluster_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("options", tests, clean_environment, forget);
}
