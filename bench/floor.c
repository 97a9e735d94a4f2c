/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor: the least a program can do to answer DHCP from a netfilter queue.
 *
 * For every queued DHCPDISCOVER: one receive, one verdict (drop), one send of a
 * canned DHCPOFFER in which only the transaction identifier is patched. No
 * parsing beyond what finds that identifier, no options, no batches, no log.
 * What fold does beyond this shows as the ratio of their rates.
 *
 *   floor nfqueue NUM -i IFACE -m MAC -a ADDRESS/LEN -s SERVER     a verdict per packet
 *   floor nflog NUM ...                                           the rule drops: no verdict
 *
 * Packets come from rules that the caller has loaded; answers leave by IFACE
 * through AF_PACKET. Packets must start at the network header, as both the
 * bridge and the IP families of NFQUEUE have it, and NFLOG on an Ethernet device.
 *
 * Specifications: RFC 2131, 2132; linux/netfilter/nfnetlink_queue.h, nfnetlink_log.h.
 */
#include "base/addr.h"
#include "base/csum.h"
#include "port.h"

#include <getopt.h>

#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define XID 46 /* in the frame: Ethernet 14, IPv4 20, UDP 8, BOOTP 4 */
#define OFFER_DATA 300
#define CONFIG_SIZE 4096 /* more than any configuration message or its acknowledgement */

struct floor {
	struct mnl_socket *nl;
	uint16_t num;
	bool queue; /* else log */
	int out;
	uint8_t mac[MAC_LEN], service[MAC_LEN];
	struct cidr4 addr;
	struct in_addr server;
	uint64_t udp_sum; /* of the canned frame with identifier 0, not yet folded */
	uint8_t offer[14 + 20 + 8 + OFFER_DATA];
};

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* Options of the offer: what a plain server sends for an address, a router and a lease of a week. */
static size_t offer_options(const struct floor *f, uint8_t *o)
{
	static const uint8_t head[] = {99, 130, 83, 99, 53, 1, 2, 51, 4, 0, 9, 58, 128, 54, 4};
	struct in_addr mask = ip4_mask(f->addr.len), broadcast = ip4_broadcast(f->addr);

	memcpy(o, head, sizeof(head));
	memcpy(o + 15, &f->server, 4);
	memcpy(o + 19, (const uint8_t[]){1, 4}, 2);
	memcpy(o + 21, &mask, 4);
	memcpy(o + 25, (const uint8_t[]){28, 4}, 2);
	memcpy(o + 27, &broadcast, 4);
	memcpy(o + 31, (const uint8_t[]){3, 4}, 2);
	memcpy(o + 33, &f->server, 4);
	o[37] = 255;
	return 38;
}

static void offer_build(struct floor *f)
{
	uint8_t *eth = f->offer, *ip = eth + 14, *udp = ip + 20, *b = udp + 8;

	memcpy(eth, f->mac, MAC_LEN);
	memcpy(eth + 6, f->service, MAC_LEN);
	put16(eth + 12, ETH_P_IP);
	ip[0] = 0x45;
	put16(ip + 2, 20 + 8 + OFFER_DATA);
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, &f->server, 4);
	memcpy(ip + 16, &f->addr.addr, 4);
	put16(ip + 10, (uint16_t)~csum_fold(csum_add(0, ip, 20)));
	put16(udp, 67);
	put16(udp + 2, 68);
	put16(udp + 4, 8 + OFFER_DATA);
	b[0] = 2; /* BOOTREPLY */
	b[1] = 1;
	b[2] = MAC_LEN;
	memcpy(b + 16, &f->addr.addr, 4);
	memcpy(b + 20, &f->server, 4);
	memcpy(b + 28, f->mac, MAC_LEN);
	offer_options(f, b + 236);
	f->udp_sum = csum_pseudo4(f->server, f->addr.addr, IPPROTO_UDP, 8 + OFFER_DATA);
	f->udp_sum = csum_add(f->udp_sum, udp, 8 + OFFER_DATA);
}

/* Sends the offer where the packet, from its network header on, is a BOOTP request. */
static void floor_answer(struct floor *f, const uint8_t *ip, size_t len)
{
	if (len < 20 + 8 + 240 || ip[0] != 0x45 || ip[28] != 1)
		return;
	memcpy(f->offer + XID, ip + 32, 4);
	uint16_t sum = (uint16_t)~csum_fold(csum_add(f->udp_sum, ip + 32, 4));
	put16(f->offer + 40, sum ? sum : 0xffff);
	if (send(f->out, f->offer, sizeof(f->offer), 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
		err(1, "send");
}

static void queue_verdict(struct floor *f, uint32_t id)
{
	char buf[256];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT, f->num);

	nfq_nlmsg_verdict_put(nlh, (int)id, NF_DROP);
	if (mnl_socket_sendto(f->nl, nlh, nlh->nlmsg_len) < 0)
		err(1, "verdict");
}

static int on_queued(const struct nlmsghdr *nlh, void *data)
{
	struct nlattr *attr[NFQA_MAX + 1] = {0};
	struct floor *f = data;

	if (nfq_nlmsg_parse(nlh, attr) < 0 || !attr[NFQA_PACKET_HDR])
		return MNL_CB_ERROR;
	const struct nfqnl_msg_packet_hdr *ph = mnl_attr_get_payload(attr[NFQA_PACKET_HDR]);
	queue_verdict(f, ntohl(ph->packet_id));
	if (attr[NFQA_PAYLOAD])
		floor_answer(f, mnl_attr_get_payload(attr[NFQA_PAYLOAD]), mnl_attr_get_payload_len(attr[NFQA_PAYLOAD]));
	return MNL_CB_OK;
}

static int on_log_attribute(const struct nlattr *a, void *data)
{
	if (mnl_attr_get_type(a) == NFULA_PAYLOAD)
		floor_answer(data, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	return MNL_CB_OK;
}

static int on_logged(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct nfgenmsg), on_log_attribute, data);
}

/* Sends a configuration message and waits for its acknowledgement. */
static void configure(struct floor *f, struct nlmsghdr *nlh)
{
	char buf[CONFIG_SIZE];

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(f->nl, nlh, nlh->nlmsg_len) < 0)
		err(1, "netlink");
	ssize_t n = mnl_socket_recvfrom(f->nl, buf, sizeof(buf));
	if (n < 0 || mnl_cb_run(buf, (size_t)n, 0, 0, NULL, NULL) < 0)
		err(1, "%s %u", f->queue ? "nfqueue" : "nflog", f->num);
}

static void queue_bind(struct floor *f)
{
	char buf[CONFIG_SIZE];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, f->num);

	nfq_nlmsg_cfg_put_cmd(nlh, AF_BRIDGE, NFQNL_CFG_CMD_BIND);
	configure(f, nlh);
	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, f->num);
	nfq_nlmsg_cfg_put_params(nlh, NFQNL_COPY_PACKET, 0xffff);
	configure(f, nlh);
}

static void log_bind(struct floor *f)
{
	char buf[CONFIG_SIZE];
	struct nfulnl_msg_config_cmd cmd = {.command = NFULNL_CFG_CMD_BIND};
	struct nfulnl_msg_config_mode mode = {.copy_range = htonl(0xffff), .copy_mode = NFULNL_COPY_PACKET};

	for (int step = 0; step < 2; step++) {
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
		nlh->nlmsg_flags = NLM_F_REQUEST;
		struct nfgenmsg *g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
		*g = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .res_id = htons(f->num)};
		if (step == 0) {
			mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);
		} else {
			mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof(mode), &mode);
			/* Without this the kernel gathers packets for up to a second. */
			mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
		}
		configure(f, nlh);
	}
}

static void floor_open(struct floor *f, const char *iface)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface)};
	int size = 4 << 20, one = 1;

	/* Protocol 0: this socket only sends. */
	f->out = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (f->out < 0 || at.sll_ifindex == 0 || bind(f->out, (struct sockaddr *)&at, sizeof(at)))
		err(1, "%s", iface);
	setsockopt(f->out, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	f->nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!f->nl || mnl_socket_bind(f->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err(1, "netlink");
	int fd = mnl_socket_get_fd(f->nl);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one));
	if (f->queue)
		queue_bind(f);
	else
		log_bind(f);
}

/* Until a signal ends it. */
static void floor_serve(struct floor *f)
{
	static char buf[0x10000 + 4096];

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(f->nl, buf, sizeof(buf));
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			err(1, "receive");
		if (n > 0)
			mnl_cb_run(buf, (size_t)n, 0, 0, f->queue ? on_queued : on_logged, f);
	}
}

static _Noreturn void usage(void)
{
	fputs("usage: floor (nfqueue | nflog) NUM -i IFACE -m MAC -a ADDRESS/LEN -s SERVER [-c CPU]\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static struct floor f;
	const char *iface = NULL;
	int c;

	while ((c = getopt(argc, argv, "i:m:a:s:c:")) != -1) {
		bool ok = c != '?';
		if (c == 'i')
			iface = optarg;
		else if (c == 'm')
			ok = mac_parse(optarg, f.mac);
		else if (c == 'a')
			ok = cidr4_parse(optarg, &f.addr);
		else if (c == 's')
			ok = inet_pton(AF_INET, optarg, &f.server) == 1;
		else if (c == 'c')
			port_pin(atoi(optarg));
		if (!ok)
			usage();
	}
	if (argc - optind != 2 || !iface)
		usage();
	f.queue = strcmp(argv[optind], "nfqueue") == 0;
	if (!f.queue && strcmp(argv[optind], "nflog") != 0)
		usage();
	f.num = (uint16_t)atoi(argv[optind + 1]);
	mac_service(f.mac, f.service);
	offer_build(&f);
	floor_open(&f, iface);
	floor_serve(&f);
	return 0;
}
