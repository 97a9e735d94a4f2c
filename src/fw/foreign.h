/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign: what other people's rules for routed packets do to frames that a bridge passes on: with br_netfilter's
 * bridge-nf-call-iptables these go through the forward hook of the IP families too.
 */
#ifndef FOLD_FW_FOREIGN_H
#define FOLD_FW_FOREIGN_H

#include <stddef.h>

#define FOREIGN_TEXT 300

/*
 * Whether a chain at that hook drops what no rule of it accepts, and no rule accepts all that goes from a port of the
 * bridge to another. family: NFPROTO_IPV4 or NFPROTO_IPV6. 1 and the chain as nft names it, 0, or -errno.
 * Rules with conditions of other kinds count as none; so does whatever comes before such a rule.
 */
int foreign_forward_drops(int family, const char *bridge, char where[static FOREIGN_TEXT]);

#endif
