/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/upstream_priv.h"

#include "base/cleanup.h"
#include "base/library.h"
#include "base/rd.h"
#include "base/wr.h"
#include "dns/dns_wire.h"

#include <errno.h>
#include <string.h>

#include <ldns/ldns.h>

#define TTL_NEGATIVE_MAX 3600 /* RFC 2308 5: one to three hours */
#define MESSAGE_MAX 65535

/*
 * A limit for the work that ldns may have with one message, in steps. It follows up to 65535 pointers for one name; and
 * to compress what it writes it looks for each suffix of a name that it has not written before among those that it has,
 * label by label, and for each label from the front. Only a malicious server makes that expensive. Four thousand
 * addresses of a name of six labels are 150,000 steps, two thousand names of one address of ip6.arpa not quite four
 * million; the worst that so many steps can cost is a fifth of a second.
 */
#define STEPS_MAX ((size_t)1 << 22)

/* clang-format off */
#define USED(X) \
	X(ldns_wire2pkt) X(ldns_pkt2wire) X(ldns_pkt_new) X(ldns_pkt_free) X(ldns_pkt_question) \
	X(ldns_pkt_answer) X(ldns_pkt_authority) X(ldns_pkt_get_rcode) X(ldns_pkt_edns_extended_rcode) \
	X(ldns_pkt_qdcount) X(ldns_pkt_set_qr) X(ldns_pkt_set_rcode) X(ldns_pkt_set_question) \
	X(ldns_pkt_set_answer) X(ldns_pkt_set_authority) X(ldns_pkt_set_qdcount) X(ldns_pkt_set_ancount) \
	X(ldns_pkt_set_nscount) X(ldns_rr_list_rr) X(ldns_rr_list_rr_count) X(ldns_rr_get_type) X(ldns_rr_ttl) \
	X(ldns_rr_set_ttl) X(ldns_rr_rdf) X(ldns_rdf_size) X(ldns_rdf2native_int32) X(ldns_rr_descript) \
	X(ldns_rr_descriptor_maximum) X(ldns_rr_descriptor_field_type)
/* clang-format on */
static struct {
	USED(LIBRARY_POINTER)
} lib;

int upstream_load(struct report *r)
{
	static const char *const names[] = {"libldns.so.3", NULL};
	static bool loaded;
	void *library = loaded ? NULL : library_open(names);

	loaded = loaded || (library && true USED(LIBRARY_FIND));
	return loaded ? 0 : library_fail(library, names[0], "name servers' answers are read with it", "libldns3", r);
}

size_t upstream_write(const struct upstream_question *q, uint8_t to[static UPSTREAM_QUERY_MAX])
{
	struct wr w = wr_over(to, UPSTREAM_QUERY_MAX);

	wr_u16(&w, q->id);
	wr_u16(&w, (uint16_t)(DNS_FLAG_RD | (q->checking_disabled ? DNS_FLAG_CD : 0)));
	wr_u16(&w, 1);
	wr_u32(&w, 0);
	wr_u16(&w, q->edns);
	wr_bytes(&w, q->question, q->len);
	if (q->edns) {
		wr_u8(&w, 0);
		wr_u16(&w, DNS_TYPE_OPT);
		wr_u16(&w, DNS_UDP_MAX);
		wr_u32(&w, q->dnssec_ok ? DNS_EDNS_DO : 0);
		wr_u16(&w, 0);
	}
	return w.full ? 0 : wr_len(&w);
}

/* RFC 5452 9.1: checks the ID and the question; the connected socket has checked addresses and ports. */
static enum upstream_verdict judge(const uint8_t *msg, size_t len, const struct upstream_question *q, bool tcp,
				   struct upstream_header *h)
{
	if (!upstream_header(msg, len, h) || h->id != q->id || !(h->flags & DNS_FLAG_QR) || h->flags & DNS_FLAG_OPCODE)
		return UPSTREAM_IGNORED;
	unsigned rcode = h->flags & DNS_FLAG_RCODE;
	bool not_understood = rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP;
	bool failed = rcode != DNS_RCODE_NOERROR && rcode != DNS_RCODE_NXDOMAIN;
	/* RFC 6891 7: an answer that only reports an error may consist of the header, without the question. */
	bool alone = h->counts[0] == 0 && failed;
	if (!alone &&
	    (h->counts[0] != 1 || len < DNS_HEADER + q->len || memcmp(msg + DNS_HEADER, q->question, q->len) != 0))
		return UPSTREAM_IGNORED;
	if (not_understood)
		return q->edns ? UPSTREAM_NO_EDNS : UPSTREAM_FAILED;
	if (failed)
		return UPSTREAM_FAILED;
	/* An answer that is longer than fold said it takes counts as truncated. */
	if (h->flags & DNS_FLAG_TC || (!tcp && len > DNS_UDP_MAX))
		return tcp ? UPSTREAM_FAILED : UPSTREAM_TRUNCATED;
	return UPSTREAM_GOOD;
}

/* A message, and how many steps ldns may still take for its names. */
struct work {
	const uint8_t *msg;
	size_t len, question_end;
	size_t longest; /* labels of the longest name so far */
	size_t left;
};

static bool spend(struct work *w, size_t steps)
{
	bool can = steps <= w->left;

	w->left = can ? w->left - steps : 0;
	return can;
}

/* Follows a name as ldns does. False if it does not end, or takes too many steps. */
static bool follow_name(struct work *w, size_t at)
{
	size_t labels = 0, unknown = 0; /* unknown: those not of the question's name, which is written first */
	struct rd r = rd_over(w->msg, w->len);

	rd_bytes(&r, at);
	while (spend(w, 1)) {
		bool known = (size_t)(r.p - w->msg) < w->question_end;
		uint8_t n = rd_u8(&r), low = n >= 0xc0 ? rd_u8(&r) : 0;
		if (r.bad || (n > DNS_LABEL_MAX && n < 0xc0) || labels > DNS_NAME_MAX / 2)
			return false;
		if (n == 0) {
			w->longest = labels > w->longest ? labels : w->longest;
			return spend(w, (1 + unknown) * labels * w->longest);
		}
		if (n >= 0xc0) {
			r = rd_over(w->msg, w->len);
			rd_bytes(&r, (size_t)(n & 0x3f) << 8 | low);
		} else {
			rd_bytes(&r, n);
			labels++;
			unknown += !known;
		}
	}
	return false;
}

/* Follows the next name, and moves r past it. */
static bool follow_next(struct work *w, struct rd *r)
{
	size_t at = (size_t)(r->p - w->msg);

	upstream_skip_name(r);
	return !r->bad && follow_name(w, at);
}

/*
 * Follows the names in a record's data. Which types have names there, and where (RFC 1035 3.3, RFC 3597 4), is asked of
 * ldns, because ldns will follow them.
 */
static bool follow_data(struct work *w, uint16_t type, struct rd data)
{
	const ldns_rr_descriptor *d = lib.ldns_rr_descript(type);
	size_t fields = lib.ldns_rr_descriptor_maximum(d);

	/* ldns takes empty data for any type, as RFC 2136 2.4 has it; an alias without a target is no answer. */
	if (fields && !rd_left(&data) && lib.ldns_rr_descriptor_field_type(d, 0) == LDNS_RDF_TYPE_DNAME)
		return false;
	for (size_t i = 0; i < fields && rd_left(&data); i++) {
		switch (lib.ldns_rr_descriptor_field_type(d, i)) {
		case LDNS_RDF_TYPE_DNAME:
			if (!follow_next(w, &data))
				return false;
			break;
		case LDNS_RDF_TYPE_INT8:
		case LDNS_RDF_TYPE_ALG:
			rd_bytes(&data, 1);
			break;
		case LDNS_RDF_TYPE_INT16:
		case LDNS_RDF_TYPE_TYPE:
			rd_bytes(&data, 2);
			break;
		case LDNS_RDF_TYPE_INT32:
		case LDNS_RDF_TYPE_TIME:
			rd_bytes(&data, 4);
			break;
		case LDNS_RDF_TYPE_STR:
			rd_bytes(&data, rd_u8(&data));
			break;
		case LDNS_RDF_TYPE_HIP: { /* RFC 8005 5: two lengths around an octet, and what they count */
			size_t tag = rd_u8(&data);
			rd_u8(&data);
			rd_bytes(&data, tag + rd_u16(&data));
			break;
		}
		default: /* no names follow a field of any other type */
			return true;
		}
	}
	return true;
}

/* True if all names of the message end, within STEPS_MAX steps. Needs ldns. */
static bool is_bounded(const uint8_t *msg, size_t len)
{
	struct work w = {.msg = msg, .len = len, .left = STEPS_MAX};
	struct upstream_header h;
	struct rd r;

	if (!upstream_begin(msg, len, &h, &r))
		return false;
	w.question_end = (size_t)(r.p - msg);
	if (!follow_name(&w, DNS_HEADER))
		return false;
	for (size_t i = (size_t)h.counts[1] + h.counts[2] + h.counts[3]; i; i--) {
		if (!follow_next(&w, &r))
			return false;
		uint16_t type = rd_u16(&r);
		rd_bytes(&r, 6); /* class, TTL */
		size_t n = rd_u16(&r);
		if (!follow_data(&w, type, rd_sub(&r, n)) || r.bad)
			return false;
	}
	return true;
}

/* RFC 2181 8: a TTL with its first bit set is 0. */
static void lower_ttl(uint32_t *ttl, uint32_t other)
{
	if (other > INT32_MAX)
		other = 0;
	if (other < *ttl)
		*ttl = other;
}

/* The authority section's SOA record, or NULL; *minimum: its last field. */
static ldns_rr *find_soa(const ldns_rr_list *authority, uint32_t *minimum)
{
	for (size_t i = 0; i < lib.ldns_rr_list_rr_count(authority); i++) {
		ldns_rr *rr = lib.ldns_rr_list_rr(authority, i);
		const ldns_rdf *last = lib.ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA ? lib.ldns_rr_rdf(rr, 6) : NULL;
		if (!last || lib.ldns_rdf_size(last) != 4)
			continue;
		*minimum = lib.ldns_rdf2native_int32(last);
		return rr;
	}
	return NULL;
}

/*
 * RFC 2308 5: limits the TTL of a negative answer to its SOA record's last field. Limits the SOA record's own TTL too,
 * so that the guest forgets the answer when fold's cache does. False without an SOA: then the answer has no lifetime.
 */
static bool lower_by_soa(uint32_t *ttl, const ldns_rr_list *authority)
{
	uint32_t minimum, own = TTL_NEGATIVE_MAX;
	ldns_rr *soa = find_soa(authority, &minimum);

	if (!soa)
		return false;
	lower_ttl(ttl, minimum);
	lower_ttl(&own, minimum);
	lower_ttl(&own, lib.ldns_rr_ttl(soa));
	lib.ldns_rr_set_ttl(soa, own);
	return true;
}

/*
 * RFC 2308 2.2: neither data nor authority, from a server that does no recursion: it only refers to other servers.
 * fold does not pass a referral on, because the guest would take it for a negative answer.
 */
static bool is_referral(const struct upstream_header *h, const ldns_pkt *pkt)
{
	uint32_t minimum;

	return !(h->flags & (DNS_FLAG_AA | DNS_FLAG_RA | DNS_FLAG_RCODE)) && h->counts[1] == 0 &&
	       !find_soa(lib.ldns_pkt_authority(pkt), &minimum);
}

static uint32_t ttl_of(const ldns_pkt *pkt, unsigned type)
{
	const ldns_rr_list *const lists[] = {lib.ldns_pkt_answer(pkt), lib.ldns_pkt_authority(pkt)};
	uint32_t ttl = UPSTREAM_TTL_MAX;
	bool found = false;

	for (size_t l = 0; l < 2; l++) {
		for (size_t i = 0; i < lib.ldns_rr_list_rr_count(lists[l]); i++) {
			const ldns_rr *rr = lib.ldns_rr_list_rr(lists[l], i);
			lower_ttl(&ttl, lib.ldns_rr_ttl(rr));
			found = found || (l == 0 && (lib.ldns_rr_get_type(rr) == type || type == DNS_TYPE_ANY));
		}
	}
	if (found && lib.ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NOERROR)
		return ttl;
	lower_ttl(&ttl, TTL_NEGATIVE_MAX);
	return lower_by_soa(&ttl, lib.ldns_pkt_authority(pkt)) ? ttl : 0;
}

/* Encodes the packet's question, answer and authority as a message. NULL without memory, or if it became too long. */
static uint8_t *encode(ldns_pkt *from, size_t *len)
{
	ldns_pkt *to = lib.ldns_pkt_new();
	uint8_t *wire = NULL;

	if (!to)
		return NULL;
	ldns_rr_list *const empty[] = {to->_question, to->_answer, to->_authority};
	lib.ldns_pkt_set_qr(to, true);
	lib.ldns_pkt_set_rcode(to, (uint8_t)lib.ldns_pkt_get_rcode(from));
	lib.ldns_pkt_set_question(to, lib.ldns_pkt_question(from));
	lib.ldns_pkt_set_answer(to, lib.ldns_pkt_answer(from));
	lib.ldns_pkt_set_authority(to, lib.ldns_pkt_authority(from));
	lib.ldns_pkt_set_qdcount(to, lib.ldns_pkt_qdcount(from));
	lib.ldns_pkt_set_ancount(to, (uint16_t)lib.ldns_rr_list_rr_count(lib.ldns_pkt_answer(from)));
	lib.ldns_pkt_set_nscount(to, (uint16_t)lib.ldns_rr_list_rr_count(lib.ldns_pkt_authority(from)));
	if (lib.ldns_pkt2wire(&wire, to, len) != LDNS_STATUS_OK)
		wire = NULL;
	/* The lists belong to `from`. */
	lib.ldns_pkt_set_question(to, empty[0]);
	lib.ldns_pkt_set_answer(to, empty[1]);
	lib.ldns_pkt_set_authority(to, empty[2]);
	lib.ldns_pkt_free(to);
	if (wire && *len > MESSAGE_MAX) {
		free(wire);
		wire = NULL;
	}
	return wire;
}

static void free_pkt(ldns_pkt **p)
{
	if (*p)
		lib.ldns_pkt_free(*p);
}

enum upstream_verdict upstream_read(const uint8_t *msg, size_t len, const struct upstream_question *q, bool tcp,
				    struct upstream_answer *out)
{
	struct upstream_header h;
	enum upstream_verdict v = judge(msg, len, q, tcp, &h);
	_cleanup_(free_pkt) ldns_pkt *pkt = NULL;
	struct report missing = {0};

	if (v != UPSTREAM_GOOD)
		return v;
	if (upstream_load(&missing) < 0)
		return UPSTREAM_FAILED;
	if (!is_bounded(msg, len))
		return UPSTREAM_FAILED;
	if (lib.ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK) {
		pkt = NULL;
		return UPSTREAM_FAILED;
	}
	/* RFC 6891 6.1.3: an extended code, of which the header has only the lower bits. */
	if (lib.ldns_pkt_edns_extended_rcode(pkt) != 0)
		return q->edns ? UPSTREAM_NO_EDNS : UPSTREAM_FAILED;
	if (is_referral(&h, pkt))
		return UPSTREAM_FAILED;
	const uint8_t *type = q->question + q->len - 4;
	struct upstream_answer a = {.ttl = ttl_of(pkt, (unsigned)(type[0] << 8 | type[1]))};
	a.wire = encode(pkt, &a.len);
	if (!a.wire)
		return UPSTREAM_FAILED;
	/* forward_answer.c relies on the same question at the same place, and on records up to the very end. */
	if (a.len < DNS_HEADER + q->len || memcmp(a.wire + DNS_HEADER, q->question, q->len) != 0 ||
	    !upstream_age(a.wire, a.len, 0)) {
		free(a.wire);
		return UPSTREAM_FAILED;
	}
	*out = a;
	return UPSTREAM_GOOD;
}
