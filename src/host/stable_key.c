/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secret keys: reads and makes their files, and leaves as little of them in memory as possible. */
#include "base/cleanup.h"
#include "base/file.h"
#include "host/stable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>

static int read_key(int fd, struct stable_key *out)
{
	size_t have = 0;

	while (have < sizeof(out->bytes)) {
		ssize_t n = read(fd, out->bytes + have, sizeof(out->bytes) - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (int)have;
}

int stable_key_read(const char *path, struct stable_key *out, struct report *r)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	/* Unlike RLIMIT_CORE, this does not pass on to the hypervisor, since exec resets it. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return report_fail(r, errno, "core dumps cannot be turned off: %s", strerror(errno));
	/* O_NONBLOCK: opening a pipe must not wait for its writer. */
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return report_fail(r, errno, "-k %s: the key cannot be opened: %s%s", path, strerror(errno),
				   errno == ENOENT ? "; `" FOLD_COMMAND " keygen <file>` makes one" : "");
	if (fstat(fd, &st) < 0)
		return report_fail(r, errno, "-k %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return report_fail(r, EINVAL, "-k %s: not a regular file; `" FOLD_COMMAND " keygen <file>` makes a key",
				   path);
	int have = read_key(fd, out);
	if (have < 0)
		return report_fail(r, -have, "-k %s: the key cannot be read: %s", path, strerror(-have));
	if (have < STABLE_KEY_SIZE)
		return report_fail(r, EINVAL,
				   "-k %s: holds %d octets, a key has %d; `" FOLD_COMMAND " keygen <file>` makes one",
				   path, have, STABLE_KEY_SIZE);
	/* A reader of the key can compute under which addresses the VM will be found on other networks. */
	if (st.st_mode & (S_IRGRP | S_IROTH))
		report_warn(r, "-k %s: others than its owner may read this secret; chmod 600 it", path);
	return 0;
}

void stable_key_wipe(struct stable_key *key)
{
	explicit_bzero(key, sizeof(*key));
	prctl(PR_SET_DUMPABLE, 1);
}

static int write_key(int fd)
{
	struct stable_key key;
	int err = 0;

	if (prctl(PR_SET_DUMPABLE, 0) < 0 || getrandom(&key, sizeof(key), 0) != sizeof(key))
		return -errno;
	/* fchmod(): whatever the umask is. fsync(): the key is on the disk before anybody makes an address from it. */
	if (fchmod(fd, 0600) < 0 || write(fd, &key, sizeof(key)) != sizeof(key) || fsync(fd) < 0)
		err = errno ? -errno : -ENOSPC;
	stable_key_wipe(&key);
	return err;
}

int stable_key_make(const char *path, struct report *r)
{
	_cleanup_(cleanup_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return report_fail(r, EEXIST, "%s: exists already, and a key is never overwritten; name another file",
				   path);
	if (fd < 0)
		return report_fail(r, errno, "%s: cannot be made: %s%s", path, strerror(errno), file_advice(errno));
	errno = 0;
	int err = write_key(fd);
	if (!err)
		return 0;
	unlink(path);
	return report_fail(r, -err, "%s: cannot be written: %s%s", path, strerror(-err), file_advice(-err));
}
