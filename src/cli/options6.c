/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line's IPv6: -6, -s, -k, -d and -m. RFC 4291 (addresses), 4862 and 7136 (64 bits of identifier), 6164 (/127). */
#include "cli/options_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_host_bits(const struct cidr6 *c)
{
	struct in6_addr net = ip6_network(*c);

	return !IN6_ARE_ADDR_EQUAL(&net, &c->addr);
}

/* Checks that addresses and prefixes have in common: whether a host can have such an address. */
static bool is_usable(const char *what, const struct cidr6 *c, struct report *r)
{
	const struct in6_addr *a = &c->addr;

	if (c->len == 0)
		report_set(r, "%s: a prefix of length 0 is every address there is; give the prefix's own length", what);
	else if (IN6_IS_ADDR_MULTICAST(a))
		report_set(r, "%s: a multicast address; give a unicast one", what);
	else if (IN6_IS_ADDR_LINKLOCAL(a))
		report_set(r,
			   "%s: link-local, which every link has by itself; give a unique local (fd00::/8) or global "
			   "one",
			   what);
	else if (!ip6_is_host(a))
		report_set(r, "%s: no host can have such an address; give a unicast one", what);
	else
		return true;
	return false;
}

bool options_prefix6_ok(const char *what, const struct cidr6 *c, struct report *r)
{
	if (!is_usable(what, c, r))
		return false;
	if (!has_host_bits(c))
		return true;
	report_set(r, "%s: bits are set behind the prefix; clear them (only -s takes a whole address)", what);
	return false;
}

int options6_set(struct options *o, const char *word, struct report *r)
{
	if (o->has6)
		return report_fail(r, EINVAL, "-6 %s: given twice; a VM has one IPv6 address", word);
	if (!cidr6_parse(word, &o->ip6))
		return report_fail(
		    r, EINVAL,
		    "-6 %s: not an IPv6 prefix with its length of 1 to 128, such as fde5:824d:d315:3bb1::/64", word);
	o->has6 = true;
	o->word6 = word;
	return 0;
}

/* A group alone is a block of one. */
int options6_group(struct options *o, const char *word, struct report *r)
{
	char text[CIDR6_TEXT + 8];
	struct cidr6 block;

	snprintf(text, sizeof(text), strchr(word, '/') ? "%s" : "%s/128", word);
	if (!cidr6_parse(text, &block) || block.len < 8 || !IN6_IS_ADDR_MULTICAST(&block.addr))
		return report_fail(
		    r, EINVAL, "-m %s: not an IPv6 multicast group or block of groups (ff00::/8), such as ff15:1::/32",
		    word);
	if (has_host_bits(&block))
		return report_fail(r, EINVAL, "-m %s: bits are set behind the prefix; write the block's first group",
				   word);
	struct group6 *more = reallocarray(o->groups6, o->group6_count + 1, sizeof(*more));
	if (!more)
		return report_fail(r, ENOMEM, "out of memory");
	more[o->group6_count++] = (struct group6){.block = block};
	o->groups6 = more;
	return 0;
}

static int check_company(const struct options *o, struct report *r)
{
	char text[CIDR6_TEXT];

	if (o->mode6 == ADDRESS6_GIVEN && o->key)
		return report_fail(r, EINVAL,
				   "-s: is the whole address, of which -k makes a part; leave one of them out");
	if (o->mode6 == ADDRESS6_GIVEN && !o->has6)
		return report_fail(r, EINVAL, "-s: says that -6 is the whole address; give -6 <address>/<len>");
	if (o->key && !o->has6)
		return report_fail(r, EINVAL, "-k %s: makes an address in the prefix of -6; give -6 <prefix>/64",
				   o->key);
	if (o->image_dir && !o->key)
		return report_fail(r, EINVAL, "-d %s: is where the image goes that -k makes; give -k or leave it out",
				   o->image_dir);
	if (o->group4_count && !o->has4)
		return report_fail(r, EINVAL,
				   "-m %s: an IPv4 group, and the VM has no IPv4 address; give -4 <ip>/<len>",
				   cidr4_format(&o->groups4[0].block, text));
	if (o->group6_count && !o->has6)
		return report_fail(r, EINVAL,
				   "-m %s: an IPv6 group, and the VM has no IPv6 address; give -6 <prefix>/<len>",
				   cidr6_format(&o->groups6[0].block, text));
	return 0;
}

/* -s: any prefix, and an address in it that is a host's. */
static int check_given(const char *what, const struct cidr6 *c, struct report *r)
{
	if (!is_usable(what, c, r))
		return -EINVAL;
	/* RFC 4291 2.6.1: this address is all routers' (anycast); RFC 6164 5: except on a /127 between two routers. */
	if (c->len < 127 && !has_host_bits(c))
		return report_fail(r, EINVAL,
				   "%s: with -s this is the VM's whole address, and it is the prefix's own "
				   "(Subnet-Router anycast); give one inside it",
				   what);
	return 0;
}

int options6_finish(struct options *o, struct report *r)
{
	char what[64];
	int err = check_company(o, r);

	if (err || !o->has6)
		return err;
	if (o->key)
		o->mode6 = ADDRESS6_STABLE;
	snprintf(what, sizeof(what), "-6 %s", o->word6);
	if (o->mode6 == ADDRESS6_GIVEN)
		return check_given(what, &o->ip6, r);
	if (!options_prefix6_ok(what, &o->ip6, r))
		return -EINVAL;
	/* RFC 4862 5.5.3 d, 7136: the interface identifier that a guest appends to a prefix has 64 bits. */
	if (o->ip6.len != 64)
		return report_fail(r, EINVAL,
				   "%s: the VM's own part of the address has 64 bits; give a /64, or a whole address "
				   "with -s",
				   what);
	if (o->mode6 == ADDRESS6_EUI64)
		o->ip6.addr = ip6_eui64(&o->ip6.addr, o->mac);
	return 0;
}
