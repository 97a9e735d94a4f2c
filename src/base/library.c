/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
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

int library_fail(bool opened, const char *name, const char *use, const char *package, struct report *r)
{
	if (opened)
		return report_fail(r, ENOENT, "%s: is too old; install it (Debian: %s)", name, package);
	return report_fail(r, ENOENT, "%s: cannot be loaded, and %s; install it (Debian: %s)", name, use, package);
}
