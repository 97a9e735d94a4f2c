/* SPDX-License-Identifier: GPL-2.0-or-later */
/* priority: which thread the kernel runs first when two want the same CPU. */
#ifndef FOLD_HOST_PRIORITY_H
#define FOLD_HOST_PRIORITY_H

/*
 * The calling thread, and what it starts, works in short turns and is woken at once for each: Linux 6.12 and later give
 * who asks for a short slice the CPU of who has a longer one (sched(7), sched_setattr(2)). Before that nothing changes.
 */
void priority_prompt(void);

/* The calling thread alone works behind all others. */
void priority_behind(void);

#endif
