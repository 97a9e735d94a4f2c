/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library: a shared library that few runs need, or none before its hypervisor starts, loaded when it is needed. If fold
 * were linked with it, every start would take the time to load and relocate it and the libraries behind it.
 */
#ifndef FOLD_BASE_LIBRARY_H
#define FOLD_BASE_LIBRARY_H

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

#endif
