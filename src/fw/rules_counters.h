/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules_counters: how many frames a VM's rules have dropped, by reason. */
#ifndef FOLD_FW_RULES_COUNTERS_H
#define FOLD_FW_RULES_COUNTERS_H

#include <stdint.h>

/* Runs `each` over the named counters (RULES_COUNTERS) of the interface's own table. 0, -ENOENT where there is none, or -errno. */
int rules_counters(const char *iface, void (*each)(void *arg, const char *name, uint64_t packets), void *arg);

#endif
