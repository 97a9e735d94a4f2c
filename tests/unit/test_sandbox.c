/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox: what the filter and Landlock permit. Each test is a process of its own, because a sandbox cannot be left. */
#include "report_catch.h"

#include "host/landlock.h"
#include "host/sandbox.h"
#include "host/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SIGNALLED 1000 /* plus the signal's number */

static char dir[] = "/tmp/fold-sandbox.XXXXXX";

static int start(void **state)
{
	(void)state;
	return !mkdtemp(dir) || chdir(dir) < 0 || mkdir("in", 0777) < 0 || mkdir("out", 0777) < 0 ||
	       system("echo read >in/file; echo no >file; echo one >single; chmod -R a+rwX .") != 0;
}

static int stop(void **state)
{
	(void)state;
	return system("rm -r \"$PWD\"") != 0 || chdir("/") < 0;
}

/*
 * Runs the function in a child. Returns its exit status (0: passed, else the line of the failure) or SIGNALLED +
 * signal.
 */
static int in_process(int (*run)(void))
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		/* cmocka's handlers would continue with the other tests in the child. */
		for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
			signal(faults[i], SIG_DFL);
		_exit(run());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return __LINE__ % 100 + 1;                                                                     \
	} while (0)

/* ---- the filter ---- */

#define RULES(...)                                                                                                     \
	static const struct seccomp_rule rules[] = {{.nr = SYS_exit_group}, {.nr = SYS_sigaltstack}, __VA_ARGS__};     \
	const struct seccomp_list list = {rules, sizeof(rules) / sizeof(rules[0])};                                    \
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);                                                                        \
	MUST(seccomp_enter(&list, 1) == 0)

static int arguments(void)
{
	RULES({.nr = SYS_socket,
	       .arg = {{.at = 0, .mask = UINT32_MAX, .value = AF_INET}, {.at = 1, .mask = 0xf, .value = 2}}},
	      {.nr = SYS_socket, .arg = {{.at = 0, .mask = UINT32_MAX, .value = AF_INET6}}},
	      {.nr = SYS_socket, .error = EPERM}, {.nr = SYS_getpid, .error = ENOTTY}, {.nr = SYS_getppid});
	MUST(syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0) >= 0);
	MUST(syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
	MUST(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
	MUST(syscall(SYS_socket, AF_INET6, SOCK_STREAM, 0) >= 0);
	MUST(syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0) < 0 && errno == EPERM);
	MUST(syscall(SYS_getpid) < 0 && errno == ENOTTY);
	MUST(syscall(SYS_getppid) > 0);
	return 0;
}

static int unnamed(void)
{
	RULES({.nr = SYS_getppid});
	syscall(SYS_getpid);
	return 1;
}

static int argument_of_unnamed(void)
{
	RULES({.nr = SYS_dup, .arg = {{.at = 0, .mask = UINT32_MAX, .value = 1}}});
	syscall(SYS_dup, 2);
	return 1;
}

#ifdef __x86_64__
static int other_abi(void)
{
	RULES({.nr = SYS_getppid});
	syscall(0x40000000 | SYS_getppid);
	return 1;
}
#endif

/*
 * Refuses only these ioctls: other calls with the same number among their arguments pass. Applies to the calling thread
 * and its children, not to other threads.
 */
static int no_ioctl(void)
{
	static const uint32_t requests[] = {FIOCLEX, FIONREAD};
	int fd = open("single", O_RDONLY), n;

	MUST(setuid(65534) == 0);
	MUST(seccomp_refuse_ioctls(requests, 2) == -EACCES);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	MUST(ioctl(fd, FIONREAD, &n) == 0);
	MUST(seccomp_refuse_ioctls(requests, 2) == 0);
	MUST(ioctl(fd, FIONREAD, &n) < 0 && errno == EPERM);
	MUST(ioctl(fd, FIOCLEX) < 0 && errno == EPERM);
	MUST(syscall(SYS_ioctl, fd, FIOCLEX | 0x100000000UL) < 0 && errno == EPERM);
	MUST(ioctl(fd, FIONCLEX) == 0);
	MUST(lseek(fd, FIOCLEX, SEEK_SET) == FIOCLEX);
#ifdef __x86_64__
	MUST(syscall(0x40000000 | 514, fd, FIOCLEX) < 0 && errno == EPERM);
	MUST(syscall(0x40000000 | SYS_ioctl, fd, FIOCLEX) < 0 && errno == EPERM);
#endif
	return 0;
}

#ifdef __x86_64__
static long by_32_bits(long nr, long a, long b)
{
	__asm__ volatile("int $0x80" : "+a"(nr) : "b"(a), "c"(b) : "memory", "cc");
	return nr;
}

static int has_32_bits(void)
{
	return by_32_bits(20, 0, 0) != getpid();
}

static int no_ioctl_by_32_bits(void)
{
	static const uint32_t requests[] = {FIOCLEX};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	MUST(seccomp_refuse_ioctls(requests, 1) == 0);
	MUST(by_32_bits(54, 0, FIOCLEX) == -EPERM);
	MUST(by_32_bits(54, 0, FIONCLEX) == 0);
	MUST(by_32_bits(20, 0, 0) == getpid());
	return 0;
}
#endif

static void test_ioctls(void **state)
{
	(void)state;
	assert_int_equal(in_process(no_ioctl), 0);
#ifdef __x86_64__
	if (in_process(has_32_bits) == 0)
		assert_int_equal(in_process(no_ioctl_by_32_bits), 0);
#endif
}

static void test_filter(void **state)
{
	(void)state;
	assert_int_equal(in_process(arguments), 0);
	assert_int_equal(in_process(unnamed), SIGNALLED + SIGSYS);
	assert_int_equal(in_process(argument_of_unnamed), SIGNALLED + SIGSYS);
#ifdef __x86_64__
	assert_int_equal(in_process(other_abi), SIGNALLED + SIGSYS);
#endif
}

/* ---- Landlock ---- */

static long landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int err = connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ? errno : 0;

	close(fd);
	return err;
}

static int landlocked(void)
{
	static const char *const read[] = {"in", "single", "missing", NULL}, *const write[] = {"out", NULL};
	const struct landlock_allowed allowed = {read, write, 53};
	long version = landlock_version();

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	MUST(landlock_enter(&allowed) == version);
	MUST(open("in/file", O_RDONLY) >= 0);
	MUST(open("single", O_RDONLY) >= 0);
	MUST(open("single", O_WRONLY) < 0 && errno == EACCES);
	MUST(open("in/file", O_WRONLY) < 0 && errno == EACCES);
	MUST(open("in/new", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
	MUST(open("file", O_RDONLY) < 0 && errno == EACCES);
	MUST(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	MUST(open("out/new", O_RDWR | O_CREAT, 0600) >= 0);
	MUST(rename("out/new", "out/newer") == 0);
	MUST(unlink("out/newer") == 0);
	MUST(mkfifo("out/pipe", 0600) < 0 && errno == EACCES);
	MUST(symlink("/etc/passwd", "out/link") < 0 && errno == EACCES);
	MUST(unlink("file") < 0 && errno == EACCES);
	/* Nobody listens on port 53 of this test's own network. */
	MUST(connect_to(53) == ECONNREFUSED);
	if (version >= 4)
		MUST(connect_to(80) == EACCES);
	if (version >= 6)
		MUST(kill(getppid(), 0) < 0 && errno == EPERM);
	return 0;
}

static int alone(void)
{
	/* An empty network, so that the result does not depend on the machine's. */
	MUST(unshare(CLONE_NEWNET) == 0);
	MUST(system("ip link set lo up") == 0);
	return landlocked();
}

static void test_landlock(void **state)
{
	(void)state;
	/* Landlock is in both kernels that the tests run on, but may be missing in others. */
	if (landlock_version() <= 0)
		skip();
	assert_int_equal(in_process(alone), 0);
}

/* ---- the profiles ---- */

static const int one_cap[] = {CAP_NET_ADMIN, -1};

static void *thread(void *to)
{
	char *p = malloc(100000);

	*(bool *)to = p;
	free(p);
	return NULL;
}

static bool has_threads(void)
{
	pthread_t id;
	bool ran = false;

	return pthread_create(&id, NULL, thread, &ran) == 0 && pthread_join(id, NULL) == 0 && ran;
}

static int responder(void)
{
	const struct sandbox what = {.profile = SANDBOX_RESPONDER,
				     .name = "test-responder",
				     .caps = one_cap,
				     .uid = SANDBOX_OWN_USER,
				     .connect = 53,
				     .open_files = 64};
	struct sandbox_state s;
	struct report r = {0};
	long version = landlock_version();

	MUST(sandbox_enter(&what, &s, &r) == 0);
	MUST(s.seccomp && s.landlock == (version > 0 ? version : 0));
	MUST(getuid() >= 0x70000000 && getgid() == getuid());
	MUST(has_threads() && has_threads());
	MUST(open("single", O_RDONLY) < 0 && errno == EACCES);
	MUST(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
	MUST(socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
	return 0;
}

static int daemon_profile(void)
{
	static const char *const read[] = {"in", NULL}, *const write[] = {"out", NULL};
	const struct sandbox what = {.profile = SANDBOX_DAEMON,
				     .name = "test-daemon",
				     .caps = one_cap,
				     .uid = 65534,
				     .read = read,
				     .write = write,
				     .connect = 53,
				     .open_files = 64};
	struct sandbox_state s;
	struct report r = {0};

	MUST(sandbox_enter(&what, &s, &r) == 0);
	MUST(s.seccomp && getuid() == 65534 && getgid() == 65534);
	MUST(has_threads());
	MUST(open("in/file", O_RDONLY) >= 0);
	int fd = open("out/made", O_WRONLY | O_CREAT, 0644);
	MUST(fd >= 0 && fchmod(fd, 0600) == 0 && rename("out/made", "out/moved") == 0 && unlink("out/moved") == 0);
	if (s.landlock)
		MUST(open("single", O_RDONLY) < 0 && errno == EACCES);
	MUST(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
	MUST(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0);
	return 0;
}

static const char *fatal_call;

static int fatal(void)
{
	const struct sandbox what = {.profile = SANDBOX_RESPONDER, .name = "test", .caps = one_cap};
	struct sandbox_state s;
	struct report r = {0};
	char name[] = "true", *argv[] = {name, NULL};

	close(STDERR_FILENO); /* suppresses the log line that names the call */
	MUST(sandbox_enter(&what, &s, &r) == 0);
	if (strcmp(fatal_call, "execve") == 0)
		execv("/bin/true", argv);
	else if (strcmp(fatal_call, "fork") == 0)
		syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	else if (strcmp(fatal_call, "exec memory") == 0)
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else if (strcmp(fatal_call, "kill") == 0)
		kill(getppid(), 0);
	return 1;
}

static void test_profiles(void **state)
{
	static const char *const calls[] = {"execve", "fork", "exec memory", "kill"};

	(void)state;
	assert_int_equal(in_process(responder), 0);
	assert_int_equal(in_process(daemon_profile), 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		fatal_call = calls[i];
		assert_int_equal(in_process(fatal), 125);
	}
}

/* The parent ends before its child asks for a signal at its parent's death. */
static int orphan(void)
{
	const struct sandbox what = {.profile = SANDBOX_RESPONDER, .name = "test", .caps = one_cap, .parent = 1};
	struct sandbox_state s;
	struct report r = {0};

	MUST(sandbox_enter(&what, &s, &r) == -ESRCH);
	return 0;
}

static void test_orphan(void **state)
{
	(void)state;
	assert_int_equal(in_process(orphan), 0);
}

/* Lines of fold's processes name the process. Lines of fold-dhcpd do not, because they begin with its name anyway. */
static int whose_line(enum sandbox_profile profile, const char *line)
{
	static const int no_such_cap[] = {1000, -1};
	const struct sandbox what = {.profile = profile, .name = "test", .caps = no_such_cap};
	struct sandbox_state s;
	struct report r = {0};

	MUST(sandbox_enter(&what, &s, &r) == -EPERM);
	MUST(strcmp(r.msg, line) == 0);
	return 0;
}

static int responders_line(void)
{
	return whose_line(SANDBOX_RESPONDER, "test: privileges could not be given up");
}

static int daemons_line(void)
{
	return whose_line(SANDBOX_DAEMON, "privileges could not be given up");
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(in_process(responders_line), 0);
	assert_int_equal(in_process(daemons_line), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_filter),   cmocka_unit_test(test_ioctls), cmocka_unit_test(test_landlock),
	    cmocka_unit_test(test_profiles), cmocka_unit_test(test_orphan), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
