/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/reload.h"

#include "base/file.h"
#include "guest/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void reload_free_lines(struct reload_lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->at[i]);
	*l = (struct reload_lines){0};
}

static void add_line(void *arg, const char *line)
{
	struct reload_lines *l = arg;

	if (l->count < RELOAD_LINES && (l->at[l->count] = strdup(line)))
		l->count++;
	else
		l->more++;
}

/* Makes a text of a string, which it takes over; none without memory. */
static struct reload_text take_text(char *at, size_t len, mode_t mode)
{
	struct reload_text t = {.at = at, .len = len, .mode = mode, .sharers = at ? malloc(sizeof(*t.sharers)) : NULL};

	if (t.sharers) {
		*t.sharers = 1;
		return t;
	}
	free(at);
	return (struct reload_text){.mode = mode};
}

static struct reload_text share(const struct reload_text *t)
{
	if (t->sharers)
		++*t->sharers;
	return *t;
}

static void drop_text(struct reload_text *t)
{
	if (t->sharers && --*t->sharers == 0) {
		free(t->at);
		free(t->sharers);
	}
	*t = (struct reload_text){0};
}

static void set_text(struct reload_text *to, struct reload_text from)
{
	drop_text(to);
	*to = from;
}

static bool same_text(const struct reload_text *a, const struct reload_text *b)
{
	return a->len == b->len && (!a->len || memcmp(a->at, b->at, a->len) == 0) && (a->at != NULL) == (b->at != NULL);
}

static void free_content(struct reload_content *c)
{
	drop_text(&c->text);
	binding_free(&c->binding);
	*c = (struct reload_content){0};
}

/* True if it is the same file, not written since; a change of owner, mode or links does not count. */
static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads a source whose file changed. False if it has no new text. */
static bool read_source(struct reload *w, enum reload_source from, struct reload_text *text, struct report *r)
{
	struct reload_known *known = &w->known[from];
	struct stat st = {0};
	char *read = NULL;
	size_t len = 0;
	mode_t mode = 0;

	lstat(w->path[from], &st);
	bool same = same_file(&st, &known->stat);
	int err = file_read_plain_mode(w->path[from], BINDING_SIZE_MAX, &read, &len, &mode, r);
	w->busy[from] = err == -EBUSY;
	if (w->busy[from])
		return false; /* its writer is not done */
	if (err == -ENOENT && from == RELOAD_COPY && w->displaced)
		w->put_back = true;
	else if (err == -ENOENT)
		report_warn(r, "%s: is gone; what it said stays in force", w->path[from]);
	else if (err)
		report_warn(r, "%s; what it said before stays in force", r->msg);
	if (err)
		return false;
	*text = take_text(read, len, mode);
	if (!text->at) {
		report_warn(r, "%s: out of memory; what it said before stays in force", w->path[from]);
		return false;
	}
	/*
	 * Writing the -b file once more, even unchanged, undoes an edit of the copy: if the copy is in force, an
	 * unchanged -b file counts as new. If the -b file is in force, a change of its mode counts too, because the
	 * copy gets the same mode: users who may no longer read the -b file must not read the copy either.
	 */
	same = same_text(text, &known->text) && (same || from == RELOAD_COPY || from == w->next.source) &&
	       (from == RELOAD_COPY || from != w->next.source || text->mode == known->text.mode);
	known->stat = st;
	if (same) {
		drop_text(text);
		return false;
	}
	set_text(&known->text, share(text));
	return true;
}

/*
 * Tells whether the copy belongs to another VM. Two VMs in different network namespaces may have the same interface
 * name and then share one file for their copies. What the other VM's fold writes there must not reach this VM. When
 * that fold ends and removes its copy, this VM's copy is written again, but not earlier: otherwise two folds would
 * overwrite each other's copy for ever.
 */
static bool is_anothers(struct reload *w, enum reload_source from, const struct binding *b, struct report *r)
{
	if (from != RELOAD_COPY)
		return false;
	w->displaced = binding_has(b, BINDING_MAC) && memcmp(b->mac, w->id->mac, MAC_LEN) != 0;
	if (!w->displaced)
		return false;
	report_warn(r, "%s:%u: MAC is not what the VM was started with; nothing in this file has any effect", b->path,
		    b->line[BINDING_MAC]);
	return true;
}

/* Parses a changed source into w->next. False if there is nothing new, or after a warning that says what is wrong. */
static bool take_source(struct reload *w, enum reload_source from, struct report *r)
{
	struct reload_text text = {0};
	struct binding b = {0};

	if (!read_source(w, from, &text, r))
		return false;
	w->tried = true;
	if (binding_parse(text.at, text.len, w->path[from], BINDING_VM, &b, r) < 0) {
		report_warn(r, "%s; what it said before stays in force", r->msg);
		drop_text(&text);
		return false;
	}
	if (is_anothers(w, from, &b, r)) {
		binding_free(&b);
		drop_text(&text);
		return false;
	}
	free_content(&w->next);
	w->next = (struct reload_content){from, text, b};
	return true;
}

static bool build(struct reload *w, struct report *r)
{
	int err = address_lists_reload(&w->next.binding, w->config->datapath, w->lists, r);

	if (!err)
		err = guest_build(w->id, &w->next.binding, w->config,
				  GUEST_NEED_GATEWAY_MAC | GUEST_DNS_STREAMS | GUEST_HAS_RULES, &w->guest, r);
	if (err)
		report_warn(r, "%s; what was before stays in force", r->msg);
	w->tried = true;
	w->built = !err;
	/* The guest has copies of its own. */
	record_free(&w->next.binding.records);
	record_free(&w->next.binding.list_records);
	return w->built;
}

/* FNV-1a, 64 bits, over all lists, to see whether they changed. */
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

/* Builds the guest from the text in force once more, because the lists changed. */
static void build_again(struct reload *w, struct report *r)
{
	const struct reload_content *now = &w->now;
	uint64_t before = lists_sum(w->lists);

	free_content(&w->next);
	w->next.source = now->source;
	w->next.text = share(&now->text);
	const char *text = w->next.text.at ? w->next.text.at : "";
	if (binding_parse(text, w->next.text.len, w->path[now->source], BINDING_VM, &w->next.binding, r) < 0)
		return; /* only lack of memory: this text was good before */
	if (build(w, r) && lists_sum(w->lists) == before) {
		guest_free(&w->guest);
		w->built = false;
	}
}

void reload_reject(struct reload *w)
{
	if (w->is_new) {
		w->failed = (int)w->next.source;
		set_text(&w->known[w->failed].text, (struct reload_text){0});
	}
	w->is_new = w->built = false;
}

void reload_read(struct reload *w, const struct reload_changes *c)
{
	struct report r = {.warn = add_line, .warn_arg = &w->lines};
	enum reload_source first = c->source[RELOAD_FILE] <= c->source[RELOAD_COPY] ? RELOAD_FILE : RELOAD_COPY;

	free_content(&w->next);
	w->next.source = w->now.source;
	w->is_new = w->tried = w->built = w->put_back = false;
	memset(w->busy, 0, sizeof(w->busy));
	for (int i = 0; i < RELOAD_SOURCES; i++) {
		enum reload_source from = i == 0 ? first : (enum reload_source)(RELOAD_SOURCES - 1 - (int)first);
		if (c->source[from])
			w->is_new |= take_source(w, from, &r);
	}
	w->failed = -1;
	if (w->is_new && build(w, &r))
		return;
	reload_reject(w);
	if (c->lists)
		build_again(w, &r);
}

/* Makes the copy's text from the text in force. Parses that again, because no parsed form of it is kept. */
static int copy_text(const struct reload *w, struct reload_text *whole, struct report *r)
{
	const struct reload_text *now = &w->now.text;
	char *text;
	size_t len;
	struct report unused = {.warn = report_quiet};
	struct binding b;
	int err = now->at ? binding_parse(now->at, now->len, w->path[w->now.source], BINDING_VM, &b, &unused) : -ENOENT;
	const struct binding *parsed = err ? NULL : &b;

	err = binding_copy_text(w->id, parsed, now->at, now->len, &text, &len, r);
	if (parsed)
		binding_free(&b);
	if (err)
		return err;
	*whole = take_text(text, len, now->at ? now->mode : BINDING_COPY_MODE);
	return whole->at ? 0 : report_fail(r, ENOMEM, "%s: out of memory", w->path[RELOAD_COPY]);
}

/* Writes the text in force into the copy. Notes it as known, so that fold does not take its own write for an edit. */
static void write_copy(struct reload *w)
{
	struct report r = {.warn = add_line, .warn_arg = &w->lines};
	struct reload_text whole = {0};
	int err = copy_text(w, &whole, &r);

	if (!err) {
		set_text(&w->known[RELOAD_COPY].text, whole);
		w->displaced = false;
		if (!w->put_copy)
			err = binding_put_copy(w->config->datapath, w->id->iface, whole.at, whole.len, whole.mode, NULL,
					       &r);
		else if ((err = w->put_copy(whole.at, whole.len, whole.mode)) < 0)
			report_set(&r, "%s: cannot be written: %s", w->path[RELOAD_COPY], strerror(-err));
	}
	if (err)
		report_warn(&r, "%s", r.msg);
}

/* Only moves: freeing ten thousand records takes a while, and packets wait while the caller is here. */
void reload_accept(struct reload *w, struct guest *was)
{
	w->past = *was;
	*was = (struct guest){0};
	w->past_content = w->now;
	w->now = w->next;
	w->next = (struct reload_content){0};
	w->built = false;
}

static void free_past(struct reload *w)
{
	guest_free(&w->past);
	free_content(&w->past_content);
}

void reload_finish(struct reload *w, bool copy)
{
	w->tried = false;
	free_past(w);
	if (copy)
		write_copy(w);
}

int reload_begin(struct reload *w, const struct binding *b, char *text, size_t len, mode_t mode, struct report *why)
{
	char *whole;
	size_t whole_len;
	int err = binding_copy_text(w->id, text ? b : NULL, text, len, &whole, &whole_len, why);

	w->now.text = take_text(text, len, mode);
	if (err)
		return err;
	w->failed = -1;
	w->known[RELOAD_COPY].text = take_text(whole, whole_len, 0);
	w->now.source = text ? RELOAD_FILE : RELOAD_COPY;
	w->known[RELOAD_FILE].text = share(&w->now.text);
	if ((text && !w->now.text.at) || !w->known[RELOAD_COPY].text.at)
		return report_fail(why, ENOMEM, "out of memory");
	if (text)
		lstat(w->path[RELOAD_FILE], &w->known[RELOAD_FILE].stat);
	return 0;
}

void reload_free(struct reload *w)
{
	for (int i = 0; i < RELOAD_SOURCES; i++)
		drop_text(&w->known[i].text);
	free_content(&w->now);
	free_content(&w->next);
	free_past(w);
	reload_free_lines(&w->lines);
	if (w->built)
		guest_free(&w->guest);
	w->built = false;
}
