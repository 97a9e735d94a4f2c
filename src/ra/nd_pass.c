/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Specifications: RFC 4861 4.3, RFC 4443 2.3 (the checksum), RFC 8200 3. */
#include "ra/nd_pass.h"

#include "base/csum.h"
#include "base/rd.h"
#include "ra/nd_wire.h"

#include <string.h>

#define IP6_HEADER 40
#define SOURCE_AT 8
#define CHECKSUM_AT 2 /* in the ICMPv6 message */

/* The fields of a solicitation that decide; nd_answer() has checked the rest. */
struct solicitation {
	size_t len; /* octets of the ICMPv6 message */
	struct in6_addr src, dst, target;
	uint8_t type;
};

static bool parse(const struct frame *f, struct solicitation *s)
{
	struct rd r = rd_over(f->l3, f->l3_len);

	rd_u32(&r);
	s->len = rd_u16(&r);
	rd_u16(&r);
	rd_copy(&r, &s->src, sizeof(s->src));
	rd_copy(&r, &s->dst, sizeof(s->dst));
	struct rd icmp = rd_sub(&r, s->len);
	s->type = rd_u8(&icmp);
	rd_bytes(&icmp, 7);
	rd_copy(&icmp, &s->target, sizeof(s->target));
	return !r.bad && !icmp.bad && s->type == ND_TYPE_NEIGHBOUR_SOLICIT;
}

static enum nd_pass decide(const struct guest *g, const struct solicitation *s)
{
	bool probe = IN6_IS_ADDR_UNSPECIFIED(&s->src);

	if (!ip6_in(g->id.ip6, s->target))
		return probe && IN6_IS_ADDR_LINKLOCAL(&s->target) ? ND_PASS_AS_IS : ND_PASS_REFUSED;
	/* If the host answers for the prefix, only solicitations for the guest itself, and probes, come here. */
	return probe || g->proxies6 || IN6_ARE_ADDR_EQUAL(&s->src, &g->id.ip6.addr) ? ND_PASS_AS_IS : ND_PASS_CHANGED;
}

enum nd_pass nd_pass(const struct guest *g, const struct frame *f, uint8_t to[static ND_PASS_MAX], size_t *len)
{
	struct solicitation s;

	if (!parse(f, &s) || IP6_HEADER + s.len > ND_PASS_MAX)
		return ND_PASS_REFUSED;
	enum nd_pass pass = decide(g, &s);
	if (pass != ND_PASS_CHANGED)
		return pass;
	*len = IP6_HEADER + s.len;
	memcpy(to, f->l3, *len);
	memcpy(to + SOURCE_AT, &g->id.ip6.addr, sizeof(g->id.ip6.addr));
	uint8_t *icmp = to + IP6_HEADER;
	memset(icmp + CHECKSUM_AT, 0, 2);
	uint64_t pseudo = csum_pseudo6(&g->id.ip6.addr, &s.dst, IPPROTO_ICMPV6, s.len);
	uint16_t sum = (uint16_t)~csum_fold(csum_add(pseudo, icmp, s.len));
	icmp[CHECKSUM_AT] = (uint8_t)(sum >> 8);
	icmp[CHECKSUM_AT + 1] = (uint8_t)sum;
	return ND_PASS_CHANGED;
}
