/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/capture.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/library.h"
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <pcap/pcap.h>

#define NS_PER_S 1000000000u
/* What libpcap itself takes for the most of a frame. */
#define SNAP_LEN 262144

/* clang-format off */
#define USED(X) \
	X(pcap_fopen_offline_with_tstamp_precision) X(pcap_open_dead_with_tstamp_precision) X(pcap_close) \
	X(pcap_geterr) X(pcap_datalink) X(pcap_datalink_val_to_name) X(pcap_next_ex) X(pcap_dump_open) \
	X(pcap_dump) X(pcap_dump_flush) X(pcap_dump_file) X(pcap_dump_close)
/* clang-format on */
static struct {
	USED(LIBRARY_POINTER)
} lib;

static int load(void)
{
	/* Debian's name, and that of others. */
	static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1", NULL};
	void *library = lib.pcap_close ? NULL : library_open(names);

	if (lib.pcap_close || (library && true USED(LIBRARY_FIND)))
		return 0;
	log_err("libpcap.so.0.8: %s; install it (Debian: libpcap0.8)", library ? "is too old" : "cannot be loaded");
	return -1;
}

static void cleanup_pcap(pcap_t **p)
{
	if (*p)
		lib.pcap_close(*p);
}

static void *must(void *p)
{
	if (!p) {
		log_err("out of memory");
		exit(2);
	}
	return p;
}

void capture_add(struct capture *c, uint64_t ns, size_t number, const uint8_t *bytes, size_t len)
{
	if (c->count == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->at = must(realloc(c->at, c->room * sizeof(*c->at)));
	}
	/* An exact allocation, so that the sanitizer sees a read one octet past the frame. */
	uint8_t *copy = must(malloc(len ? len : 1));
	if (len)
		memcpy(copy, bytes, len);
	c->at[c->count++] =
	    (struct capture_frame){.ns = ns, .number = number, .len = len, .wire_len = len, .bytes = copy};
}

void capture_free(struct capture *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->at[i].bytes);
	free(c->at);
	*c = (struct capture){0};
}

static int read_records(const char *path, pcap_t *p, struct capture *out)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got;

	while ((got = lib.pcap_next_ex(p, &h, &bytes)) == 1) {
		/* The handle was opened for nanoseconds: that is what tv_usec then holds. */
		uint64_t ns = (uint64_t)h->ts.tv_sec * NS_PER_S + (uint64_t)h->ts.tv_usec;
		capture_add(out, ns, out->count + 1, bytes, h->caplen);
		if (h->len > h->caplen)
			out->at[out->count - 1].wire_len = h->len;
	}
	if (got == PCAP_ERROR) {
		log_err("%s: after frame %zu: %s", path, out->count, lib.pcap_geterr(p));
		return -1;
	}
	return 0;
}

int capture_read(const char *path, struct capture *out)
{
	_cleanup_(cleanup_fclose) FILE *f = NULL;
	_cleanup_(cleanup_pcap) pcap_t *p = NULL;
	char why[PCAP_ERRBUF_SIZE];

	*out = (struct capture){0};
	if (load() < 0)
		return -1;
	f = strcmp(path, "-") == 0 ? fdopen(dup(STDIN_FILENO), "rb") : fopen(path, "rb");
	if (!f) {
		log_err("%s: %s%s", path, strerror(errno), file_advice(errno));
		return -1;
	}
	p = lib.pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!p) {
		log_err("%s: not a capture that can be read: %s", path, why);
		return -1;
	}
	f = NULL; /* the handle closes it */
	int link = lib.pcap_datalink(p);
	if (link != DLT_EN10MB) {
		const char *name = lib.pcap_datalink_val_to_name(link);
		log_err("%s: link type is %s (%d), and only Ethernet (EN10MB) can be replayed; "
			"capture on the tap or the bridge",
			path, name ? name : "unknown", link);
		return -1;
	}
	if (read_records(path, p, out) < 0) {
		capture_free(out);
		return -1;
	}
	return 0;
}

void capture_warn_cut(const char *path, const struct capture *c,
		      bool (*counts)(const void *arg, const struct capture_frame *), const void *arg)
{
	const struct capture_frame *first = NULL;
	size_t cut = 0;

	for (const struct capture_frame *f = c->at; f < c->at + c->count; f++) {
		if (f->wire_len <= f->len || (counts && !counts(arg, f)))
			continue;
		if (!cut++)
			first = f;
	}
	if (cut)
		log_warn("%s: %zu of the frames were cut by the capture, first frame %zu, to %zu of %zu octets; "
			 "capture with a larger snapshot length",
			 path, cut, first->number, first->len, first->wire_len);
}

int capture_write(const char *path, const struct capture *c)
{
	_cleanup_(cleanup_pcap) pcap_t *p = NULL;

	if (load() < 0)
		return -1;
	p = lib.pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAP_LEN, PCAP_TSTAMP_PRECISION_NANO);
	pcap_dumper_t *d = p ? lib.pcap_dump_open(p, path) : NULL;

	if (!d) {
		log_err("cannot write %s", p ? lib.pcap_geterr(p) : path);
		return -1;
	}
	for (size_t i = 0; i < c->count; i++) {
		const struct capture_frame *r = &c->at[i];
		struct pcap_pkthdr h = {
		    .ts = {.tv_sec = (time_t)(r->ns / NS_PER_S), .tv_usec = (suseconds_t)(r->ns % NS_PER_S)},
		    .caplen = (bpf_u_int32)r->len,
		    .len = (bpf_u_int32)r->wire_len,
		};
		lib.pcap_dump((u_char *)d, &h, r->bytes);
	}
	int failed = lib.pcap_dump_flush(d) != 0 || ferror(lib.pcap_dump_file(d));
	lib.pcap_dump_close(d);
	if (failed)
		log_err("cannot write %s: %s", path, strerror(errno));
	return failed ? -1 : 0;
}
