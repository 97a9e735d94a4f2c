/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fold mkaddress and fold keygen: what -k does, without a VM (RFC 7217). */
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/session.h"
#include "host/stable.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mkaddress {
	uint8_t mac[MAC_LEN];
	bool has_mac;
	bool whole; /* --full: the whole key counts */
	const char *key;
	struct cidr6 prefix;
};

/* Takes only unicast, non-zero addresses, because fold gives no other MAC to a VM. */
static int take_mac(const char *word, uint8_t mac[static MAC_LEN], struct report *r)
{
	if (!mac_parse(word, mac))
		return report_fail(r, EINVAL,
				   "mkaddress: -m %s: not a MAC address of six hex pairs, such as 52:54:00:12:34:56",
				   word);
	if (mac_is_multicast(mac) || mac_is_zero(mac))
		return report_fail(r, EINVAL,
				   "mkaddress: -m %s: no VM has this MAC; give a unicast one (first octet even)", word);
	return 0;
}

static int take_flags(int argc, char **argv, struct mkaddress *m, struct report *r)
{
	static const struct option longs[] = {{"full", no_argument, NULL, 'f'}, {0}};
	int c;

	opterr = 0;
	optind = 0; /* glibc: from the start, with nothing kept of an earlier scan */
	for (const char *word = argv[1]; (c = getopt_long(argc, argv, "+:m:k:", longs, NULL)) != -1;
	     word = argv[optind]) {
		if (c == ':' || c == '?')
			return options_bad_flag(c, word, "mkaddress: ", "it takes -m, -k and --full", r);
		if (c == 'm' && take_mac(optarg, m->mac, r) < 0)
			return -EINVAL;
		m->has_mac |= c == 'm';
		m->whole |= c == 'f';
		if (c == 'k')
			m->key = optarg;
	}
	if (!m->has_mac || !m->key)
		return report_fail(r, EINVAL, "mkaddress: needs both -m <mac> and -k <key>");
	return 0;
}

/* The prefix, which may be followed by `stable-privacy`, rdiscd-mkaddress's name for this kind of address. */
static int take_words(char **words, struct mkaddress *m, struct report *r)
{
	char what[80];

	if (!words[0])
		return report_fail(r, EINVAL, "mkaddress: the prefix is missing, such as fde5:824d:d315:3bb1::/64");
	if (words[1] && (strcmp(words[1], "stable-privacy") != 0 || words[2]))
		return report_fail(r, EINVAL, "mkaddress: %s: nothing may stand after the prefix",
				   strcmp(words[1], "stable-privacy") == 0 ? words[2] : words[1]);
	if (!cidr6_parse(words[0], &m->prefix) || m->prefix.len == 128)
		return report_fail(
		    r, EINVAL,
		    "mkaddress: %s: not an IPv6 prefix with its length of 1 to 127, such as fde5:824d:d315:3bb1::/64",
		    words[0]);
	snprintf(what, sizeof(what), "mkaddress: %s", words[0]);
	return options_prefix6_ok(what, &m->prefix, r) ? 0 : -EINVAL;
}

/* The key is gone from memory before anything is printed. */
static int make(const struct mkaddress *m, struct in6_addr *out, struct report *r)
{
	struct stable_key key;
	int err = stable_key_read(m->key, &key, r);

	if (!err)
		err = stable_address(&key, m->whole, &m->prefix, m->mac, out, r);
	stable_key_wipe(&key);
	return err;
}

int command_mkaddress(int argc, char **argv)
{
	struct mkaddress m = {0};
	struct report r = {0};
	struct in6_addr made;
	char text[INET6_ADDRSTRLEN];
	int status = FOLD_EXIT_USAGE, err = take_flags(argc - 1, argv + 1, &m, &r);

	if (!err)
		err = take_words(argv + 1 + optind, &m, &r);
	if (!err) {
		status = FOLD_EXIT_FAILED;
		err = make(&m, &made, &r);
	}
	if (err) {
		log_err("%s", r.msg);
		return status;
	}
	puts(inet_ntop(AF_INET6, &made, text, sizeof(text)));
	return EXIT_SUCCESS;
}

int command_keygen(int argc, char **argv)
{
	struct report r = {0};

	if (argc != 3) {
		log_err("keygen: takes one argument, the file to make; such as `" FOLD_COMMAND " keygen vm1.key`");
		return FOLD_EXIT_USAGE;
	}
	/* More likely a mistaken flag than a file; nobody would look for a secret key in a file of such a name. */
	if (argv[2][0] == '-') {
		log_err("keygen: %s: unknown flag; a file of that name is ./%s", argv[2], argv[2]);
		return FOLD_EXIT_USAGE;
	}
	if (stable_key_make(argv[2], &r) == 0)
		return EXIT_SUCCESS;
	log_err("%s", r.msg);
	return FOLD_EXIT_FAILED;
}
