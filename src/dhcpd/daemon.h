/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemon: fold-dhcpd from start to end.
 *
 *   options -> configuration -> pidfile -> queues, sockets, watches -> privileges given up -> bindings read -> ready -> loop
 */
#ifndef FOLD_DHCPD_DAEMON_H
#define FOLD_DHCPD_DAEMON_H

#include "dhcpd/options.h"

/* Runs until it is told to end, and returns the exit status. Errors have been logged, in one line. */
int daemon_run(const struct dhcpd_options *o);

#endif
