/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands: fold's subcommands, and the address commands of `-4`. */
#ifndef FOLD_CLI_COMMANDS_H
#define FOLD_CLI_COMMANDS_H

#include "cli/options.h"

#include <stdbool.h>

/* Runs the subcommand that argv[1] names and sets *status; false where it names none. */
bool command_run(int argc, char **argv, int *status);

/* `fold mkaddress` and `fold keygen`: argv[1] is the command; they return the exit status. */
int command_mkaddress(int argc, char **argv);
int command_keygen(int argc, char **argv);

/* `fold inspect`; likewise. */
int command_inspect(int argc, char **argv);

/* `-4 auto` and `-4 release`; return the exit status. Only the address goes to stdout. */
int command_allocate(const struct options *o);
int command_release(const struct options *o);

#endif
