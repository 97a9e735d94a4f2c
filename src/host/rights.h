/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rights: the capabilities that fold's processes cannot do without, and which of them this process was not given. */
#ifndef FOLD_HOST_RIGHTS_H
#define FOLD_HOST_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

/* What fold needs at its start, all its processes together; CAP_... of linux/capability.h, -1 at the end. */
extern const int rights_of_fold[];

bool rights_have(int cap);

/*
 * Their names where this process has them not, "CAP_KILL, CAP_FOWNER", in at most size octets with a NUL; and how they are added.
 * How many.
 */
#define RIGHTS_TEXT 200
size_t rights_missing(const int *need, char names[static RIGHTS_TEXT]);
#define RIGHTS_MEND                                                                                                    \
	"add them: `docker run --cap-add` for each, CapabilityBoundingSet= in a unit, or what else took them away"

#endif
