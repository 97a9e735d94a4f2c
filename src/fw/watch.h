/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch: notices that another process removes rules (`nft flush ruleset`, a firewall's restart).
 *
 * Others cannot remove a VM's own table. They can remove the table that all VMs share for NFQUEUE; without it the
 * guest's requests get no answer, so fold puts it back at once. Source: linux/netfilter/nfnetlink.h,
 * NFNLGRP_NFTABLES.
 */
#ifndef FOLD_FW_WATCH_H
#define FOLD_FW_WATCH_H

#include <stdbool.h>

struct watch;

int watch_open(struct watch **out); /* 0 or -errno */
void watch_close(struct watch *w);
int watch_fd(const struct watch *w);

/*
 * Names a chain of the bridge family whose creation watch_read() reports; at most two. The name must live as long as
 * w.
 */
void watch_await(struct watch *w, const char *chain);

/*
 * Reads the events that have come. True if something of the bridge family was removed, or may have been because an
 * event was lost; and if an awaited chain was made.
 */
bool watch_read(struct watch *w);

#endif
