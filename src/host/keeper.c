/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

/*
 * The keeper's, once the hypervisor runs: to kill processes of the hypervisor's
 * user, to remove the tap and the rules, and to remove files in users' directories.
 */
static const int keeper_caps[] = {CAP_KILL, CAP_NET_ADMIN, CAP_DAC_OVERRIDE, CAP_FOWNER, -1};

#define KEEPER_NAME "fold-keeper"
#define END_MS 5000 /* how long the keeper waits for the hypervisor and its children after it has killed them */

enum request { REQUEST_SPAWN, REQUEST_SIGNAL, REQUEST_NOTE, REQUEST_HOLD };

struct message {
	int32_t what; /* enum request, or enum keeper_event on the way back */
	uint32_t key; /* of a note or of what is to be held */
	int32_t value;
};

/* The keeper's own state, which the first process never sees. */
struct keeping {
	struct hypervisor *h;
	int fd;       /* to the first process */
	int children; /* signalfd for SIGCHLD */
	pid_t group;  /* the first process's process group, which is the terminal's */
	pid_t child;  /* the hypervisor, or 0 */
	int tap;
	bool no_hangup; /* see struct hypervisor_start */
	struct keeper_known known;
};

/* fds: count of them, at most two, come along. 0 or -errno. */
static int send_message(int fd, struct message m, const int *fds, size_t count)
{
	struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void send_event(int fd, enum keeper_event what, int32_t value)
{
	send_message(fd, (struct message){.what = (int32_t)what, .value = value}, NULL, 0);
}

/* Receives one message; false at end of file. Sets fds[], if not NULL, to as many descriptors as came along. */
static bool receive_message(int fd, struct message *m, int *fds)
{
	struct iovec iov = {.iov_base = m, .iov_len = sizeof(*m)};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control)};
	ssize_t got;

	while ((got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (got != sizeof(*m))
		return false;
	const struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	if (fds && c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return true;
}

/*
 * Executes the hypervisor in a new process and returns when its program runs; 0 or an errno. By vfork(): to copy the
 * keeper's pages would take longer than all else here. Until then both share them; see become_user() of hypervisor.c.
 */
static int execute(const struct keeping *k, struct hypervisor_start *start, pid_t *child)
{
	volatile int err = 0;

	const pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): see above */
	if (pid == 0) {
		err = -hypervisor_exec(k->h, start); /* NOLINT(clang-analyzer-unix.Vfork): written for it */
		_exit(127);
	}
	*child = pid;
	if (pid < 0)
		return errno;
	/* The kernel wakes this process in the middle of that exec, which would then wait until this one sleeps. */
	sched_yield();
	return err;
}

static void spawn(struct keeping *k)
{
	struct hypervisor_start start = {.tap_fd = k->tap,
					 .keep_fd = k->known.rules,
					 .group = k->group,
					 .parent = getpid(),
					 .no_hangup = k->no_hangup};
	pid_t pid = 0;

	hypervisor_set_tap(k->h, k->tap);
	int err = execute(k, &start, &pid);

	if (start.unfiltered)
		log_warn("this kernel does not limit system calls (seccomp): %s may change the MAC of its tap",
			 k->h->name);
	if (err) {
		if (pid > 0)
			waitpid(pid, NULL, 0);
		send_event(k->fd, KEEPER_EXEC_FAILED, err);
		return;
	}
	k->child = pid;
	send_event(k->fd, KEEPER_STARTED, pid);
}

/* Gives up all rights but those to wait and to take down, once the hypervisor runs. False if that fails. */
static bool confine(void)
{
	const struct sandbox what = {.profile = SANDBOX_KEEPER, .name = KEEPER_NAME, .caps = keeper_caps};
	struct sandbox_state unused;
	struct report r = {0};
	int err = sandbox_enter(&what, &unused, &r);

	if (err)
		log_err("%s", r.msg);
	return !err;
}

/* Reaps every child that has exited: the hypervisor, or what it left behind. */
static void reap(struct keeping *k)
{
	struct signalfd_siginfo ignored;
	int status;
	pid_t pid;

	while (read(k->children, &ignored, sizeof(ignored)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->child)
			continue;
		k->child = 0;
		send_event(k->fd, KEEPER_ENDED, status);
	}
}

/* False: the keeper must end. fds: those that came with the request, or -1. */
static bool obey(struct keeping *k, const struct message *m, const int *fds)
{
	switch ((enum request)m->what) {
	case REQUEST_SPAWN:
		k->tap = fds[0];
		k->known.rules = fds[1];
		if (k->known.rules < 0)
			send_event(k->fd, KEEPER_EXEC_FAILED, EMFILE);
		else
			spawn(k);
		return !k->child || confine();
	case REQUEST_SIGNAL:
		if (k->child)
			kill(k->child, m->value);
		return true;
	case REQUEST_NOTE:
		k->known.notes[m->key % KEEPER_NOTES] = m->value;
		return true;
	case REQUEST_HOLD:
		/* This process may have no more files open: the first one then sees it end, and takes down itself. */
		if (fds[0] < 0)
			_exit(1);
		k->known.held[m->key % KEEPER_HELD] = fds[0];
		return true;
	}
	return true;
}

/* Handles requests and dead children until the first process is gone. */
static void serve(struct keeping *k)
{
	struct pollfd fds[] = {{.fd = k->fd, .events = POLLIN}, {.fd = k->children, .events = POLLIN}};
	struct message m;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			reap(k);
		int got[2] = {-1, -1};
		if (fds[0].revents && (!receive_message(k->fd, &m, got) || !obey(k, &m, got)))
			return;
	}
}

/* Sends SIGKILL to each child once and lists them in `line`, if any. False if this kernel has no list of children. */
static bool kill_children(char *line, size_t size)
{
	char path[64];
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	_cleanup_(cleanup_fclose) FILE *f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
		size_t len = line ? strlen(line) : 0;
		if (line)
			snprintf(line + len, size - len, " %d", pid);
	}
	return f != NULL;
}

/* Reaps all dead children. Returns true if no child is left. */
static bool reap_children(struct keeping *k)
{
	struct signalfd_siginfo ignored;
	pid_t pid;

	while (read(k->children, &ignored, sizeof(ignored)) > 0)
		;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (pid == k->child)
			k->child = 0;
	return pid < 0 && errno == ECHILD;
}

/*
 * Kills every child until there is none. The children of a dead hypervisor become children of this process,
 * which is their reaper (PR_SET_CHILD_SUBREAPER). False if some do not end; a log line then lists them.
 */
static bool end_all(struct keeping *k)
{
	const uint64_t until = clock_ms() + END_MS;
	char left[256] = "";

	for (;;) {
		bool listed = kill_children(NULL, 0);
		if (reap_children(k))
			return true;
		if (!listed && !k->child)
			return true; /* the hypervisor is dead, and whether it left others is unknown */
		uint64_t now = clock_ms();
		if (now >= until)
			break;
		/* Each death gives a SIGCHLD, and makes the children of the dead process this one's. */
		poll(&(struct pollfd){.fd = k->children, .events = POLLIN}, 1, (int)(until - now));
	}
	kill_children(left, sizeof(left));
	log_warn("%s: of its processes some do not end, even by SIGKILL, and are left to themselves:%s", k->h->name,
		 left);
	return false;
}

static void only_child(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
}

static void __attribute__((noreturn)) keep(struct keeping *k, const struct keeper_work *work)
{
	static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE,
				      SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t child;

	prctl(PR_SET_NAME, KEEPER_NAME);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	only_child(&child);
	sigprocmask(SIG_SETMASK, &child, NULL);
	serve(k);
	if (k->child)
		kill(k->child, SIGKILL);
	work->unplug(work->arg, &k->known);
	if (end_all(k))
		k->known.rules = -1;
	if (k->tap >= 0)
		close(k->tap);
	work->takedown(work->arg, &k->known);
	_exit(0);
}

/* Before keep() ignores it in any case. */
static bool ignores_hangup(void)
{
	struct sigaction now;

	return sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

int keeper_start(struct hypervisor *h, const struct keeper_work *work, struct keeper *out, struct report *r)
{
	struct keeping k = {.h = h, .group = getpgrp(), .tap = -1, .known = KEEPER_KNOWS_NOTHING};
	sigset_t child;
	int pair[2];

	k.no_hangup = ignores_hangup();
	only_child(&child);
	/* Made by the caller, for whom it is easier to report an error; it is about whichever process reads it. */
	_cleanup_(cleanup_close) int children = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
	if (children < 0)
		return report_fail(r, errno, "signalfd: %s", strerror(errno));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return report_fail(r, errno, "socketpair: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		k.fd = pair[1];
		k.children = children;
		keep(&k, work);
	}
	int err = errno;
	/*
	 * A process group of its own, so that a signal to the first process's group does not end the keeper, too. Made
	 * here, because the first process goes on before the keeper runs.
	 */
	if (pid > 0)
		setpgid(pid, pid);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return report_fail(r, err, "fork: %s", strerror(err));
	}
	*out = (struct keeper){.pid = pid, .fd = pair[0]};
	return 0;
}

int keeper_hold(const struct keeper *k, unsigned key, int fd)
{
	return send_message(k->fd, (struct message){.what = REQUEST_HOLD, .key = key}, &fd, 1);
}

int keeper_note(const struct keeper *k, unsigned key, int32_t value)
{
	return send_message(k->fd, (struct message){.what = REQUEST_NOTE, .key = key, .value = value}, NULL, 0);
}

void keeper_spawn(const struct keeper *k, int tap_fd, int rules_fd)
{
	const int fds[2] = {tap_fd, rules_fd};

	send_message(k->fd, (struct message){.what = REQUEST_SPAWN}, fds, 2);
}

void keeper_signal(const struct keeper *k, int signal)
{
	send_message(k->fd, (struct message){.what = REQUEST_SIGNAL, .value = signal}, NULL, 0);
}

enum keeper_event keeper_read(const struct keeper *k, int *value)
{
	struct message m;

	if (!receive_message(k->fd, &m, NULL))
		return KEEPER_DEAD;
	*value = m.value;
	return (enum keeper_event)m.what;
}

bool keeper_finish(struct keeper *k)
{
	int status = 0;

	close(k->fd);
	k->fd = -1;
	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
