/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6_parse: a DHCPv6 client's message taken apart, in one pass and without recursion.
 *
 * Specifications: RFC 8415 8 (form), 11.1 (DUIDs), 21 (options), RFC 4704 (FQDN).
 *
 * Lengths that lie are refused, also in options that nobody needs and in those inside
 * an IA: every later pass over the message relies on it. The two exceptions are rapid commit and FQDN, mere
 * wishes, which count as not sent where their length is wrong.
 */
#include "dhcp/dhcp6_msg.h"

#include <string.h>

/* The next option; false at the end, or with r->bad where there is no whole one. RFC 8415 21.1. */
static bool next_option(struct rd *r, uint16_t *code, struct rd *value)
{
	if (!rd_left(r))
		return false;
	*code = rd_u16(r);
	size_t len = rd_u16(r);
	*value = rd_sub(r, len);
	return !r->bad;
}

static bool is_ia(uint16_t code)
{
	return code == DHCP6_CODE_IA_NA || code == DHCP6_CODE_IA_TA || code == DHCP6_CODE_IA_PD;
}

static size_t head_of(uint16_t code)
{
	switch (code) {
	case DHCP6_CODE_IA_NA:
	case DHCP6_CODE_IA_PD:
		return DHCP6_IA_HEAD;
	case DHCP6_CODE_IA_TA:
		return DHCP6_IA_TA_HEAD;
	case DHCP6_CODE_IAADDR:
		return DHCP6_IAADDR_HEAD;
	case DHCP6_CODE_IAPREFIX:
		return DHCP6_IAPREFIX_HEAD;
	default:
		return 0;
	}
}

/* Checks the options inside an address or a prefix: fold does not use them, but they must end where it ends. */
static bool check_lease(struct rd value, uint16_t code)
{
	struct rd inner;

	rd_bytes(&value, head_of(code));
	while (next_option(&value, &code, &inner)) {
	}
	return !value.bad;
}

/* RFC 8415 21.4, 21.5, 21.21: an IA stands in the message itself and holds no other. */
static bool check_ia(struct rd value, uint16_t code)
{
	struct rd inner;

	rd_bytes(&value, head_of(code));
	while (next_option(&value, &code, &inner)) {
		if (is_ia(code))
			return false;
		if ((code == DHCP6_CODE_IAADDR || code == DHCP6_CODE_IAPREFIX) && !check_lease(inner, code))
			return false;
	}
	return !value.bad;
}

/* Stores an option; false if it was there before: RFC 8415 21.1, "only once" except for those that say otherwise. */
static bool take_once(struct dhcp6_bytes *to, struct rd value)
{
	if (to->at)
		return false;
	*to = (struct dhcp6_bytes){.at = value.p, .len = rd_left(&value)};
	return true;
}

static bool take(struct dhcp6_msg *m, uint16_t code, struct rd value)
{
	switch (code) {
	case DHCP6_CODE_CLIENT_ID:
		return take_once(&m->client_id, value);
	case DHCP6_CODE_SERVER_ID:
		return take_once(&m->server_id, value);
	case DHCP6_CODE_ORO:
		/* RFC 8415 21.7: codes of two octets. */
		return rd_left(&value) % 2 == 0 && take_once(&m->asked, value);
	case DHCP6_CODE_IA_NA:
	case DHCP6_CODE_IA_TA:
	case DHCP6_CODE_IA_PD:
		m->has_ia = true;
		m->has_ia_na |= code == DHCP6_CODE_IA_NA;
		return check_ia(value, code);
	case DHCP6_CODE_RAPID_COMMIT:
		m->rapid_commit |= rd_left(&value) == 0; /* RFC 8415 21.14 */
		return true;
	case DHCP6_CODE_FQDN:
		if (rd_left(&value) && !m->fqdn.at) /* RFC 4704 4: flags come before the name */
			take_once(&m->fqdn, value);
		return true;
	case DHCP6_CODE_VENDOR_CLASS: /* RFC 8415 21.16: there may be more, of other enterprises */
		if (!m->vendor_class.at)
			take_once(&m->vendor_class, value);
		return true;
	default:
		return true;
	}
}

enum drop dhcp6_parse(const uint8_t *data, size_t len, struct dhcp6_msg *m)
{
	struct rd r = rd_over(data, len), value;
	uint16_t code;

	*m = (struct dhcp6_msg){.type = rd_u8(&r)};
	rd_copy(&r, m->xid, sizeof(m->xid));
	if (r.bad)
		return DROP_TRUNCATED;
	/* RFC 8415 9: relay messages have another header, and messages inside. Nobody relays on a guest's own link. */
	if (m->type == DHCP6_TYPE_RELAY_FORW || m->type == DHCP6_TYPE_RELAY_REPL)
		return DROP_DHCP6_RELAY;
	m->options = r;
	while (next_option(&r, &code, &value)) {
		if (!take(m, code, value))
			return DROP_DHCP6_OPTIONS;
	}
	if (r.bad)
		return DROP_DHCP6_OPTIONS;
	if (m->client_id.at && (m->client_id.len < DHCP6_DUID_MIN || m->client_id.len > DHCP6_DUID_MAX))
		return DROP_DHCP6_FORM;
	return DROP_NONE;
}

bool dhcp6_next_ia(struct rd *options, struct dhcp6_ia *ia)
{
	struct rd value;

	while (next_option(options, &ia->code, &value)) {
		if (!is_ia(ia->code))
			continue;
		ia->iaid = rd_u32(&value);
		rd_bytes(&value, head_of(ia->code) - sizeof(ia->iaid)); /* T1 and T2 are the server's to say */
		ia->leases = value;
		return true;
	}
	return false;
}

bool dhcp6_next_lease(struct dhcp6_ia *ia, struct dhcp6_lease *lease)
{
	uint16_t wanted = ia->code == DHCP6_CODE_IA_PD ? DHCP6_CODE_IAPREFIX : DHCP6_CODE_IAADDR, code;
	struct rd value;

	while (next_option(&ia->leases, &code, &value)) {
		if (code != wanted)
			continue;
		lease->prefix_len = 0;
		if (code == DHCP6_CODE_IAPREFIX) {
			rd_bytes(&value, 8); /* lifetimes: a client's wish, and the binding is what it is */
			lease->prefix_len = rd_u8(&value);
		}
		rd_copy(&value, &lease->addr, sizeof(lease->addr));
		return true;
	}
	return false;
}
