/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kill_at: kills a program at one certain moment of its start.
 *
 *   kill_at NUMBER COMMAND...
 *
 * Runs the command and sends SIGKILL before its NUMBERth system call, counted from 0, which is the one that makes its
 * first process. Prints the number of that call, and ends with 0. If the command makes its second process before, it is
 * left to run: ends with 3. With 1 if it has ended by itself.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAST 3

static bool makes_process(unsigned long long call)
{
#ifdef SYS_fork
	if (call == SYS_fork || call == SYS_vfork)
		return true;
#endif
	return call == SYS_clone || call == SYS_clone3;
}

/* Lets it run to its next system call. False if it has ended. */
static bool next_call(pid_t pid, unsigned long long *call)
{
	int status, signal = 0;
	struct __ptrace_syscall_info info;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal) < 0 || waitpid(pid, &status, 0) != pid ||
		    !WIFSTOPPED(status))
			return false;
		signal = WSTOPSIG(status);
		if (signal != (SIGTRAP | 0x80))
			continue; /* the program's own signal, which is passed on */
		signal = 0;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) < 0)
			return false;
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
			*call = info.entry.nr;
			return true;
		}
	}
}

static int trace(pid_t pid, unsigned number)
{
	unsigned long long call;
	unsigned processes = 0, seen = 0;

	while (next_call(pid, &call)) {
		processes += makes_process(call);
		if (processes > 1) {
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			return PAST;
		}
		if (processes && seen++ == number) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			printf("%llu\n", call);
			return 0;
		}
	}
	return 1;
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 3)
		errx(2, "usage: kill_at NUMBER COMMAND...");
	pid_t pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0)
		err(1, "ptrace");
	int result = trace(pid, (unsigned)strtoul(argv[1], NULL, 10));
	if (result == PAST)
		waitpid(pid, NULL, 0);
	return result;
}
