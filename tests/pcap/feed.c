/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "diff.h"
#include "dns/stream.h"
#include "pkt/tcp.h"
#include "show/summary.h"

#include <linux/if_ether.h>
#include <string.h>

#define SUMMARY_TEXT 512

/* True for a frame to the guest that the rules hand to fold at the tap's egress: a DNS query. RFC 791, 768, 8200. */
static bool is_for_guest(const struct feed *f, const struct capture_frame *in)
{
	const uint8_t *b = in->bytes;
	size_t udp;

	if (!f->network || in->len < ETH_HLEN + 20 || memcmp(b, f->guest->id.mac, ETH_ALEN) != 0)
		return false;
	if (b[12] == 0x08 && b[13] == 0 && b[ETH_HLEN + 9] == 17)
		udp = ETH_HLEN + (size_t)(b[ETH_HLEN] & 15) * 4;
	else if (b[12] == 0x86 && b[13] == 0xdd && b[ETH_HLEN + 6] == 17)
		udp = ETH_HLEN + 40;
	else
		return false;
	return in->len >= udp + 4 && b[udp + 2] == 0 && b[udp + 3] == 53;
}

bool feed_takes(const struct feed *f, const struct capture_frame *in)
{
	if (f->all_sources || is_for_guest(f, in))
		return true;
	return in->len >= 2 * ETH_ALEN && memcmp(in->bytes + ETH_ALEN, f->guest->id.mac, ETH_ALEN) == 0;
}

static size_t l2_length(const struct capture_frame *in)
{
	return in->len < ETH_HLEN ? in->len : ETH_HLEN;
}

/* Copies n octets to the end of an allocation of their own, at an odd address. *base is the pointer to free. */
static const uint8_t *apart(const uint8_t *from, size_t n, uint8_t **base)
{
	*base = malloc(n + 1);
	if (!*base) {
		log_err("out of memory");
		exit(2);
	}
	if (n)
		memcpy(*base + 1, from, n);
	return *base + 1;
}

static struct frame frame_of(const struct feed *f, const struct capture_frame *in, const uint8_t *l2, const uint8_t *l3)
{
	size_t header = l2_length(in);

	return (struct frame){
	    .l2 = l2,
	    .l2_len = header,
	    .l3 = l3,
	    .l3_len = in->len - header,
	    .to_guest = is_for_guest(f, in),
	    .csum_pending = f->csum_pending,
	};
}

/* The frame that is being fed to its DNS connection, and the effect so far. */
static struct {
	const struct capture *in;
	size_t at; /* index of the frame */
	struct capture *replies;
	struct reply reply;
	const char *event;
	size_t first; /* index of its first reply */
} work;

static struct reply *slot(void *arg)
{
	(void)arg;
	return &work.reply;
}

static void keep(void *arg)
{
	const struct capture_frame *in = &work.in->at[work.at];

	(void)arg;
	capture_add(work.replies, in->ns, in->number, work.reply.frame, work.reply.frame_len);
}

static bool ask(void *arg, const struct reply *question, uint64_t who)
{
	(void)arg, (void)question, (void)who;
	work.event = "forward";
	return true; /* the answer never comes */
}

static void note(void *arg, const char *what, bool refused)
{
	(void)arg, (void)refused;
	work.event = what;
}

/* Finds the next segment of the same connection from the same peer, with any flags; false if there is none. */
static bool next_segment(const struct feed *f, const struct pkt *of, struct tcp_segment *out)
{
	for (size_t i = work.at + 1; i < work.in->count; i++) {
		const struct capture_frame *c = &work.in->at[i];
		struct frame frame = frame_of(f, c, c->bytes, c->bytes + l2_length(c));
		struct pkt p = {0};
		if (pkt_decode(&frame, &p) != DROP_NONE || p.kind != of->kind || p.sport != of->sport ||
		    p.dport != of->dport || memcmp(p.src_mac, of->src_mac, MAC_LEN) != 0)
			continue;
		bool same = p.kind == PKT_TCP4 ? p.dst4.s_addr == of->dst4.s_addr
					       : p.kind == PKT_TCP6 && IN6_ARE_ADDR_EQUAL(&p.dst6, &of->dst6);
		if (same)
			return tcp_parse(&p, out);
	}
	return false;
}

static uint32_t first(void *arg, const struct pkt *syn)
{
	struct tcp_segment s;

	return next_segment(arg, syn, &s) && (s.flags & (TCP_SYN | TCP_ACK)) == TCP_ACK ? s.ack - 1 : 1;
}

void feed_open(struct feed *f)
{
	const struct stream_setup setup =
	    {.slot = slot, .keep = keep, .ask = ask, .note = note, .first = first, .arg = f};

	if (stream_open(&setup, &f->stream) < 0) {
		log_err("out of memory");
		exit(2);
	}
}

void feed_close(struct feed *f)
{
	stream_close(f->stream);
	f->stream = NULL;
}

enum answer feed_frame(const struct feed *f, const struct capture_frame *in, struct reply *out)
{
	_cleanup_(cleanup_free) uint8_t *l2 = NULL, *l3 = NULL;
	size_t header = l2_length(in);
	struct frame frame =
	    frame_of(f, in, apart(in->bytes, header, &l2), apart(in->bytes + header, in->len - header, &l3));

	return answer_frame(f->guest, &frame, out);
}

static void feed_stream(const struct feed *f, const struct capture *in, size_t at, struct capture *replies)
{
	const struct capture_frame *c = &in->at[at];
	_cleanup_(cleanup_free) uint8_t *l2 = NULL, *l3 = NULL;
	size_t header = l2_length(c);
	struct frame frame =
	    frame_of(f, c, apart(c->bytes, header, &l2), apart(c->bytes + header, c->len - header, &l3));

	work.in = in;
	work.at = at;
	work.replies = replies;
	work.event = NULL;
	work.first = replies->count;
	stream_segment(f->stream, f->guest, &frame, c->ns / 1000000);
}

const char *feed_verdict(enum answer a, const struct reply *r, char *text, size_t size)
{
	const char *event = r->event ? r->event : "";
	const char *space = r->event ? " " : "";

	switch (a) {
	case ANSWER_REPLY:
		snprintf(text, size, "reply%s%s", space, event);
		break;
	case ANSWER_QUIET:
		snprintf(text, size, "quiet%s%s", space, event);
		break;
	case ANSWER_NOTED:
		snprintf(text, size, "noted%s%s", space, event);
		break;
	case ANSWER_DROP:
		snprintf(text, size, "drop %s", drop_name(r->drop));
		break;
	case ANSWER_FORWARD:
		snprintf(text, size, "forward%s%s", space, event);
		break;
	case ANSWER_STREAM:
		snprintf(text, size, "stream%s%s", space, event);
		break;
	case ANSWER_NOT_MINE:
		snprintf(text, size, "not-mine, which the entry must never say");
		break;
	}
	return text;
}

/* Prints the segment's effect as one line. */
static void print_stream(FILE *to, const struct capture_frame *in, bool fields)
{
	char asked[SUMMARY_TEXT], said[SUMMARY_TEXT];
	const struct capture *r = work.replies;

	fprintf(to, "%zu %s -> stream%s%s", in->number, summary_of(in->bytes, in->len, asked, sizeof(asked)),
		work.event ? " " : "", work.event ? work.event : "");
	for (size_t i = work.first; i < r->count; i++)
		fprintf(to, "%s %s, %zu octets", i == work.first ? ":" : ";",
			summary_of(r->at[i].bytes, r->at[i].len, said, sizeof(said)), r->at[i].len);
	fprintf(to, "\n");
	for (size_t i = work.first; fields && i < r->count; i++)
		diff_show(to, "      ", r->at[i].bytes, r->at[i].len);
}

static void print_verdict(FILE *to, const struct capture_frame *in, enum answer a, const struct reply *r, bool fields)
{
	char asked[SUMMARY_TEXT], said[SUMMARY_TEXT], verdict[64];

	summary_of(in->bytes, in->len, asked, sizeof(asked));
	feed_verdict(a, r, verdict, sizeof(verdict));
	fprintf(to, "%zu %s -> %s", in->number, asked, verdict);
	if (a == ANSWER_REPLY)
		fprintf(to, ": %s, %zu octets", summary_of(r->frame, r->frame_len, said, sizeof(said)), r->frame_len);
	fprintf(to, "\n");
	if (a == ANSWER_REPLY && fields)
		diff_show(to, "      ", r->frame, r->frame_len);
}

size_t feed_capture(const struct feed *f, const struct capture *in, struct capture *replies, FILE *verdicts,
		    bool fields)
{
	struct reply r;
	size_t fed = 0;

	for (size_t i = 0; i < in->count; i++) {
		const struct capture_frame *frame = &in->at[i];
		if (!feed_takes(f, frame))
			continue;
		fed++;
		enum answer a = feed_frame(f, frame, &r);
		if (a == ANSWER_STREAM)
			feed_stream(f, in, i, replies);
		if (a == ANSWER_REPLY)
			capture_add(replies, frame->ns, frame->number, r.frame, r.frame_len);
		if (verdicts && a == ANSWER_STREAM)
			print_stream(verdicts, frame, fields);
		else if (verdicts)
			print_verdict(verdicts, frame, a, &r, fields);
	}
	return fed;
}

uint64_t feed_loop(const struct feed *f, const struct capture *in, uint64_t times)
{
	struct reply r;
	uint64_t fed = 0;

	for (uint64_t n = 0; n < times; n++) {
		for (size_t i = 0; i < in->count; i++) {
			const struct capture_frame *c = &in->at[i];
			if (!feed_takes(f, c))
				continue;
			struct frame frame = frame_of(f, c, c->bytes, c->bytes + l2_length(c));
			answer_frame(f->guest, &frame, &r);
			fed++;
		}
		if (!fed)
			break;
	}
	return fed;
}
