/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nfqueue: one queue's messages taken apart, and its verdicts.
 * Source: linux/netfilter/nfnetlink_queue.h and net/netfilter/nfnetlink_queue.c.
 */
#ifndef FOLD_FW_NFQUEUE_H
#define FOLD_FW_NFQUEUE_H

#include "fw/nfsocket.h"
#include "pkt/pkt.h"

/* Binds the queue, with room for so many packets in the kernel. 0 or -errno; -EBUSY: somebody else has it. */
int nfqueue_bind(struct nfsocket *n, uint16_t number, uint32_t length);

/* True where the socket may bind queues and groups: then -EPERM means that somebody else has that number. */
bool nfqueue_permitted(struct nfsocket *n);

/* A packet that waits for its verdict. Numbers in host order; 0 for an interface that there is none of. */
struct nfqueue_packet {
	uint32_t id;
	uint8_t family; /* AF_INET, AF_INET6, AF_BRIDGE */
	uint8_t hook;
	uint16_t ethertype;
	uint32_t in, out, physin, physout;
	bool tagged;     /* for a virtual LAN; the tag stands in neither header */
	bool whole;      /* nothing was cut off */
	bool has_source; /* l2's source is the sender's; else the link has no such addresses */
	struct frame
	    frame; /* the link header, if there is none, is made of what is known of it; to_guest is the caller's */
	uint8_t l2[14]; /* that one */
};

/* False where h is no packet. Where it is: id is there; frame.l3 may be NULL. p->frame may point into *p, which must not move. */
bool nfqueue_parse(const struct nlmsghdr *h, struct nfqueue_packet *p);

/*
 * Verdicts, gathered: in the order in which the packets came, one each; then flushed as few messages. A run of equal
 * verdicts is one message, which covers every packet up to its id.
 */
struct nfqueue_verdicts {
	uint16_t number;
	uint32_t run, run_id; /* a verdict that is not written yet, and the last packet it is for; has_run */
	bool has_run;
	size_t len;
	uint8_t buf[8192];
};

void nfqueue_verdict(struct nfsocket *n, struct nfqueue_verdicts *v, uint32_t id, uint32_t verdict);
/* Accepts it with these octets from the network header on in place of its own; len: NFSOCKET_COPY_RANGE at most. */
void nfqueue_replace(struct nfsocket *n, struct nfqueue_verdicts *v, uint32_t id, const void *payload, size_t len);
void nfqueue_flush(struct nfsocket *n, struct nfqueue_verdicts *v);

#endif
