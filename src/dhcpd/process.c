/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/process.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* By number, as nfdhcpd did first, or by name. */
static const struct passwd *find_user(const char *name)
{
	char *end;
	unsigned long uid = strtoul(name, &end, 10);

	errno = 0;
	if (name[strspn(name, "0123456789")] == 0 && *name && uid <= UINT32_MAX)
		return getpwuid((uid_t)uid);
	return getpwnam(name);
}

int process_find_user(const char *name, uid_t *uid, gid_t *gid, struct report *r)
{
	const struct passwd *pw = find_user(name);

	if (!pw)
		return report_fail(r, errno ? errno : ENOENT, "user %s: there is none; name another in [general]",
				   name);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

int process_detach(int *tell, struct report *r)
{
	int pipe_fds[2];
	char ready;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return report_fail(r, errno, "pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		return report_fail(r, errno, "fork: %s", strerror(errno));
	if (pid > 0) {
		close(pipe_fds[1]);
		_exit(read(pipe_fds[0], &ready, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(pipe_fds[0]);
	setsid();
	umask(022);
	*tell = pipe_fds[1];
	return chdir("/") < 0 ? report_fail(r, errno, "/: %s", strerror(errno)) : 0;
}

void process_notify(const char *line)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = 0; /* unix(7): the abstract namespace */
	_cleanup_(cleanup_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* An error means that nobody is there to be told. */
	if (fd >= 0 && sendto(fd, line, strlen(line), MSG_NOSIGNAL, (const struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		return;
}

void process_ready(int *tell)
{
	process_notify("READY=1");
	if (*tell < 0)
		return;
	if (write(*tell, "", 1) == 1)
		close(*tell);
	*tell = -1;
}

/*
 * systemd.exec(5), RuntimeDirectory=: made for this service, but as root's, because fold-dhcpd itself becomes the user.
 * The user must be able to remove the pidfile: nfdhcpd, if it is started next, does not begin with one that names no
 * process.
 */
static bool is_made_by_manager(const char *dir)
{
	const char *made = getenv("RUNTIME_DIRECTORY");

	return made && strcmp(made, dir) == 0;
}

static int make_dir_of(const char *path, uid_t uid, gid_t gid, struct report *r)
{
	char dir[PATH_MAX];
	struct stat st;

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return report_fail(r, ENAMETOOLONG, "%s: is longer than a path may be", path);
	char *slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = 0;
	const bool there = stat(dir, &st) == 0;
	if (there && !is_made_by_manager(dir))
		return 0;
	int err = there ? 0 : file_make_dir(dir, 0755, r);
	/* A directory that was made for the user belongs to the user. */
	if (!err && geteuid() == 0 && chown(dir, uid, gid) < 0)
		err = report_fail(r, errno, "%s: %s", dir, strerror(errno));
	return err;
}

int process_lock(const char *path, uid_t uid, gid_t gid, struct report *r)
{
	char other[32] = "", own[32];
	int err = make_dir_of(path, uid, gid, r);

	if (err)
		return err;
	_cleanup_(cleanup_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	if (fd < 0)
		return report_fail(r, errno, "pidfile %s: cannot be opened: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t n = read(fd, other, sizeof(other) - 1);
		other[n > 0 ? strspn(other, "0123456789") : 0] = 0;
		return report_fail(r, EBUSY, "pidfile %s: fold-dhcpd runs already, as process %s; stop it first", path,
				   other[0] ? other : "unknown");
	}
	int n = snprintf(own, sizeof(own), "%d\n", getpid());
	ssize_t written = ftruncate(fd, 0) < 0 ? -1 : write(fd, own, (size_t)n);
	if (written == n)
		return steal_fd(&fd);
	err = written < 0 ? errno : ENOSPC;
	unlink(path); /* an empty pid file names no process, and is only in the way of others */
	return report_fail(r, err, "pidfile %s: cannot be written: %s", path, strerror(err));
}

void process_unlock(const char *path, int fd)
{
	if (fd < 0)
		return;
	/* If the user may not remove the file, emptying it serves as well. */
	if (unlink(path) < 0 && ftruncate(fd, 0) < 0)
		errno = 0;
	close(fd);
}

static int to_stderr(int fd)
{
	return dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ? -errno : 0;
}

static int no_stdin(void)
{
	_cleanup_(cleanup_close) int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 || dup2(null, STDIN_FILENO) < 0 ? -errno : 0;
}

static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);

	return fd < 0 ? -errno : fd;
}

int process_log_open(const char *path, uid_t uid, gid_t gid, struct report *r)
{
	int err = make_dir_of(path, uid, gid, r);

	if (err)
		return err;
	_cleanup_(cleanup_close) int fd = open_log(path);
	if (fd < 0)
		return report_fail(r, -fd, "log %s: cannot be opened: %s", path, strerror(-fd));
	/* So that fold-dhcpd can open it again as the user that it becomes. */
	if (geteuid() == 0 && fchown(fd, uid, gid) < 0)
		return report_fail(r, errno, "log %s: %s", path, strerror(errno));
	if (!(err = no_stdin()))
		err = to_stderr(fd);
	return err ? report_fail(r, -err, "log %s: %s", path, strerror(-err)) : steal_fd(&fd);
}

int process_log_reopen(const char *path, int fd)
{
	int again = open_log(path);

	if (again < 0)
		return again;
	int err = to_stderr(again);
	close(err ? again : fd);
	return err ? err : again;
}
