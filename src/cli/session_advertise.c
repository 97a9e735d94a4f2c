/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When unsolicited router advertisements are sent: RFC 4861 6.2.4 (intervals), 6.2.5 (the end), 10 (constants). */
#include "answer/answer.h"
#include "base/log.h"
#include "cli/session_priv.h"
#include "guest/past.h"
#include "ra/ra.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/random.h>
#include <sys/timerfd.h>

#define SOON_MS 3000 /* MIN_DELAY_BETWEEN_RAS */

/* ms: 1 or more. */
static void arm(struct session *s, uint64_t ms)
{
	const struct itimerspec t = {
	    .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

	timerfd_settime(s->advertise, 0, &t, NULL);
}

static uint64_t interval(const struct session *s)
{
	uint16_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = 0;
	return ra_interval_ms(s->guest.ra_period, s->advertise_quickly, random);
}

static bool advertise(struct session *s, bool last)
{
	if (!answer_advertise(&s->guest, s->past, last, tx_slot(s->tx)))
		return false;
	tx_keep(s->tx);
	tx_flush(s->tx);
	session_seen(s, "RA, unsolicited", false);
	return true;
}

void session_advertise_start(struct session *s)
{
	if (!s->guest.id.has6 || !s->guest.answers6)
		return;
	if (!advertise(s, false))
		log_warn("%s: what a router advertisement has to say does not fit into one; shorten NAMESERVERS6 or "
			 "DOMAIN_SEARCH",
			 s->info.iface);
	s->advertise = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->advertise < 0) {
		log_warn("%s: no timer, so router advertisements come only on request: %s", s->info.iface,
			 strerror(errno));
		return;
	}
	s->advertise_quickly = RA_INITIAL - 1;
	arm(s, interval(s));
}

void session_advertise_due(struct session *s)
{
	uint64_t times;

	if (read(s->advertise, &times, sizeof(times)) != sizeof(times))
		return;
	advertise(s, false);
	if (s->advertise_quickly && --s->advertise_quickly == 0)
		past_free(&s->past);
	arm(s, interval(s));
}

void session_advertise_change(struct session *s, const struct guest *was)
{
	if (s->advertise < 0)
		return;
	past_add(&s->past, was, &s->guest);
	advertise(s, false);
	/*
	 * RFC 4861 6.2.4: the new values are repeated as at a start. So is the withdrawal of the old ones, because one
	 * frame may get lost.
	 */
	s->advertise_quickly = RA_INITIAL - 1;
	arm(s, interval(s));
}

void session_advertise_last(struct session *s)
{
	if (s->advertise < 0)
		return;
	/* RFC 4861 6.2.5: lifetime 0, so that a guest that outlives fold looks elsewhere. */
	advertise(s, true);
	/* A guest that does not end although it was told to gets its router back with the next advertisement. */
	arm(s, SOON_MS);
}
