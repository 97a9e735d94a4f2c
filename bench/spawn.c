/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spawn: how long a program takes from its start until the hypervisor it starts
 * (stamp.c) runs.
 *
 *   spawn [-n COUNT] [-f FIRST] [-k] COMMAND [ARGUMENT]...
 *
 * Takes the time just before each start, and reads that of the hypervisor's main from its output. In the arguments, %d
 * becomes the number of the start (FIRST, FIRST+1, ...), %x:%x its two bytes in hex and %a its two bytes as "a.b".
 * Without -k each start is waited for before the next one. With -k the programs stay, and spawn prints "kept" and
 * sleeps until its input ends; then it ends them and waits for each.
 *
 * Prints "start=N ms=X pid=P" for each start. Exit 1 where one fails.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/wait.h>

#define ARG_SIZE 256
#define ARG_COUNT 48

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Writes `from` to `to` with the number in its places. */
static void fill(char to[static ARG_SIZE], const char *from, unsigned number)
{
	unsigned high = number >> 8 & 0xff, low = number & 0xff;
	size_t n = 0;

	while (*from && n < ARG_SIZE - 16) {
		int more = 1, used = 2;
		if (strncmp(from, "%x:%x", 5) == 0) {
			more = snprintf(to + n, ARG_SIZE - n, "%02x:%02x", high, low);
			used = 5;
		} else if (strncmp(from, "%a", 2) == 0) {
			more = snprintf(to + n, ARG_SIZE - n, "%u.%u", high, low);
		} else if (strncmp(from, "%d", 2) == 0) {
			more = snprintf(to + n, ARG_SIZE - n, "%u", number);
		} else {
			to[n] = *from;
			used = 1;
		}
		n += (size_t)more;
		from += used;
	}
	to[n] = 0;
}

/* Reads up to the hypervisor's stamp; 0 where the output ends without one. */
static uint64_t read_stamp(int fd)
{
	char text[512] = {0};
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		char *at = strstr(text, "stamp_ns=");
		if (at && strchr(at, '\n'))
			return strtoull(at + 9, NULL, 10);
	}
	return 0;
}

/* Starts the command once and says how long it took until the stamp. */
static pid_t start(char **command, unsigned number)
{
	char text[ARG_COUNT][ARG_SIZE];
	char *argv[ARG_COUNT + 1] = {0};
	posix_spawn_file_actions_t acts;
	int out[2];
	pid_t pid;

	for (size_t i = 0; i < ARG_COUNT && command[i]; i++) {
		fill(text[i], command[i], number);
		argv[i] = text[i];
	}
	if (pipe(out))
		err(1, "pipe");
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&acts, out[0]);
	posix_spawn_file_actions_addclose(&acts, out[1]);

	uint64_t before = now_ns();
	int e = posix_spawnp(&pid, argv[0], &acts, NULL, argv, environ);
	if (e) {
		errno = e;
		err(1, "%s", argv[0]);
	}
	close(out[1]);
	uint64_t stamp = read_stamp(out[0]);
	close(out[0]);
	posix_spawn_file_actions_destroy(&acts);
	if (!stamp)
		errx(1, "start %u: %s ran no hypervisor", number, argv[0]);
	printf("start=%u ms=%.3f pid=%d\n", number, (double)(stamp - before) / 1e6, (int)pid);
	fflush(stdout);
	return pid;
}

static void finish(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "process %d failed with status 0x%x", (int)pid, status);
}

static void keep(const pid_t *pids, unsigned count)
{
	char byte;

	puts("kept");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (unsigned i = 0; i < count; i++)
		kill(pids[i], SIGTERM);
	for (unsigned i = 0; i < count; i++)
		waitpid(pids[i], NULL, 0);
}

int main(int argc, char **argv)
{
	unsigned count = 1, first = 1;
	bool kept = false;
	int c;

	while ((c = getopt(argc, argv, "+n:f:k")) != -1) {
		if (c == 'n')
			count = (unsigned)atoi(optarg);
		else if (c == 'f')
			first = (unsigned)atoi(optarg);
		else if (c == 'k')
			kept = true;
		else
			return 2;
	}
	if (optind == argc || argc - optind > ARG_COUNT || count == 0)
		errx(2, "usage: spawn [-n COUNT] [-f FIRST] [-k] COMMAND [ARGUMENT]...");
	pid_t *pids = calloc(count, sizeof(*pids));
	if (!pids)
		err(1, "memory");
	for (unsigned i = 0; i < count; i++) {
		pids[i] = start(argv + optind, first + i);
		if (!kept)
			finish(pids[i]);
	}
	if (kept)
		keep(pids, count);
	free(pids);
	return 0;
}
