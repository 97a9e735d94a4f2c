/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thief: a "hypervisor" that keeps from fold the kernel's answers about the VM's rules. It uses the socket that owns
 * the rules, which fold gave it so that they stay.
 *
 *   qemu-system-thief ... -fold-when FILE
 *
 * Prints "SO_ATTACH_FILTER E": the errno, or 0, of attaching a filter that lets nothing pass, which it takes off
 * again. Until FILE exists it has the kernel refuse messages whose numbers are seconds from about now on, from which a
 * program may count its own: such a refusal looks like one of fold's. Once FILE exists it fills the socket with answers
 * to messages of its own, without end. Source: netlink(7), socket(7).
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define FILES 256
#define GUESSES 30
#define GUESS_STEP 60 /* less than a transaction has messages */

static int find_socket(void)
{
	for (int fd = 3; fd < FILES; fd++) {
		int domain = 0, protocol = 0;
		socklen_t len = sizeof(domain);
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
		    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 && domain == AF_NETLINK &&
		    protocol == NETLINK_NETFILTER)
			return fd;
	}
	return -1;
}

static void try_filter(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog deaf = {.len = 1, .filter = &nothing};
	int unused = 0;
	int err = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof(deaf)) < 0 ? errno : 0;

	setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
	printf("SO_ATTACH_FILTER %d\n", err);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
	} m = {.h = {.nlmsg_len = sizeof(m),
		     .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
	int fd = find_socket(), least = 0;

	if (fd < 0 || argc < 3 || strcmp(argv[argc - 2], "-fold-when") != 0)
		return 2;
	try_filter(fd);
	const uint32_t now = (uint32_t)time(NULL);
	while (access(argv[argc - 1], F_OK) < 0) {
		for (uint32_t ahead = 0; ahead < GUESSES * GUESS_STEP; ahead += GUESS_STEP) {
			m.h.nlmsg_seq = now - GUESS_STEP + ahead;
			send(fd, &m, sizeof(m), MSG_DONTWAIT);
		}
		usleep(10000);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	for (;;) {
		m.h.nlmsg_seq++;
		send(fd, &m, sizeof(m), MSG_DONTWAIT);
	}
}
