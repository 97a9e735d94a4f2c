/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch_filter: a socket filter for events of the ruleset that need not wake this process. Source:
 * Documentation/networking/filter.rst.
 */
#ifndef FOLD_FW_WATCH_FILTER_H
#define FOLD_FW_WATCH_FILTER_H

/*
 * From now on the socket receives only datagrams that contain, or may contain, an event of the bridge family. Returns
 * 0, or -errno, and the socket receives every event, which only costs time.
 */
int watch_filter(int fd);

#endif
