/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port: where a load program puts frames in and takes frames out.
 *
 * Three kinds behind one pair of calls:
 *   - a network interface, through AF_PACKET: a ring in shared memory to receive (packet_mmap.rst, TPACKET_V2), one
 *     system call for many frames to send. A ring to send would save little and hand the path under test packets
 *     that lie in scattered pages, which no guest's do;
 *   - a tap by its name, as a hypervisor would hold it;
 *   - a tap as an open descriptor, found in a hypervisor's own arguments
 *     ("-netdev tap,id=hn0,fd=N"): the load program is then the hypervisor, and
 *     nothing stands between it and the port under test.
 *
 * Header only, because each program here is one source file. Failures end the program.
 */
#ifndef FOLD_BENCH_PORT_H
#define FOLD_BENCH_PORT_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PORT_BATCH 64
#define PORT_FRAME_MAX 1600
#define PORT_SLOT 2048u
#define PORT_SLOTS 1024u

struct port {
	int fd;
	bool is_tap;
	size_t hdr_len; /* virtio-net header before each frame of a tap, 0 where it has none */
	uint8_t *ring;
	unsigned at; /* the ring's next slot */
};

/* Received frames, which the next call that receives makes invalid. */
struct port_batch {
	const uint8_t *data[PORT_BATCH];
	size_t len[PORT_BATCH];
	unsigned taken; /* slots of the ring to give back */
	uint8_t buf[PORT_BATCH][PORT_FRAME_MAX];
};

static inline uint64_t port_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* cpu < 0, or a machine that lacks it: runs where the scheduler likes. */
static inline void port_pin(int cpu)
{
	cpu_set_t set;
	if (cpu < 0 || sysconf(_SC_NPROCESSORS_ONLN) <= cpu)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		warn("cannot run on CPU %d", cpu);
}

static inline struct port port_open_iface(const char *name)
{
	struct port p = {.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct tpacket_req req = {PORT_SLOT * PORT_SLOTS / 8, 8, PORT_SLOT, PORT_SLOTS};
	int one = 1, version = TPACKET_V2;

	at.sll_ifindex = (int)if_nametoindex(name);
	if (p.fd < 0 || at.sll_ifindex == 0)
		err(1, "%s", name);
	setsockopt(p.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	setsockopt(p.fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	if (setsockopt(p.fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(p.fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		err(1, "packet ring");
	p.ring = mmap(NULL, PORT_SLOT * PORT_SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, p.fd, 0);
	if (p.ring == MAP_FAILED || bind(p.fd, (struct sockaddr *)&at, sizeof(at)))
		err(1, "%s", name);
	return p;
}

/* Takes over an open tap. The kernel is asked for the header's length, which a hypervisor may not have set. */
static inline struct port port_from_tap(int fd)
{
	struct port p = {.fd = fd, .is_tap = true};
	struct ifreq ifr = {0};
	int len = 0;

	if (ioctl(fd, TUNGETIFF, &ifr))
		err(1, "descriptor %d is no tap", fd);
	if (ifr.ifr_flags & IFF_VNET_HDR) {
		if (ioctl(fd, TUNGETVNETHDRSZ, &len))
			err(1, "TUNGETVNETHDRSZ");
		p.hdr_len = (size_t)len;
	}
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		err(1, "O_NONBLOCK");
	return p;
}

static inline struct port port_open_tap(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "/dev/net/tun");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr))
		err(1, "tap %s", name);
	return port_from_tap(fd);
}

/* The descriptor in "tap,id=hn0,fd=N[,...]", as qemu is told; -1 where there is none. */
static inline int port_fd_of_netdev(const char *netdev)
{
	const char *at = strstr(netdev, ",fd=");
	return at ? atoi(at + 4) : -1;
}

/* Sleeps until a frame may be read; false at the time-out. */
static inline bool port_wait(const struct port *p, int timeout_ms)
{
	struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
	return poll(&pfd, 1, timeout_ms) > 0;
}

static inline unsigned port_recv_tap(const struct port *p, struct port_batch *b)
{
	struct virtio_net_hdr_v1_hash hdr;
	unsigned n = 0;

	while (n < PORT_BATCH) {
		struct iovec iov[2] = {{&hdr, p->hdr_len}, {b->buf[n], PORT_FRAME_MAX}};
		ssize_t got = readv(p->fd, iov, 2);
		if (got <= (ssize_t)p->hdr_len)
			break;
		b->data[n] = b->buf[n];
		b->len[n++] = (size_t)got - p->hdr_len;
	}
	return n;
}

static inline struct tpacket2_hdr *port_slot(const struct port *p, unsigned at)
{
	return (void *)(p->ring + (size_t)(at % PORT_SLOTS) * PORT_SLOT);
}

/* Receives up to PORT_BATCH frames, without waiting; those of the last batch become invalid. */
static inline unsigned port_recv(struct port *p, struct port_batch *b)
{
	unsigned n = 0;

	if (p->is_tap)
		return port_recv_tap(p, b);
	for (; b->taken; b->taken--)
		__atomic_store_n(&port_slot(p, p->at++)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	while (n < PORT_BATCH) {
		const struct tpacket2_hdr *h = port_slot(p, p->at + n);
		if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		b->data[n] = (const uint8_t *)h + h->tp_mac;
		b->len[n++] = h->tp_snaplen;
	}
	b->taken = n;
	return n;
}

/* Sends n frames, at most PORT_BATCH; one that the port has no room for is lost, as on a wire. */
static inline void port_send(const struct port *p, struct iovec *frames, unsigned n)
{
	struct virtio_net_hdr_v1_hash hdr = {0};
	struct mmsghdr m[PORT_BATCH] = {0};

	for (unsigned i = 0; i < n && p->is_tap; i++) {
		struct iovec iov[2] = {{&hdr, p->hdr_len}, frames[i]};
		if (writev(p->fd, iov, 2) < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EIO)
			err(1, "tap");
	}
	if (p->is_tap)
		return;
	for (unsigned i = 0; i < n; i++) {
		m[i].msg_hdr.msg_iov = &frames[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned done = 0; done < n;) {
		int sent = sendmmsg(p->fd, m + done, n - done, 0);
		if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ENETDOWN)
			err(1, "send");
		done += sent > 0 ? (unsigned)sent : 1;
	}
}

#endif
