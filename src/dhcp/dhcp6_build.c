/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6_build: a reply's octets.
 *
 * Specifications: RFC 8415 8 (form), 18.3.9 and 18.3.10 (what is in it), 21 (options), 8200 5 (its size).
 *
 * Identifiers, status and an answer to each IA must be in a reply: RFC 8415 18.3.2 and 18.3.9 let none be left out,
 * and a client takes a missing one for an answer that is still to come. About 50 IAs fit, ten times what any client is
 * known to send; a message with more gets no answer. Configuration that does not fit is left out, an option at a time.
 */
#include "dhcp/dhcp6_reply.h"

#include <string.h>

struct times {
	uint32_t t1, t2, lifetime;
};

/*
 * RFC 8415 21.4: T1 before T2; 21.6: the preferred lifetime not above the valid one; 7.7: all ones is for ever. The
 * times keep this order whatever the files say, because otherwise a client would discard the IA.
 */
static struct times times_of(const struct guest *g)
{
	struct times t = {.t1 = g->renew_time, .t2 = g->rebind_time, .lifetime = g->lease_time};

	if (t.lifetime == DHCP6_FOREVER)
		return (struct times){DHCP6_FOREVER, DHCP6_FOREVER, DHCP6_FOREVER};
	if (t.t2 > t.lifetime || t.t2 == 0)
		t.t2 = (uint32_t)((uint64_t)t.lifetime * 7 / 8);
	if (t.t1 > t.t2 || t.t1 == 0)
		t.t1 = t.t2 < t.lifetime / 2 ? t.t2 : t.lifetime / 2;
	return t;
}

static struct wr_mark open_option(struct wr *w, uint16_t code)
{
	wr_u16(w, code);
	return wr_open_len(w, 2);
}

static void write_option(struct wr *w, uint16_t code, const void *at, size_t len)
{
	struct wr_mark m = open_option(w, code);

	wr_bytes(w, at, len);
	wr_close_len(w, m);
}

/* RFC 8415 21.13: without the optional text, which is for people: nobody reads it here. */
static void write_status(struct wr *w, enum dhcp6_status status)
{
	struct wr_mark m = open_option(w, DHCP6_CODE_STATUS);

	wr_u16(w, (uint16_t)status);
	wr_close_len(w, m);
}

static void write_address(struct wr *w, const struct in6_addr *a, uint32_t lifetime)
{
	struct wr_mark m = open_option(w, DHCP6_CODE_IAADDR);

	wr_bytes(w, a, sizeof(*a));
	wr_u32(w, lifetime);
	wr_u32(w, lifetime);
	wr_close_len(w, m);
}

/* A lease that the client has to give up: lifetimes 0. */
static void write_lost(struct wr *w, const struct dhcp6_ia *ia, const struct dhcp6_lease *lease)
{
	if (ia->code != DHCP6_CODE_IA_PD) {
		write_address(w, &lease->addr, 0);
		return;
	}
	struct wr_mark m = open_option(w, DHCP6_CODE_IAPREFIX);
	wr_zero(w, 8);
	wr_u8(w, lease->prefix_len);
	wr_bytes(w, &lease->addr, sizeof(lease->addr));
	wr_close_len(w, m);
}

/*
 * RFC 8415 18.3.4, 18.3.5: writes leases that are not, or no longer, the client's with lifetimes 0. So it does with the
 * other addresses in the IA of a Request that gets the guest's address. The guest's address itself is never among them.
 * Returns how many there are.
 */
static size_t write_lost_leases(const struct dhcp6_choice *c, struct wr *w, struct dhcp6_ia ia, bool granted)
{
	struct dhcp6_lease lease;
	uint8_t type = c->m->type;
	size_t count = 0;

	if (type != DHCP6_TYPE_RENEW && type != DHCP6_TYPE_REBIND && !(type == DHCP6_TYPE_REQUEST && granted))
		return 0;
	while (dhcp6_next_lease(&ia, &lease) && !w->full) {
		if (ia.code != DHCP6_CODE_IA_PD && IN6_ARE_ADDR_EQUAL(&lease.addr, &c->g->id.ip6.addr))
			continue;
		write_lost(w, &ia, &lease);
		count++;
	}
	return count;
}

/* RFC 8415 18.3.9: an IA's status stands inside it; many clients drop a whole message that has one outside. */
static void write_refusal(const struct dhcp6_choice *c, struct wr *w, const struct dhcp6_ia *ia)
{
	if (ia->code == DHCP6_CODE_IA_PD)
		write_status(w, DHCP6_STATUS_NO_PREFIX_AVAIL);
	else if (c->m->type == DHCP6_TYPE_REQUEST && dhcp6_is_off_link(c->g, *ia)) /* 18.3.2 */
		write_status(w, DHCP6_STATUS_NOT_ON_LINK);
	else
		write_status(w, DHCP6_STATUS_NO_ADDRS_AVAIL);
}

static void write_ia(const struct dhcp6_choice *c, struct wr *w, const struct dhcp6_ia *ia, bool granted)
{
	struct times t = times_of(c->g);
	struct wr_mark m = open_option(w, ia->code);

	wr_u32(w, ia->iaid);
	if (ia->code != DHCP6_CODE_IA_TA) {
		wr_u32(w, granted ? t.t1 : 0);
		wr_u32(w, granted ? t.t2 : 0);
	}
	if (c->action == DHCP6_ACTION_RELEASE) {
		/* 18.3.7, 18.3.8: "No other options are included in the IA option." */
		write_status(w, DHCP6_STATUS_NO_BINDING);
	} else {
		if (granted)
			write_address(w, &c->g->id.ip6.addr, t.lifetime);
		size_t lost = write_lost_leases(c, w, *ia, granted);
		if (!granted && !lost)
			write_refusal(c, w, ia);
	}
	wr_close_len(w, m);
}

static void write_ias(const struct dhcp6_choice *c, struct wr *w)
{
	struct rd options = c->m->options;
	struct dhcp6_ia ia;

	for (size_t i = 0; dhcp6_next_ia(&options, &ia) && !w->full; i++) {
		/* 18.3.7, 18.3.8: only IAs without a binding are named in answers to Release and Decline. */
		if (c->action != DHCP6_ACTION_RELEASE || !dhcp6_names_own(c->g, ia))
			write_ia(c, w, &ia, i == c->granted);
	}
}

static void write_identifiers(const struct dhcp6_choice *c, struct wr *w)
{
	uint8_t duid[DHCP6_DUID_LL_LEN];

	dhcp6_server_duid(c->g, duid);
	/* 18.3.9, 18.3.10: the client's identifier as it came, and only if it came. */
	if (c->m->client_id.at)
		write_option(w, DHCP6_CODE_CLIENT_ID, c->m->client_id.at, c->m->client_id.len);
	write_option(w, DHCP6_CODE_SERVER_ID, duid, sizeof(duid));
}

static void write_message(const struct dhcp6_choice *c, struct wr *w)
{
	static const uint8_t preference = DHCP6_PREFERENCE_MAX;

	wr_u8(w, c->action == DHCP6_ACTION_ADVERTISE ? DHCP6_TYPE_ADVERTISE : DHCP6_TYPE_REPLY);
	wr_bytes(w, c->m->xid, sizeof(c->m->xid));
	write_identifiers(c, w);
	switch (c->action) {
	case DHCP6_ACTION_ADVERTISE:
		/* 18.2.1: the client need not wait for more Advertise messages. */
		write_option(w, DHCP6_CODE_PREFERENCE, &preference, sizeof(preference));
		write_ias(c, w);
		break;
	case DHCP6_ACTION_LEASE_RAPID:
		write_option(w, DHCP6_CODE_RAPID_COMMIT, NULL, 0); /* 18.3.1: MUST be there */
		write_ias(c, w);
		break;
	case DHCP6_ACTION_LEASE:
		write_ias(c, w);
		break;
	case DHCP6_ACTION_RELEASE:
		write_status(w, DHCP6_STATUS_SUCCESS);
		write_ias(c, w);
		break;
	case DHCP6_ACTION_CONFIRM:
		write_status(w, DHCP6_STATUS_SUCCESS);
		break;
	case DHCP6_ACTION_NOT_ON_LINK:
		write_status(w, DHCP6_STATUS_NOT_ON_LINK);
		break;
	case DHCP6_ACTION_INFORM:
	case DHCP6_ACTION_DROP:
		break;
	}
}

bool dhcp6_build(const struct dhcp6_choice *c, struct wr *w)
{
	if (wr_left(w) > DHCP6_REPLY_MAX)
		w->end = w->p + DHCP6_REPLY_MAX;
	write_message(c, w);
	for (size_t i = 0; i < c->count; i++) {
		if (wr_left(w) >= 4 + c->at[i].len)
			write_option(w, c->at[i].code, c->at[i].at, c->at[i].len);
	}
	return !w->full;
}
