/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/address_list.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *address_list_path(const char *datapath, const char *name)
{
	char *path;

	return asprintf(&path, "%s/" ADDRESS_LIST_PREFIX "%s", datapath, name) < 0 ? NULL : path;
}

/* Moves the records of `from` to `to` and appends a copy of its NO_FORWARD suffixes; false without memory. */
static bool move(struct binding *to, struct binding *from)
{
	struct name_list *names = &to->list_no_forward;
	size_t len = names->len + from->no_forward.len;

	if (!record_move(&to->list_records, &from->records))
		return false;
	if (from->no_forward.len) {
		uint8_t *wire = realloc(names->wire, len);
		if (!wire)
			return false;
		memcpy(wire + names->len, from->no_forward.wire, from->no_forward.len);
		*names = (struct name_list){.wire = wire, .len = len};
	}
	return true;
}

/* Parses the text of one address list and adds its records and suffixes to `to`. */
static int add_text(struct binding *to, const char *path, const char *text, size_t len, struct report *r)
{
	struct binding list = {0};
	int err = binding_parse(text, len, path, BINDING_LIST, &list, r);

	if (!err && !move(to, &list))
		err = report_fail(r, ENOMEM, "%s: out of memory", path);
	binding_free(&list);
	return err;
}

static int load_one(struct binding *to, const char *datapath, struct address_list *l, bool forgive, struct report *r)
{
	_cleanup_(cleanup_free) char *path = address_list_path(datapath, l->name), *text = NULL;
	size_t len = 0;

	if (!path)
		return report_fail(r, ENOMEM, "%s: out of memory", datapath);
	int err = file_read_plain(path, BINDING_SIZE_MAX, &text, &len, r);
	l->busy = err == -EBUSY;
	if (!err)
		err = add_text(to, path, text, len, r);
	if (!err) {
		free(l->text);
		l->text = steal_ptr(&text);
		l->len = len;
		return 0;
	}
	if (err == -EBUSY) {
		/* Somebody is still writing the file. Until it is complete, its last good text counts. */
		r->msg[0] = 0;
		return l->text ? add_text(to, path, l->text, l->len, r) : 0;
	}
	if (err == -ENOMEM || (err != -ENOENT && !l->text && !forgive))
		return err;
	if (l->text)
		report_warn(r, "%s; what it said before stays in force", r->msg);
	else if (err != -ENOENT)
		report_warn(r, "%s; its names are not known until that is mended", r->msg);
	else
		report_warn(r, "%s: there is no such address list; its names are not known until there is", path);
	r->msg[0] = 0;
	return l->text ? add_text(to, path, l->text, l->len, r) : 0;
}

void address_lists_free(struct address_lists *last)
{
	for (size_t i = 0; i < last->count; i++) {
		free(last->at[i].name);
		free(last->at[i].text);
	}
	free(last->at);
	*last = (struct address_lists){0};
}

/* The entry of that name, added if there is none yet; NULL without memory. */
static struct address_list *find_list(struct address_lists *lists, const char *name)
{
	for (size_t i = 0; i < lists->count; i++) {
		if (strcmp(lists->at[i].name, name) == 0)
			return &lists->at[i];
	}
	struct address_list *at = reallocarray(lists->at, lists->count + 1, sizeof(*at));
	if (!at)
		return NULL;
	lists->at = at;
	at[lists->count] = (struct address_list){.name = strdup(name)};
	return at[lists->count].name ? &at[lists->count++] : NULL;
}

int address_lists_reload(struct binding *b, const char *datapath, struct address_lists *last, struct report *r)
{
	struct binding all = {0};
	int err = 0;

	for (size_t i = 0; i < b->address_lists.count && !err; i++) {
		struct address_list *l = find_list(last, b->address_lists.at[i]);
		err = l ? load_one(&all, datapath, l, last->forgive, r)
			: report_fail(r, ENOMEM, "%s: out of memory", datapath);
	}
	if (!err) {
		struct record_list records = b->list_records;
		struct name_list names = b->list_no_forward;
		b->list_records = all.list_records;
		b->list_no_forward = all.list_no_forward;
		all.list_records = records;
		all.list_no_forward = names;
	}
	binding_free(&all);
	return err;
}

int address_lists_load(struct binding *b, const char *datapath, bool forgive, struct report *r)
{
	struct address_lists last = {.forgive = forgive};
	int err = address_lists_reload(b, datapath, &last, r);

	address_lists_free(&last);
	return err;
}
