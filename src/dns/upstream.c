/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/upstream.h"

#include "base/cleanup.h"
#include "base/library.h"
#include "base/rd.h"
#include "base/wr.h"
#include "dns/dns_wire.h"

#include <errno.h>
#include <string.h>

#include <ldns/ldns.h>

#define TTL_MAX 86400         /* a day, whatever the server says */
#define TTL_NEGATIVE_MAX 3600 /* RFC 2308 5: one to three hours */
#define MESSAGE_MAX 65535

/*
 * ldns follows up to 65535 pointers for one name. Only a server that means harm sends such chains; what they can cost is
 * their length, half the message's at most, for each record.
 */
#define WORK_MAX ((size_t)1 << 24)

/* clang-format off */
#define USED(X) \
	X(ldns_wire2pkt) X(ldns_pkt2wire) X(ldns_pkt_new) X(ldns_pkt_free) X(ldns_pkt_question) \
	X(ldns_pkt_answer) X(ldns_pkt_authority) X(ldns_pkt_get_rcode) X(ldns_pkt_edns_extended_rcode) \
	X(ldns_pkt_qdcount) X(ldns_pkt_set_qr) X(ldns_pkt_set_rcode) X(ldns_pkt_set_question) \
	X(ldns_pkt_set_answer) X(ldns_pkt_set_authority) X(ldns_pkt_set_qdcount) X(ldns_pkt_set_ancount) \
	X(ldns_pkt_set_nscount) X(ldns_rr_list_rr) X(ldns_rr_list_rr_count) X(ldns_rr_get_type) X(ldns_rr_ttl) \
	X(ldns_rr_rdf) X(ldns_rdf_size) X(ldns_rdf2native_int32)
/* clang-format on */
static struct {
	USED(LIBRARY_POINTER)
} lib;

int upstream_load(struct report *r)
{
	static const char *const names[] = {"libldns.so.3", NULL};
	void *library = lib.ldns_wire2pkt ? NULL : library_open(names);

	if (lib.ldns_wire2pkt || (library && true USED(LIBRARY_FIND)))
		return 0;
	return report_fail(r, ENOENT, "libldns.so.3: %s; install it (Debian: libldns3)",
			   library ? "is too old" : "cannot be loaded, and name servers' answers are read with it");
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

struct header {
	uint16_t id, flags, counts[4];
};

static bool read_header(const uint8_t *msg, size_t len, struct header *h)
{
	struct rd r = rd_over(msg, len);

	h->id = rd_u16(&r);
	h->flags = rd_u16(&r);
	for (int i = 0; i < 4; i++)
		h->counts[i] = rd_u16(&r);
	return !r.bad;
}

/* RFC 5452 9.1: the ID and the question; the socket has seen to the addresses and ports. */
static enum upstream_verdict judge(const uint8_t *msg, size_t len, const struct upstream_question *q, bool tcp,
				   struct header *h)
{
	if (!read_header(msg, len, h) || h->id != q->id || !(h->flags & DNS_FLAG_QR) || h->flags & DNS_FLAG_OPCODE)
		return UPSTREAM_IGNORED;
	unsigned rcode = h->flags & DNS_FLAG_RCODE;
	bool not_understood = rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP;
	/* RFC 6891 7: such an answer may be a header alone. */
	if (h->counts[0] == 0 && not_understood)
		return q->edns ? UPSTREAM_NO_EDNS : UPSTREAM_FAILED;
	if (h->counts[0] != 1 || len < DNS_HEADER + q->len || memcmp(msg + DNS_HEADER, q->question, q->len) != 0)
		return UPSTREAM_IGNORED;
	if (not_understood)
		return q->edns ? UPSTREAM_NO_EDNS : UPSTREAM_FAILED;
	if (rcode != DNS_RCODE_NOERROR && rcode != DNS_RCODE_NXDOMAIN)
		return UPSTREAM_FAILED;
	/* Longer than we said we take: as if it had been cut. */
	if (h->flags & DNS_FLAG_TC || (!tcp && len > DNS_UDP_MAX))
		return tcp ? UPSTREAM_FAILED : UPSTREAM_TRUNCATED;
	size_t records = (size_t)h->counts[1] + h->counts[2] + h->counts[3];
	return records * len > WORK_MAX ? UPSTREAM_FAILED : UPSTREAM_GOOD;
}

/* RFC 2181 8: a TTL with its first bit set is 0. */
static void lower_ttl(uint32_t *ttl, uint32_t other)
{
	if (other > INT32_MAX)
		other = 0;
	if (other < *ttl)
		*ttl = other;
}

/* RFC 2308 5: the SOA record's last field. False where there is no SOA: then nobody knows how long a nothing holds. */
static bool lower_by_soa(uint32_t *ttl, const ldns_rr_list *authority)
{
	for (size_t i = 0; i < lib.ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = lib.ldns_rr_list_rr(authority, i);
		const ldns_rdf *minimum = lib.ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA ? lib.ldns_rr_rdf(rr, 6) : NULL;
		if (!minimum || lib.ldns_rdf_size(minimum) != 4)
			continue;
		lower_ttl(ttl, lib.ldns_rdf2native_int32(minimum));
		return true;
	}
	return false;
}

static uint32_t ttl_of(const ldns_pkt *pkt, unsigned type)
{
	const ldns_rr_list *const lists[] = {lib.ldns_pkt_answer(pkt), lib.ldns_pkt_authority(pkt)};
	uint32_t ttl = TTL_MAX;
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

/* The packet's question, answer and authority as a message. NULL where there is no memory or it grew too long. */
static uint8_t *encode(ldns_pkt *from, size_t *len)
{
	ldns_pkt *to = lib.ldns_pkt_new();
	uint8_t *wire = NULL;

	if (!to)
		return NULL;
	ldns_rr_list *const empty[] = {to->_question, to->_answer, to->_authority};
	lib.ldns_pkt_set_qr(to, true);
	lib.ldns_pkt_set_rcode(to, lib.ldns_pkt_get_rcode(from));
	lib.ldns_pkt_set_question(to, lib.ldns_pkt_question(from));
	lib.ldns_pkt_set_answer(to, lib.ldns_pkt_answer(from));
	lib.ldns_pkt_set_authority(to, lib.ldns_pkt_authority(from));
	lib.ldns_pkt_set_qdcount(to, lib.ldns_pkt_qdcount(from));
	lib.ldns_pkt_set_ancount(to, (uint16_t)lib.ldns_rr_list_rr_count(lib.ldns_pkt_answer(from)));
	lib.ldns_pkt_set_nscount(to, (uint16_t)lib.ldns_rr_list_rr_count(lib.ldns_pkt_authority(from)));
	if (lib.ldns_pkt2wire(&wire, to, len) != LDNS_STATUS_OK)
		wire = NULL;
	/* The lists are from's. */
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
	struct header h;
	enum upstream_verdict v = judge(msg, len, q, tcp, &h);
	_cleanup_(free_pkt) ldns_pkt *pkt = NULL;
	struct report missing = {0};

	if (v != UPSTREAM_GOOD)
		return v;
	if (upstream_load(&missing) < 0)
		return UPSTREAM_FAILED;
	if (lib.ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK) {
		pkt = NULL;
		return UPSTREAM_FAILED;
	}
	/* RFC 6891 6.1.3: a code of which the header shows only the lower half. */
	if (lib.ldns_pkt_edns_extended_rcode(pkt) != 0)
		return q->edns ? UPSTREAM_NO_EDNS : UPSTREAM_FAILED;
	const uint8_t *type = q->question + q->len - 4;
	struct upstream_answer a = {.ttl = ttl_of(pkt, (unsigned)(type[0] << 8 | type[1]))};
	a.wire = encode(pkt, &a.len);
	if (!a.wire)
		return UPSTREAM_FAILED;
	/* What the reply's builder counts on: the same question at the same place, and records to the very end. */
	if (a.len < DNS_HEADER + q->len || memcmp(a.wire + DNS_HEADER, q->question, q->len) != 0 ||
	    !upstream_age(a.wire, a.len, 0)) {
		free(a.wire);
		return UPSTREAM_FAILED;
	}
	*out = a;
	return UPSTREAM_GOOD;
}

/* Past a name that ends in a pointer or in the root. */
static void skip_name(struct rd *r)
{
	for (;;) {
		uint8_t n = rd_u8(r);
		if (n >= 0xc0)
			rd_u8(r);
		else if (n > DNS_LABEL_MAX)
			r->bad = true;
		else
			rd_bytes(r, n);
		if (r->bad || n == 0 || n >= 0xc0)
			return;
	}
}

/* Past one record; its type, and where its TTL stands. */
static bool read_record(struct rd *r, uint16_t *type, const uint8_t **ttl)
{
	skip_name(r);
	*type = rd_u16(r);
	rd_u16(r); /* class */
	*ttl = r->p;
	rd_u32(r);
	rd_bytes(r, rd_u16(r));
	return !r->bad;
}

/* Header and question are read; r is where the records begin. */
static bool begin_records(const uint8_t *wire, size_t len, struct header *h, struct rd *r)
{
	*r = rd_over(wire, len);
	if (!read_header(wire, len, h))
		return false;
	rd_bytes(r, DNS_HEADER);
	skip_name(r);
	rd_bytes(r, 4);
	return !r->bad;
}

bool upstream_age(uint8_t *wire, size_t len, uint32_t age)
{
	struct header h;
	struct rd r;
	uint16_t type;
	const uint8_t *at;

	if (!begin_records(wire, len, &h, &r))
		return false;
	for (uint32_t i = (uint32_t)h.counts[1] + h.counts[2]; i; i--) {
		if (!read_record(&r, &type, &at))
			return false;
		struct rd old = rd_over(at, 4);
		uint32_t ttl = rd_u32(&old);
		/* RFC 2181 8 once more: what the guest gets has no such TTL. */
		ttl = ttl > INT32_MAX || ttl < age ? 0 : ttl - age;
		struct wr w = wr_over(wire + (at - wire), 4);
		wr_u32(&w, ttl);
	}
	return rd_left(&r) == 0;
}

size_t upstream_bare(const uint8_t *wire, size_t len)
{
	struct header h;
	struct rd r;
	uint16_t type;
	const uint8_t *ttl, *end;

	if (!begin_records(wire, len, &h, &r) || !h.counts[1] || h.flags & DNS_FLAG_RCODE)
		return 0;
	for (uint16_t i = h.counts[1]; i; i--) {
		if (!read_record(&r, &type, &ttl))
			return 0;
	}
	end = r.p;
	for (uint16_t i = h.counts[2]; i; i--) {
		if (!read_record(&r, &type, &ttl))
			return 0;
		/* How long a nothing at the end of a CNAME holds (RFC 2308 2.2), and proofs (RFC 4035 3.1.3) are asked for. */
		if (type == DNS_TYPE_SOA || type == DNS_TYPE_NSEC || type == DNS_TYPE_NSEC3)
			return 0;
	}
	return (size_t)(end - wire);
}
