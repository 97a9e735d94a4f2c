/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seccomp: limits which system calls a process may make, with which arguments, by seccomp(2) and a filter
 * that is built here. libseccomp could build it, too, but loading that library would slow down every start.
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

/* What happens to a call with these arguments. The first rule that matches counts; without one the call is fatal. */
struct seccomp_rule {
	uint32_t nr;
	int error; /* 0: the call is made; else it fails with this, for calls that libraries can do without */
	struct seccomp_arg arg[SECCOMP_ARGS];
};

struct seccomp_list {
	const struct seccomp_rule *at;
	size_t count;
};

/*
 * Limits all threads of this process, present and future. no_new_privs must be set. A call that the lists
 * do not name is not made and raises SIGSYS (siginfo's si_syscall has its number); a call of another
 * architecture ends the process. 0; -ENOSYS if this kernel or architecture has no filter; or -errno.
 */
int seccomp_enter(const struct seccomp_list *lists, size_t count);

/*
 * The opposite, for a program that is not fold's: ioctl fails with EPERM for these requests, on every
 * descriptor and in every ABI of this machine; all else stays allowed. Holds for this thread, what it
 * executes and their children. A process with CAP_SYS_ADMIN needs no no_new_privs. 0; -ENOSYS if this kernel
 * or architecture has no filter; -EACCES without that capability and without no_new_privs; or -errno.
 */
int seccomp_refuse_ioctls(const uint32_t *requests, size_t count);

#endif
