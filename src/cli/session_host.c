/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows what the rules name of the host: the bridge's MAC and the host's addresses on it; the bridge's MTU; and
 * whether bridge and tap are still there.
 *
 * fold's first process hears of changes of these two interfaces (host/link_hub.h) and wakes this one. The first event
 * is followed at once, so that a tap that has lost its rules or its place is found before much can pass. Then the VM
 * rests from events for a while, and the longer the more come: who has a tap open can make events of it without end,
 * and where the bridge's MAC is the lowest of its ports', some are the bridge's as well and wake all VMs there.
 *
 * A tap that was renamed is still a port, but without rules: since Linux 6.16 these belong to the name. Only root can
 * do that to a VM, by name.
 *
 * A tap that somebody, such as a tool that sets up networks, has taken off the bridge and put back is a port that learns,
 * and the bridge has forgotten where the guest's MAC belongs: both are put back. On another bridge the VM is cut off,
 * because its rules are about the host's addresses on the first one; but such tools may be about to put it back.
 *
 * A tap with another MAC takes the frames for that MAC, because the bridge forgets behind which port it was. To change
 * it a process needs no right, only the tap open, and the user that the hypervisor runs as may hand the descriptor to
 * programs that fold has not started (host/hypervisor.c).
 */
#include "base/clock.h"
#include "base/log.h"
#include "cli/session_priv.h"
#include "fw/nft.h"
#include "host/link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#define MTU_MOST 16384  /* the most that every virtio guest takes; a bridge may have more, as Weave Net's may */
#define MTU_LEAST6 1280 /* RFC 8200 5 */

/* How long a VM rests after an event, and after many. */
#define REST_MS 200
#define REST_MS_MOST 1000
/* How often tap and bridge are looked at in any case, should the process that listens for all hang. */
#define LOOK_MS 60000
/* How long the tap may be a port of another bridge, and how often its port may be impossible to set up again. */
#define ELSEWHERE_MS 1000
#define SETTLE_TRIES 5

/* Those beyond are not looked at. */
static int at_most(struct session *s, int count)
{
	if (count <= LINK_ADDRESSES)
		return count;
	if (!s->many_addresses)
		log_warn(
		    "bridge %s: it has more than %d addresses of one family; the VM reaches this machine by that many",
		    s->info.bridge, LINK_ADDRESSES);
	s->many_addresses = true;
	return LINK_ADDRESSES;
}

/* Reads the bridge's MAC and addresses into s->rules. 1: they changed, 0: not, or -errno (-ENODEV: no bridge). */
static int read_host(struct session *s)
{
	struct rules *r = &s->rules;
	struct link_info bridge;
	struct in_addr now4[LINK_ADDRESSES + 1];
	struct in6_addr now6[LINK_ADDRESSES + 1];
	int err = link_find(s->link, s->info.bridge, &bridge), count6 = 0;

	if (!err && bridge.ifindex != s->bridge.ifindex)
		err = -ENODEV; /* another bridge has the name now */
	int count4 = err ? err : link_addresses4(s->link, bridge.ifindex, now4, LINK_ADDRESSES + 1);
	if (count4 >= 0 && s->id.has6)
		count6 = link_addresses6(s->link, bridge.ifindex, now6, LINK_ADDRESSES + 1);
	if (count4 < 0 || count6 < 0)
		return count4 < 0 ? count4 : count6;
	s->bridge.mtu = bridge.mtu;
	count4 = at_most(s, count4);
	count6 = at_most(s, count6);
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

static void wake_in(const struct session *s, uint64_t ms)
{
	/* A nanosecond more, because 0 would mean never. */
	const struct itimerspec t = {
	    .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 + 1}};

	timerfd_settime(s->host_look, 0, &t, NULL);
}

uint32_t session_guest_mtu(const struct session *s)
{
	const uint32_t mtu = s->bridge.mtu < MTU_MOST ? s->bridge.mtu : MTU_MOST;

	/* With less there is no IPv6, and the guest keeps what it was told before. */
	return s->id.has6 && s->mtu && mtu < MTU_LEAST6 ? s->mtu : mtu;
}

/* Two machines of one address would take turns in being reached. */
static bool has_hosts_address(const struct session *s)
{
	const struct rules *r = &s->rules;

	for (size_t i = 0; s->id.has4 && i < r->host4_count; i++)
		if (r->host4[i].s_addr == s->id.ip4.addr.s_addr)
			return true;
	for (size_t i = 0; s->id.has6 && i < r->host6_count; i++)
		if (memcmp(&r->host6[i], &s->id.ip6.addr, sizeof(r->host6[i])) == 0)
			return true;
	return false;
}

int session_host_open(struct session *s, struct report *r)
{
	/* It is read once more when changes are heard: link_hub_serve(). */
	int err = read_host(s);

	if (err < 0)
		return report_fail(r, -err, "bridge %s: its addresses: %s", s->info.bridge, strerror(-err));
	if (has_hosts_address(s))
		return report_fail(r, EADDRINUSE,
				   "interface %s: its address is this machine's own on bridge %s; choose another",
				   s->info.iface, s->info.bridge);
	s->host_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->host_look = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->host_event < 0 || s->host_look < 0)
		return report_fail(r, errno, "eventfd, timerfd: %s", strerror(errno));
	wake_in(s, LOOK_MS);
	return 0;
}

static void forget(const struct session *s, int *fd)
{
	if (*fd < 0)
		return;
	/* close() alone would leave it in the epoll set, because another process of this fold has it open too. */
	if (s->epoll >= 0)
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, *fd, NULL);
	close(*fd);
	*fd = -1;
}

void session_host_close(struct session *s)
{
	forget(s, &s->host_event);
	forget(s, &s->host_look);
}

/* Whether the interface still has the name and the MAC that fold gave the tap; true also where that cannot be told. */
static bool has_tap(const struct session *s)
{
	return link_is(s->link, s->ifindex, s->info.iface, s->guest.service_mac) != 0;
}

void session_cut_off(struct session *s, const char *why)
{
	link_set_up(s->link, s->ifindex, false); /* by its index, so also under another name */
	log_err("interface %s: %s; the VM is cut off until fold is started anew", s->info.iface, why);
	session_host_close(s);
}

/*
 * Cuts the VM off: the interface is no longer what the rules are for. It leaves the bridge as well: with another MAC so
 * that the bridge knows no port by that MAC, with another name because it has no rules if somebody sets it up again.
 */
static void lose_tap(struct session *s)
{
	const bool named = link_is(s->link, s->ifindex, s->info.iface, NULL) != 0;

	session_cut_off(s, named ? "its MAC was changed, which its hypervisor can do" : "it was removed or renamed");
	link_leave_bridge(s->link, s->ifindex);
}

/*
 * A bridge has less from when a port with less joins it, such as a tunnel to another host. The tap keeps what it has,
 * as the bridge would not get back to more with a port that has less.
 */
static void follow_mtu(struct session *s)
{
	const struct guest was = s->guest;
	const uint32_t now = s->mtu = session_guest_mtu(s);

	if (was.id.own_mtu || was.id.mtu == now)
		return;
	int err = link_raise_mtu(s->link, s->info.iface, now);
	if (err)
		log_warn("interface %s: its MTU cannot be raised to %u, that of its bridge: %s", s->info.iface, now,
			 strerror(-err));
	s->guest.id.mtu = now;
	log_info("interface %s: bridge %s has an MTU of %u now; the guest is told when it asks%s", s->info.iface,
		 s->info.bridge, s->bridge.mtu, s->id.has6 ? ", and at once by a router advertisement" : "");
	if (s->id.has6)
		session_advertise_change(s, &was);
}

/* Follows a change of the bridge or its addresses into the rules. */
static void follow_bridge(struct session *s)
{
	int changed = read_host(s);

	if (changed >= 0)
		follow_mtu(s);
	if (changed > 0)
		changed = session_update_rules(s, &s->rules);
	/* No answer: send them once more. If that succeeds they are in force, whatever came of the first time. */
	if (changed == NFT_NO_ANSWER)
		changed = session_update_rules(s, &s->rules);
	if (changed == -ENODEV) {
		log_err("bridge %s: it was removed or renamed; the VM is cut off until fold is started anew",
			s->info.bridge);
		link_set_up(s->link, s->ifindex, false);
		session_host_close(s);
	} else if (session_rules_unknown(changed)) {
		session_cut_off(s, SESSION_RULES_UNKNOWN);
	} else if (changed < 0) {
		log_err("bridge %s: a change of its addresses cannot be followed: %s", s->info.bridge,
			strerror(-changed));
	}
}

static void say_settled(const struct session *s, bool learns)
{
	if (learns)
		log_warn("interface %s: it is a new port of bridge %s, which is set up as the one before was",
			 s->info.iface, s->info.bridge);
	else
		log_warn("bridge %s: somebody removed the VM's MAC %s from its forwarding table; it is there again",
			 s->info.bridge, s->info.mac);
}

/* False: the port is not set up, which is tried again. */
static bool settle(struct session *s, bool learns)
{
	struct link_info tap;

	if (link_settle(s->link, s->ifindex, s->id.mac) == 0) {
		say_settled(s, learns);
		return true;
	}
	/* Whoever took it off the bridge in this moment makes another event. */
	if (link_find(s->link, s->info.iface, &tap) == 0 && tap.master != s->bridge.ifindex)
		return false;
	s->look_again = true;
	if (++s->settle_failures == SETTLE_TRIES)
		session_cut_off(s, "the bridge has forgotten its port, which cannot be set up again");
	return false;
}

/* Takes the tap down, in case it is put back soon, and in the end for good. */
static void bar_elsewhere(struct session *s)
{
	const uint64_t now = clock_ms();

	if (!s->elsewhere_since) {
		link_set_up(s->link, s->ifindex, false);
		s->elsewhere_since = now;
	}
	if (now - s->elsewhere_since < ELSEWHERE_MS)
		s->look_again = true;
	else
		session_cut_off(s, "it was made a port of something else than its bridge");
}

/* Sets up the tap's port again if the bridge has forgotten it. */
static void settle_port(struct session *s)
{
	struct link_info tap;

	if (link_find(s->link, s->info.iface, &tap) < 0)
		return;
	if (!tap.master && !s->off_bridge)
		log_warn("interface %s: it was taken off bridge %s; the VM reaches nobody until it is put back",
			 s->info.iface, s->info.bridge);
	s->off_bridge = !tap.master;
	if (s->off_bridge) {
		s->look_again = true; /* nobody tells if it becomes a port of what is no bridge */
		return;
	}
	if (tap.master != s->bridge.ifindex) {
		bar_elsewhere(s);
		return;
	}
	if ((tap.learns || link_is_known(s->link, s->ifindex, s->id.mac) == 0) && !settle(s, tap.learns))
		return;
	s->settle_failures = 0;
	if (s->elsewhere_since)
		link_set_up(s->link, s->ifindex, true);
	s->elsewhere_since = 0;
}

/* Compares tap and bridge with what they were. heard: something has changed. */
static void compare(struct session *s, bool heard)
{
	const bool port = heard || s->look_again;

	s->look_again = false;
	if (!has_tap(s)) {
		lose_tap(s);
		return;
	}
	if (heard || link_is(s->link, s->bridge.ifindex, s->info.bridge, s->rules.bridge_mac) == 0)
		follow_bridge(s);
	if (port && s->host_look >= 0)
		settle_port(s);
}

/*
 * Hears events, or rests from them: then they wait in the eventfd. It is taken out of the epoll set
 * for that, as a full one would be reported as an error, whichever events are asked for.
 */
static void hear(const struct session *s, bool on)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = SESSION_HOST};

	epoll_ctl(s->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->host_event, &e);
}

static void rest(struct session *s)
{
	s->rest_ms = !s->rest_ms ? REST_MS : s->rest_ms * 2 < REST_MS_MOST ? s->rest_ms * 2 : REST_MS_MOST;
	hear(s, false);
	wake_in(s, s->rest_ms);
}

/* Takes the events that have come. */
static bool take_events(const struct session *s)
{
	eventfd_t times;

	return eventfd_read(s->host_event, &times) == 0;
}

void session_host_changed(struct session *s)
{
	/* Where the VM was cut off a moment ago. */
	if (s->host_look < 0)
		return;
	compare(s, take_events(s));
	if (s->host_look >= 0)
		rest(s);
}

void session_host_look(struct session *s)
{
	uint64_t times;

	if (read(s->host_look, &times, sizeof(times)) != sizeof(times))
		return;
	const bool heard = s->rest_ms && take_events(s);
	/* No rest, and nothing to look at again: a minute is over. */
	compare(s, heard || (!s->rest_ms && !s->look_again));
	if (s->host_look < 0)
		return;
	if (heard || s->look_again) {
		rest(s);
		return;
	}
	if (s->rest_ms)
		hear(s, true);
	s->rest_ms = 0;
	wake_in(s, LOOK_MS);
}
