/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * past: what a guest was told and what is no more, for as long as router advertisements withdraw it: RFC 4861 6.2.4 has what is new
 * said three times, so that one frame may get lost, and what it took the place of deserves no less (RFC 9096 3.5).
 */
#ifndef FOLD_GUEST_PAST_H
#define FOLD_GUEST_PAST_H

#include "guest/guest.h"

/*
 * Name servers, search names and the prefix that `was` had and `now` has not join those that are there already, as copies; of prefixes
 * the newest is kept, which is the one that may not have been withdrawn yet. past: NULL at first, and the caller's, for
 * ra_advertise()'s `was`: nothing else of it is filled. Without memory there is less of it.
 */
void past_add(struct guest **past, const struct guest *was, const struct guest *now);
/* All was said often enough. */
void past_free(struct guest **past);

#endif
