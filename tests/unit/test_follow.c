/* SPDX-License-Identifier: GPL-2.0-or-later */
/* follow: reports every way in which a file can change, once and soon, and nothing else. */
#include "guest/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/stat.h>

#include <cmocka.h>

#define SLOW_MS 2000 /* long enough for any machine */
#define SOON_MS 100  /* longer than the quiet time */

static struct {
	char dir[64];
	struct follow *f;
} t;

static const char *at(const char *name)
{
	static char path[4][PATH_MAX];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", t.dir, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

/* The next change within that time, as the last component of the path; "" if there is none. */
static const char *next_in(int ms)
{
	struct pollfd p = {.fd = follow_fd(t.f), .events = POLLIN};
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (;;) {
		const char *path = follow_next(t.f);
		if (path)
			return strrchr(path, '/') + 1;
		clock_gettime(CLOCK_MONOTONIC, &now);
		long gone = (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
		if (gone >= ms)
			return "";
		poll(&p, 1, (int)(ms - gone));
	}
}

#define assert_changed(name) assert_string_equal(next_in(SLOW_MS), name)
#define assert_nothing() assert_string_equal(next_in(SOON_MS), "")

static void follow(const char *a, const char *b)
{
	char one[PATH_MAX], two[PATH_MAX] = "";
	const char *const paths[] = {one, two};

	snprintf(one, sizeof(one), "%s", at(a));
	if (b)
		snprintf(two, sizeof(two), "%s", at(b));
	assert_int_equal(follow_paths(t.f, paths, b ? 2 : 1), 0);
}

static int fixture(void **state)
{
	(void)state;
	strcpy(t.dir, "/tmp/fold-follow.XXXXXX");
	if (!mkdtemp(t.dir) || follow_open(&t.f) < 0)
		return -1;
	return mkdir(at("d"), 0755);
}

static int clean(void **state)
{
	char command[128];

	(void)state;
	follow_close(t.f);
	snprintf(command, sizeof(command), "rm -rf %s", t.dir);
	return system(command);
}

/* Makes f, follows it and consumes the first report. */
static void started(void)
{
	put("d/f", "one");
	follow("d/f", NULL);
	assert_changed("f");
	assert_nothing();
}

static void a_new_path_is_news_once(void **state)
{
	(void)state;
	started();
	put("d/g", "two");
	follow("d/f", "d/g");
	assert_changed("g");
	assert_nothing();
	follow("d/g", NULL);
	assert_nothing();
	put("d/f", "no longer followed");
	assert_nothing();
}

static void edits(void **state)
{
	(void)state;
	started();
	put("d/f", "two");
	assert_changed("f");
	assert_nothing();
	int fd = open(at("d/f"), O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "3", 1), 1);
	assert_nothing(); /* the writer has not closed it yet */
	close(fd);
	assert_changed("f");
	assert_nothing();
	fd = open(at("d/f"), O_RDONLY);
	close(fd);
	put("d/other", "x");
	assert_nothing();
}

static void an_atomic_rename(void **state)
{
	(void)state;
	started();
	for (int i = 0; i < 5; i++) {
		put("d/.new", "two");
		assert_int_equal(rename(at("d/.new"), at("d/f")), 0);
		assert_changed("f");
		assert_nothing();
	}
	/* The watch is on the file that is there now. */
	put("d/f", "three");
	assert_changed("f");
	assert_nothing();
}

static void removed_and_made_anew(void **state)
{
	(void)state;
	started();
	assert_int_equal(unlink(at("d/f")), 0);
	assert_changed("f");
	assert_nothing();
	put("d/other", "x");
	assert_nothing();
	put("d/f", "two");
	assert_changed("f");
	assert_nothing();
	put("d/f", "three");
	assert_changed("f");
	assert_int_equal(rename(at("d/f"), at("d/away")), 0);
	assert_changed("f");
	assert_int_equal(link(at("d/away"), at("d/f")), 0);
	assert_changed("f");
	assert_nothing();
}

static void made_slowly(void **state)
{
	(void)state;
	started();
	assert_int_equal(unlink(at("d/f")), 0);
	assert_changed("f");
	int fd = open(at("d/f"), O_WRONLY | O_CREAT, 0644);
	assert_nothing(); /* still open for writing */
	assert_int_equal(write(fd, "two", 3), 3);
	assert_nothing();
	close(fd);
	assert_changed("f");
	assert_nothing();
	/* An empty file is reported too, once it is closed. */
	assert_int_equal(unlink(at("d/f")), 0);
	assert_changed("f");
	put("d/f", "");
	assert_changed("f");
	assert_nothing();
}

static void replaced_directories(void **state)
{
	(void)state;
	started();
	assert_int_equal(mkdir(at("e"), 0755), 0);
	put("e/f", "two");
	assert_int_equal(rename(at("d"), at("old")), 0);
	assert_changed("f");
	assert_nothing();
	assert_int_equal(rename(at("e"), at("d")), 0);
	assert_changed("f");
	assert_nothing();
	put("old/f", "nobody's");
	assert_nothing();
	put("d/f", "three");
	assert_changed("f");
	assert_int_equal(unlink(at("d/f")), 0);
	assert_int_equal(rmdir(at("d")), 0);
	assert_changed("f");
	assert_nothing();
	assert_int_equal(mkdir(at("d"), 0755), 0);
	assert_nothing();
	put("d/f", "four");
	assert_changed("f");
	assert_nothing();
}

static void links(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("v1"), 0755), 0);
	assert_int_equal(mkdir(at("v2"), 0755), 0);
	put("v1/f", "one");
	put("v2/f", "two");
	assert_int_equal(symlink("v1", at("now")), 0);
	follow("now/f", NULL);
	assert_changed("f");
	assert_nothing();
	put("v1/f", "one more");
	assert_changed("f");
	assert_int_equal(symlink("v2", at("next")), 0);
	assert_int_equal(rename(at("next"), at("now")), 0);
	assert_changed("f");
	assert_nothing();
	put("v2/f", "two more");
	assert_changed("f");
	/* The target of a link in the path is replaced. */
	assert_int_equal(rename(at("v2"), at("v3")), 0);
	assert_changed("f");
	/* If the last component is a link, the link itself is followed, not its target. */
	assert_int_equal(symlink("v1/f", at("end")), 0);
	follow("end", NULL);
	assert_changed("end");
	put("v1/f", "elsewhere");
	assert_nothing();
	assert_int_equal(unlink(at("end")), 0);
	assert_changed("end");
}

static void the_last_one_comes_last(void **state)
{
	(void)state;
	put("d/f", "one");
	put("d/g", "one");
	follow("d/f", "d/g");
	assert_changed("f");
	assert_changed("g");
	put("d/g", "two");
	put("d/f", "two");
	assert_changed("g");
	assert_changed("f");
	put("d/f", "three");
	put("d/g", "three");
	put("d/f", "four");
	assert_changed("g");
	assert_changed("f");
	assert_nothing();
}

/* Changes that never pause are reported nevertheless. */
static void no_quiet(void **state)
{
	struct timespec begin, now;
	bool seen = false;

	(void)state;
	started();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		put("d/f", "again");
		seen = follow_next(t.f) != NULL;
		usleep(2000);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (!seen && now.tv_sec - begin.tv_sec < 5);
	assert_true(seen);
}

/* When the kernel's queue of events overflows, every file is reported as changed, and still followed. */
static void an_overflow(void **state)
{
	char text[32] = "";
	FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");

	(void)state;
	assert_non_null(limit);
	assert_non_null(fgets(text, sizeof(text), limit));
	fclose(limit);
	put("d/f", "one");
	put("d/g", "one");
	follow("d/f", "d/g");
	assert_changed("f");
	assert_changed("g");
	assert_nothing();
	/* Two kinds in turn, because the kernel merges an event with an identical one before it. */
	for (long i = 0, most = atol(text) + 10; i < most; i++)
		assert_int_equal(chmod(at("d/f"), i % 2 ? 0600 : 0644) | close(open(at("d/f"), O_WRONLY)), 0);
	assert_changed("f");
	assert_changed("g");
	put("d/g", "two");
	assert_changed("g");
}

static void leaves_nothing(void **state)
{
	(void)state;
	started();
	int before = dup(0);
	close(before);
	for (int i = 0; i < 3; i++) {
		struct follow *f;
		const char *const path = "/tmp";
		assert_int_equal(follow_open(&f), 0);
		assert_int_equal(follow_paths(f, &path, 1), 0);
		follow_close(f);
	}
	int after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

/* A relative path in a working directory that no longer exists fails with ENOENT. */
static void from_nowhere(void **state)
{
	static const char *const paths[] = {"file"};
	int before = open(".", O_PATH | O_DIRECTORY);

	(void)state;
	assert_true(before >= 0);
	assert_int_equal(mkdir(at("gone"), 0700), 0);
	assert_int_equal(chdir(at("gone")), 0);
	assert_int_equal(rmdir(at("gone")), 0);
	assert_int_equal(follow_paths(t.f, paths, 1), -ENOENT);
	assert_int_equal(fchdir(before), 0);
	close(before);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_path_is_news_once),
	    TEST(edits),
	    TEST(an_atomic_rename),
	    TEST(removed_and_made_anew),
	    TEST(made_slowly),
	    TEST(replaced_directories),
	    TEST(links),
	    TEST(the_last_one_comes_last),
	    TEST(no_quiet),
	    TEST(an_overflow),
	    TEST(from_nowhere),
	    TEST(leaves_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
