/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed: frames of a capture into the responder, by the entry that the live path uses.
 *
 * A DNS connection is kept as fold keeps it, but that its first sequence number is the one that the capture's server
 * had: so what the guest acknowledged then means the same now, as far as the answers are as long as those were. (A
 * window that was scaled then is a small one now, for fold does not scale.) Nothing is said twice: nobody looks at
 * the clock between two frames.
 */
#ifndef FOLD_TESTS_PCAP_FEED_H
#define FOLD_TESTS_PCAP_FEED_H

#include "answer/answer.h"
#include "show/capture.h"

#include <stdbool.h>
#include <stdio.h>

struct feed {
	const struct guest *guest;
	bool all_sources;      /* not only frames whose source is the guest's MAC */
	bool network;          /* and what others ask the guest's own address by UDP on port 53, as from the network */
	bool csum_pending;     /* say that transport checksums are not filled in yet */
	struct stream *stream; /* feed_open()'s */
};

/* Before the first frame, once the rest is filled in; and after the last. Out of memory ends the program. */
void feed_open(struct feed *f);
void feed_close(struct feed *f);

/* True where the frame is one that the responder is to see. */
bool feed_takes(const struct feed *f, const struct capture_frame *in);

/*
 * One frame, and no connection: each part in memory of its own at an odd address: a read past an end or an unaligned
 * load shows.
 */
enum answer feed_frame(const struct feed *f, const struct capture_frame *in, struct reply *out);

/*
 * Feeds every frame that feed_takes() and adds the replies to `replies`, each with the number and the time of its
 * request; a segment of a connection may have several. verdicts: where one line a frame goes, or NULL.
 * fields: under each such line all fields of the reply. Returns how many were fed.
 */
size_t feed_capture(const struct feed *f, const struct capture *in, struct capture *replies, FILE *verdicts,
		    bool fields);

/* The same `times` over with nothing kept, for speed. Returns how many frames were fed. */
uint64_t feed_loop(const struct feed *f, const struct capture *in, uint64_t times);

/* "reply DHCPACK", "quiet", "drop arp-target". Returns text. */
const char *feed_verdict(enum answer a, const struct reply *r, char *text, size_t size);

#endif
