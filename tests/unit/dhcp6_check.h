/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6_check: a parser of DHCPv6 messages for tests and fuzzers. It shares no code
 * with fold, and rejects replies that any known client rejects.
 */
#ifndef FOLD_TESTS_DHCP6_CHECK_H
#define FOLD_TESTS_DHCP6_CHECK_H

#include "guest/guest.h"
#include "pkt/pkt.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

enum { SOLICIT = 1, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE, RECONFIGURE, INFORM };
enum { IA_NA = 3, IA_TA = 4, IA_PD = 25 };

struct tlv {
	unsigned code;
	size_t len;
	const uint8_t *at;
};

struct tlvs {
	size_t count;
	bool whole; /* the last option ends where the octets end */
	struct tlv at[20000];
};

static inline unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void tlv_read(const uint8_t *p, size_t len, struct tlvs *t)
{
	size_t i = 0;

	t->count = 0;
	while (i + 4 <= len && i + 4 + get16(p + i + 2) <= len && t->count < sizeof(t->at) / sizeof(t->at[0])) {
		t->at[t->count++] = (struct tlv){.code = get16(p + i), .len = get16(p + i + 2), .at = p + i + 4};
		i += 4 + get16(p + i + 2);
	}
	t->whole = i == len;
}

static inline const struct tlv *tlv_find(const struct tlvs *t, unsigned code)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->at[i].code == code)
			return &t->at[i];
	return NULL;
}

static inline bool tlv_is_ia(const struct tlv *t)
{
	return t->code == IA_NA || t->code == IA_TA || t->code == IA_PD;
}

static inline size_t ia_head(const struct tlv *t)
{
	return t->code == IA_TA ? 4 : 12;
}

/* RFC 8415 18.3.2: true if an IA of a Request names an address that does not belong to the guest's link. */
static inline bool names_another_link(const struct guest *g, const struct tlvs *q)
{
	static struct tlvs in;

	for (size_t i = 0; i < q->count; i++) {
		const struct tlv *ia = &q->at[i];
		if ((ia->code != IA_NA && ia->code != IA_TA) || ia->len < ia_head(ia))
			continue;
		tlv_read(ia->at + ia_head(ia), ia->len - ia_head(ia), &in);
		for (size_t k = 0; k < in.count; k++)
			if (in.at[k].code == 5 && in.at[k].len >= 24 &&
			    memcmp(in.at[k].at, &g->id.ip6.addr, g->id.ip6.len / 8) != 0)
				return true;
	}
	return false;
}

/* Checks an IA of a reply to q. Adds to *granted if it has a lease. Returns NULL, or what is wrong. */
static inline const char *check_ia(const struct guest *g, const struct tlv *ia, unsigned asked, const struct tlvs *q,
				   size_t *granted)
{
	static struct tlvs in;
	bool live = false, status = false;

	if (ia->len < ia_head(ia))
		return "an IA that ends early";
	tlv_read(ia->at + ia_head(ia), ia->len - ia_head(ia), &in);
	if (!in.whole || !in.count)
		return "an IA with nothing or half an option in it";
	uint32_t t1 = ia->code == IA_TA ? 0 : get32(ia->at + 4), t2 = ia->code == IA_TA ? 0 : get32(ia->at + 8);
	for (size_t i = 0; i < in.count; i++) {
		const struct tlv *o = &in.at[i];
		if (o->code == 13) {
			unsigned want = asked == RELEASE || asked == DECLINE ? 3 : ia->code == IA_PD ? 6 : 2;
			bool far = asked == REQUEST && ia->code != IA_PD && names_another_link(g, q);
			if (o->len != 2 || (get16(o->at) != want && !(far && get16(o->at) == 4)) || in.count != 1)
				return "a status that is wrong, or not alone in its IA";
			status = true;
		} else if (o->code == 5 && ia->code != IA_PD) {
			bool own = o->len == 24 && !memcmp(o->at, &g->id.ip6.addr, 16);
			uint32_t preferred = o->len == 24 ? get32(o->at + 16) : 1, valid = get32(o->at + 20);
			if (o->len != 24 || preferred > valid || (valid != 0) != own)
				return "an address that is not the guest's with lifetimes, or the guest's without";
			if (own && (live || ia->code != IA_NA || t1 > t2 || t2 > preferred || t1 == 0))
				return "the guest's address twice, in a wrong IA, or T1 and T2 out of order";
			live = live || own;
		} else if (o->code == 26 && ia->code == IA_PD) {
			if (o->len != 25 || get32(o->at) || get32(o->at + 4))
				return "a prefix with lifetimes";
		} else {
			return "an option that does not belong into an IA";
		}
	}
	if (asked == SOLICIT && !live && !status)
		return "an Advertise of leases that are none";
	if (!live && (t1 || t2))
		return "T1 and T2 without a lease";
	*granted += live;
	return NULL;
}

/* Checks a reply's top-level options against those of its request. Returns NULL, or what is wrong. */
static inline const char *check_options(const struct guest *g, unsigned asked, const struct tlvs *q, unsigned type,
					const struct tlvs *r)
{
	uint8_t duid[10] = {0, 3, 0, 1};
	const struct tlv *id = tlv_find(r, 1), *theirs = tlv_find(q, 1), *server = tlv_find(r, 2), *o;

	mac_service(g->id.mac, duid + 4);
	for (size_t i = 0; i < r->count; i++) {
		unsigned code = r->at[i].code;
		if (code == 0 || code == 5 || code == 6 || (code >= 8 && code <= 12) ||
		    (code >= 15 && code <= 20 && code != 16 && code != 17) || code == 26)
			return "an option that no server puts there";
		if (code == 16 && !(tlv_find(q, 16) && tlv_find(r, 59)))
			return "a vendor class for one that has none, or that boots nothing";
		for (size_t j = 0; j < i; j++)
			if (!tlv_is_ia(&r->at[i]) && r->at[j].code == code)
				return "an option stands there twice";
	}
	if (!server || server->len != sizeof(duid) || memcmp(server->at, duid, sizeof(duid)) != 0)
		return "server identifier";
	if (!id != !theirs || (id && (id->len != theirs->len || memcmp(id->at, theirs->at, id->len) != 0)))
		return "client identifier";
	o = tlv_find(r, 7);
	if ((type == ADVERTISE) != (o != NULL) || (o && (o->len != 1 || o->at[0] != 255)))
		return "preference";
	o = tlv_find(r, 14);
	if ((asked == SOLICIT && type == REPLY) != (o != NULL) || (o && (o->len || !tlv_find(q, 14))))
		return "rapid commit";
	o = tlv_find(r, 13);
	if ((asked == CONFIRM || asked == RELEASE || asked == DECLINE) != (o != NULL))
		return "status";
	if (o && (o->len != 2 || (get16(o->at) != 0 && (asked != CONFIRM || get16(o->at) != 4))))
		return "a status that is a failure";
	if ((o = tlv_find(r, 32)) && (asked != INFORM || o->len != 4 || get32(o->at) < 600))
		return "refresh time";
	return NULL;
}

/*
 * Checks that the reply has all of the client's IAs in their order (Release and Decline: some), and at most one lease.
 * Returns NULL, or what is wrong.
 */
static inline const char *check_ias(const struct guest *g, unsigned asked, const struct tlvs *q, const struct tlvs *r)
{
	bool some = asked == RELEASE || asked == DECLINE, none = asked == CONFIRM || asked == INFORM, na = false;
	size_t at = 0, granted = 0;

	for (size_t i = 0; i < q->count; i++) {
		const struct tlv *ia = &q->at[i];
		if (!tlv_is_ia(ia) || none)
			continue;
		na = na || ia->code == IA_NA;
		while (at < r->count && !tlv_is_ia(&r->at[at]))
			at++;
		if (at == r->count || r->at[at].code != ia->code || memcmp(r->at[at].at, ia->at, 4) != 0) {
			if (some)
				continue;
			return "an IA without an answer";
		}
		const char *wrong = check_ia(g, &r->at[at++], asked, q, &granted);
		if (wrong)
			return wrong;
	}
	for (; at < r->count; at++)
		if (tlv_is_ia(&r->at[at]))
			return "an IA that nobody asked for";
	if (asked == REQUEST && granted == 0 && names_another_link(g, q))
		return NULL;
	return granted != (size_t)(na && !some) ? "not one lease for one address" : NULL;
}

/* Checks what must be true of every reply. Returns NULL, or what is wrong. *r gets the reply's options. */
static inline const char *dhcp6_check(const struct guest *g, const struct pkt *in, const struct reply *out,
				      struct tlvs *r)
{
	static struct tlvs q;
	const uint8_t *p = out->w.start;
	size_t len = (size_t)(out->w.p - out->w.start);

	if (out->w.full || out->w.p > out->w.end)
		return "a cursor that is full";
	if (len < 4 || len > 1232)
		return "too short, or too long for a link of 1280";
	if (out->kind != PKT_UDP6 || out->sport != 547 || out->dport != 546)
		return "not from port 547 to port 546";
	if (memcmp(&out->src6, &g->link_local, 16) != 0 || memcmp(&out->dst6, &in->src6, 16) != 0 ||
	    memcmp(out->dst_mac, g->id.mac, 6) != 0)
		return "not from our address to the one who asked";
	if (!out->event)
		return "no event";
	if (in->len < 4 || (p[0] != ADVERTISE && p[0] != REPLY) || (p[0] == ADVERTISE && in->data[0] != SOLICIT))
		return "message type";
	if (memcmp(p + 1, in->data + 1, 3) != 0)
		return "transaction identifier";
	tlv_read(in->data + 4, in->len - 4, &q);
	tlv_read(p + 4, len - 4, r);
	if (!q.whole)
		return "an answer to a message whose options overrun";
	if (!r->whole)
		return "options overrun";
	const char *wrong = check_options(g, in->data[0], &q, p[0], r);
	return wrong ? wrong : check_ias(g, in->data[0], &q, r);
}

#endif
