/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/address_list.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *address_list_path(const char *datapath, const char *name)
{
	char *path;

	return asprintf(&path, "%s/" ADDRESS_LIST_PREFIX "%s", datapath, name) < 0 ? NULL : path;
}

/* Takes everything out of `from`, whose records then belong to `to`. */
static bool move(struct binding *to, struct binding *from)
{
	struct record_list *rec = &to->list_records;
	struct name_list *names = &to->list_no_forward;
	size_t count = rec->count + from->records.count, len = names->len + from->no_forward.len;

	if (from->records.count) {
		struct record *at = reallocarray(rec->at, count, sizeof(*at));
		if (!at)
			return false;
		memcpy(at + rec->count, from->records.at, from->records.count * sizeof(*at));
		*rec = (struct record_list){.at = at, .count = count, .room = count};
		from->records.count = 0;
	}
	if (from->no_forward.len) {
		uint8_t *wire = realloc(names->wire, len);
		if (!wire)
			return false;
		memcpy(wire + names->len, from->no_forward.wire, from->no_forward.len);
		*names = (struct name_list){.wire = wire, .len = len};
	}
	return true;
}

static int load_one(struct binding *to, const char *datapath, const char *name, struct report *r)
{
	_cleanup_(cleanup_free) char *path = address_list_path(datapath, name);
	struct binding list = {0};

	if (!path)
		return report_fail(r, ENOMEM, "%s: out of memory", datapath);
	int err = binding_load(path, BINDING_LIST, &list, r);
	if (err == -ENOENT) {
		report_warn(r, "%s: there is no such address list; its names are not known until there is", path);
		r->msg[0] = 0;
		return 0;
	}
	if (!err && !move(to, &list))
		err = report_fail(r, ENOMEM, "%s: out of memory", path);
	binding_free(&list);
	return err;
}

int address_lists_load(struct binding *b, const char *datapath, struct report *r)
{
	struct binding all = {0};
	int err = 0;

	for (size_t i = 0; i < b->address_lists.count && !err; i++)
		err = load_one(&all, datapath, b->address_lists.at[i], r);
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
