/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4_parse: a BOOTP or DHCPv4 message taken apart, in one pass.
 *
 * Specifications: RFC 2131 2 and 4.1 (form), RFC 2132 (options), RFC 3396 (split options), RFC 951 and 1534 (BOOTP).
 *
 * Lengths that lie are refused, with three exceptions that real clients need: an
 * options field without END, options that fold has no use for, and wishes (57, 60,
 * 81, 97), which count as not sent where their length is wrong.
 */
#include "base/rd.h"
#include "dhcp/dhcp4_msg.h"

/* The options that fold looks at, as they were found. */
struct raw {
	struct dhcp4_msg *m;
	struct dhcp4_bytes type, requested, server_id, overload, max_size, rapid_commit, hostname, ipxe, architecture,
	    nic;
	const struct dhcp4_bytes *joining; /* the option whose value is at the end of m->joined, or NULL */
};

static struct dhcp4_bytes *place_of(struct raw *raw, uint8_t code)
{
	switch (code) {
	case DHCP4_CODE_HOSTNAME:
		return &raw->hostname;
	case DHCP4_CODE_REQUESTED_IP:
		return &raw->requested;
	case DHCP4_CODE_OVERLOAD:
		return &raw->overload;
	case DHCP4_CODE_TYPE:
		return &raw->type;
	case DHCP4_CODE_SERVER_ID:
		return &raw->server_id;
	case DHCP4_CODE_PARAMETER_LIST:
		return &raw->m->parameters;
	case DHCP4_CODE_MAX_SIZE:
		return &raw->max_size;
	case DHCP4_CODE_CLASS:
		return &raw->m->class;
	case DHCP4_CODE_CLIENT_ID:
		return &raw->m->client_id;
	case DHCP4_CODE_RAPID_COMMIT:
		return &raw->rapid_commit;
	case DHCP4_CODE_FQDN:
		return &raw->m->fqdn;
	case DHCP4_CODE_RELAY_INFO:
		return &raw->m->relay_info;
	case DHCP4_CODE_ARCHITECTURE:
		return &raw->architecture;
	case DHCP4_CODE_NIC:
		return &raw->nic;
	case DHCP4_CODE_UUID:
		return &raw->m->uuid;
	case DHCP4_CODE_IPXE:
		return &raw->ipxe;
	default:
		return NULL;
	}
}

static bool join_bytes(struct dhcp4_msg *m, const uint8_t *from, size_t len)
{
	if (len > sizeof(m->joined) - m->joined_len)
		return false;
	if (len)
		memcpy(m->joined + m->joined_len, from, len);
	m->joined_len += len;
	return true;
}

/*
 * Stores an option's value behind what came before under its code. False if the client split more than fold has room
 * for.
 */
static bool take(struct raw *raw, struct dhcp4_bytes *to, const uint8_t *value, size_t len)
{
	struct dhcp4_msg *m = raw->m;

	if (!to->at) {
		*to = (struct dhcp4_bytes){.at = value, .len = len};
		return true;
	}
	/*
	 * RFC 3396 7: options with the same code are portions of one, in the order
	 * options, file, sname. So a message type that is sent twice is one of two
	 * octets, which is refused below: no two readers can see it differently.
	 */
	if (raw->joining != to) {
		const uint8_t *start = m->joined + m->joined_len;
		if (!join_bytes(m, to->at, to->len))
			return false;
		to->at = start;
		raw->joining = to;
	}
	if (!join_bytes(m, value, len))
		return false;
	to->len += len;
	return true;
}

/* Reads one field of options; false if a length is wrong. */
static bool walk(struct raw *raw, struct rd r)
{
	while (rd_left(&r)) {
		uint8_t code = rd_u8(&r);
		if (code == DHCP4_CODE_PAD) /* RFC 2132 3.1, 3.2: these two alone have no length */
			continue;
		if (code == DHCP4_CODE_END)
			return true;
		size_t len = rd_u8(&r);
		const uint8_t *value = rd_bytes(&r, len);
		if (!value)
			return false;
		struct dhcp4_bytes *to = place_of(raw, code);
		if (to && !take(raw, to, value, len))
			return false;
	}
	return true; /* RFC 2131 4.1 wants END, old clients leave it out */
}

static bool walk_overloaded(struct raw *raw, struct rd sname, struct rd file)
{
	if (!raw->overload.at)
		return true;
	if (raw->overload.len != 1)
		return false;
	/*
	 * RFC 2131 4.1: only an overload option in the options field counts, so fold reads that field before the
	 * others.
	 */
	uint8_t which = raw->overload.at[0];
	if (which < DHCP4_OVERLOAD_FILE || which > (DHCP4_OVERLOAD_FILE | DHCP4_OVERLOAD_SNAME))
		return false;
	/* RFC 2131 4.1: file first, then sname. */
	if ((which & DHCP4_OVERLOAD_FILE) && !walk(raw, file))
		return false;
	return !(which & DHCP4_OVERLOAD_SNAME) || walk(raw, sname);
}

/* Reads an option with an address that decides about the answer. False unless it is absent or has four octets. */
static bool address(const struct dhcp4_bytes *b, bool *has, struct in_addr *out)
{
	*has = b->at != NULL;
	out->s_addr = 0;
	if (!*has)
		return true;
	if (b->len != sizeof(*out))
		return false;
	memcpy(out, b->at, sizeof(*out));
	return true;
}

/*
 * Old Microsoft clients end strings with NUL and expect it of others. A field of
 * nothing but zeros, as Linux's BOOTP sends, is no string.
 */
static bool ends_in_nul(const struct dhcp4_bytes *b, size_t skip)
{
	return b->at && b->len > skip + 1 && b->at[skip] && !b->at[b->len - 1];
}

static bool settle(struct raw *raw)
{
	struct dhcp4_msg *m = raw->m;

	if (raw->type.at && raw->type.len != 1)
		return false;
	m->has_type = raw->type.at != NULL;
	m->type = m->has_type ? raw->type.at[0] : 0;
	if (!address(&raw->requested, &m->has_requested, &m->requested) ||
	    !address(&raw->server_id, &m->has_server_id, &m->server_id))
		return false;
	/* RFC 2131 4.3.2 forbids the option where a client renews: one that sends it empty means nothing by it. */
	m->has_requested = m->has_requested && (m->requested.s_addr || !m->ciaddr.s_addr);

	struct rd max_size = rd_over(raw->max_size.at, raw->max_size.len);
	m->max_size = raw->max_size.len == 2 ? rd_u16(&max_size) : 0;
	m->rapid_commit = raw->rapid_commit.at && raw->rapid_commit.len == 0; /* RFC 4039 4 */
	m->ipxe = raw->ipxe.at != NULL;
	m->loads = raw->architecture.len >= 2 || raw->nic.len == 3;
	if (m->uuid.len != DHCP4_UUID_LEN)
		m->uuid.at = NULL;
	if (m->fqdn.len < 3) /* RFC 4702 2: flags and two codes come before the name */
		m->fqdn.at = NULL;
	bool ascii = m->fqdn.at && !(m->fqdn.at[0] & DHCP4_FQDN_E);
	m->ends_strings = ends_in_nul(&raw->hostname, 0) || (ascii && ends_in_nul(&m->fqdn, 3));
	return true;
}

static void parse_header(struct rd *r, struct dhcp4_msg *m, struct rd *sname, struct rd *file)
{
	m->op = rd_u8(r);
	m->htype = rd_u8(r);
	m->hlen = rd_u8(r);
	rd_bytes(r, 1); /* hops: nobody relays on a guest's link */
	m->xid = rd_u32(r);
	rd_bytes(r, 2); /* secs: real clients put garbage there */
	m->flags = rd_u16(r);
	rd_copy(r, &m->ciaddr, sizeof(m->ciaddr));
	rd_bytes(r, 8); /* yiaddr and siaddr are the server's to fill */
	rd_copy(r, &m->giaddr, sizeof(m->giaddr));
	rd_copy(r, m->chaddr, sizeof(m->chaddr));
	*sname = rd_sub(r, DHCP4_SNAME_LEN);
	*file = rd_sub(r, DHCP4_FILE_LEN);
}

enum drop dhcp4_parse(const uint8_t *data, size_t len, struct dhcp4_msg *m)
{
	struct rd r = rd_over(data, len), sname, file;
	struct raw raw = {.m = m};

	m->len = len;
	m->joined_len = 0;
	m->parameters = m->class = m->client_id = m->fqdn = m->relay_info = m->uuid = (struct dhcp4_bytes){0};
	parse_header(&r, m, &sname, &file);
	if (r.bad)
		return DROP_TRUNCATED;
	if (m->op == DHCP4_OP_REPLY)
		return DROP_DHCP4_SERVER;
	/* RFC 2131 2: this link is Ethernet, so nothing else can be true. */
	if (m->op != DHCP4_OP_REQUEST || m->htype != DHCP4_HTYPE_ETHERNET || m->hlen != MAC_LEN)
		return DROP_DHCP4_FORM;

	/* RFC 951 3: vendor area may be all zeros, or (seen in the field) not there; then this is plain BOOTP. */
	uint32_t cookie = rd_left(&r) >= DHCP4_COOKIE_LEN ? rd_u32(&r) : 0;
	if (cookie && cookie != DHCP4_COOKIE)
		return DROP_DHCP4_FORM;
	if (cookie && (!walk(&raw, r) || !walk_overloaded(&raw, sname, file)))
		return DROP_DHCP4_OPTIONS;
	return settle(&raw) ? DROP_NONE : DROP_DHCP4_OPTIONS;
}
