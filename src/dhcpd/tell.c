/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unsolicited router advertisements (RFC 4861 6.2.4), and notifications, which are repeated until they are
 * acknowledged.
 *
 * The daemon sends no last advertisement when it ends: the router is the host or its gateway, and both stay. Neither
 * does it when a binding is removed: then the VM ends, or another program serves it. But if a binding that stays gives
 * its VM no IPv6 any more, the daemon withdraws what it has advertised. At its start the first advertisements to
 * thousands of VMs are spread over the period.
 */
#include "answer/answer.h"
#include "base/clock.h"
#include "dhcpd/daemon_priv.h"
#include "guest/past.h"
#include "ra/ra.h"

#include <string.h>

#include <sys/random.h>

#define SOON_MS 500 /* RFC 4861 6.2.6: at most so long a first advertisement is delayed, by a random time */

static uint32_t random32(void)
{
	uint32_t v = 0;

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != sizeof(v))
		v = 0;
	return v;
}

/* Without a queue for router solicitations the daemon is no router: another program may be the one. */
static bool advertises(const struct daemon *d, const struct port *p)
{
	return p->bound && p->ifindex && p->guest.id.has6 && p->guest.answers6 && d->config.rs_queue.first >= 0;
}

static void advertise(struct daemon *d, struct port *p)
{
	if (!answer_advertise(&p->guest, p->past, false, tx_slot(d->tx)))
		return;
	tx_keep_to(d->tx, p->ifindex);
}

static void advertise_again(struct daemon *d, struct port *p)
{
	uint64_t ms = ra_interval_ms(p->guest.ra_period, p->advertise_quickly, (uint16_t)random32());

	due_set(&d->due, &p->advertise, clock_ms() + ms);
}

static struct port *port_of_advertise(struct moment *m)
{
	return (struct port *)((char *)m - offsetof(struct port, advertise));
}

static struct port *port_of_notify(struct moment *m)
{
	return (struct port *)((char *)m - offsetof(struct port, notify));
}

static void advertise_due(void *daemon, struct moment *m)
{
	struct daemon *d = daemon;
	struct port *p = port_of_advertise(m);

	if (!advertises(d, p))
		return;
	advertise(d, p);
	if (p->advertise_quickly && --p->advertise_quickly == 0)
		past_free(&p->past);
	advertise_again(d, p);
}

/*
 * When the daemon starts, not all guests are told at once, but soon enough for those that heard the last advertisement
 * of the daemon before: within a third of the longest time that a router lives. In milliseconds.
 */
static uint32_t first_within(const struct guest *g)
{
	return (g->ra_period < UINT16_MAX / 3 ? g->ra_period : UINT16_MAX / 3) * 1000;
}

void tell_start(struct daemon *d, struct port *p)
{
	p->advertise.run = advertise_due;
	p->advertise.arg = d;
	/* The interface is there again, and the VM has not acknowledged a change yet. */
	if (p->guest.notify.waiting && !p->notify.place)
		due_set(&d->due, &p->notify, clock_ms() + SOON_MS);
	if (!advertises(d, p) || p->advertise.place)
		return;
	uint32_t span = d->started ? SOON_MS : first_within(&p->guest);
	p->advertise_quickly = d->started ? RA_INITIAL : 0;
	due_set(&d->due, &p->advertise, clock_ms() + random32() % span);
}

void tell_soon(struct daemon *d, struct port *p)
{
	if (!p->advertise.place)
		return;
	p->advertise_quickly = RA_INITIAL;
	due_set(&d->due, &p->advertise, clock_ms() + random32() % SOON_MS);
}

static void send_notification(struct daemon *d, struct port *p)
{
	if (!p->ifindex)
		return;
	for (int six = 0; six < 2; six++) {
		if (answer_notify(&p->guest, six, tx_slot(d->tx)))
			tx_keep_to(d->tx, p->ifindex);
	}
}

static void notify_due(void *daemon, struct moment *m)
{
	struct daemon *d = daemon;
	struct port *p = port_of_notify(m);

	if (!p->guest.notify.waiting)
		return;
	send_notification(d, p);
	due_set(&d->due, m, clock_ms() + (uint64_t)p->guest.notify.period * 1000);
}

static void notify_change(struct daemon *d, struct port *p)
{
	struct notify *y = &p->guest.notify;

	p->notify.run = notify_due;
	p->notify.arg = d;
	/* A new token each time, so that an acknowledgement of the last change does not count for this one. */
	pthread_rwlock_wrlock(&d->table.lock);
	y->waiting = y->port && getrandom(y->token, sizeof(y->token), GRND_NONBLOCK) == sizeof(y->token);
	pthread_rwlock_unlock(&d->table.lock);
	if (y->waiting)
		notify_due(d, &p->notify);
	else
		due_unset(&d->due, &p->notify);
}

void tell_stop(struct daemon *d, struct port *p)
{
	due_unset(&d->due, &p->advertise);
	due_unset(&d->due, &p->notify);
	past_free(&p->past); /* the next VM here was told nothing */
}

/*
 * True if advertisements say the same, as often. A reload of ten thousand bindings must not send all VMs what they know
 * already.
 */
static bool sounds_alike(const struct guest *a, const struct guest *b)
{
	struct reply one, two;

	return a->ra_period == b->ra_period && answer_advertise(a, NULL, false, &one) &&
	       answer_advertise(b, NULL, false, &two) && one.frame_len == two.frame_len &&
	       memcmp(one.frame, two.frame, one.frame_len) == 0;
}

/* RFC 4861 6.2.5: tells the VM that fold is no router any more, and withdraws prefix, name servers and domains. */
static void withdraw(struct daemon *d, const struct port *p, const struct guest *was)
{
	struct guest none = *was;

	none.id.ip6.len = 128; /* advertises no prefix, so that the old one is withdrawn */
	none.nameservers6.count = none.search_len = 0;
	none.ra_managed = none.ra_other = false;
	if (answer_advertise(&none, was, true, tx_slot(d->tx)))
		tx_keep_to(d->tx, p->ifindex);
}

void tell_change(struct daemon *d, struct port *p, const struct guest *was, bool news)
{
	if (advertises(d, p) && p->advertise.place && sounds_alike(was, &p->guest)) {
		/* RFC 4861 6.2.4: advertisements go on as before. */
	} else if (advertises(d, p)) {
		past_add(&p->past, was, &p->guest);
		advertise(d, p);
		/* RFC 4861 6.2.4: the new values are repeated as at a start, and so is the old ones' withdrawal. */
		p->advertise_quickly = RA_INITIAL - 1;
		p->advertise.run = advertise_due;
		p->advertise.arg = d;
		advertise_again(d, p);
	} else {
		if (p->advertise.place && p->ifindex)
			withdraw(d, p, was);
		due_unset(&d->due, &p->advertise);
		past_free(&p->past);
	}
	if (news) {
		notify_change(d, p);
	} else if (was->notify.waiting) {
		/* The VM has yet to acknowledge the token that it was sent. */
		pthread_rwlock_wrlock(&d->table.lock);
		memcpy(p->guest.notify.token, was->notify.token, NOTIFY_LEN);
		p->guest.notify.waiting = p->guest.notify.port != 0;
		pthread_rwlock_unlock(&d->table.lock);
	}
}

void tell_acknowledged(struct daemon *d, struct port *p)
{
	pthread_rwlock_wrlock(&d->table.lock);
	p->guest.notify.waiting = false;
	pthread_rwlock_unlock(&d->table.lock);
	due_unset(&d->due, &p->notify);
}
