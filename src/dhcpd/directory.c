/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows the directory of binding files, which any program may write. Source: inotify(7).
 *
 * One watch covers all of them. A file is read when its writer closes it or moves it here; a link, which nobody writes
 * to, when it is made; a file that could not be read, when its mode or its owner changes, because scripts write first
 * and then use chmod(1). If the kernel lost events, everything is listed again and read a few files a turn, so that
 * packets do not wait for it.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/inotify.h"
#include "base/log.h"
#include "dhcpd/daemon_priv.h"
#include "guest/binding.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/inotify.h>
#include <sys/stat.h>

#define RETRY_MS 1000
#define WATCHED                                                                                                        \
	(IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |           \
	 IN_MOVE_SELF | IN_ONLYDIR)

int directory_open(struct daemon *d, struct report *r)
{
	d->directory = (struct directory){.fd = inotify_open(), .watch = -1};
	if (d->directory.fd < 0)
		return report_fail(r, -d->directory.fd, "inotify: %s", strerror(-d->directory.fd));
	return 0;
}

struct due_file {
	enum bindings_reason why;
	char name[IFNAMSIZ];
};

static void free_files(struct directory *y)
{
	free(y->files);
	y->files = NULL;
	y->count = y->next = y->room = 0;
}

void directory_close(struct daemon *d)
{
	if (d->directory.fd >= 0)
		close(d->directory.fd);
	free_files(&d->directory);
	d->directory.fd = -1;
}

/* True for a file name that can be an interface's, and is none of editors' and packagers' files. */
static bool is_interface(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n < IFNAMSIZ && name[n - 1] != '~' && !strchr(name, ':') &&
	       strncmp(name, ADDRESS_LIST_PREFIX, strlen(ADDRESS_LIST_PREFIX)) != 0;
}

void directory_add(struct daemon *d, const char *name, enum bindings_reason why)
{
	struct directory *y = &d->directory;

	if (y->count == y->room) {
		size_t room = y->room ? y->room * 2 : 256;
		struct due_file *files = reallocarray(y->files, room, sizeof(*files));
		if (!files) {
			y->incomplete = true;
			return;
		}
		y->files = files;
		y->room = room;
	}
	y->files[y->count].why = why;
	snprintf(y->files[y->count++].name, IFNAMSIZ, "%s", name);
}

static void retry(void *daemon, struct moment *m)
{
	struct daemon *d = daemon;
	struct report r = {0};

	(void)m;
	if (directory_watch(d, &r) < 0)
		return;
	log_warn("%s: is there again", d->config.datapath);
	directory_list(d, true);
}

static void try_again(struct daemon *d)
{
	d->directory.retry.run = retry;
	d->directory.retry.arg = d;
	due_set(&d->due, &d->directory.retry, clock_ms() + RETRY_MS);
}

int directory_watch(struct daemon *d, struct report *r)
{
	struct directory *y = &d->directory;
	const char *path = d->config.datapath;

	if (y->watch >= 0)
		inotify_rm_watch(y->fd, y->watch);
	due_unset(&d->due, &y->retry);
	y->watch = inotify_add_watch(y->fd, path, WATCHED);
	if (y->watch >= 0)
		return 0;
	int err = errno;
	if (d->started)
		try_again(d);
	if (err == EACCES)
		return report_fail(r, err, "datapath %s: cannot be read by user %s; give it the right to", path,
				   d->config.user);
	return report_fail(r, err, "datapath %s: cannot be watched: %s", path, strerror(err));
}

void directory_list(struct daemon *d, bool forced)
{
	struct directory *y = &d->directory;
	DIR *dir = opendir(d->config.datapath);

	/* The listing has the files that were still to be read, too: they may be due without a change. */
	forced |= y->next < y->count;
	free_files(y);
	y->incomplete = y->closed = false;
	y->listed = dir != NULL;
	y->listing++;
	if (!dir) {
		y->closed = errno == EACCES;
		log_err("datapath %s: cannot be listed: %s", d->config.datapath, strerror(errno));
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (is_interface(e->d_name) && e->d_type != DT_DIR)
			directory_add(d, e->d_name, forced ? BINDINGS_AROUND : BINDINGS_WRITTEN);
	}
	closedir(dir);
}

static void remove_unseen(void *daemon, struct port *p)
{
	struct daemon *d = daemon;

	if (p->bound && p->seen_file != d->directory.listing)
		bindings_remove(d, p->name);
}

bool directory_step(struct daemon *d, unsigned most)
{
	struct directory *y = &d->directory;

	for (; most && y->next < y->count; most--) {
		/* A copy, because bindings_read() may add to the list. */
		const struct due_file f = y->files[y->next++];
		bindings_read(d, f.name, f.why);
	}
	if (y->next < y->count)
		return true;
	if (y->count)
		free_files(y);
	if (y->listed && !y->incomplete)
		table_each(&d->table, remove_unseen, d);
	y->listed = false;
	return false;
}

/* True if that new name is a link, which is complete from the start. */
static bool is_link(const struct daemon *d, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", d->config.datapath, name) >= (int)sizeof(path) ||
	    lstat(path, &st) < 0)
		return false;
	return S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink > 1);
}

static void gone(struct daemon *d)
{
	d->directory.watch = -1;
	log_err("datapath %s: was removed; the bindings stay in force until it is there again", d->config.datapath);
	try_again(d);
}

static void on_name(struct daemon *d, uint32_t mask, const char *name)
{
	const size_t prefix = strlen(ADDRESS_LIST_PREFIX);

	if (mask & IN_ISDIR || (mask & IN_CREATE && !is_link(d, name)))
		return;
	if (strncmp(name, ADDRESS_LIST_PREFIX, prefix) == 0) {
		if (!(mask & IN_ATTRIB) || d->directory.closed)
			bindings_list_changed(d, name + prefix);
		return;
	}
	if (!is_interface(name) || (mask & IN_ATTRIB && !bindings_waits_for_right(d, name)))
		return;
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		bindings_remove(d, name);
	else
		bindings_read(d, name, BINDINGS_WRITTEN);
}

static void on_event(struct daemon *d, const struct inotify_event *e)
{
	if (log_file_event(d, e))
		return;
	if (e->mask & IN_Q_OVERFLOW) {
		log_warn("datapath %s: changed faster than could be followed; all of it is read again",
			 d->config.datapath);
		/* Changes of address lists may be among the lost events. */
		directory_list(d, true);
	} else if (e->wd != d->directory.watch) {
		return; /* of a watch that was given up */
	} else if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
		if (e->mask & IN_MOVE_SELF)
			inotify_rm_watch(d->directory.fd, e->wd);
		gone(d);
	} else if (e->len) {
		on_name(d, e->mask, e->name);
	} else if (e->mask & IN_ATTRIB && d->directory.closed) {
		directory_list(d, false); /* the directory's own mode */
	}
}

void directory_ready(struct daemon *d)
{
	/* Some hundred events, which take some milliseconds; the rest waits for the next turn. */
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got = read(d->directory.fd, buf, sizeof(buf));

	for (const char *at = buf; got > 0 && at < buf + got;) {
		const struct inotify_event *e = (const void *)at;
		on_event(d, e);
		at += sizeof(*e) + e->len;
	}
}
