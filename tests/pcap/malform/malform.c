/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the families of cases, and capture files of unusual or invalid format, to a folder. */
#include "malform.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SECOND 1000000000u /* the time of frame 1 of each family; each further frame is a millisecond later */
#define LINKTYPE_ETHERNET 1

static void put_number(FILE *f, enum order order, uint32_t v, int octets)
{
	for (int i = 0; i < octets; i++) {
		int shift = 8 * (order == BIG ? octets - 1 - i : i);
		fputc((int)(v >> shift & 0xff), f);
	}
}

void pcap_head(FILE *f, enum order order, bool nano, uint32_t linktype)
{
	put_number(f, order, nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	put_number(f, order, 2, 2);
	put_number(f, order, 4, 2);
	put_number(f, order, 0, 4);
	put_number(f, order, 0, 4);
	put_number(f, order, 262144, 4);
	put_number(f, order, linktype, 4);
}

void pcap_record(FILE *f, enum order order, uint32_t sec, uint32_t fraction, const uint8_t *b, size_t len, size_t wire)
{
	put_number(f, order, sec, 4);
	put_number(f, order, fraction, 4);
	put_number(f, order, (uint32_t)len, 4);
	put_number(f, order, (uint32_t)wire, 4);
	fwrite(b, 1, len, f);
}

void emit(struct family *f, const struct bytes *frame, const char *want, const char *name, ...)
{
	va_list ap;
	uint32_t ms = f->number++;

	pcap_record(f->capture, LITTLE, FIRST_SECOND + ms / 1000, ms % 1000 * 1000, frame->b, frame->len, frame->len);
	fprintf(f->list, "%u ", f->number);
	va_start(ap, name);
	vfprintf(f->list, name, ap);
	va_end(ap);
	fprintf(f->list, " %s\n", want);
}

static FILE *open_in(const char *dir, const char *name, const char *suffix)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	FILE *f = fopen(path, "wb");
	if (!f) {
		fprintf(stderr, "malform: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return f;
}

static int write_family(const char *dir, const char *name, void (*cases)(struct family *))
{
	struct family f = {.capture = open_in(dir, name, ".pcap"), .list = open_in(dir, name, ".list")};

	pcap_head(f.capture, LITTLE, false, LINKTYPE_ETHERNET);
	cases(&f);
	int bad = ferror(f.capture) || ferror(f.list);
	bad |= fclose(f.capture) != 0;
	bad |= fclose(f.list) != 0;
	return bad;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: malform FOLDER\n");
		return 2;
	}
	int bad = write_family(argv[1], "mal-common", common_cases);
	bad |= write_family(argv[1], "mal-dhcp4", dhcp4_cases);
	bad |= write_family(argv[1], "mal-dhcp6", dhcp6_cases);
	bad |= write_family(argv[1], "mal-arp", arp_cases);
	bad |= write_family(argv[1], "mal-nd", nd_cases);
	bad |= write_family(argv[1], "mal-dns", dns_cases);
	bad |= write_family(argv[1], "mal-dns-network", dns_network_cases);
	bad |= formats_write(argv[1]);
	return bad ? 2 : 0;
}
