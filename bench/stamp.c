/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stamp: a hypervisor that says when it was started, or when its guest was served.
 *
 *   qemu-system-stamp [-stay] [-ask ADDRESS] ... -netdev tap,...,fd=N -device ...,mac=MAC
 *
 * Prints "stamp_ns=N", CLOCK_MONOTONIC at its first instruction, and ends. With -ask its guest first asks for its
 * address by DHCP, again and again until it is offered ADDRESS: the time is then that of the offer. With -stay it then
 * sleeps until a signal ends it, holding its tap as a running VM would. Everything else in its arguments is a
 * hypervisor's business.
 *
 * fold's part ends with the exec. What a program does from its first instruction to its main is its own: dynamic
 * linking, for which this one is linked statically, and then the C library's start, for which it has an entry of its
 * own. The latter takes 1.5 ms where the host traps what it asks the processor (CPUID).
 */
#include "kinds.h"

#include <sys/syscall.h>

#define AGAIN_US 250

/* CLOCK_MONOTONIC at the first instruction. Where the processor is another one, at main. */
static struct timespec entered __attribute__((used));
#ifdef __x86_64__
/* No more than the registers that a system call may change anyway: all else is for _start, as the kernel set it. */
__asm__(".globl stamp_entry\n"
	"stamp_entry:\n"
	"	mov $228, %eax\n" /* clock_gettime */
	"	mov $1, %edi\n"   /* CLOCK_MONOTONIC */
	"	lea entered(%rip), %rsi\n"
	"	syscall\n"
	"	jmp _start\n");
_Static_assert(SYS_clock_gettime == 228 && CLOCK_MONOTONIC == 1, "as in stamp_entry");
#endif

struct options {
	bool stay, asks;
	const char *netdev;
	struct ask ask;
};

static void read_options(int argc, char **argv, struct options *o)
{
	char mac[MAC_TEXT];

	for (int i = 1; i < argc; i++) {
		const char *at = strstr(argv[i], ",mac=");
		snprintf(mac, sizeof(mac), "%s", at ? at + 5 : "");
		if (at && !mac_parse(mac, o->ask.mac))
			errx(1, "%s: no MAC", argv[i]);
		if (strstr(argv[i], ",fd="))
			o->netdev = argv[i];
		if (strcmp(argv[i], "-stay") == 0)
			o->stay = true;
		if (strcmp(argv[i], "-ask") == 0 && i + 1 < argc) {
			o->asks = true;
			if (inet_pton(AF_INET, argv[i + 1], &o->ask.own4) != 1)
				errx(1, "-ask %s: no IPv4 address", argv[i + 1]);
		}
	}
}

/* Returns the time of the offer. What the guest sends before the rules are complete is dropped. */
static uint64_t ask(const struct options *o)
{
	static struct port_batch got;
	const struct kind *discover = &kinds[0];
	const struct timespec again = {.tv_nsec = AGAIN_US * 1000};
	uint8_t frame[REQUEST_MAX];
	struct iovec out = {frame, discover->build(discover, &o->ask, frame)};
	struct port p = port_from_tap(port_fd_of_netdev(o->netdev ? o->netdev : ""));
	uint32_t id;

	for (;;) {
		port_send(&p, &out, 1);
		ppoll(&(struct pollfd){.fd = p.fd, .events = POLLIN}, 1, &again, NULL);
		for (unsigned n = port_recv(&p, &got); n > 0; n--)
			if (discover->match(discover, &o->ask, got.data[n - 1], got.len[n - 1], &id) == MATCH_YES)
				return port_now_ns();
	}
}

int main(int argc, char **argv)
{
	uint64_t at = (uint64_t)entered.tv_sec * 1000000000 + (uint64_t)entered.tv_nsec;
	struct options o = {0};

	if (!at)
		at = port_now_ns();
	read_options(argc, argv, &o);
	if (o.asks)
		at = ask(&o);
	printf("stamp_ns=%llu\n", (unsigned long long)at);
	if (fflush(stdout) != 0)
		return 1;
	while (o.stay)
		pause();
	return 0;
}
