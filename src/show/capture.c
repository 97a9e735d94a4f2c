/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/capture.h"

#include "base/cleanup.h"
#include "base/library.h"
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <pcap/pcap.h>

#define NS_PER_S 1000000000u
/* What libpcap itself takes for the most of a frame. */
#define SNAP_LEN 262144

/* What is used of the library. */
static struct {
	__typeof__(&pcap_fopen_offline_with_tstamp_precision) open;
	__typeof__(&pcap_open_dead_with_tstamp_precision) open_dead;
	__typeof__(&pcap_close) close;
	__typeof__(&pcap_geterr) why;
	__typeof__(&pcap_datalink) datalink;
	__typeof__(&pcap_datalink_val_to_name) datalink_name;
	__typeof__(&pcap_next_ex) next;
	__typeof__(&pcap_dump_open) dump_open;
	__typeof__(&pcap_dump) dump;
	__typeof__(&pcap_dump_flush) dump_flush;
	__typeof__(&pcap_dump_file) dump_file;
	__typeof__(&pcap_dump_close) dump_close;
} lib;

static bool find_all(void *library)
{
	return library_find(library, "pcap_fopen_offline_with_tstamp_precision", &lib.open) &&
	       library_find(library, "pcap_open_dead_with_tstamp_precision", &lib.open_dead) &&
	       library_find(library, "pcap_close", &lib.close) && library_find(library, "pcap_geterr", &lib.why) &&
	       library_find(library, "pcap_datalink", &lib.datalink) &&
	       library_find(library, "pcap_datalink_val_to_name", &lib.datalink_name) &&
	       library_find(library, "pcap_next_ex", &lib.next) &&
	       library_find(library, "pcap_dump_open", &lib.dump_open) &&
	       library_find(library, "pcap_dump", &lib.dump) &&
	       library_find(library, "pcap_dump_flush", &lib.dump_flush) &&
	       library_find(library, "pcap_dump_file", &lib.dump_file) &&
	       library_find(library, "pcap_dump_close", &lib.dump_close);
}

static int load(void)
{
	/* Debian's name, and that of others. */
	static const char *const names[] = {"libpcap.so.0.8", "libpcap.so.1", NULL};
	void *library = lib.open ? NULL : library_open(names);

	if (lib.open || (library && find_all(library)))
		return 0;
	lib.open = NULL;
	log_err("libpcap.so.0.8: %s; install it (Debian: libpcap0.8)", library ? "is too old" : "cannot be loaded");
	return -1;
}

static void cleanup_pcap(pcap_t **p)
{
	if (*p)
		lib.close(*p);
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

	while ((got = lib.next(p, &h, &bytes)) == 1) {
		/* The handle was opened for nanoseconds: that is what tv_usec then holds. */
		uint64_t ns = (uint64_t)h->ts.tv_sec * NS_PER_S + (uint64_t)h->ts.tv_usec;
		capture_add(out, ns, out->count + 1, bytes, h->caplen);
		if (h->len > h->caplen)
			out->at[out->count - 1].wire_len = h->len;
	}
	if (got == PCAP_ERROR) {
		log_err("%s: after frame %zu: %s", path, out->count, lib.why(p));
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
		log_err("%s: %s", path, strerror(errno));
		return -1;
	}
	p = lib.open(f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!p) {
		log_err("%s: not a capture that can be read: %s", path, why);
		return -1;
	}
	f = NULL; /* the handle closes it */
	int link = lib.datalink(p);
	if (link != DLT_EN10MB) {
		const char *name = lib.datalink_name(link);
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
	p = lib.open_dead(DLT_EN10MB, SNAP_LEN, PCAP_TSTAMP_PRECISION_NANO);
	pcap_dumper_t *d = p ? lib.dump_open(p, path) : NULL;

	if (!d) {
		log_err("cannot write %s", p ? lib.why(p) : path);
		return -1;
	}
	for (size_t i = 0; i < c->count; i++) {
		const struct capture_frame *r = &c->at[i];
		struct pcap_pkthdr h = {
		    .ts = {.tv_sec = (time_t)(r->ns / NS_PER_S), .tv_usec = (suseconds_t)(r->ns % NS_PER_S)},
		    .caplen = (bpf_u_int32)r->len,
		    .len = (bpf_u_int32)r->wire_len,
		};
		lib.dump((u_char *)d, &h, r->bytes);
	}
	int failed = lib.dump_flush(d) != 0 || ferror(lib.dump_file(d));
	lib.dump_close(d);
	if (failed)
		log_err("cannot write %s: %s", path, strerror(errno));
	return failed ? -1 : 0;
}
