/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4_build: writes a reply: settles which option fits where, then writes everything in one pass.
 *
 * Specifications: RFC 2131 2, 4.1 and table 3 (fields, size, overload), RFC 2132 9.3, 9.10, RFC 3396 5 (long options),
 * RFC 951 and 1542 2.1 (BOOTP's least size).
 */
#include "dhcp/dhcp4_reply.h"

/* The octets left in each field that may hold options, its END already taken off. */
struct space {
	size_t main;
	size_t file;
	size_t sname;
};

/* RFC 3396 5: a value above 255 octets goes out in several options of one code. */
static size_t wire_len(const struct dhcp4_option *o)
{
	size_t len = o->len + o->ends;

	return len + 2 * (len <= DHCP4_OPTION_MAX ? 1 : (len + DHCP4_OPTION_MAX - 1) / DHCP4_OPTION_MAX);
}

/* The longest message that the client and the link take. */
static size_t limit(const struct dhcp4_choice *c)
{
	const struct dhcp4_msg *m = c->m;
	uint32_t mtu = c->g->id.mtu;
	size_t most = DHCP4_DATAGRAM_MIN - DHCP4_OVERHEAD;

	if (c->action == DHCP4_ACTION_BOOTP) {
		/* As far as fold can know, a BOOTP client has room for as much as it sends. */
		if (m->len < most)
			most = m->len;
		if (m->max_size >= DHCP4_BOOTP_MIN + DHCP4_OVERHEAD && most > m->max_size - (size_t)DHCP4_OVERHEAD)
			most = m->max_size - (size_t)DHCP4_OVERHEAD;
	} else if (m->max_size > DHCP4_DATAGRAM_MIN) {
		/* RFC 2132 9.10: the least legal value is 576; what is below is a mistake. */
		most = m->max_size - (size_t)DHCP4_OVERHEAD;
	}
	/* Never in fragments: boot loaders cannot reassemble, and the link carries no more. */
	if (mtu && most + DHCP4_OVERHEAD > mtu)
		most = mtu > DHCP4_OVERHEAD ? mtu - DHCP4_OVERHEAD : 0;
	return most > DHCP4_BOOTP_MIN ? most : DHCP4_BOOTP_MIN;
}

static bool fit(struct dhcp4_option *o, size_t *left, enum dhcp4_area area)
{
	size_t len = wire_len(o);

	if (len > *left)
		return false;
	*left -= len;
	o->area = area;
	return true;
}

/*
 * Places options that do not all fit in the options field: there first, then in file, then in sname (RFC 2131 4.1).
 * Goes rank by rank, and within each in the reply's order. What fits nowhere is left out, never cut. False if an
 * option of DHCP4_RANK_MUST does not fit.
 */
static bool place_some(struct dhcp4_choice *c, struct space *s)
{
	/* A client that sends no parameter list may not know of overload either. */
	bool overload = c->m->parameters.len && c->action != DHCP4_ACTION_BOOTP;

	if (overload)
		s->main -= 3;
	for (int rank = DHCP4_RANK_MUST; rank <= DHCP4_RANK_ANY; rank++) {
		for (size_t i = 0; i < c->count; i++) {
			struct dhcp4_option *o = &c->at[i];
			if ((int)o->rank != rank)
				continue;
			o->area = DHCP4_AREA_OUT;
			if (fit(o, &s->main, DHCP4_AREA_MAIN))
				continue;
			if (rank == DHCP4_RANK_MUST)
				return false;
			if (overload && !fit(o, &s->file, DHCP4_AREA_FILE))
				fit(o, &s->sname, DHCP4_AREA_SNAME);
		}
	}
	return true;
}

static void write_part(struct wr *w, uint8_t code, const uint8_t *at, size_t len, bool ends)
{
	uint8_t *to = wr_room(w, 2 + len + ends);

	if (!to)
		return;
	to[0] = code;
	to[1] = (uint8_t)(len + ends);
	if (len == 4) /* as most are: no call */
		memcpy(to + 2, at, 4);
	else if (len)
		memcpy(to + 2, at, len);
	if (ends) /* the NUL, where the client wants one */
		to[2 + len] = 0;
}

static void write_option(struct wr *w, const struct dhcp4_option *o)
{
	const uint8_t *at = o->at;
	size_t left = o->len;

	for (; left + o->ends > DHCP4_OPTION_MAX; at += DHCP4_OPTION_MAX, left -= DHCP4_OPTION_MAX)
		write_part(w, o->code, at, DHCP4_OPTION_MAX, false);
	write_part(w, o->code, at, left, o->ends);
}

static void write_area(struct wr *w, const struct dhcp4_choice *c, enum dhcp4_area area)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->at[i].area == area)
			write_option(w, &c->at[i]);
		/* After the message type, which comes first of all. */
		if (i == 0 && area == DHCP4_AREA_MAIN && c->lent) {
			wr_u8(w, DHCP4_CODE_OVERLOAD);
			wr_u8(w, 1);
			wr_u8(w, c->lent);
		}
	}
	wr_u8(w, DHCP4_CODE_END);
}

/* Writes sname or file: options if the field is lent to them, else the name if it fits with its NUL, else zeros. */
static void write_field(struct wr *w, const struct dhcp4_choice *c, size_t size, enum dhcp4_area area,
			const struct dhcp4_bytes *name)
{
	size_t start = wr_len(w);

	if (area != DHCP4_AREA_OUT)
		write_area(w, c, area);
	else if (name->len < size)
		wr_bytes(w, name->at, name->len);
	wr_zero(w, size - (wr_len(w) - start));
}

/* RFC 2131 table 3. */
static void write_header(struct wr *w, const struct dhcp4_choice *c)
{
	const struct dhcp4_msg *m = c->m;
	const struct in_addr own = c->g->id.ip4.addr, none = {0};
	bool gives = c->action != DHCP4_ACTION_NAK && c->action != DHCP4_ACTION_ACK_INFORM;
	/* "ciaddr from DHCPREQUEST or 0" in an ACK, 0 in all others; and only if it is the guest's own address. */
	bool echoes = (c->action == DHCP4_ACTION_ACK || c->action == DHCP4_ACTION_ACK_INFORM ||
		       c->action == DHCP4_ACTION_BOOTP) &&
		      m->ciaddr.s_addr == own.s_addr;

	wr_u8(w, DHCP4_OP_REPLY);
	wr_u8(w, m->htype);
	wr_u8(w, m->hlen);
	wr_u8(w, 0); /* hops */
	wr_u32(w, m->xid);
	wr_u16(w, 0); /* secs */
	wr_u16(w, m->flags);
	wr_bytes(w, echoes ? &own : &none, sizeof(own));
	wr_bytes(w, gives ? &own : &none, sizeof(own));
	wr_bytes(w, &c->siaddr, sizeof(c->siaddr));
	wr_bytes(w, &m->giaddr, sizeof(m->giaddr));
	wr_bytes(w, m->chaddr, sizeof(m->chaddr));
}

static bool write_message(const struct dhcp4_choice *c, struct wr *w)
{
	static const struct dhcp4_bytes none;
	size_t start = wr_len(w);

	write_header(w, c);
	/* If siaddr has the boot server's address, its name is not needed. */
	write_field(w, c, DHCP4_SNAME_LEN, c->lent & DHCP4_OVERLOAD_SNAME ? DHCP4_AREA_SNAME : DHCP4_AREA_OUT,
		    c->siaddr.s_addr ? &none : &c->boot_server);
	write_field(w, c, DHCP4_FILE_LEN, c->lent & DHCP4_OVERLOAD_FILE ? DHCP4_AREA_FILE : DHCP4_AREA_OUT,
		    &c->boot_file);
	wr_u32(w, DHCP4_COOKIE);
	write_area(w, c, DHCP4_AREA_MAIN);
	/* RFC 1542 2.1. Zeros are PAD, and come after END: old U-Boot warns of any before it. */
	size_t len = wr_len(w) - start;
	if (len < DHCP4_BOOTP_MIN)
		wr_zero(w, DHCP4_BOOTP_MIN - len);
	return !w->full;
}

bool dhcp4_build(struct dhcp4_choice *c, struct wr *w)
{
	const size_t fixed = DHCP4_HEADER_LEN + DHCP4_COOKIE_LEN + 1; /* and END */
	struct space s = {.file = DHCP4_FILE_LEN - 1, .sname = DHCP4_SNAME_LEN - 1};
	size_t most = limit(c), wanted = 0;

	if (most > wr_left(w))
		most = wr_left(w);
	if (most < DHCP4_BOOTP_MIN)
		return false;
	s.main = most - fixed;
	for (size_t i = 0; i < c->count; i++) {
		wanted += wire_len(&c->at[i]);
		c->at[i].area = DHCP4_AREA_MAIN;
	}

	if (wanted > s.main && !place_some(c, &s))
		return false;
	c->lent = 0;
	if (s.file != DHCP4_FILE_LEN - 1)
		c->lent |= DHCP4_OVERLOAD_FILE;
	if (s.sname != DHCP4_SNAME_LEN - 1)
		c->lent |= DHCP4_OVERLOAD_SNAME;
	return write_message(c, w);
}
