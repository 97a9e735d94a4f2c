/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * past: what a guest was told and what no longer holds, kept while router advertisements withdraw it. RFC 4861 6.2.4
 * sends new information three times, because a frame may get lost; the withdrawal of the old is sent as often (RFC 9096
 * 3.5).
 */
#ifndef FOLD_GUEST_PAST_H
#define FOLD_GUEST_PAST_H

#include "guest/guest.h"

/*
 * Adds to *past copies of the name servers, search names and the prefix that `was` has and `now` has not. Of prefixes
 * only the newest is kept, the one that may not have been withdrawn yet. past: NULL at first, owned by the caller and
 * meant for ra_advertise()'s `was`; its other members stay empty. Without memory some of it is left out.
 */
void past_add(struct guest **past, const struct guest *was, const struct guest *now);
/* Once all of it was withdrawn often enough. */
void past_free(struct guest **past);

#endif
