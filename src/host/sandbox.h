/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox: what a process may still do once everything is set up: whose rights, which system calls, which files, which ports.
 *
 * Each profile is for one kind of process; sandbox_calls.c has their lists of system calls, each with its reason.
 */
#ifndef FOLD_HOST_SANDBOX_H
#define FOLD_HOST_SANDBOX_H

#include "base/report.h"

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

enum sandbox_profile {
	/* Talks to guests; opens no file: those that it reads are handed to it (guard.h). What fold's caller left open is closed. */
	SANDBOX_RESPONDER,
	SANDBOX_DAEMON, /* talks to guests, and reads and writes files by itself, those that `read` and `write` name */
	SANDBOX_KEEPER, /* never sees a guest's octet: opens files for others, takes down what there is */
};

/* A user for this process alone, whom no file and no other process belongs to. */
#define SANDBOX_OWN_USER UINT32_MAX

struct sandbox {
	enum sandbox_profile profile;
	const char *name; /* of the process, 15 octets at most; for `ps` and for the line in which it is named */
	/* Capabilities that it keeps, CAP_... of linux/capability.h, -1 at the end. */
	const int *caps;
	/* As whom it runs: 0 leaves it as it is. The group is the user's number too where gid is 0. */
	uid_t uid;
	gid_t gid;
	/*
	 * With Landlock: the files and directories, with all below, that it may read, or also write, make and remove; NULL at the end.
	 * Not for SANDBOX_KEEPER, whose files are anywhere.
	 */
	const char *const *read;
	const char *const *write;
	uint16_t connect; /* the port of TCP to which it may connect (Linux 6.7), 0: none */
	unsigned
	    open_files; /* so many descriptors at most; 0: as it is. With a user of its own it has 4 threads at most. */
	pid_t parent;   /* it dies with that one, which is its parent; 0: it does not */
};

/* What is in force, for a line in the log. */
struct sandbox_state {
	bool seccomp;
	int landlock; /* version, 0: this kernel has none */
};

/*
 * Enters it for good. To be called with one thread, when all descriptors are open. A system call that the process is not to
 * make then ends it with status 125 and a line that has the call's number. 0, or -errno with a line in r; then the process is
 * half in it and must end.
 */
int sandbox_enter(const struct sandbox *what, struct sandbox_state *state, struct report *r);

/*
 * Gives up every capability and every way to new ones, and nothing else: for a process that no guest's octet reaches and that
 * asks the host's own services. 0, or -errno with a line in r.
 */
int sandbox_drop_all(struct report *r);

#endif
