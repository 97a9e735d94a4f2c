/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image.h"

#include "base/cleanup.h"
#include "base/library.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <sys/random.h>
#include <sys/stat.h>

#define SUPERBLOCK 1024 /* where it begins, in octets */

/* error_message is libcom_err's, which libext2fs brings along. */
/* clang-format off */
#define USED(X) \
	X(ext2fs_initialize) X(ext2fs_allocate_tables) X(ext2fs_inode_alloc_stats2) X(ext2fs_mkdir) \
	X(ext2fs_new_inode) X(ext2fs_write_new_inode) X(ext2fs_file_open2) X(ext2fs_file_write) \
	X(ext2fs_file_close) X(ext2fs_link) X(ext2fs_free) X(ext2fs_close_free) X(unixfd_io_manager) \
	X(error_message)
/* clang-format on */
static struct {
	USED(LIBRARY_POINTER)
} lib;

static int load(struct report *r)
{
	static const char *const names[] = {"libext2fs.so.2", NULL};
	static bool loaded;
	void *library = loaded ? NULL : library_open(names);

	loaded = loaded || (library && true USED(LIBRARY_FIND));
	return loaded ? 0 : library_fail(library, names[0], "the disk image of -k is made with it", "libext2fs2", r);
}

/* The name of an unfinished image, which a cleanup can derive from path. Only a whole image is ever at path. */
static char *temporary(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name;
	int dir = slash ? (int)(slash + 1 - path) : 0;

	return asprintf(&name, "%.*s.%s.new", dir, path, path + dir) < 0 ? NULL : name;
}

static errcode_t write_bytes(ext2_filsys fs, ext2_ino_t ino, struct ext2_inode *inode, const char *text)
{
	ext2_file_t file;
	unsigned written = 0, len = (unsigned)strlen(text);
	errcode_t err = lib.ext2fs_file_open2(fs, ino, inode, EXT2_FILE_WRITE, &file);

	if (err)
		return err;
	err = lib.ext2fs_file_write(file, text, len, &written);
	errcode_t end = lib.ext2fs_file_close(file);
	return err ? err : end ? end : written == len ? 0 : EXT2_ET_SHORT_WRITE;
}

/* A file of mode 0400 in the root directory. */
static errcode_t add_file(ext2_filsys fs, const char *name, const char *text)
{
	struct ext2_inode inode = {.i_mode = LINUX_S_IFREG | 0400, .i_links_count = 1};
	ext2_ino_t ino;
	errcode_t err = lib.ext2fs_new_inode(fs, EXT2_ROOT_INO, LINUX_S_IFREG | 0400, NULL, &ino);

	if (err)
		return err;
	inode.i_atime = inode.i_ctime = inode.i_mtime = fs->super->s_mkfs_time;
	lib.ext2fs_inode_alloc_stats2(fs, ino, +1, 0);
	if ((err = lib.ext2fs_write_new_inode(fs, ino, &inode)) || (err = write_bytes(fs, ino, &inode, text)))
		return err;
	return lib.ext2fs_link(fs, EXT2_ROOT_INO, name, ino, EXT2_FT_REG_FILE);
}

/* Makes all that an empty file system has: tables, label, UUID, root directory, and lost+found, which fsck wants. */
static errcode_t lay_out(ext2_filsys fs, const char *label)
{
	errcode_t err = lib.ext2fs_allocate_tables(fs);

	for (ext2_ino_t i = 1; i < EXT2_FIRST_INODE(fs->super); i++)
		if (i != EXT2_ROOT_INO)
			lib.ext2fs_inode_alloc_stats2(fs, i, +1, 0);
	memcpy(fs->super->s_volume_name, label, strnlen(label, sizeof(fs->super->s_volume_name)));
	fs->super->s_max_mnt_count = -1; /* no advice to check it */
	if (getrandom(fs->super->s_uuid, sizeof(fs->super->s_uuid), 0) != sizeof(fs->super->s_uuid))
		return EIO;
	/* RFC 9562 5.4: version 4, all random. */
	fs->super->s_uuid[6] = (fs->super->s_uuid[6] & 0x0f) | 0x40;
	fs->super->s_uuid[8] = (fs->super->s_uuid[8] & 0x3f) | 0x80;
	if (!err)
		err = lib.ext2fs_mkdir(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, NULL);
	if (!err)
		err = lib.ext2fs_mkdir(fs, EXT2_ROOT_INO, 0, "lost+found");
	return err;
}

/* The oldest revision of ext2 with file types in directory entries, because unikernels can read it, too. */
static errcode_t make_filesystem(int fd, const char *label, const char *id, const char *len)
{
	struct ext2_super_block want = {
	    .s_blocks_count = IMAGE_SIZE / 1024,
	    .s_inodes_count = 32,
	    .s_rev_level = EXT2_DYNAMIC_REV,
	    .s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE,
	    .s_inode_size = EXT2_GOOD_OLD_INODE_SIZE,
	};
	char name[16];
	ext2_filsys fs;

	/* The I/O manager unixfd takes the number of an open descriptor as the file's name. */
	snprintf(name, sizeof(name), "%d", fd);
	errcode_t err = lib.ext2fs_initialize(name, 0, &want, *lib.unixfd_io_manager, &fs);
	if (err)
		return err;
	err = lay_out(fs, label);
	if (!err)
		err = add_file(fs, "interface-id", id);
	if (!err)
		err = add_file(fs, "interface-id-len", len);
	if (err) {
		lib.ext2fs_free(fs);
		return err;
	}
	return lib.ext2fs_close_free(&fs);
}

/* Fills the open file. Only when all is written does it change from root to its owner. */
static int fill(int fd, const struct image *i, const struct cidr6 *address, const char **why)
{
	struct in6_addr id = address->addr, mask = ip6_mask(address->len);
	char id_text[INET6_ADDRSTRLEN + 1], len_text[8];

	for (int n = 0; n < 16; n++)
		id.s6_addr[n] &= (uint8_t)~mask.s6_addr[n];
	inet_ntop(AF_INET6, &id, id_text, INET6_ADDRSTRLEN);
	memcpy(id_text + strlen(id_text), "\n", 2);
	snprintf(len_text, sizeof(len_text), "%d\n", 128 - address->len);
	/* Allocates all blocks, so that a full disk is noticed here and not by the guest. */
	int err = posix_fallocate(fd, 0, IMAGE_SIZE);
	*why = strerror(err);
	if (err)
		return -err;
	/* libext2fs closes the descriptor that it is given. */
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	errcode_t wrong = copy < 0 ? errno : make_filesystem(copy, i->label, id_text, len_text);
	*why = lib.error_message(wrong);
	if (wrong)
		return wrong > 0 && wrong < 256 ? -(int)wrong : -EIO;
	if (fchown(fd, i->uid, i->gid) < 0 || fchmod(fd, 0600) < 0) {
		*why = strerror(errno);
		return -errno;
	}
	return 0;
}

int image_write(const struct image *i, const struct cidr6 *address, uint32_t *inode, struct report *r)
{
	_cleanup_(cleanup_free) char *name = temporary(i->path);
	const char *why;
	struct stat st;
	int err = load(r);

	if (err)
		return err;
	if (!name)
		return report_fail(r, ENOMEM, "out of memory");
	/* A file of this name was left by a killed fold, or is somebody's link to another file. */
	unlink(name);
	_cleanup_(cleanup_close) int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return report_fail(r, errno, "%s: cannot be made: %s; name another directory with -d", i->path,
				   strerror(errno));
	err = fill(fd, i, address, &why);
	if (err) {
		unlink(name);
		return report_fail(r, -err, "%s: cannot be written: %s; name another directory with -d", i->path, why);
	}
	err = fstat(fd, &st) < 0 || link(name, i->path) < 0 ? errno : 0;
	unlink(name);
	if (err == EEXIST)
		return report_fail(r, EEXIST,
				   "%s: exists already and is no image of a killed fold's; remove it, or name another "
				   "directory with -d",
				   i->path);
	if (err)
		return report_fail(r, err, "%s: cannot be made: %s; name another directory with -d", i->path,
				   strerror(err));
	*inode = (uint32_t)st.st_ino;
	return 0;
}

bool image_label(const char *path, char label[static IMAGE_LABEL])
{
	struct ext2_super_block super;
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    pread(fd, &super, sizeof(super), SUPERBLOCK) != sizeof(super) ||
	    ext2fs_le16_to_cpu(super.s_magic) != EXT2_SUPER_MAGIC)
		return false;
	memcpy(label, super.s_volume_name, IMAGE_LABEL - 1);
	label[IMAGE_LABEL - 1] = 0;
	return true;
}

int image_remove(const char *path, const char *label, uint32_t inode)
{
	_cleanup_(cleanup_free) char *name = temporary(path);
	char found[IMAGE_LABEL];
	struct stat st;

	if (name)
		unlink(name);
	if (lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	bool ours = S_ISREG(st.st_mode) && ((inode && (uint32_t)st.st_ino == inode) ||
					    (image_label(path, found) && strcmp(found, label) == 0));
	return ours && unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
