/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log file, followed by name as nfdhcpd did: its users' logrotate moves the file and makes another one,
 * and tells nobody.
 */
#include "base/clock.h"
#include "base/log.h"
#include "dhcpd/daemon_priv.h"
#include "dhcpd/process.h"

#include <errno.h>
#include <string.h>

#include <sys/inotify.h>
#include <sys/stat.h>

/* logrotate makes the new file after it has moved the old one, with a mode and owner of its own. */
#define MOVED_MS 1000
/* The user may not make the file, and somebody else has not made it yet. */
#define RETRY_MS 10000

/* True also where there is no file of that name any more; false where the user may not look. */
static bool is_moved(const struct daemon *d)
{
	struct stat open, named;

	if (fstat(d->log, &open) < 0)
		return false;
	if (stat(d->log_path, &named) < 0)
		return errno == ENOENT;
	return open.st_ino != named.st_ino || open.st_dev != named.st_dev;
}

static void check(void *daemon, struct moment *m)
{
	struct daemon *d = daemon;

	(void)m;
	if (is_moved(d))
		log_file_reopen(d);
}

static void check_in(struct daemon *d, uint64_t ms)
{
	d->log_check.run = check;
	d->log_check.arg = d;
	due_set(&d->due, &d->log_check, clock_ms() + ms);
}

void log_file_watch(struct daemon *d)
{
	if (d->log < 0)
		return;
	if (d->log_watch >= 0)
		inotify_rm_watch(d->directory.fd, d->log_watch);
	d->log_watch =
	    inotify_add_watch(d->directory.fd, d->log_path, IN_MOVE_SELF | IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW);
	/* Moved before it was watched, or it cannot be watched: SIGHUP opens it again in any case. */
	if (is_moved(d))
		check_in(d, MOVED_MS);
}

bool log_file_event(struct daemon *d, const struct inotify_event *e)
{
	if (d->log < 0 || (e->wd != d->log_watch && !(e->mask & IN_Q_OVERFLOW)))
		return false;
	if (e->mask & IN_IGNORED)
		d->log_watch = -1;
	check_in(d, MOVED_MS);
	return !(e->mask & IN_Q_OVERFLOW);
}

void log_file_reopen(struct daemon *d)
{
	if (d->log < 0)
		return;
	int fd = process_log_reopen(d->log_path, d->log);

	if (fd >= 0) {
		d->log = fd;
		d->log_said = false;
		log_file_watch(d);
		return;
	}
	if (!d->log_said && fd == -EACCES)
		log_warn("log %s: cannot be opened again: %s; it goes on where it was moved to; let user %s make files "
			 "in logdir, or make it that user's when it is moved",
			 d->log_path, strerror(-fd), d->user);
	else if (!d->log_said)
		log_warn("log %s: cannot be opened again: %s", d->log_path, strerror(-fd));
	d->log_said = true;
	check_in(d, RETRY_MS);
}
