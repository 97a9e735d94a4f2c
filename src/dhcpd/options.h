/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options: fold-dhcpd's command line, which is nfdhcpd's. */
#ifndef FOLD_DHCPD_OPTIONS_H
#define FOLD_DHCPD_OPTIONS_H

#include "base/report.h"

#include <stdbool.h>

enum dhcpd_mode { DHCPD_RUN, DHCPD_HELP, DHCPD_VERSION };

struct dhcpd_options {
	enum dhcpd_mode mode;
	const char *config; /* of argv; the default where -c is absent */
	bool foreground, debug;
};

extern const char dhcpd_usage[];

/* 0, or -EINVAL with a line in r. */
int dhcpd_options_parse(int argc, char **argv, struct dhcpd_options *out, struct report *r);

#endif
