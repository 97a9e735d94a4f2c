/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures in every format that tools write, and some that cannot be replayed. */
#include "malform.h"

#include <errno.h>
#include <string.h>

#define SECOND 1700000000u
#define ETHERNET 1
#define RAW_IP 101

static struct bytes frame;

static FILE *create(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	if (!f)
		fprintf(stderr, "malform: %s: %s\n", path, strerror(errno));
	return f;
}

/* Two frames, half a second apart. */
static int whole(const char *dir, const char *name, enum order order, bool nano, uint32_t linktype)
{
	FILE *f = create(dir, name);

	if (!f)
		return 1;
	pcap_head(f, order, nano, linktype);
	pcap_record(f, order, SECOND, 0, frame.b, frame.len, frame.len);
	pcap_record(f, order, SECOND, nano ? 500000000 : 500000, frame.b, frame.len, frame.len);
	return fclose(f) != 0;
}

/* One frame that the capture cut to `kept` octets. */
static int snapped(const char *dir, const char *name, size_t kept)
{
	FILE *f = create(dir, name);

	if (!f)
		return 1;
	pcap_head(f, LITTLE, false, ETHERNET);
	pcap_record(f, LITTLE, SECOND, 0, frame.b, kept, frame.len);
	return fclose(f) != 0;
}

/* The first n octets of a capture with one frame: 24 of header, 16 of record header, the frame. */
static int torn(const char *dir, const char *name, size_t n)
{
	static char whole_file[4096];
	FILE *memory = fmemopen(whole_file, sizeof(whole_file), "wb");
	FILE *f = create(dir, name);

	if (!memory || !f)
		return 1;
	pcap_head(memory, LITTLE, false, ETHERNET);
	pcap_record(memory, LITTLE, SECOND, 0, frame.b, frame.len, frame.len);
	fclose(memory);
	fwrite(whole_file, 1, n, f);
	return fclose(f) != 0;
}

static void little(struct bytes *to, uint32_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		put8(to, v >> (8 * i));
}

/* pcapng: a section header, an interface (microseconds, the default resolution), two packets. */
static int next_generation(const char *dir, const char *name)
{
	static struct bytes out;
	FILE *f = create(dir, name);
	uint32_t padded = (uint32_t)(frame.len + 3) & ~3u;

	if (!f)
		return 1;
	out.len = 0;
	little(&out, 0x0a0d0d0a, 4);
	little(&out, 28, 4);
	little(&out, 0x1a2b3c4d, 4);
	little(&out, 1, 2);
	little(&out, 0, 2);
	fill(&out, 0xff, 8);
	little(&out, 28, 4);
	little(&out, 1, 4);
	little(&out, 20, 4);
	little(&out, ETHERNET, 2);
	little(&out, 0, 2);
	little(&out, 262144, 4);
	little(&out, 20, 4);
	for (uint32_t half = 0; half < 2; half++) {
		uint64_t us = (uint64_t)SECOND * 1000000 + half * 500000;
		little(&out, 6, 4);
		little(&out, 32 + padded, 4);
		little(&out, 0, 4);
		little(&out, (uint32_t)(us >> 32), 4);
		little(&out, (uint32_t)us, 4);
		little(&out, (uint32_t)frame.len, 4);
		little(&out, (uint32_t)frame.len, 4);
		put(&out, frame.b, frame.len);
		fill(&out, 0, padded - frame.len);
		little(&out, 32 + padded, 4);
	}
	fwrite(out.b, 1, out.len, f);
	return fclose(f) != 0;
}

static int garbage(const char *dir, const char *name)
{
	FILE *f = create(dir, name);

	if (!f)
		return 1;
	fputs("This is a text, and no capture.\n", f);
	return fclose(f) != 0;
}

int formats_write(const char *dir)
{
	static struct bytes message;
	struct dhcp4 d = dhcp4_discover();

	dhcp4_message(&d, &message);
	udp4_build(&d.udp, message.b, message.len, &frame);
	return whole(dir, "form-little-micro.pcap", LITTLE, false, ETHERNET) |
	       whole(dir, "form-little-nano.pcap", LITTLE, true, ETHERNET) |
	       whole(dir, "form-big-micro.pcap", BIG, false, ETHERNET) |
	       whole(dir, "form-big-nano.pcap", BIG, true, ETHERNET) | next_generation(dir, "form-pcapng.pcap") |
	       whole(dir, "bad-linktype.pcap", LITTLE, false, RAW_IP) | torn(dir, "bad-empty.pcap", 0) |
	       torn(dir, "bad-header.pcap", 20) | torn(dir, "bad-record.pcap", 30) | torn(dir, "bad-frame.pcap", 100) |
	       garbage(dir, "bad-text.pcap") | snapped(dir, "odd-snapped.pcap", 96);
}
