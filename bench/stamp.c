/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stamp: a hypervisor that says when it was started, or when its guest was served.
 *
 *   qemu-system-stamp [-stay] [-ask OWN GATEWAY] ... -netdev tap,...,fd=N -device ...,mac=MAC
 *
 * Prints "stamp_ns=N", CLOCK_MONOTONIC at its main, and ends. With -ask it first asks for the MAC of GATEWAY by ARP, as
 * the guest with the address OWN would, again and again until it gets an answer: the time is then that of the answer.
 * With -stay it then sleeps until a signal ends it, holding its tap as a running VM would. Everything else in its
 * arguments is a hypervisor's business.
 *
 * It is linked statically, because fold's part ends with the exec: dynamic linking is the program's own.
 */
#include "port.h"

#include <netinet/if_ether.h>

#define AGAIN_US 100

struct options {
	bool stay;
	const char *netdev, *mac;
	struct in_addr own, gateway; /* gateway 0: ask nothing */
};

static void read_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		const char *mac = strstr(argv[i], ",mac=");
		if (mac)
			o->mac = mac + 5;
		if (strstr(argv[i], ",fd="))
			o->netdev = argv[i];
		if (strcmp(argv[i], "-stay") == 0)
			o->stay = true;
		if (strcmp(argv[i], "-ask") == 0 && i + 2 < argc &&
		    (inet_pton(AF_INET, argv[i + 1], &o->own) != 1 ||
		     inet_pton(AF_INET, argv[i + 2], &o->gateway) != 1))
			errx(1, "-ask OWN GATEWAY: two IPv4 addresses");
	}
}

static void build_request(const struct options *o, uint8_t frame[static 60])
{
	struct ether_header *eth = (void *)frame;
	struct ether_arp *arp = (void *)(frame + sizeof(*eth));
	uint8_t *mac = eth->ether_shost;

	if (!o->mac || sscanf(o->mac, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4,
			      mac + 5) != 6)
		errx(1, "no mac= in the arguments");
	memset(eth->ether_dhost, 0xff, ETH_ALEN);
	eth->ether_type = htons(ETH_P_ARP);
	arp->ea_hdr = (struct arphdr){htons(ARPHRD_ETHER), htons(ETH_P_IP), ETH_ALEN, 4, htons(ARPOP_REQUEST)};
	memcpy(arp->arp_sha, mac, ETH_ALEN);
	memcpy(arp->arp_spa, &o->own, 4);
	memcpy(arp->arp_tpa, &o->gateway, 4);
}

static bool answers(const struct options *o, const uint8_t *frame, size_t len)
{
	const struct ether_header *eth = (const void *)frame;
	const struct ether_arp *arp = (const void *)(frame + sizeof(*eth));

	return len >= sizeof(*eth) + sizeof(*arp) && eth->ether_type == htons(ETH_P_ARP) &&
	       arp->ea_hdr.ar_op == htons(ARPOP_REPLY) && memcmp(arp->arp_spa, &o->gateway, 4) == 0;
}

/* The rules count what a guest sends before they are complete, and do not answer it. */
static uint64_t ask(const struct options *o)
{
	static struct port_batch got;
	uint8_t frame[60] = {0};
	struct iovec out = {frame, sizeof(frame)};
	struct port p = port_from_tap(port_fd_of_netdev(o->netdev ? o->netdev : ""));

	build_request(o, frame);
	for (;;) {
		port_send(&p, &out, 1);
		ppoll(&(struct pollfd){.fd = p.fd, .events = POLLIN}, 1, &(struct timespec){.tv_nsec = AGAIN_US * 1000},
		      NULL);
		for (unsigned n = port_recv(&p, &got); n > 0; n--)
			if (answers(o, got.data[n - 1], got.len[n - 1]))
				return port_now_ns();
	}
}

int main(int argc, char **argv)
{
	uint64_t at = port_now_ns();
	struct options o = {0};

	read_options(argc, argv, &o);
	if (o.gateway.s_addr)
		at = ask(&o);
	printf("stamp_ns=%llu\n", (unsigned long long)at);
	if (fflush(stdout) != 0)
		return 1;
	while (o.stay)
		pause();
	return 0;
}
