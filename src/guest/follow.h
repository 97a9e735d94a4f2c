/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow: notices that files change: edited in place, replaced by a rename, removed and made anew, and that a directory
 * above them is replaced. Source: inotify(7).
 *
 * The files themselves are watched, not their directories: a thousand VMs keep their files in one directory, and a
 * change of one file would wake all of them. A directory is watched for new entries only while a followed file is
 * missing.
 *
 * A file counts as changed when its writer has closed it and a short time has passed without another event. A file that
 * was just made, or whose mode changed, counts too, although it may still have a writer: the reader checks for that
 * (host/guard.h), and the close is reported as another change. Symbolic links on the way are followed and watched; if
 * the path ends in one, the link itself is watched.
 */
#ifndef FOLD_GUEST_FOLLOW_H
#define FOLD_GUEST_FOLLOW_H

#include <stddef.h>
#include <stdint.h>

#define FOLLOW_QUIET_MS 3 /* changes are given out after so long without another one */
#define FOLLOW_MOST_MS 50 /* or so long after the first, if they go on */

struct follow;

/* 0 and *out, or -errno; -EMFILE where the user has too many inotify instances. */
int follow_open(struct follow **out);
void follow_close(struct follow *f); /* may be NULL */

/*
 * Follows these paths and no others; they are copied. A newly followed path counts as changed at once, because whoever
 * read it before may have missed a change since. 0, or -errno (-ENOSPC: the user has too many watches) and some are not
 * followed.
 */
int follow_paths(struct follow *f, const char *const paths[], size_t count);

int follow_fd(const struct follow *f);                /* readable when follow_next() may return something */
void follow_wake(struct follow *f, uint64_t wait_ms); /* makes it readable in so many milliseconds */

/*
 * The path that changed longest ago among those that changed since they were last returned; NULL if there is no more
 * for now. The string is valid until follow_paths(). Never blocks.
 */
const char *follow_next(struct follow *f);

/*
 * Counts that path as changed again in so many milliseconds, or with the next change of any path: for a reader that
 * found it still being written. The kernel reports a close before the file system has done its part of it, and only
 * then is the writer gone (Linux, fs/file_table.c, __fput()).
 */
void follow_again(struct follow *f, const char *path, unsigned wait_ms);

#endif
