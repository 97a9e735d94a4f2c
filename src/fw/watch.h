/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch: notices that somebody removes rules (`nft flush ruleset`, a firewall's restart).
 *
 * A VM's own table cannot be removed by others. The table that all VMs share for NFQUEUE can; without it the
 * guest's requests find no answer, so it is put back at once. Source: linux/netfilter/nfnetlink.h, NFNLGRP_NFTABLES.
 */
#ifndef FOLD_FW_WATCH_H
#define FOLD_FW_WATCH_H

#include <stdbool.h>

struct watch;

int watch_open(struct watch **out); /* 0 or -errno */
void watch_close(struct watch *w);
int watch_fd(const struct watch *w);

/* A chain of the bridge family that is to be told of when it is made; at most two. The name must live as long. */
void watch_await(struct watch *w, const char *chain);

/* Reads what has happened. True where something of the bridge family went away, or may have: an event was
 * lost; and where an awaited chain was made. */
bool watch_read(struct watch *w);

#endif
