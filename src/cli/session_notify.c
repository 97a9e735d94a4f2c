/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the guest is told that its binding changed: at once, and every notify_period until it has acknowledged that. */
#include "answer/answer.h"
#include "base/log.h"
#include "cli/session_priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/random.h>
#include <sys/timerfd.h>

static void arm(const struct session *s, uint32_t seconds)
{
	const struct itimerspec t = {.it_value.tv_sec = seconds, .it_interval.tv_sec = seconds};

	timerfd_settime(s->notify, 0, &t, NULL);
}

static void send_both(struct session *s)
{
	for (int six = 0; six < 2; six++) {
		if (answer_notify(&s->guest, six, tx_slot(s->tx)))
			tx_keep(s->tx);
	}
	tx_flush(s->tx);
}

static int open_timer(struct session *s)
{
	s->notify = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return s->notify < 0 ? -errno : session_wait_for(s, SESSION_NOTIFY, s->notify);
}

void session_notify_change(struct session *s)
{
	struct notify *y = &s->guest.notify;

	/* New random octets each time: what acknowledges the last change must not be taken to acknowledge this one. */
	y->waiting = y->port && getrandom(y->token, sizeof(y->token), GRND_NONBLOCK) == sizeof(y->token);
	if (!y->waiting) {
		session_notify_end(s);
		return;
	}
	int err = s->notify < 0 ? open_timer(s) : 0;
	if (err)
		log_warn("%s: no timer, so a notification comes only once: %s", s->info.iface, strerror(-err));
	else
		arm(s, y->period);
	send_both(s);
}

void session_notify_due(struct session *s)
{
	uint64_t times;

	if (read(s->notify, &times, sizeof(times)) == sizeof(times))
		send_both(s);
}

void session_notify_end(struct session *s)
{
	s->guest.notify.waiting = false;
	if (s->notify >= 0)
		arm(s, 0);
}
