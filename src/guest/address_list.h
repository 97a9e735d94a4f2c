/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address_list: the files that ADDRESS_LISTS of a binding names, with DNS records that several VMs share and suffixes
 * that are never forwarded. <datapath>/address_list_<name>, in the form of a binding file.
 */
#ifndef FOLD_GUEST_ADDRESS_LIST_H
#define FOLD_GUEST_ADDRESS_LIST_H

#include "base/report.h"
#include "guest/binding.h"

/* The last good text of each address list. Start with all zeros. */
struct address_lists {
	struct address_list {
		char *name;
		char *text; /* the last good text; NULL: none was good yet */
		size_t len;
		bool busy; /* somebody was writing the file when fold wanted to read it, so it has to be read again */
	} * at;
	size_t count;
	bool forgive; /* a list that never was good and is bad is empty, with a warning, like one that is missing */
};

/*
 * Reads the lists that b names into b->list_records and b->list_no_forward and replaces what was there. A list that
 * does not exist (yet) is empty, with a warning; with `forgive`, a bad one too. 0, or -errno with a line in r and b
 * unchanged.
 */
int address_lists_load(struct binding *b, const char *datapath, bool forgive, struct report *r);

/*
 * The same for a caller that reads the lists again and again. A list that is gone, or bad, keeps its last good text,
 * with a warning; one that never was good is handled as above. Updates `last`, which keeps lists that are no longer
 * named.
 */
int address_lists_reload(struct binding *b, const char *datapath, struct address_lists *last, struct report *r);
void address_lists_free(struct address_lists *last); /* frees what it points to; may be called twice */

/* The path of the file with that list, for a caller that watches it and frees the string. NULL without memory. */
char *address_list_path(const char *datapath, const char *name);

#endif
