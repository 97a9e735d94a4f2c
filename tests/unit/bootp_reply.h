/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bootp_reply: a parser of DHCPv4 replies for tests and fuzzers. It shares no code
 * with fold, and rejects what any known client rejects.
 */
#ifndef FOLD_TESTS_BOOTP_REPLY_H
#define FOLD_TESTS_BOOTP_REPLY_H

#include "guest/guest.h"
#include "pkt/pkt.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

enum { AREA_MAIN, AREA_FILE, AREA_SNAME };

struct bootp_option {
	uint8_t code, area;
	size_t len;
	const uint8_t *at;
};

struct bootp_reply {
	const uint8_t *p;
	size_t len;
	struct in_addr ciaddr, yiaddr, siaddr, giaddr;
	uint16_t flags;
	uint8_t overload;
	size_t end; /* offset of the options field's END */
	size_t count;
	struct bootp_option at[300];
};

/* Parses one field of options; false unless it consists of options, END and then zeros. */
static inline bool bootp_walk(struct bootp_reply *r, uint8_t area, size_t from, size_t to)
{
	size_t i = from;

	while (i < to && r->p[i] != 255) {
		uint8_t code = r->p[i];
		if (code == 0 || i + 2 > to || i + 2 + r->p[i + 1] > to || r->count == 300)
			return false; /* PAD before END: old U-Boot complains */
		r->at[r->count++] =
		    (struct bootp_option){.code = code, .area = area, .len = r->p[i + 1], .at = r->p + i + 2};
		if (code == 52) {
			if (area != AREA_MAIN || r->p[i + 1] != 1 || r->overload)
				return false;
			r->overload = r->p[i + 2];
		}
		i += 2u + r->p[i + 1];
	}
	if (i >= to)
		return false;
	if (area == AREA_MAIN)
		r->end = i;
	for (i++; i < to; i++)
		if (r->p[i])
			return false;
	return true;
}

/* The whole value of an option, its parts joined (RFC 3396); -1 if the reply lacks it. */
static inline int bootp_get(const struct bootp_reply *r, uint8_t code, uint8_t *to, size_t size)
{
	size_t len = 0;
	bool found = false;

	for (size_t i = 0; i < r->count; i++) {
		if (r->at[i].code != code)
			continue;
		found = true;
		if (len + r->at[i].len <= size)
			memcpy(to + len, r->at[i].at, r->at[i].len);
		len += r->at[i].len;
	}
	return found ? (int)len : -1;
}

static inline const struct bootp_option *bootp_find(const struct bootp_reply *r, uint8_t code)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->at[i].code == code)
			return &r->at[i];
	return NULL;
}

/* Parses the reply. Returns NULL, or what is wrong with it. */
static inline const char *bootp_read(const uint8_t *p, size_t len, struct bootp_reply *r)
{
	static const uint8_t cookie[] = {99, 130, 83, 99};

	r->p = p;
	r->len = len;
	r->count = 0;
	r->overload = 0;
	if (len < 300)
		return "shorter than 300 octets";
	if (len > 1472)
		return "longer than a datagram of 1500";
	if (memcmp(p + 236, cookie, 4) != 0)
		return "no cookie";
	memcpy(&r->ciaddr, p + 12, 4);
	memcpy(&r->yiaddr, p + 16, 4);
	memcpy(&r->siaddr, p + 20, 4);
	memcpy(&r->giaddr, p + 24, 4);
	r->flags = (uint16_t)(p[10] << 8 | p[11]);
	if (!bootp_walk(r, AREA_MAIN, 240, len))
		return "options field: overrun, PAD, doubled overload, no END, or octets after it";
	if (r->overload > 3)
		return "overload above 3";
	if ((r->overload & 1) && !bootp_walk(r, AREA_FILE, 108, 236))
		return "overloaded file field is no options";
	if ((r->overload & 2) && !bootp_walk(r, AREA_SNAME, 44, 108))
		return "overloaded sname field is no options";
	if (!(r->overload & 1) && p[235])
		return "file is not terminated";
	if (!(r->overload & 2) && p[107])
		return "sname is not terminated";
	for (size_t i = 1; i < r->count; i++)
		for (size_t j = 0; j < i; j++)
			if (r->at[i].code == r->at[j].code &&
			    (r->at[i - 1].code != r->at[i].code || r->at[i - 1].len != 255))
				return "an option stands there twice";
	return NULL;
}

/* Checks what must be true of every reply. Returns NULL, or what is wrong. request has at least 44 octets. */
static inline const char *bootp_check(const struct guest *g, const uint8_t *request, const struct reply *out,
				      struct bootp_reply *r)
{
	static const uint8_t all[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const char *wrong = bootp_read(out->w.start, (size_t)(out->w.p - out->w.start), r);
	const struct bootp_option *type, *id;

	if (wrong)
		return wrong;
	if (out->w.full || out->w.p > out->w.end)
		return "a cursor that is full";
	if (r->p[0] != 2 || r->p[1] != 1 || r->p[2] != 6 || r->p[3] != 0 || r->p[8] || r->p[9])
		return "op, htype, hlen, hops or secs";
	if (memcmp(r->p + 4, request + 4, 4) != 0 || memcmp(r->p + 10, request + 10, 2) != 0)
		return "xid or flags are not the client's";
	if (memcmp(r->p + 28, request + 28, 16) != 0 || memcmp(r->p + 28, g->id.mac, 6) != 0)
		return "chaddr is not the client's";
	if (r->giaddr.s_addr)
		return "giaddr";
	if (r->ciaddr.s_addr && r->ciaddr.s_addr != g->id.ip4.addr.s_addr)
		return "ciaddr of somebody else";
	if (r->yiaddr.s_addr && r->yiaddr.s_addr != g->id.ip4.addr.s_addr)
		return "yiaddr of somebody else";
	if (out->kind != PKT_UDP4 || out->sport != 67 || out->dport != 68 || out->src4.s_addr != g->dhcp_server4.s_addr)
		return "not from our address and port 67 to port 68";
	if (out->dst4.s_addr == INADDR_BROADCAST
		? memcmp(out->dst_mac, all, 6) != 0
		: out->dst4.s_addr != g->id.ip4.addr.s_addr || memcmp(out->dst_mac, g->id.mac, 6) != 0)
		return "neither to the guest nor to all";
	if (!out->event)
		return "no event";

	type = bootp_find(r, 53);
	id = bootp_find(r, 54);
	if (!type) /* BOOTP */
		return r->yiaddr.s_addr && !id && !bootp_find(r, 51) && !r->overload ? NULL
										     : "a BOOTP reply with DHCP in it";
	if (type != &r->at[0] || type->len != 1)
		return "message type is not the first option";
	if (!id || id->len != 4 || memcmp(id->at, &g->dhcp_server4, 4) != 0 || id->area != AREA_MAIN)
		return "server identifier";
	if (type->at[0] != 2 && type->at[0] != 5 && type->at[0] != 6)
		return "a message type that is not a server's";
	if (type->at[0] == 6)
		return r->yiaddr.s_addr || r->ciaddr.s_addr || r->siaddr.s_addr || !bootp_find(r, 56) ||
			       bootp_find(r, 51) || bootp_find(r, 1) || out->dst4.s_addr != INADDR_BROADCAST
			   ? "a NAK with an address, without a message, or to one"
			   : NULL;
	if ((r->yiaddr.s_addr != 0) != (bootp_find(r, 51) != NULL))
		return "an address without a lease time, or the other way round";
	if (!bootp_find(r, 1) || (bootp_find(r, 3) && bootp_find(r, 3) < bootp_find(r, 1)))
		return "no subnet mask, or not before the router";
	for (uint8_t code = 55; code <= 57; code += 2)
		if (bootp_find(r, code))
			return "an option that only clients send";
	return bootp_find(r, 50) || bootp_find(r, 0) ? "an option that only clients send" : NULL;
}

#endif
