/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes what a VM needs, step by step: bridge, tap, rules, port, copy, image; then what answers the guest. */
#include "base/log.h"
#include "cli/session_priv.h"
#include "fw/nft.h"
#include "guest/build.h"
#include "host/link.h"
#include "host/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* Fact (claim_fact()): the kernel has refused nft's `queue` in the bridge family. Trying it again takes 30 ms. */
#define NO_BRIDGE_QUEUE "kernel-without-bridge-queue"

static int check_bridge(const struct session *s, struct report *r)
{
	if (s->bridge.is_bridge)
		return 0;
	return report_fail(r, EINVAL, "%s: not a bridge; `ip link show type bridge` lists them", s->o->bridge);
}

static int make_bridge(struct session *s, struct report *r)
{
	int err = link_make_bridge(s->link, s->o->bridge);

	if (!err)
		err = link_find(s->link, s->o->bridge, &s->bridge);
	if (err)
		return report_fail(r, -err, "bridge %s: cannot be made: %s", s->o->bridge, strerror(-err));
	return check_bridge(s, r);
}

static int find_bridge(struct session *s, struct report *r)
{
	const char *name = s->o->bridge;
	int err = link_find(s->link, name, &s->bridge);

	if (err == -ENODEV && s->o->local)
		return make_bridge(s, r);
	if (err == -ENODEV && strcmp(name, BRIDGE_DEFAULT) == 0)
		return report_fail(
		    r, ENODEV, "bridge %s: there is none; start Weave Net, name another with --bridge, or use --local",
		    name);
	if (err == -ENODEV)
		return report_fail(r, ENODEV,
				   "bridge %s: there is none; make it: ip link add %s type bridge && ip link set %s up",
				   name, name, name);
	return err ? report_fail(r, -err, "bridge %s: %s", name, strerror(-err)) : check_bridge(s, r);
}

static int build_guest(struct session *s, struct report *r)
{
	memcpy(s->rules.bridge_mac, s->bridge.mac, MAC_LEN);
	s->id.mtu = s->mtu = session_guest_mtu(s);
	int err = guest_build(&s->id, s->text ? &s->binding : NULL, &s->config,
			      GUEST_NEED_GATEWAY_MAC | GUEST_DNS_STREAMS | GUEST_HAS_RULES, &s->guest, r);
	/* The guest has copies of its own. */
	record_free(&s->binding.records);
	record_free(&s->binding.list_records);
	return err;
}

static int make_tap(struct session *s, struct report *r)
{
	struct link_info info;
	const char *name = s->info.iface;

	s->tap = tap_open(name);
	if (s->tap == -EBUSY)
		return report_fail(r, EBUSY, "interface %s: exists already; choose another name with -i", name);
	if (s->tap == -ENOENT)
		return report_fail(r, ENOENT, "/dev/net/tun: there is none; load the module with `modprobe tun`");
	if (s->tap < 0)
		return report_fail(r, -s->tap, "interface %s: the tap cannot be made: %s%s", name, strerror(-s->tap),
				   s->tap == -EPERM || s->tap == -EACCES
				       ? "; root of the network namespace must run this, and in a container may "
					 "need --device /dev/net/tun"
				       : "");
	int err = link_find(s->link, name, &info);
	if (err)
		return report_fail(r, -err, "interface %s: %s", name, strerror(-err));
	s->ifindex = info.ifindex;
	err = session_note(s, SESSION_NOTE_TAP, info.ifindex);
	return err ? report_fail(r, -err, "the keeper process: %s", strerror(-err)) : 0;
}

/* Opens the delivery, then puts the rules in place that feed it. */
static int try_transport(struct session *s, enum transport t)
{
	/* The queue's or group's number is from 1024 on: people choose the low ones by hand. */
	int err = delivery_open(t, (uint16_t)(1024 + getpid() % 60000), &s->delivery);

	if (err)
		return err;
	s->rules.guest = &s->guest;
	s->rules.groups4 = s->o->groups4;
	s->rules.group4_count = s->o->group4_count;
	s->rules.groups6 = s->o->groups6;
	s->rules.group6_count = s->o->group6_count;
	s->rules.transport = t;
	s->rules.number = delivery_number(s->delivery);
	/* The watch is opened first, so that no removal of the rules that follow goes unseen. */
	if (t == TRANSPORT_QUEUE && !s->watch && (err = watch_open(&s->watch)) < 0)
		return err;
	if (t == TRANSPORT_QUEUE && (err = session_note(s, SESSION_NOTE_SHARED, 1)) < 0)
		return err;
	err = nft_open(&s->nft);
	if (!err)
		err = rules_add(s->nft, &s->rules);
	if (err) {
		nft_close(s->nft); /* which also removes the VM's own table, if it was there already */
		s->nft = NULL;
		delivery_close(s->delivery);
		s->delivery = NULL;
	}
	return err;
}

/*
 * Describes what the kernel's refusal of `queue` depends on: which of the modules are loaded, and which modules it
 * could load on demand. modules.dep changes when modules are installed, so its time stands for the latter.
 */
static void queue_modules(char text[static CLAIM_GIVEN])
{
	char list[sizeof(struct utsname) + 32] = "";
	struct stat installed = {0};
	struct utsname kernel;

	if (uname(&kernel) == 0)
		snprintf(list, sizeof(list), "/lib/modules/%s/modules.dep", kernel.release);
	stat(list, &installed);
	snprintf(text, CLAIM_GIVEN, "nft_queue %s, nfnetlink_queue %s, modules of %lld\n",
		 access("/sys/module/nft_queue", F_OK) == 0 ? "loaded" : "not loaded",
		 access("/sys/module/nfnetlink_queue", F_OK) == 0 ? "loaded" : "not loaded",
		 (long long)installed.st_mtime);
}

/* A table of that name that is there already, as when somebody has loaded a ruleset that was saved while a VM ran. */
static bool has_others_table(const struct session *s, char name[static RULES_TABLE_TEXT])
{
	struct nft *nft;
	bool has;

	if (nft_open(&nft) < 0)
		return false;
	has = nft_has_table(nft, NFPROTO_NETDEV, rules_table(s->info.iface, name)) > 0;
	nft_close(nft);
	return has;
}

static int make_rules(struct session *s, struct report *r)
{
	enum transport wish = s->o->transport, first = wish;
	char modules[CLAIM_GIVEN], table[RULES_TABLE_TEXT];

	queue_modules(modules); /* first, because the kernel may load modules when it is asked */
	if (wish == TRANSPORT_AUTO)
		first = claim_fact(NO_BRIDGE_QUEUE, modules) ? TRANSPORT_LOG : TRANSPORT_QUEUE;
	int err = try_transport(s, first);
	if (err == -ENOENT && wish == TRANSPORT_AUTO && first == TRANSPORT_QUEUE) {
		claim_set_fact(NO_BRIDGE_QUEUE, modules);
		watch_close(s->watch);
		s->watch = NULL;
		err = try_transport(s, TRANSPORT_LOG);
	}
	if (err == -ENOENT && wish != TRANSPORT_AUTO)
		return report_fail(r, ENOENT, "--transport %s: this kernel cannot deliver that way; leave it out",
				   wish == TRANSPORT_QUEUE ? "queue" : "log");
	if (err && has_others_table(s, table))
		return report_fail(r, EEXIST,
				   "interface %s: a table netdev %s is there that no fold uses; remove it: nft delete "
				   "table netdev %s",
				   s->info.iface, table, table);
	if (err)
		return report_fail(
		    r, -err,
		    "interface %s: its rules cannot be made: %s (needs nf_tables with netdev ingress and egress, Linux 5.16)",
		    s->info.iface, strerror(-err));
	return 0;
}

int session_open_rules(struct session *s, struct report *r)
{
	int err = session_host_open(s, r);

	if (err)
		return err;
	/* For every VM, as ALLOW may come with any change of the binding; unused pages of it take no memory. */
	s->rules.egress = s->egress = calloc(1, sizeof(*s->egress));
	if (!s->egress)
		return report_fail(r, ENOMEM, "%s: out of memory", s->info.iface);
	err = tx_open_port(s->ifindex, RULES_REPLY_MARK, &s->rules.reply_group, &s->tx);
	if (err)
		return report_fail(r, -err, "interface %s: no socket for replies: %s", s->info.iface, strerror(-err));
	err = rules_open(s->nft, &s->rules);
	return err ? report_fail(r, -err, "interface %s: its rules cannot be filled: %s%s", s->info.iface,
				 nft_error(err),
				 err == -ENOENT || err == -EOPNOTSUPP
				     ? " (needs nf_tables with egress, Linux 5.16, and log in the netdev family)"
				     : "")
		   : 0;
}

int session_attach(struct session *s, struct report *r)
{
	struct link_port port = {.ifindex = s->ifindex, .bridge = s->bridge.ifindex, .bridge_name = s->info.bridge};
	const char *step;

	port.bridge_mtu = s->bridge.mtu;
	memcpy(port.bridge_mac, s->bridge.mac, MAC_LEN);
	memcpy(port.own_mac, s->guest.service_mac, MAC_LEN);
	memcpy(port.guest_mac, s->guest.id.mac, MAC_LEN);
	int err = link_attach(s->link, &port, &step);
	if (err == -EXFULL)
		return report_fail(r, -err,
				   "bridge %s: is full, as the kernel gives a bridge 1,023 ports; use another bridge",
				   s->info.bridge);
	if (err == -EADDRINUSE)
		return report_fail(r, -err,
				   "MAC %s: is that of bridge %s or of an interface in it; give the VM another one",
				   s->info.mac, s->info.bridge);
	if (err)
		return report_fail(r, -err, "interface %s: cannot %s: %s", s->info.iface, step, strerror(-err));
	return 0;
}

static int write_copy(struct session *s, struct report *r)
{
	int err = session_check_copy(s, r);

	if (err)
		return err;
	err = session_note(s, SESSION_NOTE_COPY, 1);
	if (err)
		return report_fail(r, -err, "the keeper process: %s", strerror(-err));
	err = binding_write_copy(s->config.datapath, &s->guest.id, s->text ? &s->binding : NULL, s->text, s->text_len,
				 s->text ? s->text_mode : BINDING_COPY_MODE, NULL, r);
	/* The copy was not written: the keeper must not try to remove it, which would only be a second warning. */
	if (err)
		session_note(s, SESSION_NOTE_COPY, 0);
	return err;
}

int session_build_up(struct session *s, struct report *r)
{
	int err = link_open(&s->link);

	if (err)
		return report_fail(r, -err, "rtnetlink: %s", strerror(-err));
	if ((err = find_bridge(s, r)) || (err = build_guest(s, r)) || (err = make_tap(s, r)) ||
	    (err = make_rules(s, r)) || (err = session_gate(s, r)) || (err = write_copy(s, r)))
		return err;
	return session_image(s, r);
}

int session_get_ready(struct session *s, struct report *r)
{
	int err = session_stream_open(s);

	if (err)
		return report_fail(r, -err, "no memory or timer for DNS by TCP: %s", strerror(-err));
	err = session_forward(s);
	if (err)
		return report_fail(r, -err, "no sockets to ask name servers: %s", strerror(-err));
	session_live_open(s);
	err = session_seen_open(s);
	if (err)
		log_warn("%s: `" FOLD_COMMAND " inspect` will not be answered: %s", s->info.iface, strerror(-err));
	session_check_host(s);
	return 0;
}
