/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * respond: fold's rules and responder on an interface that exists already.
 *
 *   respond -i IFACE -B BRIDGE -m MAC [-4 ADDRESS/LEN] [-6 ADDRESS/LEN] [-b BINDING] [-T queue|log] [-c CPU]
 *
 * fold makes its own tap, so its packet path cannot be put on a veth from outside. This program connects the same
 * parts as fold's session (rules, delivery, answers, replies and the forwarder), in the same order and batches, and
 * leaves out what a tap, a hypervisor and live changes need. -6 is the whole address, as with fold's -s. It serves
 * until a signal ends it.
 */
#include "answer/answer.h"
#include "base/file.h"
#include "dns/forward.h"
#include "fw/delivery.h"
#include "guest/binding.h"
#include "guest/build.h"
#include "guest/config.h"
#include "host/link.h"
#include "host/tx.h"
#include "port.h"

#include <getopt.h>

#define HOST_ADDRESSES 32

struct respond {
	struct identity id;
	struct guest guest;
	struct rules rules;
	struct in_addr host4[HOST_ADDRESSES];
	struct in6_addr host6[HOST_ADDRESSES];
	struct delivery *delivery;
	struct tx *tx;
	unsigned bridge; /* its interface index */
	struct forward *forward;
};

static void on_frame(void *arg, const struct frame *f)
{
	struct respond *r = arg;
	struct reply *reply = tx_slot(r->tx);
	enum answer a = answer_frame(&r->guest, f, reply);

	if (a == ANSWER_REPLY && f->to_guest)
		tx_keep_to(r->tx, (int)r->bridge);
	else if (a == ANSWER_REPLY)
		tx_keep(r->tx);
	else if (a == ANSWER_FORWARD && r->forward)
		forward_ask(r->forward, reply);
}

static void on_forwarded(void *arg, const struct reply *reply)
{
	struct respond *r = arg;

	tx_send(r->tx, reply);
}

static void build(struct respond *r, const char *file)
{
	static struct config config;
	static struct binding binding;
	struct report why = {0};
	char *text = NULL;
	size_t len = 0;
	int e = config_load(CONFIG_PATH, false, &config, &why);

	if (!e && file)
		e = file_read(file, BINDING_SIZE_MAX, &text, &len, &why);
	if (!e && file)
		e = binding_parse(text, len, file, BINDING_VM, &binding, &why);
	if (!e)
		e = guest_build(&r->id, file ? &binding : NULL, &config, GUEST_NEED_GATEWAY_MAC, &r->guest, &why);
	if (e)
		errx(1, "%s", why.msg);
	free(text);
}

static void read_host(struct respond *r)
{
	struct link_info bridge;
	struct link *l = NULL;
	int e = link_open(&l);

	if (!e)
		e = link_find(l, r->id.bridge, &bridge);
	if (e)
		errx(1, "bridge %s: %s", r->id.bridge, strerror(-e));
	int four = link_addresses4(l, bridge.ifindex, r->host4, HOST_ADDRESSES);
	int six = link_addresses6(l, bridge.ifindex, r->host6, HOST_ADDRESSES);
	if (four < 0 || six < 0)
		errx(1, "bridge %s: %s", r->id.bridge, strerror(four < 0 ? -four : -six));
	r->rules.host4 = r->host4;
	r->rules.host4_count = (size_t)four;
	r->rules.host6 = r->host6;
	r->rules.host6_count = (size_t)six;
	memcpy(r->rules.bridge_mac, bridge.mac, MAC_LEN);
	link_close(l);
}

/* Opens delivery and rules with one transport; false if this kernel does not have it. */
static bool deliver(struct respond *r, enum transport t)
{
	struct nft *nft = NULL; /* stays open: the rules last as long as its socket */
	int e = delivery_open(t, 1024, &r->delivery);

	if (!e)
		e = nft_open(&nft);
	if (e)
		errx(1, "delivery: %s", strerror(-e));
	if (!r->tx)
		e = tx_open_port((int)if_nametoindex(r->id.iface), RULES_REPLY_MARK, &r->rules.reply_group, &r->tx);
	if (e)
		errx(1, "%s: %s", r->id.iface, strerror(-e));
	r->rules.guest = &r->guest;
	r->rules.transport = t;
	r->rules.number = delivery_number(r->delivery);
	e = rules_add(nft, &r->rules);
	if (!e)
		e = rules_open(nft, &r->rules);
	if (e && e != -ENOENT)
		errx(1, "rules: %s", strerror(-e));
	if (e) {
		nft_close(nft);
		delivery_close(r->delivery);
	}
	return !e;
}

static void open_ways_out(struct respond *r)
{
	const struct forward_setup setup = {.send = on_forwarded, .arg = r};
	r->bridge = if_nametoindex(r->id.bridge);
	int e = 0;

	if (r->guest.dns.on && r->guest.dns.forward)
		e = forward_open(&setup, &r->forward);
	if (e)
		errx(1, "%s: %s", r->id.iface, strerror(-e));
	if (r->forward)
		forward_follow(r->forward, &r->guest);
}

/* As in a session: after the first batch, delivery_read() waits some milliseconds for more. */
static void serve_frames(struct respond *r)
{
	int turns = 0, got;

	do {
		got = delivery_read(r->delivery, turns > 0, on_frame, r);
		if (got < 0)
			errx(1, "packets no longer arrive");
		tx_flush(r->tx);
		delivery_done(r->delivery);
	} while (got && ++turns < 256 && !r->forward);
}

static void serve(struct respond *r)
{
	struct pollfd in[2] = {{.fd = delivery_fd(r->delivery), .events = POLLIN},
			       {.fd = r->forward ? forward_fd(r->forward) : -1, .events = POLLIN}};

	for (;;) {
		if (poll(in, 2, -1) < 0)
			continue;
		if (in[1].revents)
			forward_run(r->forward);
		if (!in[0].revents)
			continue;
		serve_frames(r);
	}
}

static _Noreturn void usage(void)
{
	fputs("usage: respond -i IFACE -B BRIDGE -m MAC [-4 ADDRESS/LEN] [-6 ADDRESS/LEN] [-b BINDING] [-T queue|log] "
	      "[-c CPU]\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static struct respond r = {.id = {.mtu = 1500, .mode6 = ADDRESS6_GIVEN}};
	enum transport wish = TRANSPORT_AUTO;
	const char *file = NULL;
	int c;

	while ((c = getopt(argc, argv, "i:B:m:4:6:b:T:c:")) != -1) {
		bool ok = c != '?';
		if (c == 'i')
			snprintf(r.id.iface, sizeof(r.id.iface), "%s", optarg);
		else if (c == 'B')
			snprintf(r.id.bridge, sizeof(r.id.bridge), "%s", optarg);
		else if (c == 'm')
			ok = mac_parse(optarg, r.id.mac);
		else if (c == '4')
			ok = r.id.has4 = cidr4_parse(optarg, &r.id.ip4);
		else if (c == '6')
			ok = r.id.has6 = cidr6_parse(optarg, &r.id.ip6);
		else if (c == 'b')
			file = optarg;
		else if (c == 'T')
			wish = strcmp(optarg, "queue") == 0 ? TRANSPORT_QUEUE : TRANSPORT_LOG;
		else if (c == 'c')
			port_pin(atoi(optarg));
		if (!ok)
			usage();
	}
	if (optind != argc || !r.id.iface[0] || !r.id.bridge[0] || (!r.id.has4 && !r.id.has6))
		usage();
	build(&r, file);
	read_host(&r);
	if (!deliver(&r, wish == TRANSPORT_AUTO ? TRANSPORT_QUEUE : wish) &&
	    (wish != TRANSPORT_AUTO || !deliver(&r, TRANSPORT_LOG)))
		errx(1, "this kernel cannot deliver that way");
	open_ways_out(&r);
	serve(&r);
}
