/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This program under the name qemu-system-attack, which fold starts as the hypervisor of a VM.
 *
 *   -hold SOCKET     gives the tap's descriptor to whoever connects there, until SIGTERM
 *   -lend SOCKET     the same, after closing all other descriptors, the socket that owns the VM's rules among them
 *   -flood MS        sends forged frames from its first instruction on, and still for MS milliseconds after SIGTERM
 *
 * fold's own arguments are read as qemu reads them: fd=N behind -netdev.
 */
#include "attack.h"

#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

static volatile sig_atomic_t told;

static void on_term(int sig)
{
	(void)sig;
	told = 1;
}

static int tap_of(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++) {
		const char *fd = strcmp(argv[i], "-netdev") == 0 ? strstr(argv[i + 1], "fd=") : NULL;
		if (fd)
			return (int)strtol(fd + 3, NULL, 10);
	}
	die("no -netdev with fd=N among the arguments");
}

static void lend(int listener, int tap)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 't';
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control)};
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &tap, sizeof(int));
	sendmsg(fd, &msg, MSG_NOSIGNAL);
	close(fd);
}

static int serve(int tap, const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 8) < 0)
		die("%s: %s", path, strerror(errno));
	while (!told)
		lend(listener, tap);
	return 0;
}

static int flood(int tap, long after_ms)
{
	static uint8_t room[sizeof(struct virtio_net_hdr) + FRAME_MAX];
	const size_t head = tap_has_vnet(tap) ? sizeof(struct virtio_net_hdr) : 0;
	uint64_t end = 0;

	for (unsigned turn = 0; !end || now_ms() < end; turn++) {
		size_t len = forge(turn, (uint32_t)getppid(), room + head);
		/* A tap that is gone, or down, is no reason to stop. */
		if (write(tap, room, head + len) < 0)
			usleep(100);
		if (told && !end)
			end = now_ms() + (uint64_t)after_ms;
	}
	return 0;
}

int hold(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_term};
	int tap = tap_of(argc, argv);

	sigaction(SIGTERM, &act, NULL);
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "-hold") == 0)
			return serve(tap, argv[i + 1]);
		if (strcmp(argv[i], "-flood") == 0)
			return flood(tap, strtol(argv[i + 1], NULL, 10));
		if (strcmp(argv[i], "-lend") != 0)
			continue;
		for (int fd = 3; fd < 1024; fd++)
			if (fd != tap)
				close(fd);
		return serve(tap, argv[i + 1]);
	}
	die("none of -hold, -lend and -flood among the arguments");
}
