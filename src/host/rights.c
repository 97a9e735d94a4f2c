/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/rights.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/syscall.h>

/*
 * The responder needs CAP_NET_ADMIN and CAP_DAC_READ_SEARCH; the keeper and the
 * first process CAP_KILL, CAP_NET_ADMIN, CAP_DAC_OVERRIDE and CAP_FOWNER; sockets
 * for replies CAP_NET_RAW. The last three are for changing to another user for good.
 */
const int rights_of_fold[] = {
    CAP_NET_ADMIN, CAP_NET_RAW, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
    CAP_KILL,      CAP_SETUID,  CAP_SETGID,       CAP_SETPCAP,         -1,
};

/* Of all capabilities that fold or fold-dhcpd asks for. */
#define NAMED(cap) [cap] = #cap
static const char *const names_of[] = {
    NAMED(CAP_NET_ADMIN), NAMED(CAP_NET_RAW), NAMED(CAP_DAC_OVERRIDE), NAMED(CAP_DAC_READ_SEARCH),
    NAMED(CAP_FOWNER),    NAMED(CAP_KILL),    NAMED(CAP_SETUID),       NAMED(CAP_SETGID),
    NAMED(CAP_SETPCAP),   NAMED(CAP_CHOWN),   NAMED(CAP_LEASE),
};

/*
 * This process's permitted set; bit n: capability n. It decides: no exec adds what only the bounding set has, and what
 * is only permitted works. Read by capget(2) itself: libcap-ng reads all five sets first, with a dozen system calls.
 */
static uint64_t permitted(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

	syscall(SYS_capget, &head, sets);
	return (uint64_t)sets[1].permitted << 32 | sets[0].permitted;
}

bool rights_have(int cap)
{
	return permitted() >> cap & 1;
}

size_t rights_missing(const int *need, char names[static RIGHTS_TEXT])
{
	const uint64_t have = permitted();
	size_t count = 0, len = 0;

	names[0] = 0;
	for (; *need >= 0; need++)
		if (!(have >> *need & 1))
			len += (size_t)snprintf(names + len, len < RIGHTS_TEXT ? RIGHTS_TEXT - len : 0, "%s%s",
						count++ ? ", " : "", names_of[*need]);
	return count;
}
