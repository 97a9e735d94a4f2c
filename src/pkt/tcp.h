/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp: parses a segment, and compares sequence numbers. Specifications: RFC 9293 3.1, 3.2, 3.4.
 */
#ifndef FOLD_PKT_TCP_H
#define FOLD_PKT_TCP_H

#include "pkt/pkt.h"

#define TCP_HEADER 20 /* without options */

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

struct tcp_segment {
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;
	uint16_t mss; /* the option's value; 0: there is none */
	const uint8_t *data;
	uint32_t len;   /* octets at data */
	uint32_t space; /* RFC 9293 3.4: data, and one each for SYN and FIN */
};

/*
 * in: of a TCP kind, as pkt_decode() left it. False if its header is
 * not whole. An option with an impossible length ends the options.
 */
bool tcp_parse(const struct pkt *in, struct tcp_segment *out);

/* RFC 9293 3.4: modulo 2^32. True where a comes before b. */
static inline bool tcp_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

#endif
