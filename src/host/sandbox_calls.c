/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profiles' lists of system calls. A call that is in no list ends the process: execve, fork,
 * ptrace, mount, bpf, keyctl, io_uring, modules, namespaces, raw and (but for KEEPER) packet sockets,
 * and whatever later kernels add. A call that a library tries on its own and can do without fails instead (FAILS).
 */
#include "host/sandbox_calls.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

#include <linux/sockios.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define ALL UINT32_MAX
#define MAY(call)                                                                                                      \
	{                                                                                                              \
		.nr = SYS_##call                                                                                       \
	}
#define MAY_IF(call, ...)                                                                                              \
	{                                                                                                              \
		.nr = SYS_##call, .arg = { __VA_ARGS__ }                                                               \
	}
#define FAILS(call, errno_)                                                                                            \
	{                                                                                                              \
		.nr = SYS_##call, .error = (errno_)                                                                    \
	}
#define ARG(n, mask_, value_)                                                                                          \
	{                                                                                                              \
		.at = (n), .mask = (mask_), .value = (value_)                                                          \
	}

#define TYPE_MASK 0xfU /* SOCK_CLOEXEC and SOCK_NONBLOCK lie above */
#define SOCKET(family, type) MAY_IF(socket, ARG(0, ALL, family), ARG(1, TYPE_MASK, type))
#define SOCKET_OF(family, type, protocol)                                                                              \
	MAY_IF(socket, ARG(0, ALL, family), ARG(1, TYPE_MASK, type), ARG(2, ALL, protocol))

/* What clone() may make: a thread of this process, in no new namespace. */
#define NEW_NAMESPACES                                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define THREAD (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)

#define NPTL_SETXID 33 /* glibc's own signal, for which the first thread installs a handler */

/* For all profiles: memory, time, waiting, threads, exit; reading from and writing to open descriptors. */
static const struct seccomp_rule common[] = {
#ifdef SYS_epoll_wait
    MAY(epoll_wait),
#endif
    MAY(epoll_pwait),
    MAY(recvmmsg),
    MAY(sendmmsg),
    MAY(recvmsg),
    MAY(sendmsg),
    MAY(recvfrom),
    MAY(sendto),
    MAY(read),
    MAY(write),
    MAY(writev),
    MAY(close),
    MAY(futex),
    MAY(clock_gettime), /* without a vDSO, as in some virtual machines */
    MAY(gettimeofday),
    MAY(clock_nanosleep),
    MAY(nanosleep),
    MAY(restart_syscall),
    MAY(sched_yield),
    MAY(getrandom),
#ifdef SYS_time
    MAY(time),
#endif
#ifdef SYS_poll
    MAY(poll),
#endif
    MAY(ppoll),
    MAY(epoll_ctl),
    MAY(epoll_create1),
    MAY(timerfd_create),
    MAY(timerfd_settime),
    MAY(lseek),
    MAY(fstat),
    MAY(brk),
    MAY_IF(mmap, ARG(2, PROT_EXEC, 0)),
    MAY_IF(mprotect, ARG(2, PROT_EXEC, 0)),
    MAY(munmap),
    MAY(mremap),
    MAY(madvise),
    /* A filter cannot see clone3's arguments, which are in memory. After ENOSYS libc uses clone. */
    FAILS(clone3, ENOSYS),
    MAY_IF(clone, ARG(0, THREAD | NEW_NAMESPACES, THREAD)),
    MAY(set_robust_list),
    MAY(rseq),
    /* malloc asks how many processors there are (arenas), qsort how much memory, pthread_create for the stack limit. */
    MAY(sched_getaffinity),
    MAY(sysinfo),
    MAY_IF(prlimit64, ARG(0, ALL, 0)),
    MAY(rt_sigprocmask),
    MAY_IF(rt_sigaction, ARG(0, ALL, NPTL_SETXID)),
    MAY_IF(rt_sigaction, ARG(0, ALL, SIGABRT)),
    MAY(rt_sigreturn),
    MAY(sigaltstack),
    MAY(getpid),
    MAY(getppid),
    MAY(gettid),
    MAY(geteuid),
    MAY(getuid),
    MAY(getegid),
    MAY(getgid),
    MAY_IF(prctl, ARG(0, ALL, PR_GET_DUMPABLE)),
    MAY(tgkill), /* for abort(); for threads of other processes it needs a right that this one lacks */
    MAY(exit),
    MAY(exit_group),
};

/* The responder, which answers guests, asks name servers and watches files. */
static const struct seccomp_rule responder[] = {
    SOCKET(AF_INET, SOCK_DGRAM),
    SOCKET(AF_INET, SOCK_STREAM),
    SOCKET(AF_INET6, SOCK_DGRAM),
    SOCKET(AF_INET6, SOCK_STREAM),
    FAILS(socket, EPERM), /* syslog() may try to open the system log's socket again */
    MAY(bind),
    MAY(connect),
    MAY_IF(getsockopt, ARG(1, ALL, SOL_SOCKET), ARG(2, ALL, SO_ERROR)),
    MAY_IF(ioctl, ARG(1, ALL, SIOCGIFINDEX)), /* the scope of a name server's address */
    MAY_IF(ioctl, ARG(1, ALL, SIOCGIFNAME)),  /* to see whether tap and bridge are still the same */
    MAY_IF(ioctl, ARG(1, ALL, SIOCGIFHWADDR)),
    FAILS(ioctl, ENOTTY),
    MAY(inotify_init1),
    MAY(inotify_add_watch),
    MAY(inotify_rm_watch),
    MAY(newfstatat),
#ifdef SYS_readlink
    MAY(readlink),
#endif
    MAY(readlinkat),
    MAY(getcwd),
    MAY(memfd_create),
    MAY_IF(getpriority, ARG(0, ALL, 0), ARG(1, ALL, 0)), /* of itself */
    MAY_IF(sched_setattr, ARG(0, ALL, 0)),
    /* The guard hands it every file that it reads. The C library does without those that it would like to open. */
    FAILS(openat, EACCES),
#ifdef SYS_open
    FAILS(open, EACCES),
#endif
};

/* For profiles that open files. Landlock limits which ones; without it only the process's own code does. */
static const struct seccomp_rule files[] = {
    MAY(openat),     MAY(newfstatat), MAY(pread64), MAY(pwrite64),  MAY(getdents64), MAY(flock),   MAY(fsync),
    MAY(ftruncate),  MAY(fchmod),     MAY(fcntl),   MAY(faccessat), MAY(unlinkat),   MAY(mkdirat), MAY(renameat2),
    MAY(readlinkat), MAY(getcwd),
#ifdef SYS_open
    MAY(open),       MAY(access),     MAY(unlink),  MAY(mkdir),     MAY(rmdir),      MAY(rename),  MAY(readlink),
#endif
#ifdef SYS_renameat
    MAY(renameat),
#endif
};

#define NETLINK_ROUTE_ 0
#define NETLINK_NETFILTER_ 12

static const struct seccomp_rule daemon_only[] = {
    /* For sd_notify, and to open the system log's socket again. */
    SOCKET(AF_UNIX, SOCK_DGRAM),
    SOCKET_OF(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE_), /* LINK's tables, lists of interfaces */
    MAY(getsockname),
    MAY(setsockopt),
    SOCKET(AF_INET, SOCK_DGRAM),
    SOCKET(AF_INET, SOCK_STREAM),
    SOCKET(AF_INET6, SOCK_DGRAM),
    SOCKET(AF_INET6, SOCK_STREAM),
    FAILS(socket, EPERM),
    MAY(dup3), /* to open the log again */
#ifdef SYS_dup2
    MAY(dup2),
#endif
    MAY(bind),
    MAY(connect),
    MAY_IF(getsockopt, ARG(1, ALL, SOL_SOCKET), ARG(2, ALL, SO_ERROR)),
    MAY_IF(getsockopt, ARG(1, ALL, SOL_SOCKET), ARG(2, ALL, SO_MEMINFO)), /* how long the queue is */
    MAY_IF(ioctl, ARG(1, ALL, SIOCGIFINDEX)),
    FAILS(ioctl, ENOTTY),
    MAY(inotify_init1),
    MAY(inotify_add_watch),
    MAY(inotify_rm_watch),
    MAY(eventfd2),
    MAY_IF(setpriority, ARG(0, ALL, 0), ARG(1, ALL, 0)),
};

static const struct seccomp_rule keeper[] = {
    SOCKET_OF(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE_),
    SOCKET_OF(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER_),
    SOCKET_OF(AF_PACKET, SOCK_RAW, 0), /* for the responder (tx.h) */
    SOCKET(AF_UNIX, SOCK_SEQPACKET),   /* for the other folds here (link_hub.h) */
    MAY(connect),
    MAY(listen),
    MAY(accept4),
    FAILS(socket, EPERM),
    MAY(bind),
    MAY(getsockname),
    MAY(setsockopt),
    MAY(kill),
    MAY(wait4),
    MAY(shutdown),
    MAY_IF(ioctl, ARG(1, ALL, SIOCGIFNAME)), /* to see whether the tap is still the same */
    FAILS(ioctl, ENOTTY),
    MAY(uname), /* libext2fs wants to know the kernel's version */
};

#define LIST(name) ((struct seccomp_list){name, sizeof(name) / sizeof((name)[0])})

#ifdef __SANITIZE_ADDRESS__
/* For AddressSanitizer's report. */
static const struct seccomp_rule sanitizer[] = {
#ifdef SYS_readlink
    MAY(readlink),
#endif
    FAILS(prctl, EPERM),
    FAILS(rt_sigaction, EPERM),
};

/* For LeakSanitizer, which runs in processes that return from main: a separate thread stops and reads the others. */
static const struct seccomp_rule leak_sanitizer[] = {
    MAY(clone), MAY(ptrace), MAY(prctl), MAY(rt_sigaction), MAY(pipe2), MAY(getdents), MAY(wait4),
};
#endif

size_t sandbox_calls(enum sandbox_profile profile, struct seccomp_list out[static SANDBOX_LISTS])
{
	size_t n = 0;

	out[n++] = LIST(common);
	switch (profile) {
	case SANDBOX_RESPONDER:
		out[n++] = LIST(responder);
		break;
	case SANDBOX_DAEMON:
		out[n++] = LIST(files);
		out[n++] = LIST(daemon_only);
		break;
	case SANDBOX_KEEPER:
		out[n++] = LIST(files);
		out[n++] = LIST(keeper);
		break;
	}
#ifdef __SANITIZE_ADDRESS__
	out[n++] = profile == SANDBOX_RESPONDER ? LIST(sanitizer) : LIST(leak_sanitizer);
#endif
	return n;
}
