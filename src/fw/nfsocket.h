/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nfsocket: a socket to nfnetlink that packets come by, many with one system call.
 * Source: linux/netfilter/nfnetlink.h and net/netfilter/nfnetlink.c.
 */
#ifndef FOLD_FW_NFSOCKET_H
#define FOLD_FW_NFSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <sys/socket.h>

#define NFSOCKET_BATCH 64 /* messages a read, at most */

/*
 * The kernel copies this many octets of a packet, enough for every protocol here. A longer packet arrives cut and is
 * refused as truncated.
 */
#define NFSOCKET_COPY_RANGE 2048
#define NFSOCKET_MESSAGE (NFSOCKET_COPY_RANGE + 512) /* and its attributes */

/* The fields are private to nfsocket.c. */
struct nfsocket {
	struct mnl_socket *socket;
	uint32_t seq;
	struct mmsghdr msgs[NFSOCKET_BATCH];
	struct iovec iov[NFSOCKET_BATCH];
	uint8_t buf[NFSOCKET_BATCH][NFSOCKET_MESSAGE];
};

/*
 * n need not be initialized. receive: the size wanted for the socket's receive buffer, in octets. Returns 0 or
 * -errno; nfsocket_close() is right after both.
 */
int nfsocket_open(struct nfsocket *n, int receive);
void nfsocket_close(struct nfsocket *n);
int nfsocket_fd(const struct nfsocket *n);

/*
 * Octets of kernel memory that unread messages take, somewhat above 1 KiB for a small packet. 0 if the kernel does
 * not tell (before Linux 4.12).
 */
size_t nfsocket_waiting(const struct nfsocket *n);

/* Writes the header of a message of that subsystem and type into buf. number: the queue or group it is about. */
struct nlmsghdr *nfsocket_header(void *buf, uint16_t subsystem, uint16_t type, uint16_t number);

/* Sends one configuration message and waits for its answer: 0 or -errno. Packets that come in between are lost. */
int nfsocket_configure(struct nfsocket *n, struct nlmsghdr *h);

/*
 * From now on packets that find the buffer full are lost silently, as on a wire, and the socket reports no error for
 * them. (NFQUEUE counts them, in /proc/net/netfilter/nfnetlink_queue.)
 */
void nfsocket_lossy(struct nfsocket *n);

/*
 * Hands the messages of up to NFSOCKET_BATCH datagrams to `each`; a message is valid until `each` returns. Returns
 * the number of datagrams, 0 if none waits, or -errno if the socket is no longer usable. wait: wait for the first
 * datagram, for NFSOCKET_WAIT_MS or until the kernel's next tick after that; only after nfsocket_lossy().
 */
#define NFSOCKET_WAIT_MS 1
int nfsocket_read(struct nfsocket *n, bool wait, void (*each)(void *arg, const struct nlmsghdr *h), void *arg);

/* Sends len octets of messages that nobody answers. 0 or -errno. */
int nfsocket_send(struct nfsocket *n, const void *buf, size_t len);

/*
 * The attribute at that place of a message, or NULL if no whole one is there. Like mnl_attr_ok() and mnl_attr_next(),
 * but inline: with the ten or so attributes of a packet's message, their calls were a tenth of what fold spent on it.
 */
static inline const struct nlattr *attr_at(const void *at, const struct nlmsghdr *h)
{
	const struct nlattr *a = at;
	ptrdiff_t left = (const char *)h + h->nlmsg_len - (const char *)at;

	if (left < (ptrdiff_t)sizeof(*a) || a->nla_len < sizeof(*a) || a->nla_len > left)
		return NULL;
	return a;
}

static inline const struct nlattr *attr_after(const struct nlattr *a, const struct nlmsghdr *h)
{
	return attr_at((const char *)a + MNL_ALIGN((int)a->nla_len), h);
}

/* For a for loop: the attributes of a netfilter message, after two headers of 16 and 4 octets, which need no padding. */
#define each_attr(a, h)                                                                                                \
	(a) = attr_at((const char *)((h) + 1) + sizeof(struct nfgenmsg), h);                                           \
	(a);                                                                                                           \
	(a) = attr_after(a, h)

#endif
