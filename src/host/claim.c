/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/claim.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/file.h>
#include <sys/stat.h>

unsigned long claim_folder(void)
{
	struct stat ns;

	return stat(CLAIM_NAMESPACE, &ns) < 0 ? 0 : (unsigned long)ns.st_ino;
}

const char *claim_folder_path(unsigned long folder, char path[static CLAIM_FOLDER])
{
	snprintf(path, CLAIM_FOLDER, CLAIM_DIR "/%lu", folder);
	return path;
}

/* Where the claim's file is; the caller frees *path. Sets dir, its folder. 0 or -errno. */
static int claim_path(const char *key, char dir[static CLAIM_FOLDER], char **path)
{
	unsigned long folder = claim_folder();

	if (!folder)
		return -errno;
	claim_folder_path(folder, dir);
	return asprintf(path, "%s/%s", dir, key) < 0 ? -ENOMEM : 0;
}

static void read_text(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	text[got > 0 ? got : 0] = 0;
}

/* Reads a claim's file; the caller frees *text, which is NULL where the file is empty. 0 or -errno. */
static int text_of(int fd, char **text)
{
	struct stat file;

	*text = NULL;
	if (fstat(fd, &file) < 0)
		return -errno;
	if (file.st_size == 0)
		return 0;
	size_t size = file.st_size < CLAIM_TEXT ? (size_t)file.st_size + 1 : CLAIM_TEXT;
	*text = malloc(size);
	if (!*text)
		return -ENOMEM;
	read_text(fd, *text, size);
	return 0;
}

/* True if path still names the file behind fd: the last holder may have removed it before releasing the lock. */
static bool still_named(const char *path, int fd)
{
	struct stat by_name, by_fd;

	return stat(path, &by_name) == 0 && fstat(fd, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
	       by_name.st_dev == by_fd.st_dev;
}

/*
 * A running VM holds its lock for good. A process that lists claims, or cleans up after a killed fold, or ends, holds a
 * lock only briefly: so the lock is tried again for a moment before it counts as busy.
 */
#define TURNS 100
static const struct timespec moment = {.tv_nsec = 1000000};

/* A locked descriptor, -EBUSY with the holder's text, or -errno. */
static int lock(const char *dir, const char *path, char **holder)
{
	for (int turn = 0;; turn++) {
		/* The holder of the last claim removes the folder too, perhaps just now: make it again. */
		if (mkdir(dir, 0700) < 0 && errno != EEXIST)
			return -errno;
		_cleanup_(cleanup_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 && errno == ENOENT && turn < TURNS)
			continue;
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			int err = -errno;
			if (err == -EWOULDBLOCK && turn < TURNS) {
				nanosleep(&moment, NULL);
				continue;
			}
			text_of(fd, holder);
			return err == -EWOULDBLOCK ? -EBUSY : err;
		}
		if (still_named(path, fd))
			return steal_fd(&fd);
	}
}

int claim_take(const char *key, struct claim *out, char **holder, struct report *r)
{
	char dir[CLAIM_FOLDER];
	_cleanup_(cleanup_free) char *path = NULL;
	int err = claim_path(key, dir, &path);

	*holder = NULL;
	if (err == -ENOMEM)
		return report_fail(r, ENOMEM, "out of memory");
	if (err || !path)
		return report_fail(r, -err, CLAIM_NAMESPACE ": %s; mount proc at /proc", strerror(-err));
	err = file_make_dir(CLAIM_DIR, 0700, r);
	if (err == -ENOTDIR)
		report_set(r, CLAIM_DIR ": is not a directory; remove it");
	if (err < 0)
		return err;
	_cleanup_(cleanup_close) int fd = lock(dir, path, holder);
	if (fd == -EBUSY)
		return fd;
	if (fd < 0)
		return report_fail(r, -fd, "%s: cannot be made or locked: %s%s", path, strerror(-fd), file_advice(-fd));
	err = text_of(fd, holder);
	if (err)
		return report_fail(r, -err, "%s: cannot be read: %s", path, strerror(-err));
	*out = (struct claim){.fd = steal_fd(&fd), .path = steal_ptr(&path)};
	return 0;
}

int claim_write(const struct claim *c, const char *text, struct report *r)
{
	size_t len = strlen(text);

	errno = 0;
	/* In this order, because others may read it in between. */
	if (pwrite(c->fd, text, len, 0) == (ssize_t)len && ftruncate(c->fd, (off_t)len) == 0)
		return 0;
	int err = errno ? errno : ENOSPC;
	return report_fail(r, err, "%s: cannot be written: %s%s", c->path, strerror(err), file_advice(err));
}

int claim_adopt(const char *key, int fd, struct claim *out)
{
	char dir[CLAIM_FOLDER], *path;
	int err = claim_path(key, dir, &path);

	if (!err)
		*out = (struct claim){.fd = fd, .path = path};
	return err;
}

/* Locks a file that has that text or none. -EBUSY: another process has it locked, or it has another text. */
static int lock_again(const char *path, const char *text)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
	_cleanup_(cleanup_free) char *found = NULL;
	int err = text_of(fd, &found);
	if (err)
		return err;
	if (found && strcmp(found, text) != 0)
		return -EBUSY;
	if (!locked)
		return -EAGAIN;
	return still_named(path, fd) ? steal_fd(&fd) : -ENOENT;
}

int claim_retake(const char *key, const char *text, struct claim *out)
{
	char dir[CLAIM_FOLDER];
	_cleanup_(cleanup_free) char *path = NULL;
	int fd, err = claim_path(key, dir, &path);

	if (err || !path)
		return err;
	/* The process that ends may still have it locked: the kernel closes its descriptors one by one. */
	for (int turn = 0; (fd = lock_again(path, text)) == -EAGAIN && turn < TURNS; turn++)
		nanosleep(&moment, NULL);
	if (fd == -ENOENT)
		rmdir(dir); /* made for this claim, and fails while others are in it */
	if (fd < 0)
		return fd;
	*out = (struct claim){.fd = fd, .path = steal_ptr(&path)};
	return 0;
}

enum claim_state claim_look(unsigned long folder, const char *key, char *text, size_t size)
{
	char dir[CLAIM_FOLDER];
	_cleanup_(cleanup_free) char *path = NULL;

	if (text)
		*text = 0;
	if (asprintf(&path, "%s/%s", claim_folder_path(folder, dir), key) < 0)
		return CLAIM_LIVE;
	_cleanup_(cleanup_close) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return CLAIM_FREE;
	if (text)
		read_text(fd, text, size);
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? CLAIM_LIVE : CLAIM_LEFT;
}

void claim_release(struct claim *c)
{
	if (c->fd < 0)
		return;
	unlink(c->path); /* while the file is still locked, so that nobody else can hold the claim yet */
	close(c->fd);
	*strrchr(c->path, '/') = 0;
	rmdir(c->path); /* fails while other claims are in it */
	free(c->path);
	*c = CLAIM_NONE;
}

void claim_check(struct claim *c)
{
	if (c->fd >= 0 && !still_named(c->path, c->fd))
		claim_close(c);
}

void claim_close(struct claim *c)
{
	if (c->fd < 0)
		return;
	close(c->fd);
	free(c->path);
	*c = CLAIM_NONE;
}

static void visit(const char *dir, const char *key, bool (*each)(void *, const char *, const char *, bool), void *arg)
{
	char path[PATH_MAX], text[CLAIM_TEXT];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	_cleanup_(cleanup_close) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	bool live = flock(fd, LOCK_EX | LOCK_NB) < 0;
	if (!live && !still_named(path, fd))
		return;
	read_text(fd, text, sizeof(text));
	if (each(arg, key, text, live) && !live)
		unlink(path);
}

int claim_each_in(unsigned long folder, const char *prefix,
		  bool (*each)(void *arg, const char *key, const char *text, bool live), void *arg)
{
	char dir[CLAIM_FOLDER];

	claim_folder_path(folder, dir);
	DIR *d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	for (const struct dirent *e; (e = readdir(d));)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 && e->d_name[0] != '.')
			visit(dir, e->d_name, each, arg);
	closedir(d);
	rmdir(dir); /* fails while there are claims in it */
	return 0;
}

int claim_each(const char *prefix, bool (*each)(void *arg, const char *key, const char *text, bool live), void *arg)
{
	unsigned long folder = claim_folder();

	return folder ? claim_each_in(folder, prefix, each, arg) : -errno;
}

void claim_folders(void (*each)(void *arg, unsigned long folder), void *arg)
{
	DIR *d = opendir(CLAIM_DIR);

	for (const struct dirent *e; d && (e = readdir(d));) {
		char *end;
		unsigned long folder = strtoul(e->d_name, &end, 10);
		if (folder && !*end)
			each(arg, folder);
	}
	if (d)
		closedir(d);
}

/* True if a process is in that network namespace, or if that cannot be found out. */
static bool has_process(unsigned long folder)
{
	DIR *proc = opendir("/proc");
	bool found = !proc;

	for (const struct dirent *e; !found && (e = readdir(proc));) {
		char path[NAME_MAX + 32];
		struct stat ns;

		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", e->d_name);
		if (stat(path, &ns) == 0)
			found = ns.st_ino == folder;
		else
			found = errno != ENOENT && errno != ESRCH; /* with these two errors the process has ended */
	}
	if (proc)
		closedir(proc);
	return found;
}

/* True if a mount, such as `ip netns` makes, keeps that network namespace alive, or if that cannot be found out. */
static bool has_mount(unsigned long folder)
{
	_cleanup_(cleanup_fclose) FILE *mounts = fopen("/proc/self/mountinfo", "re");
	_cleanup_(cleanup_free) char *line = NULL;
	char root[48];
	size_t size = 0;

	snprintf(root, sizeof(root), " net:[%lu] ", folder);
	while (mounts && getline(&line, &size, mounts) >= 0)
		if (strstr(line, root))
			return true;
	return !mounts;
}

bool claim_folder_is_over(unsigned long folder)
{
	return !has_mount(folder) && !has_process(folder);
}

bool claim_fact(const char *name, const char *given)
{
	char path[128], found[CLAIM_GIVEN];

	snprintf(path, sizeof(path), CLAIM_DIR "/%s", name);
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	read_text(fd, found, sizeof(found));
	return strcmp(found, given) == 0;
}

void claim_set_fact(const char *name, const char *given)
{
	char path[128];

	snprintf(path, sizeof(path), CLAIM_DIR "/%s", name);
	_cleanup_(cleanup_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(given);
	if (fd >= 0 && write(fd, given, len) != (ssize_t)len)
		unlink(path);
}
