/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/nfsocket.h"

#include <errno.h>

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/sock_diag.h>

int nfsocket_open(struct nfsocket *n, int receive)
{
	n->seq = 0;
	n->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!n->socket || mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Room for a burst; where this is refused the default serves. */
	setsockopt(nfsocket_fd(n), SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof(receive));
	for (int i = 0; i < NFSOCKET_BATCH; i++) {
		n->iov[i] = (struct iovec){.iov_base = n->buf[i], .iov_len = NFSOCKET_MESSAGE};
		n->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &n->iov[i], .msg_iovlen = 1};
	}
	return 0;
}

void nfsocket_close(struct nfsocket *n)
{
	if (n->socket)
		mnl_socket_close(n->socket);
	n->socket = NULL;
}

int nfsocket_fd(const struct nfsocket *n)
{
	return mnl_socket_get_fd(n->socket);
}

size_t nfsocket_waiting(const struct nfsocket *n)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(memory);

	if (getsockopt(nfsocket_fd(n), SOL_SOCKET, SO_MEMINFO, memory, &len) < 0)
		return 0;
	return memory[SK_MEMINFO_RMEM_ALLOC];
}

struct nlmsghdr *nfsocket_header(void *buf, uint16_t subsystem, uint16_t type, uint16_t number)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = (uint16_t)(subsystem << 8 | type);
	h->nlmsg_flags = NLM_F_REQUEST;
	struct nfgenmsg *nf = mnl_nlmsg_put_extra_header(h, sizeof(*nf));
	nf->nfgen_family = AF_UNSPEC;
	nf->version = NFNETLINK_V0;
	nf->res_id = htons(number);
	return h;
}

int nfsocket_configure(struct nfsocket *n, struct nlmsghdr *h)
{
	char answer[512];

	h->nlmsg_flags |= NLM_F_ACK;
	h->nlmsg_seq = ++n->seq;
	if (mnl_socket_sendto(n->socket, h, h->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(n->socket, answer, sizeof(answer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		/* Packets may arrive before the answer. They are lost, and the client sends again. */
		const struct nlmsghdr *a = (const void *)answer;
		if (a->nlmsg_type != NLMSG_ERROR || a->nlmsg_seq != n->seq)
			continue;
		return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(a))->error;
	}
}

void nfsocket_lossy(struct nfsocket *n)
{
	const struct timeval moment = {.tv_usec = NFSOCKET_WAIT_MS * 1000};
	int on = 1;

	mnl_socket_setsockopt(n->socket, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	setsockopt(nfsocket_fd(n), SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
}

int nfsocket_read(struct nfsocket *n, bool wait, void (*each)(void *arg, const struct nlmsghdr *h), void *arg)
{
	int got = recvmmsg(nfsocket_fd(n), n->msgs, NFSOCKET_BATCH, wait ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -errno;
	for (int i = 0; i < got; i++) {
		const struct nlmsghdr *h = (const void *)n->buf[i];
		for (int left = (int)n->msgs[i].msg_len; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			each(arg, h);
	}
	return got;
}

int nfsocket_send(struct nfsocket *n, const void *buf, size_t len)
{
	while (mnl_socket_sendto(n->socket, buf, len) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}
