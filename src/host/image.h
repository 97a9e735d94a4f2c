/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image: the disk image that tells a guest its interface identifier: an ext2 file system of the size
 * of a floppy disk, with two files in its root, which rdiscd in the guest reads. Made with libext2fs.
 */
#ifndef FOLD_HOST_IMAGE_H
#define FOLD_HOST_IMAGE_H

#include "base/addr.h"
#include "base/report.h"

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

#define IMAGE_SIZE (1440 * 1024) /* octets */
#define IMAGE_LABEL 17           /* the volume's name, 16 octets at most, and its NUL */

struct image {
	const char *path;
	const char *label; /* the volume's name; it identifies an image that a killed fold left */
	uid_t uid;         /* its owner, the only one who may read it */
	gid_t gid;
};

/*
 * Makes the image, whole or not at all, for a guest with that address, whose last 128 - len bits
 * are the identifier. *inode: the image's, which identifies it whatever the guest writes into
 * it. 0; -EEXIST if path exists already, which stays as it is; or -errno; with a line in r.
 */
int image_write(const struct image *i, const struct cidr6 *address, uint32_t *inode, struct report *r);

/*
 * Removes the image if it is fold's own: it has that inode (0: not known) or that label. Removes also the unfinished
 * image that a killed fold left beside it. Any other file at path stays. 0, also if there is none, or -errno.
 */
int image_remove(const char *path, const char *label, uint32_t inode);

/* The volume's name of the image at path; false if that is no regular file with an ext2 file system. */
bool image_label(const char *path, char label[static IMAGE_LABEL]);

#endif
