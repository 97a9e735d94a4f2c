/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attack: the program behind tests/fw/run. Called as qemu-system-attack it is the VMs' hypervisor (hold.c);
 * otherwise:
 *
 *   attack DIR NETNS cases | marked | hijack | mutate SEED FRAMES | flood | flush | life IFACE FOLD-COMMAND...
 *
 * DIR has the sockets by which the VMs' hypervisors lend their taps, NETNS is the path of the namespace with the
 * containers' ends. Prints TAP lines without numbers on stdout.
 */
#include "attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number(const char *text)
{
	char *end = NULL;
	unsigned long v = strtoul(text, &end, 0);

	if (end == text || *end || v > UINT32_MAX)
		die("%s: not a number", text);
	return (uint32_t)v;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	if (strcmp(slash ? slash + 1 : argv[0], "qemu-system-attack") == 0)
		return hold(argc, argv);
	if (argc < 4) {
		fputs(
		    "usage: attack DIR NETNS cases | marked | hijack | mutate SEED FRAMES | flood | flush | life IFACE FOLD-COMMAND...\n",
		    stderr);
		return 2;
	}
	ports_open(argv[1], argv[2]);
	for (int p = 0; p < VMS; p++)
		settle((enum port)p);
	if (strcmp(argv[3], "cases") == 0)
		return run_cases();
	if (strcmp(argv[3], "marked") == 0)
		return run_marked();
	if (strcmp(argv[3], "hijack") == 0)
		return run_hijack();
	if (strcmp(argv[3], "mutate") == 0 && argc == 6)
		return run_mutate(number(argv[4]), number(argv[5]));
	if (strcmp(argv[3], "flood") == 0)
		return run_flood();
	if (strcmp(argv[3], "flush") == 0)
		return run_flush();
	if (strcmp(argv[3], "life") == 0 && argc > 5)
		return run_life(argv + 5, argv[4]);
	die("%s: unknown part", argv[3]);
}
