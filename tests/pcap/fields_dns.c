/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS over UDP, and TCP's header, as named fields. RFC 1035 4.1, 6891, 9293 3.1. */
#include "show/names_dns.h"
#include "walk.h"

#include <stdio.h>

struct message {
	const uint8_t *at;
	size_t len;
};

static struct text text_of(struct field *f)
{
	return (struct text){.at = f->text, .left = sizeof(f->text)};
}

static size_t offset(const struct walk *w, const struct message *m)
{
	return (size_t)(w->r.p - m->at);
}

static bool question(struct walk *w, const struct message *m)
{
	size_t from = offset(w, m), n = names_dns_skip(m->at, m->len, from);
	const uint8_t *b;
	struct field *f = n ? walk_next(w, n + 4, &b, "dns question") : NULL;

	if (!f)
		return false;
	struct text t = text_of(f);
	names_dns_name(&t, m->at, m->len, from);
	text_add(&t, " ");
	names_dns_type(&t, (uint16_t)(b[n] << 8 | b[n + 1]));
	text_add(&t, " ");
	names_dns_class(&t, (uint16_t)(b[n + 2] << 8 | b[n + 3]));
	return true;
}

static bool record(struct walk *w, const struct message *m, const char *name)
{
	size_t from = offset(w, m), n = names_dns_skip(m->at, m->len, from);
	struct rd r = w->r;

	rd_bytes(&r, n);
	uint16_t type = rd_u16(&r), class = rd_u16(&r);
	uint32_t ttl = rd_u32(&r);
	uint16_t len = rd_u16(&r);
	const uint8_t *b;
	if (n == 0 || r.bad || len > rd_left(&r))
		return false;
	struct field *f = walk_next(w, n + 10 + len, &b, type == 41 ? "dns edns" : name);
	if (!f)
		return false;
	struct text t = text_of(f);
	if (type == 41) {
		names_dns_opt(&t, class, ttl);
		text_add(&t, len ? " options " : "");
		text_hex(&t, b + n + 10, len);
		return true;
	}
	names_dns_name(&t, m->at, m->len, from);
	text_add(&t, " %u ", ttl);
	names_dns_class(&t, class);
	text_add(&t, " ");
	names_dns_type(&t, type);
	text_add(&t, " ");
	names_dns_data(&t, type, m->at, m->len, from + n + 10, len);
	return true;
}

void fields_dns(struct walk *w)
{
	static const char *const counters[4] = {"dns questions", "dns answers", "dns authorities", "dns additionals"};
	static const char *const sections[4] = {NULL, "dns answer", "dns authority", "dns additional"};
	const struct message m = {.at = w->r.p, .len = rd_left(&w->r)};
	uint32_t counts[4];
	const uint8_t *b;

	walk_number(w, 2, true, "dns id");
	struct field *f = walk_next(w, 2, &b, "dns flags");
	if (f) {
		struct text t = text_of(f);
		names_dns_flags(&t, (uint16_t)(b[0] << 8 | b[1]));
	}
	for (int i = 0; i < 4; i++)
		counts[i] = walk_number(w, 2, false, counters[i]);
	bool good = !w->r.bad;
	for (uint32_t i = 0; i < counts[0] && good; i++)
		good = question(w, &m);
	for (int s = 1; s < 4; s++) {
		for (uint32_t i = 0; i < counts[s] && good; i++)
			good = record(w, &m, sections[s]);
	}
	walk_rest(w, "dns rest");
}

void fields_tcp(struct walk *w)
{
	walk_number(w, 2, false, "tcp source port");
	walk_number(w, 2, false, "tcp destination port");
	walk_number(w, 4, false, "tcp sequence");
	walk_number(w, 4, false, "tcp acknowledgment");
	walk_number(w, 1, true, "tcp offset");
	walk_number(w, 1, true, "tcp flags");
	walk_number(w, 2, false, "tcp window");
	walk_number(w, 2, true, "tcp checksum");
	walk_number(w, 2, false, "tcp urgent");
	walk_rest(w, "tcp rest");
}
