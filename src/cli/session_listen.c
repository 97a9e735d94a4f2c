/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On a network with a multicast querier, bridges and switches forward only groups that somebody reported: without
 * reports, neighbour solicitations would not reach the VM. fold reports the VM's groups again and again, and so need
 * not hear the querier's questions.
 */
#include "base/log.h"
#include "cli/session_priv.h"
#include "host/bridge.h"
#include "ra/listen.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/timerfd.h>

#define AT_START 2        /* RFC 2710 7.10: the first report is repeated */
#define SOON_MS 1000      /* after this long */
#define INTERVAL_MS 60000 /* at most; memberships last for 260 s where nobody chose another time (RFC 2710 7.4) */
#define REPORTS_A_MEMBERSHIP 4

static void arm(const struct session *s, uint64_t ms)
{
	const struct itimerspec t = {
	    .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

	timerfd_settime(s->listen, 0, &t, NULL);
}

static void report6(struct session *s, const struct in6_addr *group)
{
	listen_report6(&s->guest, group, tx_slot(s->tx));
	tx_keep_to(s->tx, s->bridge.ifindex);
}

/* Reports the VM's solicited-node groups and the single groups of -m. A block of groups has too many to report. */
static void report(struct session *s)
{
	if (s->id.has6) {
		const struct in6_addr own = ip6_link_local(s->id.mac);
		const struct in6_addr groups[] = {ip6_solicited_node(&s->id.ip6.addr), ip6_solicited_node(&own)};
		report6(s, &groups[0]);
		if (memcmp(&groups[0], &groups[1], sizeof(groups[0])) != 0)
			report6(s, &groups[1]);
	}
	for (size_t i = 0; i < s->o->group6_count; i++)
		if (s->o->groups6[i].block.len == 128)
			report6(s, &s->o->groups6[i].block.addr);
	for (size_t i = 0; i < s->o->group4_count; i++) {
		if (s->o->groups4[i].block.len != 32)
			continue;
		listen_report4(&s->guest, s->o->groups4[i].block.addr, tx_slot(s->tx));
		tx_keep_to(s->tx, s->bridge.ifindex);
	}
	tx_flush(s->tx);
}

/* Reports the groups if the bridge snoops and there is a querier. Returns when to look again, in milliseconds. */
static uint64_t look(struct session *s)
{
	struct bridge_info b;

	if (bridge_read(s->link, s->info.bridge, &b) < 0 || !b.multicast_snooping ||
	    !(b.multicast_querier || b.querier_elsewhere))
		return INTERVAL_MS;
	report(s);
	uint64_t ms = (uint64_t)b.membership * 10 / REPORTS_A_MEMBERSHIP;
	return ms < SOON_MS ? SOON_MS : ms > INTERVAL_MS ? INTERVAL_MS : ms;
}

void session_listen_start(struct session *s)
{
	s->listen = -1;
	if (!s->id.has6 && !s->o->group4_count)
		return;
	s->listen = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int err = s->listen < 0 ? -errno : session_wait_for(s, SESSION_LISTEN, s->listen);
	if (err) {
		log_warn("%s: no timer, so a multicast querier will not hear of it: %s", s->info.iface, strerror(-err));
		return;
	}
	s->listen_soon = AT_START - 1;
	look(s);
	arm(s, SOON_MS);
}

void session_listen_due(struct session *s)
{
	uint64_t times;

	if (read(s->listen, &times, sizeof(times)) != sizeof(times))
		return;
	uint64_t next = look(s);
	if (s->listen_soon) {
		s->listen_soon--;
		next = SOON_MS;
	}
	arm(s, next);
}
