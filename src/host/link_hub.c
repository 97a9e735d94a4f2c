/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link_hub.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/claim.h"
#include "host/link_members.h"
#include "host/link_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define ANSWER_MS 1000   /* how long a leader may take to answer */
#define ASK_MS 10000     /* how often a member asks whether it still does */
#define TELL_ALL_MS 1000 /* all members are told after lost messages at most this often: it wakes them all */
#define SOON_MS 32       /* the most that a VM waits until it tries to join again, at random */
#define JOIN_TRIES 64
#define ALONE_MS 60000 /* the least that it waits when none of these has helped */
#define SERVE_MOST 64  /* descriptors at a time */
#define SPARE_FILES 64 /* descriptors that a leader leaves for all else that it does */

/* What is said: struct link_interest by a member, at first and each time it asks; by the leader, see link_members.h. */
enum role { ROLE_NONE, ROLE_MEMBER, ROLE_LEADER, ROLE_ALONE };

struct link_hub {
	struct link_interest own;
	char folder[CLAIM_FOLDER];
	struct sockaddr_un at; /* the leader's socket */
	enum role role;
	int epoll;
	int timer;     /* what it is for depends on the role, see on_timer() */
	int fd;        /* member: the connection to the leader. Leader: where members connect. Negative: none */
	int lock;      /* leader: the folder */
	int kernel;    /* leader and alone: the watch; else negative */
	bool answered; /* member: since it last asked */
	bool joined;   /* member: it was answered once */
	unsigned tries;
	int most;                    /* leader: descriptors from this one on are spare */
	struct link_members members; /* of a leader, this VM included; alone: this VM */
	uint64_t all_told;           /* as clock_ms() */
	bool changed;                /* what this VM wants to hear of */
};

static void set_paths(struct link_hub *h, unsigned long folder)
{
	claim_folder_path(folder, h->folder);
	h->at.sun_family = AF_UNIX;
	snprintf(h->at.sun_path, sizeof(h->at.sun_path), "%s/links", h->folder);
}

static int wait_for(const struct link_hub *h, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* 0: never. */
static void wake_in(const struct link_hub *h, uint64_t ms)
{
	const struct itimerspec t = {
	    .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

	timerfd_settime(h->timer, 0, &t, NULL);
}

/* So that a thousand VMs that have lost their leader do not all come at the same moment. */
static uint64_t at_random(uint64_t least, uint64_t most)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)clock_ms() ^ (uint32_t)getpid();
	return least + random % (most - least);
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void tell_all(struct link_hub *h)
{
	h->all_told = clock_ms();
	h->changed |= link_members_tell_all(&h->members);
}

/* Messages were lost. */
static void tell_all_soon(struct link_hub *h)
{
	const uint64_t now = clock_ms(), next = h->all_told + TELL_ALL_MS;

	if (h->role != ROLE_LEADER || !h->all_told || now >= next)
		tell_all(h);
	else
		wake_in(h, next - now);
}

static void on_change(void *hub, const struct link_change *c)
{
	struct link_hub *h = hub;

	if (c->kind == LINK_CHANGE_UNKNOWN)
		tell_all_soon(h);
	else
		h->changed |= link_members_tell(&h->members, c);
}

static void stop_listening(struct link_hub *h)
{
	drop(&h->kernel);
	link_members_clear(&h->members);
}

/* Listens to the kernel, for this VM and for those that will join. */
static int listen_to_kernel(struct link_hub *h)
{
	h->kernel = link_watch();
	int err = h->kernel < 0 ? h->kernel : wait_for(h, h->kernel);
	if (!err)
		err = link_members_add(&h->members, LINK_MEMBERS_SELF);
	if (err) {
		stop_listening(h);
		return err;
	}
	link_members_set(&h->members, LINK_MEMBERS_SELF, &h->own);
	h->changed = true;
	return 0;
}

/* A leader has a connection to each VM. */
static int raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return 0;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_cur > INT32_MAX ? INT32_MAX : (int)files.rlim_cur - SPARE_FILES;
}

/* 0, or -EWOULDBLOCK: somebody else leads; or another -errno. */
static int lock_folder(const char *folder)
{
	_cleanup_(cleanup_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : steal_fd(&fd);
}

static int open_door(struct link_hub *h)
{
	_cleanup_(cleanup_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlink(h->at.sun_path); /* which a killed leader left */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&h->at, sizeof(h->at)) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	int err = wait_for(h, fd);
	if (!err)
		h->fd = steal_fd(&fd);
	return err;
}

/* In this order: whoever finds the lock free finds no socket of a living leader. */
static void stop_leading(struct link_hub *h)
{
	unlink(h->at.sun_path);
	drop(&h->fd);
	stop_listening(h);
	drop(&h->lock);
}

/* As lock_folder(). */
static int lead(struct link_hub *h)
{
	h->lock = lock_folder(h->folder);
	if (h->lock < 0)
		return h->lock;
	/* Before anybody can join, so that members hear of all that happens once they have their answer. */
	int err = listen_to_kernel(h);
	if (!err)
		err = open_door(h);
	if (err) {
		stop_leading(h);
		return err;
	}
	h->most = raise_file_limit();
	h->role = ROLE_LEADER;
	return 0;
}

static int ask(struct link_hub *h)
{
	if (send(h->fd, &h->own, sizeof(h->own), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(h->own))
		return -ECONNRESET;
	h->answered = false;
	wake_in(h, ANSWER_MS);
	return 0;
}

/* 0, or -ENOENT or -ECONNREFUSED: nobody leads; or another -errno. */
static int follow(struct link_hub *h)
{
	h->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->fd < 0)
		return -errno;
	int err = connect(h->fd, (const struct sockaddr *)&h->at, sizeof(h->at)) < 0 ? -errno : ask(h);
	if (!err)
		err = wait_for(h, h->fd);
	if (err) {
		drop(&h->fd);
		return err;
	}
	h->joined = false;
	h->role = ROLE_MEMBER;
	return 0;
}

static void be_alone(struct link_hub *h)
{
	int err = listen_to_kernel(h);

	h->role = err ? ROLE_NONE : ROLE_ALONE;
	h->tries = 0;
	if (err)
		log_warn("changes of tap and bridge are found within a minute, not at once: %s", strerror(-err));
	wake_in(h, at_random(ALONE_MS, 2 * ALONE_MS));
}

/* Follows the leader, or becomes it. */
static void join(struct link_hub *h)
{
	int err = follow(h);

	if (err == -ENOENT || err == -ECONNREFUSED)
		err = lead(h);
	if (!err) {
		h->tries = 0;
		return;
	}
	h->role = ROLE_NONE;
	/* A leader that is about to open its door, or to end, or has too many before its door. */
	if ((err == -EAGAIN || err == -ECONNRESET) && ++h->tries < JOIN_TRIES)
		wake_in(h, at_random(1, SOON_MS));
	else
		be_alone(h);
}

/* Member: its leader answers each time it is asked. Only the first answer means that this VM begins to be told. */
static void take_answer(struct link_hub *h)
{
	h->changed |= !h->joined;
	h->joined = h->answered = true;
	wake_in(h, ASK_MS);
}

/* Member: the leader has answered, or told of a change, or has ended. */
static void hear_leader(struct link_hub *h)
{
	char told;
	ssize_t got;

	while ((got = recv(h->fd, &told, sizeof(told), 0)) > 0) {
		if (told == LINK_TOLD_ANSWER)
			take_answer(h);
		else
			h->changed = true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	drop(&h->fd);
	h->role = ROLE_NONE;
	wake_in(h, at_random(1, SOON_MS));
}

/* Leader: takes new members, but for those that there is no more room for, which listen by themselves. */
static void take_members(struct link_hub *h)
{
	for (unsigned i = 0; i < SERVE_MOST; i++) {
		int fd = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
			return;
		if (fd >= 0 && fd < h->most && wait_for(h, fd) == 0 && link_members_add(&h->members, fd) == 0)
			continue;
		if (fd >= 0)
			close(fd);
		unlink(h->at.sun_path);
		drop(&h->fd);
		return;
	}
}

/* Leader: a member says what it wants to hear of, or has ended. */
static void hear_member(struct link_hub *h, int fd)
{
	struct link_interest of;
	ssize_t got = recv(fd, &of, sizeof(of), MSG_TRUNC); /* the length that was sent */

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got == sizeof(of))
		link_members_set(&h->members, fd, &of);
	else
		link_members_drop(&h->members, fd);
}

static void on_timer(struct link_hub *h)
{
	uint64_t times;

	if (read(h->timer, &times, sizeof(times)) != sizeof(times))
		return;
	switch (h->role) {
	case ROLE_LEADER:
		tell_all(h);
		break;
	case ROLE_MEMBER:
		/* A leader that hangs, as one that was stopped, is left. */
		if (h->answered && ask(h) == 0)
			break;
		drop(&h->fd);
		be_alone(h);
		break;
	case ROLE_ALONE:
		stop_listening(h);
		/* fallthrough */
	case ROLE_NONE:
		join(h);
		break;
	}
}

bool link_hub_serve(struct link_hub *h)
{
	struct epoll_event ready[SERVE_MOST];

	if (!h)
		return false;
	int count = epoll_wait(h->epoll, ready, SERVE_MOST, 0);

	for (int i = 0; i < count; i++) {
		const int fd = ready[i].data.fd;
		if (fd == h->timer)
			on_timer(h);
		else if (fd == h->kernel)
			link_watch_read(h->kernel, on_change, h);
		else if (fd == h->fd && h->role == ROLE_LEADER)
			take_members(h);
		else if (fd == h->fd)
			hear_leader(h);
		else
			hear_member(h, fd);
	}
	bool changed = h->changed;
	h->changed = false;
	return changed;
}

void link_hub_leave(struct link_hub *h)
{
	if (!h)
		return;
	if (h->role == ROLE_LEADER)
		stop_leading(h);
	drop(&h->fd);
	stop_listening(h);
	wake_in(h, 0);
	h->role = ROLE_NONE;
}

void link_hub_return(struct link_hub *h)
{
	if (h)
		join(h);
}

int link_hub_fd(const struct link_hub *h)
{
	return h ? h->epoll : -1;
}

int link_hub_open(const struct link_interest *own, unsigned long folder, struct link_hub **out)
{
	struct link_hub *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	*h = (struct link_hub){.own = *own, .fd = -1, .lock = -1, .kernel = -1};
	set_paths(h, folder);
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int err = h->epoll < 0 || h->timer < 0 ? -errno : wait_for(h, h->timer);
	if (err) {
		link_hub_close(h);
		return err;
	}
	join(h);
	*out = h;
	return 0;
}

void link_hub_close(struct link_hub *h)
{
	if (!h)
		return;
	link_hub_leave(h);
	drop(&h->timer);
	drop(&h->epoll);
	free(h);
}

void link_hub_clean(unsigned long folder)
{
	struct link_hub h = {0};

	set_paths(&h, folder);
	_cleanup_(cleanup_close) int lock = lock_folder(h.folder);
	if (lock >= 0)
		unlink(h.at.sun_path);
}
