/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nfqueue: one queue's messages taken apart, and its verdicts.
 * Source: linux/netfilter/nfnetlink_queue.h and net/netfilter/nfnetlink_queue.c.
 */
#ifndef FOLD_FW_NFQUEUE_H
#define FOLD_FW_NFQUEUE_H

#include "fw/nfsocket.h"
#include "pkt/pkt.h"

/*
 * Binds the queue, which holds up to `length` packets in the kernel. Returns 0 or -errno; -EBUSY if another socket
 * has it.
 */
int nfqueue_bind(struct nfsocket *n, uint16_t number, uint32_t length);

/*
 * Whether the socket may bind queues and groups at all. If it may, -EPERM for one number means that another socket
 * has it.
 */
bool nfqueue_permitted(struct nfsocket *n);

/*
 * A packet that waits for its verdict. Numbers are in host order; the index of an interface that the packet does not
 * have is 0.
 */
struct nfqueue_packet {
	uint32_t id;
	uint8_t family; /* AF_INET, AF_INET6, AF_BRIDGE */
	uint8_t hook;
	uint16_t ethertype;
	uint32_t in, out, physin, physout;
	bool tagged;     /* it has a VLAN tag, which is in neither header */
	bool whole;      /* nothing was cut off */
	bool has_source; /* l2's source is the sender's; else the link has no such addresses */
	/* If the kernel gives no link header, frame.l2 points to the one in l2; the caller sets to_guest. */
	struct frame frame;
	uint8_t l2[14]; /* a link header made of the parts that the kernel gives */
};

/* False where h is no packet. Where it is: id is there; frame.l3 may be NULL. p->frame may point into *p, which must not move. */
bool nfqueue_parse(const struct nlmsghdr *h, struct nfqueue_packet *p);

/*
 * Gathers verdicts, one for each packet in the order in which the packets came, to send them in few messages. A run
 * of equal verdicts is one message, which covers every packet up to its id.
 */
struct nfqueue_verdicts {
	uint16_t number;
	uint32_t run, run_id; /* if has_run: a verdict not yet written to buf, and the last packet it is for */
	bool has_run;
	size_t len;
	uint8_t buf[8192];
};

void nfqueue_verdict(struct nfsocket *n, struct nfqueue_verdicts *v, uint32_t id, uint32_t verdict);
/*
 * Accepts the packet and replaces its contents, from the network header on, with payload; len: NFSOCKET_COPY_RANGE at
 * most.
 */
void nfqueue_replace(struct nfsocket *n, struct nfqueue_verdicts *v, uint32_t id, const void *payload, size_t len);
void nfqueue_flush(struct nfsocket *n, struct nfqueue_verdicts *v);

#endif
