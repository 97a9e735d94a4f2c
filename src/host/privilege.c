/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/privilege.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <cap-ng.h>
#include <sys/prctl.h>

bool privilege_to_read(const char *path)
{
	capng_get_caps_process();
	void *all = capng_save_state();
	if (!all)
		return true;
	capng_updatev(CAPNG_DROP, CAPNG_EFFECTIVE, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, -1);
	capng_apply(CAPNG_SELECT_CAPS);
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool refused = fd < 0 && errno == EACCES;
	capng_restore_state(&all);
	capng_apply(CAPNG_SELECT_CAPS);
	return refused;
}

int privilege_drop(bool read_all, struct report *r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return report_fail(r, errno, "no_new_privs: %s", strerror(errno));
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN) < 0 ||
	    (read_all && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_READ_SEARCH) < 0) ||
	    capng_apply(CAPNG_SELECT_BOTH) < 0)
		return report_fail(r, EPERM, "capabilities could not be given up");
	return 0;
}

int privilege_drop_all(struct report *r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return report_fail(r, errno, "no_new_privs: %s", strerror(errno));
	capng_clear(CAPNG_SELECT_BOTH);
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? report_fail(r, EPERM, "capabilities could not be given up") : 0;
}
