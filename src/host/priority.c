/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/priority.h"

#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/syscall.h>

#define SHORT_SLICE_NS 200000 /* some packets' worth; the kernel takes 100 us at least */
#define BEHIND_NICE 10        /* added to the thread's own: a tenth of the share that it would have of a busy CPU */
#define NICE_MAX 19

/* As in linux/sched/types.h, which cannot be included together with the C library's sched.h. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* runtime: the slice, in ns; 0: the kernel's own */
};

/* If the kernel refuses, the thread only runs slower, so the result is not checked. */
static void set(int32_t nice_value, uint64_t slice)
{
	const struct attr a = {.size = sizeof(a), .policy = SCHED_OTHER, .nice = nice_value, .runtime = slice};

	syscall(SYS_sched_setattr, 0, &a, 0);
}

void priority_prompt(void)
{
	set(getpriority(PRIO_PROCESS, 0), SHORT_SLICE_NS);
}

void priority_behind(void)
{
	int32_t nice_value = getpriority(PRIO_PROCESS, 0) + BEHIND_NICE;

	set(nice_value > NICE_MAX ? NICE_MAX : nice_value, 0);
}
