/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4_values: what this guest has for an option's code.
 *
 * Specifications: RFC 2132 (options), 3397 (search list), 3442 (routes), 4578 (PXE), 4702 (FQDN), 8925 (IPv6-only).
 *
 * The binding's DHCP_OPTION lines provide any code, or take the place of fold's
 * own value.
 */
#include "base/rd.h"
#include "dhcp/dhcp4_reply.h"
#include "dhcp/labels.h"

#include <arpa/inet.h>

static bool set_value(struct dhcp4_option *o, const void *at, size_t len)
{
	o->at = at;
	o->len = len;
	return true;
}

bool dhcp4_set_number(struct dhcp4_choice *c, struct dhcp4_option *o, uint8_t width, uint32_t v)
{
	o->at = c->made.p;
	o->len = width;
	if (width == 1)
		wr_u8(&c->made, (uint8_t)v);
	else if (width == 2)
		wr_u16(&c->made, (uint16_t)v);
	else
		wr_u32(&c->made, v);
	return true;
}

/* RFC 2132 2: no NUL at the end of strings, but for clients that cannot do without. */
static bool set_string(const struct dhcp4_choice *c, struct dhcp4_option *o, const char *s)
{
	o->ends = c->m->ends_strings;
	return *s && set_value(o, s, strlen(s));
}

bool dhcp4_off_subnet(const struct guest *g)
{
	return g->has_gateway4 && !ip4_in(g->id.ip4, g->gateway4);
}

/*
 * RFC 3442: a gateway outside the subnet is reached by a route to it alone, on the
 * link itself (router 0.0.0.0), and then the default route goes through it.
 */
static bool value_routes(struct dhcp4_choice *c, struct dhcp4_option *o)
{
	if (!dhcp4_off_subnet(c->g))
		return false;
	struct wr *w = &c->made;
	o->at = w->p;
	wr_u8(w, 32);
	wr_bytes(w, &c->g->gateway4, 4);
	wr_zero(w, 4);
	wr_u8(w, 0);
	wr_bytes(w, &c->g->gateway4, 4);
	o->len = 14;
	return true;
}

/*
 * True for a boot loader, whose class begins with one of two names. Sets o to that name: a loader takes only offers
 * with it as their class.
 */
static bool is_boot_class(const struct dhcp4_msg *m, struct dhcp4_option *o)
{
	static const char *const names[] = {"PXEClient", "HTTPClient"}; /* RFC 4578 2; UEFI 24.7 */

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i]);
		if (m->class.len >= len && memcmp(m->class.at, names[i], len) == 0)
			return set_value(o, names[i], len);
	}
	return false;
}

/* RFC 4702 3 and 4: only to a client that sent it; with our name for it, in the client's encoding. */
static bool value_fqdn(struct dhcp4_choice *c, struct dhcp4_option *o)
{
	const char *host = c->g->hostname, *domain = strchr(host, '.') ? "" : c->g->domain;
	struct wr undo = c->made, *w = &c->made;

	if (!c->m->fqdn.at || !*host || strlen(host) + strlen(domain) > 252)
		return false;
	uint8_t theirs = c->m->fqdn.at[0];
	bool is_wire = theirs & DHCP4_FQDN_E;
	o->at = w->p;
	/* 4: a server that does no DNS updates sets N, clears S, and sets O if the client had wished for S. */
	wr_u8(w, (uint8_t)(DHCP4_FQDN_N | (theirs & DHCP4_FQDN_E) | (theirs & DHCP4_FQDN_S ? DHCP4_FQDN_O : 0)));
	wr_u16(w, 0xffff); /* 2.2: both codes are 255 from a server */
	if (is_wire) {
		if (!labels_write(w, host) || !labels_write(w, domain)) {
			c->made = undo;
			return false;
		}
		if (*domain || strchr(host, '.')) /* 2.3: a name without its domain has no root label */
			wr_u8(w, 0);
	} else {
		wr_bytes(w, host, strlen(host));
		if (*domain)
			wr_u8(w, '.');
		wr_bytes(w, domain, strlen(domain));
		o->ends = c->m->ends_strings;
	}
	o->len = (size_t)(w->p - o->at);
	return true;
}

/* The binding's own value of that code, or NULL. The first line counts. */
static const struct dhcp_option *find_configured(const struct dhcp4_choice *c, uint8_t code)
{
	if (!dhcp4_bit_test(c->configured, code))
		return NULL;
	for (size_t i = 0; i < c->g->option_count; i++)
		if (c->g->options[i].code == code)
			return &c->g->options[i];
	return NULL;
}

static struct dhcp4_bytes configured_text(const struct dhcp4_choice *c, uint8_t code)
{
	const struct dhcp_option *from = find_configured(c, code);
	size_t len = from ? from->len : 0;

	while (len && !from->bytes[len - 1])
		len--;
	return (struct dhcp4_bytes){.at = len ? from->bytes : NULL, .len = len};
}

/* Puts a boot server that is given as an address, in text or as four octets that are no text, into siaddr. */
static void settle_boot_server(struct dhcp4_choice *c)
{
	const struct dhcp_option *raw = find_configured(c, DHCP4_CODE_BOOT_SERVER);
	char text[INET_ADDRSTRLEN] = "";
	bool printable = true;

	for (size_t i = 0; raw && i < raw->len; i++)
		printable = printable && raw->bytes[i] >= ' ' && raw->bytes[i] < 0x7f;
	if (raw && raw->len == sizeof(c->siaddr) && !printable) {
		memcpy(&c->siaddr, raw->bytes, sizeof(c->siaddr));
		inet_ntop(AF_INET, &c->siaddr, text, sizeof(text));
		c->boot_server = (struct dhcp4_bytes){.at = c->made.p, .len = strlen(text)};
		wr_bytes(&c->made, text, strlen(text));
		return;
	}
	c->boot_server = configured_text(c, DHCP4_CODE_BOOT_SERVER);
	if (!c->boot_server.at || c->boot_server.len >= sizeof(text))
		return;
	memcpy(text, c->boot_server.at, c->boot_server.len);
	if (inet_pton(AF_INET, text, &c->siaddr) != 1)
		c->siaddr.s_addr = 0;
}

void dhcp4_settle_boot(struct dhcp4_choice *c)
{
	const struct dhcp4_bytes *asked = &c->m->parameters;
	struct dhcp4_option class = {0};

	if (!find_configured(c, DHCP4_CODE_BOOT_SERVER) && !find_configured(c, DHCP4_CODE_BOOT_FILE))
		return;
	bool loader = is_boot_class(c->m, &class);
	/* U-Boot asks for neither the server nor the file, but reads their fields. */
	c->boots = asked->len == 0 || !c->m->has_type || loader || c->m->loads;
	for (size_t i = 0; i < asked->len; i++)
		if (asked->at[i] == DHCP4_CODE_BOOT_SERVER || asked->at[i] == DHCP4_CODE_BOOT_FILE)
			c->boots = true;
	if (!c->boots)
		return;
	settle_boot_server(c);
	c->boot_file = configured_text(c, DHCP4_CODE_BOOT_FILE);
	c->pxe = loader && class.at[0] == 'P' && c->boot_file.at;
}

static bool value_configured(struct dhcp4_choice *c, const struct dhcp_option *from, struct dhcp4_option *o)
{
	uint8_t code = from->code;

	if (code == DHCP4_CODE_BOOT_SERVER || code == DHCP4_CODE_BOOT_FILE) {
		const struct dhcp4_bytes *name = code == DHCP4_CODE_BOOT_FILE ? &c->boot_file : &c->boot_server;
		/*
		 * Contrary to RFC 2132 2, ends the name with a NUL, because some PXE ROMs read on until there is one.
		 * Not if the NUL would need an option of its own: a loader that does not join options (RFC 3396) would
		 * take that second option for the whole name.
		 */
		o->ends = name->len % DHCP4_OPTION_MAX != 0;
		return name->at && set_value(o, name->at, name->len);
	}
	if (code == DHCP4_CODE_V6ONLY) {
		struct rd r = rd_over(from->bytes, from->len);
		uint32_t wait = rd_u32(&r);
		if (r.bad || rd_left(&r))
			return false;
		return dhcp4_set_number(c, o, 4, wait < DHCP4_V6ONLY_MIN ? DHCP4_V6ONLY_MIN : wait);
	}
	return set_value(o, from->bytes, from->len);
}

/*
 * RFC 3021 2.2: a link of two (or of one) has no broadcast address but the limited one. fold sends that, because
 * without the option dhclient and dhcpcd make up an address, which is the other end's own, and then have no gateway.
 */
static uint32_t broadcast(const struct guest *g)
{
	return g->id.ip4.len < 31 ? ntohl(ip4_broadcast(g->id.ip4).s_addr) : INADDR_BROADCAST;
}

bool dhcp4_value(struct dhcp4_choice *c, uint8_t code, struct dhcp4_option *o)
{
	static const uint8_t no_proxy[] = {176, 1, 1}; /* iPXE: do not wait 2 s for a ProxyDHCP server */
	/* PXE 2.1, table 2-1: PXE_DISCOVERY_CONTROL, bit 3: boot the file named here, without asking further. */
	static const uint8_t no_discovery[] = {6, 1, 1 << 3, DHCP4_CODE_END};
	const struct guest *g = c->g;
	const struct dhcp_option *from = find_configured(c, code);
	if (!from && code == DHCP4_CODE_ROUTES_OLD)
		from = find_configured(c, DHCP4_CODE_ROUTES);
	if (from)
		return value_configured(c, from, o);
	switch (code) {
	case DHCP4_CODE_ROUTER:
		return g->has_gateway4 && set_value(o, &g->gateway4, sizeof(g->gateway4));
	case DHCP4_CODE_DNS:
		return g->nameservers4.count &&
		       set_value(o, g->nameservers4.at, g->nameservers4.count * sizeof(struct in_addr));
	case DHCP4_CODE_HOSTNAME:
		return set_string(c, o, g->hostname);
	case DHCP4_CODE_DOMAIN:
		return set_string(c, o, g->domain);
	case DHCP4_CODE_MTU:
		return g->id.mtu >= DHCP4_MTU_MIN && g->id.mtu <= UINT16_MAX && dhcp4_set_number(c, o, 2, g->id.mtu);
	case DHCP4_CODE_BROADCAST:
		return dhcp4_set_number(c, o, 4, broadcast(g));
	case DHCP4_CODE_SEARCH:
		return g->search4_len ? set_value(o, g->search4, g->search4_len)
				      : g->search_len && set_value(o, g->search, g->search_len);
	case DHCP4_CODE_ROUTES:
	case DHCP4_CODE_ROUTES_OLD:
		return value_routes(c, o);
	case DHCP4_CODE_CLASS:
		return c->boots && is_boot_class(c->m, o);
	case DHCP4_CODE_VENDOR:
		return c->pxe && set_value(o, no_discovery, sizeof(no_discovery));
	case DHCP4_CODE_FQDN:
		return value_fqdn(c, o);
	case DHCP4_CODE_UUID: /* RFC 4578 2.3: returned as it came */
		return c->m->uuid.at && set_value(o, c->m->uuid.at, c->m->uuid.len);
	case DHCP4_CODE_IPXE:
		return c->m->ipxe && set_value(o, no_proxy, sizeof(no_proxy));
	default:
		return false;
	}
}
