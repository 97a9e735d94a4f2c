/* SPDX-License-Identifier: GPL-2.0-or-later */
/* answer: the table that says which answerer owns which packet. */
#ifndef FOLD_ANSWER_ANSWER_H
#define FOLD_ANSWER_ANSWER_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * One frame from the guest (or, where in->to_guest says so, from the network for it) in, at most one whole frame out:
 * decode, find the answerer, wrap. This is the only entry to the responder: the live path, the
 * replay harness and the fuzzers all call it. Pure; nothing is kept between calls.
 * ANSWER_REPLY: out->frame and out->frame_len are ready to send, to where the frame came from.
 * ANSWER_FORWARD: a DNS question for others: out goes to forward_ask().
 * ANSWER_STREAM: a segment of a DNS connection: the frame goes to stream_segment(). Only where g->dns.streams says so.
 * ANSWER_NOTED: the guest has acknowledged the notification of g->notify.
 * ANSWER_DROP: out->drop says why. Never returns ANSWER_NOT_MINE.
 */
enum answer answer_frame(const struct guest *g, const struct frame *in, struct reply *out);

/*
 * A router advertisement that nobody asked for, to all nodes (RFC 4861 6.2.4), whole and ready to send. was: the guest as
 * it was before a change, whose values that are no longer true are withdrawn, or NULL. last: nothing more will come, the
 * router goes (6.2.5). False where there is none to send: no IPv6 or not answered, or it does not fit.
 */
bool answer_advertise(const struct guest *g, const struct guest *was, bool last, struct reply *out);

/* Builds the notification of g->notify over that family; false where none is to be sent. */
bool answer_notify(const struct guest *g, bool ip6, struct reply *out);

#endif
