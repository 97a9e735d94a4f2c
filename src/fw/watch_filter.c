/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every change of nftables is said to everybody who listens, also each address that ALLOW lets in for one of the VMs, in its own netdev
 * table: a busy guest would wake the processes of all others.
 *
 * The kernel packs what one transaction did into as few datagrams as it can, whatever tables it was about: behind a message of the netdev
 * family may stand one of the bridge family. So a datagram is dropped only where every message in it was looked at. The language has no
 * loops: what is longer than the program passes.
 */
#include "fw/watch_filter.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

/* One message takes so many instructions; a datagram of the kernel's is shorter than a page, most messages about 100 octets. */
#define STEP 26
#define STEPS 40

/* Memory: where the message begins, and how long it is. */
enum { AT, LENGTH };

enum {
	PASS = 65535, /* octets */
	FAMILY = NLMSG_HDRLEN + offsetof(struct nfgenmsg, nfgen_family),
	LITTLE = __BYTE_ORDER == __LITTLE_ENDIAN,
};

/* The octets of a message's length, the last first; netlink has it as the processor does, and a filter reads big-endian numbers alone. */
enum { LENGTH_0 = LITTLE ? 0 : 3, LENGTH_1 = LITTLE ? 1 : 2, LENGTH_2_3 = LITTLE ? 2 : 0 };

struct program {
	struct sock_filter at[2 + STEP * STEPS + 1];
	unsigned short count;
};

static void put(struct program *p, uint16_t code, uint32_t k)
{
	p->at[p->count++] = (struct sock_filter)BPF_STMT(code, k);
}

/* Skips so many instructions where it holds, and so many where it does not. */
static void skip(struct program *p, uint16_t code, uint32_t k, uint8_t where, uint8_t where_not)
{
	p->at[p->count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | code, k, where, where_not);
}

/* Behind the last message there is no reason left to let it pass. */
static void at_end(struct program *p)
{
	put(p, BPF_LDX | BPF_MEM, AT);
	put(p, BPF_LD | BPF_W | BPF_LEN, 0);
	skip(p, BPF_JGT | BPF_X, 0, 1, 0);
	put(p, BPF_RET | BPF_K, 0);
}

/* What no message can be passes, and watch_read() sees to it. */
static void read_length(struct program *p)
{
	put(p, BPF_LD | BPF_H | BPF_IND, LENGTH_2_3);
	skip(p, BPF_JEQ | BPF_K, 0, 1, 0);
	put(p, BPF_RET | BPF_K, PASS);
	put(p, BPF_LD | BPF_B | BPF_IND, LENGTH_1);
	put(p, BPF_ALU | BPF_LSH | BPF_K, 8);
	put(p, BPF_ST, LENGTH);
	put(p, BPF_LD | BPF_B | BPF_IND, LENGTH_0);
	put(p, BPF_LDX | BPF_MEM, LENGTH);
	put(p, BPF_ALU | BPF_OR | BPF_X, 0);
	skip(p, BPF_JGE | BPF_K, FAMILY + 1, 1, 0);
	put(p, BPF_RET | BPF_K, PASS);
	put(p, BPF_ALU | BPF_ADD | BPF_K, NLMSG_ALIGNTO - 1);
	put(p, BPF_ALU | BPF_AND | BPF_K, ~(uint32_t)(NLMSG_ALIGNTO - 1));
	put(p, BPF_ST, LENGTH);
}

static void look(struct program *p)
{
	at_end(p);
	read_length(p);
	put(p, BPF_LDX | BPF_MEM, AT);
	put(p, BPF_LD | BPF_B | BPF_IND, FAMILY);
	skip(p, BPF_JEQ | BPF_K, NFPROTO_BRIDGE, 0, 1);
	put(p, BPF_RET | BPF_K, PASS);
	put(p, BPF_LD | BPF_MEM, AT);
	put(p, BPF_LDX | BPF_MEM, LENGTH);
	put(p, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(p, BPF_ST, AT);
}

static int attach(int fd, int steps)
{
	struct program p = {0};

	put(&p, BPF_LD | BPF_IMM, 0);
	put(&p, BPF_ST, AT);
	for (int i = 0; i < steps; i++)
		look(&p);
	put(&p, BPF_RET | BPF_K, PASS);
	const struct sock_fprog all = {.len = p.count, .filter = p.at};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) < 0 ? -errno : 0;
}

/* A socket has memory for a program of that length only since Linux 6.7 (net.core.optmem_max). */
int watch_filter(int fd)
{
	int err = -ENOMEM;

	for (int steps = STEPS; err && steps > 0; steps /= 2)
		err = attach(fd, steps);
	return err;
}
