/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream_peer: the guest's side of a TCP connection to a stream. The tests write each of its segments by hand, look at
 * the stream's segments in t.heard, and advance the clock.
 */
#ifndef FOLD_TESTS_UNIT_STREAM_PEER_H
#define FOLD_TESTS_UNIT_STREAM_PEER_H

#include "report_catch.h"

#include "dns/dns_wire.h"
#include "dns/stream.h"
#include "guest/zone.h"
#include "pkt/tcp.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = TCP_FIN, SYN = TCP_SYN, RST = TCP_RST, PSH = TCP_PSH, ACK = TCP_ACK };

#define HEARD_MAX 256
#define FIRST 0xfffffff0U /* the stream's first sequence number, so near the end that the numbers wrap at once */

struct heard {
	struct tcp_segment seg;
	uint8_t data[1500];
	size_t header;
	uint16_t port;
};

static struct {
	struct guest g;
	struct in_addr service4;
	struct in6_addr service6;
	struct stream *s;
	struct reply slot;
	struct heard heard[HEARD_MAX]; /* the stream's segments since the peer's last one */
	size_t count;
	uint64_t now;
	bool six;
	uint16_t port, window, mss;
	uint32_t seq, ack; /* the peer's next sequence number, and the next one that it expects */
	uint8_t options[40];
	size_t options_len;
	/* Questions that the stream has handed on to other name servers. */
	uint64_t asked[64];
	size_t asked_count;
	bool nobody; /* peer_ask() refuses: there is no name server to ask */
	size_t notes, refusals;
	const char *noted;
} t;

static inline struct reply *peer_slot(void *arg)
{
	(void)arg;
	return &t.slot;
}

static inline void peer_keep(void *arg)
{
	struct heard *h = &t.heard[t.count];
	const struct frame f = {t.slot.frame, 14, t.slot.frame + 14, t.slot.frame_len - 14, .to_guest = true};
	struct pkt in;

	(void)arg;
	assert_true(t.count < HEARD_MAX);
	assert_int_equal(pkt_decode(&f, &in), DROP_NONE);
	assert_true(tcp_parse(&in, &h->seg));
	assert_memory_equal(in.dst_mac, t.g.id.mac, MAC_LEN);
	assert_memory_equal(in.src_mac, t.g.service_mac, MAC_LEN);
	assert_int_equal(in.sport, 53);
	assert_true(h->seg.len <= sizeof(h->data));
	memcpy(h->data, h->seg.data, h->seg.len);
	h->header = in.len - h->seg.len;
	h->port = in.dport;
	t.count++;
}

static inline bool peer_ask(void *arg, const struct reply *q, uint64_t who)
{
	(void)arg;
	assert_true(wr_len(&q->w) > DNS_HEADER);
	if (!t.nobody)
		t.asked[t.asked_count++] = who;
	return !t.nobody;
}

static inline void peer_note(void *arg, const char *what, bool refused)
{
	(void)arg;
	t.noted = what;
	refused ? t.refusals++ : t.notes++;
}

static inline uint32_t peer_first(void *arg, const struct pkt *syn)
{
	(void)arg, (void)syn;
	return FIRST;
}

static inline void peer_zone(void)
{
	static char text[70000];
	struct record_list l = {0};
	const struct record_list *const sources[] = {&l};
	struct report r = {0};

	record_add(&l, RECORD_ADDRESS, "db.", "10.0.1.1");
	/* The longest text that a binding may have (record.c); the name "long." takes 6 octets. */
	size_t most = 65535 - 39 - 6;
	memset(text, 'x', sizeof(text));
	text[most - (most + 255) / 256] = 0;
	assert_null(record_add(&l, RECORD_TXT, "long.", text));
	text[3000] = 0;
	record_add(&l, RECORD_TXT, "some.", text);
	for (int i = 0; i < 25; i++, text[i] = 'y')
		record_add(&l, RECORD_TXT, "toolong.", text);
	assert_int_equal(zone_build(sources, 1, 10, &t.g.dns.zone, &r), 0);
	record_free(&l);
}

static inline int peer_start(void **state)
{
	static const uint8_t mac[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
	const struct stream_setup setup = {.slot = peer_slot,
					   .keep = peer_keep,
					   .ask = peer_ask,
					   .note = peer_note,
					   .first = peer_first};

	(void)state;
	memset(&t, 0, sizeof(t));
	memcpy(t.g.id.mac, mac, MAC_LEN);
	mac_service(mac, t.g.service_mac);
	t.g.id.has4 = t.g.id.has6 = true;
	t.g.id.mtu = 1500;
	inet_pton(AF_INET, "10.0.1.100", &t.g.id.ip4.addr);
	inet_pton(AF_INET6, "fde5::100", &t.g.id.ip6.addr);
	inet_pton(AF_INET, "10.0.1.50", &t.service4);
	inet_pton(AF_INET6, "fde5::50", &t.service6);
	t.g.service4 = (struct ip4_list){.at = &t.service4, .count = 1};
	t.g.service6 = (struct ip6_list){.at = &t.service6, .count = 1};
	t.g.dns.on = t.g.dns.streams = t.g.dns.forward = true;
	t.g.dns.ttl = 10;
	peer_zone();
	assert_int_equal(stream_open(&setup, &t.s), 0);
	t.now = 1000;
	t.port = 40000;
	t.window = 65535;
	t.mss = 1460;
	t.seq = 0xffffff00U;
	return 0;
}

static inline int peer_end(void **state)
{
	(void)state;
	stream_close(t.s);
	zone_free(t.g.dns.zone);
	return 0;
}

/* Sends a segment with t.options to the stream. Afterwards t.heard has the stream's response. */
static inline void put(uint8_t flags, uint32_t seq, uint32_t ack, const void *data, size_t len)
{
	static struct reply r;
	size_t padded = (t.options_len + 3) / 4 * 4;

	reply_init(&r);
	r.kind = t.six ? PKT_TCP6 : PKT_TCP4;
	memcpy(r.dst_mac, t.g.service_mac, MAC_LEN);
	r.src4 = t.g.id.ip4.addr;
	r.dst4 = t.service4;
	r.src6 = t.g.id.ip6.addr;
	r.dst6 = t.service6;
	wr_u16(&r.w, t.port);
	wr_u16(&r.w, 53);
	wr_u32(&r.w, seq);
	wr_u32(&r.w, ack);
	wr_u8(&r.w, (uint8_t)((20 + padded) / 4 << 4));
	wr_u8(&r.w, flags);
	wr_u16(&r.w, t.window);
	wr_zero(&r.w, 4);
	wr_bytes(&r.w, t.options, t.options_len);
	wr_zero(&r.w, padded - t.options_len);
	wr_bytes(&r.w, data, len);
	assert_true(pkt_wrap(&r, t.g.id.mac));
	const struct frame f = {r.frame, 14, r.frame + 14, r.frame_len - 14, .ifindex = 0};
	t.count = 0;
	stream_segment(t.s, &t.g, &f, t.now);
}

/* Advances the clock and runs the stream's timer if it is due. */
static inline void pass(uint64_t ms)
{
	t.now += ms;
	t.count = 0;
	uint64_t due = stream_deadline(t.s);
	if (due && due <= t.now)
		stream_due(t.s, &t.g, t.now);
}

static inline void open_with_mss(void)
{
	const uint8_t mss[] = {2, 4, (uint8_t)(t.mss >> 8), (uint8_t)t.mss};

	memcpy(t.options, mss, sizeof(mss));
	t.options_len = t.mss ? sizeof(mss) : 0;
	put(SYN, t.seq, 0, NULL, 0);
	t.options_len = 0;
}

/* Opens a connection from that port, up to the ACK that completes the handshake. */
static inline void connected(uint16_t port)
{
	t.port = port;
	open_with_mss();
	assert_int_equal(t.count, 1);
	assert_int_equal(t.heard[0].seg.flags, SYN | ACK);
	t.seq++;
	t.ack = t.heard[0].seg.seq + 1;
	put(ACK, t.seq, t.ack, NULL, 0);
	assert_int_equal(t.count, 0);
}

/* Writes a DNS query with its two octets of length, as over TCP. Returns the length of both. */
static inline size_t question(uint8_t *at, size_t size, uint16_t id, const char *name, uint16_t type)
{
	struct wr w = wr_over(at, size);
	struct wr_mark len = wr_open_len(&w, 2);

	wr_u16(&w, id);
	wr_u16(&w, DNS_FLAG_RD);
	wr_u16(&w, 1);
	wr_zero(&w, 6);
	for (; *name; name += name[0] == '.') {
		size_t n = strcspn(name, ".");
		wr_u8(&w, (uint8_t)n);
		wr_bytes(&w, name, n);
		name += n;
	}
	wr_u8(&w, 0);
	wr_u16(&w, type);
	wr_u16(&w, DNS_CLASS_IN);
	wr_close_len(&w, len);
	assert_false(w.full);
	return wr_len(&w);
}

static inline void send_data(const void *data, size_t len)
{
	put(ACK | PSH, t.seq, t.ack, data, len);
	t.seq += (uint32_t)len;
}

static inline void ask(uint16_t id, const char *name, uint16_t type)
{
	uint8_t q[300];
	size_t len = question(q, sizeof(q), id, name, type);

	send_data(q, len);
}

/* Copies the in-order data of t.heard, from t.ack on, to `at` and advances t.ack. Returns the number of octets. */
static inline size_t take_heard(uint8_t *at, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < t.count; i++) {
		const struct tcp_segment *s = &t.heard[i].seg;
		if (s->seq != t.ack || !(s->len || s->flags & FIN))
			continue;
		assert_true(len + s->len <= size);
		memcpy(at + len, t.heard[i].data, s->len);
		len += s->len;
		t.ack += s->space;
	}
	return len;
}

/* Reads and acknowledges until the stream has no more to send. Returns the number of octets. */
static inline size_t read_all(uint8_t *at, size_t size)
{
	size_t len = 0, more;

	while ((more = take_heard(at + len, size - len))) {
		len += more;
		put(ACK, t.seq, t.ack, NULL, 0);
	}
	return len;
}

static inline void only(uint8_t flags, uint32_t seq, uint32_t ack)
{
	assert_int_equal(t.count, 1);
	assert_int_equal(t.heard[0].seg.flags, flags);
	assert_int_equal(t.heard[0].seg.seq, seq);
	assert_int_equal(t.heard[0].seg.ack, ack);
}

/* Checks the ID and the number of answers of the response at p. Returns its length with the two octets of length. */
static inline size_t is_answer(const uint8_t *p, uint16_t id, uint16_t answers)
{
	assert_int_equal(p[2] << 8 | p[3], id);
	assert_true(p[4] & 0x80);
	assert_int_equal(p[8] << 8 | p[9], answers);
	return (size_t)(p[0] << 8 | p[1]) + 2;
}

/* Checks that t.heard has exactly this response, which is copied to `at`. Returns its length. */
static inline size_t one_answer(uint8_t *at, size_t size, uint16_t id, uint16_t answers)
{
	size_t len = take_heard(at, size);

	assert_true(len >= 14);
	assert_int_equal(is_answer(at, id, answers), len);
	return len;
}

#endif
