/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/privilege.h"

#include <errno.h>
#include <string.h>

#include <cap-ng.h>
#include <sys/prctl.h>

int privilege_drop(struct report *r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return report_fail(r, errno, "no_new_privs: %s", strerror(errno));
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN) < 0 ||
	    capng_apply(CAPNG_SELECT_BOTH) < 0)
		return report_fail(r, EPERM, "capabilities could not be given up");
	return 0;
}
