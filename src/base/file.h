/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file: reads whole small files, makes directories, and makes sure that descriptors 0 to 2 are open. */
#ifndef FOLD_BASE_FILE_H
#define FOLD_BASE_FILE_H

#include "base/report.h"

#include <stddef.h>

#include <sys/types.h>

/*
 * Opens /dev/null in place of those of descriptors 0 to 2 that the caller had closed. To be called first of all:
 * whatever this program opened next would take their place and be written to as stdout or stderr: a socket, a tap, or
 * later the hypervisor's disk.
 */
void file_open_standard(void);

/*
 * Reads a regular file of at most max octets into *text, which the caller frees;
 * a NUL that does not count in *len stands behind it. Symbolic links are followed,
 * for whole configurations are swapped by one rename of a link; what they lead to
 * must be a regular file, and a FIFO or a device never blocks.
 * 0, or -errno with a line in r that begins with the path.
 */
int file_read(const char *path, size_t max, char **text, size_t *len, struct report *r);

/* The same, but a symbolic link at the end of the path is refused, with -ELOOP. */
int file_read_plain(const char *path, size_t max, char **text, size_t *len, struct report *r);
/* The same, and *mode is the mode of that very file, for a copy that nobody else may read. */
int file_read_plain_mode(const char *path, size_t max, char **text, size_t *len, mode_t *mode, struct report *r);

/*
 * Sets the function by which all of these open files from now on, for a process that may open none by itself. It
 * returns a descriptor or -errno. To be called before threads read files.
 */
void file_open_by(int (*by)(const char *path, int flags));

/* Makes the directory and those above it that are missing (these with mode 0755). It may exist. 0 or -errno. */
int file_make_dir(const char *path, mode_t mode, struct report *r);

/* What to do about an error of a path (an errno value), as the end of a line: "; ..." or "". */
const char *file_advice(int err);

#endif
