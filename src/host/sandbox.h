/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox: limits a process once everything is set up: its user and capabilities, system calls, files and ports.
 *
 * Each profile is for one kind of process; sandbox_calls.c has the lists of system calls, with the reason for each.
 */
#ifndef FOLD_HOST_SANDBOX_H
#define FOLD_HOST_SANDBOX_H

#include "base/report.h"

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

enum sandbox_profile {
	/*
	 * Talks to guests. Opens no file, for the guard hands it those
	 * it reads (guard.h); closes what fold's caller left open.
	 */
	SANDBOX_RESPONDER,
	SANDBOX_DAEMON, /* talks to guests, and reads and writes by itself the files that `read` and `write` name */
	SANDBOX_KEEPER, /* never sees a guest's octet: opens files for the responder, takes everything down */
};

/* A user for this process alone, who owns no file and no other process. */
#define SANDBOX_OWN_USER UINT32_MAX

struct sandbox {
	enum sandbox_profile profile;
	const char *name; /* the process's, 15 octets at most; for `ps` and for log lines */
	/* The capabilities that it keeps, CAP_... of linux/capability.h, -1 at the end. */
	const int *caps;
	/* The user and group it runs as. uid 0: no change. gid 0: the group has the user's number. */
	uid_t uid;
	gid_t gid;
	/*
	 * With Landlock: the files, and directories with all below, that it may read, or also write,
	 * make and remove; NULL at the end. Not for SANDBOX_KEEPER, whose files may be anywhere.
	 */
	const char *const *read;
	const char *const *write;
	uint16_t connect; /* the TCP port that it may connect to (Linux 6.7), 0: none */
	/* How many descriptors at most; 0: no change. With SANDBOX_OWN_USER: at most 4 threads, too. */
	unsigned open_files;
	pid_t parent; /* its parent, with which it dies; 0: it does not */
};

/* What is in force, for a line in the log. */
struct sandbox_state {
	bool seccomp;
	int landlock; /* version, 0: this kernel has none */
};

/*
 * Enters the sandbox for good. To be called with one thread, when all descriptors are open. From then
 * on a system call that the profile does not list ends the process with status 125 and a line with the
 * call's number. 0, or -errno with a line in r: the process is then half in the sandbox and must end.
 */
int sandbox_enter(const struct sandbox *what, struct sandbox_state *state, struct report *r);

/*
 * Gives up every capability and every way to new ones, and nothing else: for a process that no octet
 * from a guest reaches, and that sends requests to services of the host. 0, or -errno with a line in r.
 */
int sandbox_drop_all(struct report *r);

#endif
