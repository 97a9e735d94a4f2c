/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address_list: the files that ADDRESS_LISTS of a binding names: DNS records that several VMs share, and suffixes that are
 * never forwarded. <datapath>/address_list_<name>, in the form of a binding file.
 */
#ifndef FOLD_GUEST_ADDRESS_LIST_H
#define FOLD_GUEST_ADDRESS_LIST_H

#include "base/report.h"
#include "guest/binding.h"

/* What the lists said when each was good the last time. Start with all zeros. */
struct address_lists {
	struct address_list {
		char *name;
		char *text; /* NULL: never */
		size_t len;
		bool busy; /* somebody was writing it when it was to be read: it is to be read again */
	} * at;
	size_t count;
	bool forgive; /* one that is bad and never was good is warned of and empty, as one that is not there (yet) */
};

/*
 * Reads the lists of b into b->list_records and b->list_no_forward, in place of what was there. A list that is not there
 * (yet) is warned of and empty; with `forgive`, a bad one too. 0, or -errno with a line in r and b as it was.
 */
int address_lists_load(struct binding *b, const char *datapath, bool forgive, struct report *r);

/*
 * The same for one who reads them again and again: a list that is gone, or bad, goes on with what it said before, which is warned of;
 * where it never was good it is handled as above. `last` is brought up to date; it keeps lists that are no longer named.
 */
int address_lists_reload(struct binding *b, const char *datapath, struct address_lists *last, struct report *r);
void address_lists_free(struct address_lists *last); /* what it points to; may be called twice */

/* The path of the list of that name, for one who watches it; the caller frees it. NULL without memory. */
char *address_list_path(const char *datapath, const char *name);

#endif
