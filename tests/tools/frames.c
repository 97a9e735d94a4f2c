/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames: whole frames out of and into an interface of this network namespace, as hex.
 *
 *   frames send IFACE [-c COUNT] [-r RATE] [HEX...]
 *     Sends the frames, or those that stand one a line on stdin (lines that begin with '#' are skipped), COUNT times (1),
 *     RATE a second (0: as fast as they go). Status 1 where the kernel refused one, after trying the rest.
 *
 *   frames sniff IFACE [-t SECONDS] [-n MAX] [-d in|out] [-f FILTER] [-u FILTER]
 *     Prints every frame as "in HEX" (the interface received it) or "out HEX" (it was sent there), VLAN tags that the
 *     kernel took out put back. The first line, "# sniffing IFACE", says that from now on no frame is missed.
 *     It ends after SECONDS, after MAX frames, after the first frame that matches -u (printed too), on SIGTERM, or
 *     when the interface is deleted.
 *     -f: only frames that match this pcap filter (pcap-filter(7)); -d: only that direction.
 *     Status 0; 1 where -n or -u was given and not reached, or frames were lost.
 *
 * Frames pass one interface in order. So a test needs no waiting: it sends what must not arrive, then one that
 * must, and sniffs with -u until that one is there.
 *
 * Specifications: packet(7).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pcap/pcap.h>

#define FRAME_MAX 65600
#define TAG_LEN 4
#define TAG_AT 12 /* behind the two addresses */

static const char usage_text[] =
    "usage: frames send IFACE [-c COUNT] [-r RATE] [HEX...]\n"
    "       frames sniff IFACE [-t SECONDS] [-n MAX] [-d in|out] [-f FILTER] [-u FILTER]\n"
    "send: the frames given, or one a line on stdin. sniff: prints \"in HEX\" and \"out HEX\" lines after a\n"
    "first line \"# sniffing IFACE\"; ends after SECONDS, MAX frames, the first frame that matches -u, or SIGTERM;\n"
    "status 1 where -n or -u was not reached or frames were lost. craft makes frames.\n";

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("frames: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void __attribute__((noreturn)) usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static double number(const char *text)
{
	char *end = NULL;
	double v = strtod(text, &end);

	if (end == text || *end || v < 0)
		die("not a number: %s", text);
	return v;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/*
 * A raw socket on iface for frames of `protocol` (host order; 0: none). With a frame comes the VLAN tag that the
 * kernel took out.
 */
static int open_packet(const char *iface, uint16_t protocol)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	struct sockaddr_ll at = {
	    .sll_family = AF_PACKET,
	    .sll_protocol = htons(protocol),
	    .sll_ifindex = (int)if_nametoindex(iface),
	};
	if (at.sll_ifindex == 0)
		die("%s: no such interface", iface);
	/* All is set before the socket is bound, so that it holds for the first frame too. The room is for a flood. */
	int room = 32 << 20, on = 1;
	struct packet_mreq all = {.mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    (protocol && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0))
		die("%s: %s", iface, strerror(errno));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("%s: bind: %s", iface, strerror(errno));
	return fd;
}

/* ---- send ---- */

struct one {
	uint8_t *data;
	size_t len;
};

struct frame_list {
	struct one *v;
	size_t n;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Blanks and colons between digits are fine; so is "in" or "out" in front, so that what was sniffed can be sent. */
static void add_frame(struct frame_list *l, const char *text)
{
	uint8_t buf[FRAME_MAX];
	size_t digits = 0;

	text += strncmp(text, "in ", 3) == 0 ? 3 : strncmp(text, "out ", 4) == 0 ? 4 : 0;
	for (const char *c = text; *c; c++) {
		int d = hex_digit(*c);
		if (d < 0 && strchr(" \t:\r\n", *c))
			continue;
		if (d < 0 || digits / 2 >= sizeof(buf))
			die("not hex, or too long: %.40s", text);
		buf[digits / 2] = (uint8_t)(digits % 2 ? buf[digits / 2] | d : d << 4);
		digits++;
	}
	if (digits == 0 || digits % 2)
		die("not whole bytes: %.40s", text);
	if (l->n % 1024 == 0)
		l->v = reallocarray(l->v, l->n + 1024, sizeof(*l->v));
	uint8_t *copy = malloc(digits / 2);
	if (!l->v || !copy)
		die("out of memory");
	memcpy(copy, buf, digits / 2);
	l->v[l->n++] = (struct one){.data = copy, .len = digits / 2};
}

static void read_frames(struct frame_list *l)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) >= 0)
		if (line[0] != '#' && line[strspn(line, " \t\r\n")])
			add_frame(l, line);
	free(line);
}

/*
 * Waits while the queue is full, but not for ever: a rule that drops on the way out gives the same error. Any other
 * error is the frame's own fault.
 */
static bool send_one(int fd, const struct one *f)
{
	for (int i = 0; i < 1000; i++) {
		if (send(fd, f->data, f->len, 0) >= 0)
			return true;
		if (errno == ENETDOWN || errno == ENXIO || errno == ENODEV)
			die("the interface is down or gone");
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return false;
		usleep(100);
	}
	return false;
}

static int do_send(int argc, char **argv)
{
	struct frame_list l = {0};
	uint64_t count = 1;
	double rate = 0;
	int o;

	while ((o = getopt(argc, argv, "c:r:")) != -1) {
		if (o == 'c')
			count = (uint64_t)number(optarg);
		else if (o == 'r')
			rate = number(optarg);
		else
			usage();
	}
	if (optind >= argc)
		usage();
	int fd = open_packet(argv[optind], 0);
	for (int i = optind + 1; i < argc; i++)
		add_frame(&l, argv[i]);
	if (optind + 1 == argc)
		read_frames(&l);

	int status = 0;
	uint64_t start = now_ns();
	for (uint64_t sent = 0; sent < count * l.n; sent++) {
		uint64_t due = rate > 0 ? start + (uint64_t)((double)sent * 1e9 / rate) : 0;
		uint64_t now = due ? now_ns() : 0;
		if (due > now)
			usleep((useconds_t)((due - now) / 1000));
		if (!send_one(fd, &l.v[sent % l.n])) {
			fprintf(stderr, "frames: frame %zu: %s\n", (size_t)(sent % l.n) + 1, strerror(errno));
			status = 1;
		}
	}
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i].data);
	free(l.v);
	close(fd);
	return status;
}

/* ---- sniff ---- */

struct sniff {
	const char *iface;
	uint64_t end_ns; /* 0: for ever */
	uint64_t max;    /* 0: any number */
	uint64_t seen;
	bool in, out;
	struct bpf_program only, until;
	bool has_only, has_until;
	bool reached, gone;
};

static void compile(struct bpf_program *to, const char *filter)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, FRAME_MAX);

	if (!p || pcap_compile(p, to, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		die("filter: %s: %s", filter, p ? pcap_geterr(p) : "out of memory");
	pcap_close(p);
}

static bool matches(const struct bpf_program *filter, const uint8_t *frame, size_t len)
{
	struct pcap_pkthdr h = {.caplen = (bpf_u_int32)len, .len = (bpf_u_int32)len};

	return pcap_offline_filter(filter, &h, frame) != 0;
}

/* Gets the VLAN tag that the kernel took out of the frame; false if there is none. */
static bool taken_tag(struct msghdr *m, uint8_t tag[static TAG_LEN])
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		struct tpacket_auxdata a;
		memcpy(&a, CMSG_DATA(c), sizeof(a));
		if (!(a.tp_status & TP_STATUS_VLAN_VALID))
			return false;
		uint16_t tpid = a.tp_status & TP_STATUS_VLAN_TPID_VALID ? a.tp_vlan_tpid : ETHERTYPE_VLAN;
		tag[0] = (uint8_t)(tpid >> 8);
		tag[1] = (uint8_t)tpid;
		tag[2] = (uint8_t)(a.tp_vlan_tci >> 8);
		tag[3] = (uint8_t)a.tp_vlan_tci;
		return true;
	}
	return false;
}

static void print_frame(bool out, const uint8_t *frame, size_t len)
{
	static char line[2 * FRAME_MAX + 8];
	static const char digits[] = "0123456789abcdef";
	char *p = line + sprintf(line, out ? "out " : "in ");

	for (size_t i = 0; i < len; i++) {
		*p++ = digits[frame[i] >> 4];
		*p++ = digits[frame[i] & 15];
	}
	*p++ = '\n';
	fwrite(line, 1, (size_t)(p - line), stdout);
}

/* Takes one frame; false when none is there. */
static bool take_frame(struct sniff *s, int fd)
{
	static uint8_t buf[TAG_LEN + FRAME_MAX];
	uint8_t *frame = buf + TAG_LEN;
	struct sockaddr_ll from;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec iov = {.iov_base = frame, .iov_len = FRAME_MAX};
	struct msghdr m = {
	    .msg_name = &from,
	    .msg_namelen = sizeof(from),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

	/*
	 * The kernel reports ENETDOWN once: if the interface is down, frames come when it is up again; or it was
	 * deleted.
	 */
	if (n < 0) {
		bool down = errno == ENETDOWN, again = down || errno == EINTR;
		s->gone = down && if_nametoindex(s->iface) == 0;
		return again && !s->gone;
	}
	bool out = from.sll_pkttype == PACKET_OUTGOING;
	if (out ? !s->out : !s->in)
		return true;
	size_t len = (size_t)n;
	uint8_t tag[TAG_LEN];
	if (len >= TAG_AT && taken_tag(&m, tag)) {
		frame = buf;
		memmove(frame, frame + TAG_LEN, TAG_AT);
		memcpy(frame + TAG_AT, tag, TAG_LEN);
		len += TAG_LEN;
	}
	bool last = s->has_until && matches(&s->until, frame, len);
	if (last || !s->has_only || matches(&s->only, frame, len)) {
		print_frame(out, frame, len);
		s->seen++;
	}
	s->reached = last || (s->max && s->seen >= s->max);
	return true;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void sniff(struct sniff *s, int fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = open_signals(), .events = POLLIN}};

	while (!s->reached && !s->gone) {
		uint64_t now = now_ns();
		if (s->end_ns && now >= s->end_ns)
			break;
		/* Rounded up, so that the loop does not spin through the last millisecond. */
		int wait_ms = s->end_ns ? (int)((s->end_ns - now) / 1000000 + 1) : -1;
		if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		/* What arrived before the signal still counts. */
		while (!s->reached && take_frame(s, fd))
			continue;
		if (fds[1].revents)
			break;
	}
	close(fds[1].fd);
}

static void parse_sniff(struct sniff *s, int argc, char **argv)
{
	double seconds = 0;
	int o;

	while ((o = getopt(argc, argv, "t:n:d:f:u:")) != -1) {
		switch (o) {
		case 't':
			seconds = number(optarg);
			break;
		case 'n':
			s->max = (uint64_t)number(optarg);
			break;
		case 'd':
			if (strcmp(optarg, "in") != 0 && strcmp(optarg, "out") != 0)
				usage();
			s->in = optarg[0] == 'i';
			s->out = !s->in;
			break;
		case 'f':
			compile(&s->only, optarg);
			s->has_only = true;
			break;
		case 'u':
			compile(&s->until, optarg);
			s->has_until = true;
			break;
		default:
			usage();
		}
	}
	if (optind + 1 != argc)
		usage();
	if (seconds > 0)
		s->end_ns = now_ns() + (uint64_t)(seconds * 1e9);
}

static int do_sniff(int argc, char **argv)
{
	struct sniff s = {.in = true, .out = true};

	parse_sniff(&s, argc, argv);
	s.iface = argv[optind];
	int fd = open_packet(s.iface, ETH_P_ALL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# sniffing %s\n", s.iface);
	sniff(&s, fd);

	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	close(fd);
	if (s.has_only)
		pcap_freecode(&s.only);
	if (s.has_until)
		pcap_freecode(&s.until);
	if (stats.tp_drops) {
		fprintf(stderr, "frames: %u frames lost\n", stats.tp_drops);
		return 1;
	}
	return (s.max || s.has_until) && !s.reached;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (argc >= 2 && strcmp(argv[1], "send") == 0)
		return do_send(argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "sniff") == 0)
		return do_sniff(argc - 1, argv + 1);
	usage();
}
