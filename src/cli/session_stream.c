/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS by TCP for the session: gives dns/stream.h what it needs from outside: a way to send frames, a clock, and initial
 * sequence numbers that nobody can guess.
 */
#include "base/clock.h"
#include "base/log.h"
#include "cli/session_priv.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <sys/random.h>
#include <sys/timerfd.h>

static struct reply *slot(void *session)
{
	const struct session *s = session;

	return tx_slot(s->tx);
}

static void keep(void *session)
{
	const struct session *s = session;

	tx_keep(s->tx);
}

static bool ask(void *session, const struct reply *question, uint64_t who)
{
	const struct session *s = session;

	if (s->forward)
		forward_ask_stream(s->forward, question, who);
	return s->forward != NULL;
}

static void note(void *session, const char *what, bool refused)
{
	session_say(session, what, refused);
}

static uint32_t first(void *session, const struct pkt *syn)
{
	uint32_t random = 0;

	(void)session, (void)syn;
	/*
	 * The random pool is filled long before a guest runs; without it, the clock is all that this process may use.
	 */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)clock_ms() << 8;
	return random;
}

/*
 * Sets the timer where the next deadline is before the time that it is set to. It is not set back: most deadlines are
 * put off before they come, which then costs no system call, and the timer may go off early.
 */
static void arm(struct session *s)
{
	uint64_t at = stream_deadline(s->stream);

	if (!at || (s->stream_armed && s->stream_armed <= at))
		return;
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000}};
	timerfd_settime(s->stream_timer, TFD_TIMER_ABSTIME, &when, NULL);
	s->stream_armed = at;
}

int session_stream_open(struct session *s)
{
	const struct stream_setup setup = {
	    .slot = slot,
	    .keep = keep,
	    .ask = ask,
	    .hand_out = session_hand_out,
	    .note = note,
	    .first = first,
	    .arg = s,
	};

	if (!s->guest.dns.on || !s->guest.dns.streams)
		return 0;
	int err = stream_open(&setup, &s->stream);
	if (err)
		return err;
	s->stream_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return s->stream_timer < 0 ? -errno : session_wait_for(s, SESSION_STREAM, s->stream_timer);
}

void session_stream_close(struct session *s)
{
	stream_close(s->stream);
	s->stream = NULL;
	if (s->stream_timer >= 0)
		close(s->stream_timer);
	s->stream_timer = -1;
}

void session_stream_segment(struct session *s, const struct frame *f)
{
	if (!s->stream)
		return;
	stream_segment(s->stream, &s->guest, f, clock_ms());
	arm(s);
}

void session_stream_due(struct session *s)
{
	uint64_t times;

	if (read(s->stream_timer, &times, sizeof(times)) != sizeof(times))
		return;
	s->stream_armed = 0;
	stream_due(s->stream, &s->guest, clock_ms());
	tx_flush(s->tx);
	arm(s);
}

struct wr *session_stream_message(void *session, uint64_t who)
{
	const struct session *s = session;

	return s->stream ? stream_message(s->stream, who) : NULL;
}

void session_stream_done(void *session, uint64_t who)
{
	struct session *s = session;

	stream_message_done(s->stream, &s->guest, who, clock_ms());
	arm(s);
}
