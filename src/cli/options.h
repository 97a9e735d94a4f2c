/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options: fold's command line, checked for everything that can be told without touching the system. */
#ifndef FOLD_CLI_OPTIONS_H
#define FOLD_CLI_OPTIONS_H

#include "base/report.h"
#include "fw/rules.h"
#include "guest/guest.h"

#include <stdbool.h>
#include <stddef.h>

#include <net/if.h>

#define BRIDGE_DEFAULT "weave" /* Weave Net's */
#define BRIDGE_LOCAL "fold0"   /* --local */

enum options_mode { OPTIONS_RUN, OPTIONS_ALLOCATE, OPTIONS_RELEASE, OPTIONS_HELP, OPTIONS_VERSION };

struct options {
	enum options_mode mode;
	char iface[IFNAMSIZ];
	char bridge[IFNAMSIZ];
	bool local;
	bool verbose;
	bool has4;
	struct cidr4 ip4;
	/* The whole address and its prefix's length; with ADDRESS6_STABLE the prefix alone: the rest needs the key. */
	bool has6;
	struct cidr6 ip6;
	enum address6_mode mode6;
	const char *word6;     /* -6 as it was written */
	const char *key;       /* -k, or NULL */
	const char *image_dir; /* -d, or NULL */
	const char *net;       /* the word after `-4 auto`, or NULL */
	uint8_t mac[MAC_LEN];
	struct group4 *groups4;
	size_t group4_count;
	struct group6 *groups6;
	size_t group6_count;
	const char *binding;
	/* -a and -A: the words or NULL, what becomes of packets through the gateway, how refused ones are answered. */
	const char *action4_word, *action6_word;
	struct gateway_action action4, action6;
	struct refusal refusal4, refusal6;
	const char *transport_word; /* or NULL */
	enum transport transport;
	char **hypervisor; /* its name and arguments, NULL at the end */
};

/* 0, or -EINVAL with a line in r. out is to be freed in both cases. */
int options_parse(int argc, char **argv, struct options *out, struct report *r);
void options_free(struct options *o);

/*
 * Says what is wrong with the flag for which getopt_long() returned c, ':' or '?'. word: what it looked at, which is
 * argv[optind] as it was before that call, or argv[1] at the first call. before and advice: how the line begins and
 * ends. -EINVAL, with a line in r.
 */
int options_bad_flag(int c, const char *word, const char *before, const char *advice, struct report *r);

/* True for a prefix without host bits in which hosts can have addresses; else a line in r that begins with `what`. */
bool options_prefix6_ok(const char *what, const struct cidr6 *c, struct report *r);

/* An interface name that the kernel takes as it stands: 1 to 15 octets, no '/', ':', '%' or white space. */
bool options_iface_ok(const char *name, struct report *r);

extern const char options_usage[];

#endif
