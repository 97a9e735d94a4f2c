/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library: a shared library that few runs need, loaded when one does. Linked like the others it would cost every start what it and the
 * libraries behind it take to load and relocate.
 */
#ifndef FOLD_BASE_LIBRARY_H
#define FOLD_BASE_LIBRARY_H

#include <stdbool.h>

/* The first of these names that is there; NULL where none is. names ends with NULL. It stays for the life of the process. */
void *library_open(const char *const *names);

/* False where the library has none of that name. to: a pointer to a function, as ISO C does not cast an object's to. */
bool library_find(void *library, const char *name, void *to);

/*
 * For a list of the functions that are used, `#define USED(X) X(pcap_open) X(pcap_close)`: a pointer to each, by its own name, as fields
 * of a struct, and whether all of them were found: `true USED(LIBRARY_FIND)` with `library` and `lib`, that struct, in sight.
 */
#define LIBRARY_POINTER(f) __typeof__ (&(f))(f);
#define LIBRARY_FIND(f) &&library_find(library, #f, &lib.f)

#endif
