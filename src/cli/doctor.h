/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor: `fold doctor`: what keeps a VM on this machine from working, and the command that mends it. */
#ifndef FOLD_CLI_DOCTOR_H
#define FOLD_CLI_DOCTOR_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>

#include <net/if.h>

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARN,  /* fold starts, and something will not work as one may expect */
	DOCTOR_FAULT, /* fold does not start */
};

#define DOCTOR_ROWS 40

struct doctor_row {
	const char *check;
	enum doctor_state state;
	struct report found, mend; /* their msg; the second is empty where there is nothing to do */
};

struct doctor {
	char bridge[IFNAMSIZ];
	bool local;
	bool json;
	struct doctor_row rows[DOCTOR_ROWS];
	size_t count;
};

/* `fold doctor`: argv[1] is the command; returns the exit status: 1 where there is a fault. */
int command_doctor(int argc, char **argv);

/* found: adds a row. mend: says what to do about the row added last, a command or a sentence. */
void doctor_found(struct doctor *d, const char *check, enum doctor_state state, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void doctor_mend(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What to do about err, of either sign: "run this as root" where only root has that right, else `otherwise`. */
const char *doctor_as_root(int err, const char *otherwise);

/*
 * The checks, each a row or some: of the machine (doctor_host.c, doctor_left.c), of the kernel's rules and of the network
 * (doctor_net.c).
 */
void doctor_kernel(struct doctor *d);
void doctor_root(struct doctor *d);
void doctor_rights(struct doctor *d);
void doctor_files(struct doctor *d);
void doctor_tun(struct doctor *d);
void doctor_kvm(struct doctor *d);
void doctor_hypervisor(struct doctor *d);
void doctor_config(struct doctor *d);
void doctor_places(struct doctor *d);
void doctor_resolvers(struct doctor *d);
void doctor_store(struct doctor *d);
void doctor_leftovers(struct doctor *d);
void doctor_nft(struct doctor *d);
void doctor_bridge(struct doctor *d);
void doctor_weave(struct doctor *d);

#endif
