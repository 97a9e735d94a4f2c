/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/daemon.h"

#include "base/file.h"
#include "base/log.h"
#include "dhcpd/process.h"
#include "dhcpd/worker.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define LOG_NAME "nfdhcpd.log"
#define EVENTS 32
#define FILES_A_TURN 32 /* of a listing: about a millisecond, in which packets wait */
#define MOMENTS_A_TURN 64
#define LETTERS_A_TURN 64
#define LINKS_A_TURN 16
#define ROUTES_QUIET_MS 50 /* routes come in bursts */

int daemon_wait_for(struct daemon *d, enum daemon_source source, uint32_t number, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uint64_t)source << 32 | number};

	return epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* ---- interfaces ---- */

static void link_here(void *daemon, int ifindex, const char *name, const uint8_t mac[static MAC_LEN])
{
	struct daemon *d = daemon;
	struct port *was = table_by_index(&d->table, ifindex), *p;

	pthread_rwlock_wrlock(&d->table.lock);
	p = table_add(&d->table, name);
	bool appeared = p && p->ifindex != ifindex;
	if (p) {
		p->seen_link = d->listing;
		/* A name that another interface had: the one that is there now. */
		table_set_index(&d->table, p, ifindex);
		if (appeared || memcmp(p->mac, mac, MAC_LEN) != 0) {
			memcpy(p->mac, mac, MAC_LEN);
			bindings_follow_mac(d, p);
		}
	}
	pthread_rwlock_unlock(&d->table.lock);
	if (!appeared)
		return;
	if (was && was != p && !was->ifindex) {
		tell_stop(d, was);
		asking_close(d, was);
		pthread_rwlock_wrlock(&d->table.lock);
		table_forget(&d->table, was);
		pthread_rwlock_unlock(&d->table.lock);
	}
	asking_close(d, p); /* its descriptor is known by the index */
	tell_start(d, p);
}

static void lose_link(struct daemon *d, struct port *p)
{
	tell_stop(d, p);
	asking_close(d, p);
	pthread_rwlock_wrlock(&d->table.lock);
	table_set_index(&d->table, p, 0);
	memset(p->mac, 0, sizeof(p->mac));
	bindings_follow_mac(d, p);
	table_forget(&d->table, p);
	pthread_rwlock_unlock(&d->table.lock);
}

static void link_gone(void *daemon, int ifindex)
{
	struct daemon *d = daemon;
	struct port *p = table_by_index(&d->table, ifindex);

	if (p)
		lose_link(d, p);
}

static void links_begin(void *daemon)
{
	struct daemon *d = daemon;

	d->listing++;
}

static void lose_unseen(void *daemon, struct port *p)
{
	struct daemon *d = daemon;

	if (p->ifindex && p->seen_link != d->listing)
		lose_link(d, p);
}

static void links_end(void *daemon)
{
	struct daemon *d = daemon;

	table_each(&d->table, lose_unseen, d);
}

static void routes_changed(void *daemon, struct moment *m)
{
	(void)m;
	bindings_routes_changed(daemon);
}

static void routes_ready(struct daemon *d)
{
	routes_drain(d->routes);
	/* A router's daemon may change them all the time: nothing is read for who has no LINK. */
	if (d->table_count && !d->routes_changed.place)
		due_set(&d->due, &d->routes_changed, due_now() + ROUTES_QUIET_MS);
}

/* ---- the start ---- */

/* Which queues the configuration asks for; a service that is off has none. */
static size_t wanted_queues(const struct config *c, struct queues to[static 8])
{
	const struct {
		bool on;
		struct queues queues;
	} all[] = {
	    {c->enable_dhcp, c->dhcp_queue},     {c->enable_ipv6 && c->enable_dhcpv6, c->dhcp6_queue},
	    {c->enable_ipv6, c->rs_queue},       {c->enable_ipv6, c->ns_queue},
	    {c->enable_dns, c->dns_queue},       {c->enable_dns, c->dns6_queue},
	    {c->enable_notify, c->notify_queue}, {c->enable_notify, c->notify6_queue},
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].on && all[i].queues.first >= 0)
			to[count++] = all[i].queues;
	}
	return count;
}

static int bind_queue(struct daemon *d, uint16_t number, struct report *r)
{
	static size_t next;
	int err = worker_bind(d->workers[next++ % d->worker_count], number);

	if (err == -EBUSY)
		return report_fail(r, EBUSY, "queue %u: %s has it; stop that, or name another queue", number,
				   process_queue_holder(number));
	if (err == -EPERM)
		return report_fail(r, EPERM, "queue %u: not permitted; start fold-dhcpd as root", number);
	return err ? report_fail(r, -err, "queue %u: cannot be bound: %s", number, strerror(-err)) : 0;
}

static int open_workers(struct daemon *d, struct report *r)
{
	struct queues wanted[8];
	size_t count = wanted_queues(&d->config, wanted);
	uint8_t bound[(UINT16_MAX + 1) / 8] = {0};

	d->workers = calloc(d->config.workers, sizeof(struct worker *));
	for (; d->workers && d->worker_count < d->config.workers; d->worker_count++) {
		int err = worker_open(d, &d->workers[d->worker_count]);
		if (err)
			return report_fail(r, -err, "no socket for replies: %s%s", strerror(-err),
					   err == -EPERM ? "; start fold-dhcpd as root" : "");
	}
	if (!count)
		log_warn("%s: no queue is named; only router advertisements will be sent", d->o->config);
	for (size_t i = 0; i < count; i++) {
		for (int32_t n = wanted[i].first; n <= wanted[i].last; n++) {
			/* Two services may share a queue. */
			bool again = bound[n / 8] & 1 << n % 8;
			int err = again ? 0 : bind_queue(d, (uint16_t)n, r);
			if (err)
				return err;
			bound[n / 8] |= (uint8_t)(1 << n % 8);
		}
	}
	return d->workers ? 0 : report_fail(r, ENOMEM, "out of memory");
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Thousands of VMs' questions have a socket each. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* What ten thousand files were read with is given back, and threads share their memory. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

static int open_sockets(struct daemon *d, struct report *r)
{
	const struct links_events events = {link_here, link_gone, links_begin, links_end, d};
	int err;

	if ((err = table_open(&d->table)) < 0 || (err = due_open(&d->due)) < 0 || (err = mail_open(&d->mail)) < 0)
		return report_fail(r, -err, "cannot start: %s", strerror(-err));
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->signals = block_signals();
	if (d->epoll < 0 || d->signals < 0)
		return report_fail(r, errno, "cannot start: %s", strerror(errno));
	if ((err = tx_open(TX_ANYWHERE, 0, &d->tx)) < 0)
		return report_fail(r, -err, "no socket for replies: %s%s", strerror(-err),
				   err == -EPERM ? "; start fold-dhcpd as root" : "");
	if ((err = resolvers_open(&d->resolvers, RESOLV_CONF)) < 0)
		return report_fail(r, -err, RESOLV_CONF ": cannot be watched: %s", strerror(-err));
	if ((err = open_workers(d, r)) < 0 || (err = directory_open(d, r)) < 0)
		return err;
	d->routes = routes_watch();
	if (d->routes < 0)
		return report_fail(r, -d->routes, "rtnetlink: %s", strerror(-d->routes));
	err = links_open(&events, &d->links);
	return err ? report_fail(r, -err, "rtnetlink: interfaces cannot be listed: %s", strerror(-err)) : 0;
}

static int wait_for_all(struct daemon *d)
{
	const int fds[] = {
	    [DAEMON_SIGNALS] = d->signals,
	    [DAEMON_FILES] = d->directory.fd,
	    [DAEMON_LINKS] = links_fd(d->links),
	    [DAEMON_ROUTES] = d->routes,
	    [DAEMON_DUE] = d->due.fd,
	    [DAEMON_MAIL] = d->mail.fd,
	    [DAEMON_RESOLVERS] = d->resolvers.watch,
	};
	int err = 0;

	for (uint32_t i = 0; i < sizeof(fds) / sizeof(fds[0]) && !err; i++)
		err = daemon_wait_for(d, (enum daemon_source)i, 0, fds[i]);
	for (uint32_t i = 0; d->worker_count == 1 && i < d->workers[0]->count && !err; i++)
		err = daemon_wait_for(d, DAEMON_QUEUE, i, worker_fd(d->workers[0], i));
	for (size_t i = 0; d->worker_count > 1 && i < d->worker_count && !err; i++)
		err = worker_start(d->workers[i]);
	return err;
}

/* ---- the loop ---- */

/* Who, where and with which queues it runs was settled at the start. */
static void warn_fixed(struct daemon *d, const struct config *now)
{
	struct queues was[8], is[8];
	size_t count = wanted_queues(&d->config, was);

	if (count != wanted_queues(now, is) || memcmp(was, is, count * sizeof(was[0])) != 0 ||
	    now->workers != d->config.workers || strcmp(now->user, d->config.user) != 0 ||
	    strcmp(now->pidfile, d->config.pidfile) != 0 || strcmp(now->logdir, d->config.logdir) != 0)
		log_warn("%s: queues, workers, user, pidfile and logdir change when fold-dhcpd is started anew",
			 d->o->config);
}

static void reread(struct daemon *d)
{
	struct report r = {0};
	struct config now;

	process_notify("RELOADING=1");
	if (d->log >= 0) {
		int fd = process_log_reopen(d->log_path, d->log);
		if (fd < 0)
			log_warn("log %s: cannot be opened again: %s", d->log_path, strerror(-fd));
		else
			d->log = fd;
	}
	if (config_load(d->o->config, true, &now, &r) < 0) {
		log_err("%s; the configuration stays as it was", r.msg);
	} else {
		warn_fixed(d, &now);
		config_free(&d->config);
		d->config = now;
		bindings_forget_tables(d);
		if (directory_watch(d, &r) < 0)
			log_err("%s", r.msg);
		directory_list(d, true);
		log_info("%s: read again", d->o->config);
	}
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
		if (!p || !p->bound)
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
		if (links_read(d->links, LINKS_A_TURN) < 0)
			log_warn("rtnetlink: interfaces cannot be listed: %s", strerror(errno));
		break;
	case DAEMON_ROUTES:
		routes_ready(d);
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
	}
}

/* ---- from start to end ---- */

static int become_user(struct daemon *d, uid_t uid, gid_t gid, struct report *r)
{
	int err = process_give_up(uid, gid, r);

	if (!err)
		err = directory_watch(d, r);
	if (err)
		return err;
	directory_list(d, false);
	while (directory_step(d, FILES_A_TURN))
		;
	d->started = true;
	malloc_trim(0);
	return 0;
}

static int start(struct daemon *d, int *tell, struct report *r)
{
	uid_t uid;
	gid_t gid;
	int err = config_load(d->o->config, true, &d->config, r);

	if (!err)
		err = process_find_user(d->config.user, &uid, &gid, r);
	if (!err)
		err = file_make_dir(d->config.datapath, 0755, r);
	if (!err && !d->o->foreground)
		err = process_detach(tell, r);
	if (!err)
		err = d->pidfile = process_lock(d->config.pidfile, uid, gid, r);
	if (err < 0)
		return err;
	raise_limits();
	if ((err = open_sockets(d, r)) < 0)
		return err;
	if (asprintf(&d->log_path, "%s/" LOG_NAME, d->config.logdir) < 0) {
		d->log_path = NULL;
		return report_fail(r, ENOMEM, "out of memory");
	}
	if (!d->o->foreground) {
		d->log = process_log_open(d->log_path, uid, gid, r);
		if (d->log < 0)
			return d->log;
	}
	log_set(!d->o->foreground, d->o->debug);
	if ((err = become_user(d, uid, gid, r)) < 0)
		return err;
	err = wait_for_all(d);
	return err ? report_fail(r, -err, "cannot start: %s", strerror(-err)) : 0;
}

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
	bindings_forget_tables(d);
	tx_close(d->tx);
	mail_close(&d->mail);
	due_close(&d->due);
	const int fds[] = {d->routes, d->epoll, d->signals, d->log};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	process_unlock(d->config.pidfile, d->pidfile);
	config_free(&d->config);
	free(d->log_path);
}

int daemon_run(const struct dhcpd_options *o)
{
	struct daemon d = {
	    .o = o,
	    .directory = {.fd = -1, .watch = -1},
	    .routes_changed.run = routes_changed,
	    .resolvers.watch = -1,
	    .due.fd = -1,
	    .mail.fd = -1,
	    .routes = -1,
	    .epoll = -1,
	    .signals = -1,
	    .log = -1,
	    .pidfile = -1,
	    .warnings = {.burst = 50, .per_second = 5},
	};
	struct report r = {0};
	int tell = -1, err = start(&d, &tell, &r);

	d.routes_changed.arg = &d;
	TAILQ_INIT(&d.askings);
	if (err < 0) {
		log_err("%s", r.msg);
	} else {
		log_info("serving %zu bindings of %s", d.table.bound, d.config.datapath);
		process_ready(&tell);
		loop(&d);
		process_notify("STOPPING=1");
		log_info("ended");
	}
	stop(&d);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
