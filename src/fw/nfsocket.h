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

/* Of a packet, what any protocol here may use; a longer one arrives cut and is refused as truncated. */
#define NFSOCKET_COPY_RANGE 2048
#define NFSOCKET_MESSAGE (NFSOCKET_COPY_RANGE + 512) /* and its attributes */

/* Whose fields are its own files' business. */
struct nfsocket {
	struct mnl_socket *socket;
	uint32_t seq;
	struct mmsghdr msgs[NFSOCKET_BATCH];
	struct iovec iov[NFSOCKET_BATCH];
	uint8_t buf[NFSOCKET_BATCH][NFSOCKET_MESSAGE];
};

/* n: zeros, or whatever. receive: octets of the socket's buffer, where the kernel allows so many. 0 or -errno; close does either. */
int nfsocket_open(struct nfsocket *n, int receive);
void nfsocket_close(struct nfsocket *n);
int nfsocket_fd(const struct nfsocket *n);

/* Octets of the kernel's memory that unread messages take, somewhat above 1 KiB for a small packet. 0 where it is not told (Linux 4.12). */
size_t nfsocket_waiting(const struct nfsocket *n);

/* The head of a message in buf: type of that subsystem, about that queue or group. */
struct nlmsghdr *nfsocket_header(void *buf, uint16_t subsystem, uint16_t type, uint16_t number);

/* Sends one configuration message and waits for its answer: 0 or -errno. Packets that come in between are lost. */
int nfsocket_configure(struct nfsocket *n, struct nlmsghdr *h);

/* From here on a full buffer loses packets, like a wire, and never breaks the socket. */
void nfsocket_lossy(struct nfsocket *n);

/*
 * Hands up to NFSOCKET_BATCH datagrams' messages to `each`, valid until it returns. The number of datagrams, 0 where none waits, or -errno
 * where the socket is of no more use. An overrun (ENOBUFS) is counted in *lost, not an error. wait: for the first of them, for
 * NFSOCKET_WAIT_MS or the kernel's next tick after that; behind nfsocket_lossy() alone.
 */
#define NFSOCKET_WAIT_MS 1
int nfsocket_read(struct nfsocket *n, bool wait, void (*each)(void *arg, const struct nlmsghdr *h), void *arg,
		  uint64_t *lost);

/* Sends len octets of messages that nobody answers. 0 or -errno. */
int nfsocket_send(struct nfsocket *n, const void *buf, size_t len);

/* libmnl's own loop does not survive -Wconversion. */
#define each_attr(a, h)                                                                                                \
	(a) = mnl_nlmsg_get_payload_offset(h, sizeof(struct nfgenmsg));                                                \
	mnl_attr_ok(a, (int)((const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)(a)));                        \
	(a) = mnl_attr_next(a)

#endif
