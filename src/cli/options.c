/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/options_priv.h"

#include "cli/commands.h"
#include "host/hypervisor.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char options_usage[] =
    "fold runs one virtual machine that can only be itself and only reach its own subnet.\n"
    "\n"
    "  " FOLD_COMMAND
    " [-i <iface>] [-4 <ip>/<len>] [-6 <prefix>/<len> [-s | -k <key> [-d <dir>]]] [-m <group>]... [-b <binding>]\n"
    "       [-a <action>] [-A <action>] <mac> kvm|qemu-system-* [<argument>...]\n"
    "  " FOLD_COMMAND " -i <iface> -4 auto [net:<cidr>|net:default]    print a free address, and nothing else\n"
    "  " FOLD_COMMAND " -i <iface> -4 release                          give it back\n"
    "  " FOLD_COMMAND " ls [--json]                                    list the running VMs\n"
    "  " FOLD_COMMAND " gc                                             remove what a killed fold left behind\n"
    "  " FOLD_COMMAND " lamac                                          print a random MAC address for a VM\n"
    "  " FOLD_COMMAND
    " inspect <iface> [--json]                       show what a running VM is, was told and was refused\n"
    "  " FOLD_COMMAND " explain <iface> <capture> [--from | --to] [--json]\n"
    "                                                      which rule or answer each frame of a capture meets, and why\n"
    "  " FOLD_COMMAND
    " doctor [--bridge <name> | --local] [--json]    say what is wrong on this machine, and how to fix it\n"
    "  " FOLD_COMMAND " mkaddress -m <mac> -k <key> [--full] <prefix>/<len>\n"
    "                                                      print the address that -k gives\n"
    "  " FOLD_COMMAND " keygen <file>                                  make a key for -k\n"
    "\n"
    "  -i <iface>       name of the tap, at most 15 bytes (made up if not given)\n"
    "  -4 <ip>/<len>    the VM's IPv4 address and the prefix length of its subnet\n"
    "  -6 <prefix>/<len>  the VM's IPv6 prefix; the address is made from it and the MAC\n"
    "  -s               -6 gives the VM's whole address\n"
    "  -k <key>         file with a secret key; the address is made with it and does not show the MAC (RFC 7217)\n"
    "  -d <dir>         where to put the disk image that tells the guest of -k (default: the current directory);\n"
    "                   every " HYPERVISOR_IMAGE_WORD " in the arguments becomes its path\n"
    "  -m <group>       multicast group, or block of groups with /len, that the VM may send to and receive from; repeatable\n"
    "  -b <binding>     file with what the VM is told: HOSTNAME=, GATEWAY=, NAMESERVERS=, ...\n"
    "  -a <action>, -A <action>  what happens to IPv4 / IPv6 packets through the gateway; one word, such as '-j DROP'\n"
    "  --bridge <name>  the Linux bridge to join (default: FOLD_BRIDGE, else weave)\n"
    "  --local          a network of this machine alone: bridge fold0, made on first use, with its own addresses\n"
    "  --transport <t>  how packets reach the responder: auto, queue (NFQUEUE) or log (NFLOG)\n"
    "  -v, --verbose    print information on stderr even if that is a terminal\n"
    "  --help, --version; `" FOLD_COMMAND " <command> --help` is about that command\n"
    "\n"
    "The exit status is the hypervisor's; 125: fold failed, 126: the hypervisor could not be executed, 127: it was not found, 2: usage.\n";

bool options_iface_ok(const char *name, struct report *r)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAMSIZ) {
		report_set(r, "-i %s: an interface name has 1 to %d octets, this one %zu; choose a shorter one", name,
			   IFNAMSIZ - 1, len);
		return false;
	}
	/* In /proc/sys/net these two stand, among the names of interfaces, for all interfaces and for new ones. */
	if (strcmp(name, "all") == 0 || strcmp(name, "default") == 0) {
		report_set(r, "-i %s: the kernel keeps this name for itself; choose another", name);
		return false;
	}
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		report_set(r, "-i %s: this cannot be an interface's name; choose another", name);
		return false;
	}
	for (const char *c = name; *c; c++) {
		if (*c == '/' || *c == ':' || *c == '%' || !isgraph((unsigned char)*c)) {
			report_set(
			    r,
			    "-i %s: an interface name has no '/', ':', '%%', white space or control characters; leave it out",
			    name);
			return false;
		}
	}
	return true;
}

/* An error, because otherwise the last value would silently replace the first one, which was meant as well. */
static int given_twice(const char *flag, const char *word, struct report *r)
{
	return report_fail(r, EINVAL, "%s %s: given twice; leave one of them out", flag, word);
}

static int set_once(const char **to, const char *flag, const char *word, struct report *r)
{
	if (*to)
		return given_twice(flag, word, r);
	*to = word;
	return 0;
}

/* set_iface() and the like: each checks the value of one flag and stores it. */
static int set_iface(struct options *o, const char *word, struct report *r)
{
	if (o->iface[0])
		return given_twice("-i", word, r);
	if (!options_iface_ok(word, r))
		return -EINVAL;
	memcpy(o->iface, word, strlen(word) + 1);
	return 0;
}

/* from: the flag or variable that gave the word, for the error. */
static int set_bridge(struct options *o, const char *from, const char *word, struct report *r)
{
	if (o->bridge[0])
		return given_twice("--bridge", word, r);
	if (strlen(word) == 0 || strlen(word) >= IFNAMSIZ || strchr(word, '/'))
		return report_fail(r, EINVAL,
				   "%s%s: this cannot be a bridge's name; `ip link show type bridge` lists them", from,
				   word);
	memcpy(o->bridge, word, strlen(word) + 1);
	return 0;
}

static int check_ip4(const char *word, struct cidr4 c, struct report *r)
{
	if (c.len == 0)
		return report_fail(
		    r, EINVAL,
		    "-4 %s: a prefix of length 0 is every address there is; give the subnet's length, 1 to 32", word);
	if (!ip4_is_host(c.addr))
		return report_fail(r, EINVAL, "-4 %s: no host can have this address; give a unicast one", word);
	if (c.len < 31 && c.addr.s_addr == ip4_network(c).s_addr)
		return report_fail(r, EINVAL, "-4 %s: this is the subnet's own (network) address; give one inside it",
				   word);
	if (c.len < 31 && c.addr.s_addr == ip4_broadcast(c).s_addr)
		return report_fail(r, EINVAL, "-4 %s: this is the subnet's broadcast address; give one before it",
				   word);
	return 0;
}

static int set_ip4(struct options *o, const char *word, struct report *r)
{
	if (o->has4 || o->mode != OPTIONS_RUN)
		return report_fail(r, EINVAL, "-4 %s: given twice; a VM has one IPv4 address", word);
	if (strcmp(word, "auto") == 0 || strcmp(word, "release") == 0) {
		o->mode = word[0] == 'a' ? OPTIONS_ALLOCATE : OPTIONS_RELEASE;
		return 0;
	}
	if (!cidr4_parse(word, &o->ip4))
		return report_fail(r, EINVAL,
				   "-4 %s: not an IPv4 address with a prefix length of 1 to 32, such as 10.0.1.1/24",
				   word);
	o->has4 = true;
	return check_ip4(word, o->ip4, r);
}

/* A group alone is a block of one. */
static int set_group(struct options *o, const char *word, struct report *r)
{
	char text[CIDR4_TEXT + 4];
	struct cidr4 block;

	if (strchr(word, ':'))
		return options6_group(o, word, r);
	snprintf(text, sizeof(text), strchr(word, '/') ? "%s" : "%s/32", word);
	if (!cidr4_parse(text, &block) || block.len < 4 || !ip4_is_multicast(block.addr))
		return report_fail(
		    r, EINVAL,
		    "-m %s: not a multicast group or block of groups (224.0.0.0/4, ff00::/8), such as 239.1.2.0/24 or ff15:1::/32",
		    word);
	if (ip4_network(block).s_addr != block.addr.s_addr)
		return report_fail(r, EINVAL, "-m %s: bits are set behind the prefix; write the block's first group",
				   word);
	struct group4 *more = reallocarray(o->groups4, o->group4_count + 1, sizeof(*more));
	if (!more)
		return report_fail(r, ENOMEM, "out of memory");
	more[o->group4_count++] = (struct group4){.block = block};
	o->groups4 = more;
	return 0;
}

static int set_transport(struct options *o, const char *word, struct report *r)
{
	static const char *const names[] =
	    {[TRANSPORT_AUTO] = "auto", [TRANSPORT_QUEUE] = "queue", [TRANSPORT_LOG] = "log"};

	if (set_once(&o->transport_word, "--transport", word, r) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word, names[i]) == 0) {
			o->transport = (enum transport)i;
			return 0;
		}
	}
	return report_fail(r, EINVAL, "--transport %s: unknown; it is auto, queue or log", word);
}

enum { LONG_BRIDGE = 256, LONG_LOCAL, LONG_TRANSPORT };

static int take_option(struct options *o, int c, const char *word, struct report *r)
{
	switch (c) {
	case 'i':
		return set_iface(o, word, r);
	case '4':
		return set_ip4(o, word, r);
	case '6':
		return options6_set(o, word, r);
	case 's':
		o->mode6 = ADDRESS6_GIVEN;
		return 0;
	case 'k':
		return set_once(&o->key, "-k", word, r);
	case 'd':
		return set_once(&o->image_dir, "-d", word, r);
	case 'm':
		return set_group(o, word, r);
	case 'b':
		return set_once(&o->binding, "-b", word, r);
	case LONG_BRIDGE:
		return set_bridge(o, "--bridge ", word, r);
	case LONG_LOCAL:
		o->local = true;
		return 0;
	case LONG_TRANSPORT:
		return set_transport(o, word, r);
	case 'v':
		o->verbose = true;
		return 0;
	case 'h':
		o->mode = OPTIONS_HELP;
		return 0;
	case 'V':
		o->mode = OPTIONS_VERSION;
		return 0;
	case 'a':
	case 'A':
		return options_action(o, c, word, r);
	default:
		return -EINVAL;
	}
}

int options_bad_flag(int c, const char *word, const char *before, const char *advice, struct report *r)
{
	const bool is_long = strncmp(word, "--", 2) == 0;
	/* A word of short flags may hold good ones, too; optopt has the bad letter, or one octet of it. */
	const char letter[] = {'-', (char)optopt, 0};
	const char *flag = is_long || optopt <= 0 || optopt > 127 ? word : letter;
	/* For a long flag, optopt is set only if getopt_long() knows the flag: then it is one that takes no value. */
	const char *wrong = c == ':' ? "needs a value" : is_long && optopt ? "takes no value" : "unknown flag";

	return report_fail(r, EINVAL, "%s%s: %s; %s", before, flag, wrong, advice);
}

static int take_options(int argc, char **argv, struct options *o, struct report *r)
{
	static const struct option longs[] = {
	    {"bridge", required_argument, NULL, LONG_BRIDGE},
	    {"local", no_argument, NULL, LONG_LOCAL},
	    {"transport", required_argument, NULL, LONG_TRANSPORT},
	    {"verbose", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {0},
	};
	int c;

	opterr = 0;
	optind = 0; /* glibc: from the start, with nothing kept of an earlier scan */
	/* '+': the hypervisor's arguments are not fold's. */
	for (const char *word = argv[1]; (c = getopt_long(argc, argv, "+:i:4:6:sm:k:d:b:a:A:vhV", longs, NULL)) != -1;
	     word = argv[optind]) {
		if (c == ':' || c == '?')
			return options_bad_flag(c, word, "", "see " FOLD_COMMAND " --help", r);
		int err = take_option(o, c, optarg, r);
		if (err || o->mode == OPTIONS_HELP || o->mode == OPTIONS_VERSION)
			return err;
	}
	return 0;
}

static int choose_bridge(struct options *o, struct report *r)
{
	const char *env = getenv("FOLD_BRIDGE");

	if (o->local && o->bridge[0])
		return report_fail(r, EINVAL, "--local: has its own bridge, %s; leave --bridge %s out", BRIDGE_LOCAL,
				   o->bridge);
	if (o->local)
		return set_bridge(o, "--local: ", BRIDGE_LOCAL, r);
	if (o->bridge[0])
		return 0;
	return set_bridge(o, "FOLD_BRIDGE=", env && *env ? env : BRIDGE_DEFAULT, r);
}

/* `-4 auto` and `-4 release` take an interface, at most one more word, and nothing to run. */
static int address_words(char **words, struct options *o, struct report *r)
{
	const char *verb = o->mode == OPTIONS_ALLOCATE ? "auto" : "release";

	if (o->has6 || o->key || o->image_dir || o->mode6 != ADDRESS6_EUI64)
		return report_fail(r, EINVAL, "-4 %s: is about an IPv4 address alone; leave -6, -s, -k and -d out",
				   verb);
	const char *flag = o->binding                          ? "-b"
			   : o->group4_count + o->group6_count ? "-m"
			   : o->action4_word                   ? "-a"
			   : o->action6_word                   ? "-A"
							       : NULL;
	if (flag)
		return report_fail(r, EINVAL,
				   "-4 %s: runs no VM, which %s is about; leave %s out, or give -4 <ip>/<len> <mac> "
				   "kvm|qemu-system-<arch> for a VM",
				   verb, flag, flag);
	if (!o->iface[0])
		return report_fail(r, EINVAL, "-4 %s: needs -i <iface>, the name that the address belongs to", verb);
	if (o->mode == OPTIONS_ALLOCATE && words[0]) {
		o->net = words[0];
		if (strncmp(o->net, "net:", 4) != 0)
			return report_fail(r, EINVAL, "%s: after `-4 auto` comes net:<cidr>, net:default or nothing",
					   o->net);
		words++;
	}
	if (words[0])
		return report_fail(r, EINVAL, "%s: nothing may stand after `-4 %s`", words[0], verb);
	return 0;
}

static int check_mac(const char *word, struct options *o, struct report *r)
{
	/* A command may stand in the same place, so the user may have meant one. */
	if (command_exists(word))
		return report_fail(r, EINVAL,
				   "%s: a command comes first, before all flags; see " FOLD_COMMAND " %s --help", word,
				   word);
	if (!mac_parse(word, o->mac))
		return report_fail(r, EINVAL, "%s: not a MAC address of six hex pairs, such as 52:54:00:12:34:56%s",
				   word, strchr(word, ':') ? "" : ", nor a command; see " FOLD_COMMAND " --help");
	if (mac_is_multicast(o->mac))
		return report_fail(r, EINVAL,
				   "%s: a multicast MAC; a VM needs a unicast one (first octet even; `" FOLD_COMMAND
				   " lamac` makes one)",
				   word);
	if (mac_is_zero(o->mac))
		return report_fail(r, EINVAL, "%s: the zero MAC is nobody's; `" FOLD_COMMAND " lamac` makes one", word);
	return 0;
}

static int run_words(char **words, struct options *o, struct report *r)
{
	if (!words[0])
		return report_fail(r, EINVAL, "the VM's MAC address is missing; see " FOLD_COMMAND " --help");
	int err = check_mac(words[0], o, r);
	if (err)
		return err;
	if (words[1] && words[1][0] == '-')
		return report_fail(
		    r, EINVAL,
		    "%s: stands behind the MAC address, where the hypervisor comes; fold's flags go before it",
		    words[1]);
	if (!o->has4 && !o->has6)
		return report_fail(r, EINVAL, "the VM has no address; give -4 <ip>/<len> or -6 <prefix>/<len>");
	err = options6_finish(o, r);
	if (err)
		return err;
	if (!words[1])
		return report_fail(r, EINVAL,
				   "the hypervisor is missing; after the MAC comes kvm or qemu-system-<arch>");
	if (!hypervisor_known(words[1]))
		return report_fail(r, EINVAL, "%s: unknown hypervisor; it is kvm or qemu-system-<arch>", words[1]);
	o->hypervisor = words + 1;
	if (!o->iface[0])
		snprintf(o->iface, sizeof(o->iface), "vethfotp%u", (unsigned)getpid() % 10000000U);
	return 0;
}

int options_parse(int argc, char **argv, struct options *out, struct report *r)
{
	memset(out, 0, sizeof(*out));
	int err = take_options(argc, argv, out, r);
	if (err || out->mode == OPTIONS_HELP || out->mode == OPTIONS_VERSION)
		return err;
	err = choose_bridge(out, r);
	if (err)
		return err;
	return out->mode == OPTIONS_RUN ? run_words(argv + optind, out, r) : address_words(argv + optind, out, r);
}

void options_free(struct options *o)
{
	free(o->groups4);
	free(o->groups6);
	o->groups4 = NULL;
	o->groups6 = NULL;
	o->group4_count = o->group6_count = 0;
}
