/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/link_hub.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "host/link_watch.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

/* The number is that of what is said: struct link_interest by a member, then an octet by the leader for each change. */
#define NAME "fold-links-1"

#define ANSWER_MS 1000   /* how long a leader may take to answer a new member */
#define TELL_ALL_MS 1000 /* all members are told after lost messages at most this often: it wakes them all */
#define JOIN_TRIES 100
#define SERVE_MOST 64 /* descriptors at a time */
#define ROOM_FIRST 16

enum role { ROLE_MEMBER, ROLE_LEADER, ROLE_ALONE };

struct member {
	int fd; /* negative: this process itself */
	struct link_interest of;
};

struct link_hub {
	struct link_interest own;
	enum role role;
	int epoll;
	int timer;  /* member: when the leader must have answered; else: when to tell all members */
	int fd;     /* member: the connection to the leader. Leader: where members connect. Negative: none */
	int kernel; /* leader and alone: the watch; else negative */
	struct member *members;
	size_t count, room;
	uint64_t all_told; /* as clock_ms() */
	bool changed;      /* what this VM wants to hear of */
};

static socklen_t address(struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(a->sun_path + 1, NAME, sizeof(NAME) - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(NAME));
}

/* unix(7): for a connection, the user who connected, or who listens. */
static bool is_root(int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static int wait_for(const struct link_hub *h, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static void wake_in(const struct link_hub *h, uint64_t ms)
{
	const struct itimerspec t = {
	    .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

	timerfd_settime(h->timer, 0, &t, NULL);
}

/* Adds a member, of which nothing is known yet. 0, or -errno and the descriptor is still the caller's. */
static int add_member(struct link_hub *h, int fd)
{
	if (h->count == h->room) {
		size_t room = h->room ? h->room * 2 : ROOM_FIRST;
		struct member *more = reallocarray(h->members, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		h->members = more;
		h->room = room;
	}
	h->members[h->count++] = (struct member){.fd = fd};
	return 0;
}

static void drop_member(struct link_hub *h, struct member *m)
{
	close(m->fd);
	*m = h->members[--h->count];
}

static void tell(struct link_hub *h, const struct member *m)
{
	/* Where that fails, the member has not read what it was told before, or is about to be dropped. */
	if (m->fd < 0)
		h->changed = true;
	else
		send(m->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void tell_all(struct link_hub *h)
{
	const uint64_t now = clock_ms(), next = h->all_told + TELL_ALL_MS;

	if (h->all_told && now < next) {
		wake_in(h, next - now);
		return;
	}
	h->all_told = now;
	for (size_t i = 0; i < h->count; i++)
		tell(h, &h->members[i]);
}

/* Whether a change is about a member's bridge, and of more than what bridges change all the time. */
static bool changes_bridge(struct link_interest *of, const struct link_change *c)
{
	if (c->gone)
		return true;
	if (strncmp(of->bridge_name, c->name, IFNAMSIZ) == 0 && memcmp(of->bridge_mac, c->mac, MAC_LEN) == 0)
		return false;
	memcpy(of->bridge_name, c->name, IFNAMSIZ);
	memcpy(of->bridge_mac, c->mac, MAC_LEN);
	return true;
}

static void on_change(void *hub, const struct link_change *c)
{
	struct link_hub *h = hub;

	if (c->kind == LINK_CHANGE_UNKNOWN) {
		tell_all(h);
		return;
	}
	for (size_t i = 0; i < h->count; i++) {
		struct link_interest *of = &h->members[i].of;
		bool port = of->port == c->ifindex && c->kind != LINK_CHANGE_ADDRESS;
		bool bridge = of->bridge == c->ifindex && (c->kind == LINK_CHANGE_ADDRESS ||
							   (c->kind == LINK_CHANGE_LINK && changes_bridge(of, c)));
		if (port || bridge)
			tell(h, &h->members[i]);
	}
}

/* Listens to the kernel, for this VM and for those that will join. */
static int listen_to_kernel(struct link_hub *h)
{
	h->kernel = link_watch();
	int err = h->kernel < 0 ? h->kernel : wait_for(h, h->kernel);
	if (!err)
		err = add_member(h, -1);
	if (err) {
		if (h->kernel >= 0)
			close(h->kernel);
		h->kernel = -1;
		return err;
	}
	h->members[h->count - 1].of = h->own;
	h->changed = true;
	return 0;
}

/* A leader has a connection to each VM. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* 0, or -EADDRINUSE: somebody else leads; or another -errno. */
static int lead(struct link_hub *h)
{
	struct sockaddr_un a;
	const socklen_t len = address(&a);
	_cleanup_(cleanup_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, len) < 0)
		return -errno;
	/* Before anybody can join, so that members hear of all that happens once they have their answer. */
	int err = listen_to_kernel(h);
	if (err)
		return err;
	raise_file_limit();
	if (listen(fd, SOMAXCONN) == 0 && wait_for(h, fd) == 0)
		h->fd = steal_fd(&fd);
	/* Without that it listens for itself alone. */
	h->role = h->fd < 0 ? ROLE_ALONE : ROLE_LEADER;
	return 0;
}

/* 0, or -ECONNREFUSED: nobody leads; or another -errno. */
static int follow(struct link_hub *h)
{
	struct sockaddr_un a;
	const socklen_t len = address(&a);
	_cleanup_(cleanup_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, len) < 0)
		return -errno;
	if (!is_root(fd))
		return -EPERM;
	if (send(fd, &h->own, sizeof(h->own), MSG_NOSIGNAL) != sizeof(h->own) || wait_for(h, fd) < 0)
		return -EPROTO;
	h->fd = steal_fd(&fd);
	h->role = ROLE_MEMBER;
	wake_in(h, ANSWER_MS);
	return 0;
}

static int be_alone(struct link_hub *h)
{
	h->role = ROLE_ALONE;
	return listen_to_kernel(h);
}

/* Follows the leader, or becomes it. Another one may come or go meanwhile, hence the tries. */
static int join(struct link_hub *h)
{
	for (unsigned i = 0; i < JOIN_TRIES; i++) {
		int err = follow(h);
		/* ECONNRESET: a leader that is just ending. */
		if (err != -ECONNREFUSED && err != -ECONNRESET && err != -EPROTO)
			return err ? be_alone(h) : 0;
		err = lead(h);
		if (err != -EADDRINUSE)
			return err ? be_alone(h) : 0;
		/* Its owner has yet to listen, or to end. */
		sched_yield();
	}
	return be_alone(h);
}

static void leave_leader(struct link_hub *h)
{
	close(h->fd);
	h->fd = -1;
	wake_in(h, 0);
}

static void say_deaf(int err)
{
	log_warn("changes of tap and bridge are found within a minute, not at once: %s", strerror(-err));
}

/* Member: the leader has told of a change, or has ended. */
static void hear_leader(struct link_hub *h)
{
	char told[16];
	ssize_t got;

	while ((got = recv(h->fd, told, sizeof(told), 0)) > 0) {
		h->changed = true;
		wake_in(h, 0);
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	leave_leader(h);
	int err = join(h);
	if (err)
		say_deaf(err);
}

/* Leader: takes new members. Out of descriptors, it takes no more, and the next VM that starts leads the rest. */
static void take_members(struct link_hub *h)
{
	for (unsigned i = 0; i < SERVE_MOST; i++) {
		int fd = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
			return;
		if (fd < 0) {
			close(h->fd);
			h->fd = -1;
			h->role = ROLE_ALONE;
			return;
		}
		if (!is_root(fd) || wait_for(h, fd) < 0 || add_member(h, fd) < 0)
			close(fd);
	}
}

/* Leader: a member says what it wants to hear of, or has ended. */
static void hear_member(struct link_hub *h, int fd)
{
	struct link_interest of;
	struct member *m = h->members;

	while (m < h->members + h->count && m->fd != fd)
		m++;
	if (m == h->members + h->count)
		return;
	ssize_t got = recv(fd, &of, sizeof(of), 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != sizeof(of)) {
		drop_member(h, m);
		return;
	}
	m->of = of;
	tell(h, m);
}

static void on_timer(struct link_hub *h)
{
	uint64_t times;

	if (read(h->timer, &times, sizeof(times)) != sizeof(times))
		return;
	if (h->role != ROLE_MEMBER) {
		tell_all(h);
		return;
	}
	/* The leader hangs. */
	leave_leader(h);
	int err = be_alone(h);
	if (err)
		say_deaf(err);
}

bool link_hub_serve(struct link_hub *h)
{
	struct epoll_event ready[SERVE_MOST];
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

int link_hub_fd(const struct link_hub *h)
{
	return h->epoll;
}

int link_hub_open(const struct link_interest *own, struct link_hub **out)
{
	struct link_hub *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	*h = (struct link_hub){.own = *own, .fd = -1, .kernel = -1};
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int err = h->epoll < 0 || h->timer < 0 ? -errno : wait_for(h, h->timer);
	if (!err)
		err = join(h);
	if (err) {
		link_hub_close(h);
		return err;
	}
	*out = h;
	return 0;
}

void link_hub_close(struct link_hub *h)
{
	if (!h)
		return;
	const int fds[] = {h->fd, h->kernel, h->timer, h->epoll};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (size_t i = 0; i < h->count; i++)
		if (h->members[i].fd >= 0)
			close(h->members[i].fd);
	free(h->members);
	free(h);
}
