/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tapper: a "hypervisor" that tries on its tap every request that needs no right but the open descriptor.
 *
 *   qemu-system-tapper -netdev tap,id=ID,fd=N ... [-fold-mac MAC]
 *
 * Prints a line for each try, such as "SIOCSIFHWADDR 1", with the errno or 0, and whether it has no_new_privs; then
 * it ends. -fold-mac: the MAC that it tries to give the tap, otherwise 02:00:00:00:00:01. On x86_64 it tries
 * SIOCSIFHWADDR also by the other two ways into the kernel (x32, i386), if the kernel has them. Source:
 * drivers/net/tun.c.
 */
#include "base/addr.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/vhost.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void say(const char *what, long result)
{
	printf("%s %d\n", what, result < 0 ? errno : 0);
	fflush(stdout);
}

#ifdef __x86_64__
static int by_32_bits(int fd, unsigned long request, const struct ifreq *q)
{
	/* The i386 call takes pointers of 32 bits. */
	struct ifreq *low =
	    mmap(NULL, sizeof(*q), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result = 54; /* ioctl */

	if (low == MAP_FAILED)
		return -1;
	*low = *q;
	__asm__ volatile("int $0x80" : "+a"(result) : "b"((long)fd), "c"(request), "d"(low) : "memory", "cc");
	errno = result < 0 ? (int)-result : 0;
	return result < 0 ? -1 : 0;
}

/* i386 in a child: a kernel without that way kills the caller. */
static void other_ways(int fd, unsigned long request, const struct ifreq *q)
{
	say("x32", syscall(0x40000000 | 514, fd, request, q));
	say("x32-64", syscall(0x40000000 | 16, fd, request, q));
	if (fork() == 0) {
		say("i386", by_32_bits(fd, request, q));
		_exit(0);
	}
	wait(NULL);
}
#else
static void other_ways(int fd, unsigned long request, const struct ifreq *q)
{
	(void)fd, (void)request, (void)q;
}
#endif

int main(int argc, char **argv)
{
	struct ifreq q = {.ifr_hwaddr = {.sa_family = ARPHRD_ETHER}};
	const char *mac = "02:00:00:00:00:01", *fd_text = NULL;

	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "-netdev") == 0)
			fd_text = strstr(argv[i + 1], "fd=");
		else if (strcmp(argv[i], "-fold-mac") == 0)
			mac = argv[i + 1];
	}
	if (!fd_text || !mac_parse(mac, (uint8_t *)q.ifr_hwaddr.sa_data))
		return 2;
	int fd = atoi(fd_text + 3);
	say("SIOCGIFHWADDR", ioctl(fd, SIOCGIFHWADDR, &(struct ifreq){0}));
	other_ways(fd, SIOCSIFHWADDR, &q);
	say("SIOCSIFHWADDR", ioctl(fd, SIOCSIFHWADDR, &q));
	say("TUNSETOWNER", ioctl(fd, TUNSETOWNER, (unsigned long)getuid()));
	say("TUNSETGROUP", ioctl(fd, TUNSETGROUP, (unsigned long)getgid()));
	say("TUNSETPERSIST", ioctl(fd, TUNSETPERSIST, 1UL));
	/* On the tap itself, as there may be no /dev/vhost-net: only a refused request gets as far as EPERM there. */
	say("VHOST_NET_SET_BACKEND", ioctl(fd, VHOST_NET_SET_BACKEND, &(struct vhost_vring_file){.fd = fd}));
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}
