/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start of fold-dhcpd: all that can fail, in the order that daemon.h gives. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "dhcpd/process.h"
#include "dhcpd/worker.h"
#include "dns/dns_wire.h"
#include "dns/forward.h"
#include "host/rights.h"
#include "host/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define LOG_NAME "nfdhcpd.log"
#define FILES_LEAST 40 /* descriptors besides those of workers and queues, a few forwarded DNS queries included */
#define FILES_WORKER 3

size_t daemon_queues(const struct config *c, struct queues to[static 8])
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

/* What to do about -EPERM. Root has all capabilities, so then they do not hold in this network namespace. */
static const char *want_of_right(void)
{
	return geteuid() == 0 ? "the network namespace is another user namespace's; start fold-dhcpd there"
			      : "start fold-dhcpd as root";
}

/*
 * Checks capabilities. fold-dhcpd serves with the first two; as root it needs the others to become its user, and to
 * give that user its log. Started as another user it needs the first two alone.
 */
static int check_rights(const struct daemon *d, uid_t uid, struct report *r)
{
	static const int always[] = {CAP_NET_ADMIN, CAP_NET_RAW, -1};
	static const int root[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, -1};
	static const int log[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_CHOWN, -1};
	const bool changes = geteuid() == 0 && uid != 0;
	char names[RIGHTS_TEXT];

	if (!rights_missing(!changes ? always : d->o->foreground ? root : log, names))
		return 0;
	if (geteuid() != 0)
		return report_fail(r, EPERM,
				   "missing %s; start fold-dhcpd as root, or give it these (AmbientCapabilities=)",
				   names);
	return report_fail(r, EPERM, "missing %s; " RIGHTS_MEND, names);
}

static int bind_queue(struct daemon *d, uint16_t number, struct report *r)
{
	static size_t next;
	int err = worker_bind(d->workers[next++ % d->worker_count], number);

	if (err == -EBUSY)
		return report_fail(r, EBUSY, "queue %u: %s has it; stop that, or name another queue", number,
				   process_queue_holder(number));
	if (err == -EPERM)
		return report_fail(r, EPERM, "queue %u: not permitted; %s", number, want_of_right());
	return err ? report_fail(r, -err, "queue %u: cannot be bound: %s", number, strerror(-err)) : 0;
}

static int open_workers(struct daemon *d, struct report *r)
{
	struct queues wanted[8];
	size_t count = daemon_queues(&d->config, wanted);
	uint8_t bound[(UINT16_MAX + 1) / 8] = {0};

	d->workers = calloc(d->config.workers, sizeof(struct worker *));
	if (!d->workers)
		return report_fail(r, ENOMEM, "out of memory");
	for (; d->worker_count < d->config.workers; d->worker_count++) {
		int err = worker_open(d, &d->workers[d->worker_count]);
		if (err)
			return report_fail(r, -err, "no socket for replies: %s%s%s", strerror(-err),
					   err == -EPERM ? "; " : "", err == -EPERM ? want_of_right() : "");
	}
	if (!count)
		log_warn("%s: no queue is named, so nobody is served; name one, as dhcp_queue = 42", d->config_path);
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
	return 0;
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

/* Each pending question of thousands of VMs has a socket. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* Give back the memory that reading ten thousand files took, and let threads share one arena. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 1 << 20);
	/* A huge page would touch memory that a forwarder does not need. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static size_t count_queues(const struct config *c)
{
	struct queues queues[8];
	size_t count = 0;

	for (size_t i = 0, n = daemon_queues(c, queues); i < n; i++)
		count += (size_t)(queues[i].last - queues[i].first + 1);
	return count;
}

/* Checks the limit at the start. Otherwise the error would name whichever file happened to be opened last. */
static int check_files(const struct config *c, struct report *r)
{
	const unsigned long least = FILES_LEAST + c->workers * FILES_WORKER + count_queues(c);
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= least)
		return 0;
	return report_fail(r, EMFILE,
			   "too few file descriptors: %lu may be open, and these queues and workers need %lu; raise "
			   "the limit (ulimit -n, or LimitNOFILE= in the unit)",
			   (unsigned long)files.rlim_cur, least);
}

static int open_sockets(struct daemon *d, struct report *r)
{
	int err;

	if ((err = table_open(&d->table)) < 0 || (err = due_open(&d->due)) < 0 || (err = mail_open(&d->mail)) < 0)
		return report_fail(r, -err, "cannot start: %s", strerror(-err));
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->signals = block_signals();
	if (d->epoll < 0 || d->signals < 0)
		return report_fail(r, errno, "cannot start: %s", strerror(errno));
	if ((err = tx_open(&d->tx)) < 0)
		return report_fail(r, -err, "no socket for replies: %s%s%s", strerror(-err), err == -EPERM ? "; " : "",
				   err == -EPERM ? want_of_right() : "");
	if ((err = resolvers_open(&d->resolvers, RESOLV_CONF)) < 0)
		return report_fail(r, -err, RESOLV_CONF ": cannot be watched: %s", strerror(-err));
	d->queue_counts = fopen("/proc/net/netfilter/nfnetlink_queue", "re");
	if ((err = open_workers(d, r)) < 0 || (err = directory_open(d, r)) < 0)
		return err;
	return interfaces_open(d, r);
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

/*
 * fold-dhcpd may read wherever the user's rights allow it, because a later configuration may name other places; it may
 * write in two.
 */
static int confine(const struct daemon *d, uid_t uid, gid_t gid, struct report *r)
{
	static const int caps[] = {CAP_NET_ADMIN, CAP_NET_RAW, -1};
	static const char *const read[] = {"/", NULL};
	_cleanup_(cleanup_free) char *pidfile = strdup(d->config.pidfile);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cleanup frees it */
	const char *const write[] = {d->config.logdir, pidfile ? dirname(pidfile) : NULL, NULL};
	const bool root = geteuid() == 0;
	struct sandbox_state state;
	const struct sandbox what = {
	    .profile = SANDBOX_DAEMON,
	    .name = "fold-dhcpd",
	    .caps = caps,
	    .uid = root ? uid : 0,
	    .gid = root ? gid : 0,
	    .read = read,
	    .write = write,
	    .connect = DNS_PORT,
	};
	/* Before the sandbox: the library's files can still be opened wherever they are. */
	int err = forward_prepare(r);

	if (!err)
		err = sandbox_enter(&what, &state, r);
	if (!err)
		log_debug("system calls %s, Landlock %d", state.seccomp ? "limited" : "not limited", state.landlock);
	return err;
}

static void name_user(struct daemon *d)
{
	if (geteuid() == 0)
		snprintf(d->user, sizeof(d->user), "%s", d->config.user);
	else
		snprintf(d->user, sizeof(d->user), "%u", geteuid());
}

/* SIGHUP opens these files again, with the rights of d->user only. At the start they were opened by root. */
static void warn_of_rereading(const struct daemon *d)
{
	if (access(d->config_path, R_OK) < 0)
		log_warn(
		    "%s: user %s cannot read it again (%s), so SIGHUP will leave it as it was; let that user read it",
		    d->config_path, d->user, strerror(errno));
	if (d->log >= 0 && access(d->config.logdir, W_OK | X_OK) < 0)
		log_warn("logdir %s: user %s cannot make files there (%s), so SIGHUP will open no new log unless it is "
			 "made for that user; or let that user write there",
			 d->config.logdir, d->user, strerror(errno));
}

static int become_user(struct daemon *d, uid_t uid, gid_t gid, struct report *r)
{
	name_user(d);
	int err = confine(d, uid, gid, r);

	if (!err)
		err = directory_watch(d, r);
	if (err)
		return err;
	log_file_watch(d);
	warn_of_rereading(d);
	directory_list(d, false);
	while (directory_step(d, FILES_A_TURN))
		;
	d->started = true;
	malloc_trim(0);
	return 0;
}

/* Makes the path absolute and does not resolve links, because they may lead elsewhere when it is read again. */
static int find_config(struct daemon *d, struct report *r)
{
	_cleanup_(cleanup_free) char *here = d->o->config[0] == '/' ? NULL : getcwd(NULL, 0);

	if (asprintf(&d->config_path, "%s%s%s", here ? here : "", here ? "/" : "", d->o->config) >= 0)
		return 0;
	d->config_path = NULL;
	return report_fail(r, ENOMEM, "out of memory");
}

/* Warns if it makes the directory: a misspelt path would become one in which there is never a binding. */
static int make_datapath(const struct daemon *d, struct report *r)
{
	const bool there = access(d->config.datapath, F_OK) == 0;
	int err = file_make_dir(d->config.datapath, 0755, r);

	if (!err && !there)
		log_warn("datapath %s: was not there; made", d->config.datapath);
	return err;
}

static int load_config(struct daemon *d, struct report *r)
{
	int err = config_load(d->config_path, true, &d->config, r);

	if (err == -ENOENT)
		report_set(r,
			   "%s: there is no configuration; nfdhcpd.conf(5) has its keys, or name another file with -c",
			   d->config_path);
	return err;
}

int daemon_start(struct daemon *d, int *tell, struct report *r)
{
	uid_t uid = 0;
	gid_t gid = 0;

	/* The daemon must not keep open, as long as it lives, files that its parent had open, perhaps with a lock. */
	if (!d->o->foreground)
		close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	raise_limits();
	int err = find_config(d, r);
	if (!err)
		err = load_config(d, r);
	if (!err)
		err = check_files(&d->config, r);
	if (!err)
		err = process_find_user(d->config.user, &uid, &gid, r);
	if (!err)
		err = check_rights(d, uid, r);
	if (!err)
		err = make_datapath(d, r);
	if (!err && !d->o->foreground)
		err = process_detach(tell, r);
	if (!err)
		err = d->pidfile = process_lock(d->config.pidfile, uid, gid, r);
	if (err < 0)
		return err;
	if ((err = open_sockets(d, r)) < 0)
		return err;
	if (asprintf(&d->log_path, "%s/" LOG_NAME, d->config.logdir) < 0) {
		d->log_path = NULL;
		return report_fail(r, ENOMEM, "out of memory");
	}
	if (!d->o->foreground) {
		d->terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		if (access(d->config.logdir, F_OK) < 0 && errno == ENOENT)
			log_warn("logdir %s: is not there; making it", d->config.logdir);
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
