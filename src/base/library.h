/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library: a shared library that few runs need, loaded when one does. If fold were linked with it, every start would
 * take the time to load and relocate it and the libraries behind it.
 */
#ifndef FOLD_BASE_LIBRARY_H
#define FOLD_BASE_LIBRARY_H

#include "base/report.h"

#include <stdbool.h>

/* Loads the first of these names that is there, for the life of the process; NULL: none is. names ends with NULL. */
void *library_open(const char *const *names);

/*
 * Finds a function by its name; false where the library has none of that name. to: a pointer to a function pointer,
 * passed as void * because ISO C does not cast pointers to objects into pointers to functions.
 */
bool library_find(void *library, const char *name, void *to);

/*
 * For a list of the functions that are used, `#define USED(X) X(pcap_open) X(pcap_close)`. `USED(LIBRARY_POINTER)`, in
 * a struct, declares a pointer to each, by its own name. `true USED(LIBRARY_FIND)` finds all of them, and is true where
 * none is missing; it needs the variables `library` and `lib`, that struct, in scope.
 */
#define LIBRARY_POINTER(f) __typeof__ (&(f))(f);
#define LIBRARY_FIND(f) &&library_find(library, #f, &lib.f)

/*
 * Says what is wrong with a library that a user must have: it is not there or, where it was opened, lacks a function.
 * use: what is done with it, as in "addresses are kept with it". package: Debian's. -ENOENT with that line in r.
 */
int library_fail(bool opened, const char *name, const char *use, const char *package, struct report *r);

#endif
