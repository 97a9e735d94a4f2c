/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts a change of the VM's files in force while it runs.
 *
 *   a file changes (guest/follow.h) -> a thread reads, parses and builds (guest/reload.h) -> the loop puts the new guest in
 *   force between two packets -> a thread frees what was before and writes the copy
 *
 * While the thread runs, struct reload is its alone.
 */
#include "answer/answer.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cli/session_priv.h"
#include "fw/nft.h"
#include "guest/follow.h"
#include "guest/reload.h"
#include "host/guard.h"
#include "host/priority.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/eventfd.h>

enum job { JOB_READ, JOB_FINISH };

struct live {
	struct follow *follow;
	int done; /* eventfd: the thread has finished */
	pthread_t thread;
	bool running, threaded;
	bool following; /* false: not yet (FOLLOW_AFTER_MS) */
	enum job job;
	struct reload reload;         /* the thread's, while it runs */
	struct reload_changes given;  /* being read; the thread's, too */
	struct reload_changes wanted; /* to be read */
	struct reload_lines said;     /* lines that the reading before had */
	bool finish;                  /* JOB_FINISH is to be run: it frees what was in force before */
	bool write_copy;              /* and writes what is in force into the copy */
	size_t lists_followed;
	unsigned busy; /* readings in a row that found somebody writing */
};

/*
 * How long to wait before reading again a file that somebody is writing, doubled with each try up to AGAIN_MOST_MS: the
 * writer may be gone a moment later (a slow disk's close), or take as long as it likes.
 */
#define AGAIN_MS 50
#define AGAIN_MOST_MS 1000
#define AGAIN_SAID 8 /* tries until it is logged, some four seconds */

/*
 * How long after the loop's start the files are watched, and then read once more. Where a thousand VMs watch the same
 * directories that takes the kernel a millisecond, for which the guest's first packets should not wait.
 */
#define FOLLOW_AFTER_MS 50

static void look_again_at(struct session *s, const char *path)
{
	struct live *l = s->live;
	unsigned wait = l->busy < 5 ? (unsigned)AGAIN_MS << l->busy : AGAIN_MOST_MS;

	follow_again(l->follow, path, wait < AGAIN_MOST_MS ? wait : AGAIN_MOST_MS);
	if (l->busy == AGAIN_SAID)
		log_warn("%s: somebody has it open for writing; what it said before stays in force until they close it",
			 path);
}

/* Plans to read again whatever could not be read because somebody was writing it. */
static void look_again(struct session *s)
{
	struct live *l = s->live;
	bool any = false;

	for (int i = 0; i < RELOAD_SOURCES; i++) {
		if (!l->reload.busy[i])
			continue;
		look_again_at(s, l->reload.path[i]);
		any = true;
	}
	for (size_t i = 0; i < s->lists.count; i++) {
		if (!s->lists.at[i].busy)
			continue;
		_cleanup_(cleanup_free) char *path = address_list_path(s->config.datapath, s->lists.at[i].name);
		if (path)
			look_again_at(s, path);
		any = true;
	}
	l->busy = any ? l->busy + 1 : 0;
}

static bool has_line(const struct reload_lines *l, const char *line)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->at[i], line) == 0)
			return true;
	}
	return false;
}

/* Logs what a reading had to say, without the lines that the reading before had as well. */
static void say_lines(struct live *l)
{
	struct reload *w = &l->reload;

	for (size_t i = 0; i < w->lines.count; i++) {
		if (!has_line(&l->said, w->lines.at[i]))
			log_warn("%s", w->lines.at[i]);
	}
	if (w->lines.more && w->lines.more != l->said.more)
		log_warn("%s: %u more lines like these", w->id->iface, w->lines.more);
	if (!w->tried && !w->lines.count)
		return;
	reload_free_lines(&l->said);
	l->said = w->lines;
	w->lines = (struct reload_lines){0};
}

static void *work(void *arg)
{
	struct live *l = arg;

	if (l->threaded)
		priority_behind(); /* packets come first */
	if (l->job == JOB_READ)
		reload_read(&l->reload, &l->given);
	else
		reload_finish(&l->reload, l->write_copy);
	eventfd_write(l->done, 1);
	return NULL;
}

static void start(struct live *l, enum job job)
{
	l->job = job;
	l->running = l->threaded = true;
	if (pthread_create(&l->thread, NULL, work, l) == 0)
		return;
	/* Without a thread the work is done here, and packets wait for it. */
	l->threaded = false;
	work(l);
}

static void start_next(struct live *l)
{
	if (l->running)
		return;
	if (l->finish) {
		l->finish = false;
		start(l, JOB_FINISH);
	} else if (l->wanted.count) {
		int failed = l->reload.failed;
		if (l->wanted.lists && failed >= 0 && !l->wanted.source[failed])
			l->wanted.source[failed] = ++l->wanted.count;
		l->given = l->wanted;
		l->wanted = (struct reload_changes){0};
		start(l, JOB_READ);
	}
}

static void follow_files(struct session *s)
{
	struct live *l = s->live;
	size_t count = 0, most = RELOAD_SOURCES + s->lists.count;
	const char **paths = calloc(most, sizeof(*paths));
	char **lists = calloc(most, sizeof(*lists));
	int err = paths && lists ? 0 : -ENOMEM;

	/* The -b file comes last, so that it counts where it is unknown which file changed last. */
	if (!err)
		paths[count++] = l->reload.path[RELOAD_COPY];
	for (size_t i = 0; i < s->lists.count && !err; i++) {
		paths[count++] = lists[i] = address_list_path(s->config.datapath, s->lists.at[i].name);
		err = lists[i] ? 0 : -ENOMEM;
	}
	if (!err && l->reload.path[RELOAD_FILE])
		paths[count++] = l->reload.path[RELOAD_FILE];
	if (!err)
		err = follow_paths(l->follow, paths, count);
	l->lists_followed = s->lists.count;
	if (err)
		log_warn("%s: not every change of its files will be seen: %s%s", s->info.iface, strerror(-err),
			 err == -ENOSPC || err == -EMFILE ? "; `sysctl fs.inotify` has the limits" : "");
	for (size_t i = 0; i < s->lists.count && lists; i++)
		free(lists[i]);
	free(lists);
	free(paths);
}

void session_live_changed(struct session *s)
{
	struct live *l = s->live;
	struct reload_changes *c = &l->wanted;
	const char *path;

	if (!l->following) {
		l->following = true;
		follow_files(s);
		return;
	}
	while ((path = follow_next(l->follow))) {
		c->count++;
		bool list = true;
		for (int i = 0; i < RELOAD_SOURCES; i++) {
			if (!l->reload.path[i] || strcmp(path, l->reload.path[i]) != 0)
				continue;
			c->source[i] = c->count;
			list = false;
		}
		c->lists |= list;
	}
	start_next(l);
}

/* RFC 4861 6.2.4: a change is advertised only where it changes what the advertisement says. */
static bool advertises_same(const struct guest *a, const struct guest *b)
{
	struct reply first, second;
	bool one = answer_advertise(a, NULL, false, &first), two = answer_advertise(b, NULL, false, &second);

	return one == two && (!one || (first.frame_len == second.frame_len &&
				       memcmp(first.frame, second.frame, first.frame_len) == 0));
}

/* Puts the rules for `to` in force; on an error the old ones again. *unknown: it is unknown which are in force. */
static int change_rules(struct session *s, const struct guest *to, bool *unknown)
{
	struct rules r = s->rules;

	r.guest = to;
	int err = session_update_rules(s, &r);
	if (err == -ENOENT && rules_restore_shared(s->nft, &r) >= 0)
		err = session_update_rules(s, &r);               /* somebody had just removed the shared rules */
	int back = err ? session_update_rules(s, &s->rules) : 0; /* the old rules again, in both tables */
	*unknown = session_rules_unknown(back) || (back && err == NFT_NO_ANSWER);
	return err;
}

/*
 * Puts `to` in force between two packets, and takes what it points to. *was gets what was in force before, which is the
 * caller's where this returns true; otherwise that stays in force.
 */
static bool put_in_force(struct session *s, struct guest *to, struct guest *was)
{
	bool unknown = false;

	*was = s->guest;
	int err = rules_differ(was, to) ? change_rules(s, to, &unknown) : 0;
	if (err) {
		if (unknown)
			session_cut_off(s, SESSION_RULES_UNKNOWN);
		else
			log_err("%s: its rules cannot be changed: %s; what was before stays in force", s->info.iface,
				nft_error(err));
		guest_free(to);
		return false;
	}
	egress_forget(s->egress, &to->dns.allow);
	bool same = advertises_same(was, to);
	s->guest = *to;
	s->guest.dns.aliases = s->aliases;
	*to = (struct guest){0};
	if (!same)
		session_advertise_change(s, was);
	err = session_forward(s);
	if (err)
		log_err("%s: no sockets to ask name servers: %s", s->info.iface, strerror(-err));
	session_notify_change(s);
	session_weave_change(s, was);
	return true;
}

/* A copy that has no MTU of the binding's has the bridge's at the VM's start, which may be another now. */
static void settle_mtu(const struct session *s, const struct reload *w, struct guest *g)
{
	if (w->next.source == RELOAD_COPY && g->id.mtu == s->id.mtu)
		g->id.own_mtu = false;
	if (!g->id.own_mtu)
		g->id.mtu = session_guest_mtu(s);
}

void session_live_loaded(struct session *s)
{
	struct live *l = s->live;
	struct reload *w = &l->reload;
	struct guest was;
	eventfd_t times;

	eventfd_read(l->done, &times);
	if (l->threaded)
		pthread_join(l->thread, NULL);
	l->running = false;
	say_lines(l);
	if (w->built)
		settle_mtu(s, w, &w->guest);
	if (w->built && put_in_force(s, &w->guest, &was)) {
		l->write_copy = w->is_new && w->next.source == RELOAD_FILE;
		l->finish = true;
		reload_accept(w, &was);
		log_info("%s: %s is in force as it is now", s->info.iface,
			 w->is_new ? w->path[w->now.source] : "what its address lists say");
	} else if (w->built) {
		reload_reject(w);
	}
	if (w->put_back)
		l->write_copy = l->finish = true;
	w->put_back = false;
	if (l->lists_followed != s->lists.count)
		follow_files(s);
	if (l->job == JOB_READ)
		look_again(s);
	start_next(l);
}

void session_live_open(struct session *s)
{
	struct report r = {0};
	struct live *l = calloc(1, sizeof(*l));
	int err = l ? follow_open(&l->follow) : -ENOMEM;

	if (err) {
		log_warn("%s: changes of its files will not be seen: %s%s", s->info.iface, strerror(-err),
			 err == -EMFILE ? "; raise sysctl fs.inotify.max_user_instances" : "");
		free(l);
		return;
	}
	s->live = l;
	l->reload.id = &s->id;
	l->reload.config = &s->config;
	l->reload.lists = &s->lists;
	l->reload.put_copy = guard_put; /* the copy is written in the responder, which may open no file */
	l->reload.path[RELOAD_FILE] = s->o->binding;
	l->reload.path[RELOAD_COPY] = s->info.copy;
	l->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = l->done < 0 ? report_fail(&r, errno, "eventfd: %s", strerror(errno))
			  : reload_begin(&l->reload, &s->binding, steal_ptr(&s->text), s->text_len, s->text_mode, &r);
	if (err) {
		log_warn("%s: changes of its files will not be seen: %s", s->info.iface, r.msg);
		session_live_close(s);
		return;
	}
	follow_wake(l->follow, FOLLOW_AFTER_MS);
}

int session_live_start(struct session *s)
{
	if (!s->live)
		return 0;
	int err = session_wait_for(s, SESSION_CHANGED, follow_fd(s->live->follow));
	return err ? err : session_wait_for(s, SESSION_LOADED, s->live->done);
}

void session_live_close(struct session *s)
{
	struct live *l = s->live;

	if (!l)
		return;
	if (l->running && l->threaded)
		pthread_join(l->thread, NULL);
	follow_close(l->follow);
	if (l->done >= 0)
		close(l->done);
	reload_free(&l->reload);
	reload_free_lines(&l->said);
	free(l);
	s->live = NULL;
}
