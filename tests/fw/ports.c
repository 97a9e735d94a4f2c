/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames into and out of every port of the stage. Specifications: packet(7), virtio 1.1 5.1.6, the kernel's tun/tap driver. */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define VNET sizeof(struct virtio_net_hdr)

static int fds[PORTS + 1], sender_index; /* the last one is M's; sender_index: M's interface */
static bool vnet_hdr[VMS];               /* whether the tap has a virtio header before each frame */
static int ears[4];                      /* UDP sockets of the host, IPv4 and IPv6 */
#define EARS_MAX 64
static uint32_t heard[EARS_MAX];
static size_t heard_count;

observer *on_frame = seen_on_frame;

int port_borrow(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control)};
	uint64_t end = now_ms() + 10 * patience_ms(); /* an emulated kernel loads its modules first */
	int tap, s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	while (connect(s, (struct sockaddr *)&at, sizeof(at)) < 0) {
		if (now_ms() > end)
			die("%s: no fold gave its tap: %s", at.sun_path, strerror(errno));
		usleep(5000);
	}
	if (recvmsg(s, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		die("%s: no descriptor came", at.sun_path);
	memcpy(&tap, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	close(s);
	if (fcntl(tap, F_SETFL, fcntl(tap, F_GETFL) | O_NONBLOCK) < 0)
		die("%s: %s", path, strerror(errno));
	return tap;
}

static int open_packet(const char *iface)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), room = 64 << 20, on = 1;

	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(iface);
	if (fd < 0 || !at.sll_ifindex)
		die("%s: %s", iface, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	/* br0 is not made promiscuous, so that the socket gets only what the host's IP stack gets. */
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
	    (strcmp(iface, "br0") != 0 && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("%s: %s", iface, strerror(errno));
	return fd;
}

/* M's socket, which only sends, so that the bridge below does not become promiscuous either. -1 if there is no M. */
static int open_sender(const char *iface)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	sender_index = at.sll_ifindex;
	if (fd >= 0 && at.sll_ifindex && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_ear(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("UDP port %u: %s", port, strerror(errno));
	return fd;
}

static int open_ear6(uint16_t port)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int on = 1, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("UDP port %u over IPv6: %s", port, strerror(errno));
	return fd;
}

static void enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

void ports_open(const char *dir, const char *netns)
{
	char own[64], path[256];
	cpu_set_t one;

	/* On one CPU, so that the kernel processes all frames here, in order. */
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int p = 0; p < VMS; p++) {
		snprintf(path, sizeof(path), "%s/%s.sock", dir, vms[p].iface);
		fds[p] = port_borrow(path);
		vnet_hdr[p] = tap_has_vnet(fds[p]);
	}
	fds[AT_H] = open_packet("br0");
	ears[0] = open_ear(67);
	ears[1] = open_ear(HOST_PORT);
	ears[2] = open_ear6(547);
	ears[3] = open_ear6(HOST_PORT);
	snprintf(own, sizeof(own), "/proc/%d/ns/net", getpid());
	int back = open(own, O_RDONLY | O_CLOEXEC);
	enter(netns);
	fds[AT_P] = open_packet("p");
	fds[AT_G] = open_packet("g");
	fds[AT_O] = open_packet("o");
	fds[AT_M] = open_sender("mv");
	if (back < 0 || setns(back, CLONE_NEWNET) < 0)
		die("%s: %s", own, strerror(errno));
	close(back);
	hello();
}

bool port_is_there(enum port p)
{
	return fds[p] >= 0;
}

bool tap_has_vnet(int tap)
{
	struct ifreq ifr = {0};

	return ioctl(tap, TUNGETIFF, &ifr) == 0 && ifr.ifr_flags & IFF_VNET_HDR;
}

bool port_has_vnet(enum port vm)
{
	return vnet_hdr[vm];
}

static bool send_tap(enum port vm, const uint8_t *frame, size_t len, const struct virtio_net_hdr *vnet)
{
	static const struct virtio_net_hdr plain;
	struct iovec iov[2] = {{.iov_base = (void *)(uintptr_t)(vnet ? vnet : &plain), .iov_len = VNET},
			       {.iov_base = (void *)(uintptr_t)frame, .iov_len = len}};
	int skip = vnet_hdr[vm] ? 0 : 1;

	return writev(fds[vm], iov + skip, 2 - skip) >= 0;
}

bool port_send(enum port p, const uint8_t *frame, size_t len, const struct virtio_net_hdr *vnet, uint32_t mark)
{
	if (p < VMS)
		return send_tap(p, frame, len, vnet);
	if (mark)
		setsockopt(fds[p], SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	/* Older kernels do not read the ethertype of what is sent by a macvlan: the sender's address gives it. */
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = sender_index};
	if (len >= 14)
		memcpy(&to.sll_protocol, frame + 12, sizeof(to.sll_protocol));
	const bool names = p == AT_M;
	ssize_t sent;
	for (int turn = 0; turn < 1000; turn++) {
		sent = sendto(fds[p], frame, len, 0, names ? (struct sockaddr *)&to : NULL, names ? sizeof(to) : 0);
		if (sent >= 0 || (errno != ENOBUFS && errno != EAGAIN))
			break;
		usleep(500);
	}
	if (mark) {
		mark = 0;
		setsockopt(fds[p], SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	}
	return sent >= 0;
}

/*
 * Receives a frame, and puts back the VLAN tag that the kernel took out. Returns its length; 0: there is none, or no
 * whole one.
 */
static size_t receive_packet(int fd, uint8_t *frame)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov = {frame + 4, FRAME_MAX};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &msg, 0);
	const struct cmsghdr *c = got < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	struct tpacket_auxdata aux;

	if (got < 14)
		return 0;
	if (c)
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
	if (!c || !(aux.tp_status & TP_STATUS_VLAN_VALID)) {
		memmove(frame, frame + 4, (size_t)got);
		return (size_t)got;
	}
	const uint16_t tag[2] = {htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q),
				 htons(aux.tp_vlan_tci)};
	memmove(frame, frame + 4, 12);
	memcpy(frame + 12, tag, 4);
	return (size_t)got + 4;
}

static size_t receive(enum port p, uint8_t *frame)
{
	if (p >= VMS)
		return receive_packet(fds[p], frame);
	struct virtio_net_hdr vnet;
	struct iovec iov[2] = {{&vnet, sizeof(vnet)}, {frame, FRAME_MAX}};
	const size_t head = vnet_hdr[p] ? VNET : 0;
	ssize_t got = readv(fds[p], head ? iov : iov + 1, head ? 2 : 1);
	return got < (ssize_t)head + 1 ? 0 : (size_t)got - head;
}

static void listen_up(void)
{
	uint8_t text[2048];
	uint32_t id;

	for (size_t i = 0; i < sizeof(ears) / sizeof(ears[0]); i++) {
		ssize_t got;
		while ((got = recv(ears[i], text, sizeof(text), 0)) >= 0)
			if (frame_cookie(text, (size_t)got, &id) && heard_count < EARS_MAX)
				heard[heard_count++] = id;
	}
}

bool host_heard(uint32_t id)
{
	listen_up();
	for (size_t i = 0; i < heard_count; i++)
		if (heard[i] == id)
			return true;
	return false;
}

static int drain(void)
{
	static uint8_t frame[FRAME_MAX + 8];
	int n = 0;
	size_t len;

	for (int p = 0; p < PORTS; p++) {
		while ((len = receive((enum port)p, frame)) > 0) {
			on_frame((enum port)p, frame, len);
			n++;
		}
	}
	return n;
}

int ports_poll(int ms)
{
	struct pollfd p[PORTS];
	int n = drain();

	if (n || !ms)
		return n;
	for (int i = 0; i < PORTS; i++)
		p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	if (poll(p, PORTS, ms) <= 0)
		return 0;
	return drain();
}
