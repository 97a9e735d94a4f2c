/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "golden.h"

#include "diff.h"
#include "show/summary.h"

#include <string.h>

#define SUMMARY_TEXT 512

/* The fed frame with that number or, if number is 0, the first one with that time; NULL if there is none. */
static const struct capture_frame *request_of(const struct feed *f, const struct capture *in, size_t number,
					      uint64_t ns)
{
	for (size_t i = 0; i < in->count; i++) {
		const struct capture_frame *r = &in->at[i];
		if (feed_takes(f, r) && (number ? r->number == number : r->ns == ns))
			return r;
	}
	return NULL;
}

static void print_request(FILE *to, const struct capture_frame *request)
{
	char text[SUMMARY_TEXT];

	fprintf(to, "frame %zu: %s\n", request->number, summary_of(request->bytes, request->len, text, sizeof(text)));
}

static size_t first_difference(const struct capture_frame *a, const struct capture_frame *b)
{
	size_t i = 0;

	while (i < a->len && i < b->len && a->bytes[i] == b->bytes[i])
		i++;
	return i;
}

static size_t compare(const struct feed *f, const struct capture *in, const struct capture_frame *expected,
		      const struct capture_frame *got, FILE *to)
{
	if (expected->len == got->len && memcmp(expected->bytes, got->bytes, got->len) == 0)
		return 0;
	print_request(to, request_of(f, in, got->number, 0));
	fprintf(to, "  the reply differs from octet %zu on: %zu octets expected, %zu got\n",
		first_difference(expected, got), expected->len, got->len);
	diff_print(to, expected->bytes, expected->len, got->bytes, got->len);
	return 1;
}

static void missing(const struct feed *f, const struct capture *in, const struct capture_frame *expected, FILE *to)
{
	char said[SUMMARY_TEXT], verdict[64];
	struct reply r;
	const struct capture_frame *request = request_of(f, in, 0, expected->ns);

	if (request) {
		enum answer a = feed_frame(f, request, &r);
		print_request(to, request);
		fprintf(to, "  a reply is missing (%s). Expected:\n", feed_verdict(a, &r, verdict, sizeof(verdict)));
	} else {
		fprintf(to, "no frame of the guest has the time of the expected reply %zu:\n", expected->number);
	}
	fprintf(to, "    %s\n", summary_of(expected->bytes, expected->len, said, sizeof(said)));
	diff_show(to, "      ", expected->bytes, expected->len);
}

static void unexpected(const struct feed *f, const struct capture *in, const struct capture_frame *got, FILE *to)
{
	char said[SUMMARY_TEXT];

	print_request(to, request_of(f, in, got->number, 0));
	fprintf(to, "  no reply was expected. Got:\n    %s\n", summary_of(got->bytes, got->len, said, sizeof(said)));
	diff_show(to, "      ", got->bytes, got->len);
}

static bool has_time(const struct capture *c, size_t from, uint64_t ns)
{
	for (size_t i = from; i < c->count; i++)
		if (c->at[i].ns == ns)
			return true;
	return false;
}

size_t golden_compare(const struct feed *f, const struct capture *in, const struct capture *expected,
		      const struct capture *got, FILE *to)
{
	size_t i = 0, j = 0, differences = 0;

	while (i < expected->count || j < got->count) {
		const struct capture_frame *e = i < expected->count ? &expected->at[i] : NULL;
		const struct capture_frame *g = j < got->count ? &got->at[j] : NULL;

		if (e && g && e->ns == g->ns) {
			differences += compare(f, in, e, g, to);
			i++;
			j++;
		} else if (g && !has_time(expected, i, g->ns)) {
			unexpected(f, in, g, to);
			differences++;
			j++;
		} else {
			missing(f, in, e, to);
			differences++;
			i++;
		}
	}
	return differences;
}
