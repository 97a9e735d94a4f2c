/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foreign_priv: the other kind of tables (foreign_xt.c), which the kernel keeps beside those of nf_tables. */
#ifndef FOLD_FW_FOREIGN_PRIV_H
#define FOLD_FW_FOREIGN_PRIV_H

#include "fw/foreign.h"

/* As foreign_forward_drops(); the chain is named as its tool would list it. */
int foreign_legacy(int family, const char *bridge, char where[static FOREIGN_TEXT]);

#endif
