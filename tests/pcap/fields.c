/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames as named fields. RFC 894, 826, 791, 768, 951, 2131, 2132. */
#include "fields.h"

#include "base/addr.h"
#include "base/log.h"
#include "base/rd.h"
#include "names.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>

#define DHCP4_SNAME_AT 44 /* within the BOOTP message, RFC 951 */
#define DHCP4_FILE_AT 108
#define DHCP4_COOKIE_AT 236
#define DHCP4_MIN 240
#define DHCP4_COOKIE 0x63825363

/* Where the walk stands: a cursor over one area of the frame. */
struct walk {
	struct rd r;
	const uint8_t *frame;
	struct fields *out;
};

/* The next n octets as a field, its text to be filled in; NULL where they are not all there or the list is full. */
static struct field *next(struct walk *w, size_t n, const uint8_t **bytes, const char *name)
{
	if (w->out->count >= FIELDS_MAX - 1)
		w->r.bad = true;
	const uint8_t *b = rd_bytes(&w->r, n);
	if (!b)
		return NULL;
	struct field *f = &w->out->list[w->out->count++];
	f->at = (size_t)(b - w->frame);
	f->len = n;
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->text[0] = 0;
	*bytes = b;
	return f;
}

static void hex_text(struct field *f, const uint8_t *b, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at + 3 < sizeof(f->text); i++)
		at += (size_t)snprintf(f->text + at, sizeof(f->text) - at, "%02x", b[i]);
}

static void field_mac(struct walk *w, const char *name)
{
	const uint8_t *b;
	struct field *f = next(w, MAC_LEN, &b, name);

	if (f)
		mac_format(b, f->text);
}

static void field_ip4(struct walk *w, const char *name)
{
	const uint8_t *b;
	struct field *f = next(w, 4, &b, name);

	if (f)
		inet_ntop(AF_INET, b, f->text, sizeof(f->text));
}

/* A number of 1, 2 or 4 octets; hexadecimal where that is how it is read. Returns it. */
static uint32_t field_number(struct walk *w, size_t width, bool hex, const char *name)
{
	const uint8_t *b;
	struct field *f = next(w, width, &b, name);
	uint32_t v = 0;

	if (!f)
		return 0;
	for (size_t i = 0; i < width; i++)
		v = v << 8 | b[i];
	if (hex)
		snprintf(f->text, sizeof(f->text), "0x%0*x", (int)(2 * width), v);
	else
		snprintf(f->text, sizeof(f->text), "%u", v);
	return v;
}

/* All that is left of this area. All zeros is said as such, with their number. */
static void field_rest(struct walk *w, const char *name)
{
	const uint8_t *b;
	size_t n = rd_left(&w->r), zeros = 0;

	w->r.bad = false;
	if (n == 0 || w->out->count == FIELDS_MAX)
		return;
	struct field *f = &w->out->list[w->out->count];
	if (w->out->count == FIELDS_MAX - 1) {
		b = rd_bytes(&w->r, n);
		w->out->count++;
		*f = (struct field){.at = (size_t)(b - w->frame), .len = n};
		snprintf(f->name, sizeof(f->name), "%s", name);
	} else {
		f = next(w, n, &b, name);
	}
	while (zeros < n && b[zeros] == 0)
		zeros++;
	if (zeros == n)
		snprintf(f->text, sizeof(f->text), "%zu zero octets", n);
	else
		hex_text(f, b, n);
}

/* One area of options: code, length, value, until END; what follows END is padding. RFC 2132 2. */
static void walk_options(struct walk *w, const char *padding)
{
	const uint8_t *b;

	while (rd_left(&w->r) && !w->r.bad) {
		uint8_t code = w->r.p[0];
		if (code == 0) {
			size_t run = 0;
			while (run < rd_left(&w->r) && w->r.p[run] == 0)
				run++;
			struct field *f = next(w, run, &b, "option 0 pad");
			if (f)
				snprintf(f->text, sizeof(f->text), "%zu", run);
			continue;
		}
		if (code == 255) {
			next(w, 1, &b, "option 255 end");
			break;
		}
		if (rd_left(&w->r) < 2 || rd_left(&w->r) < 2u + w->r.p[1])
			break; /* overruns: the rest says so */
		size_t len = w->r.p[1];
		struct field *f = next(w, 2 + len, &b, "");
		if (!f)
			break;
		const char *name = names_option(code, b + 2, len, f->text, sizeof(f->text));
		snprintf(f->name, sizeof(f->name), "option %u%s%s", code, name ? " " : "", name ? name : "");
	}
	field_rest(w, padding);
}

/* What option 52 in the options says about file (1) and sname (2). RFC 2132 9.3. */
static uint8_t overload(struct rd r)
{
	while (rd_left(&r) && !r.bad) {
		uint8_t code = rd_u8(&r);
		if (code == 255)
			break;
		if (code == 0)
			continue;
		uint8_t len = rd_u8(&r);
		const uint8_t *v = rd_bytes(&r, len);
		if (v && code == 52 && len == 1)
			return v[0];
	}
	return 0;
}

/* sname and file: a string, or options where they are overloaded. */
static void walk_area(struct walk *w, size_t len, bool overloaded, const char *name)
{
	struct walk area = {.r = rd_sub(&w->r, len), .frame = w->frame, .out = w->out};
	const uint8_t *b;

	if (overloaded) {
		walk_options(&area, name);
		return;
	}
	if (!rd_left(&area.r) || area.r.p[0] == 0) {
		field_rest(&area, name);
		return;
	}
	struct field *f = next(&area, len, &b, name);
	if (f)
		log_escape(b, strnlen((const char *)b, len), f->text, sizeof(f->text));
}

static void walk_dhcp4(struct walk *w)
{
	struct rd whole = w->r;
	uint8_t over = 0;

	if (rd_left(&whole) >= DHCP4_MIN) {
		rd_bytes(&whole, DHCP4_MIN);
		over = overload(whole);
	}
	field_number(w, 1, false, "dhcp op");
	field_number(w, 1, false, "dhcp htype");
	field_number(w, 1, false, "dhcp hlen");
	field_number(w, 1, false, "dhcp hops");
	field_number(w, 4, true, "dhcp xid");
	field_number(w, 2, false, "dhcp secs");
	field_number(w, 2, true, "dhcp flags");
	field_ip4(w, "dhcp ciaddr");
	field_ip4(w, "dhcp yiaddr");
	field_ip4(w, "dhcp siaddr");
	field_ip4(w, "dhcp giaddr");
	field_mac(w, "dhcp chaddr");
	const uint8_t *b;
	struct field *f = next(w, 10, &b, "dhcp chaddr padding");
	if (f)
		hex_text(f, b, 10);
	if (rd_left(&w->r) >= DHCP4_COOKIE_AT - DHCP4_SNAME_AT) {
		walk_area(w, DHCP4_FILE_AT - DHCP4_SNAME_AT, over & 2, "dhcp sname");
		walk_area(w, DHCP4_COOKIE_AT - DHCP4_FILE_AT, over & 1, "dhcp file");
		field_number(w, 4, true, "dhcp cookie");
	}
	walk_options(w, "dhcp padding");
}

static void walk_udp(struct walk *w)
{
	uint32_t from = field_number(w, 2, false, "udp source port");
	uint32_t to = field_number(w, 2, false, "udp destination port");
	field_number(w, 2, false, "udp length");
	field_number(w, 2, true, "udp checksum");
	if ((from == 67 || to == 67) && !w->r.bad)
		walk_dhcp4(w);
	field_rest(w, "udp data");
}

static void walk_ip4(struct walk *w)
{
	struct rd start = w->r;

	field_number(w, 1, true, "ip version, ihl");
	field_number(w, 1, true, "ip tos");
	uint32_t total = field_number(w, 2, false, "ip total length");
	field_number(w, 2, true, "ip id");
	field_number(w, 2, true, "ip flags, offset");
	field_number(w, 1, false, "ip ttl");
	uint32_t proto = field_number(w, 1, false, "ip protocol");
	field_number(w, 2, true, "ip checksum");
	field_ip4(w, "ip source");
	field_ip4(w, "ip destination");
	if (w->r.bad || proto != IPPROTO_UDP || total < 20 || total > rd_left(&start))
		return;
	struct walk udp = {.r = rd_sub(&w->r, total - 20), .frame = w->frame, .out = w->out};
	walk_udp(&udp);
	w->r.bad = udp.r.bad;
}

static void walk_arp(struct walk *w)
{
	field_number(w, 2, false, "arp hardware");
	field_number(w, 2, true, "arp protocol");
	field_number(w, 1, false, "arp hardware length");
	field_number(w, 1, false, "arp protocol length");
	field_number(w, 2, false, "arp operation");
	field_mac(w, "arp sender mac");
	field_ip4(w, "arp sender ip");
	field_mac(w, "arp target mac");
	field_ip4(w, "arp target ip");
}

void fields_of(const uint8_t *frame, size_t len, struct fields *out)
{
	struct walk w = {.r = rd_over(frame, len), .frame = frame, .out = out};

	out->count = 0;
	field_mac(&w, "ethernet destination");
	field_mac(&w, "ethernet source");
	uint32_t type = field_number(&w, 2, true, "ethernet type");
	if (type == ETH_P_ARP)
		walk_arp(&w);
	else if (type == ETH_P_IP)
		walk_ip4(&w);
	field_rest(&w, "rest of frame");
}
