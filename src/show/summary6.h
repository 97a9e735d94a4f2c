/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary6: the part of a frame's summary for IPv6. */
#ifndef FOLD_SHOW_SUMMARY6_H
#define FOLD_SHOW_SUMMARY6_H

#include "base/rd.h"
#include "show/text.h"

/* r: begins at the IPv6 header. Extension headers are named, but not parsed. */
void summary_ip6(struct text *l, struct rd r);

/* A TCP segment of either family; one of DNS in more words. */
void summary_tcp(struct text *l, struct rd r, const char *from, const char *to);

#endif
