/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

void file_open_standard(void)
{
	int fd;

	/* Not for writing, so that writing to a stdout or stderr that was closed still fails. */
	while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
		;
	if (fd >= 0)
		close(fd);
}

/* One octet more than max is asked for, so that a file that grew since fstat is seen. */
static int read_all(int fd, char *buf, size_t max, size_t *len)
{
	size_t have = 0;

	while (have <= max) {
		ssize_t n = read(fd, buf + have, max + 1 - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*len = have;
	return 0;
}

static int open_here(const char *path, int flags)
{
	int fd = open(path, flags);

	return fd < 0 ? -errno : fd;
}

static int (*opener)(const char *path, int flags) = open_here;

void file_open_by(int (*by)(const char *path, int flags))
{
	opener = by;
}

/* mode: may be NULL. */
static int read_file(const char *path, int flags, size_t max, char **text, size_t *len, mode_t *mode, struct report *r)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. It means nothing for regular files. */
	_cleanup_(cleanup_close) int fd = opener(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	struct stat st;

	if (fd == -ELOOP && flags & O_NOFOLLOW)
		return report_fail(r, ELOOP, "%s: is a symbolic link; name the file itself", path);
	if (fd < 0)
		return report_fail(r, -fd, "%s: cannot be opened: %s%s", path, strerror(-fd), file_advice(-fd));
	if (fstat(fd, &st) < 0)
		return report_fail(r, errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return report_fail(r, EINVAL, "%s: is not a regular file; name a text file", path);

	/* The size is a first guess: a file that is being written may be longer when it is read. */
	size_t room = (size_t)st.st_size;
	if (room > max)
		return report_fail(r, EFBIG, "%s: is larger than %zu KiB; make it smaller", path, max / 1024);
	for (;;) {
		_cleanup_(cleanup_free) char *buf = malloc(room + 2);
		size_t have = 0;

		if (!buf)
			return report_fail(r, ENOMEM, "%s: out of memory", path);
		if (lseek(fd, 0, SEEK_SET) < 0)
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cleanup frees it */
			return report_fail(r, errno, "%s: cannot be read: %s", path, strerror(errno));
		int err = read_all(fd, buf, room, &have);
		if (err)
			return report_fail(r, -err, "%s: cannot be read: %s", path, strerror(-err));
		if (have <= room) {
			buf[have] = 0;
			*text = steal_ptr(&buf);
			*len = have;
			if (mode)
				*mode = st.st_mode & 07777;
			return 0;
		}
		if (room >= max)
			return report_fail(r, EFBIG, "%s: is larger than %zu KiB; make it smaller", path, max / 1024);
		room = max;
	}
}

int file_read(const char *path, size_t max, char **text, size_t *len, struct report *r)
{
	return read_file(path, 0, max, text, len, NULL, r);
}

int file_read_plain(const char *path, size_t max, char **text, size_t *len, struct report *r)
{
	return read_file(path, O_NOFOLLOW, max, text, len, NULL, r);
}

int file_read_plain_mode(const char *path, size_t max, char **text, size_t *len, mode_t *mode, struct report *r)
{
	return read_file(path, O_NOFOLLOW, max, text, len, mode, r);
}

const char *file_advice(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return "; the user who runs this needs the right to, as root has";
	case ENOENT:
		return "; correct the path, or make what is missing of it";
	case ENOSPC:
	case EDQUOT:
		return "; make room there";
	case EROFS:
		return "; name a place that can be written";
	default:
		return "";
	}
}

int file_make_dir(const char *path, mode_t mode, struct report *r)
{
	_cleanup_(cleanup_free) char *copy = strdup(path);
	struct stat st;

	if (!copy)
		return report_fail(r, ENOMEM, "%s: out of memory", path);
	for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
		copy[n - 1] = 0;
	for (char *slash = copy + strspn(copy, "/"); (slash = strchr(slash, '/')); slash += strspn(slash, "/")) {
		*slash = 0;
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return report_fail(r, errno, "%s: cannot be made: %s%s", copy, strerror(errno),
					   file_advice(errno));
		*slash = '/';
	}
	if (mkdir(copy, mode) == 0)
		return 0; /* NOLINT(clang-analyzer-unix.Malloc): the cleanup frees it */
	if (errno != EEXIST)
		return report_fail(r, errno, "%s: cannot be made: %s%s", copy, strerror(errno), file_advice(errno));
	if (stat(copy, &st) < 0)
		return report_fail(r, errno, "%s: %s", copy, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return report_fail(r, ENOTDIR, "%s: is not a directory; remove it or name another", copy);
	return 0;
}
