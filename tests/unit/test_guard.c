/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guard: a process that cannot open files gets those of a fixed list, and no others. */
#include "report_catch.h"

#include "base/file.h"
#include "host/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[] = "/tmp/fold-guard.XXXXXX";
static int guard_end, other_end;
static pid_t guard;

/*
 * Memory that the guard and the test share. The guard is a process of its own, as in fold, so its open files do not use
 * up the test's descriptors.
 */
static struct shared {
	char kept[GUARD_PUT_MAX];
	mode_t mode;
	int result;
} * shared;

static int keep(void *arg, const char *text, size_t len, mode_t mode)
{
	if (arg != dir || len >= sizeof(shared->kept))
		return -EINVAL;
	memcpy(shared->kept, text, len);
	shared->kept[len] = 0;
	shared->mode = mode;
	return shared->result;
}

static const char *const plain[] = {"binding", "link", "missing", "pipe", NULL}, *const linked[] = {"resolv", NULL};
static const struct guard_files files = {.plain = plain, .linked = linked, .prefix = "list_", .put = keep, .arg = dir};

static void __attribute__((noreturn)) serve(void)
{
	close(other_end); /* otherwise the guard would not notice that the test closes it */
	while (guard_serve(guard_end, &files))
		usleep(100);
	_exit(0);
}

static void make(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static int start(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) < 0 || guard_pair(&guard_end, &other_end) < 0)
		return -1;
	make("binding", "HOSTNAME=a\n");
	make("list_one", "ADDRESS:x.=10.0.0.1\n");
	make("secret", "secret\n");
	if (symlink("secret", "link") < 0 || symlink("binding", "resolv") < 0 || mkdir("list_dir", 0700) < 0 ||
	    mkfifo("pipe", 0600) < 0)
		return -1;
	make("list_dir/x", "x");
	guard_use(other_end);
	file_open_by(guard_open);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || (guard = fork()) < 0)
		return -1;
	if (guard == 0)
		serve();
	close(guard_end);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	close(other_end);
	return waitpid(guard, NULL, 0) != guard || munmap(shared, sizeof(*shared)) < 0 ||
	       system("rm -r \"$PWD\"") != 0 || chdir("/") < 0;
}

/* Gets the file from the guard and reads it. Returns the number of octets, or -errno. */
static int get(const char *path, char *to, size_t size)
{
	int fd = guard_open(path, 0);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = read(fd, to, size);
	/* The descriptor is read-only. */
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
	return got < 0 ? -errno : (int)got;
}

static void test_listed(void **state)
{
	char buf[64];

	(void)state;
	assert_int_equal(get("binding", buf, sizeof(buf)), 11);
	assert_memory_equal(buf, "HOSTNAME=a\n", 11);
	assert_int_equal(get("resolv", buf, sizeof(buf)), 11);
	assert_int_equal(get("list_one", buf, sizeof(buf)), 20);
	assert_int_equal(get("missing", buf, sizeof(buf)), -ENOENT);
	/* The guard does not block when it opens a pipe without a writer. */
	assert_int_equal(get("pipe", buf, sizeof(buf)), 0);
}

static void test_being_written(void **state)
{
	char buf[64];

	(void)state;
	int fd = open("binding", O_RDONLY);
	bool leases = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
	close(fd);
	if (!leases)
		skip(); /* not every file system has leases */
	fd = open("binding", O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	assert_int_equal(get("binding", buf, sizeof(buf)), -EBUSY);
	int list = open("list_one", O_RDWR);
	assert_int_equal(get("list_one", buf, sizeof(buf)), -EBUSY);
	/* Files that are only being read are not busy, and neither is a file that is reached by a link. */
	assert_int_equal(get("resolv", buf, sizeof(buf)), 11);
	close(fd);
	close(list);
	fd = open("binding", O_RDONLY);
	assert_int_equal(get("binding", buf, sizeof(buf)), 11);
	close(fd);
	/* The guard has released its lease, so a writer need not wait. */
	fd = open("binding", O_WRONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	close(fd);
}

static void test_others(void **state)
{
	static const char *const others[] = {"secret",     "/etc/passwd",     "./binding", "",         "list_",
					     "list_dir/x", "list_/../secret", "list_one/", "binding/", "LIST_one"};
	char buf[64], *text, name[64];
	size_t len;
	struct report r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(get(others[i], buf, sizeof(buf)), -EACCES);
	assert_int_equal(get("link", buf, sizeof(buf)), -ELOOP);
	snprintf(name, sizeof(name), "%s/binding", dir);
	assert_int_equal(get(name, buf, sizeof(buf)), -EACCES);
	/* The error as file_read_plain() reports it. */
	assert_int_equal(file_read_plain("secret", 100, &text, &len, &r), -EACCES);
	assert_string_equal(
	    r.msg,
	    "secret: cannot be opened: Permission denied; the user who runs this needs the right to, as root has");
	assert_int_equal(file_read_plain("link", 100, &text, &len, &r), -ELOOP);
	assert_int_equal(file_read_plain("binding", 100, &text, &len, &r), 0);
	assert_string_equal(text, "HOSTNAME=a\n");
	free(text);
}

static void test_put(void **state)
{
	char *large = malloc(GUARD_PUT_MAX);

	(void)state;
	assert_int_equal(guard_put("MAC=x\n", 6, 0640), 0);
	assert_int_equal(shared->mode, 0640);
	assert_string_equal(shared->kept, "MAC=x\n");
	shared->result = -ENOSPC;
	assert_int_equal(guard_put("y", 1, 0600), -ENOSPC);
	shared->result = 0;
	memset(large, 'z', GUARD_PUT_MAX);
	assert_int_equal(guard_put(large, GUARD_PUT_MAX - 1, 0600), 0);
	assert_int_equal(strlen(shared->kept), GUARD_PUT_MAX - 1);
	assert_int_equal(guard_put(large, GUARD_PUT_MAX, 0600), -EFBIG);
	free(large);
}

static void test_hand(void **state)
{
	eventfd_t value = 0;
	int pair[2], number = eventfd(7, EFD_NONBLOCK);

	(void)state;
	assert_int_equal(guard_pair(&pair[0], &pair[1]), 0);
	assert_true(guard_hand(pair[0], number)); /* nobody has asked */
	assert_int_equal(guard_take(pair[1]), -ETIMEDOUT);
	assert_true(guard_hand(pair[0], number));
	int fd = guard_take(pair[1]); /* the late one */
	assert_true(fd >= 0 && fd != number);
	assert_int_equal(eventfd_read(fd, &value), 0);
	assert_int_equal(value, 7);
	close(fd);
	assert_int_equal(guard_take(pair[1]), -ETIMEDOUT);
	assert_true(guard_hand(pair[0], -EPERM));
	assert_int_equal(guard_take(pair[1]), -EPERM);
	close(pair[1]);
	assert_false(guard_hand(pair[0], number));
	close(pair[0]);
	close(number);
}

/* Malformed requests from the other process. */
static void test_nonsense(void **state)
{
	static const unsigned char junk[5000] = {1, 2, 3, 4, 9};
	static const size_t sizes[] = {1, 4, 7, 8, 9, 12, 13, 100, 4104, 5000};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(send(other_end, junk, sizes[i], 0), sizes[i]);
	assert_int_equal(get("binding", buf, sizeof(buf)), 11);
	/* PUT with no file, and with one that is not in memory. */
	const uint32_t put[4] = {7, 1, 0600, 0};
	assert_int_equal(send(other_end, put, sizeof(put), 0), sizeof(put));
	assert_int_equal(get("binding", buf, sizeof(buf)), 11);
}

/* If the receiver may open no more descriptors, the kernel drops the one that was sent. */
static void test_no_room(void **state)
{
	struct rlimit before, none;
	char buf[64];

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	int fd = guard_open("binding", 0);
	assert_true(fd >= 0);
	close(fd);
	none = before;
	none.rlim_cur = (rlim_t)fd;
	setrlimit(RLIMIT_NOFILE, &none);
	int err = guard_open("binding", 0);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(err, -EMFILE);
	assert_int_equal(get("binding", buf, sizeof(buf)), 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_listed),        cmocka_unit_test(test_others),   cmocka_unit_test(test_put),
	    cmocka_unit_test(test_hand),          cmocka_unit_test(test_nonsense), cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_being_written),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
