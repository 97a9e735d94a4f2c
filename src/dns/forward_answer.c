/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to the askers, by UDP or by TCP. Specifications: RFC 2181 8, 9, 4035 3.2.3, 7766 5. */
#include "dns/dns_query.h"
#include "dns/dns_reply.h"
#include "dns/forward_priv.h"
#include "dns/upstream.h"

#include <string.h>

static void address_reply(const struct waiter *w, struct reply *out)
{
	reply_init(out);
	out->kind = w->kind;
	memcpy(out->dst_mac, w->mac, MAC_LEN);
	out->src4 = w->src4;
	out->dst4 = w->dst4;
	out->src6 = w->src6;
	out->dst6 = w->dst6;
	out->sport = w->sport;
	out->dport = w->dport;
}

/* The asker's question in the form that dns_reply.c takes. */
static struct dns_query query_of(const struct waiter *w)
{
	return (struct dns_query){
	    .id = w->id,
	    .flags = w->flags,
	    .question = w->question,
	    .question_len = w->question_len,
	    .edns = w->edns,
	    .dnssec_ok = w->dnssec_ok,
	};
}

/* Where to write this asker's message; NULL if the asker is gone. */
static struct wr *open_message(struct forward *f, const struct waiter *w)
{
	if (w->stream)
		return f->setup.stream_message(f->setup.arg, w->who);
	address_reply(w, &f->out);
	return &f->out.w;
}

static void send_message(struct forward *f, const struct waiter *w, const char *event)
{
	if (f->setup.note)
		f->setup.note(f->setup.arg, event);
	if (w->stream) {
		f->setup.stream_done(f->setup.arg, w->who);
		return;
	}
	if (!f->out.w.full && pkt_wrap(&f->out, f->service_mac))
		f->setup.send(f->setup.arg, &f->out);
}

void forward_write_servfail(const struct waiter *w, struct wr *out)
{
	struct dns_query q = query_of(w);
	struct dns_reply a = {.rcode = DNS_RCODE_SERVFAIL, .recursion = true, .limit = w->limit};

	dns_reply_build(&q, &a, out);
}

/*
 * RFC 8020 2: a name above one that is known here exists, and NXDOMAIN would deny the names below it too. So the answer
 * becomes one without data.
 */
static uint16_t rcode_of(const struct waiter *w, const uint8_t *wire)
{
	uint16_t code = wire[3] & DNS_FLAG_RCODE;
	bool empty = wire[6] == 0 && wire[7] == 0; /* ANCOUNT; with a CNAME the code is about another name */

	return w->exists && empty && code == DNS_RCODE_NXDOMAIN ? DNS_RCODE_NOERROR : code;
}

/*
 * Writes the other server's answer for this asker: its ID, RD and CD, the case of its question (names that point to it
 * follow), TTLs lowered by what has passed. AA and AD are off: fold is not the source and has not validated it
 * (RFC 4035 3.2.3).
 */
static void write_answer(const struct waiter *w, const uint8_t *wire, size_t len, uint32_t age, struct wr *out)
{
	struct dns_query q = query_of(w);
	size_t most = w->limit < wr_left(out) ? w->limit : wr_left(out), opt = w->edns ? DNS_OPT_LEN : 0;
	/* RFC 2181 9: if the answer does not fit, records that were not asked for are left out without TC. */
	size_t bare = len + opt > most ? upstream_bare(wire, len) : 0;
	if (bare && bare + opt <= most)
		len = bare;
	else
		bare = 0;
	size_t whole = len + opt;
	/* If it still does not fit, all records are left out and TC is set. */
	bool cut = whole > most;

	/*
	 * By TCP, TC would say that there is no other way (RFC 7766 5). There is one: the answer fits once the asker
	 * has read its earlier answers. SERVFAIL makes it ask again.
	 */
	if (cut && w->stream && whole <= w->limit) {
		forward_write_servfail(w, out);
		return;
	}
	size_t keep = cut ? DNS_HEADER + (size_t)w->question_len : len;
	uint8_t *at = wr_room(out, keep);
	if (!at)
		return;
	memcpy(at, wire, keep);
	memcpy(at + DNS_HEADER, w->question, w->question_len);
	uint16_t flags = (uint16_t)(DNS_FLAG_QR | DNS_FLAG_RA | (w->flags & (DNS_FLAG_RD | DNS_FLAG_CD)) |
				    rcode_of(w, wire) | (cut ? DNS_FLAG_TC : 0));
	struct wr header = wr_over(at, DNS_HEADER);
	wr_u16(&header, w->id);
	wr_u16(&header, flags);
	if (cut)
		memset(at + 6, 0, 4);
	else if (bare)
		memset(at + 8, 0, 2);
	at[10] = 0;
	at[11] = w->edns;
	upstream_age(at, keep, age);
	upstream_rotate(at, keep, w->id); /* as dns_reply.c does for the VM's own records */
	dns_reply_opt(&q, 0, out);
}

void forward_say_servfail(struct forward *f, const struct waiter *w)
{
	struct wr *out = open_message(f, w);

	if (!out)
		return;
	forward_write_servfail(w, out);
	send_message(f, w, "DNS: no server answered");
}

void forward_say_answer(struct forward *f, const struct waiter *w, const uint8_t *wire, size_t len, uint32_t age)
{
	struct wr *out = open_message(f, w);

	if (!out)
		return;
	write_answer(w, wire, len, age, out);
	bool may = !f->setup.hand_out || out->full || f->setup.hand_out(f->setup.arg, out->start, wr_len(out));
	if (!may) {
		out->p = out->start;
		forward_write_servfail(w, out);
	}
	send_message(f, w, may ? "DNS: forwarded" : "DNS: held back");
}
