/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands: fold's subcommands, and the address commands of `-4`. */
#ifndef FOLD_CLI_COMMANDS_H
#define FOLD_CLI_COMMANDS_H

#include "cli/options.h"
#include "cli/session.h"

#include <stdbool.h>

/* Runs the subcommand that argv[1] names and sets *status; false where it names none. */
bool command_run(int argc, char **argv, int *status);
bool command_exists(const char *name);

/* `fold mkaddress` and `fold keygen`: argv[1] is the command; they return the exit status. */
int command_mkaddress(int argc, char **argv);
int command_keygen(int argc, char **argv);

/* `fold gc`; likewise. */
int command_gc(int argc, char **argv);

/*
 * Shared by the commands. no_claims: logs why the claims could not be read. no_more_words: logs an error if a command
 * without arguments got some. Both return the exit status; no_more_words returns 0 if there are no arguments.
 */
int command_no_claims(int err);
int command_no_more_words(int argc, char **argv);

/* `fold inspect` and `fold explain`; likewise. */
int command_inspect(int argc, char **argv);
int command_explain(int argc, char **argv);

/* The running VM of that interface. EXIT_SUCCESS, or the exit status after one line that says why not. */
int command_find_vm(const char *iface, struct session_info *out);

/* `-4 auto` and `-4 release`; return the exit status. Only the address goes to stdout. */
int command_allocate(const struct options *o);
int command_release(const struct options *o);

#endif
