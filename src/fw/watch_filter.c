/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel reports every change of nftables to every listener, including each address that ALLOW lets in for one
 * VM, in its own netdev table: without this filter a busy guest would wake the processes of all other VMs.
 *
 * The kernel packs the events of one transaction into as few datagrams as it can, whatever table they are about: an
 * event of the bridge family may follow one of the netdev family. So the filter drops a datagram only after it has
 * looked at every message in it. The filter's language has no loops, so the code for one message is repeated; a
 * datagram with more messages than that passes.
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

/*
 * STEP: instructions for one message. STEPS: messages; the kernel's datagrams are shorter than a page, and most
 * messages have about 100 octets.
 */
#define STEP 26
#define STEPS 40

/* Memory: where the message begins, and how long it is. */
enum { AT, LENGTH };

enum {
	PASS = 65535, /* octets */
	FAMILY = NLMSG_HDRLEN + offsetof(struct nfgenmsg, nfgen_family),
	LITTLE = __BYTE_ORDER == __LITTLE_ENDIAN,
};

/*
 * The octets of a message's length, the least significant first: netlink has it in host byte order, and a filter
 * loads big-endian numbers only.
 */
enum { LENGTH_0 = LITTLE ? 0 : 3, LENGTH_1 = LITTLE ? 1 : 2, LENGTH_2_3 = LITTLE ? 2 : 0 };

struct program {
	struct sock_filter at[2 + STEP * STEPS + 1];
	unsigned short count;
};

static void put(struct program *p, uint16_t code, uint32_t k)
{
	p->at[p->count++] = (struct sock_filter)BPF_STMT(code, k);
}

/* Skips `where` instructions if the condition holds, and `where_not` if it does not. */
static void skip(struct program *p, uint16_t code, uint32_t k, uint8_t where, uint8_t where_not)
{
	p->at[p->count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | code, k, where, where_not);
}

/* Drops the datagram if the last message has been looked at and none was a reason to let it pass. */
static void at_end(struct program *p)
{
	put(p, BPF_LDX | BPF_MEM, AT);
	put(p, BPF_LD | BPF_W | BPF_LEN, 0);
	skip(p, BPF_JGT | BPF_X, 0, 1, 0);
	put(p, BPF_RET | BPF_K, 0);
}

/*
 * Reads the length of the message. A length that no message can have lets the datagram pass; watch_read() copes with
 * it.
 */
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

/*
 * Before Linux 6.7 a socket does not have enough memory for a program of this length (net.core.optmem_max): then a
 * shorter one has to do.
 */
int watch_filter(int fd)
{
	int err = -ENOMEM;

	for (int steps = STEPS; err && steps > 0; steps /= 2)
		err = attach(fd, steps);
	return err;
}
