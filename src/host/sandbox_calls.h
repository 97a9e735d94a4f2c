/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox_calls: the system calls that each profile may make. */
#ifndef FOLD_HOST_SANDBOX_CALLS_H
#define FOLD_HOST_SANDBOX_CALLS_H

#include "host/sandbox.h"
#include "host/seccomp.h"

#define SANDBOX_LISTS 4

/* The profile's lists; returns how many of out's are used. */
size_t sandbox_calls(enum sandbox_profile profile, struct seccomp_list out[static SANDBOX_LISTS]);

#endif
