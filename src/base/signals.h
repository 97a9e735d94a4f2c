/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals: read from a descriptor instead of interrupting the process. */
#ifndef FOLD_BASE_SIGNALS_H
#define FOLD_BASE_SIGNALS_H

#include <stddef.h>

/*
 * Blocks the signals which[0..count) but for those that are ignored, which stay so (nohup), and returns a signalfd for
 * them that never waits. It is the caller's. -errno: none was blocked.
 */
int signals_take(const int *which, size_t count);

#endif
