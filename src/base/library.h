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

#endif
