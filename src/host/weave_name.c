/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/weave_name.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/claim.h"
#include "host/sandbox.h"
#include "host/weave.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define CLAIM_TEXT_SIZE (WEAVE_WHERE_SIZE + INET_ADDRSTRLEN + WEAVE_NAME_SIZE + 8)

/* When this process asks the router again, in milliseconds. */
#define KEPT_MS 60000   /* the connection is open, and will close if the router is restarted */
#define UNKEPT_MS 10000 /* the router closes every connection */
#define RETRY_MS 1000   /* no router answers; doubled each time, up to RETRY_MOST */
#define RETRY_MOST 10000
#define CLOSED_MS                                                                                                      \
	5000 /* the least time after the last request if the connection closes: a router may close every connection */
#define CLAIM_MS 200 /* the process of an earlier VM of that name still withdraws its entry */
#define NEVER UINT64_MAX

struct keeping {
	const char *iface;
	struct in_addr ip;
	int fd; /* to the process that answers the guest */
	struct weave *weave;
	int kept_fd;                   /* the connection to the router, -1 if it is closed */
	char host[WEAVE_NAME_SIZE];    /* wanted; "": none */
	char entered[WEAVE_NAME_SIZE]; /* "": nothing is */
	bool lost;                     /* the router may have forgotten it */
	struct claim claim;
	uint64_t next, last, retry;
	bool missed; /* the router does not answer, and that has been logged */
	char said[sizeof(((struct report *)0)->msg)];
};

/*
 * Logs each problem once, however often it occurs, until all is well again. soon: the
 * problem is the router's and is tried again soon; of those only the first is logged.
 */
static void say(struct keeping *k, const char *line, bool soon)
{
	if (soon ? k->missed : strcmp(k->said, line) == 0)
		return;
	k->missed = soon;
	snprintf(k->said, sizeof(k->said), "%s", line);
	log_warn("%s: weaveDNS: %s%s", k->iface, line, soon ? "; it is tried again" : "");
}

static void claim_text(const struct keeping *k, const char *name, char text[static CLAIM_TEXT_SIZE])
{
	char ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &k->ip, ip, sizeof(ip));
	snprintf(text, CLAIM_TEXT_SIZE, "%s %s %s\n", weave_at(k->weave), ip, name);
}

/* Writes into the claim what is about to be entered. -EBUSY: the process of an earlier VM still holds the claim. */
static int claim(struct keeping *k, const char *name, struct report *r)
{
	char text[CLAIM_TEXT_SIZE], key[sizeof(WEAVE_NAME_CLAIM) + IFNAMSIZ];
	_cleanup_(cleanup_free) char *left = NULL;

	claim_text(k, name, text);
	snprintf(key, sizeof(key), WEAVE_NAME_CLAIM "%s", k->iface);
	if (k->claim.fd >= 0)
		return claim_write(&k->claim, text, r);
	int err = claim_take(key, &k->claim, &left, r);
	if (err)
		return err;
	if (left) {
		weave_name_clean(k->iface, left);
		err = claim_write(&k->claim, "", r);
	}
	if (!err)
		err = claim_write(&k->claim, text, r);
	if (err)
		claim_release(&k->claim);
	return err;
}

/* 0 if the name is withdrawn, or if no router answers: the router has names only in its memory. */
static int withdraw(struct keeping *k, const char *name, struct report *r)
{
	int err = *name ? weave_withdraw(k->weave, k->iface, k->ip, name, r) : 0;
	return err == -ECONNREFUSED ? 0 : err;
}

/* Enters the name, which the router may have lost, or instead of another one, or for the first time. */
static int enter(struct keeping *k, const char *name, struct report *r)
{
	int err = strcasecmp(k->entered, name) == 0 ? 0 : withdraw(k, k->entered, r);

	if (err)
		return err;
	k->entered[0] = 0;
	err = claim(k, name, r);
	if (err)
		return err;
	/* From here on the router may have the name, whatever it answers. */
	snprintf(k->entered, sizeof(k->entered), "%s", name);
	k->lost = true;
	err = weave_enter(k->weave, k->iface, k->ip, name, r);
	if (err)
		return err;
	k->lost = false;
	k->said[0] = 0;
	k->missed = false;
	log_info("%s: entered in weaveDNS as %s", k->iface, name);
	return 0;
}

static int withdraw_entered(struct keeping *k, struct report *r)
{
	int err = withdraw(k, k->entered, r);

	if (!err) {
		k->entered[0] = 0;
		claim_release(&k->claim);
	}
	return err;
}

/* Enters the VM's name in the router's domain. A name outside it the router would accept, but never answer for. */
static int follow_domain(struct keeping *k, struct report *r)
{
	char domain[WEAVE_NAME_SIZE], name[WEAVE_NAME_SIZE];
	bool fresh = false;
	int err = weave_domain(k->weave, domain, &fresh, &k->kept_fd, r);

	k->lost |= fresh || err;
	if (err)
		return err;
	err = weave_full_name(k->host, domain, name);
	if (err) {
		withdraw_entered(k, r);
		return report_fail(r, -err, "HOSTNAME=%s: %s; it is not entered", k->host,
				   err == -EINVAL ? "has dots and is not in weaveDNS's own domain"
						  : "is too long with weaveDNS's domain");
	}
	if (!k->lost && strcasecmp(name, k->entered) == 0)
		return 0;
	return enter(k, name, r);
}

/* Trying again soon would change nothing: all is well, weaveDNS is off, or the name cannot be entered there. */
static bool is_settled(int err)
{
	return !err || err == -ENOTSUP || err == -EINVAL || err == -ENAMETOOLONG;
}

static uint64_t pause_after(struct keeping *k, int err)
{
	if (err == -EBUSY)
		return CLAIM_MS;
	if (is_settled(err)) {
		k->retry = 0;
		return k->kept_fd >= 0 ? KEPT_MS : UNKEPT_MS;
	}
	k->retry = k->retry ? 2 * k->retry : RETRY_MS;
	if (k->retry > RETRY_MOST)
		k->retry = RETRY_MOST;
	return k->retry;
}

static void turn(struct keeping *k)
{
	struct report r = {0};
	int err = k->weave ? 0 : weave_open(NULL, k->fd, &k->weave, &r);

	k->kept_fd = -1;
	k->last = clock_ms();
	if (!err)
		err = *k->host ? follow_domain(k, &r) : withdraw_entered(k, &r);
	if (err == -EINTR)
		return; /* a message has come: serve() reads it first */
	if (err && err != -EBUSY)
		say(k, r.msg, !is_settled(err));
	k->next = !err && !*k->host ? NEVER : clock_ms() + pause_after(k, err);
}

/* Reads a message with the host name. False if the other end is closed. */
static bool hear(struct keeping *k)
{
	char host[WEAVE_NAME_SIZE];
	ssize_t got = recv(k->fd, host, sizeof(host) - 1, 0);

	if (got < 0 && errno == EINTR)
		return true;
	if (got <= 0)
		return false;
	host[got - 1] = 0; /* the message's own NUL, by which "" is a message, too */
	memcpy(k->host, host, (size_t)got);
	k->next = 0;
	k->retry = 0;
	return true;
}

static int wait_ms(const struct keeping *k)
{
	uint64_t now = clock_ms();

	if (k->next == NEVER)
		return -1;
	return k->next <= now ? 0 : (int)(k->next - now);
}

static void serve(struct keeping *k)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = k->fd, .events = POLLIN},
				       {.fd = k->kept_fd, .events = POLLIN | POLLRDHUP}};
		int n = poll(fds, 2, wait_ms(k));
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0 && fds[0].revents && !hear(k))
			return;
		if (n > 0 && fds[1].revents) {
			k->kept_fd = -1;
			k->next = k->last + CLOSED_MS;
		}
		if (wait_ms(k) == 0)
			turn(k);
	}
}

/*
 * Closes what the caller had open, except `keep`: otherwise others would
 * not see the end of the caller, and its rules would live on here.
 */
static void leave_all(int keep)
{
	static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGTSTP,
				      SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGPIPE};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	closelog();
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	if (keep > 3)
		close_range(3, (unsigned)keep - 1, 0);
	close_range((unsigned)keep + 1, ~0U, 0);
	prctl(PR_SET_NAME, "fold-weave");
	/*
	 * Its own process group: the terminal's signals are for the hypervisor, and this process ends after the others.
	 */
	setpgid(0, 0);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) keep(const char *iface, struct in_addr ip, int fd)
{
	struct keeping k = {.iface = iface, .ip = ip, .fd = fd, .kept_fd = -1, .claim = CLAIM_NONE, .next = NEVER};
	struct report r = {0};
	int err;

	leave_all(fd);
	if (sandbox_drop_all(&r) < 0) {
		log_warn("%s: %s", iface, r.msg);
		_exit(1);
	}
	serve(&k);
	err = withdraw_entered(&k, &r);
	weave_close(k.weave);
	if (err)
		log_warn("%s: %s; %s may stay in weaveDNS, `" FOLD_COMMAND " gc` tries again", iface, r.msg, k.entered);
	_exit(err != 0);
}

int weave_name_start(const char *iface, struct in_addr ip, struct weave_name *out, struct report *r)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return report_fail(r, errno, "socketpair: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		keep(iface, ip, pair[1]);
	int err = errno;
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return report_fail(r, err, "fork: %s", strerror(err));
	}
	*out = (struct weave_name){.pid = pid, .fd = pair[0]};
	return 0;
}

int weave_name_tell(const struct weave_name *n, const char *hostname)
{
	size_t len = strlen(hostname) + 1;

	if (len > WEAVE_NAME_SIZE - 1)
		return -ENAMETOOLONG;
	return send(n->fd, hostname, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

void weave_name_end(struct weave_name *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

void weave_name_wait(struct weave_name *n)
{
	while (n->pid && waitpid(n->pid, NULL, 0) < 0 && errno == EINTR)
		;
	n->pid = 0;
}

bool weave_name_clean(const char *iface, const char *text)
{
	char where[WEAVE_WHERE_SIZE], ip[INET_ADDRSTRLEN], name[WEAVE_NAME_SIZE];
	struct keeping k = {.iface = iface};
	struct report r = {0};

	if (sscanf(text, "%263s %15s %253s", where, ip, name) != 3 || inet_pton(AF_INET, ip, &k.ip) != 1)
		return true;
	int err = weave_open(where, -1, &k.weave, &r);
	if (!err)
		err = withdraw(&k, name, &r);
	weave_close(k.weave);
	if (err)
		log_err("%s: %s; %s may still be in weaveDNS", iface, r.msg, name);
	return !err;
}
