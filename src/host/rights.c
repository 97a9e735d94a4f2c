/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/rights.h"

#include <ctype.h>
#include <stdio.h>

#include <cap-ng.h>

/*
 * The responder needs CAP_NET_ADMIN and CAP_DAC_READ_SEARCH; the keeper and the
 * first process CAP_KILL, CAP_NET_ADMIN, CAP_DAC_OVERRIDE and CAP_FOWNER; sockets
 * for replies CAP_NET_RAW. The last three are for changing to another user for good.
 */
const int rights_of_fold[] = {
    CAP_NET_ADMIN, CAP_NET_RAW, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
    CAP_KILL,      CAP_SETUID,  CAP_SETGID,       CAP_SETPCAP,         -1,
};

/* Of the set that capng_get_caps_process() read last, which takes a dozen system calls. */
static bool has(int cap)
{
	/* The permitted set decides: no exec adds what only the bounding set has, and what is only permitted works. */
	return capng_have_capability(CAPNG_PERMITTED, (unsigned)cap);
}

bool rights_have(int cap)
{
	capng_get_caps_process();
	return has(cap);
}

size_t rights_missing(const int *need, char names[static RIGHTS_TEXT])
{
	size_t count = 0, len = 0;

	names[0] = 0;
	capng_get_caps_process();
	for (; *need >= 0; need++) {
		const char *name = capng_capability_to_name((unsigned)*need);
		if (has(*need))
			continue;
		len += (size_t)snprintf(names + len, len < RIGHTS_TEXT ? RIGHTS_TEXT - len : 0, "%sCAP_%s",
					count++ ? ", " : "", name ? name : "?");
	}
	for (; *names; names++)
		*names = (char)toupper((unsigned char)*names);
	return count;
}
