/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reload: a running VM's files read once more: the -b file, the VM's copy of it and the address lists.
 *
 * Of the -b file and the copy the one that changed last counts. A file that is gone, or that has an error, leaves in force what
 * was; nothing of it is taken. Nothing here is shared: a thread may run it while its owner leaves the struct alone.
 */
#ifndef FOLD_GUEST_RELOAD_H
#define FOLD_GUEST_RELOAD_H

#include "guest/address_list.h"
#include "guest/binding.h"
#include "guest/config.h"
#include "guest/guest.h"

#include <stdbool.h>
#include <stddef.h>

#include <sys/stat.h>

#define RELOAD_LINES 16 /* of one reading that are kept; a file of a million bad keys has no more to say */

enum reload_source { RELOAD_FILE, RELOAD_COPY, RELOAD_SOURCES };

struct reload_text {
	char *at; /* NULL: none */
	size_t len;
	mode_t mode; /* of the file that said it */
};

struct reload_lines {
	char *at[RELOAD_LINES];
	size_t count;
	unsigned more;
};

/* What changed, and in which order. */
struct reload_changes {
	unsigned count;
	unsigned source[RELOAD_SOURCES]; /* the number of its last change, 0: none */
	bool lists;
};

/* A text and what it says. */
struct reload_content {
	enum reload_source source;
	struct reload_text text;
	struct binding binding;
};

/* What was found at a path the last time. */
struct reload_known {
	struct reload_text text;
	struct stat stat;
};

struct reload {
	/* The caller's; they outlive this. */
	const struct identity *id;
	const struct config *config;
	const char *path[RELOAD_SOURCES]; /* of the -b file, or NULL, and of the copy */
	struct address_lists *lists;
	/* Keeps the copy's text, 0 or -errno; NULL: it is written from here. mode: as of binding_write_copy(). */
	int (*put_copy)(const char *text, size_t len, mode_t mode);

	struct reload_known known[RELOAD_SOURCES];
	struct reload_content now; /* in force */
	int failed; /* whose text was good and what it asks for was not: tried again with other lists; -1: nobody's */

	/* What came of reload_read(). */
	bool built;  /* guest is a new one, the caller's to take */
	bool is_new; /* by another text; else by other lists alone */
	bool busy
	    [RELOAD_SOURCES]; /* somebody was writing it: it is to be read again, as are lists of which that is true */
	bool tried;           /* there was something new, good or bad */
	struct reload_lines lines; /* warnings and errors, for the caller to say and free */
	struct guest guest;
	struct reload_content next;

	/* Was in force before; freed by reload_finish(). */
	struct guest past;
	struct reload_content past_content;
};

/*
 * r has the caller's part filled, all else 0. text: what the -b file, of that mode, said when the VM was started (NULL: there is
 * none), and b what that means; copies are made. 0, or -ENOMEM with a line in why.
 */
int reload_begin(struct reload *r, const struct binding *b, const char *text, size_t len, mode_t mode,
		 struct report *why);

/* Reads what changed. What it built, or why it did not, stands in r. */
void reload_read(struct reload *r, const struct reload_changes *changed);

/* The guest that was built is in force now, and `was`, which is taken, is not; or it could not be, and its text will count as new the next time. */
void reload_accept(struct reload *r, struct guest *was);
void reload_reject(struct reload *r);

/*
 * After reload_accept(), what may take its time: frees what was before and, where asked to, has the copy say what is in force,
 * without that being news. What goes wrong is a line in r.
 */
void reload_finish(struct reload *r, bool write_copy);

void reload_free_lines(struct reload_lines *l);
void reload_free(struct reload *r); /* what it points to but the caller's; and a guest that nobody took */

#endif
