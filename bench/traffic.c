/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traffic: one guest that sends 64-byte UDP frames as fast as its port takes them,
 * and one that counts those that arrive.
 *
 *   traffic send (-t TAP | -i IFACE | -netdev tap,fd=N) -m MAC -a ADDRESS -M MAC -A ADDRESS [-s SECONDS]
 *   traffic count (...) -m MAC ... [-s SECONDS]
 *
 * -m, -a: this guest; -M, -A: the other. Both addresses are of IPv4, or both of IPv6. send ends after SECONDS. count starts its
 * clock 0.2 s after the first frame and measures for SECONDS. As a hypervisor
 * (qemu-system-traffic) the verb stands after the netdev. One line of key=value.
 *
 * The 64 bytes include the frame check sequence, which no virtual port carries: 60 octets are sent. The headers of
 * IPv6 and UDP alone take 62, so that frame has 64 octets without the sequence.
 */
#include "request.h"

#include <getopt.h>

#define FRAME_4 60u
#define FRAME_6 64u
#define UDP_PORT 9 /* discard, RFC 863 */

struct options {
	const char *verb, *iface, *tap, *netdev;
	uint8_t mac[MAC_LEN], to_mac[MAC_LEN];
	bool six;
	struct in_addr own4, to4;
	struct in6_addr own6, to6;
	double seconds;
	int cpu;
};

/* Returns the frame's length. */
static size_t frame_build(const struct options *o, uint8_t f[static REQUEST_MAX])
{
	const struct ask own = {.mac = {o->mac[0], o->mac[1], o->mac[2], o->mac[3], o->mac[4], o->mac[5]}};

	wrap_eth(&own, f, o->to_mac, o->six ? ETH_P_IPV6 : ETH_P_IP);
	if (o->six)
		return wrap_udp6(f, &o->own6, &o->to6, UDP_PORT, UDP_PORT, FRAME_6 - DATA_6);
	return wrap_udp4(f, o->own4, o->to4, UDP_PORT, UDP_PORT, FRAME_4 - DATA_4);
}

static int run_send(const struct options *o, const struct port *p)
{
	uint8_t f[REQUEST_MAX] = {0};
	struct iovec out[PORT_BATCH];
	uint64_t start = port_now_ns(), end = start + (uint64_t)(o->seconds * 1e9), sent = 0;

	size_t len = frame_build(o, f);
	for (unsigned i = 0; i < PORT_BATCH; i++)
		out[i] = (struct iovec){f, len};
	while (port_now_ns() < end) {
		port_send(p, out, PORT_BATCH);
		sent += PORT_BATCH;
	}
	printf("sent=%llu sent_rate=%.0f\n", (unsigned long long)sent,
	       (double)sent / ((double)(port_now_ns() - start) / 1e9));
	return 0;
}

/* The other guest's datagrams among the frames of one batch. */
static uint64_t count_batch(const struct options *o, struct port *p, struct port_batch *b)
{
	unsigned got = port_recv(p, b), proto = o->six ? ETH + 6 : ETH + 9;
	size_t len = o->six ? FRAME_6 : FRAME_4;
	uint64_t n = 0;

	for (unsigned i = 0; i < got; i++)
		n += b->len[i] == len && memcmp(b->data[i], o->mac, MAC_LEN) == 0 &&
		     memcmp(b->data[i] + 6, o->to_mac, MAC_LEN) == 0 && b->data[i][proto] == IPPROTO_UDP;
	return n;
}

/*
 * Spins, never sleeps. A slow sender would wake a sleeping reader for each frame and a fast one hardly ever, so the
 * figure would be about the scheduler and not the path.
 */
static uint64_t count_until(const struct options *o, struct port *p, struct port_batch *b, uint64_t end, bool first)
{
	uint64_t n = 0;

	while (port_now_ns() < end && !(first && n))
		n += count_batch(o, p, b);
	return n;
}

static int run_count(const struct options *o, struct port *p)
{
	struct port_batch *b = calloc(1, sizeof(*b));

	if (!b)
		err(1, "memory");
	count_until(o, p, b, port_now_ns() + 10000000000u, true);
	count_until(o, p, b, port_now_ns() + 200000000u, false);
	uint64_t start = port_now_ns();
	uint64_t count = count_until(o, p, b, start + (uint64_t)(o->seconds * 1e9), false);
	printf("received=%llu rate=%.0f\n", (unsigned long long)count,
	       (double)count / ((double)(port_now_ns() - start) / 1e9));
	free(b);
	return count ? 0 : 1;
}

static _Noreturn void usage(void)
{
	fputs("usage: traffic (send | count) (-t TAP | -i IFACE | -netdev tap,fd=N)\n"
	      "  -m MAC -a ADDRESS -M OTHER_MAC -A OTHER_ADDRESS [-s SECONDS] [-cpu N]\n",
	      stderr);
	exit(2);
}

static bool parse_address(struct options *o, const char *text, struct in_addr *four, struct in6_addr *six)
{
	bool is6 = strchr(text, ':');

	o->six = o->six || is6;
	return inet_pton(is6 ? AF_INET6 : AF_INET, text, is6 ? (void *)six : (void *)four) == 1;
}

static void option_take(struct options *o, int c, const char *arg)
{
	bool ok = true;

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
	case 's':
		o->seconds = atof(arg);
		break;
	case 'c':
		o->cpu = atoi(arg);
		break;
	case 'm':
		ok = mac_parse(arg, o->mac);
		break;
	case 'M':
		ok = mac_parse(arg, o->to_mac);
		break;
	case 'a':
		ok = parse_address(o, arg, &o->own4, &o->own6);
		break;
	case 'A':
		ok = parse_address(o, arg, &o->to4, &o->to6);
		break;
	default:
		ok = false;
	}
	if (!ok)
		usage();
}

int main(int argc, char **argv)
{
	static const struct option names[] = {{"netdev", 1, NULL, 'n'},
					      {"device", 1, NULL, 'd'},
					      {"cpu", 1, NULL, 'c'},
					      {0}};
	struct options o = {.seconds = 1, .cpu = -1};
	struct port p = {.fd = -1};
	int c;

	while ((c = getopt_long_only(argc, argv, "i:t:s:m:M:a:A:", names, NULL)) != -1)
		option_take(&o, c, optarg);
	if (optind != argc - 1)
		usage();
	o.verb = argv[optind];
	if (o.iface)
		p = port_open_iface(o.iface);
	else if (o.tap)
		p = port_open_tap(o.tap);
	else if (o.netdev)
		p = port_from_tap(port_fd_of_netdev(o.netdev));
	else
		usage();
	port_pin(o.cpu);
	if (strcmp(o.verb, "send") == 0)
		return run_send(&o, &p);
	if (strcmp(o.verb, "count") == 0)
		return run_count(&o, &p);
	usage();
}
