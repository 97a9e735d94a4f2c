/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/sandbox.h"

#include "base/log.h"
#include "host/landlock.h"
#include "host/sandbox_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cap-ng.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define EXIT_REFUSED 125
#define THREADS_MAX 4 /* the process and a helper; a thread that has just ended still counts for a moment */

/* Above the users of people, services and containers (systemd's UIDS-GIDS.md), and not negative as 32 bits. */
#define OWN_USER_BASE 0x70000000U
/* In a user namespace of 65,536, as containers have: above most people's numbers, below systemd's dynamic users. */
#define SMALL_USER_BASE 0x8000U
#define SMALL_USERS 0x6a00U

static char prefix[24]; /* of log lines: names the process; empty in fold-dhcpd, whose lines name it already */

/* The kernel did not make the call. A process that makes calls it was not written to make cannot be trusted. */
static void on_refused(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	log_err("%ssystem call %d is none that this process makes: it ends", prefix, info->si_syscall);
	_exit(EXIT_REFUSED);
}

static int set_limit(int which, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)which, &limit) < 0)
		return -errno;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)which, &limit) < 0 ? -errno : 0;
}

/*
 * No core dump: the memory holds names that are other tenants' business. The kernel
 * counts processes by user, so RLIMIT_NPROC is set only for a user of this process alone.
 */
static int set_limits(const struct sandbox *what)
{
	int err = set_limit(RLIMIT_CORE, 0);

	if (!err && what->open_files)
		err = set_limit(RLIMIT_NOFILE, what->open_files);
	if (!err && what->uid == SANDBOX_OWN_USER)
		err = set_limit(RLIMIT_NPROC, THREADS_MAX);
	return err;
}

/* Whether this user namespace has that user. Trying setfsuid() is the only way to know without becoming it. */
static bool is_known(uid_t uid)
{
	int before = setfsuid(uid);
	bool known = (uid_t)setfsuid((uid_t)-1) == uid;

	setfsuid((uid_t)before);
	return known;
}

static uid_t own_user(void)
{
	const uid_t pid = (uid_t)getpid(), small = SMALL_USER_BASE + pid % SMALL_USERS;

	return is_known(small) && !is_known(OWN_USER_BASE + pid) ? small : OWN_USER_BASE + pid;
}

static int change_rights(const struct sandbox *what)
{
	uid_t uid = what->uid == SANDBOX_OWN_USER ? own_user() : what->uid;
	gid_t gid = what->gid ? what->gid : uid;

	capng_get_caps_process();
	/* A service manager that gave no CAP_SETPCAP has limited the bounding set itself. */
	bool all = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_ALL); /* also the ambient ones, which a service manager may have set */
	for (const int *cap = what->caps; *cap >= 0; cap++)
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)*cap) < 0)
			return -EPERM;
	if (uid)
		return capng_change_id((int)uid, (int)gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0 ? -EPERM : 0;
	return capng_apply(all ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
}

/*
 * Closes what fold's caller left open, which is meant for the hypervisor. fold opens everything with
 * close-on-exec, so a descriptor without it was inherited by exec. stdin, stdout and stderr stay.
 */
static void close_inherited(void)
{
	DIR *d = opendir("/proc/self/fd");

	for (const struct dirent *e; d && (e = readdir(d));) {
		int fd = atoi(e->d_name), flags = fcntl(fd, F_GETFD);
		if (fd > STDERR_FILENO && flags >= 0 && !(flags & FD_CLOEXEC))
			close(fd);
	}
	if (d)
		closedir(d);
}

static int limit_calls(const struct sandbox *what, struct sandbox_state *state, struct report *r)
{
	struct seccomp_list lists[SANDBOX_LISTS];
	const struct sigaction refused = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};
	size_t count = sandbox_calls(what->profile, lists);

	sigaction(SIGSYS, &refused, NULL);
	int err = seccomp_enter(lists, count);
	if (err && err != -ENOSYS)
		return report_fail(r, -err, "%ssystem calls cannot be limited: %s", prefix, strerror(-err));
	state->seccomp = !err;
	return 0;
}

int sandbox_enter(const struct sandbox *what, struct sandbox_state *state, struct report *r)
{
	const struct landlock_allowed files = {what->read, what->write, what->connect};

	*state = (struct sandbox_state){0};
	if (what->profile != SANDBOX_DAEMON)
		snprintf(prefix, sizeof(prefix), "%s: ", what->name);
	prctl(PR_SET_NAME, what->name);
	if (what->profile == SANDBOX_RESPONDER)
		close_inherited();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return report_fail(r, errno, "%sno_new_privs: %s", prefix, strerror(errno));
	int err = set_limits(what);
	if (err)
		return report_fail(r, -err, "%sresource limits: %s", prefix, strerror(-err));
	err = change_rights(what);
	if (err)
		return report_fail(
		    r, -err, "%sprivileges could not be given up%s", prefix,
		    what->uid == SANDBOX_OWN_USER && !is_known(own_user())
			? ": this user namespace has no user for it; give it more than one (65,536 are enough)"
			: "");
	/* After the change of user, which clears this. If the parent died before, no signal comes: hence the check. */
	if (what->parent && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != what->parent))
		return report_fail(r, ESRCH, "%sits parent is gone", prefix);
	if (what->profile != SANDBOX_KEEPER) {
		/* No process of the same user may trace it, and it dumps no core. */
		prctl(PR_SET_DUMPABLE, 0);
		state->landlock = landlock_enter(&files);
	}
	if (state->landlock < 0)
		return report_fail(r, -state->landlock, "%sLandlock: %s", prefix, strerror(-state->landlock));
	return limit_calls(what, state, r);
}

int sandbox_drop_all(struct report *r)
{
	static const int none[] = {-1};
	const struct sandbox what = {.caps = none};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return report_fail(r, errno, "no_new_privs: %s", strerror(errno));
	return change_rights(&what) < 0 ? report_fail(r, EPERM, "capabilities could not be given up") : 0;
}
