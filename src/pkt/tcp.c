/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pkt/tcp.h"

#include "base/rd.h"

enum { OPTION_END = 0, OPTION_NOTHING = 1, OPTION_MSS = 2 };

#define OPTION_MSS_LEN 4

/* RFC 9293 3.1: the MSS option, or 0. Other options are skipped by their length (MUST-6). */
static uint16_t read_mss(struct rd r)
{
	while (rd_left(&r)) {
		uint8_t kind = rd_u8(&r);
		if (kind == OPTION_END)
			break;
		if (kind == OPTION_NOTHING)
			continue;
		uint8_t len = rd_u8(&r);
		/* RFC 9293 3.1, MUST-7: an impossible length must do no harm; it ends the options. */
		if (r.bad || len < 2)
			break;
		if (kind == OPTION_MSS && len == OPTION_MSS_LEN)
			return rd_u16(&r);
		rd_bytes(&r, len - 2U);
	}
	return 0;
}

bool tcp_parse(const struct pkt *in, struct tcp_segment *out)
{
	struct rd r = rd_over(in->data, in->len);

	*out = (struct tcp_segment){0};
	rd_u32(&r); /* ports, which pkt_decode() has read */
	out->seq = rd_u32(&r);
	out->ack = rd_u32(&r);
	size_t header = (size_t)(rd_u8(&r) >> 4) * 4;
	out->flags = rd_u8(&r);
	out->window = rd_u16(&r);
	rd_u32(&r); /* checksum, urgent pointer */
	if (r.bad || header < TCP_HEADER || header > in->len)
		return false;
	out->mss = read_mss(rd_sub(&r, header - TCP_HEADER));
	out->data = r.p;
	out->len = (uint32_t)rd_left(&r);
	out->space = out->len + !!(out->flags & TCP_SYN) + !!(out->flags & TCP_FIN);
	return true;
}
