/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns: the answerer for the guest's name questions.
 *
 * Specifications: RFC 1034, 1035 (the protocol), 2181 (RRsets), 2308 (negative answers), 3597 (unknown types), 4343
 * (case), 6303, 6761, 6762, 7686, 8375, 9462 (names with a meaning of their own), 6891 (EDNS), 8020 (NXDOMAIN), 8482
 * (ANY), 8906 (always an answer), 7766 over 9293 (TCP, see stream.h), 9619 (one question).
 *
 * The zone (guest/zone.h) holds every record in wire format, so an answer from local data needs no more than to read
 * the question with rd and to copy records with wr: no allocation, no library. ldns works only where no packet waits:
 * upstream.c takes other servers' answers apart with it and puts them together anew before the cache or the guest sees
 * them.
 */
#ifndef FOLD_DNS_DNS_H
#define FOLD_DNS_DNS_H

#include "guest/guest.h"
#include "pkt/pkt.h"

/*
 * A UDP packet from the guest for port 53. Pure; nothing is kept and nothing allocated.
 * ANSWER_REPLY: out holds the answer, from the address that was asked.
 * ANSWER_FORWARD: others may know: out holds the question for forward_ask().
 * ANSWER_DROP: it can have no answer (too short, an answer itself), or the sender is not the guest.
 * ANSWER_NOT_MINE: not a question for fold.
 */
enum answer dns_answer(const struct guest *g, const struct pkt *in, struct reply *out);

/*
 * The same for a question from the network to the VM's own address, from which the answer comes. fold asks no other
 * servers for it.
 */
enum answer dns_answer_network(const struct guest *g, const struct pkt *in, struct reply *out);

/*
 * A TCP segment for port 53 of one of fold's own addresses. Pure as well. With g->dns.streams: ANSWER_STREAM, a segment
 * for stream_segment(). Without, the program keeps no connections, and a reset refuses the segment at once (RFC 9293
 * 3.10.7.1), so that the client does not wait. ANSWER_REPLY (a reset), ANSWER_QUIET, ANSWER_DROP, or ANSWER_NOT_MINE.
 */
enum answer dns_segment(const struct guest *g, const struct pkt *in, struct reply *out);

#endif
