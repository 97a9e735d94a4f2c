/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * undying: keeps another process from ending when it is killed, as if it waited uninterruptibly, until undying itself
 * is killed.
 *
 *   undying PID
 *
 * Prints "held". If that process is killed from then on, it stops before it closes anything, and nothing wakes it.
 * Source: ptrace(2), PTRACE_O_TRACEEXIT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/ptrace.h>

int main(int argc, char **argv)
{
	pid_t pid = argc == 2 ? (pid_t)atoi(argv[1]) : 0;

	if (pid <= 0 || ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) < 0) {
		perror("undying");
		return 1;
	}
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
