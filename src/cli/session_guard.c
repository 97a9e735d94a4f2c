/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that the user started, from when the hypervisor runs. It starts a third process, the responder, which
 * gets the guest's packets and keeps only the rights that answering takes; then it opens files for the responder,
 * passes signals on to the hypervisor and waits for the end.
 *
 *   fold            the rights to take everything down, no packet        fold-responder  the packets, no file and no other right
 *   fold-keeper     the hypervisor's parent; takes down when fold is gone
 */
#include "base/file.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/session_priv.h"
#include "dns/dns_wire.h"
#include "dns/forward.h"
#include "dns/resolvers.h"
#include "guest/address_list.h"
#include "host/guard.h"
#include "host/link_hub.h"
#include "host/priority.h"
#include "host/rights.h"
#include "host/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TOLD_MS 2000   /* how long a signal for the hypervisor waits until the guest has been told */
#define OPEN_FILES 256 /* what is open at the start, a socket for each of FORWARD_ASKS questions, and room */

struct guarding {
	struct session *s;
	int files;              /* requests of the responder */
	int hand;               /* its requests for the socket that sends to the bridge */
	int away;               /* that socket, once it was asked for, or negative */
	struct link_hub *links; /* hears of changes of the tap and the bridge, which the responder follows, or NULL */
	int stops;              /* signalfd of the signals that stop this process, or negative */
	pid_t responder;
	int ended; /* pidfd: readable when the responder is gone */
};

static void say_sandbox(const struct session *s, const struct sandbox_state *state)
{
	char version[32] = "no Landlock in this kernel";

	if (state->landlock)
		snprintf(version, sizeof(version), "Landlock %d", state->landlock);
	if (!state->seccomp)
		log_warn("%s: this kernel does not limit system calls (seccomp): the packets' process may make any",
			 s->info.iface);
	if (s->o->verbose)
		log_info("%s: packets are answered by process %d: %s, %s", s->info.iface, getpid(),
			 state->seccomp ? "seccomp" : "no seccomp", version);
}

/* For the responder: the socket for frames to the bridge, see tx_away_by(). */
static int take_socket(void *session)
{
	struct session *s = session;
	int fd = guard_take(s->hand);

	if (fd < 0 && !s->hand_failed)
		log_warn("%s: no socket to answer others on bridge %s: %s", s->info.iface, s->info.bridge,
			 fd == -ETIMEDOUT ? "fold's first process does not hand it over" : strerror(-fd));
	s->hand_failed = fd < 0;
	return fd;
}

/*
 * The responder. It keeps CAP_NET_ADMIN for NFQUEUE's verdicts and for rules that follow the files and the host; and
 * CAP_DAC_READ_SEARCH, because inotify demands the right to read what it watches. The latter opens no file: this
 * process has no system call for that.
 */
static void __attribute__((noreturn)) respond(struct session *s, int files, pid_t parent)
{
	static const int caps[] = {CAP_NET_ADMIN, CAP_DAC_READ_SEARCH, -1};
	const struct sandbox what = {
	    .profile = SANDBOX_RESPONDER,
	    .name = "fold-responder",
	    .caps = caps,
	    .uid = SANDBOX_OWN_USER,
	    .connect = DNS_PORT,
	    .open_files = OPEN_FILES,
	    .parent = parent,
	};
	struct sandbox_state state;
	struct report r = {0};

	/* The keeper obeys whoever has this socket, and the responder must not be able to command it. */
	close(s->keeper.fd);
	session_close_claims(s);
	priority_prompt();
	/*
	 * Prepared whatever the binding says now, because a change of it may want the forwarder at any time. Done here
	 * and not before the hypervisor's start, which would have to wait for it.
	 */
	if (forward_prepare(&r) < 0)
		log_warn("%s: no name server is asked: %s", s->info.iface, r.msg);
	guard_use(files);
	file_open_by(guard_open);
	tx_away_by(s->tx, take_socket, s);
	if (sandbox_enter(&what, &state, &r) < 0) {
		log_err("%s", r.msg);
		_exit(FOLD_EXIT_FAILED);
	}
	say_sandbox(s, &state);
	_exit(session_loop(s));
}

static int put_copy(void *session, const char *text, size_t len, mode_t mode)
{
	const struct session *s = session;
	struct report r = {0};

	return binding_put_copy(s->config.datapath, s->info.iface, text, len, mode, NULL, &r);
}

/*
 * Has the responder tell the guest that it loses its router, while the guest still runs to hear it. Waits TOLD_MS at
 * most, so that a responder that hangs does not keep the VM alive.
 */
static void await_told(const struct guarding *g, int sig)
{
	struct pollfd told = {.fd = g->s->told, .events = POLLIN};
	eventfd_t times;

	if (kill(g->responder, sig) == 0 && poll(&told, 1, TOLD_MS) > 0)
		eventfd_read(g->s->told, &times);
}

/*
 * Passes signals on to the hypervisor, except those from the terminal (SI_KERNEL): the whole process group gets these,
 * so the hypervisor has them already. SIGHUP is passed on in any case, because on a hangup only the session leader
 * gets it, which may be this process. A second SIGHUP does the hypervisor no harm: it ends as well.
 */
static void pass_signals(const struct guarding *g)
{
	struct signalfd_siginfo info;

	while (read(g->s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_code == SI_KERNEL && info.ssi_signo != SIGHUP)
			continue;
		await_told(g, (int)info.ssi_signo);
		keeper_signal(&g->s->keeper, (int)info.ssi_signo);
	}
}

static int exit_status(const struct session *s, int wait_status)
{
	const char *name = s->hypervisor.name;

	if (WIFSIGNALED(wait_status)) {
		int sig = WTERMSIG(wait_status);
		if (sig != SIGTERM && sig != SIGINT && sig != SIGHUP)
			log_warn("%s was ended by signal %d (%s)", name, sig, strsignal(sig));
		return 128 + sig;
	}
	if (WEXITSTATUS(wait_status) != 0)
		log_warn("%s ended with exit status %d", name, WEXITSTATUS(wait_status));
	return WEXITSTATUS(wait_status);
}

/* Returns true where this is the end, with *status set. */
static bool keeper_said(const struct session *s, int *status)
{
	int value = 0;

	switch (keeper_read(&s->keeper, &value)) {
	case KEEPER_ENDED:
		*status = exit_status(s, value);
		return true;
	case KEEPER_DEAD:
		log_err("the keeper process was killed, and the VM with it");
		*status = FOLD_EXIT_FAILED;
		return true;
	default:
		return false;
	}
}

/* Logs which signal ended the responder; one that exits by itself has logged why. The VM cannot go on without it. */
static void say_responder_gone(const struct guarding *g)
{
	int status = 0;

	if (waitpid(g->responder, &status, WNOHANG) > 0 && WIFSIGNALED(status))
		log_err("%s: the process that answers it was ended by signal %d (%s), and the VM with it",
			g->s->info.iface, WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static bool hand_socket(struct guarding *g)
{
	if (g->away < 0)
		g->away = tx_socket();
	return guard_hand(g->hand, g->away);
}

/* Here and not in the responder: whoever leads the folds of this namespace sees no guest's octet. */
static void hear_of_links(struct guarding *g)
{
	const struct session *s = g->s;
	const struct link_interest own = {.port = s->ifindex, .bridge = s->bridge.ifindex};
	int err = link_hub_open(&own, claim_folder(), &g->links);

	if (err)
		log_warn("%s: changes of it and of bridge %s are found within a minute, not at once: %s", s->info.iface,
			 s->info.bridge, strerror(-err));
}

static void serve_links(const struct guarding *g)
{
	if (link_hub_serve(g->links))
		eventfd_write(g->s->host_event, 1);
}

/* Does what the signal would have done if it were not blocked, and goes on where the process is continued. */
static void stop_by(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	kill(getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void stop_on_signal(const struct guarding *g)
{
	struct signalfd_siginfo info;

	if (read(g->stops, &info, sizeof(info)) != sizeof(info))
		return;
	link_hub_leave(g->links);
	stop_by((int)info.ssi_signo);
	link_hub_return(g->links);
}

static int guard_until_end(struct guarding *g, const struct guard_files *files)
{
	struct pollfd fds[] = {
	    {.fd = g->s->keeper.fd, .events = POLLIN}, {.fd = g->ended, .events = POLLIN},
	    {.fd = g->s->signals, .events = POLLIN},   {.fd = g->files, .events = POLLIN},
	    {.fd = g->hand, .events = POLLIN},         {.fd = link_hub_fd(g->links), .events = POLLIN},
	    {.fd = g->stops, .events = POLLIN},
	};
	int status = FOLD_EXIT_FAILED;

	serve_links(g);
	for (;;) {
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno != EINTR)
			return status;
		if (fds[0].revents && keeper_said(g->s, &status))
			return status;
		if (fds[1].revents) {
			say_responder_gone(g);
			return FOLD_EXIT_FAILED;
		}
		if (fds[2].revents)
			pass_signals(g);
		if (fds[3].revents && !guard_serve(g->files, files))
			fds[3].fd = -1; /* the responder has closed its end and is about to exit */
		if (fds[4].revents && !hand_socket(g))
			fds[4].fd = -1;
		if (fds[6].revents)
			stop_on_signal(g);
		if (fds[5].revents || fds[6].revents)
			serve_links(g);
	}
}

/*
 * Keeps the capabilities that the keeper has too, because this process takes down the tap, the rules and files of users
 * if the keeper is killed; CAP_NET_RAW, for a socket of the responder's; and CAP_LEASE, to see whether somebody is
 * writing a file that it opens for the responder.
 */
static int confine(struct report *r)
{
	/*
	 * Without CAP_LEASE, others' files go unchecked. check_rights() warns of that; containers rarely have the
	 * right.
	 */
	const int lease = rights_have(CAP_LEASE) ? CAP_LEASE : -1;
	const int caps[] = {CAP_KILL, CAP_NET_ADMIN, CAP_NET_RAW, CAP_DAC_OVERRIDE, CAP_FOWNER, lease, -1};
	struct sandbox_state unused;
	const struct sandbox what = {.profile = SANDBOX_KEEPER, .name = "fold", .caps = caps};

	signal(SIGIO, SIG_IGN); /* of leases (guard.h) */
	return sandbox_enter(&what, &unused, r);
}

static int guard(struct guarding *g)
{
	/* Ctrl-Z and its like: whoever hears for all folds leaves that to another one first. */
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	struct session *s = g->s;
	char *prefix = address_list_path(s->config.datapath, "");
	const char *const plain[] = {s->info.copy, s->o->binding, NULL};
	static const char *const linked[] = {RESOLV_CONF, NULL};
	const struct guard_files files = {.plain = plain,
					  .linked = linked,
					  .prefix = prefix,
					  .put = put_copy,
					  .arg = s};
	struct report r = {0};
	int status = FOLD_EXIT_FAILED;

	priority_prompt(); /* other folds may wait for what this one hears */
	hear_of_links(g);
	g->stops = signals_take(stops, sizeof(stops) / sizeof(stops[0]));
	if (confine(&r) < 0)
		log_err("%s", r.msg);
	else
		status = guard_until_end(g, &files);
	if (g->stops >= 0)
		close(g->stops);
	link_hub_close(g->links);
	free(prefix);
	return status;
}

int session_serve(struct session *s)
{
	struct guarding g = {.s = s, .files = -1, .hand = -1, .away = -1, .stops = -1};
	pid_t self = getpid();
	int other = -1, status = FOLD_EXIT_FAILED;
	int err = guard_pair(&g.files, &other);

	log_never_wait();
	if (!err)
		err = guard_pair(&g.hand, &s->hand);
	s->told = err ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->told < 0) {
		log_err("no way to the process that answers: %s", strerror(err ? -err : errno));
		return FOLD_EXIT_FAILED;
	}
	g.responder = fork();
	if (g.responder == 0) {
		close(g.files);
		close(g.hand);
		respond(s, other, self);
	}
	g.ended = g.responder < 0 ? -1 : (int)syscall(SYS_pidfd_open, g.responder, 0);
	err = errno;
	close(s->tap); /* which the keeper, the hypervisor and the responder have open */
	s->tap = -1;
	close(other);
	close(s->hand);
	if (g.ended < 0)
		log_err("fork: %s", strerror(err));
	else
		status = guard(&g);
	if (g.responder > 0) {
		kill(g.responder, SIGKILL);
		waitpid(g.responder, NULL, 0);
	}
	if (g.ended >= 0)
		close(g.ended);
	if (g.away >= 0)
		close(g.away);
	close(g.hand);
	close(g.files);
	close(s->told);
	return status;
}
