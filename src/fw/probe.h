/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe: finds out what this kernel's nftables can do by trying it, in a new network namespace where it disturbs
 * nobody.
 */
#ifndef FOLD_FW_PROBE_H
#define FOLD_FW_PROBE_H

/* Of each: 0, or the -errno with which the kernel refuses it. */
struct probe {
	int owner;         /* a table that its socket owns (Linux 5.12) */
	int ingress;       /* a netdev chain on an interface's way in */
	int egress;        /* and on its way out (Linux 5.16) */
	int log;           /* `log group` there, and a listener for it */
	int bridge_queue;  /* `queue` in the bridge family, and a listener for it */
	int bridge_reject; /* `reject` in the bridge family */
};

/* Asks the kernel. 0, or -errno where it cannot be asked: -EPERM without privilege. */
int probe_run(struct probe *out);

#endif
