/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stamp: a hypervisor that says when it was started, and does nothing else.
 *
 * Run as qemu-system-stamp. Prints "stamp_ns=N", CLOCK_MONOTONIC at its main, and
 * ends; with -stay it then sleeps until a signal ends it, holding its tap as a
 * running VM would. Everything else in its arguments is a hypervisor's business.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec t;
	char line[64];

	clock_gettime(CLOCK_MONOTONIC, &t);
	int n = snprintf(line, sizeof(line), "stamp_ns=%llu\n",
			 (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		return 1;
	for (int i = 1; i < argc; i++)
		while (strcmp(argv[i], "-stay") == 0)
			pause();
	return 0;
}
