/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/tx.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#define ANY_INTERFACE 0

struct tx {
	int port, away; /* out of the port, and out of whatever is named; the same one where there is no port */
	unsigned kept;
	uint64_t lost;
	struct mmsghdr msgs[TX_BATCH];
	struct iovec iov[TX_BATCH];
	struct sockaddr_ll to[TX_BATCH]; /* where each has its own interface */
	struct reply reply[TX_BATCH];
};

static int packet_socket(int ifindex, uint32_t mark)
{
	/* Protocol 0: bound for sending, and handed no frame at all. */
	const struct sockaddr_ll port = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if ((mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0) ||
	    (ifindex != ANY_INTERFACE && bind(fd, (const struct sockaddr *)&port, sizeof(port)) < 0)) {
		int err = -errno;
		close(fd);
		return err;
	}
	/* Straight to the port: no queueing discipline has a say in answers. Without it they are only slower. */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return fd;
}

/* The group that this thread now has for files, and no process else; 0 where it may have none. A user namespace often knows 65,536. */
static uint32_t take_group(uint32_t random)
{
	const uint32_t tries[] = {random >> 1 | 1U << 30, (random & 0x3fff) | 0x4000};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		setfsgid(tries[i]);
		if ((uint32_t)setfsgid((gid_t)-1) == tries[i])
			return tries[i];
	}
	return 0;
}

/*
 * A socket is of the group that its maker has for files. To change that takes away the right to be looked into (dumpable, prctl(2)), which
 * this process's own tools may want.
 */
static int packet_socket_of(uint32_t *group, int ifindex, uint32_t mark)
{
	int dumpable = prctl(PR_GET_DUMPABLE);
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	int before = setfsgid((gid_t)-1); /* which is no group: it only tells */
	*group = take_group(random);
	int fd = packet_socket(ifindex, mark);
	setfsgid((gid_t)before);
	if (dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1);
	return fd;
}

static int make(int port, int away, struct tx **out)
{
	struct tx *t = port < 0 || away < 0 ? NULL : calloc(1, sizeof(*t));

	if (!t) {
		if (port >= 0)
			close(port);
		if (away >= 0 && away != port)
			close(away);
		return port < 0 ? port : away < 0 ? away : -ENOMEM;
	}
	t->port = port;
	t->away = away;
	*out = t;
	return 0;
}

int tx_open(struct tx **out)
{
	int fd = packet_socket(ANY_INTERFACE, 0);

	return make(fd, fd, out);
}

int tx_open_port(int ifindex, uint32_t mark, uint32_t *group, struct tx **out)
{
	int port = packet_socket_of(group, ifindex, mark);

	return make(port, port < 0 ? port : packet_socket(ANY_INTERFACE, 0), out);
}

void tx_close(struct tx *t)
{
	if (!t)
		return;
	close(t->port);
	if (t->away != t->port)
		close(t->away);
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
	keep(t, (struct msghdr){.msg_name = to, .msg_namelen = sizeof(*to)});
}

void tx_send_as_guest(struct tx *t, int tap, const struct reply *r)
{
	tx_flush(t);
	if (write(tap, r->frame, r->frame_len) < 0)
		t->lost++;
}

void tx_send_to(struct tx *t, const struct reply *r, int ifindex)
{
	const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};

	tx_flush(t);
	if (sendto(t->away, r->frame, r->frame_len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0)
		t->lost++;
}

void tx_send(struct tx *t, const struct reply *r)
{
	tx_flush(t);
	if (send(t->port, r->frame, r->frame_len, MSG_DONTWAIT) < 0)
		t->lost++;
}

/* How many from `at` on go by the same socket. */
static unsigned run_of(const struct tx *t, unsigned at)
{
	const bool away = t->msgs[at].msg_hdr.msg_name;
	unsigned n = 1;

	while (at + n < t->kept && !t->msgs[at + n].msg_hdr.msg_name == !away)
		n++;
	return n;
}

/* How many from `at` on could be sent, or -1. One alone, which most are, takes the shorter way. */
static int send_some(struct tx *t, unsigned at)
{
	unsigned n = run_of(t, at);

	if (n > 1)
		return sendmmsg(t->msgs[at].msg_hdr.msg_name ? t->away : t->port, t->msgs + at, n, MSG_DONTWAIT);
	if (t->msgs[at].msg_hdr.msg_name)
		return sendmsg(t->away, &t->msgs[at].msg_hdr, MSG_DONTWAIT) < 0 ? -1 : 1;
	return send(t->port, t->iov[at].iov_base, t->iov[at].iov_len, MSG_DONTWAIT) < 0 ? -1 : 1;
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
