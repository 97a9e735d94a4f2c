/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of the process that answers the guest: frames in, replies out, until it is ended. */
#include "answer/answer.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/session_priv.h"
#include "dns/dns_wire.h"
#include "host/link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

/* How many log lines a guest can cause. */
#define LOG_BURST 50
#define LOG_PER_SECOND 5

#define SERVE_TURNS 32
#define SERVE_MS 8

void session_say(struct session *s, const char *what, bool refused)
{
	const struct session_info *i = &s->info;
	uint64_t left_out = 0;

	session_seen(s, what, refused);
	if (!log_limit_pass(refused ? &s->refusals : &s->answers, clock_coarse_ms(), &left_out)) {
		session_seen_unsaid(s);
		return;
	}
	if (left_out)
		log_info("%s %s: %s (%llu more not logged)", i->iface, i->mac, what, (unsigned long long)left_out);
	else
		log_info("%s %s: %s", i->iface, i->mac, what);
}

static bool is_dns(const struct reply *r)
{
	return (r->kind == PKT_UDP4 || r->kind == PKT_UDP6) && r->sport == DNS_PORT;
}

/* Sends a reply to the guest or, if the frame was for it, to whoever on the network asked: maybe this host. */
static void send_reply(struct session *s, const struct frame *asked, struct reply *reply)
{
	if (!asked->to_guest) {
		tx_keep(s->tx);
	} else if (memcmp(reply->dst_mac, s->rules.bridge_mac, MAC_LEN) == 0) {
		/* The rules drop what comes in by the tap with another source than the guest's own MAC. */
		memcpy(reply->frame + MAC_LEN, s->id.mac, MAC_LEN);
		tx_send_as_guest(s->tx, s->tap, reply);
	} else {
		tx_keep_to(s->tx, s->bridge.ifindex);
	}
}

/*
 * ALLOW: opens the addresses of a DNS answer before the answer is sent. If that fails, replaces the answer by
 * SERVFAIL. Returns false if nothing is to be sent.
 */
static bool may_leave(struct session *s, const struct frame *asked, struct reply *reply)
{
	if (asked->to_guest || !is_dns(reply) || session_hand_out(s, reply->w.start, wr_len(&reply->w)))
		return true;
	reply->event = "DNS: held back";
	return forward_hold_back(&s->guest, reply);
}

static void on_frame(void *arg, const struct frame *f)
{
	struct session *s = arg;
	struct reply *reply = tx_slot(s->tx);

	switch (answer_frame(&s->guest, f, reply)) {
	case ANSWER_REPLY:
		if (!may_leave(s, f, reply))
			break;
		if (reply->event)
			session_say(s, reply->event, false);
		send_reply(s, f, reply);
		break;
	case ANSWER_FORWARD:
		if (s->forward)
			forward_ask(s->forward, reply);
		else if (forward_decline(&s->guest, reply))
			tx_keep(s->tx);
		break;
	case ANSWER_STREAM:
		session_stream_segment(s, f);
		break;
	case ANSWER_NOTED:
		session_notify_end(s);
		/* fallthrough */
	case ANSWER_QUIET:
		if (reply->event)
			session_say(s, reply->event, false);
		break;
	case ANSWER_DROP:
		session_say(s, drop_name(reply->drop), true);
		break;
	case ANSWER_NOT_MINE:
		break;
	}
}

/*
 * Whether to wait for the guest's next frame at the delivery's own socket: where a guest asks one thing after the
 * other, that saves a system call and a wake-up for each. Other sources wait for SERVE_TURNS turns or SERVE_MS at most.
 * While a question to a name server is under way there is no such wait, so that its answer is not delayed.
 */
static bool may_wait(const struct session *s, uint64_t since, unsigned turns)
{
	return turns < SERVE_TURNS && clock_coarse_ms() - since < SERVE_MS &&
	       !(s->forward && forward_under_way(s->forward));
}

/* The packet path. Returns -errno where delivery is of no more use. */
static int serve_frames(struct session *s)
{
	uint64_t began = clock_coarse_ms();
	unsigned turns = 0;
	int got;

	do {
		got = delivery_read(s->delivery, turns > 0, on_frame, s);
		tx_flush(s->tx);
		delivery_done(s->delivery);
		turns++;
	} while (got > 0 && may_wait(s, began, turns));
	return got < 0 ? got : 0;
}

/* A name server's answer for the guest. */
static void on_forwarded(void *session, const struct reply *reply)
{
	struct session *s = session;

	tx_send(s->tx, reply);
}

static void on_forward_event(void *session, const char *event)
{
	session_say(session, event, false);
}

int session_forward(struct session *s)
{
	const struct forward_setup setup = {
	    .send = on_forwarded,
	    .stream_message = session_stream_message,
	    .stream_done = session_stream_done,
	    .note = on_forward_event,
	    .hand_out = session_hand_out,
	    .arg = s,
	};

	if (!s->forward && s->guest.dns.on && s->guest.dns.forward) {
		int err = forward_open(&setup, &s->forward);
		if (!err)
			err = session_wait_for(s, SESSION_FORWARD, forward_fd(s->forward));
		if (err) {
			/* Without the loop nobody would read the name servers' answers. */
			forward_close(s->forward);
			s->forward = NULL;
			return err;
		}
	}
	if (s->forward)
		forward_follow(s->forward, &s->guest);
	return 0;
}

/* Somebody removed rules: puts those of this VM in the shared table back, if they were among them. */
static void mend_rules(struct session *s)
{
	if (!watch_read(s->watch))
		return;
	session_gate_mend(s);
	int mended = rules_restore_shared(s->nft, &s->rules);
	if (mended > 0)
		log_warn("%s: its rules in `table bridge " RULES_SHARED_TABLE
			 "` were removed by somebody; they are back",
			 s->info.iface);
	else if (mended < 0)
		log_err("%s: its rules in `table bridge " RULES_SHARED_TABLE
			"` were removed and cannot be put back: %s; the VM gets no answers",
			s->info.iface, strerror(-mended));
}

/* The hypervisor is about to get a signal: the guest is told that it loses its router, while it can still hear it. */
static void on_signal(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info))
		session_advertise_last(s);
	eventfd_write(s->told, 1);
}

int session_wait_for(struct session *s, enum session_source which, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = which};

	if (fd < 0)
		return 0;
	if (s->epoll < 0)
		s->epoll = epoll_create1(EPOLL_CLOEXEC);
	return s->epoll < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int wait_for_all(struct session *s)
{
	const int fds[] = {
	    [SESSION_FRAMES] = delivery_fd(s->delivery),
	    [SESSION_SIGNALS] = s->signals,
	    [SESSION_HOST] = s->host_event,
	    [SESSION_HOST_LOOK] = s->host_look,
	    [SESSION_RULES] = s->watch ? watch_fd(s->watch) : -1,
	    [SESSION_ADVERTISE] = s->advertise,
	};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		int err = session_wait_for(s, (enum session_source)i, fds[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Returns true where the loop is to end: it is of no more use. */
static bool turn(struct session *s, enum session_source which)
{
	int err = 0;

	switch (which) {
	case SESSION_FRAMES:
		err = serve_frames(s);
		break;
	case SESSION_SIGNALS:
		on_signal(s);
		break;
	case SESSION_HOST:
		session_host_changed(s);
		break;
	case SESSION_HOST_LOOK:
		session_host_look(s);
		break;
	case SESSION_RULES:
		mend_rules(s);
		break;
	case SESSION_ADVERTISE:
		session_advertise_due(s);
		break;
	case SESSION_FORWARD:
		forward_run(s->forward);
		tx_flush(s->tx);
		break;
	case SESSION_NOTIFY:
		session_notify_due(s);
		break;
	case SESSION_CHANGED:
		session_live_changed(s);
		break;
	case SESSION_LOADED:
		session_live_loaded(s);
		break;
	case SESSION_LISTEN:
		session_listen_due(s);
		break;
	case SESSION_ASKED:
		session_asked(s);
		break;
	case SESSION_STREAM:
		session_stream_due(s);
		break;
	case SESSION_SOURCES:
		break;
	}
	if (err)
		log_err("%s: packets no longer arrive: %s", s->info.iface, strerror(-err));
	return err != 0;
}

int session_loop(struct session *s)
{
	const struct log_limit most = {.burst = LOG_BURST, .per_second = LOG_PER_SECOND};

	s->answers = s->refusals = most;
	session_advertise_start(s);
	session_listen_start(s);
	int err = wait_for_all(s);
	if (!err)
		err = session_live_start(s);
	if (err) {
		log_err("epoll: %s", strerror(-err));
		return FOLD_EXIT_FAILED;
	}
	for (bool end = false; !end;) {
		struct epoll_event ready[SESSION_SOURCES];
		int n = epoll_wait(s->epoll, ready, SESSION_SOURCES, -1);
		for (int i = 0; i < n && !end; i++)
			end = turn(s, (enum session_source)ready[i].data.u32);
	}
	/* The keeper still has the tap open and the guest still runs: tell it that it loses its router. */
	session_advertise_last(s);
	return FOLD_EXIT_FAILED;
}
