/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed: gives the frames of a capture to the responder, through the function that the live path uses.
 *
 * DNS over TCP works as in fold, except that fold's first sequence number is the one that the capture's server used. So
 * the guest's acknowledgements in the capture fit, as long as fold's answers have the same lengths. (fold does not do
 * window scaling, so a window that was scaled in the capture is small here.) Nothing is retransmitted, because no timer
 * runs between two frames.
 */
#ifndef FOLD_TESTS_PCAP_FEED_H
#define FOLD_TESTS_PCAP_FEED_H

#include "answer/answer.h"
#include "show/capture.h"

#include <stdbool.h>
#include <stdio.h>

struct feed {
	const struct guest *guest;
	bool all_sources;      /* feed all frames, not only those from the guest's MAC */
	bool network;          /* also feed others' DNS queries by UDP to the guest's address, as from the network */
	bool csum_pending;     /* mark the frames as having no transport checksum yet */
	struct stream *stream; /* feed_open()'s */
};

/* open: call it before the first frame, with the other fields set. close: after the last. Exits if out of memory. */
void feed_open(struct feed *f);
void feed_close(struct feed *f);

/* True if the frame is to be fed to the responder. */
bool feed_takes(const struct feed *f, const struct capture_frame *in);

/*
 * Feeds one frame, without DNS connections. Link-layer header and packet are copied to allocations of their own at odd
 * addresses, so that sanitizers detect a read past an end or an unaligned load.
 */
enum answer feed_frame(const struct feed *f, const struct capture_frame *in, struct reply *out);

/*
 * Feeds every frame for which feed_takes() is true and adds the replies to `replies`, each with the number and the time
 * of its request; a TCP segment may have several. verdicts: gets one line for each frame, or NULL. fields: prints all
 * fields of the reply below that line. Returns how many frames were fed.
 */
size_t feed_capture(const struct feed *f, const struct capture *in, struct capture *replies, FILE *verdicts,
		    bool fields);

/* Feeds the frames `times` times and discards the replies, to measure the speed. Returns how many frames were fed. */
uint64_t feed_loop(const struct feed *f, const struct capture *in, uint64_t times);

/* Formats the verdict: "reply DHCPACK", "quiet", "drop arp-target". Returns text. */
const char *feed_verdict(enum answer a, const struct reply *r, char *text, size_t size);

#endif
