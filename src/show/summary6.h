/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary6: the part of a frame's line that IPv6 has. */
#ifndef FOLD_SHOW_SUMMARY6_H
#define FOLD_SHOW_SUMMARY6_H

#include "base/rd.h"
#include "show/text.h"

/* r: from the IPv6 header on. Extension headers are named, not read. */
void summary_ip6(struct text *l, struct rd r);

/* A TCP segment of either family; one of DNS in more words. */
void summary_tcp(struct text *l, struct rd r, const char *from, const char *to);

#endif
