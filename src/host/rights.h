/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rights: the capabilities that fold's processes need, and which of these this process lacks. */
#ifndef FOLD_HOST_RIGHTS_H
#define FOLD_HOST_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

/* What all of fold's processes need together, at its start; CAP_... of linux/capability.h, -1 at the end. */
extern const int rights_of_fold[];

bool rights_have(int cap);

/*
 * Writes the names of those that this process lacks, as in "CAP_KILL, CAP_FOWNER", and returns how many. need: -1 at the
 * end; rights.c must have their names. RIGHTS_MEND: how to add them.
 */
#define RIGHTS_TEXT 200
size_t rights_missing(const int *need, char names[static RIGHTS_TEXT]);
#define RIGHTS_MEND                                                                                                    \
	"add them: `docker run --cap-add` for each, CapabilityBoundingSet= in a unit, or what else took them away"

#endif
