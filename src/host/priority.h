/* SPDX-License-Identifier: GPL-2.0-or-later */
/* priority: which thread the kernel runs first when two want the same CPU. */
#ifndef FOLD_HOST_PRIORITY_H
#define FOLD_HOST_PRIORITY_H

/*
 * For a thread that works in short turns and must wake up at once for each: asks for a short time
 * slice, for the calling thread and the threads that it starts. Linux 6.12 and later let such a
 * thread preempt one with a longer slice (sched(7), sched_setattr(2)); older kernels change nothing.
 */
void priority_prompt(void);

/* Lowers the priority of the calling thread alone, below all others. */
void priority_behind(void);

#endif
