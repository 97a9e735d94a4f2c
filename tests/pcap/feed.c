/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "diff.h"
#include "show/summary.h"

#include <linux/if_ether.h>
#include <string.h>

#define SUMMARY_TEXT 512

/* On its way to the guest: what the rules hand over from the tap's egress. RFC 791, 768, 8200. */
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

/* n octets in an allocation of their own that ends where they end; *base is what to free. */
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

enum answer feed_frame(const struct feed *f, const struct capture_frame *in, struct reply *out)
{
	_cleanup_(cleanup_free) uint8_t *l2 = NULL, *l3 = NULL;
	size_t header = l2_length(in);
	struct frame frame = {
	    .l2 = apart(in->bytes, header, &l2),
	    .l2_len = header,
	    .l3 = apart(in->bytes + header, in->len - header, &l3),
	    .l3_len = in->len - header,
	    .to_guest = is_for_guest(f, in),
	    .csum_pending = f->csum_pending,
	};
	return answer_frame(f->guest, &frame, out);
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
		if (a == ANSWER_REPLY)
			capture_add(replies, frame->ns, frame->number, r.frame, r.frame_len);
		if (verdicts)
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
			size_t header = l2_length(c);
			struct frame frame = {
			    .l2 = c->bytes,
			    .l2_len = header,
			    .l3 = c->bytes + header,
			    .l3_len = c->len - header,
			    .to_guest = is_for_guest(f, c),
			    .csum_pending = f->csum_pending,
			};
			answer_frame(f->guest, &frame, &r);
			fed++;
		}
		if (!fed)
			break;
	}
	return fed;
}
