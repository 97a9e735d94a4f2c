/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this VM has been answered and refused, for `fold inspect`: a count and a time for each kind, in a table of fixed size.
 * The answer is lines of words, which cli/inspect.c reads:
 *
 *   did COUNT MILLISECONDS-AGO NAME    an event that was answered
 *   refused COUNT MILLISECONDS-AGO NAME
 *   unsaid COUNT                  lines that the log left out
 *   lost COUNT                    replies that a full port lost
 *   lease SECONDS                 what leases are given for
 *   end
 */
#include "base/clock.h"
#include "base/log.h"
#include "cli/session_priv.h"
#include "host/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KINDS 128 /* the names are constants: there are not nearly so many */

struct seen {
	struct kind {
		const char *name;
		uint64_t count;
		int64_t last; /* milliseconds, monotonic */
		bool refused;
	} kinds[KINDS];
	size_t count;
	uint64_t unsaid;
	int fd;
	char path[ASK_PATH];
};

static int64_t now(void)
{
	return (int64_t)clock_coarse_ms();
}

void session_seen(struct session *s, const char *what, bool refused)
{
	struct seen *seen = s->seen;

	if (!seen)
		return;
	for (struct kind *k = seen->kinds; k < seen->kinds + KINDS; k++) {
		if (k->name && k->name != what)
			continue;
		if (!k->name)
			seen->count++;
		*k = (struct kind){.name = what, .count = k->count + 1, .last = now(), .refused = refused};
		return;
	}
}

void session_seen_unsaid(struct session *s)
{
	if (s->seen)
		s->seen->unsaid++;
}

int session_seen_open(struct session *s)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	ask_path(claim_folder(), s->info.iface, seen->path);
	seen->fd = ask_open(seen->path);
	int err = seen->fd < 0 ? seen->fd : session_wait_for(s, SESSION_ASKED, seen->fd);
	s->seen = seen;
	return err;
}

void session_seen_close(struct session *s)
{
	if (!s->seen)
		return;
	if (s->seen->fd >= 0)
		close(s->seen->fd);
	free(s->seen);
	s->seen = NULL;
}

void session_seen_remove(unsigned long folder, const char *iface)
{
	char path[ASK_PATH];

	ask_path(folder, iface, path);
	unlink(path);
}

static size_t describe(const struct session *s, char *text, size_t size)
{
	const struct seen *seen = s->seen;
	size_t len = 0;

	for (size_t i = 0; i < seen->count && len < size; i++) {
		const struct kind *k = &seen->kinds[i];
		len += (size_t)snprintf(text + len, size - len, "%s %llu %lld %s\n", k->refused ? "refused" : "did",
					(unsigned long long)k->count, (long long)(now() - k->last), k->name);
	}
	if (len < size)
		len += (size_t)snprintf(text + len, size - len, "unsaid %llu\nlost %llu\nlease %u\nend\n",
					(unsigned long long)seen->unsaid, (unsigned long long)tx_lost(s->tx),
					s->guest.lease_time);
	return len < size ? len : size - 1;
}

void session_asked(struct session *s)
{
	char text[16384];

	for (int to; (to = ask_take(s->seen->fd)) != -EAGAIN;) {
		if (to < 0 && to != -EBADMSG)
			return;
		if (to < 0)
			continue;
		/*
		 * It is non-blocking, so no reader is waited for: a pipe takes all of it at once, anything else may get
		 * less.
		 */
		if (write(to, text, describe(s, text, sizeof(text))) < 0)
			log_warn("%s: an answer to `" FOLD_COMMAND " inspect` could not be written: %s", s->info.iface,
				 strerror(errno));
		close(to);
	}
}
