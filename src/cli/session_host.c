/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who the host is on the VM's bridge: its MAC and its addresses there, which the rules name; and whether bridge and tap are there.
 *
 * Addresses are heard of at once, and with them the end of a bridge that has any. All else are events of interfaces, of which every
 * start of a VM makes a dozen: a thousand folds that listened to these would make each start take twice as long. So the
 * bridge's MAC, its end and the tap's are looked for now and then. Until another MAC is found the guest reaches the host as it
 * reaches any neighbour, inside its own subnet; a tap that is no longer a port has no address that anything is for.
 *
 * A tap with another name is a port as before, and its rules are gone: since Linux 6.16 they belong to the name, and no event of
 * nftables tells of it. Only root can do that to a VM, by name; it is found within LOOK_SECONDS.
 *
 * A tap with another MAC takes the frames for that one: the bridge forgets behind which port it was. It needs no right but to have
 * the tap open, and whoever the hypervisor runs as may hand that on to programs that fold has not started (host/hypervisor.c).
 */
#include "base/log.h"
#include "cli/session_priv.h"
#include "fw/nft.h"
#include "host/link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/timerfd.h>

#define LOOK_SECONDS 1

/* Into the rules' description. 1 where it is not what it was, 0, or -errno (-ENODEV: no bridge). */
static int read_host(struct session *s)
{
	struct rules *r = &s->rules;
	struct link_info bridge;
	struct in_addr now4[SESSION_HOST_ADDRESSES];
	struct in6_addr now6[SESSION_HOST_ADDRESSES];
	int err = link_find(s->link, s->info.bridge, &bridge), count6 = 0;

	if (!err && bridge.ifindex != s->bridge_index)
		err = -ENODEV; /* another one of that name */
	int count4 = err ? err : link_addresses4(s->link, bridge.ifindex, now4, SESSION_HOST_ADDRESSES);
	if (count4 >= 0 && s->id.has6)
		count6 = link_addresses6(s->link, bridge.ifindex, now6, SESSION_HOST_ADDRESSES);
	if (count4 < 0 || count6 < 0)
		return count4 < 0 ? count4 : count6;
	if ((size_t)count4 == r->host4_count && (size_t)count6 == r->host6_count &&
	    memcmp(now4, s->host4, (size_t)count4 * sizeof(now4[0])) == 0 &&
	    memcmp(now6, s->host6, (size_t)count6 * sizeof(now6[0])) == 0 &&
	    memcmp(bridge.mac, r->bridge_mac, MAC_LEN) == 0)
		return 0;
	memcpy(s->host4, now4, (size_t)count4 * sizeof(now4[0]));
	memcpy(s->host6, now6, (size_t)count6 * sizeof(now6[0]));
	r->host4 = s->host4;
	r->host4_count = (size_t)count4;
	r->host6 = s->host6;
	r->host6_count = (size_t)count6;
	memcpy(r->bridge_mac, bridge.mac, MAC_LEN);
	return 1;
}

void session_host_is(struct session *s, const struct link_info *bridge)
{
	s->bridge_index = bridge->ifindex;
	memcpy(s->rules.bridge_mac, bridge->mac, MAC_LEN);
}

int session_host_open(struct session *s, struct report *r)
{
	const struct itimerspec again = {.it_value = {.tv_sec = LOOK_SECONDS}, .it_interval = {.tv_sec = LOOK_SECONDS}};

	/* Watched before it is read: no change goes unseen. */
	s->bridge_watch = link_watch(s->bridge_index);
	int err = s->bridge_watch < 0 ? s->bridge_watch : read_host(s);
	if (err < 0)
		return report_fail(r, -err, "bridge %s: its addresses: %s", s->info.bridge, strerror(-err));
	s->bridge_look = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->bridge_look < 0)
		return report_fail(r, errno, "timerfd: %s", strerror(errno));
	timerfd_settime(s->bridge_look, 0, &again, NULL);
	return 0;
}

static void forget(const struct session *s, int *fd)
{
	if (*fd < 0)
		return;
	/* Closing is not enough: another process of this fold has it, too. */
	if (s->epoll >= 0)
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, *fd, NULL);
	close(*fd);
	*fd = -1;
}

void session_host_close(struct session *s)
{
	forget(s, &s->bridge_watch);
	forget(s, &s->bridge_look);
}

/* The VM's own has the name and the MAC that fold gave it. */
static bool has_tap(const struct session *s)
{
	return link_is(s->link, s->ifindex, s->info.iface, s->guest.service_mac) != 0;
}

void session_cut_off(struct session *s, const char *why)
{
	link_set_up(s->link, s->ifindex, false); /* under another name, too */
	log_err("interface %s: %s; the VM is cut off until fold is started anew", s->info.iface, why);
	session_host_close(s);
}

/* Whatever it is now, it is not to be used any more: with no MAC, either, that the bridge would know it by. */
static void lose_tap(struct session *s)
{
	if (link_is(s->link, s->ifindex, s->info.iface, NULL) == 0) {
		session_cut_off(s, "it was removed or renamed");
	} else {
		session_cut_off(s, "its MAC was changed, which its hypervisor can do");
		link_leave_bridge(s->link, s->ifindex);
	}
}

void session_host_changed(struct session *s)
{
	link_watch_drain(s->bridge_watch);
	if (!has_tap(s)) {
		lose_tap(s);
		return;
	}
	int changed = read_host(s);
	if (changed > 0)
		changed = session_update_rules(s, &s->rules);
	/* Once more tells: what there is does not matter, as long as it is these. */
	if (changed == NFT_NO_ANSWER)
		changed = session_update_rules(s, &s->rules);
	if (changed == -ENODEV) {
		log_err("bridge %s: it was removed; the VM is cut off until fold is started anew", s->info.bridge);
		link_set_up(s->link, s->ifindex, false);
		session_host_close(s);
	} else if (session_rules_unknown(changed)) {
		session_cut_off(s, SESSION_RULES_UNKNOWN);
	} else if (changed < 0) {
		log_err("bridge %s: a change of its addresses cannot be followed: %s", s->info.bridge,
			strerror(-changed));
	}
}

void session_host_look(struct session *s)
{
	uint64_t times;

	if (read(s->bridge_look, &times, sizeof(times)) < 0)
		return;
	if (!has_tap(s) || link_is(s->link, s->bridge_index, s->info.bridge, s->rules.bridge_mac) == 0)
		session_host_changed(s);
}
