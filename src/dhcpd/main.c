/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fold-dhcpd: the responder alone, for every interface that has a binding file. */
#include "base/file.h"
#include "base/log.h"
#include "dhcpd/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Success only if the output could be written. */
static int written(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	log_err("stdout: cannot be written: %s", strerror(errno));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct dhcpd_options o;
	struct report r = {0};

	file_open_standard();
	log_open("fold-dhcpd", true);
	if (dhcpd_options_parse(argc, argv, &o, &r) < 0) {
		log_err("%s", r.msg);
		return 2;
	}
	switch (o.mode) {
	case DHCPD_HELP:
		fputs(dhcpd_usage, stdout);
		return written();
	case DHCPD_VERSION:
		puts("fold-dhcpd " FOLD_VERSION);
		return written();
	case DHCPD_RUN:
		break;
	}
	return daemon_run(&o);
}
