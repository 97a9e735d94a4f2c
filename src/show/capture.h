/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture: pcap files in memory, for those who read what others recorded. In src the only user of libpcap, which is loaded when it is needed. */
#ifndef FOLD_SHOW_CAPTURE_H
#define FOLD_SHOW_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One Ethernet frame. Owned by the capture that holds it. */
struct capture_frame {
	uint64_t ns;     /* since 1970 */
	size_t number;   /* from 1, as tcpdump and tshark count */
	size_t len;      /* octets at `bytes` */
	size_t wire_len; /* octets on the wire: more than len where the capture cut the frame */
	uint8_t *bytes;
};

struct capture {
	struct capture_frame *at;
	size_t count, room;
};

/*
 * Reads a whole pcap or pcapng file ("-": standard input): either byte order,
 * micro- or nanoseconds, Ethernet only. 0, or -1 after one line that names the
 * file and what is wrong; then `out` holds nothing.
 */
int capture_read(const char *path, struct capture *out);

/* Appends a copy of len octets. Out of memory ends the program. */
void capture_add(struct capture *c, uint64_t ns, size_t number, const uint8_t *bytes, size_t len);

/*
 * A frame that the capture cut is not what was sent, and no refusal of it means anything: says how many there are, of those
 * that count (NULL: all do).
 */
void capture_warn_cut(const char *path, const struct capture *c,
		      bool (*counts)(const void *arg, const struct capture_frame *), const void *arg);

/* Writes a pcap file with nanoseconds. 0, or -1 after one line. */
int capture_write(const char *path, const struct capture *c);

void capture_free(struct capture *c);

#endif
