/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkt/drop.h"

const char *drop_name(enum drop d)
{
	static const char *const names[] = {
#define X(name, text) text,
	    DROP_LIST(X)
#undef X
	};
	return (unsigned)d < DROP_COUNT ? names[d] : "?";
}
