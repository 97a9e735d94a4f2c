/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inject: has another process make a system call, as an attacker who had taken over that process would.
 *
 *   inject PID CALL [ARGUMENT...]
 *
 * CALL is a number or one of the names below. An ARGUMENT is a number (0x... too) or text, which is written to the
 * process's stack and passed by its address. Prints what the call returned, such as "-13" for EACCES, or "gone" if
 * the call ended the process. Status 0 in both cases, 1 if the process cannot be traced.
 *
 * The process is stopped while it waits in a system call. The instruction by which it made that call makes the new
 * one, and the registers are restored after it. x86_64 and aarch64. Source: ptrace(2).
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define ARGS 6
#define TRIES 500 /* 10 ms apart */

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long number_of(const char *name)
{
	static const struct {
		const char *name;
		long nr;
	} calls[] = {
	    {"openat", SYS_openat},
	    {"execve", SYS_execve},
	    {"socket", SYS_socket},
	    {"ptrace", SYS_ptrace},
	    {"mmap", SYS_mmap},
	    {"mprotect", SYS_mprotect},
	    {"clone", SYS_clone},
	    {"unshare", SYS_unshare},
	    {"mount", SYS_mount},
	    {"bpf", SYS_bpf},
	    {"kill", SYS_kill},
	    {"setresuid", SYS_setresuid},
	    {"unlinkat", SYS_unlinkat},
	    {"ioctl", SYS_ioctl},
	    {"getpid", SYS_getpid},
	    {"close", SYS_close},
	    {"prctl", SYS_prctl},
	    {"keyctl", SYS_keyctl},
	    {"init_module", SYS_init_module},
	    {"io_uring_setup", SYS_io_uring_setup},
	    {"open_by_handle_at", SYS_open_by_handle_at},
	    {"process_vm_readv", SYS_process_vm_readv},
	    {"inotify_init1", SYS_inotify_init1},
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].nr;
	return strtol(name, NULL, 0);
}

static void get(pid_t pid, struct user_regs_struct *r)
{
	struct iovec iov = {.iov_base = r, .iov_len = sizeof(*r)};

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		die("its registers");
}

static void set(pid_t pid, struct user_regs_struct *r)
{
	struct iovec iov = {.iov_base = r, .iov_len = sizeof(*r)};

	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		die("its registers");
}

#if defined(__x86_64__)
static void prepare(struct user_regs_struct *r, long nr, const uint64_t arg[static ARGS])
{
	r->rip -= 2; /* syscall: 0f 05 */
	r->rax = (uint64_t)nr;
	r->orig_rax = UINT64_MAX; /* the kernel must not restart the call that was interrupted */
	r->rdi = arg[0];
	r->rsi = arg[1];
	r->rdx = arg[2];
	r->r10 = arg[3];
	r->r8 = arg[4];
	r->r9 = arg[5];
}
#define AFTER_CALL(r, word) ((word) >> 48 == 0x050f)
#define CODE_BEFORE(r) ((r)->rip - 8)
#define STACK(r) ((r)->rsp)
#define RESULT(r) ((r)->rax)
#elif defined(__aarch64__)
static void prepare(struct user_regs_struct *r, long nr, const uint64_t arg[static ARGS])
{
	r->pc -= 4; /* svc */
	memcpy(r->regs, arg, ARGS * sizeof(arg[0]));
	r->regs[8] = (uint64_t)nr;
}
#define AFTER_CALL(r, word) ((word) >> 32 == 0xd4000001)
#define CODE_BEFORE(r) ((r)->pc - 8)
#define STACK(r) ((r)->sp)
#define RESULT(r) ((r)->regs[0])
#endif

static void stopped(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 || waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status))
		die("the process");
}

/*
 * Stops the process in a system call: the instruction before the next one made it. If the process runs, tries again
 * until it waits.
 */
static bool stop(pid_t pid, struct user_regs_struct *r)
{
	const struct timespec moment = {.tv_nsec = 10000000};

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) < 0)
		die("the process");
	for (int i = 0; i < TRIES; i++) {
		stopped(pid);
		get(pid, r);
		errno = 0;
		unsigned long word = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, (void *)CODE_BEFORE(r), NULL);
		if (!errno && AFTER_CALL(r, word))
			return true;
		ptrace(PTRACE_CONT, pid, NULL, NULL);
		nanosleep(&moment, NULL);
	}
	return false;
}

/* Whether a filter trapped the call: its number is then in place of the result, and SIGSYS is pending. */
static bool is_trapped(pid_t pid)
{
	struct __ptrace_peeksiginfo_args first = {.nr = 1};
	siginfo_t info;

	return ptrace(PTRACE_PEEKSIGINFO, pid, &first, &info) > 0 && info.si_signo == SIGSYS;
}

int main(int argc, char **argv)
{
	struct user_regs_struct before, now;
	uint64_t arg[ARGS] = {0};

	if (argc < 3 || argc > 3 + ARGS) {
		fputs("usage: inject PID CALL [ARGUMENT...]\n", stderr);
		return 2;
	}
	pid_t pid = (pid_t)atoi(argv[1]);
	if (!stop(pid, &before)) {
		fputs("inject: the process does not wait in a call\n", stderr);
		return 1;
	}
	uint64_t at = STACK(&before) - 4096;
	for (int i = 3; i < argc; i++) {
		char *end;
		arg[i - 3] = strtoull(argv[i], &end, 0);
		if (*argv[i] && !*end)
			continue;
		/* Below the part of the stack that the process uses. */
		arg[i - 3] = at -= (strlen(argv[i]) + 8) & ~7ULL;
		struct iovec here = {argv[i], strlen(argv[i]) + 1}, there = {(void *)at, here.iov_len};
		if (process_vm_writev(pid, &here, 1, &there, 1, 0) < 0)
			die("its stack");
	}
	now = before;
	prepare(&now, number_of(argv[2]), arg);
	set(pid, &now);
	/* Runs to the call's entry, then to its exit. */
	for (int i = 0; i < 2; i++) {
		int status;
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0 || waitpid(pid, &status, __WALL) < 0 ||
		    !WIFSTOPPED(status)) {
			puts("gone");
			return 0;
		}
	}
	get(pid, &now);
	if (is_trapped(pid)) {
		int status, signal = 0;
		while (ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal) == 0 &&
		       waitpid(pid, &status, __WALL) > 0 && WIFSTOPPED(status))
			signal = WSTOPSIG(status);
		puts("gone");
		return 0;
	}
	printf("%ld\n", (long)RESULT(&now));
	/*
	 * The process's own call was interrupted. Its result may be one that only the kernel may see: -EINTR takes
	 * its place.
	 */
	if ((long)RESULT(&before) <= -512)
		RESULT(&before) = (unsigned long)-EINTR;
	set(pid, &before);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}
