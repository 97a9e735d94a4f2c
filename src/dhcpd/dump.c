/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of clients, for SIGUSR1: whom fold-dhcpd serves, and what came of it. */
#include "base/log.h"
#include "dhcpd/daemon_priv.h"
#include "dhcpd/worker.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	struct port **at;
	size_t count, room;
};

static void collect(void *listing, struct port *p)
{
	struct listing *l = listing;

	if (p->bound && l->count < l->room)
		l->at[l->count++] = p;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct port *const *)a)->name, (*(struct port *const *)b)->name);
}

static uint64_t count_of(const struct port *p, enum port_count what)
{
	return atomic_load_explicit(&p->counts[what], memory_order_relaxed);
}

static void say_port(const struct port *p)
{
	const struct identity *id = &p->guest.id;
	char mac[MAC_TEXT], ip4[INET_ADDRSTRLEN] = "-", ip6[INET6_ADDRSTRLEN] = "-";
	unsigned drop = atomic_load_explicit(&p->last_drop, memory_order_relaxed);

	if (id->has4)
		inet_ntop(AF_INET, &id->ip4.addr, ip4, sizeof(ip4));
	if (id->has6)
		inet_ntop(AF_INET6, &id->ip6.addr, ip6, sizeof(ip6));
	log_info("%-20s %s %-15s %-15s %-39s %s seen %" PRIu64 " answered %" PRIu64 " forwarded %" PRIu64
		 " passed %" PRIu64 " refused %" PRIu64 "%s%s limited %" PRIu64,
		 p->guest.hostname[0] ? p->guest.hostname : "-", mac_format(id->mac, mac), p->name, ip4, ip6,
		 p->ifindex ? "here" : "absent", count_of(p, PORT_SEEN), count_of(p, PORT_ANSWERED),
		 count_of(p, PORT_FORWARDED), count_of(p, PORT_PASSED), count_of(p, PORT_REFUSED), drop ? " last " : "",
		 drop ? drop_name((enum drop)drop) : "", count_of(p, PORT_LIMITED));
}

static bool is_own_queue(const struct daemon *d, int32_t number)
{
	struct queues own[8];
	size_t count = daemon_queues(&d->config, own);

	for (size_t i = 0; i < count; i++) {
		if (own[i].first <= number && number <= own[i].last)
			return true;
	}
	return false;
}

/*
 * Returns how many packets the kernel has dropped because they came faster than fold-dhcpd took them. Format:
 * net/netfilter/nfnetlink_queue.c, seq_show(): a line for each queue; of its fields, counted from 0, field 0 is the
 * queue's number, 5 the packets that found the queue full and 6 those that found the socket's buffer full.
 */
static uint64_t dropped_packets(const struct daemon *d)
{
	uint64_t dropped = 0;
	char line[256];

	if (!d->queue_counts)
		return 0;
	rewind(d->queue_counts);
	while (fgets(line, sizeof(line), d->queue_counts)) {
		int32_t number;
		uint32_t queue, socket;
		if (sscanf(line, "%" SCNd32 " %*s %*s %*s %*s %" SCNu32 " %" SCNu32, &number, &queue, &socket) == 3 &&
		    is_own_queue(d, number))
			dropped += (uint64_t)queue + socket;
	}
	return dropped;
}

static void say_drops(const struct daemon *d)
{
	uint64_t strangers = 0, lost = dropped_packets(d) + tx_lost(d->tx);

	for (size_t i = 0; i < d->worker_count; i++) {
		strangers += atomic_load_explicit(&d->workers[i]->strangers, memory_order_relaxed);
		lost += worker_lost(d->workers[i]);
	}
	for (unsigned why = DROP_NONE + 1; why < DROP_COUNT; why++) {
		uint64_t n = 0;
		for (size_t i = 0; i < d->worker_count; i++)
			n += atomic_load_explicit(&d->workers[i]->drops[why], memory_order_relaxed);
		if (n)
			log_info("refused %s: %" PRIu64, drop_name((enum drop)why), n);
	}
	log_info("%zu clients; %" PRIu64 " packets of interfaces without a binding went on; %" PRIu64
		 " %s lost; %zu VMs ask other name servers",
		 d->table.bound, strangers, lost, d->queue_counts ? "packets or answers" : "answers", d->asking_count);
}

void dump_clients(struct daemon *d)
{
	struct listing l = {.room = d->table.bound, .at = calloc(d->table.bound + 1, sizeof(struct port *))};

	if (!l.at) {
		log_err("table of clients: out of memory");
		return;
	}
	table_each(&d->table, collect, &l);
	qsort(l.at, l.count, sizeof(struct port *), by_name);
	log_info("%-20s %-17s %-15s %-15s %-39s", "HOSTNAME", "MAC", "IFACE", "IPv4", "IPv6");
	for (size_t i = 0; i < l.count; i++)
		say_port(l.at[i]);
	say_drops(d);
	free(l.at);
}
