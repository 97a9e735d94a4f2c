/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reload: reads a running VM's files again: the -b file, the VM's copy of it and the address lists.
 *
 * Of the -b file and the copy, the one that changed last counts. If a file is gone or has an error, none of it is
 * taken, and what was in force stays. No state is shared: a thread may run this while its owner leaves the struct
 * alone.
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

#define RELOAD_LINES 16 /* messages kept of one reading; a file of a million bad keys has no more to say */

enum reload_source { RELOAD_FILE, RELOAD_COPY, RELOAD_SOURCES };

/* A text, shared by all copies of the struct that reload.c makes: a file of ten thousand records is kept once. */
struct reload_text {
	char *at; /* NULL: none */
	size_t len;
	mode_t mode;     /* of the file that the text is from */
	size_t *sharers; /* how many copies there are; NULL: none */
};

struct reload_lines {
	char *at[RELOAD_LINES];
	size_t count;
	unsigned more;
};

/* What changed, and in which order. */
struct reload_changes {
	unsigned count;
	unsigned source[RELOAD_SOURCES]; /* the number of its last change; 0: it has not changed */
	bool lists;
};

/* A text and its parsed form. */
struct reload_content {
	enum reload_source source;
	struct reload_text text;
	struct binding binding;
};

/* What was found at a path when it was last read. */
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
	/* Writes the copy's text; 0 or -errno. NULL: reload writes the file. mode: as in binding_write_copy(). */
	int (*put_copy)(const char *text, size_t len, mode_t mode);

	struct reload_known known[RELOAD_SOURCES];
	struct reload_content now; /* in force */
	bool displaced; /* the copy's path has the copy of another VM of that name, from another network namespace */
	int failed;     /* source whose text parsed but could not take force: tried again with other lists; -1: none */

	/* What came of reload_read(). */
	bool built;  /* guest holds a new one, for the caller to take */
	bool is_new; /* because of a new text; else only because of lists */
	/* Somebody was writing it: it is to be read again, as are lists of which that is true. */
	bool busy[RELOAD_SOURCES];
	bool put_back;             /* the other VM's copy is gone: the caller has to get this VM's copy written again */
	bool tried;                /* something new was found, good or bad */
	struct reload_lines lines; /* warnings and errors, for the caller to log and free */
	struct guest guest;
	struct reload_content next;

	/* Was in force before; freed by reload_finish(). */
	struct guest past;
	struct reload_content past_content;
};

/*
 * The caller has filled its part of r, and all else is 0. text: what the -b file, of that mode, said when the VM was
 * started (NULL: there is none), which r takes over in any case; b: its parsed form. 0, or -ENOMEM with a line in why.
 */
int reload_begin(struct reload *r, const struct binding *b, char *text, size_t len, mode_t mode, struct report *why);

/* Reads what changed. r says what was built, or why nothing was. */
void reload_read(struct reload *r, const struct reload_changes *changed);

/*
 * accept: the guest that was built is in force now instead of `was`, which reload takes over. reject: it could not be
 * put in force, and its text counts as new the next time.
 */
void reload_accept(struct reload *r, struct guest *was);
void reload_reject(struct reload *r);

/*
 * The slow part after reload_accept(): frees what was in force before and, if asked to, writes what is in force into
 * the copy, without counting that as a change. Errors become lines in r.
 */
void reload_finish(struct reload *r, bool write_copy);

void reload_free_lines(struct reload_lines *l);
void reload_free(struct reload *r); /* frees what it points to except the caller's part, and a guest that nobody took */

#endif
