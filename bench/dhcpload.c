/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcpload: asks a server in a closed loop and says how fast it answers.
 *
 * Keeps a window of requests outstanding, each with an identifier of its own,
 * always from one client address: fold serves one MAC a port. An answer makes
 * room for the next request; a request that gets none in time counts as lost
 * and is asked anew. Frames are built once and only patched after that.
 *
 *   dhcpload (-i IFACE | -t TAP) -m MAC [-w WINDOW] [-s SECONDS] ...
 *   qemu-system-dhcpload -netdev tap,fd=N -m MAC ...       as a hypervisor on its own tap
 *
 * Prints one line of key=value. Exit 1 where nothing answered.
 *
 * Specifications: RFC 2131, 2132 (the requests), 1624 (patched checksums).
 */
#include "base/addr.h"
#include "base/csum.h"
#include "hist.h"
#include "port.h"

#include <getopt.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#define WINDOW_MAX 256
#define REQUEST_MAX 400
#define L4 (sizeof(struct ethhdr) + sizeof(struct iphdr))
#define BOOTP (L4 + sizeof(struct udphdr))

/* What the requests are about. */
struct ask {
	uint8_t mac[MAC_LEN];
	struct in_addr expect; /* the address every answer must give; 0: any */
};

/* One kind of request. Identifiers are host order numbers; the kind knows where they stand. */
struct kind {
	const char *name;
	size_t (*build)(const struct ask *ask, uint8_t frame[static REQUEST_MAX]);
	void (*patch)(uint8_t *frame, uint32_t id);
	bool (*match)(const struct ask *ask, const uint8_t *frame, size_t len, uint32_t *id);
};

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

/* Ethernet, IPv4 and UDP headers of a broadcast from a client without an address. */
static void wrap_broadcast4(const struct ask *ask, uint8_t *frame, size_t data_len)
{
	struct in_addr none = {0}, all = {INADDR_NONE};
	uint8_t *ip = frame + sizeof(struct ethhdr), *udp = frame + L4;
	size_t udp_len = sizeof(struct udphdr) + data_len;

	memset(frame, 0xff, MAC_LEN);
	memcpy(frame + MAC_LEN, ask->mac, MAC_LEN);
	put16(frame + 12, ETH_P_IP);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(sizeof(struct iphdr) + udp_len));
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memset(ip + 16, 0xff, 4);
	put16(ip + 10, (uint16_t)~csum_fold(csum_add(0, ip, sizeof(struct iphdr))));
	put16(udp, 68);
	put16(udp + 2, 67);
	put16(udp + 4, (uint32_t)udp_len);
	put16(udp + 6, (uint16_t)~csum_fold(csum_add(csum_pseudo4(none, all, IPPROTO_UDP, udp_len), udp, udp_len)));
}

static size_t discover_build(const struct ask *ask, uint8_t frame[static REQUEST_MAX])
{
	/* The parameter request list of Debian's dhclient. */
	static const uint8_t params[] = {55, 13, 1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42};
	static const uint8_t cookie[] = {99, 130, 83, 99};
	uint8_t *b = frame + BOOTP, *o = b + 236;

	memset(frame, 0, REQUEST_MAX);
	b[0] = 1; /* BOOTREQUEST */
	b[1] = 1; /* Ethernet */
	b[2] = MAC_LEN;
	memcpy(b + 28, ask->mac, MAC_LEN);
	memcpy(o, cookie, sizeof(cookie));
	o += sizeof(cookie);
	memcpy(o, (const uint8_t[]){53, 1, 1, 61, 7, 1}, 6); /* DHCPDISCOVER; client identifier: type, MAC */
	memcpy(o + 6, ask->mac, MAC_LEN);
	memcpy(o + 12, params, sizeof(params));
	o[12 + sizeof(params)] = 255;
	wrap_broadcast4(ask, frame, 300); /* RFC 1542 2.1: BOOTP relays want 300 octets */
	return BOOTP + 300;
}

/* RFC 1624 3, equation 3, over the two halves of the identifier. */
static void discover_patch(uint8_t *frame, uint32_t id)
{
	uint8_t *xid = frame + BOOTP + 4, *sum = frame + L4 + 6;
	uint32_t s = (~get16(sum) & 0xffff) + (~get16(xid) & 0xffff) + (~get16(xid + 2) & 0xffff);

	s += (id >> 16) + (id & 0xffff);
	put16(xid, id >> 16);
	put16(xid + 2, id);
	s = (s & 0xffff) + (s >> 16);
	s = ~(s + (s >> 16)) & 0xffff;
	put16(sum, s ? s : 0xffff); /* RFC 768: 0 would mean that there is no checksum */
}

static int dhcp_message_type(const uint8_t *o, const uint8_t *end)
{
	while (o + 2 < end && *o != 255) {
		if (*o == 53)
			return o[2];
		o += *o == 0 ? 1 : 2 + o[1];
	}
	return 0;
}

/* True for a DHCPOFFER to this client, of the address that is expected. */
static bool discover_match(const struct ask *ask, const uint8_t *frame, size_t len, uint32_t *id)
{
	const uint8_t *b = frame + BOOTP;

	if (len < BOOTP + 244 || get16(frame + 12) != ETH_P_IP || frame[14] != 0x45 || frame[23] != IPPROTO_UDP ||
	    get16(frame + L4) != 67 || get16(frame + L4 + 2) != 68 || b[0] != 2)
		return false;
	if (memcmp(b + 28, ask->mac, MAC_LEN) || (ask->expect.s_addr && memcmp(b + 16, &ask->expect, 4)))
		return false;
	*id = get32(b + 4);
	return dhcp_message_type(b + 240, frame + len) == 2;
}

static const struct kind kinds[] = {
    {"discover", discover_build, discover_patch, discover_match},
};

struct options {
	const struct kind *kind;
	const char *iface, *tap, *netdev;
	struct ask ask;
	unsigned window;
	double seconds, warmup;
	unsigned timeout_ms;
	int cpu;
};

/* One place in the window. Outstanding while sent_ns is not 0. */
struct slot {
	uint32_t id;
	uint64_t sent_ns;
	size_t len;
	uint8_t frame[REQUEST_MAX];
};

struct load {
	const struct options *opt;
	struct port port;
	uint32_t next; /* identifiers are next << 8 | slot, so that an answer finds its slot */
	uint64_t answered, sent, lost, stray;
	struct hist latency;
	struct slot slot[WINDOW_MAX];
	struct port_batch in;
};

/* Asks anew in the n slots named. */
static void load_send(struct load *l, const uint8_t *which, unsigned n, uint64_t now)
{
	struct iovec out[PORT_BATCH];

	for (unsigned i = 0; i < n; i++) {
		struct slot *s = &l->slot[which[i]];
		s->id = l->next++ << 8 | which[i];
		s->sent_ns = now;
		l->opt->kind->patch(s->frame, s->id);
		out[i] = (struct iovec){s->frame, s->len};
	}
	l->sent += n;
	port_send(&l->port, out, n);
}

/* Slots that wait for longer than the time-out are lost and asked anew; so the first ones are sent, too. */
static void load_expire(struct load *l, uint64_t now)
{
	uint64_t limit = (uint64_t)l->opt->timeout_ms * 1000000;
	uint8_t which[PORT_BATCH];
	unsigned n = 0;

	for (unsigned i = 0; i < l->opt->window; i++) {
		struct slot *s = &l->slot[i];
		if (s->sent_ns && now - s->sent_ns < limit)
			continue;
		l->lost += s->sent_ns != 0;
		which[n++] = (uint8_t)i;
		if (n == PORT_BATCH) {
			load_send(l, which, n, now);
			n = 0;
		}
	}
	load_send(l, which, n, now);
}

static void load_receive(struct load *l)
{
	uint8_t which[PORT_BATCH];
	unsigned n = 0, got = port_recv(&l->port, &l->in);
	uint64_t now = port_now_ns();

	for (unsigned i = 0; i < got; i++) {
		uint32_t id;
		if (!l->opt->kind->match(&l->opt->ask, l->in.data[i], l->in.len[i], &id) ||
		    (id & 0xff) >= l->opt->window || l->slot[id & 0xff].id != id) {
			l->stray++;
			continue;
		}
		struct slot *s = &l->slot[id & 0xff];
		hist_add(&l->latency, now - s->sent_ns);
		l->answered++;
		s->id = ~id; /* a second answer to it is a stray one */
		which[n++] = (uint8_t)id;
	}
	if (n)
		load_send(l, which, n, port_now_ns());
}

/* Runs the loop until the clock says `end`, or, with first, until something was answered. */
static void load_until(struct load *l, uint64_t end, bool first)
{
	uint64_t now = port_now_ns(), look = now;

	while (now < end && !(first && l->answered)) {
		if (now >= look) {
			load_expire(l, now);
			look = now + 5000000;
		}
		if (port_wait(&l->port, 5))
			load_receive(l);
		now = port_now_ns();
	}
}

static int load_run(struct load *l)
{
	const struct options *o = l->opt;
	uint64_t now = port_now_ns();

	for (unsigned i = 0; i < o->window; i++)
		l->slot[i].len = o->kind->build(&o->ask, l->slot[i].frame);
	l->next = (uint32_t)now;
	load_until(l, now + 10000000000u, true);
	if (!l->answered)
		errx(1, "no answer within 10 s");
	load_until(l, port_now_ns() + (uint64_t)(o->warmup * 1e9), false);
	l->answered = l->sent = l->lost = l->stray = 0;
	memset(&l->latency, 0, sizeof(l->latency));

	uint64_t start = port_now_ns();
	load_until(l, start + (uint64_t)(o->seconds * 1e9), false);
	double took = (double)(port_now_ns() - start) / 1e9;
	printf("kind=%s window=%u seconds=%.3f answered=%llu rate=%.0f p50_us=%.1f p99_us=%.1f lost=%llu stray=%llu\n",
	       o->kind->name, o->window, took, (unsigned long long)l->answered, (double)l->answered / took,
	       hist_at(&l->latency, 0.5) / 1e3, hist_at(&l->latency, 0.99) / 1e3, (unsigned long long)l->lost,
	       (unsigned long long)l->stray);
	return l->answered ? 0 : 1;
}

static void usage(void)
{
	fputs("usage: dhcpload (-i IFACE | -t TAP | -netdev tap,fd=N) -m MAC\n"
	      "  [-k KIND] [-a ADDRESS] [-w WINDOW] [-s SECONDS] [-warmup SECONDS] [-timeout MS] [-cpu N]\nkinds:",
	      stderr);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		fprintf(stderr, " %s", kinds[i].name);
	fputc('\n', stderr);
	exit(2);
}

static const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	usage();
	return NULL;
}

static void option_take(struct options *o, int c, const char *arg)
{
	switch (c) {
	case 'i':
		o->iface = arg;
		break;
	case 't':
		o->tap = arg;
		break;
	case 'n':
		o->netdev = arg;
		break;
	case 'd':
		break; /* qemu's -device: nothing to do */
	case 'k':
		o->kind = kind_find(arg);
		break;
	case 'w':
		o->window = (unsigned)atoi(arg);
		break;
	case 's':
		o->seconds = atof(arg);
		break;
	case 'u':
		o->warmup = atof(arg);
		break;
	case 'o':
		o->timeout_ms = (unsigned)atoi(arg);
		break;
	case 'c':
		o->cpu = atoi(arg);
		break;
	case 'm':
		if (!mac_parse(arg, o->ask.mac))
			usage();
		break;
	case 'a':
		if (inet_pton(AF_INET, arg, &o->ask.expect) != 1)
			usage();
		break;
	default:
		usage();
	}
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
	    {"netdev", 1, NULL, 'n'},  {"device", 1, NULL, 'd'}, {"warmup", 1, NULL, 'u'},
	    {"timeout", 1, NULL, 'o'}, {"cpu", 1, NULL, 'c'},    {0},
	};
	struct options o = {.kind = &kinds[0], .window = 1, .seconds = 3, .warmup = 0.1, .timeout_ms = 250, .cpu = -1};
	struct load *l = calloc(1, sizeof(*l));
	int c;

	while ((c = getopt_long_only(argc, argv, "i:t:k:m:a:w:s:", names, NULL)) != -1)
		option_take(&o, c, optarg);
	if (!l || optind != argc || mac_is_zero(o.ask.mac) || o.window < 1 || o.window > WINDOW_MAX)
		usage();
	if (o.iface)
		l->port = port_open_iface(o.iface);
	else if (o.tap)
		l->port = port_open_tap(o.tap);
	else if (o.netdev)
		l->port = port_from_tap(port_fd_of_netdev(o.netdev));
	else
		usage();
	port_pin(o.cpu);
	l->opt = &o;
	return load_run(l);
}
