/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch_filter: what of the ruleset's changes need not wake this process. Source: Documentation/networking/filter.rst. */
#ifndef FOLD_FW_WATCH_FILTER_H
#define FOLD_FW_WATCH_FILTER_H

/*
 * From now on that socket gets only what says, or may say, something of the bridge family. 0, or -errno and it gets all, which only costs
 * time.
 */
int watch_filter(int fd);

#endif
