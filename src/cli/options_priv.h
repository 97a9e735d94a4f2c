/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options_priv: what the files of the command line share. */
#ifndef FOLD_CLI_OPTIONS_PRIV_H
#define FOLD_CLI_OPTIONS_PRIV_H

#include "cli/options.h"

/* The flags of IPv6, each as it is met; 0 or -EINVAL with a line in r. */
int options6_set(struct options *o, const char *word, struct report *r);   /* -6 */
int options6_group(struct options *o, const char *word, struct report *r); /* -m, of IPv6 */

/* -a and -A (flag says which); 0 or -EINVAL with a line in r. */
int options_action(struct options *o, int flag, const char *word, struct report *r);

/* After all flags and the MAC: refuses what does not go together, sets the address. 0 or -EINVAL with a line in r. */
int options6_finish(struct options *o, struct report *r);

#endif
