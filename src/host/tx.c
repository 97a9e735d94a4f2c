/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/tx.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#define ANY_INTERFACE 0

struct tx {
	int port; /* socket that is bound to the port */
	int away; /* socket that is bound to no interface, or negative; without a port, the only one */
	int (*make_away)(void *arg); /* or NULL */
	void *arg;
	uint64_t away_again; /* when making it may be tried again, on clock_coarse_ms() */
	unsigned kept;
	uint64_t lost;
	struct mmsghdr msgs[TX_BATCH];
	struct iovec iov[TX_BATCH];
	struct sockaddr_ll to[TX_BATCH]; /* the interfaces of replies from tx_keep_to() */
	struct reply reply[TX_BATCH];
};

/* bind() to a port that is down leaves an error, which the next frame would get. */
static void forget_error(int fd)
{
	int error;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static int packet_socket(int ifindex, uint32_t mark)
{
	/* Protocol 0: the socket is for sending only, and the kernel gives it no frames. */
	const struct sockaddr_ll port = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	/* Nor would it if an attacker in the responder bound it to another protocol: it drops all frames, for good. */
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog nothing = {.len = 1, .filter = &drop};
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &nothing, sizeof(nothing)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0 ||
	    (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0) ||
	    (ifindex != ANY_INTERFACE && bind(fd, (const struct sockaddr *)&port, sizeof(port)) < 0)) {
		int err = -errno;
		close(fd);
		return err;
	}
	if (ifindex != ANY_INTERFACE)
		forget_error(fd);
	/* Replies bypass the port's queueing discipline. If the kernel refuses, they are only slower. */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return fd;
}

/*
 * Gives this thread a random group for files (fsgid) that no other process is in, and returns it; 0
 * if it may have none. The second try is for user namespaces, which often have only 65,536 groups.
 */
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
 * As packet_socket(), but the socket is of a new group: it takes the fsgid of the thread that makes it. Changing
 * the fsgid makes the process not dumpable (prctl(2)), which is undone, as tools for this process may need it.
 */
static int packet_socket_of(uint32_t *group, int ifindex, uint32_t mark)
{
	int dumpable = prctl(PR_GET_DUMPABLE);
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	int before = setfsgid((gid_t)-1); /* -1 is no group: this only returns the present one */
	*group = take_group(random);
	int fd = packet_socket(ifindex, mark);
	setfsgid((gid_t)before);
	if (dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1);
	return fd;
}

int tx_socket(void)
{
	return packet_socket(ANY_INTERFACE, 0);
}

static int make_tx(int port, int away, struct tx **out)
{
	struct tx *t = port < 0 ? NULL : calloc(1, sizeof(*t));

	if (port < 0)
		return port;
	if (!t) {
		close(port);
		return -ENOMEM;
	}
	t->port = port;
	t->away = away;
	*out = t;
	return 0;
}

int tx_open(struct tx **out)
{
	int fd = tx_socket();

	return make_tx(fd, fd, out);
}

int tx_open_port(int ifindex, uint32_t mark, uint32_t *group, struct tx **out)
{
	return make_tx(packet_socket_of(group, ifindex, mark), -1, out);
}

void tx_away_by(struct tx *t, int (*make)(void *arg), void *arg)
{
	t->make_away = make;
	t->arg = arg;
}

static bool has_away(struct tx *t)
{
	if (t->away >= 0)
		return true;
	if (clock_coarse_ms() < t->away_again)
		return false;
	t->away = t->make_away ? t->make_away(t->arg) : tx_socket();
	t->away_again = clock_coarse_ms() + AWAY_AGAIN_MS;
	return t->away >= 0;
}

void tx_close(struct tx *t)
{
	if (!t)
		return;
	close(t->port);
	if (t->away >= 0 && t->away != t->port)
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

	if (!has_away(t)) {
		t->lost++;
		return;
	}
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
	if (!has_away(t) ||
	    sendto(t->away, r->frame, r->frame_len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0)
		t->lost++;
}

void tx_send(struct tx *t, const struct reply *r)
{
	tx_flush(t);
	if (send(t->port, r->frame, r->frame_len, MSG_DONTWAIT) < 0)
		t->lost++;
}

/* How many messages from `at` on go by the same socket. */
static unsigned run_of(const struct tx *t, unsigned at)
{
	const bool away = t->msgs[at].msg_hdr.msg_name;
	unsigned n = 1;

	while (at + n < t->kept && !t->msgs[at + n].msg_hdr.msg_name == !away)
		n++;
	return n;
}

/* Sends messages from `at` on. How many were sent, or -1. Most are alone, and then a cheaper system call will do. */
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
