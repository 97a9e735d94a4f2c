/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6_choose: which IA gets the address, and which configuration a reply holds, in which order.
 *
 * Specifications: RFC 8415 18.3 and 21.7 (what the client asks for), RFC 3646 (DNS), 4704 (FQDN), UEFI 24.7 (boot over HTTP).
 *
 * The binding's DHCP6_OPTION lines provide any code but those that are fold's own.
 */
#include "dhcp/dhcp6_reply.h"
#include "dhcp/labels.h"

#include <string.h>

/*
 * Returns the index of the IA that gets the address: one that names the guest's address, at any position, else the
 * first IA_NA. An IA of a Request that names an address of another link is never chosen, because its answer is
 * NotOnLink.
 */
static size_t choose_ia(const struct guest *g, const struct dhcp6_msg *m)
{
	struct rd options = m->options;
	struct dhcp6_ia ia;
	size_t first = DHCP6_NO_IA;

	for (size_t i = 0; dhcp6_next_ia(&options, &ia); i++) {
		if (m->type == DHCP6_TYPE_REQUEST && dhcp6_is_off_link(g, ia))
			continue;
		if (dhcp6_names_own(g, ia))
			return i;
		if (ia.code == DHCP6_CODE_IA_NA && first == DHCP6_NO_IA)
			first = i;
	}
	return first;
}

static bool set_value(struct dhcp6_item *item, const void *at, size_t len)
{
	item->at = at;
	item->len = len;
	return len != 0;
}

/*
 * RFC 4704 6: "Servers MUST only include a Client FQDN option in ADVERTISE and REPLY messages if the client included
 * [one] and [it] is requested by the Option Request option". The second is true whenever this is called. The name is
 * the one that fold gives the guest.
 */
static bool value_fqdn(struct dhcp6_choice *c, struct dhcp6_item *item)
{
	const char *host = c->g->hostname, *domain = strchr(host, '.') ? "" : c->g->domain;
	struct wr undo = c->made, *w = &c->made;

	if (!c->m->fqdn.at || !*host || strlen(host) + strlen(domain) > DHCP6_NAME_MAX - 3)
		return false;
	/* 6: a server that does no updates sets N, clears S, and sets O if the client had wished for S. */
	bool override = c->m->fqdn.at[0] & DHCP6_FQDN_S;
	item->at = w->p;
	wr_u8(w, (uint8_t)(DHCP6_FQDN_N | (override ? DHCP6_FQDN_O : 0)));
	bool good = labels_write(w, host) && labels_write(w, domain);
	if (*domain || strchr(host, '.')) /* 4.2: a name without its domain has no root label */
		wr_u8(w, 0);
	if (!good || w->full) {
		c->made = undo;
		return false;
	}
	item->len = (size_t)(w->p - item->at);
	return true;
}

/* RFC 8415 21.23: when to ask again, only in answers to Information-requests. As often as a lease would be renewed. */
static bool value_refresh(struct dhcp6_choice *c, struct dhcp6_item *item)
{
	uint32_t t = c->g->renew_time;

	if (c->action != DHCP6_ACTION_INFORM)
		return false;
	item->at = c->made.p;
	item->len = sizeof(t);
	wr_u32(&c->made, t < DHCP6_REFRESH_MIN ? DHCP6_REFRESH_MIN : t);
	return true;
}

/*
 * UEFI 24.7.2: a boot loader that fetches over HTTP takes only an offer whose class is "HTTPClient", with which its own
 * begins. It goes out with the enterprise number that the loader named, and only where there is something to boot.
 */
static bool value_class(struct dhcp6_choice *c, struct dhcp6_item *item)
{
	static const char name[] = "HTTPClient";
	const size_t len = sizeof(name) - 1;
	struct rd r = rd_over(c->m->vendor_class.at, c->m->vendor_class.len);
	struct wr *w = &c->made;

	uint32_t enterprise = rd_u32(&r);
	struct rd first = rd_sub(&r, rd_u16(&r));
	const uint8_t *theirs = rd_bytes(&first, len);
	if (!theirs || memcmp(theirs, name, len) != 0)
		return false;
	item->at = w->p;
	wr_u32(w, enterprise);
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, name, len);
	item->len = (size_t)(w->p - item->at);
	return true;
}

/* True for codes that no binding can set: a second identifier or IA would be wrong, or lead to a loop. */
static bool is_protocol(uint16_t code)
{
	return (code <= DHCP6_CODE_LAST_OWN && code != DHCP6_CODE_VENDOR_OPTS) || code == DHCP6_CODE_IA_PD ||
	       code == DHCP6_CODE_IAPREFIX;
}

static bool chosen(const struct dhcp6_choice *c, uint16_t code)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->at[i].code == code)
			return true;
	}
	return false;
}

/* Sets item's value to what this guest has for that code; false if it has nothing. */
static bool value_of(struct dhcp6_choice *c, uint16_t code, struct dhcp6_item *item)
{
	const struct guest *g = c->g;

	switch (code) {
	case DHCP6_CODE_DNS:
		return set_value(item, g->nameservers6.at, g->nameservers6.count * sizeof(struct in6_addr));
	case DHCP6_CODE_SEARCH:
		return set_value(item, g->search, g->search_len);
	case DHCP6_CODE_FQDN:
		return value_fqdn(c, item);
	case DHCP6_CODE_REFRESH_TIME:
		return value_refresh(c, item);
	case DHCP6_CODE_VENDOR_CLASS:
		return chosen(c, DHCP6_CODE_BOOT_URL) && value_class(c, item);
	default:
		break;
	}
	if (is_protocol(code))
		return false;
	/* Plain text is not the RFCs' way to tell a name, but nfdhcpd's, whose files and guests fold serves. */
	if (code == g->hostname_code6)
		return set_value(item, g->hostname, strlen(g->hostname));
	if (code == g->domain_code6)
		return set_value(item, g->domain, strlen(g->domain));
	for (size_t i = 0; i < g->option6_count; i++) {
		if (g->options6[i].code == code) {
			set_value(item, g->options6[i].bytes, g->options6[i].len);
			return true;
		}
	}
	return false;
}

/* Adds an option once, also if the client asks twice: RFC 8415 21.1 lets none of these appear twice. */
static void add_if_known(struct dhcp6_choice *c, uint16_t code)
{
	struct dhcp6_item item = {.code = code};

	if (!chosen(c, code) && c->count < DHCP6_ITEMS_MAX && value_of(c, code, &item))
		c->at[c->count++] = item;
}

/* RFC 8415 18.3: adds what the client asks for, in its order; without a list everything, the most wanted first. */
static void add_asked(struct dhcp6_choice *c)
{
	struct rd asked = rd_over(c->m->asked.at, c->m->asked.len);

	if (rd_left(&asked)) {
		while (rd_left(&asked))
			add_if_known(c, rd_u16(&asked));
		return;
	}
	add_if_known(c, DHCP6_CODE_DNS);
	add_if_known(c, DHCP6_CODE_SEARCH);
	for (size_t i = 0; i < c->g->option6_count; i++)
		add_if_known(c, c->g->options6[i].code);
}

void dhcp6_choose(struct dhcp6_choice *c, const struct guest *g, const struct dhcp6_msg *m, enum dhcp6_action action)
{
	c->g = g;
	c->m = m;
	c->action = action;
	c->count = 0;
	c->made = wr_over(c->made_buf, sizeof(c->made_buf));
	c->granted = DHCP6_NO_IA;
	/*
	 * RFC 8415 18.3.7, 18.3.8: nothing but identifiers and status. A client that is not on this link has no use for
	 * options.
	 */
	if (action == DHCP6_ACTION_RELEASE || action == DHCP6_ACTION_NOT_ON_LINK)
		return;
	if (action != DHCP6_ACTION_CONFIRM && action != DHCP6_ACTION_INFORM)
		c->granted = choose_ia(g, m);
	add_asked(c);
	add_if_known(c, DHCP6_CODE_VENDOR_CLASS);
	/* nfdhcpd's clients get these without asking. */
	if (g->hostname_code6)
		add_if_known(c, g->hostname_code6);
	if (g->domain_code6)
		add_if_known(c, g->domain_code6);
	if (action == DHCP6_ACTION_INFORM)
		add_if_known(c, DHCP6_CODE_REFRESH_TIME);
}
