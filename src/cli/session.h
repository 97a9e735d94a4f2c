/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: one VM from start to end. Starts in order; stops in reverse from any half-start.
 *
 *   claims -> bridge -> tap (down) -> delivery -> rules that drop everything -> copy -> image
 *          -> hypervisor and port (up, last) -> the host's addresses -> all rules -> replies -> loop
 *
 * No frame of the guest's can pass before all rules are there: the tap stays down until the first ones are in place,
 * and these drop everything. The hypervisor gets the tap after them, so no frame reaches the host either, whoever sets
 * that up.
 */
#ifndef FOLD_CLI_SESSION_H
#define FOLD_CLI_SESSION_H

#include "cli/options.h"

#include <limits.h>

enum fold_exit {
	FOLD_EXIT_USAGE = 2,
	FOLD_EXIT_FAILED = 125,
	FOLD_EXIT_NOT_EXECUTABLE = 126,
	FOLD_EXIT_NOT_FOUND = 127,
};

/* Runs the VM and returns fold's exit status. What went wrong has been said in one line on stderr. */
int session_run(const struct options *o);

/*
 * session_files(): how many files may be open at once (RLIMIT_NOFILE). A VM needs SESSION_FILES_LEAST: for rules, tap,
 * sockets, watches, and a few questions to name servers.
 */
#define SESSION_FILES_LEAST 64
unsigned long session_files(void);

/* The record in a running VM's claim, from which what a killed fold left can also be taken down. */
#define SESSION_CLAIM "vm-"
struct session_info {
	char iface[IFNAMSIZ];
	char mac[MAC_TEXT];
	char ip4[CIDR4_TEXT]; /* "-": none; so for ip6 */
	char ip6[CIDR6_TEXT];
	char bridge[IFNAMSIZ];
	int pid;
	char hypervisor[256];
	char copy[PATH_MAX];  /* "": none; so for image */
	char image[PATH_MAX]; /* of -k */
	uint32_t inode;       /* the image's, as image_write() gives it; 0: there is none yet */
};
bool session_info_parse(const char *text, struct session_info *out);
/*
 * Removes everything that a killed fold left. session_clean_files() removes only its files; it is for a fold of a
 * network namespace that no longer exists, whose record was in `folder` (see claim_folder()). Both return false, after
 * a log line, if something could not be removed.
 */
bool session_clean(const struct session_info *left);
bool session_clean_files(const struct session_info *left, unsigned long folder);

/*
 * Calls `each` for every copy of a binding in the data path that was made by a fold of which no record is left, as
 * after a power cut. If `each` returns true, the copy is removed.
 */
void session_each_left_copy(const char *datapath, bool (*each)(void *arg, const char *iface), void *arg);

#endif
