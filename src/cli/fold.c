/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fold: main(). Runs the subcommand that the first word names, else one VM. */
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/session.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An older environment may name the commands that make rules by these variables; fold runs no such command. */
static void notice_old_environment(void)
{
	if (getenv("IPTABLES") || getenv("IP6TABLES") || getenv("EBTABLES"))
		log_warn("IPTABLES, IP6TABLES and EBTABLES in the environment have no effect: no such command is run");
}

static int run_options(const struct options *o)
{
	switch (o->mode) {
	case OPTIONS_HELP:
		fputs(options_usage, stdout);
		return EXIT_SUCCESS;
	case OPTIONS_VERSION:
		puts("fold " FOLD_VERSION);
		return EXIT_SUCCESS;
	case OPTIONS_ALLOCATE:
		return command_allocate(o);
	case OPTIONS_RELEASE:
		return command_release(o);
	case OPTIONS_RUN:
		notice_old_environment();
		return session_run(o);
	}
	return FOLD_EXIT_FAILED;
}

/* Fails where stdout could not be written: nobody saw the output. If the command failed, it has already said so. */
static int written(int status)
{
	if (status != EXIT_SUCCESS || (fflush(stdout) == 0 && !ferror(stdout)))
		return status;
	log_err("stdout: cannot be written: %s", strerror(errno));
	return FOLD_EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct options o;
	struct report r = {0};
	int status;

	/*
	 * The C library's own value, which it raises otherwise with each large block that is freed (mallopt(3)). Large
	 * tables, of which few pages are used, would then come from memory used before, and calloc() would touch all.
	 */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	file_open_standard();
	/* A caller that ignores it passes that on, and then the kernel tells nobody of the end of the hypervisor. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN); /* a write past the file size limit then fails with an error like any other */
	log_open("fold", false);
	if (command_run(argc, argv, &status))
		return written(status);
	if (argc < 2) {
		fputs(options_usage, stderr);
		return FOLD_EXIT_USAGE;
	}
	int err = options_parse(argc, argv, &o, &r);
	if (err < 0) {
		log_err("%s", report_line(&r, err));
		status = FOLD_EXIT_USAGE;
	} else {
		if (o.verbose)
			log_open("fold", true);
		status = written(run_options(&o));
	}
	options_free(&o);
	return status;
}
