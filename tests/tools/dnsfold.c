/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dnsfold: fold's DNS answerer and forwarder on ordinary UDP sockets, for tests.
 *
 *   dnsfold [-b BINDING] [-c CONFIG] [-r RESOLV.CONF] [-u UID] GUEST-ADDRESS SERVICE-ADDRESS...
 *
 * The addresses must be this namespace's own. A client binds to the guest's address and asks a service address;
 * dnsfold hands its question to the answerer as the packet that the guest would have sent. With -u everything happens
 * as that user, without a capability. SIGUSR1 reads the binding anew; SIGTERM prints the forwarder's counts, and ends
 * the program.
 */
#include "base/cleanup.h"
#include "dns/dns.h"
#include "dns/forward.h"
#include "dns/resolvers.h"
#include "guest/address_list.h"
#include "guest/build.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#define SOCKETS_MAX 8

static struct {
	const char *binding, *config, *resolv_conf;
	struct identity id;
	struct guest g;
	struct forward *forward;
	int sockets[SOCKETS_MAX];
	union server addresses[SOCKETS_MAX];
	int count;
} t;

static void __attribute__((noreturn)) die(const char *what, int err)
{
	fprintf(stderr, "dnsfold: %s: %s\n", what, err ? strerror(err) : "bad");
	exit(1);
}

static void load(void)
{
	struct report r = {0};
	struct binding b = {0};
	struct config c = {0};
	struct guest g;

	if (config_load(t.config ? t.config : "/nonexistent", t.config != NULL, &c, &r) < 0 ||
	    (t.binding && binding_load(t.binding, BINDING_VM, &b, &r) < 0) ||
	    address_lists_load(&b, c.datapath, false, &r) < 0 ||
	    guest_build(&t.id, t.binding ? &b : NULL, &c, 0, &g, &r) < 0)
		die(r.msg, 0);
	guest_free(&t.g);
	t.g = g;
	binding_free(&b);
	config_free(&c);
}

/* Sends the reply's data by the socket that is bound to the reply's source address. */
static void send_reply(void *arg, const struct reply *r)
{
	bool six = r->kind == PKT_UDP6;
	union server to = six ? server6(&r->dst6) : server4(r->dst4);

	(void)arg;
	if (six)
		to.six.sin6_port = htons(r->dport);
	else
		to.four.sin_port = htons(r->dport);
	for (int i = 0; i < t.count; i++) {
		const union server *from = &t.addresses[i];
		bool mine = six ? from->any.sa_family == AF_INET6 && IN6_ARE_ADDR_EQUAL(&from->six.sin6_addr, &r->src6)
				: from->any.sa_family == AF_INET && from->four.sin_addr.s_addr == r->src4.s_addr;
		if (mine)
			sendto(t.sockets[i], r->w.start, wr_len(&r->w), 0, &to.any, server_len(&to));
	}
}

static void on_question(int i)
{
	static struct reply out;
	uint8_t data[65536];
	union server from = {0};
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(t.sockets[i], data, sizeof(data), MSG_DONTWAIT, &from.any, &len);
	bool six = from.any.sa_family == AF_INET6;
	struct pkt in = {.kind = six ? PKT_UDP6 : PKT_UDP4, .dport = 53, .data = data, .len = (size_t)n};

	if (n < 0)
		return;
	if (six) {
		in.src6 = from.six.sin6_addr;
		in.dst6 = t.addresses[i].six.sin6_addr;
		in.sport = ntohs(from.six.sin6_port);
	} else {
		in.src4 = from.four.sin_addr;
		in.dst4 = t.addresses[i].four.sin_addr;
		in.sport = ntohs(from.four.sin_port);
	}
	memcpy(in.src_mac, t.id.mac, MAC_LEN);
	reply_init(&out);
	/* A question to the guest's own address, the first one, comes from the network, not from the guest. */
	enum answer a = i == 0 ? dns_answer_network(&t.g, &in, &out) : dns_answer(&t.g, &in, &out);
	if (a == ANSWER_FORWARD)
		forward_ask(t.forward, &out);
	else if (a == ANSWER_REPLY && pkt_wrap(&out, t.g.service_mac))
		send_reply(NULL, &out);
}

static void open_sockets(char **names, int count, int epoll)
{
	for (t.count = 0; t.count < count && t.count < SOCKETS_MAX; t.count++) {
		union server *s = &t.addresses[t.count];
		struct in_addr four;
		struct in6_addr six;
		if (inet_pton(AF_INET, names[t.count], &four) == 1)
			*s = server4(four);
		else if (inet_pton(AF_INET6, names[t.count], &six) == 1)
			*s = server6(&six);
		else
			die(names[t.count], 0);
		int fd = t.sockets[t.count] = socket(s->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)t.count};
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(fd, &s->any, server_len(s)) < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
			die(names[t.count], errno);
	}
}

static void finish(void)
{
	struct forward_counts c = forward_counts(t.forward);

	printf("asked %lu cached %lu joined %lu answered %lu failed %lu refused %lu ignored %lu waiting %zu\n", c.asked,
	       c.cached, c.joined, c.answered, c.failed, c.refused, c.ignored, forward_under_way(t.forward));
	forward_close(t.forward);
	guest_free(&t.g);
	exit(0);
}

static void on_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTERM)
		finish();
	load();
	forward_follow(t.forward, &t.g);
}

static void take_options(int argc, char **argv, uid_t *uid)
{
	for (int o; (o = getopt(argc, argv, "b:c:r:u:")) != -1;) {
		if (o == 'b')
			t.binding = optarg;
		else if (o == 'c')
			t.config = optarg;
		else if (o == 'r')
			t.resolv_conf = optarg;
		else if (o == 'u')
			*uid = (uid_t)strtoul(optarg, NULL, 10);
		else
			exit(2);
	}
	if (argc - optind < 2)
		die("usage: dnsfold [-b BINDING] [-c CONFIG] [-r RESOLV.CONF] [-u UID] GUEST SERVICE...", 0);
	mac_parse("52:54:00:12:34:56", t.id.mac);
	memcpy(t.id.iface, "tap0", 5);
	t.id.has4 = inet_pton(AF_INET, argv[optind], &t.id.ip4.addr) == 1;
	t.id.has6 = !t.id.has4 && inet_pton(AF_INET6, argv[optind], &t.id.ip6.addr) == 1;
	t.id.ip4.len = 24;
	t.id.ip6.len = 64;
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	uid_t uid = 0;
	sigset_t set;

	take_options(argc, argv, &uid);
	load();
	/* The guest's own address gets a socket too, for questions from the network. */
	open_sockets(argv + optind, argc - optind, epoll);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (uid && (setgroups(0, NULL) < 0 || setgid(uid) < 0 || setuid(uid) < 0))
		die("setuid", errno);
	struct forward_setup setup = {.resolv_conf = t.resolv_conf, .send = send_reply};
	int err = forward_open(&setup, &t.forward);
	if (err)
		die("forward_open", -err);
	forward_follow(t.forward, &t.g);
	struct epoll_event f = {.events = EPOLLIN, .data.u32 = 1000}, s = {.events = EPOLLIN, .data.u32 = 1001};
	epoll_ctl(epoll, EPOLL_CTL_ADD, forward_fd(t.forward), &f);
	epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &s);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct epoll_event e;
		if (epoll_wait(epoll, &e, 1, -1) < 1)
			continue;
		if (e.data.u32 == 1000)
			forward_run(t.forward);
		else if (e.data.u32 == 1001)
			on_signal(signals);
		else
			on_question((int)e.data.u32);
	}
}
