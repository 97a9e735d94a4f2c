/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/tx.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <sys/socket.h>

struct tx {
	int fd;
	unsigned kept;
	uint64_t lost;
	/* For a frame that goes elsewhere than to the socket's own port: a mark of 0, where that has one. */
	_Alignas(struct cmsghdr) uint8_t unmarked[CMSG_SPACE(sizeof(uint32_t))];
	size_t unmarked_len;
	struct mmsghdr msgs[TX_BATCH];
	struct iovec iov[TX_BATCH];
	struct sockaddr_ll to[TX_BATCH]; /* where each has its own interface */
	struct reply reply[TX_BATCH];
};

static int port_socket(int ifindex, uint32_t mark)
{
	/* Protocol 0: bound for sending, and handed no frame at all. */
	const struct sockaddr_ll port = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
	    (ifindex != TX_ANYWHERE && bind(fd, (const struct sockaddr *)&port, sizeof(port)) < 0)) {
		int err = -errno;
		close(fd);
		return err;
	}
	/* Straight to the port: no queueing discipline has a say in answers. Without it they are only slower. */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return fd;
}

int tx_open(int ifindex, uint32_t mark, struct tx **out)
{
	int fd = port_socket(ifindex, mark);

	if (fd < 0)
		return fd;
	struct tx *t = calloc(1, sizeof(*t));
	if (!t) {
		close(fd);
		return -ENOMEM;
	}
	t->fd = fd;
	if (mark) {
		/* All else is 0 already, the mark included. */
		*(struct cmsghdr *)t->unmarked = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(mark)),
								  .cmsg_level = SOL_SOCKET,
								  .cmsg_type = SO_MARK};
		t->unmarked_len = sizeof(t->unmarked);
	}
	*out = t;
	return 0;
}

void tx_close(struct tx *t)
{
	if (!t)
		return;
	close(t->fd);
	free(t);
}

struct reply *tx_slot(struct tx *t)
{
	return &t->reply[t->kept];
}

static void keep(struct tx *t, struct msghdr with)
{
	const struct reply *r = &t->reply[t->kept];

	t->iov[t->kept] = (struct iovec){.iov_base = r->frame, .iov_len = r->frame_len};
	with.msg_iov = &t->iov[t->kept];
	with.msg_iovlen = 1;
	t->msgs[t->kept].msg_hdr = with;
	if (++t->kept == TX_BATCH)
		tx_flush(t);
}

void tx_keep(struct tx *t)
{
	keep(t, (struct msghdr){0});
}

void tx_keep_to(struct tx *t, int ifindex)
{
	struct sockaddr_ll *to = &t->to[t->kept];

	*to = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	keep(t, (struct msghdr){.msg_name = to,
				.msg_namelen = sizeof(*to),
				.msg_control = t->unmarked,
				.msg_controllen = t->unmarked_len});
}

void tx_send_to(struct tx *t, const struct reply *r, int ifindex)
{
	const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};

	tx_flush(t);
	if (sendto(t->fd, r->frame, r->frame_len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0)
		t->lost++;
}

void tx_send(struct tx *t, const struct reply *r)
{
	tx_flush(t);
	if (send(t->fd, r->frame, r->frame_len, MSG_DONTWAIT) < 0)
		t->lost++;
}

/* How many from `at` on could be sent, or -1. One alone, which most are, takes the shorter way. */
static int send_some(struct tx *t, unsigned at)
{
	if (t->kept - at > 1)
		return sendmmsg(t->fd, t->msgs + at, t->kept - at, MSG_DONTWAIT);
	if (t->msgs[at].msg_hdr.msg_name)
		return sendmsg(t->fd, &t->msgs[at].msg_hdr, MSG_DONTWAIT) < 0 ? -1 : 1;
	return send(t->fd, t->iov[at].iov_base, t->iov[at].iov_len, MSG_DONTWAIT) < 0 ? -1 : 1;
}

void tx_flush(struct tx *t)
{
	unsigned at = 0;

	while (at < t->kept) {
		int sent = send_some(t, at);
		if (sent > 0) {
			at += (unsigned)sent;
		} else if (errno != EINTR) {
			t->lost++; /* this one; the next may fit again */
			at++;
		}
	}
	t->kept = 0;
}

uint64_t tx_lost(const struct tx *t)
{
	return t->lost;
}
