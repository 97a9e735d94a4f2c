/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <sys/socket.h>

/* Of a frame, what any protocol here may use; a longer one arrives cut and is refused as truncated. */
#define COPY_RANGE 2048
#define MESSAGE_SIZE (COPY_RANGE + 512) /* and its attributes */
#define QUEUE_LENGTH 1024
#define RECEIVE_BYTES (2 * 1024 * 1024)

struct delivery {
	struct mnl_socket *socket;
	enum transport transport;
	uint16_t number;
	bool verdict_due;
	uint32_t last_id; /* host order; NFQUEUE: the highest id of the turn */
	uint32_t seq;
	struct mmsghdr msgs[DELIVERY_BATCH];
	struct iovec iov[DELIVERY_BATCH];
	uint8_t buf[DELIVERY_BATCH][MESSAGE_SIZE];
};

/* Sends one configuration message and waits for its answer. */
static int configure(struct delivery *d, struct nlmsghdr *h)
{
	char answer[512];

	h->nlmsg_flags |= NLM_F_ACK;
	h->nlmsg_seq = ++d->seq;
	if (mnl_socket_sendto(d->socket, h, h->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(d->socket, answer, sizeof(answer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		/* Frames may already come in between; they are the next client's retry. */
		const struct nlmsghdr *a = (const void *)answer;
		if (a->nlmsg_type != NLMSG_ERROR || a->nlmsg_seq != d->seq)
			continue;
		return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(a))->error;
	}
}

static struct nlmsghdr *header(void *buf, uint16_t subsystem, uint16_t type, uint16_t number)
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

static int queue_bind(struct delivery *d, uint16_t number)
{
	uint8_t buf[256];
	struct nlmsghdr *h = header(buf, NFNL_SUBSYS_QUEUE, NFQNL_MSG_CONFIG, number);

	nfq_nlmsg_cfg_put_cmd(h, AF_BRIDGE, NFQNL_CFG_CMD_BIND);
	int err = configure(d, h);
	if (err)
		return err;
	h = header(buf, NFNL_SUBSYS_QUEUE, NFQNL_MSG_CONFIG, number);
	nfq_nlmsg_cfg_put_params(h, NFQNL_COPY_PACKET, COPY_RANGE);
	nfq_nlmsg_cfg_put_qmaxlen(h, QUEUE_LENGTH);
	return configure(d, h);
}

static int log_bind(struct delivery *d, uint16_t number)
{
	uint8_t buf[256];
	const struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {.copy_range = htonl(COPY_RANGE), .copy_mode = NFULNL_COPY_PACKET};
	struct nlmsghdr *h = header(buf, NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, number);

	mnl_attr_put(h, NFULA_CFG_CMD, sizeof(bind), &bind);
	int err = configure(d, h);
	if (err)
		return err;
	h = header(buf, NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, number);
	mnl_attr_put(h, NFULA_CFG_MODE, sizeof(mode), &mode);
	/* The kernel gathers frames for up to a second otherwise. */
	mnl_attr_put_u32(h, NFULA_CFG_QTHRESH, htonl(1));
	return configure(d, h);
}

int delivery_open(enum transport t, uint16_t first, struct delivery **out)
{
	struct delivery *d = calloc(1, sizeof(*d));
	int err = -ENOMEM, bytes = RECEIVE_BYTES, on = 1;

	if (!d)
		return err;
	d->transport = t;
	d->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!d->socket || mnl_socket_bind(d->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		delivery_close(d);
		return err;
	}
	/* Room for a burst; where this is refused the default serves. */
	setsockopt(delivery_fd(d), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	for (uint32_t i = 0; i < UINT16_MAX; i++) {
		d->number = (uint16_t)(first + i);
		if (d->number == 0)
			continue; /* other people's favourite */
		err = t == TRANSPORT_QUEUE ? queue_bind(d, d->number) : log_bind(d, d->number);
		if (err != -EBUSY && err != -EEXIST)
			break;
	}
	if (err) {
		delivery_close(d);
		return err;
	}
	/* From here on a full buffer loses frames, like a wire, and never breaks the socket. */
	mnl_socket_setsockopt(d->socket, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	for (int i = 0; i < DELIVERY_BATCH; i++) {
		d->iov[i] = (struct iovec){.iov_base = d->buf[i], .iov_len = MESSAGE_SIZE};
		d->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &d->iov[i], .msg_iovlen = 1};
	}
	*out = d;
	return 0;
}

void delivery_close(struct delivery *d)
{
	if (!d)
		return;
	if (d->socket)
		mnl_socket_close(d->socket);
	free(d);
}

int delivery_fd(const struct delivery *d)
{
	return mnl_socket_get_fd(d->socket);
}

uint16_t delivery_number(const struct delivery *d)
{
	return d->number;
}

static void put_bytes(const struct nlattr *a, const uint8_t **at, size_t *len)
{
	*at = mnl_attr_get_payload(a);
	*len = mnl_attr_get_payload_len(a);
}

/* libmnl's own loop does not survive -Wconversion. */
#define each_attr(a, h)                                                                                                \
	a = mnl_nlmsg_get_payload_offset(h, sizeof(struct nfgenmsg));                                                  \
	mnl_attr_ok(a, (int)((const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)(a)));                        \
	a = mnl_attr_next(a)

/* The Ethernet header's attribute, which libnetfilter_queue 1.0.5 does not hand on. */
#ifndef NFQA_L2HDR
#define NFQA_L2HDR 20
#endif

static bool queue_frame(struct delivery *d, const struct nlmsghdr *h, struct frame *f)
{
	const struct nlattr *a;

	for (each_attr (a, h)) {
		switch (mnl_attr_get_type(a)) {
		case NFQA_PACKET_HDR:
			if (mnl_attr_get_payload_len(a) < sizeof(struct nfqnl_msg_packet_hdr))
				return false;
			d->last_id = ntohl(((const struct nfqnl_msg_packet_hdr *)mnl_attr_get_payload(a))->packet_id);
			f->to_guest =
			    ((const struct nfqnl_msg_packet_hdr *)mnl_attr_get_payload(a))->hook == NF_BR_POST_ROUTING;
			d->verdict_due = true;
			break;
		case NFQA_PAYLOAD:
			put_bytes(a, &f->l3, &f->l3_len);
			break;
		case NFQA_L2HDR:
			put_bytes(a, &f->l2, &f->l2_len);
			break;
		case NFQA_SKB_INFO:
			f->csum_pending = ntohl(mnl_attr_get_u32(a)) & NFQA_SKB_CSUMNOTREADY;
			break;
		default:
			break;
		}
	}
	return f->l2 && f->l3;
}

static bool log_frame(const struct nlmsghdr *h, struct frame *f)
{
	const struct nlattr *a;

	for (each_attr (a, h)) {
		switch (mnl_attr_get_type(a)) {
		case NFULA_PACKET_HDR:
			f->to_guest =
			    mnl_attr_get_payload_len(a) >= sizeof(struct nfulnl_msg_packet_hdr) &&
			    ((const struct nfulnl_msg_packet_hdr *)mnl_attr_get_payload(a))->hook == NF_NETDEV_EGRESS;
			break;
		case NFULA_PAYLOAD:
			put_bytes(a, &f->l3, &f->l3_len);
			break;
		case NFULA_HWHEADER:
			put_bytes(a, &f->l2, &f->l2_len);
			break;
		default:
			break;
		}
	}
	/* On its way out a frame begins with its link header, which is not handed over apart. */
	if (f->to_guest && f->l3 && f->l3_len >= ETH_HLEN) {
		f->l2 = f->l3;
		f->l2_len = ETH_HLEN;
		f->l3 += ETH_HLEN;
		f->l3_len -= ETH_HLEN;
	}
	return f->l2 && f->l3;
}

static void each_message(struct delivery *d, const uint8_t *buf, size_t size,
			 void (*each)(void *, const struct frame *), void *arg)
{
	const int packet = d->transport == TRANSPORT_QUEUE ? NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET
							   : NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;
	int left = (int)size;

	for (const struct nlmsghdr *h = (const void *)buf; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		struct frame f = {0};
		if (h->nlmsg_type != packet)
			continue;
		if (d->transport == TRANSPORT_QUEUE ? queue_frame(d, h, &f) : log_frame(h, &f))
			each(arg, &f);
	}
}

int delivery_read(struct delivery *d, void (*each)(void *arg, const struct frame *f), void *arg, uint64_t *lost)
{
	int got = recvmmsg(delivery_fd(d), d->msgs, DELIVERY_BATCH, MSG_DONTWAIT, NULL);

	if (got < 0) {
		if (errno == ENOBUFS) {
			++*lost;
			return 0;
		}
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	for (int i = 0; i < got; i++)
		each_message(d, d->buf[i], d->msgs[i].msg_len, each, arg);
	return got;
}

void delivery_done(struct delivery *d)
{
	uint8_t buf[128];

	if (!d->verdict_due)
		return;
	d->verdict_due = false;
	/* The batch verdict covers every id up to this one (linux/netfilter/nfnetlink_queue.h). */
	struct nlmsghdr *h = header(buf, NFNL_SUBSYS_QUEUE, NFQNL_MSG_VERDICT_BATCH, d->number);
	const struct nfqnl_msg_verdict_hdr v = {.verdict = htonl(NF_DROP), .id = htonl(d->last_id)};
	mnl_attr_put(h, NFQA_VERDICT_HDR, sizeof(v), &v);
	while (mnl_socket_sendto(d->socket, h, h->nlmsg_len) < 0 && errno == EINTR)
		;
}
