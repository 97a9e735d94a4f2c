/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pump: a "hypervisor" whose guest is a network namespace.
 *
 * Installed under the name qemu-system-pump, fold runs it like any hypervisor. It takes the tap from its arguments,
 * makes a second tap in a namespace, with the guest's MAC, and carries frames between the two. Every program in that
 * namespace is then a guest behind a real fold port, after milliseconds instead of a boot.
 *
 *   qemu-system-pump -netdev tap,id=ID,fd=N -device virtio-net-pci,netdev=ID,mac=MAC
 *                    [-fold-pump netns=NAME|PATH[,ifname=eth0][,mac=MAC][,offload=none|csum|tso][,mtu=BYTES]
 *                                [,after=SECONDS][,exit=STATUS]]
 *
 * netns     a name as `ip netns` has it, or a path such as /proc/PID/ns/net (else PUMP_NETNS in the environment)
 * ifname    the guest's interface (else PUMP_IFNAME, else eth0)
 * mac       where the guest's card is to differ from -device: a guest that lies from its first frame
 * offload   what the guest's virtio card can do: none: every checksum is complete (default); csum: checksums stay
 *           partial in both directions; tso: and TCP segments of up to 64 KiB pass whole
 * after     ends by itself after that time, with the status `exit` (0); exit alone: at once, before any tap is made
 *
 * All other arguments are ignored. It is ready when the guest's interface is up, which is the last thing it does.
 * SIGTERM, SIGINT, SIGHUP and the end of the guest's tap end it with status 0. Like a real hypervisor it stays when
 * fold's own tap is gone. Errors: one line, status 1.
 *
 * Specifications: the kernel's tun/tap driver, and the header that virtio_net.h (virtio 1.1 5.1.6) puts before a frame.
 * Both taps get the same header, so that frames pass with it, untouched.
 */
#include "base/addr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

/* The largest frame with segmentation offload, and its header. */
#define FRAME_MAX (65536 + 256)
/* Frames taken from one side before the other gets its turn. */
#define TURN 64

struct pump {
	int fd; /* fold's tap, -1 until found */
	const char *netns;
	const char *ifname;
	uint8_t mac[MAC_LEN];
	bool has_mac;
	unsigned offload; /* TUN_F_ */
	int mtu;          /* 0: the kernel's */
	long after_ms;    /* -1: for ever */
	int exit_status;  /* -1: none was asked for */
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("pump: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static long number(const char *text, const char *what)
{
	char *end = NULL;

	errno = 0;
	long v = strtol(text, &end, 10);
	if (errno || end == text || *end || v < 0 || v > INT32_MAX / 1000)
		die("%s: not a number: %s", what, text);
	return v;
}

static void take_mac(struct pump *p, const char *text)
{
	if (!mac_parse(text, p->mac))
		die("not a MAC address: %s", text);
	p->has_mac = true;
}

/* "tap,id=hn0,fd=5,..." and "virtio-net-pci,netdev=hn0,mac=...": the first tap and the first card are fold's. */
static void take_netdev(struct pump *p, char *words)
{
	if (p->fd >= 0 || strncmp(words, "tap,", 4) != 0)
		return;
	for (char *save = NULL, *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (strncmp(w, "fd=", 3) == 0)
			p->fd = (int)number(w + 3, "fd");
}

static void take_device(struct pump *p, char *words)
{
	if (p->has_mac || strncmp(words, "virtio-net", 10) != 0)
		return;
	for (char *save = NULL, *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (strncmp(w, "mac=", 4) == 0)
			take_mac(p, w + 4);
}

static unsigned offload_of(const char *text)
{
	if (strcmp(text, "none") == 0)
		return 0;
	if (strcmp(text, "csum") == 0)
		return TUN_F_CSUM;
	if (strcmp(text, "tso") == 0)
		return TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	die("offload: none, csum or tso, not %s", text);
}

static void take_own(struct pump *p, char *words)
{
	for (char *save = NULL, *w = strtok_r(words, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		char *v = strchr(w, '=');
		if (!v)
			die("-fold-pump: no value: %s", w);
		*v++ = '\0';
		if (strcmp(w, "netns") == 0)
			p->netns = v;
		else if (strcmp(w, "ifname") == 0)
			p->ifname = v;
		else if (strcmp(w, "mac") == 0)
			take_mac(p, v);
		else if (strcmp(w, "offload") == 0)
			p->offload = offload_of(v);
		else if (strcmp(w, "mtu") == 0)
			p->mtu = (int)number(v, "mtu");
		else if (strcmp(w, "after") == 0)
			p->after_ms = (long)(strtod(v, NULL) * 1000);
		else if (strcmp(w, "exit") == 0)
			p->exit_status = (int)number(v, "exit");
		else
			die("-fold-pump: unknown word: %s", w);
	}
}

static void parse(struct pump *p, int argc, char **argv)
{
	/* -fold-pump first: a mac= there overrides that of the card. */
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "-fold-pump") == 0)
			take_own(p, argv[++i]);
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "-netdev") == 0)
			take_netdev(p, argv[++i]);
		else if (strcmp(argv[i], "-device") == 0)
			take_device(p, argv[++i]);
	}
	if (p->exit_status >= 0 && p->after_ms < 0)
		return;
	if (p->fd < 0)
		die("no -netdev tap,...,fd=N among the arguments");
	if (!p->has_mac)
		die("no -device virtio-net-...,mac=MAC among the arguments");
	if (!p->netns)
		die("no namespace: -fold-pump netns=NAME, or PUMP_NETNS");
	if (strlen(p->ifname) >= IFNAMSIZ)
		die("ifname: %s: 15 bytes at most", p->ifname);
}

static int open_netns(const char *name)
{
	char path[256];

	if (strchr(name, '/'))
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* The flags of fold's tap that the guest's must share, and the length of the header before each frame. */
static short tap_flags(int fd, int *header)
{
	struct ifreq ifr = {0};

	if (ioctl(fd, TUNGETIFF, &ifr) < 0)
		die("file descriptor %d is no tap: %s", fd, strerror(errno));
	if (!(ifr.ifr_flags & IFF_TAP))
		die("file descriptor %d is a tun, not a tap", fd);
	if (!(ifr.ifr_flags & IFF_NO_PI))
		die("the tap wants packet information: no hypervisor can use it");
	*header = 0;
	if (!(ifr.ifr_flags & IFF_VNET_HDR))
		return IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNGETVNETHDRSZ, header) < 0)
		die("TUNGETVNETHDRSZ: %s", strerror(errno));
	return IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
}

/* What this tap may hand over incomplete (checksums, segments), which only the virtio header makes possible. */
static void set_offload(int fd, int header, unsigned offload)
{
	if (offload && !header)
		die("offload needs a tap with IFF_VNET_HDR");
	if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)offload) < 0)
		die("TUNSETOFFLOAD: %s", strerror(errno));
}

/* By rtnetlink: fold's system-call filter refuses its hypervisors the request that would do it by the tap. */
static int set_mac(const char *name, const uint8_t mac[static MAC_LEN])
{
	char buf[1024];
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put(h, IFLA_ADDRESS, MAC_LEN, mac);
	ssize_t got = mnl_socket_sendto(s, h, h->nlmsg_len);
	if (got >= 0)
		got = mnl_socket_recvfrom(s, buf, sizeof(buf));
	int err = got < 0 || mnl_cb_run(buf, (size_t)got, 0, 0, NULL, NULL) < 0 ? -errno : 0;
	mnl_socket_close(s);
	return err;
}

static void configure(const struct pump *p, int sock, const struct ifreq *named)
{
	struct ifreq ifr = *named;
	int err = set_mac(p->ifname, p->mac);

	if (err)
		die("%s: cannot set its MAC: %s", p->ifname, strerror(-err));
	ifr.ifr_mtu = p->mtu;
	if (p->mtu && ioctl(sock, SIOCSIFMTU, &ifr) < 0)
		die("%s: cannot set its MTU: %s", p->ifname, strerror(errno));
	ifr = *named;
	if (ioctl(sock, SIOCGIFFLAGS, &ifr) < 0)
		die("%s: %s", p->ifname, strerror(errno));
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &ifr) < 0)
		die("%s: cannot bring it up: %s", p->ifname, strerror(errno));
}

/* Makes the guest's card, whose link is up on return. */
static int open_guest(const struct pump *p)
{
	struct ifreq ifr = {0};
	int header = 0;
	int own = open_netns("/proc/self/ns/net");
	int netns = open_netns(p->netns);

	ifr.ifr_flags = tap_flags(p->fd, &header);
	set_offload(p->fd, header, p->offload);
	if (setns(netns, CLONE_NEWNET) < 0)
		die("%s: cannot enter: %s", p->netns, strerror(errno));
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die("/dev/net/tun: %s", strerror(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", p->ifname);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		die("%s: cannot make it: %s", p->ifname, strerror(errno));
	if (header && ioctl(fd, TUNSETVNETHDRSZ, &header) < 0)
		die("TUNSETVNETHDRSZ: %s", strerror(errno));
	set_offload(fd, header, p->offload);
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		die("socket: %s", strerror(errno));
	memset(&ifr, 0, sizeof(ifr));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", p->ifname);
	configure(p, sock, &ifr);
	close(sock);
	/* Back to the first namespace: the guest's must end with its own processes and this tap. */
	if (setns(own, CLONE_NEWNET) < 0)
		die("cannot return to the first namespace: %s", strerror(errno));
	close(netns);
	close(own);
	return fd;
}

/*
 * Up to TURN frames from one side to the other. A frame that the other side does not take is lost, as on a wire.
 * False when `from` is gone: its interface was deleted.
 */
static bool carry(int from, int to)
{
	static uint8_t frame[FRAME_MAX];

	for (int i = 0; i < TURN; i++) {
		ssize_t n = read(from, frame, sizeof(frame));
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (write(to, frame, (size_t)n) < 0)
			continue;
	}
	return true;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd: %s", strerror(errno));
	return fd;
}

/* Readable after ms; -1 for never, which poll ignores. */
static int open_timer(long ms)
{
	if (ms < 0)
		return -1;
	struct itimerspec at = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 + 1}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (fd < 0 || timerfd_settime(fd, 0, &at, NULL) < 0)
		die("timer: %s", strerror(errno));
	return fd;
}

static int pump(int fold, int guest, int signals, int timer, int status)
{
	struct pollfd fds[] = {
	    {.fd = fold, .events = POLLIN},
	    {.fd = guest, .events = POLLIN},
	    {.fd = signals, .events = POLLIN},
	    {.fd = timer, .events = POLLIN},
	};

	for (;;) {
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0) {
			if (errno == EINTR)
				continue;
			die("poll: %s", strerror(errno));
		}
		if (fds[2].revents) {
			/* Frames that fold sent before the signal still reach the guest. */
			carry(fold, guest);
			return 0;
		}
		if (fds[3].revents)
			return status;
		/* fold may delete its tap under a running hypervisor: the guest then merely has no cable. */
		if (fds[0].revents && !carry(fold, guest))
			fds[0].fd = -1;
		if (fds[1].revents && !carry(guest, fold))
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct pump p = {.fd = -1, .after_ms = -1, .exit_status = -1};

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		puts(
		    "usage: qemu-system-pump -netdev tap,id=ID,fd=N -device virtio-net-pci,netdev=ID,mac=MAC\n"
		    "         [-fold-pump netns=NAME|PATH[,ifname=NAME][,mac=MAC][,offload=none|csum|tso][,mtu=BYTES]\n"
		    "                     [,after=SECONDS][,exit=STATUS]]\n"
		    "Carries frames between the tap and one it makes in the namespace. The head of pump.c says the rest.");
		return 0;
	}
	p.netns = getenv("PUMP_NETNS");
	p.ifname = getenv("PUMP_IFNAME");
	if (!p.ifname)
		p.ifname = "eth0";
	parse(&p, argc, argv);
	if (p.exit_status >= 0 && p.after_ms < 0)
		return p.exit_status;

	int signals = open_signals();
	int timer = open_timer(p.after_ms);
	int flags = fcntl(p.fd, F_GETFL);
	if (flags < 0 || fcntl(p.fd, F_SETFL, flags | O_NONBLOCK) < 0)
		die("file descriptor %d: %s", p.fd, strerror(errno));
	int guest = open_guest(&p);
	return pump(p.fd, guest, signals, timer, p.exit_status < 0 ? 0 : p.exit_status);
}
