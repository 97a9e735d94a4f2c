/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow: notices that files change: edited in place, replaced by a rename, removed and made anew, and that a directory above
 * them is replaced. Source: inotify(7).
 *
 * The files themselves are watched, not their directories: a thousand VMs keep their files in one, and each would be
 * woken for all. A directory is asked about its entries only while what is to be followed is not there.
 *
 * A file counts as changed when whoever wrote it closes it, and after a short time in which nothing else happened. One that was just made,
 * or whose mode changed, counts too, and may have a writer: who reads it asks for that (host/guard.h), for the close comes as news. Symbolic links on the way are followed and watched; one at the end of the path is what is watched itself.
 */
#ifndef FOLD_GUEST_FOLLOW_H
#define FOLD_GUEST_FOLLOW_H

#include <stddef.h>

#define FOLLOW_QUIET_MS 3 /* nothing has happened for so long */
#define FOLLOW_MOST_MS 50 /* or it has gone on for so long */

struct follow;

/* 0 and *out, or -errno; -EMFILE where the user has too many inotify instances. */
int follow_open(struct follow **out);
void follow_close(struct follow *f); /* may be NULL */

/*
 * Follows these paths and no others; they are copied. One that is new counts as changed at once: whoever read it before has
 * missed what came in between. 0, or -errno (-ENOSPC: the user has too many watches) and some are not followed.
 */
int follow_paths(struct follow *f, const char *const paths[], size_t count);

int follow_fd(const struct follow *f); /* readable where follow_next() may have something */

/*
 * The next path that changed since it was last given here, the one whose last change is oldest first; NULL where there is no
 * more for now. The string is valid until follow_paths(). Never blocks.
 */
const char *follow_next(struct follow *f);

/*
 * That path counts as changed once more in so many milliseconds, or with the next change of any: for who found that it is still being
 * written. The kernel says that a file was closed before the file system has done what it has to do for that, and only then
 * its writer is gone (Linux, fs/file_table.c, __fput()).
 */
void follow_again(struct follow *f, const char *path, unsigned wait_ms);

#endif
