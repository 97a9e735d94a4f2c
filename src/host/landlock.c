/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock's numbers are defined here: fold may run on a kernel that is newer than the headers it is built with. */
#include "host/landlock.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>

#include <sys/stat.h>
#include <sys/syscall.h>

#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2 /* version 4 */

#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_VERSION_1 ((1ULL << 13) - 1)
#define FS_REFER (1ULL << 13)     /* version 2 */
#define FS_TRUNCATE (1ULL << 14)  /* version 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* version 5 */
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0) /* version 6 */
#define SCOPE_SIGNAL (1ULL << 1)

#define FOR_FILES (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FOR_READING (FS_READ_FILE | FS_READ_DIR)
#define FOR_WRITING                                                                                                    \
	(FOR_READING | FS_WRITE_FILE | FS_TRUNCATE | FS_REFER | FS_MAKE_REG | FS_MAKE_DIR | FS_REMOVE_FILE |           \
	 FS_REMOVE_DIR)

struct ruleset {
	uint64_t fs, net, scoped; /* an older kernel accepts the fields that it does not know if they are 0 */
};

struct path_rule {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t access, port;
};

static int allow_paths(int ruleset, uint64_t handled, const char *const *paths, uint64_t access)
{
	for (; paths && *paths; paths++) {
		_cleanup_(cleanup_close) int fd = open(*paths, O_PATH | O_CLOEXEC);
		struct stat st;

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || fstat(fd, &st) < 0)
			return -errno;
		/* The kernel refuses a rule that gives a file rights that only directories have. */
		const struct path_rule rule = {.access =
						   access & handled & (S_ISDIR(st.st_mode) ? UINT64_MAX : FOR_FILES),
					       .fd = fd};
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
			return -errno;
	}
	return 0;
}

static struct ruleset handled_by(long version)
{
	struct ruleset r = {.fs = FS_VERSION_1};

	if (version >= 2)
		r.fs |= FS_REFER;
	if (version >= 3)
		r.fs |= FS_TRUNCATE;
	if (version >= 4)
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		r.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	return r;
}

int landlock_enter(const struct landlock_allowed *allowed)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	if (version <= 0)
		return 0; /* not built in, or not enabled at boot */
	struct ruleset r = handled_by(version);
	_cleanup_(cleanup_close) int fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fd < 0)
		return -errno;
	int err = allow_paths(fd, r.fs, allowed->read, FOR_READING);
	if (!err)
		err = allow_paths(fd, r.fs, allowed->write, FOR_WRITING);
	const struct port_rule port = {.access = NET_CONNECT_TCP, .port = allowed->connect};
	if (!err && r.net && allowed->connect && syscall(SYS_landlock_add_rule, fd, RULE_NET_PORT, &port, 0) < 0)
		err = -errno;
	if (!err && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		err = -errno;
	return err ? err : (int)version;
}
