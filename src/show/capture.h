/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture: pcap files in memory, for programs that read what others recorded. The only user of libpcap in src, which
 * it loads when it is needed.
 */
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
 * Reads a whole pcap or pcapng file ("-": standard input) of either byte order, with micro- or nanoseconds, Ethernet
 * only. Returns 0; or -1 after logging one line that names the file and what is wrong, and *out is empty.
 */
int capture_read(const char *path, struct capture *out);

/* Appends a copy of len octets. Out of memory ends the program. */
void capture_add(struct capture *c, uint64_t ns, size_t number, const uint8_t *bytes, size_t len);

/*
 * Warns of frames that the capture cut: they are not what was sent, so a refusal of them means nothing. counts: which
 * frames to count (NULL: all).
 */
void capture_warn_cut(const char *path, const struct capture *c,
		      bool (*counts)(const void *arg, const struct capture_frame *), const void *arg);

/* Writes a pcap file with nanoseconds. 0, or -1 after one line. */
int capture_write(const char *path, const struct capture *c);

void capture_free(struct capture *c);

#endif
