/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store: which addresses it gives and which never, and that it survives SIGKILL of many processes that use it at once.
 */
#include "report_catch.h"

#include "host/store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct catch c;
static char dir[64], path[128];

static int make_dir(void **state)
{
	(void)state;
	/* In memory if possible, because each of hundreds of transactions waits for the disk several times. */
	strcpy(dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fold-store-XXXXXX" : "/tmp/fold-store-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/state/local.db", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static const struct in_addr *reserved;
static size_t reserved_count;
static bool is_new; /* of the last store_allocate() */

static int allocate(const char *name, const char *net, struct cidr4 *out)
{
	struct cidr4 subnet;

	catch_reset(&c);
	if (net && !cidr4_parse(net, &subnet))
		fail_msg("%s", net);
	const struct store_wish wish = {name, net ? &subnet : NULL, reserved, reserved_count};
	return store_allocate(path, &wish, out, &is_new, &c.r);
}

static void gives(const char *name, const char *net, const char *want)
{
	struct cidr4 got = {0};
	char text[CIDR4_TEXT];

	if (allocate(name, net, &got) != 0)
		fail_msg("%s: %s", name, c.r.msg);
	assert_string_equal(cidr4_format(&got, text), want);
}

static void refuses(const char *name, const char *net, int err, const char *message)
{
	struct cidr4 got = {.len = 99};

	assert_int_equal(allocate(name, net, &got), err);
	assert_has(c.r.msg, message);
	assert_int_equal(got.len, 99);
}

static void frees(const char *name, unsigned want)
{
	unsigned count = 0;

	if (store_release(path, name, &count, catch_reset(&c)) != 0)
		fail_msg("%s: %s", name, c.r.msg);
	assert_int_equal(count, want);
}

/* The first column of the result's first row, read directly with SQLite. */
static long long ask(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 60000);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	int code = sqlite3_step(st);
	long long n = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static void tell(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* Checks that the database is intact and that its two tables agree. */
static void check_sound(void)
{
	assert_int_equal(ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
	assert_int_equal(ask("SELECT coalesce(sum(last - first + 1), 0) FROM run"), ask("SELECT count(*) FROM lease"));
	assert_int_equal(ask("SELECT count(*) FROM lease WHERE addr > "
			     "coalesce((SELECT last FROM run WHERE first <= addr ORDER BY first DESC LIMIT 1), 0)"),
			 0);
	/* No two runs overlap or touch. */
	assert_int_equal(ask("SELECT count(*) FROM (SELECT first, lag(last) OVER (ORDER BY first) AS before FROM run) "
			     "WHERE before >= first - 1"),
			 0);
}

static void one_name_one_address(void **state)
{
	(void)state;
	gives("tap0", NULL, "10.32.0.1/12");
	gives("tap0", NULL, "10.32.0.1/12");
	gives("tap1", NULL, "10.32.0.2/12");
	gives("tap0", "10.32.0.0/12", "10.32.0.1/12");
	/* Another subnet gives another address, unless the one that the name holds lies in it: then the same. */
	gives("tap0", "10.40.0.0/16", "10.40.0.1/16");
	gives("tap0", "10.40.0.0/24", "10.40.0.1/24");
	gives("tap0", "10.0.0.0/8", "10.32.0.1/8");
	gives("tap2", "192.168.7.0/24", "192.168.7.1/24");
	gives("tap2", "192.168.0.0/16", "192.168.7.1/16");
	gives("Tap2", "192.168.7.0/24", "192.168.7.2/24"); /* names are case-sensitive */
	gives("tap'2\" --", "192.168.7.0/24", "192.168.7.3/24");
	check_sound();
}

static void the_lowest_free_one(void **state)
{
	(void)state;
	gives("a", NULL, "10.32.0.1/12");
	gives("b", NULL, "10.32.0.2/12");
	gives("c", NULL, "10.32.0.3/12");
	frees("b", 1);
	gives("d", NULL, "10.32.0.2/12");
	gives("e", NULL, "10.32.0.4/12");
	frees("a", 1);
	frees("d", 1);
	gives("f", NULL, "10.32.0.1/12");
	gives("g", NULL, "10.32.0.2/12");
	gives("h", NULL, "10.32.0.5/12");
	check_sound();
}

static void never_the_edges(void **state)
{
	(void)state;
	for (int i = 1; i <= 5; i++) {
		char name[16], want[32];
		snprintf(name, sizeof(name), "v%d", i);
		snprintf(want, sizeof(want), "192.0.2.%d/29", 8 + i);
		gives(name, "192.0.2.8/29", want);
	}
	refuses("v6", "192.0.2.8/29", -ENOSPC, "net:192.0.2.8/29: every address is taken");
	gives("v3", "192.0.2.8/29", "192.0.2.11/29");
	frees("v3", 1);
	gives("v6", "192.0.2.8/29", "192.0.2.11/29");
	/* In the smallest subnet no address is reserved for fold. */
	gives("w1", "198.51.100.4/30", "198.51.100.5/30");
	gives("w2", "198.51.100.4/30", "198.51.100.6/30");
	refuses("w3", "198.51.100.4/30", -ENOSPC, "every address is taken");
	/* An address held from a wider subnet is not used if it is a narrower one's network or broadcast address. */
	gives("x", "203.0.113.0/24", "203.0.113.1/24");
	gives("y", "203.0.113.0/24", "203.0.113.2/24");
	gives("z", "203.0.113.0/24", "203.0.113.3/24");
	gives("q", "203.0.113.0/24", "203.0.113.4/24");
	gives("q", "203.0.113.4/30", "203.0.113.5/30");
	check_sound();
}

static void undo(const char *name, const char *addr)
{
	struct in_addr a;

	assert_int_equal(inet_pton(AF_INET, addr, &a), 1);
	if (store_undo(path, name, a, catch_reset(&c)) != 0)
		fail_msg("%s: %s", name, c.r.msg);
}

/* store_undo() gives back the new address, and no other address of the name. */
static void undoing(void **state)
{
	(void)state;
	gives("a", NULL, "10.32.0.1/12");
	assert_true(is_new);
	gives("a", NULL, "10.32.0.1/12");
	assert_false(is_new);
	gives("a", "10.64.0.0/16", "10.64.0.1/16");
	assert_true(is_new);
	undo("b", "10.64.0.1");
	undo("a", "10.64.0.2");
	gives("a", "10.64.0.0/16", "10.64.0.1/16");
	assert_false(is_new);
	undo("a", "10.64.0.1");
	undo("a", "10.64.0.1");
	check_sound();
	gives("b", "10.64.0.0/16", "10.64.0.1/16");
	gives("a", NULL, "10.32.0.1/12");
	assert_false(is_new);
	check_sound();
}

static void releasing(void **state)
{
	(void)state;
	assert_int_equal(store_release(path, "tap0", NULL, catch_reset(&c)), -ENOENT);
	assert_has(c.r.msg, "tap0: holds no address");
	gives("tap0", NULL, "10.32.0.1/12");
	gives("tap0", "10.64.0.0/16", "10.64.0.1/16");
	gives("tap1", "10.64.0.0/16", "10.64.0.2/16");
	frees("tap0", 2);
	assert_int_equal(store_release(path, "tap0", NULL, catch_reset(&c)), -ENOENT);
	gives("tap1", "10.64.0.0/16", "10.64.0.2/16");
	gives("tap2", "10.64.0.0/16", "10.64.0.1/16");
	frees("tap1", 1);
	frees("tap2", 1);
	assert_int_equal(ask("SELECT count(*) FROM run"), 0);
	check_sound();
}

static void bad_subnets(void **state)
{
	char name[300];

	(void)state;
	refuses("a", "10.40.0.1/16", -EINVAL, "net:10.40.0.1/16: has bits set after its length");
	refuses("a", "10.40.0.0/31", -EINVAL, "net:10.40.0.0/31: has fewer than 4 addresses");
	refuses("a", "10.40.0.0/32", -EINVAL, "fewer than 4");
	refuses("a", "127.0.0.0/24", -EINVAL, "loopback");
	refuses("a", "64.0.0.0/2", -EINVAL, "loopback");
	refuses("a", "224.0.0.0/24", -EINVAL, "multicast");
	refuses("a", "0.0.0.0/8", -EINVAL, "reserved");
	refuses("", "10.40.0.0/16", -EINVAL, "1 to 255 octets");
	memset(name, 'a', sizeof(name));
	name[256] = 0;
	refuses(name, NULL, -EINVAL, "1 to 255 octets");
	assert_int_equal(access(path, F_OK), -1); /* none of these calls made the file */
}

static void the_command_lines_subnet(void **state)
{
	static const struct {
		const char *arg, *want, *message;
	} rows[] = {
	    {"net:default", "10.32.0.0/12", NULL},
	    {"net:10.40.0.0/16", "10.40.0.0/16", NULL},
	    {"net:0.0.0.0/0", NULL, "reserved"},
	    {"10.40.0.0/16", NULL, "is not net:<cidr>"},
	    {"net:", NULL, "net:: is not a subnet"},
	    {"net:10.40.0.0", NULL, "is not a subnet"},
	    {"net:10.40.0.0/33", NULL, "net:10.40.0.0/33: is not a subnet"},
	    {"net:10.40.0.0/16 ", NULL, "is not a subnet"},
	    {"net:10.40.0.1/16", NULL, "has bits set"},
	    {"net:10.40.0.0/31", NULL, "fewer than 4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cidr4 got;
		char text[CIDR4_TEXT];
		int err = store_parse_net(rows[i].arg, &got, catch_reset(&c));
		assert_int_equal(err, rows[i].want ? 0 : -EINVAL);
		if (rows[i].want)
			assert_string_equal(cidr4_format(&got, text), rows[i].want);
		else
			assert_has(c.r.msg, rows[i].message);
	}
	assert_int_equal(unsetenv("FOLD_STATE_DIR"), 0);
	char *p = store_path();
	assert_string_equal(p, "/var/lib/fold/local.db");
	free(p);
	assert_int_equal(setenv("FOLD_STATE_DIR", "/srv/x", 1), 0);
	p = store_path();
	assert_string_equal(p, "/srv/x/local.db");
	free(p);
	unsetenv("FOLD_STATE_DIR");
}

static void files(void **state)
{
	struct stat st;
	struct cidr4 got;
	FILE *f;

	(void)state;
	umask(022);
	gives("a", NULL, "10.32.0.1/12");
	snprintf(path, sizeof(path), "%s/state", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	/* A file that is no database of fold's is not changed. */
	snprintf(path, sizeof(path), "%s/garbage", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 5000; i++)
		fputs("no database ", f);
	fclose(f);
	refuses("a", NULL, -EIO, "/garbage: is damaged");
	assert_int_equal(store_release(path, "a", NULL, catch_reset(&c)), -EIO);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 60000);

	snprintf(path, sizeof(path), "%s/other", dir);
	tell("CREATE TABLE mine(x)");
	refuses("a", NULL, -EINVAL, "/other: is a database of some other program");
	snprintf(path, sizeof(path), "%s/newer", dir);
	gives("a", NULL, "10.32.0.1/12");
	tell("PRAGMA user_version = 2");
	refuses("a", NULL, -EINVAL, "/newer: was written by another version of fold (2)");

	snprintf(path, sizeof(path), "%s/garbage/local.db", dir);
	assert_int_equal(allocate("a", NULL, &got), -ENOTDIR);
	assert_has(c.r.msg, "/garbage: is not a directory");
	snprintf(path, sizeof(path), "%s/state", dir);
	refuses("a", NULL, -EACCES, "/state: cannot be opened");
}

/* Random operations, compared with a trivial model: an array with the owner of each address. */
static void as_a_model_says(void **state)
{
	int owner[16] = {0}, held[40] = {0}; /* 10.9.0.0/28: gives 1 to 14, except 11 */
	unsigned seed = 7;

	(void)state;
	for (int step = 0; step < 600; step++) {
		int who = rand_r(&seed) % 20 + 1, want = held[who];
		char name[8];
		snprintf(name, sizeof(name), "n%d", who);
		if (rand_r(&seed) % 5 < 2) {
			int err = store_release(path, name, NULL, catch_reset(&c));
			assert_int_equal(err, want ? 0 : -ENOENT);
			owner[want] = held[who] = 0;
			continue;
		}
		for (int i = 1; i <= 14 && !want; i++)
			want = owner[i] || i == 11 ? 0 : i;
		struct cidr4 got;
		int err = allocate(name, "10.9.0.0/28", &got);
		assert_int_equal(err, want ? 0 : -ENOSPC);
		if (err)
			continue;
		assert_int_equal(ntohl(got.addr.s_addr), 0x0a090000 + want);
		owner[want] = who;
		held[who] = want;
	}
	check_sound();
}

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double time_of_twenty(const char *prefix, const char *net)
{
	double start = now(CLOCK_PROCESS_CPUTIME_ID); /* CPU time, because waiting for the disk does not count */
	for (int i = 0; i < 20; i++) {
		char name[16];
		struct cidr4 got;
		snprintf(name, sizeof(name), "%s%d", prefix, i);
		assert_int_equal(allocate(name, net, &got), 0);
	}
	return now(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/*
 * A hundred thousand leases, and above them every second address free: an allocation
 * must not walk over the taken addresses. A walk takes some 10 ms, a lookup 10 us.
 */
static void a_hundred_thousand_leases(void **state)
{
	(void)state;
	gives("first", NULL, "10.32.0.1/12");
	double empty = time_of_twenty("e", NULL);
	tell("BEGIN;"
	     "WITH RECURSIVE n(i) AS (SELECT 22 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
	     " INSERT INTO lease SELECT 169869312 + i, 'p' || i FROM n;"
	     "UPDATE run SET last = 169869312 + 100000;"
	     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
	     " INSERT INTO lease SELECT 169869312 + 100100 + 2 * i, 'q' || i FROM n;"
	     "INSERT INTO run SELECT addr, addr FROM lease WHERE addr > 169869312 + 100100;"
	     "COMMIT");
	check_sound();
	double full = time_of_twenty("f", NULL), above = time_of_twenty("g", "10.48.0.0/16");
	gives("last", NULL, "10.33.134.181/12"); /* 0x0a2186b5: the 100021st */
	gives("p50000", NULL, "10.32.195.80/12");
	print_message("# 20 allocations: %.0f ms empty, %.0f and %.0f ms with 200000 leases\n", empty * 1e3, full * 1e3,
		      above * 1e3);
	assert_true(full < 3 * empty + 0.05);
	assert_true(above < 3 * empty + 0.05);
}

/* If another program locks the database for a while, the store waits. */
static void waiting_for_a_lock(void **state)
{
	int ready[2];

	(void)state;
	gives("a", NULL, "10.32.0.1/12");
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		sqlite3 *db;
		if (sqlite3_open(path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(400000);
		_exit(0);
	}
	char byte;
	assert_int_equal(read(ready[0], &byte, 1), 1);
	double start = now(CLOCK_MONOTONIC);
	gives("b", NULL, "10.32.0.2/12");
	assert_true(now(CLOCK_MONOTONIC) - start > 0.3);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

struct done {
	uint32_t child, step, addr; /* addr 0: released */
};

/* Allocates for one new name after the other. Reports each address to the parent only after the allocation returned. */
static void allocate_for_ever(uint32_t child, int to)
{
	for (uint32_t step = 0;; step++) {
		struct done d = {.child = child, .step = step};
		struct cidr4 got;
		char name[32];
		snprintf(name, sizeof(name), "c%u-%u", child, step);
		if (allocate(name, NULL, &got) != 0) {
			fprintf(stderr, "# %s\n", c.r.msg);
			_exit(1);
		}
		d.addr = ntohl(got.addr.s_addr);
		if (write(to, &d, sizeof(d)) != sizeof(d))
			_exit(2);
		/* Releases some, so that runs are split and joined while other children are killed. */
		if (step % 4 == 3 && store_release(path, name, NULL, catch_reset(&c)) == 0) {
			d.addr = 0;
			if (write(to, &d, sizeof(d)) != sizeof(d))
				_exit(2);
		}
	}
}

#define CHILDREN 50
#define KILLS 150
#define ACKED_MAX 20000

static pid_t start_child(uint32_t number, int to)
{
	pid_t pid = fork();
	if (pid == 0)
		allocate_for_ever(number, to);
	assert_true(pid > 0);
	return pid;
}

static size_t collect(int from, struct done *acked, size_t count, int timeout)
{
	struct pollfd p = {.fd = from, .events = POLLIN};

	while (poll(&p, 1, timeout) > 0 && p.revents & POLLIN) {
		assert_true(count < ACKED_MAX);
		assert_int_equal(read(from, &acked[count++], sizeof(*acked)), sizeof(*acked));
		timeout = 0;
	}
	return count;
}

static bool still_held(const struct done *acked, size_t count, size_t i)
{
	for (size_t j = i + 1; j < count; j++) {
		if (acked[j].child == acked[i].child && acked[j].step == acked[i].step)
			return false;
	}
	/*
	 * A child that was killed may have released its address without reporting it, so every fourth one is uncertain.
	 */
	return acked[i].step % 4 != 3;
}

static void killed_at_any_moment(void **state)
{
	static struct done acked[ACKED_MAX];
	pid_t pids[CHILDREN];
	int fds[2], status, kills = 0;
	uint32_t next = 0;
	size_t count = 0, held = 0;
	unsigned seed = (unsigned)getpid();

	(void)state;
	print_message("# seed %u\n", seed);
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < CHILDREN; i++)
		pids[i] = start_child(next++, fds[1]);
	/* On a slow machine it takes longer until there are enough reports to check. */
	for (; kills < KILLS || (count < 4 * CHILDREN && kills < 20 * KILLS); kills++) {
		count = collect(fds[0], acked, count, rand_r(&seed) % 15);
		usleep((useconds_t)rand_r(&seed) % 5000);
		int victim = rand_r(&seed) % CHILDREN;
		assert_int_equal(kill(pids[victim], SIGKILL), 0);
		assert_int_equal(waitpid(pids[victim], &status, 0), pids[victim]);
		assert_true(WIFSIGNALED(status)); /* it was killed and did not end because of an error */
		pids[victim] = start_child(next++, fds[1]);
	}
	for (int i = 0; i < CHILDREN; i++) {
		kill(pids[i], SIGKILL);
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status));
	}
	count = collect(fds[0], acked, count, 0);
	close(fds[0]);
	close(fds[1]);

	check_sound();
	for (size_t i = 0; i < count; i++) {
		char name[32], want[CIDR4_TEXT];
		if (!acked[i].addr || !still_held(acked, count, i))
			continue;
		held++;
		snprintf(name, sizeof(name), "c%u-%u", acked[i].child, acked[i].step);
		cidr4_format(&(struct cidr4){.addr.s_addr = htonl(acked[i].addr), .len = 12}, want);
		gives(name, NULL, want); /* no reported address is lost or given twice */
	}
	print_message("# %zu allocations and releases, %zu held, %d processes killed\n", count, held, kills);
	assert_true(held > CHILDREN);
}

/*
 * Allocates in a child that is killed at its stop-th entry to or return from a system call. True if the child ended
 * before that.
 */
static bool allocate_and_die(const char *name, int stop)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct cidr4 got;
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(99);
		raise(SIGSTOP);
		_exit(allocate(name, NULL, &got) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		skip(); /* ptrace is not permitted here */
	for (int i = 0; i < stop && WIFSTOPPED(status); i++) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	if (WIFSTOPPED(status)) {
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		return false;
	}
	assert_int_equal(status, 0);
	return true;
}

/*
 * Kills at every system call, which are the only moments whose effect differs: while making the database or allocating.
 */
static void killed_at_every_system_call(void **state)
{
	int stops = 0;

	(void)state;
	for (bool end = false; !end; stops++) {
		char command[160];
		snprintf(command, sizeof(command), "rm -rf %s/state", dir);
		assert_int_equal(system(command), 0);
		end = allocate_and_die("first", stops);
		gives("first", NULL, "10.32.0.1/12");
		gives("second", NULL, "10.32.0.2/12");
		check_sound();
	}
	print_message("# %d moments of a new database\n", stops);
	frees("second", 1);
	/* Runs with gaps, so that taking an address joins two, which touches every table. */
	for (int i = 0; i < 600; i++) {
		char name[16];
		struct cidr4 got;
		snprintf(name, sizeof(name), "gap%d", i);
		assert_int_equal(allocate(name, NULL, &got), 0);
	}
	tell("BEGIN; DELETE FROM lease WHERE addr % 2 = 0; DELETE FROM run;"
	     "INSERT INTO run SELECT addr, addr FROM lease; COMMIT");
	stops = 0;
	for (bool end = false; !end; stops++) {
		char name[16];
		long long before = ask("SELECT count(*) FROM lease");
		snprintf(name, sizeof(name), "stop%d", stops);
		end = allocate_and_die(name, stops);
		check_sound();
		long long after = ask("SELECT count(*) FROM lease");
		assert_true(after == before + 1 || (after == before && !end));
		gives("first", NULL, "10.32.0.1/12");
	}
	print_message("# %d moments of an allocation\n", stops);
}

/* Two hundred processes at once, as when all VMs of a host start. */
static void two_hundred_at_once(void **state)
{
	pid_t pids[200];
	int gate[2], status;

	(void)state;
	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < 200; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		char name[16], byte;
		struct cidr4 got;
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 0) /* all wait here until the parent closes the pipe */
			_exit(2);
		snprintf(name, sizeof(name), "v%d", i / 2); /* two processes for each name */
		int err = allocate(name, NULL, &got);
		if (err)
			fprintf(stderr, "# %s\n", c.r.msg);
		_exit(err ? 1 : 0);
	}
	close(gate[1]);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	close(gate[0]);
	check_sound();
	assert_int_equal(ask("SELECT count(*) FROM lease"), 100);
	assert_int_equal(ask("SELECT count(*) FROM run"), 1);
	assert_int_equal(ask("SELECT last - 169869312 FROM run"), 100);
}

/* Addresses that other machines have, such as the host's own on the bridge. */
static void passes_over_what_is_reserved(void **state)
{
	struct in_addr others[3];

	(void)state;
	inet_pton(AF_INET, "10.77.0.1", &others[0]);
	inet_pton(AF_INET, "10.77.0.4", &others[1]);
	inet_pton(AF_INET, "10.9.0.3", &others[2]);
	reserved = others;
	reserved_count = 3;
	gives("r1", "10.77.0.0/29", "10.77.0.2/29");
	gives("r2", "10.77.0.0/29", "10.77.0.3/29");
	assert_int_equal(store_release(path, "r1", NULL, &c.r), 0);
	gives("r2", "10.77.0.0/29", "10.77.0.3/29");
	gives("r3", "10.77.0.0/29", "10.77.0.2/29");
	reserved_count = 0;
	gives("r4", "10.77.0.0/29", "10.77.0.1/29");
}

#define DISK(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    DISK(one_name_one_address),
	    DISK(the_lowest_free_one),
	    DISK(never_the_edges),
	    DISK(passes_over_what_is_reserved),
	    DISK(undoing),
	    DISK(releasing),
	    DISK(bad_subnets),
	    DISK(the_command_lines_subnet),
	    DISK(files),
	    DISK(as_a_model_says),
	    DISK(a_hundred_thousand_leases),
	    DISK(waiting_for_a_lock),
	    DISK(two_hundred_at_once),
	    DISK(killed_at_every_system_call),
	    DISK(killed_at_any_moment),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
