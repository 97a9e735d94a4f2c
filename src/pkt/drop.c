/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkt/drop.h"

const char *drop_name(enum drop d)
{
	static const char *const names[] = {
#define X(name, text, meaning) text,
	    DROP_LIST(X)
#undef X
	};
	return (unsigned)d < DROP_COUNT ? names[d] : "?";
}

const char *drop_meaning(enum drop d)
{
	static const char *const meanings[] = {
#define X(name, text, meaning) meaning,
	    DROP_LIST(X)
#undef X
	};
	return (unsigned)d < DROP_COUNT ? meanings[d] : "?";
}
