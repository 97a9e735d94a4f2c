/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/follow.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/inotify.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

/*
 * Events on the followed file: its writer closed it, or another file took its place. IN_ATTRIB also reports a changed
 * link count.
 */
#define FILE_EVENTS (IN_CLOSE_WRITE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB)
/*
 * Events on a directory of the path: it was moved or removed. Not IN_ATTRIB, because a directory's times change with
 * every entry.
 */
#define WAY_EVENTS (IN_MOVE_SELF | IN_DELETE_SELF)
/* Events on a link of the path. A rename over the link shows only as a change of its link count (IN_ATTRIB). */
#define LINK_EVENTS (IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB)
/*
 * Events on a directory in which the next part of the path is missing. IN_CLOSE_WRITE: the file appeared, and was
 * closed before it was watched.
 */
#define AWAIT_EVENTS (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE)

struct watched {
	int wd;
	unsigned round; /* the last round of arm() that needed it */
};

struct followed {
	char *given, *path; /* as the caller names it, and absolute */
	int *wds;           /* all watches whose events concern it */
	size_t wd_count;
	bool awaited; /* it was missing at the last arm(): await_wd, a directory, waits for await_name */
	int await_wd;
	char await_name[NAME_MAX + 1];
	uint64_t changed; /* the number of its last change; 0: none since follow_next() returned it */
};

struct follow {
	int epoll, inotify, timer;
	struct followed *at;
	size_t count;
	struct watched *watched;
	size_t watched_count;
	unsigned round;
	uint64_t changes;
	uint64_t since_ms; /* when the first pending change happened; 0: none is pending */
	bool quiet;        /* the timer has expired: pending changes are given out */
};

static int wait_for(int epoll, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	return fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

int follow_open(struct follow **out)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->timer = f->inotify = -1;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	int err = f->epoll < 0 ? -errno : 0;
	if (!err) {
		f->inotify = inotify_open();
		err = f->inotify < 0 ? f->inotify : wait_for(f->epoll, f->inotify);
	}
	if (!err) {
		f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
		err = wait_for(f->epoll, f->timer);
	}
	if (err) {
		follow_close(f);
		return err;
	}
	*out = f;
	return 0;
}

static void forget_paths(struct followed *at, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(at[i].given);
		free(at[i].path);
		free(at[i].wds);
	}
	free(at);
}

void follow_close(struct follow *f)
{
	if (!f)
		return;
	forget_paths(f->at, f->count);
	free(f->watched);
	if (f->timer >= 0)
		close(f->timer);
	if (f->inotify >= 0)
		close(f->inotify);
	if (f->epoll >= 0)
		close(f->epoll);
	free(f);
}

int follow_fd(const struct follow *f)
{
	return f->epoll;
}

void follow_wake(struct follow *f, uint64_t wait_ms)
{
	struct itimerspec t = {.it_value = {.tv_sec = (time_t)(wait_ms / 1000),
					    .tv_nsec = wait_ms ? (long)(wait_ms % 1000) * 1000000 : 1}};

	timerfd_settime(f->timer, 0, &t, NULL);
}

static void note_change(struct follow *f, struct followed *p)
{
	uint64_t now = clock_ms(), wait = FOLLOW_QUIET_MS;

	p->changed = ++f->changes;
	if (!f->since_ms)
		f->since_ms = now;
	if (now + wait > f->since_ms + FOLLOW_MOST_MS)
		wait = now < f->since_ms + FOLLOW_MOST_MS ? f->since_ms + FOLLOW_MOST_MS - now : 0;
	follow_wake(f, wait);
}

void follow_again(struct follow *f, const char *path, unsigned wait_ms)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->at[i].given, path) == 0)
			f->at[i].changed = ++f->changes;
	}
	/* Otherwise the timer is already set for another change, and expires earlier. */
	if (f->since_ms)
		return;
	f->since_ms = clock_ms();
	follow_wake(f, wait_ms);
}

/* Watches what the path names and notes the watch in p, so that its events concern p. Returns the watch, or -errno. */
static int watch(struct follow *f, struct followed *p, const char *path, uint32_t events)
{
	int wd = inotify_add_watch(f->inotify, path, events | IN_MASK_ADD);

	if (wd < 0)
		return -errno;
	int *wds = reallocarray(p->wds, p->wd_count + 1, sizeof(*wds));
	if (!wds)
		return -ENOMEM;
	p->wds = wds;
	wds[p->wd_count++] = wd;
	for (size_t i = 0; i < f->watched_count; i++) {
		if (f->watched[i].wd != wd)
			continue;
		/* First use in this round: set the events without IN_MASK_ADD, which drops those of earlier rounds. */
		if (f->watched[i].round != f->round)
			inotify_add_watch(f->inotify, path, events);
		f->watched[i].round = f->round;
		return wd;
	}
	struct watched *more = reallocarray(f->watched, f->watched_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	f->watched = more;
	more[f->watched_count++] = (struct watched){wd, f->round};
	return wd;
}

static bool is_missing(int err)
{
	return err == -ENOENT || err == -ENOTDIR;
}

/*
 * Watches the directories and links that the path leads through. *stop: how many octets of the path exist. A link is
 * watched itself, not its target; watch_real_way() watches the path to the target.
 */
static int watch_way(struct follow *f, struct followed *p, const char *path, size_t *stop)
{
	char step[PATH_MAX];

	*stop = 0;
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);
		if (len >= sizeof(step))
			return -ENAMETOOLONG;
		if (slash == path) {
			*stop = len; /* the root is never moved or removed */
			continue;
		}
		memcpy(step, path, len);
		step[len] = 0;
		char target[1];
		bool link = readlink(step, target, sizeof(target)) >= 0;
		int wd = watch(f, p, step, link ? LINK_EVENTS | IN_DONT_FOLLOW : WAY_EVENTS | IN_ONLYDIR);
		if (is_missing(wd))
			return 0;
		/* A directory that fold may traverse but not read cannot be watched; go on with the others. */
		if (wd < 0 && wd != -EACCES)
			return wd;
		*stop = len;
	}
	return 0;
}

/* Watches the directory at path's first len octets for the appearance of the path's next part. */
static int await(struct follow *f, struct followed *p, size_t len)
{
	char step[PATH_MAX];
	const char *name = p->path + len + (p->path[len] == '/');
	size_t name_len = strcspn(name, "/");

	if (len >= sizeof(step) || name_len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(step, p->path, len);
	step[len] = 0;
	memcpy(p->await_name, name, name_len);
	p->await_name[name_len] = 0;
	p->await_wd = watch(f, p, step, AWAIT_EVENTS | IN_ONLYDIR);
	return p->await_wd < 0 ? p->await_wd : 0;
}

/* Watches the resolved path too: a link may lead through others, and a directory behind it may be replaced. */
static int watch_real_way(struct follow *f, struct followed *p)
{
	char real[PATH_MAX], *slash = strrchr(p->path, '/');
	size_t unused;

	if (slash == p->path)
		return 0;
	*slash = 0;
	const char *found = realpath(p->path, real);
	bool same = found && strcmp(real, p->path) == 0;
	*slash = '/';
	size_t len = found ? strlen(real) : 0;
	if (!found || same || len + 1 >= sizeof(real))
		return 0;
	memcpy(real + len, "/", 2);
	return watch_way(f, p, real, &unused);
}

/* An empty file has been made but not written yet; its close will be reported as a change. */
static bool is_unwritten(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/*
 * Sets the watches for one path. Tries twice if the file is missing: it may have appeared just before its directory was
 * watched.
 */
static int arm_one(struct follow *f, struct followed *p)
{
	bool was_awaited = p->awaited;
	int wd = -ENOENT, err = 0;

	for (int turn = 0; turn < 2 && is_missing(wd) && !err; turn++) {
		size_t stop;
		p->wd_count = 0;
		err = watch_way(f, p, p->path, &stop);
		wd = err ? err : watch(f, p, p->path, FILE_EVENTS | IN_DONT_FOLLOW);
		if (!err)
			err = watch_real_way(f, p);
		if (!err && is_missing(wd))
			err = await(f, p, stop);
		if (is_missing(err))
			err = 0; /* part of the path vanished meanwhile, and the directory above it reports that */
	}
	p->awaited = is_missing(wd);
	if (was_awaited && wd >= 0 && !is_unwritten(p->path))
		note_change(f, p);
	return err || p->awaited || wd >= 0 ? err : wd;
}

/* Watches what exists now, and removes the watches that are no longer needed. */
static int arm(struct follow *f)
{
	size_t kept = 0;
	int err = 0;

	f->round++;
	for (size_t i = 0; i < f->count; i++) {
		int e = arm_one(f, &f->at[i]);
		err = err ? err : e;
	}
	for (size_t i = 0; i < f->watched_count; i++) {
		if (f->watched[i].round == f->round)
			f->watched[kept++] = f->watched[i];
		else
			inotify_rm_watch(f->inotify, f->watched[i].wd); /* or the kernel has done it */
	}
	f->watched_count = kept;
	return err;
}

/* Makes the path absolute, with a single slash between its parts. NULL on failure, with errno set. */
static char *absolute(const char *path)
{
	_cleanup_(cleanup_free) char *here = *path == '/' ? strdup("") : getcwd(NULL, 0);
	char *out, *to;

	if (!here || asprintf(&out, "%s/%s", here, path) < 0)
		return NULL;
	to = out; /* NOLINT(clang-analyzer-unix.Malloc): the cleanup frees it */
	for (const char *from = out; *from; from++) {
		if (*from != '/' || from[1] != '/')
			*to++ = *from;
	}
	*to = 0;
	return out;
}

int follow_paths(struct follow *f, const char *const paths[], size_t count)
{
	struct followed *at = calloc(count + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		at[i].given = strdup(paths[i]);
		at[i].path = absolute(paths[i]);
		if (!at[i].given || !at[i].path) {
			int err = -errno; /* may be getcwd()'s: the working directory may no longer exist */
			forget_paths(at, count);
			return err;
		}
	}
	for (size_t i = 0; i < count; i++) {
		const struct followed *before = NULL;
		for (size_t j = 0; j < f->count && !before; j++)
			before = strcmp(f->at[j].path, at[i].path) == 0 ? &f->at[j] : NULL;
		if (before) {
			at[i].changed = before->changed;
			at[i].awaited = before->awaited;
		} else {
			note_change(f, &at[i]);
		}
	}
	forget_paths(f->at, f->count);
	f->at = at;
	f->count = count;
	return arm(f);
}

/* True if the event may mean a change of that path. */
static bool concerns(const struct followed *p, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		return true;
	if (e->mask & IN_IGNORED) /* another event reported what ended the watch */
		return false;
	if (e->len)
		return e->wd == p->await_wd && strcmp(e->name, p->await_name) == 0;
	for (size_t i = 0; i < p->wd_count; i++) {
		if (p->wds[i] == e->wd)
			return true;
	}
	return false;
}

static void read_events(struct follow *f)
{
	union {
		struct inotify_event align;
		char bytes[4096];
	} buf;
	bool any = false;
	ssize_t got;

	while ((got = read(f->inotify, &buf, sizeof(buf))) > 0) {
		for (char *at = buf.bytes; at < buf.bytes + got;) {
			const struct inotify_event *e = (const void *)at;
			for (size_t i = 0; i < f->count; i++) {
				if (!concerns(&f->at[i], e))
					continue;
				any = true;
				if (!(e->mask & IN_CREATE)) /* else arm() finds out whether it has content yet */
					note_change(f, &f->at[i]);
			}
			at += sizeof(*e) + e->len;
		}
	}
	/* Arm before anybody reads the files, so that no later change is missed. */
	if (any)
		arm(f);
}

const char *follow_next(struct follow *f)
{
	struct followed *next = NULL;
	uint64_t times;

	if (!f->quiet) {
		read_events(f);
		f->quiet = read(f->timer, &times, sizeof(times)) == sizeof(times);
	}
	if (!f->quiet)
		return NULL;
	for (size_t i = 0; i < f->count; i++) {
		struct followed *p = &f->at[i];
		if (p->changed && (!next || p->changed < next->changed))
			next = p;
	}
	if (next) {
		next->changed = 0;
		return next->given;
	}
	f->quiet = false;
	f->since_ms = 0;
	return NULL;
}
