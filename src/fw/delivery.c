/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/delivery.h"

#include "fw/nfqueue.h"

#include <errno.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

#define QUEUE_LENGTH 1024
#define RECEIVE_BYTES (2 * 1024 * 1024)

struct delivery {
	enum transport transport;
	uint16_t number;
	struct nfqueue_verdicts verdicts; /* with NFQUEUE */
	struct nfsocket nl;
};

static int log_bind(struct nfsocket *n, uint16_t number)
{
	uint8_t buf[256];
	const struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {.copy_range = htonl(NFSOCKET_COPY_RANGE),
						    .copy_mode = NFULNL_COPY_PACKET};
	struct nlmsghdr *h = nfsocket_header(buf, NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, number);

	mnl_attr_put(h, NFULA_CFG_CMD, sizeof(bind), &bind);
	int err = nfsocket_configure(n, h);
	if (err == -EPERM && nfqueue_permitted(n))
		return -EBUSY;
	if (err)
		return err;
	h = nfsocket_header(buf, NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, number);
	mnl_attr_put(h, NFULA_CFG_MODE, sizeof(mode), &mode);
	/* The kernel gathers frames for up to a second otherwise. */
	mnl_attr_put_u32(h, NFULA_CFG_QTHRESH, htonl(1));
	return nfsocket_configure(n, h);
}

int delivery_open(enum transport t, uint16_t first, struct delivery **out)
{
	struct delivery *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->transport = t;
	int err = nfsocket_open(&d->nl, RECEIVE_BYTES);
	bool open = !err;
	for (uint32_t i = 0; open && i < UINT16_MAX; i++) {
		d->number = (uint16_t)(first + i);
		if (d->number == 0)
			continue; /* 0 is what other programs most often use */
		err =
		    t == TRANSPORT_QUEUE ? nfqueue_bind(&d->nl, d->number, QUEUE_LENGTH) : log_bind(&d->nl, d->number);
		if (err != -EBUSY && err != -EEXIST)
			break;
	}
	if (err) {
		delivery_close(d);
		return err;
	}
	d->verdicts.number = d->number;
	nfsocket_lossy(&d->nl);
	*out = d;
	return 0;
}

void delivery_close(struct delivery *d)
{
	if (d)
		nfsocket_close(&d->nl);
	free(d);
}

int delivery_fd(const struct delivery *d)
{
	return nfsocket_fd(&d->nl);
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
	/* At the egress hook NFULA_PAYLOAD begins with the link header, which has no attribute of its own there. */
	if (f->to_guest && f->l3 && f->l3_len >= ETH_HLEN) {
		f->l2 = f->l3;
		f->l2_len = ETH_HLEN;
		f->l3 += ETH_HLEN;
		f->l3_len -= ETH_HLEN;
	}
	return f->l2 && f->l3;
}

struct reading {
	struct delivery *d;
	void (*each)(void *arg, const struct frame *f);
	void *arg;
};

static void on_queue(void *reading, const struct nlmsghdr *h)
{
	const struct reading *r = reading;
	struct nfqueue_packet p;

	if (!nfqueue_parse(h, &p))
		return;
	nfqueue_verdict(&r->d->nl, &r->d->verdicts, p.id, NF_DROP);
	p.frame.to_guest = p.hook == NF_BR_POST_ROUTING;
	if (p.frame.l2 != p.l2 && p.frame.l3)
		r->each(r->arg, &p.frame);
}

static void on_log(void *reading, const struct nlmsghdr *h)
{
	const struct reading *r = reading;
	struct frame f = {0};

	if (h->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) && log_frame(h, &f))
		r->each(r->arg, &f);
}

int delivery_read(struct delivery *d, bool wait, void (*each)(void *arg, const struct frame *f), void *arg)
{
	struct reading r = {d, each, arg};

	return nfsocket_read(&d->nl, wait, d->transport == TRANSPORT_QUEUE ? on_queue : on_log, &r);
}

void delivery_done(struct delivery *d)
{
	nfqueue_flush(&d->nl, &d->verdicts);
}
