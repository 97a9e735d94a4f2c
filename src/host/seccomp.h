/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seccomp: which system calls a process may still make, with which arguments; by seccomp(2) and a filter that is built here.
 * libseccomp would do it too, and cost every start its loading.
 */
#ifndef FOLD_HOST_SECCOMP_H
#define FOLD_HOST_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

#define SECCOMP_ARGS 3

/* The lower 32 bits of argument `at`, under the mask, are `value`. A mask of 0 ends a rule's arguments. */
struct seccomp_arg {
	uint32_t mask, value;
	uint8_t at;
};

/* What becomes of a call whose arguments are these. The first rule that fits counts; without one the call is fatal. */
struct seccomp_rule {
	uint32_t nr;
	int error; /* 0: it is made; else what it fails with, for what a library tries and does without */
	struct seccomp_arg arg[SECCOMP_ARGS];
};

struct seccomp_list {
	const struct seccomp_rule *at;
	size_t count;
};

/*
 * For the whole process from now on, whatever threads it has or will have. no_new_privs must be set. What the lists do not
 * name gives SIGSYS (siginfo's si_syscall has the number) and is not made; another architecture's calls end the process.
 * 0; -ENOSYS where this kernel or architecture has no filter; or -errno.
 */
int seccomp_enter(const struct seccomp_list *lists, size_t count);

/*
 * The other way round, for a program that is not fold's: ioctl fails with EPERM for these requests, whatever it is for, by every way that
 * this machine has into the kernel; all else is as before. For this thread, what it executes and all that come of it. A process
 * with CAP_SYS_ADMIN needs no no_new_privs. 0; -ENOSYS where this kernel or architecture has no filter; -EACCES without that
 * right and without no_new_privs; or -errno.
 */
int seccomp_refuse_ioctls(const uint32_t *requests, size_t count);

#endif
