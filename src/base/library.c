/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

void *library_open(const char *const *names)
{
	void *found = NULL;

	for (; *names && !found; names++)
		found = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
	return found;
}

bool library_find(void *library, const char *name, void *to)
{
	void *found = dlsym(library, name);

	memcpy(to, &found, sizeof(found));
	return found;
}
