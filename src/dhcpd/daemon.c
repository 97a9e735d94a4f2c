/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/daemon.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dhcpd/process.h"
#include "dhcpd/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/signalfd.h>

#define EVENTS 32
#define MOMENTS_A_TURN 64
#define LETTERS_A_TURN 128
#define LINKS_A_TURN 16

int daemon_wait_for(struct daemon *d, enum daemon_source source, uint32_t number, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uint64_t)source << 32 | number};

	return epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* ---- the loop ---- */

/* Warns of settings that were settled at the start: the user, where it runs, and the queues. */
static void warn_fixed(struct daemon *d, const struct config *now)
{
	struct queues was[8], is[8];
	size_t count = daemon_queues(&d->config, was);

	if (count != daemon_queues(now, is) || memcmp(was, is, count * sizeof(was[0])) != 0 ||
	    now->workers != d->config.workers || strcmp(now->user, d->config.user) != 0 ||
	    strcmp(now->pidfile, d->config.pidfile) != 0 || strcmp(now->logdir, d->config.logdir) != 0)
		log_warn("%s: queues, workers, user, pidfile and logdir change when fold-dhcpd is started anew",
			 d->config_path);
}

/*
 * A new data path that cannot be opened is a fault of the configuration. The old one may be missing: fold-dhcpd waits
 * for it.
 */
static int check_datapath(const struct daemon *d, const struct config *now, struct report *r)
{
	if (strcmp(now->datapath, d->config.datapath) == 0)
		return 0;
	_cleanup_(cleanup_close) int fd = open(now->datapath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? report_fail(r, errno, "%s: datapath %s: %s", d->config_path, now->datapath, strerror(errno))
		      : 0;
}

/* fold-dhcpd binds its queues only at the start, so a configuration that is read later cannot add or remove one. */
static void keep_queues(struct config *now, const struct config *was)
{
	now->dhcp_queue = was->dhcp_queue;
	now->dhcp6_queue = was->dhcp6_queue;
	now->rs_queue = was->rs_queue;
	now->ns_queue = was->ns_queue;
	now->dns_queue = was->dns_queue;
	now->dns6_queue = was->dns6_queue;
	now->notify_queue = was->notify_queue;
	now->notify6_queue = was->notify6_queue;
}

static void reread_config(struct daemon *d)
{
	struct report r = {0};
	struct config now;
	int err = config_load(d->config_path, true, &now, &r);

	if (err == -EACCES) {
		log_err("%s; the configuration stays as it was; let user %s read it, or start fold-dhcpd anew", r.msg,
			d->user);
	} else if (err < 0) {
		log_err("%s; the configuration stays as it was", r.msg);
	} else if (check_datapath(d, &now, &r) < 0) {
		log_err("%s; the configuration stays as it was", r.msg);
		config_free(&now);
	} else {
		warn_fixed(d, &now);
		keep_queues(&now, &d->config);
		config_free(&d->config);
		d->config = now;
		log_info("%s: read again", d->config_path);
	}
}

static void reread(struct daemon *d)
{
	struct report r = {0};
	char reloading[64];

	/*
	 * systemd.service(5), notify-reload: the time tells systemd which reload the READY=1 below belongs to.
	 */
	snprintf(reloading, sizeof(reloading), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 (unsigned long long)clock_ms() * 1000);
	process_notify(reloading);
	d->log_said = false;
	log_file_reopen(d);
	reread_config(d);
	/* Read the bindings again too, even if the configuration could not be read. */
	link_tables_forget(d);
	if (directory_watch(d, &r) < 0)
		log_err("%s", r.msg);
	directory_list(d, true);
	process_notify("READY=1");
}

/* Returns true where the daemon is to end. */
static bool on_signal(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reread(d);
		else if (info.ssi_signo == SIGUSR1)
			dump_clients(d);
		else
			return true;
	}
	return false;
}

static void read_mail(struct daemon *d)
{
	for (unsigned i = 0; i < LETTERS_A_TURN && mail_take(&d->mail, &d->letter); i++) {
		struct port *p = table_by_index(&d->table, d->letter.ifindex);
		if (!p)
			continue;
		/* When the letter was written, another port may have had that index. */
		if (atomic_load_explicit(&p->letters, memory_order_relaxed))
			atomic_fetch_sub_explicit(&p->letters, 1, memory_order_relaxed);
		if (!p->bound)
			continue;
		if (d->letter.kind == MAIL_QUESTION)
			asking_question(d, p, &d->letter.question);
		else
			tell_acknowledged(d, p);
	}
}

static void serve_queue(struct daemon *d, uint32_t number)
{
	int err = worker_serve(d->workers[0], number);

	if (!err)
		return;
	log_err("packets no longer arrive: %s", strerror(-err));
	epoll_ctl(d->epoll, EPOLL_CTL_DEL, worker_fd(d->workers[0], number), NULL);
}

static void follow_links(struct daemon *d)
{
	int err = links_read(d->links, LINKS_A_TURN);

	if (err)
		log_warn("rtnetlink: interfaces cannot be listed: %s", strerror(-err));
}

/* Returns true where the daemon is to end. */
static bool turn(struct daemon *d, uint64_t what)
{
	uint32_t number = (uint32_t)what;

	switch ((enum daemon_source)(what >> 32)) {
	case DAEMON_SIGNALS:
		return on_signal(d);
	case DAEMON_FILES:
		directory_ready(d);
		break;
	case DAEMON_LINKS:
		follow_links(d);
		break;
	case DAEMON_ROUTES:
		interfaces_routes_changed(d);
		break;
	case DAEMON_DUE:
		due_run(&d->due, MOMENTS_A_TURN);
		break;
	case DAEMON_MAIL:
		read_mail(d);
		break;
	case DAEMON_RESOLVERS:
		asking_resolvers_changed(d);
		break;
	case DAEMON_ASKING:
		asking_ready(d, (int)number);
		break;
	case DAEMON_QUEUE:
		serve_queue(d, number);
		break;
	}
	return false;
}

static void loop(struct daemon *d)
{
	struct epoll_event ready[EVENTS];
	bool more = false;

	for (;;) {
		int n = epoll_wait(d->epoll, ready, EVENTS, more ? 0 : -1);
		for (int i = 0; i < n; i++) {
			if (turn(d, ready[i].data.u64))
				return;
		}
		more = directory_step(d, FILES_A_TURN);
		tx_flush(d->tx); /* what guests are told unasked */
	}
}

/* ---- the end ---- */

static void close_asking_of(void *daemon, struct port *p)
{
	asking_close(daemon, p);
	tell_stop(daemon, p);
}

static void stop(struct daemon *d)
{
	for (size_t i = 0; i < d->worker_count; i++)
		worker_close(d->workers[i]);
	free(d->workers);
	if (d->table.names)
		table_each(&d->table, close_asking_of, d);
	table_close(&d->table);
	links_close(d->links);
	directory_close(d);
	resolvers_close(&d->resolvers);
	link_tables_forget(d);
	tx_close(d->tx);
	mail_close(&d->mail);
	due_close(&d->due);
	if (d->queue_counts)
		fclose(d->queue_counts);
	const int fds[] = {d->routes, d->epoll, d->signals, d->log};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	process_unlock(d->config.pidfile, d->pidfile);
	config_free(&d->config);
	free(d->log_path);
	free(d->config_path);
}

int daemon_run(const struct dhcpd_options *o)
{
	struct daemon d = {
	    .o = o,
	    .directory = {.fd = -1, .watch = -1},
	    .resolvers.watch = -1,
	    .due.fd = -1,
	    .mail.fd = -1,
	    .routes = -1,
	    .epoll = -1,
	    .signals = -1,
	    .log = -1,
	    .log_watch = -1,
	    .pidfile = -1,
	    .terminal = -1,
	    .warnings = {.burst = 50, .per_second = 5},
	};
	struct report r = {0};
	int tell = -1;

	TAILQ_INIT(&d.askings);
	int err = daemon_start(&d, &tell, &r);
	if (err < 0) {
		const char *line = report_line(&r, err);
		log_err("%s", line);
		/* Before the log was open, log_err() wrote to the terminal. */
		if (d.log >= 0 && d.terminal >= 0)
			dprintf(d.terminal, "fold-dhcpd: %s\n", line);
	} else {
		log_info("serving %zu bindings of %s", d.table.bound, d.config.datapath);
		process_ready(&tell);
		if (d.terminal >= 0)
			close(d.terminal);
		log_never_wait();
		loop(&d);
		process_notify("STOPPING=1");
		log_info("ended");
	}
	stop(&d);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
