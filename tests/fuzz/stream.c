/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: streams (DNS by TCP). The input is a list of acts of 32 peers, more peers than there may be
 * connections: an octet that names the peer (lower five bits) and the act, followed by the act's arguments. At any
 * time there must be no more connections than are allowed, and each must have a deadline. Every segment that fold
 * sends must be complete, for the guest and within the peer's window, and a retransmission must carry the same octets
 * as before.
 */
#include "dns/stream.h"
#include "guest/zone.h"
#include "base/rd.h"
#include "pkt/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum act { ACT_SEGMENT, ACT_SYN, ACT_ACK, ACT_QUESTION, ACT_WAIT, ACT_ANSWER, ACT_END, ACT_OCTETS };

#define PEERS 32
#define SAID_MAX (1 << 18)

struct peer {
	bool begun;
	uint32_t seq;   /* the peer's next sequence number */
	uint32_t iss;   /* the stream's initial sequence number */
	uint32_t heard; /* the acknowledgement number that the peer would send */
	uint32_t edge;  /* the highest right edge that the peer's window ever had */
	uint16_t window;
	uint32_t mss;
	uint32_t said; /* octets that the peer got from the stream */
	bool ended;    /* the stream sent FIN */
	uint8_t *octets;
};

static struct guest g;
static struct in_addr service4;
static struct in6_addr service6;
static struct stream *s;
static struct reply slot_;
static struct peer peers[PEERS];
static uint64_t now;
static uint32_t next_iss;
static uint64_t asked[256];
static size_t asked_count;
static unsigned frames;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "stream: %s\n", what);
	abort();
}

static void start(void)
{
	struct record_list l = {0};
	const struct record_list *const sources[] = {&l};
	struct report r = {0};
	static char text[65001];

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 23);
	record_add(&l, RECORD_ADDRESS, "db.", "10.0.1.1");
	record_add(&l, RECORD_TXT, "long.", text);
	text[3000] = 0;
	record_add(&l, RECORD_TXT, "some.", text);
	must(zone_build(sources, 1, 10, &g.dns.zone, &r) == 0, "no zone");
	record_free(&l);
	memcpy(g.id.mac, "\x52\x54\x00\x12\x34\x56", MAC_LEN);
	mac_service(g.id.mac, g.service_mac);
	g.id.has4 = g.id.has6 = true;
	inet_pton(AF_INET, "10.0.1.100", &g.id.ip4.addr);
	inet_pton(AF_INET6, "fde5::100", &g.id.ip6.addr);
	inet_pton(AF_INET, "10.0.1.50", &service4);
	inet_pton(AF_INET6, "fde5::50", &service6);
	g.dns.on = g.dns.streams = g.dns.forward = true;
	for (size_t i = 0; i < PEERS; i++)
		peers[i].octets = malloc(SAID_MAX);
}

static struct reply *slot(void *arg)
{
	(void)arg;
	return &slot_;
}

static void hear(struct peer *p, const struct tcp_segment *seg)
{
	uint32_t from = seg->seq - p->iss - 1;

	must(seg->len <= p->mss && seg->len <= REPLY_DATA_MAX - TCP_HEADER, "longer than the peer takes");
	must(!seg->len || !tcp_before(p->edge + 1, seg->seq + seg->len), "beyond the peer's window");
	/* Contents are compared up to SAID_MAX only; beyond it, the acknowledgement number still advances. */
	if (p->said > SAID_MAX - REPLY_DATA_MAX) {
		p->heard = seg->seq == p->heard ? p->heard + seg->space : p->heard;
		return;
	}
	must(from <= p->said + p->ended && (!seg->len || from < p->said || !p->ended), "a hole");
	for (uint32_t i = 0; i < seg->len; i++) {
		must(from + i >= p->said || p->octets[from + i] == seg->data[i], "something else than the first time");
		p->octets[from + i] = seg->data[i];
	}
	if (p->said < from + seg->len)
		p->said = from + seg->len;
	p->ended = p->ended || seg->flags & TCP_FIN;
	if (seg->seq == p->heard)
		p->heard += seg->space;
}

static void keep(void *arg)
{
	const struct frame f = {slot_.frame, 14, slot_.frame + 14, slot_.frame_len - 14, .to_guest = true};
	struct pkt in;
	struct tcp_segment seg;

	(void)arg;
	must(pkt_decode(&f, &in) == DROP_NONE && tcp_parse(&in, &seg), "no segment");
	must(memcmp(in.dst_mac, g.id.mac, MAC_LEN) == 0 && memcmp(in.src_mac, g.service_mac, MAC_LEN) == 0, "a MAC");
	must(in.kind == PKT_TCP4
		 ? in.dst4.s_addr == g.id.ip4.addr.s_addr && in.src4.s_addr == service4.s_addr
		 : IN6_ARE_ADDR_EQUAL(&in.dst6, &g.id.ip6.addr) && IN6_ARE_ADDR_EQUAL(&in.src6, &service6),
	     "an address");
	must(in.sport == 53 && in.dport >= 1000 && in.dport < 1000 + PEERS, "a port");
	must(++frames < 2000, "too much at once");
	struct peer *p = &peers[in.dport - 1000];
	if (seg.flags & TCP_SYN) {
		must(seg.flags == (TCP_SYN | TCP_ACK) && !seg.len && seg.seq == p->iss && seg.mss, "a SYN");
		p->heard = seg.seq + 1;
	} else if (!(seg.flags & TCP_RST)) {
		must(p->begun && seg.flags & TCP_ACK, "no acknowledgement");
		hear(p, &seg);
	}
}

static bool ask(void *arg, const struct reply *q, uint64_t who)
{
	(void)arg;
	must(wr_len(&q->w) >= 17, "no question");
	if (asked_count == sizeof(asked) / sizeof(asked[0]))
		return false;
	asked[asked_count++] = who;
	return true;
}

static uint32_t first(void *arg, const struct pkt *syn)
{
	struct peer *p = &peers[syn->sport - 1000];

	(void)arg;
	next_iss += 0x30000000;
	p->iss = next_iss;
	p->said = 0;
	p->ended = false;
	p->begun = true;
	p->heard = p->iss + 1;
	p->edge = p->iss + 1 + p->window;
	return p->iss;
}

static void put(unsigned who, uint8_t flags, uint32_t seq, uint32_t ack, const uint8_t *data, size_t len,
		const uint8_t *options, size_t options_len)
{
	static struct reply r;
	struct peer *p = &peers[who];

	reply_init(&r);
	r.kind = who & 1 ? PKT_TCP6 : PKT_TCP4;
	memcpy(r.dst_mac, g.service_mac, MAC_LEN);
	r.src4 = g.id.ip4.addr;
	r.dst4 = service4;
	r.src6 = g.id.ip6.addr;
	r.dst6 = service6;
	wr_u16(&r.w, (uint16_t)(1000 + who));
	wr_u16(&r.w, 53);
	wr_u32(&r.w, seq);
	wr_u32(&r.w, ack);
	wr_u8(&r.w, (uint8_t)((20 + options_len) / 4 << 4));
	wr_u8(&r.w, flags);
	wr_u16(&r.w, p->window);
	wr_zero(&r.w, 4);
	wr_bytes(&r.w, options, options_len);
	wr_bytes(&r.w, data, len);
	must(pkt_wrap(&r, g.id.mac), "no frame");
	if (flags & TCP_ACK && tcp_before(p->edge, ack + p->window))
		p->edge = ack + p->window;
	const struct frame f = {r.frame, 14, r.frame + 14, r.frame_len - 14, .ifindex = 0};
	stream_segment(s, &g, &f, now);
}

static void syn(unsigned who, struct rd *r)
{
	struct peer *p = &peers[who];
	uint8_t options[4];

	p->seq = rd_u16(r) * 65537U;
	p->window = rd_u16(r);
	rd_copy(r, options, 4);
	/*
	 * The target does not read the random options: it allows segments up to the largest that an MSS option could
	 * permit.
	 */
	p->mss = REPLY_DATA_MAX;
	put(who, TCP_SYN, p->seq++, 0, NULL, 0, options, 4);
}

static void question(unsigned who, struct rd *r)
{
	static const uint8_t all[] = "\0\x14\1\2\1\0\0\1\0\0\0\0\0\0\2db\0\0\1\0\1"
				     "\0\x16\1\3\1\0\0\1\0\0\0\0\0\0\4long\0\0\x10\0\1"
				     "\0\x16\1\4\1\0\0\1\0\0\0\0\0\0\4some\0\0\x10\0\1"
				     "\0\x18\1\5\1\0\0\1\0\0\0\0\0\0\1a\4zone\0\0\1\0\1";
	size_t at = rd_u8(r) % sizeof(all), len = rd_u8(r) % (sizeof(all) - at);

	put(who, TCP_ACK | TCP_PSH, peers[who].seq, peers[who].heard, all + at, len, NULL, 0);
	peers[who].seq += (uint32_t)len;
}

static void answer(struct rd *r)
{
	size_t i = rd_u8(r), len = rd_u16(r);

	if (i >= asked_count)
		return;
	uint64_t who = asked[i];
	asked[i] = asked[--asked_count];
	struct wr *w = stream_message(s, who);
	if (!w)
		return;
	wr_zero(w, len);
	stream_message_done(s, &g, who, now);
}

static void wait_for(struct rd *r)
{
	uint64_t due = stream_deadline(s);

	now += rd_u8(r) * 50U;
	if (due && due <= now)
		stream_due(s, &g, now);
}

static void segment(unsigned who, struct rd *r)
{
	struct peer *p = &peers[who];
	uint8_t flags = rd_u8(r);
	int32_t on = (int16_t)rd_u16(r), heard = (int16_t)rd_u16(r);
	uint32_t seq = p->seq + (uint32_t)on, ack = p->heard + (uint32_t)heard;

	p->window = rd_u16(r);
	size_t len = rd_u8(r);
	const uint8_t *data = rd_bytes(r, len);
	put(who, flags, seq, ack, data, data ? len : 0, NULL, 0);
}

static void octets(unsigned who, struct rd *r)
{
	size_t len = rd_u8(r);
	const uint8_t *data = rd_bytes(r, len);

	len = data ? len : 0;
	put(who, TCP_ACK, peers[who].seq, peers[who].heard, data, len, NULL, 0);
	peers[who].seq += (uint32_t)len;
}

static void act(struct rd *r)
{
	uint8_t what = rd_u8(r);
	unsigned who = what & 31;

	switch ((enum act)(what >> 5)) {
	case ACT_SEGMENT:
		segment(who, r);
		break;
	case ACT_SYN:
		syn(who, r);
		break;
	case ACT_ACK:
		peers[who].window = rd_u16(r);
		put(who, TCP_ACK, peers[who].seq, peers[who].heard, NULL, 0, NULL, 0);
		break;
	case ACT_QUESTION:
		question(who, r);
		break;
	case ACT_WAIT:
		wait_for(r);
		break;
	case ACT_ANSWER:
		answer(r);
		break;
	case ACT_END:
		put(who, TCP_ACK | TCP_FIN, peers[who].seq++, peers[who].heard, NULL, 0, NULL, 0);
		break;
	case ACT_OCTETS:
		octets(who, r);
		break;
	}
}

/* Every connection must end by its deadlines, once all forwarded questions are answered. */
static void finish(void)
{
	while (asked_count) {
		struct wr *w = stream_message(s, asked[--asked_count]);
		if (!w)
			continue;
		wr_zero(w, 12);
		frames = 0;
		stream_message_done(s, &g, asked[asked_count], now);
	}
	for (int i = 0; i < 1000 && stream_count(s) && !asked_count; i++) {
		must(stream_deadline(s) != 0, "a connection that never ends");
		if (stream_deadline(s) > now)
			now = stream_deadline(s);
		frames = 0;
		stream_due(s, &g, now);
	}
	must(asked_count || !stream_count(s), "a connection that does not end");
	must(asked_count || !stream_deadline(s), "a deadline of nobody's");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct stream_setup setup = {.slot = slot, .keep = keep, .ask = ask, .first = first};
	struct rd r = rd_over(data, size);

	if (!g.dns.zone)
		start();
	must(stream_open(&setup, &s) == 0, "no memory");
	for (size_t i = 0; i < PEERS; i++)
		peers[i] = (struct peer){.octets = peers[i].octets, .mss = REPLY_DATA_MAX};
	now = 1;
	next_iss = 0xfffffff0;
	asked_count = 0;
	g.id.mtu = (uint32_t)rd_u16(&r) % 2000;
	while (rd_left(&r)) {
		frames = 0;
		act(&r);
		must(stream_count(s) <= STREAM_CONNECTIONS, "more connections than there may be");
		must(!stream_deadline(s) || stream_deadline(s) + STREAM_SILENCE_MS + 20000 > now, "long overdue");
	}
	finish();
	stream_close(s);
	return 0;
}
