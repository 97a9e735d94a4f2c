/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files say now is in force now: the -b file, the VM's copy of it and the address lists.
 *
 *   a file changes -> a thread reads, parses and builds -> the loop puts the new guest in force between two packets
 *
 * Of the -b file and the copy the one that changed last counts. A file that is gone, or that has an error, leaves in force what
 * was; nothing of it is taken. The thread works on `struct live` alone while it runs, and on nothing that the loop changes.
 */
#include "answer/answer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/session_priv.h"
#include "guest/build.h"
#include "guest/follow.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define LINES_MAX 16 /* warnings of one reading that are said; a file of a million bad keys has no more to say */
#define NICE 10      /* of the thread: packets come first */

enum source { SOURCE_FILE, SOURCE_COPY, SOURCES };

struct text {
	char *at; /* NULL: none */
	size_t len;
};

struct lines {
	char *at[LINES_MAX];
	size_t count;
	unsigned more;
};

enum job { JOB_LOAD, JOB_COPY };

/* What changed, and in which order. */
struct changes {
	unsigned count;
	unsigned source[SOURCES]; /* the number of its last change, 0: none */
	bool lists;
};

/* A text and what it says. */
struct content {
	enum source source;
	struct text text;
	struct binding binding;
};

/* What was found at a path the last time. */
struct known {
	struct text text;
	struct stat stat;
};

struct live {
	const struct identity *id;
	const struct config *config;
	struct follow *follow;
	int done; /* eventfd: the thread has finished */
	pthread_t thread;
	bool running, threaded;
	enum job job;

	const char *path[SOURCES]; /* of the -b file, or NULL, and of the copy */
	struct known known[SOURCES];
	struct content now; /* in force */
	struct address_lists *lists;

	struct changes wanted; /* to be read; the loop's */
	struct changes given;  /* being read; the thread's */
	int failed; /* whose text was good and what it asks for was not: tried again with other lists; -1: nobody's */
	bool write_copy; /* it has yet to say what is in force */
	size_t lists_followed;

	/* What came of the reading. */
	bool tried, built, is_new;
	struct guest guest;
	struct content next;
	struct lines lines, said;
};

static void free_lines(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->at[i]);
	*l = (struct lines){0};
}

static void add_line(void *arg, const char *line)
{
	struct lines *l = arg;

	if (l->count < LINES_MAX && (l->at[l->count] = strdup(line)))
		l->count++;
	else
		l->more++;
}

static bool has_line(const struct lines *l, const char *line)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->at[i], line) == 0)
			return true;
	}
	return false;
}

/* What was said of the reading before is not said again. */
static void say_lines(struct live *l)
{
	for (size_t i = 0; i < l->lines.count; i++) {
		if (!has_line(&l->said, l->lines.at[i]))
			log_warn("%s", l->lines.at[i]);
	}
	if (l->lines.more && l->lines.more != l->said.more)
		log_warn("%s: %u more lines like these", l->id->iface, l->lines.more);
	if (!l->tried && !l->lines.count)
		return;
	free_lines(&l->said);
	l->said = l->lines;
	l->lines = (struct lines){0};
}

static void set_text(struct text *to, struct text from)
{
	free(to->at);
	*to = from;
}

static bool same_text(const struct text *a, const struct text *b)
{
	return a->len == b->len && (!a->len || memcmp(a->at, b->at, a->len) == 0) && (a->at != NULL) == (b->at != NULL);
}

static void free_content(struct content *c)
{
	free(c->text.at);
	binding_free(&c->binding);
	*c = (struct content){0};
}

static struct text duplicate(const struct text *from)
{
	struct text t = {.at = from->at ? malloc(from->len + 1) : NULL};

	if (t.at) {
		memcpy(t.at, from->at, from->len);
		t.at[from->len] = 0;
		t.len = from->len;
	}
	return t;
}

/* ---- in the thread ---- */

/* Written, or another file: not only its owner, mode or links. */
static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A new text, or false where there is none. */
static bool read_source(struct live *l, enum source from, struct text *text, struct report *r)
{
	struct known *known = &l->known[from];
	struct stat st = {0};

	lstat(l->path[from], &st);
	bool same = same_file(&st, &known->stat);
	int err = file_read_plain(l->path[from], BINDING_SIZE_MAX, &text->at, &text->len, r);
	if (err == -ENOENT)
		report_warn(r, "%s: is gone; what it said stays in force", l->path[from]);
	else if (err)
		report_warn(r, "%s; what it said before stays in force", r->msg);
	if (err)
		return false;
	/* An edit of the copy is undone by writing the -b file once more, even as it is. */
	same = same_text(text, &known->text) && (same || from == SOURCE_COPY || from == l->next.source);
	known->stat = st;
	if (same) {
		free(text->at);
		return false;
	}
	set_text(&known->text, duplicate(text));
	return true;
}

/* Parsed into l->next, or it has been said why not. */
static bool take_source(struct live *l, enum source from, struct report *r)
{
	struct text text = {0};
	struct binding b = {0};

	if (!read_source(l, from, &text, r))
		return false;
	l->tried = true;
	if (binding_parse(text.at, text.len, l->path[from], BINDING_VM, &b, r) < 0) {
		report_warn(r, "%s; what it said before stays in force", r->msg);
		free(text.at);
		return false;
	}
	free_content(&l->next);
	l->next = (struct content){from, text, b};
	return true;
}

static bool build(struct live *l, struct report *r)
{
	int err = address_lists_reload(&l->next.binding, l->config->datapath, l->lists, r);

	if (!err)
		err = guest_build(l->id, &l->next.binding, l->config, GUEST_NEED_GATEWAY_MAC, &l->guest, r);
	if (err)
		report_warn(r, "%s; what was before stays in force", r->msg);
	l->tried = true;
	l->built = !err;
	return l->built;
}

/* FNV-1a, 64 bits: tells one state of the lists from the next. */
static uint64_t lists_sum(const struct address_lists *lists)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < lists->count; i++) {
		const struct address_list *a = &lists->at[i];
		for (size_t j = 0; j < a->len; j++)
			h = (h ^ (uint8_t)a->text[j]) * 1099511628211U;
		h = (h ^ 0x100) * 1099511628211U;
	}
	return h;
}

/* The text in force once more, with other lists. */
static void build_again(struct live *l, struct report *r)
{
	const struct content *now = &l->now;
	uint64_t before = lists_sum(l->lists);

	free_content(&l->next);
	l->next.source = now->source;
	l->next.text = duplicate(&now->text);
	const char *text = l->next.text.at ? l->next.text.at : "";
	if (binding_parse(text, l->next.text.len, l->path[now->source], BINDING_VM, &l->next.binding, r) < 0)
		return; /* without memory alone: it was good before */
	if (build(l, r) && lists_sum(l->lists) == before) {
		guest_free(&l->guest);
		l->built = false;
	}
}

static void load(struct live *l)
{
	struct report r = {.warn = add_line, .warn_arg = &l->lines};
	const struct changes *c = &l->given;
	enum source first = c->source[SOURCE_FILE] <= c->source[SOURCE_COPY] ? SOURCE_FILE : SOURCE_COPY;

	free_content(&l->next);
	l->next.source = l->now.source;
	l->is_new = false;
	for (int i = 0; i < SOURCES; i++) {
		enum source from = i == 0 ? first : (enum source)(SOURCES - 1 - (int)first);
		if (c->source[from])
			l->is_new |= take_source(l, from, &r);
	}
	l->failed = -1;
	if (l->is_new && build(l, &r))
		return;
	if (l->is_new) {
		l->failed = (int)l->next.source;
		set_text(&l->known[l->failed].text, (struct text){0});
	}
	l->is_new = false;
	if (c->lists)
		build_again(l, &r);
}

/* The copy says what the -b file now says. That it changed is then no news. */
static void write_copy(struct live *l)
{
	struct report r = {.warn = add_line, .warn_arg = &l->lines};
	const struct content *now = &l->now;
	struct text whole = {0};
	int err = binding_copy_text(l->id, &now->binding, now->text.at, now->text.len, &whole.at, &whole.len, &r);

	if (!err) {
		set_text(&l->known[SOURCE_COPY].text, whole);
		err = binding_write_copy(l->config->datapath, l->id, &now->binding, now->text.at, now->text.len, NULL,
					 &r);
	}
	if (err)
		report_warn(&r, "%s", r.msg);
}

static void *work(void *arg)
{
	struct live *l = arg;

	if (l->threaded)
		setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone */
	if (l->job == JOB_LOAD)
		load(l);
	else
		write_copy(l);
	eventfd_write(l->done, 1);
	return NULL;
}

/* ---- in the loop ---- */

static void start(struct live *l, enum job job)
{
	l->job = job;
	l->tried = l->built = false;
	l->running = l->threaded = true;
	if (pthread_create(&l->thread, NULL, work, l) == 0)
		return;
	/* Late is better than never. */
	l->threaded = false;
	work(l);
}

static void start_next(struct live *l)
{
	if (l->running)
		return;
	if (l->write_copy) {
		l->write_copy = false;
		start(l, JOB_COPY);
	} else if (l->wanted.count) {
		if (l->wanted.lists && l->failed >= 0 && !l->wanted.source[l->failed])
			l->wanted.source[l->failed] = ++l->wanted.count;
		l->given = l->wanted;
		l->wanted = (struct changes){0};
		start(l, JOB_LOAD);
	}
}

void session_live_changed(struct session *s)
{
	struct live *l = s->live;
	struct changes *c = &l->wanted;
	const char *path;

	while ((path = follow_next(l->follow))) {
		c->count++;
		bool list = true;
		for (int i = 0; i < SOURCES; i++) {
			if (!l->path[i] || strcmp(path, l->path[i]) != 0)
				continue;
			c->source[i] = c->count;
			list = false;
		}
		c->lists |= list;
	}
	start_next(l);
}

static void follow_files(struct session *s)
{
	struct live *l = s->live;
	size_t count = 0, most = SOURCES + l->lists->count;
	const char **paths = calloc(most, sizeof(*paths));
	char **lists = calloc(most, sizeof(*lists));
	int err = paths && lists ? 0 : -ENOMEM;

	/* The -b file last: where nobody knows what changed last, it counts. */
	if (!err)
		paths[count++] = l->path[SOURCE_COPY];
	for (size_t i = 0; i < l->lists->count && !err; i++) {
		paths[count++] = lists[i] = address_list_path(l->config->datapath, l->lists->at[i].name);
		err = lists[i] ? 0 : -ENOMEM;
	}
	if (!err && l->path[SOURCE_FILE])
		paths[count++] = l->path[SOURCE_FILE];
	if (!err)
		err = follow_paths(l->follow, paths, count);
	l->lists_followed = l->lists->count;
	if (err)
		log_warn("%s: not every change of its files will be seen: %s; `sysctl fs.inotify` has the limits",
			 s->info.iface, strerror(-err));
	for (size_t i = 0; i < l->lists->count && lists; i++)
		free(lists[i]);
	free(lists);
	free(paths);
}

/* RFC 4861 6.2.4: only where the advertisement is another one is there something to say. */
static bool advertises_same(const struct guest *a, const struct guest *b)
{
	struct reply first, second;
	bool one = answer_advertise(a, NULL, false, &first), two = answer_advertise(b, NULL, false, &second);

	return one == two && (!one || (first.frame_len == second.frame_len &&
				       memcmp(first.frame, second.frame, first.frame_len) == 0));
}

static int change_rules(struct session *s, const struct guest *to)
{
	struct rules r = s->rules;

	r.guest = to;
	int err = rules_update(s->nft, &r);
	if (err == -ENOENT && rules_restore_shared(s->nft, &r) >= 0)
		err = rules_update(s->nft, &r); /* somebody had just removed what all VMs share */
	if (err)
		rules_update(s->nft, &s->rules); /* all as it was, both tables */
	return err;
}

/* Between two packets. Takes what `to` points to. */
static bool put_in_force(struct session *s, struct guest *to)
{
	struct guest was = s->guest;
	int err = rules_differ(&was, to) ? change_rules(s, to) : 0;

	if (err) {
		log_err("%s: its rules cannot be changed: %s; what was before stays in force", s->info.iface,
			strerror(-err));
		guest_free(to);
		return false;
	}
	bool same = advertises_same(&was, to);
	s->guest = *to;
	*to = (struct guest){0};
	if (!same)
		session_advertise_change(s, &was);
	err = session_forward(s);
	if (err)
		log_err("%s: no sockets to ask name servers: %s", s->info.iface, strerror(-err));
	session_notify_change(s);
	guest_free(&was);
	return true;
}

void session_live_loaded(struct session *s)
{
	struct live *l = s->live;
	eventfd_t times;

	eventfd_read(l->done, &times);
	if (l->threaded)
		pthread_join(l->thread, NULL);
	l->running = false;
	say_lines(l);
	if (l->built && put_in_force(s, &l->guest)) {
		l->write_copy = l->is_new && l->next.source == SOURCE_FILE;
		free_content(&l->now);
		l->now = l->next;
		l->next = (struct content){0};
		log_info("%s: %s is in force as it is now", s->info.iface,
			 l->is_new ? l->path[l->now.source] : "what its address lists say");
	}
	if (l->lists_followed != l->lists->count)
		follow_files(s);
	start_next(l);
}

/* What the files said when the VM was started. */
static int remember(struct session *s, struct live *l, struct report *r)
{
	struct text whole, file = {.at = s->text, .len = s->text_len};
	int err = binding_copy_text(&s->guest.id, s->text ? &s->binding : NULL, s->text, s->text_len, &whole.at,
				    &whole.len, r);

	if (err)
		return err;
	l->known[SOURCE_COPY].text = whole;
	l->now.source = s->text ? SOURCE_FILE : SOURCE_COPY;
	l->now.text = duplicate(&file);
	l->known[SOURCE_FILE].text = duplicate(&file);
	if (s->text)
		lstat(l->path[SOURCE_FILE], &l->known[SOURCE_FILE].stat);
	return 0;
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
	l->id = &s->id;
	l->config = &s->config;
	l->lists = &s->lists;
	l->failed = -1;
	l->path[SOURCE_FILE] = s->o->binding;
	l->path[SOURCE_COPY] = s->info.copy;
	l->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = l->done < 0 ? report_fail(&r, errno, "eventfd: %s", strerror(errno)) : remember(s, l, &r);
	if (err) {
		log_warn("%s: changes of its files will not be seen: %s", s->info.iface, r.msg);
		session_live_close(s);
		return;
	}
	follow_files(s);
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
	if (l->built)
		guest_free(&l->guest);
	follow_close(l->follow);
	if (l->done >= 0)
		close(l->done);
	for (int i = 0; i < SOURCES; i++)
		free(l->known[i].text.at);
	free_content(&l->now);
	free_content(&l->next);
	free_lines(&l->lines);
	free_lines(&l->said);
	free(l);
	s->live = NULL;
}
