/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * respond: fold's rules and responder on an interface that exists already.
 *
 *   respond -i IFACE -m MAC -4 ADDRESS/LEN [-b BINDING] [-T queue|log] [-c CPU]
 *
 * fold makes its own tap, so its packet path cannot be put on a veth from outside. This program joins the very parts
 * that fold's session joins, rules, delivery, answers and replies, in the same order and batches, and leaves out what
 * a tap and a hypervisor need. It serves until a signal ends it.
 */
#include "answer/answer.h"
#include "base/file.h"
#include "fw/delivery.h"
#include "guest/binding.h"
#include "guest/build.h"
#include "guest/config.h"
#include "host/tx.h"
#include "port.h"

#include <getopt.h>

struct respond {
	struct guest guest;
	struct delivery *delivery;
	struct tx *tx;
};

static void on_frame(void *arg, const struct frame *f)
{
	struct respond *r = arg;

	if (answer_frame(&r->guest, f, tx_slot(r->tx)) == ANSWER_REPLY)
		tx_keep(r->tx);
}

static void build(struct respond *r, const struct identity *id, const char *file)
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
		e = guest_build(id, file ? &binding : NULL, &config, GUEST_NEED_GATEWAY_MAC, &r->guest, &why);
	if (e)
		errx(1, "%s", why.msg);
	free(text);
}

/* Delivery and rules by one transport; false where this kernel cannot deliver so. */
static bool deliver(struct respond *r, enum transport t)
{
	struct nft *nft = NULL; /* stays open: the rules are its socket's */
	int e = delivery_open(t, 1024, &r->delivery);

	if (!e)
		e = nft_open(&nft);
	if (e)
		errx(1, "delivery: %s", strerror(-e));
	const struct rules rules = {.guest = &r->guest, .transport = t, .number = delivery_number(r->delivery)};
	e = rules_add(nft, &rules);
	if (e && e != -ENOENT)
		errx(1, "rules: %s", strerror(-e));
	if (e) {
		nft_close(nft);
		delivery_close(r->delivery);
	}
	return !e;
}

static void serve(struct respond *r)
{
	struct pollfd in = {.fd = delivery_fd(r->delivery), .events = POLLIN};
	uint64_t lost = 0;

	for (;;) {
		if (poll(&in, 1, -1) < 0)
			continue;
		if (delivery_read(r->delivery, on_frame, r, &lost) < 0)
			errx(1, "packets no longer arrive");
		tx_flush(r->tx);
		delivery_done(r->delivery);
	}
}

static _Noreturn void usage(void)
{
	fputs("usage: respond -i IFACE -m MAC -4 ADDRESS/LEN [-b BINDING] [-T queue|log] [-c CPU]\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static struct respond r;
	struct identity id = {.has4 = true, .mtu = 1500};
	enum transport wish = TRANSPORT_AUTO;
	const char *file = NULL;
	int c;

	while ((c = getopt(argc, argv, "i:m:4:b:T:c:")) != -1) {
		bool ok = c != '?';
		if (c == 'i')
			snprintf(id.iface, sizeof(id.iface), "%s", optarg);
		else if (c == 'm')
			ok = mac_parse(optarg, id.mac);
		else if (c == '4')
			ok = cidr4_parse(optarg, &id.ip4);
		else if (c == 'b')
			file = optarg;
		else if (c == 'T')
			wish = strcmp(optarg, "queue") == 0 ? TRANSPORT_QUEUE : TRANSPORT_LOG;
		else if (c == 'c')
			port_pin(atoi(optarg));
		if (!ok)
			usage();
	}
	if (optind != argc || !id.iface[0] || !id.ip4.len)
		usage();
	build(&r, &id, file);
	if (!deliver(&r, wish == TRANSPORT_AUTO ? TRANSPORT_QUEUE : wish) &&
	    (wish != TRANSPORT_AUTO || !deliver(&r, TRANSPORT_LOG)))
		errx(1, "this kernel cannot deliver that way");
	int e = tx_open((int)if_nametoindex(id.iface), RULES_REPLY_MARK, &r.tx);
	if (e)
		errx(1, "%s: %s", id.iface, strerror(-e));
	serve(&r);
}
