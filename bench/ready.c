/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ready: how long a service takes until it says that it is ready.
 *
 *   ready SOCKET COMMAND [ARGUMENT...]
 *
 * Runs the command with NOTIFY_SOCKET=SOCKET, a path that it makes, waits for READY=1 there, prints "ready_ms=... pid=..." and stays until
 * the command ends. Its status is then the command's; 1 where it ended before.
 *
 * Specifications: sd_notify(3).
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		errx(2, "%s: too long", path);
	strcpy(at.sun_path, path);
	/* The service may run as another user by the time it writes here. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || chmod(path, 0666))
		err(2, "%s", path);
	return fd;
}

static bool says_ready(int fd)
{
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	text[n] = 0;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strcmp(line, "READY=1") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: ready SOCKET COMMAND [ARGUMENT...]");
	int fd = listen_at(argv[1]);
	double begin = now_ms();
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("NOTIFY_SOCKET", argv[1], 1);
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	if (pid < 0)
		err(2, "fork");
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int status = 0;
	while (!says_ready(fd)) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			errx(1, "%s: ended before it was ready", argv[2]);
		poll(&p, 1, 100);
	}
	printf("ready_ms=%.1f pid=%d\n", now_ms() - begin, (int)pid);
	fflush(stdout);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
