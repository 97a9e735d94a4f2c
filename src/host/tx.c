/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/tx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <sys/socket.h>

/* What a frame for the network is sent with: another interface, and no mark. */
struct network {
	struct sockaddr_ll to;
	union {
		struct cmsghdr align;
		uint8_t unmarked[CMSG_SPACE(sizeof(uint32_t))];
	};
};

struct tx {
	int fd;
	struct network network;
	unsigned kept;
	uint64_t lost;
	struct mmsghdr msgs[TX_BATCH];
	struct iovec iov[TX_BATCH];
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
	    bind(fd, (const struct sockaddr *)&port, sizeof(port)) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	/* Straight to the port: no queueing discipline has a say in answers. Without it they are only slower. */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return fd;
}

static void network_init(struct network *n, int ifindex)
{
	const uint32_t mark = 0;

	n->to = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = MAC_LEN};
	n->align = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(mark)), .cmsg_level = SOL_SOCKET, .cmsg_type = SO_MARK};
	memcpy(CMSG_DATA(&n->align), &mark, sizeof(mark));
}

int tx_open(int tap, int bridge, uint32_t mark, struct tx **out)
{
	int fd = port_socket(tap, mark);

	if (fd < 0)
		return fd;
	struct tx *t = calloc(1, sizeof(*t));
	if (!t) {
		close(fd);
		return -ENOMEM;
	}
	t->fd = fd;
	network_init(&t->network, bridge);
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

void tx_keep(struct tx *t, enum tx_to to)
{
	const struct reply *r = &t->reply[t->kept];
	struct msghdr *h = &t->msgs[t->kept].msg_hdr;

	*h = (struct msghdr){.msg_iov = &t->iov[t->kept], .msg_iovlen = 1};
	if (to == TX_NETWORK) {
		h->msg_name = &t->network.to;
		h->msg_namelen = sizeof(t->network.to);
		h->msg_control = t->network.unmarked;
		h->msg_controllen = sizeof(t->network.unmarked);
	}
	t->iov[t->kept] = (struct iovec){.iov_base = r->frame, .iov_len = r->frame_len};
	if (++t->kept == TX_BATCH)
		tx_flush(t);
}

void tx_send(struct tx *t, const struct reply *r)
{
	tx_flush(t);
	if (send(t->fd, r->frame, r->frame_len, MSG_DONTWAIT) < 0)
		t->lost++;
}

void tx_flush(struct tx *t)
{
	unsigned at = 0;

	while (at < t->kept) {
		int sent = sendmmsg(t->fd, t->msgs + at, t->kept - at, MSG_DONTWAIT);
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
