/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/session.h"

#include "base/file.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/session_priv.h"
#include "host/link.h"
#include "host/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

static int read_binding_file(struct session *s, struct report *r)
{
	int err = file_read_plain_mode(s->o->binding, BINDING_SIZE_MAX, &s->text, &s->text_len, &s->text_mode, r);

	if (err)
		report_set(r, "-b %s", r->msg);
	return err;
}

/* Configuration, binding and hypervisor: all that can fail without touching the system. */
static int prepare(struct session *s, struct report *r)
{
	int err = config_load_chosen(&s->config, r);

	if (!err && s->o->binding)
		err = read_binding_file(s, r);
	if (!err && s->text)
		err = binding_parse(s->text, s->text_len, s->o->binding, BINDING_VM, &s->binding, r);
	if (!err && s->text)
		err = address_lists_reload(&s->binding, s->config.datapath, &s->lists, r);
	return err ? err : session_identity(s, r);
}

static void describe(struct session *s)
{
	struct session_info *i = &s->info;

	snprintf(i->iface, sizeof(i->iface), "%s", s->o->iface);
	snprintf(i->bridge, sizeof(i->bridge), "%s", s->o->bridge);
	mac_format(s->o->mac, i->mac);
	strcpy(i->ip4, "-");
	strcpy(i->ip6, "-");
	if (s->id.has4)
		cidr4_format(&s->id.ip4, i->ip4);
	if (s->id.has6)
		cidr6_format(&s->id.ip6, i->ip6);
	i->pid = getpid();
	snprintf(i->copy, sizeof(i->copy), "%s/%s", s->config.datapath, s->o->iface);
	snprintf(i->hypervisor, sizeof(i->hypervisor), "%s", s->hypervisor.name);
	if (i->image[0])
		s->hypervisor.image = i->image;
}

int session_note(struct session *s, enum session_note key, int32_t value)
{
	s->known.notes[key] = value;
	return keeper_note(&s->keeper, key, value);
}

/* Returns a signal that came before there was a hypervisor to pass it to, which ends the start; 0: none. */
static int signal_waiting(const struct session *s)
{
	struct signalfd_siginfo info;

	return read(s->signals, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

static int failed_exec(const struct session *s, int err)
{
	const char *path = s->hypervisor.path;
	char interpreter[256];

	/* execve(2): ENOENT is also returned where the file is there and its interpreter or dynamic loader is not. */
	bool there = err == ENOENT && access(path, F_OK) == 0;
	if (there && hypervisor_interpreter(path, interpreter, sizeof(interpreter)))
		log_err("%s: cannot be executed: %s, which its first line names as its interpreter, is not there", path,
			interpreter);
	else if (there)
		log_err("%s: cannot be executed: its dynamic loader is not there; it is another machine's program, or "
			"another distribution's",
			path);
	else
		log_err("%s: cannot be executed: %s", path, strerror(err));
	return err == ENOENT ? FOLD_EXIT_NOT_FOUND : FOLD_EXIT_NOT_EXECUTABLE;
}

/* Starts the hypervisor and serves the guest. From here on keeper, hypervisor and responder have the tap open. */
static int run(struct session *s)
{
	struct report r = {0};
	int value = 0, sig = signal_waiting(s);

	if (sig)
		return 128 + sig;
	keeper_spawn(&s->keeper, s->tap, nft_fd(s->nft));
	enum keeper_event e = keeper_read(&s->keeper, &value);
	if (e == KEEPER_EXEC_FAILED)
		return failed_exec(s, value);
	int err = e == KEEPER_STARTED ? session_open_rules(s, &r) : report_fail(&r, EPIPE, "the keeper process died");
	if (!err)
		err = session_attach(s, &r);
	if (!err)
		err = session_get_ready(s, &r);
	if (err) {
		log_err("%s", report_line(&r, err));
		return FOLD_EXIT_FAILED;
	}
	session_weave_start(s);
	return session_serve(s);
}

/*
 * Undoes any half-start, in reverse: closes what this process holds, then has the keeper take down the rest. If the
 * keeper was killed, this process does the keeper's work.
 */
static void take_down(struct session *s)
{
	if (s->tap >= 0)
		close(s->tap);
	weave_name_end(&s->weave); /* fold-weave withdraws the name while the rest is closed */
	session_live_close(s);
	session_seen_close(s);
	forward_close(s->forward);
	session_stream_close(s);
	free(s->egress);
	s->rules.egress = s->egress = NULL;
	free(s->aliases);
	s->guest.dns.aliases = s->aliases = NULL;
	if (s->notify >= 0)
		close(s->notify);
	if (s->epoll >= 0)
		close(s->epoll);
	tx_close(s->tx);
	delivery_close(s->delivery);
	watch_close(s->watch);
	link_close(s->link);
	session_host_close(s);
	if (s->advertise >= 0)
		close(s->advertise);
	if (s->listen >= 0)
		close(s->listen);
	if (s->keeper.pid && !keeper_finish(&s->keeper)) {
		/* Processes that the hypervisor started may live on and keep the socket that owns the rules. */
		if (s->nft)
			s->known.rules = fcntl(nft_fd(s->nft), F_DUPFD_CLOEXEC, 0);
		session_takedown(s, &s->known);
	}
	session_close_claims(s);
	/*
	 * Last: closing it removes the VM's own rules, which must stand until the tap is gone, whoever has that open.
	 */
	nft_close(s->nft);
	weave_name_wait(&s->weave);
	guest_free(&s->guest);
}

/* Checked first: otherwise each process of fold would fail elsewhere, for lack of the capability that it needs. */
static int check_rights(const struct session *s, struct report *r)
{
	char names[RIGHTS_TEXT];

	if (geteuid() != 0)
		return report_fail(r, EPERM, "not root: fold makes interfaces and rules; run it with sudo");
	if (rights_missing(rights_of_fold, names))
		return report_fail(r, EPERM, "missing %s; " RIGHTS_MEND, names);
	if (s->o->binding && !rights_have(CAP_LEASE))
		log_warn("%s: CAP_LEASE is missing: where the file is another user's, a change may be read before its "
			 "writer has closed it",
			 s->o->binding);
	return 0;
}

static int start_and_run(struct session *s)
{
	struct report r = {0};
	const struct keeper_work work = {session_unplug, session_takedown, s};
	int err = prepare(s, &r), status = FOLD_EXIT_FAILED;

	if (!err && (err = hypervisor_find(s->o->hypervisor, s->o->mac, &s->hypervisor, &r)))
		status = err == -ENOENT   ? FOLD_EXIT_NOT_FOUND
			 : err == -EACCES ? FOLD_EXIT_NOT_EXECUTABLE
					  : FOLD_EXIT_FAILED;
	if (!err)
		err = check_rights(s, &r);
	if (!err) {
		describe(s);
		err = hypervisor_line(&s->hypervisor, &r);
	}
	if (!err)
		err = keeper_start(&s->hypervisor, &work, &s->keeper, &r);
	if (!err)
		err = session_claim(s, &r);
	if (!err)
		err = session_build_up(s, &r);
	if (!err)
		status = run(s);
	take_down(s);
	if (err)
		log_err("%s", report_line(&r, err));
	return status;
}

unsigned long session_files(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? ULONG_MAX : limit.rlim_cur;
}

/* Checked at the start: otherwise the error would blame whichever file could not be opened, another one each time. */
static bool enough_files(void)
{
	unsigned long most = session_files();

	if (most < SESSION_FILES_LEAST)
		log_err("too few file descriptors: %lu may be open, and a VM needs %d; raise the limit (ulimit -n)",
			most, SESSION_FILES_LEAST);
	return most >= SESSION_FILES_LEAST;
}

int session_run(const struct options *o)
{
	/* Read from a descriptor from the start on, and passed on to the hypervisor. */
	static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP};
	struct session s = {.o = o,
			    .known = KEEPER_KNOWS_NOTHING,
			    .epoll = -1,
			    .tap = -1,
			    .host_event = -1,
			    .host_look = -1,
			    .notify = -1,
			    .advertise = -1,
			    .listen = -1,
			    .stream_timer = -1,
			    .weave = WEAVE_NAME_NONE};

	if (!enough_files())
		return FOLD_EXIT_FAILED;
	for (int i = 0; i < SESSION_CLAIMS; i++)
		s.claims[i] = CLAIM_NONE;
	signal(SIGPIPE, SIG_IGN);
	s.signals = signals_take(passed_on, sizeof(passed_on) / sizeof(passed_on[0]));
	if (s.signals < 0) {
		log_err("signalfd: %s", strerror(-s.signals));
		return FOLD_EXIT_FAILED;
	}
	int status = start_and_run(&s);
	hypervisor_free(&s.hypervisor);
	binding_free(&s.binding);
	address_lists_free(&s.lists);
	config_free(&s.config);
	free(s.text);
	close(s.signals);
	return status;
}
