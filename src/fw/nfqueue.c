/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/nfqueue.h"

#include <errno.h>
#include <string.h>

#include <arpa/inet.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

/* Linux 4.7; libnetfilter_queue 1.0.5 does not know them. */
#ifndef NFQA_VLAN
#define NFQA_VLAN 19
#endif
#ifndef NFQA_L2HDR
#define NFQA_L2HDR 20
#endif

#define VERDICT_ROOM 64 /* octets of one without a payload */

bool nfqueue_permitted(struct nfsocket *n)
{
	uint8_t buf[256];
	struct nlmsghdr *h = nfsocket_header(buf, NFNL_SUBSYS_QUEUE, NFQNL_MSG_CONFIG, 0);

	/* This command does nothing since Linux 3.8: the answer tells only whether the socket has the permission. */
	nfq_nlmsg_cfg_put_cmd(h, AF_UNSPEC, NFQNL_CFG_CMD_PF_BIND);
	return nfsocket_configure(n, h) == 0;
}

int nfqueue_bind(struct nfsocket *n, uint16_t number, uint32_t length)
{
	uint8_t buf[256];
	struct nlmsghdr *h = nfsocket_header(buf, NFNL_SUBSYS_QUEUE, NFQNL_MSG_CONFIG, number);

	nfq_nlmsg_cfg_put_cmd(h, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	int err = nfsocket_configure(n, h);
	if (err == -EPERM && nfqueue_permitted(n))
		return -EBUSY;
	if (err)
		return err;
	h = nfsocket_header(buf, NFNL_SUBSYS_QUEUE, NFQNL_MSG_CONFIG, number);
	nfq_nlmsg_cfg_put_params(h, NFQNL_COPY_PACKET, NFSOCKET_COPY_RANGE);
	nfq_nlmsg_cfg_put_qmaxlen(h, length);
	return nfsocket_configure(n, h);
}

static bool read_header(const struct nlattr *a, struct nfqueue_packet *p)
{
	const struct nfqnl_msg_packet_hdr *h = mnl_attr_get_payload(a);

	if (mnl_attr_get_payload_len(a) < sizeof(*h))
		return false;
	p->id = ntohl(h->packet_id);
	p->hook = h->hook;
	p->ethertype = ntohs(h->hw_protocol);
	return true;
}

static uint32_t read_number(const struct nlattr *a)
{
	return mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? ntohl(mnl_attr_get_u32(a)) : 0;
}

static void read_source(const struct nlattr *a, struct nfqueue_packet *p)
{
	const struct nfqnl_msg_packet_hw *hw = mnl_attr_get_payload(a);

	p->has_source = mnl_attr_get_payload_len(a) >= sizeof(*hw) && ntohs(hw->hw_addrlen) == MAC_LEN;
	if (p->has_source)
		memcpy(p->l2 + MAC_LEN, hw->hw_addr, MAC_LEN);
}

/* Makes a link header. In the IP families the kernel gives only the sender's address and the type of the frame. */
static void make_l2(struct nfqueue_packet *p)
{
	uint16_t type = p->family == AF_INET ? ETH_P_IP : p->family == AF_INET6 ? ETH_P_IPV6 : p->ethertype;

	p->l2[12] = (uint8_t)(type >> 8);
	p->l2[13] = (uint8_t)type;
	p->frame.l2 = p->l2;
	p->frame.l2_len = sizeof(p->l2);
}

static void read_attribute(const struct nlattr *a, struct nfqueue_packet *p)
{
	struct frame *f = &p->frame;

	switch (mnl_attr_get_type(a)) {
	case NFQA_IFINDEX_INDEV:
		p->in = read_number(a);
		break;
	case NFQA_IFINDEX_OUTDEV:
		p->out = read_number(a);
		break;
	case NFQA_IFINDEX_PHYSINDEV:
		p->physin = read_number(a);
		break;
	case NFQA_IFINDEX_PHYSOUTDEV:
		p->physout = read_number(a);
		break;
	case NFQA_HWADDR:
		read_source(a, p);
		break;
	case NFQA_PAYLOAD:
		f->l3 = mnl_attr_get_payload(a);
		f->l3_len = mnl_attr_get_payload_len(a);
		break;
	case NFQA_L2HDR:
		f->l2 = mnl_attr_get_payload(a);
		f->l2_len = mnl_attr_get_payload_len(a);
		break;
	case NFQA_SKB_INFO:
		f->csum_pending = read_number(a) & NFQA_SKB_CSUMNOTREADY;
		break;
	case NFQA_VLAN:
		p->tagged = true;
		break;
	case NFQA_CAP_LEN:
		p->whole = false;
		break;
	default:
		break;
	}
}

bool nfqueue_parse(const struct nlmsghdr *h, struct nfqueue_packet *p)
{
	const struct nlattr *a;
	bool has_id = false;

	if (h->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(struct nfgenmsg))
		return false;
	*p = (struct nfqueue_packet){.whole = true};
	p->family = ((const struct nfgenmsg *)mnl_nlmsg_get_payload(h))->nfgen_family;
	for (each_attr (a, h)) {
		if (mnl_attr_get_type(a) == NFQA_PACKET_HDR)
			has_id = read_header(a, p);
		else
			read_attribute(a, p);
	}
	if (p->frame.l2)
		p->has_source = p->frame.l2_len >= 2 * MAC_LEN;
	else
		make_l2(p);
	p->frame.ifindex = p->physin ? p->physin : p->in;
	return has_id;
}

/* A place in the buffer for a message of `size` octets; if there is no room, the gathered messages are sent first. */
static void *room(struct nfsocket *n, struct nfqueue_verdicts *v, size_t size)
{
	if (sizeof(v->buf) - v->len < size) {
		nfsocket_send(n, v->buf, v->len);
		v->len = 0;
	}
	return v->buf + v->len;
}

/* The batch verdict covers every id up to this one that has none yet (linux/netfilter/nfnetlink_queue.h). */
static void end_run(struct nfsocket *n, struct nfqueue_verdicts *v)
{
	const struct nfqnl_msg_verdict_hdr hdr = {.verdict = htonl(v->run), .id = htonl(v->run_id)};

	if (!v->has_run)
		return;
	struct nlmsghdr *h =
	    nfsocket_header(room(n, v, VERDICT_ROOM), NFNL_SUBSYS_QUEUE, NFQNL_MSG_VERDICT_BATCH, v->number);
	mnl_attr_put(h, NFQA_VERDICT_HDR, sizeof(hdr), &hdr);
	v->len += h->nlmsg_len;
	v->has_run = false;
}

void nfqueue_verdict(struct nfsocket *n, struct nfqueue_verdicts *v, uint32_t id, uint32_t verdict)
{
	if (v->has_run && v->run != verdict)
		end_run(n, v);
	v->run = verdict;
	v->run_id = id;
	v->has_run = true;
}

void nfqueue_replace(struct nfsocket *n, struct nfqueue_verdicts *v, uint32_t id, const void *payload, size_t len)
{
	const struct nfqnl_msg_verdict_hdr hdr = {.verdict = htonl(NF_ACCEPT), .id = htonl(id)};

	end_run(n, v);
	struct nlmsghdr *h =
	    nfsocket_header(room(n, v, VERDICT_ROOM + len), NFNL_SUBSYS_QUEUE, NFQNL_MSG_VERDICT, v->number);
	mnl_attr_put(h, NFQA_VERDICT_HDR, sizeof(hdr), &hdr);
	mnl_attr_put(h, NFQA_PAYLOAD, len, payload);
	v->len += h->nlmsg_len;
}

void nfqueue_flush(struct nfsocket *n, struct nfqueue_verdicts *v)
{
	end_run(n, v);
	if (v->len)
		nfsocket_send(n, v->buf, v->len);
	v->len = 0;
}
